"""May these units go to this holder? Every reason against it, by name, before anyone signs.

The rules of ``Compliance`` on chain, by country and date: closed countries, daily limit, lock-up,
number of holders, holding and yearly caps. An unknown country gets the strictest of each.

Here everything is counted exactly. The chain counts 17 transfers of a window exactly; further ones
may count a sixteenth of the window longer, 90 minutes of a day or 23 days of a year, so that it may
still refuse what passes here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sourceenergy.errors import NotPermitted

DAY_S = 86_400
YEAR_S = 365 * DAY_S
NO_LIMIT = 2**64 - 1


@dataclass(frozen=True, slots=True)
class UnitRules:
    """One country's rules for a kind of token from ``from_s`` on; amounts in its units."""

    country: str
    from_s: int
    closed: bool = False
    daily_most: int = NO_LIMIT
    lock_up_s: int = 0
    holders_most: int = NO_LIMIT
    holding_most: int = NO_LIMIT
    yearly_most: int = NO_LIMIT


@dataclass(frozen=True, slots=True)
class Moved:
    """Units an account got or sent before."""

    at_s: int
    units: int


@dataclass(frozen=True, slots=True)
class Holder:
    """One side of a transfer as the chain knows it."""

    account: str
    country: str
    verified: bool
    holding: int = 0
    acquired: tuple[Moved, ...] = ()
    sent: tuple[Moved, ...] = ()


def unit_rules_at(rules: Sequence[UnitRules], country: str, second: int) -> UnitRules:
    """The rules in force at ``second``; for an unknown country the strictest of each.

    Where no country has rules yet, everything is closed.
    """
    in_force: dict[str, UnitRules] = {}
    for one in sorted(rules, key=lambda one: one.from_s):
        if one.from_s <= second:
            in_force[one.country] = one
    if country in in_force:
        return in_force[country]
    others = list(in_force.values())
    if not others:
        return UnitRules(country, 0, closed=True)
    return UnitRules(
        country,
        max(one.from_s for one in others),
        any(one.closed for one in others),
        min(one.daily_most for one in others),
        max(one.lock_up_s for one in others),
        min(one.holders_most for one in others),
        min(one.holding_most for one in others),
        min(one.yearly_most for one in others),
    )


def reasons_against(
    sender: Holder,
    receiver: Holder,
    units: int,
    holders: int,
    rules: Sequence[UnitRules],
    now_s: int,
) -> tuple[str, ...]:
    """Names of all rules that forbid the transfer at ``now_s``; empty where it may go.

    ``holders`` is the number of accounts that hold any now.
    """
    ours = unit_rules_at(rules, sender.country, now_s)
    theirs = unit_rules_at(rules, receiver.country, now_s)
    locked = _since(sender.acquired, now_s - ours.lock_up_s + 1) if ours.lock_up_s else 0
    joins = receiver.holding == 0 and receiver.account != sender.account
    broken = {
        "units.amount": not 0 < units <= sender.holding,
        "units.unverified_sender": not sender.verified,
        "units.unverified_receiver": not receiver.verified,
        "units.country_closed": ours.closed or theirs.closed,
        "units.daily": _since(sender.sent, now_s - DAY_S) + units > ours.daily_most,
        "units.lock_up": units > max(0, sender.holding - locked),
        "units.holders": joins and holders >= theirs.holders_most,
        "units.holding": receiver.holding + units > theirs.holding_most,
        "units.yearly": _since(receiver.acquired, now_s - YEAR_S) + units > theirs.yearly_most,
    }
    return tuple(rule for rule, is_broken in broken.items() if is_broken)


def require_transfer(
    sender: Holder,
    receiver: Holder,
    units: int,
    holders: int,
    rules: Sequence[UnitRules],
    now_s: int,
) -> None:
    """Refuse a transfer with the first rule that forbids it."""
    reasons = reasons_against(sender, receiver, units, holders, rules, now_s)
    if reasons:
        raise NotPermitted(
            "these units may not go to this holder",
            rule=reasons[0],
            field="receiver",
            value=receiver.account,
            remedy=f"against it: {', '.join(reasons)}",
        )


def _since(moved: Sequence[Moved], second: int) -> int:
    return sum(one.units for one in moved if one.at_s >= second)
