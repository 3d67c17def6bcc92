"""A country's rule pack on chain: the calls that set it, and the leeway word that follows from it.

The rulebook keeps versions by country and kind. Once a version is in force anybody may turn it
over: it is then found with one read, and the country's leeway is written to the passport.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sourceenergy.chain.steps import Act, Later
from sourceenergy.config.rule_pack import Kind, RulePackFile, Rules

NO_LIMIT, NO_CAP = (1 << 64) - 1, (1 << 32) - 1
FOREVER_S = (1 << 40) - 1
_BITS, _ALL = 48, (1 << 48) - 1
_UNTIL_BITS = 40


def rules_acts(pack: RulePackFile, starts: int | Later) -> tuple[Act, ...]:
    """The calls that set a pack from ``starts`` on, a call for each kind it speaks of."""
    return tuple(
        Act("Compliance", "setRules", (int(kind), pack.country, (starts, *_words(rules))))
        for kind, rules in pack.kinds.items()
    )


def rules_from_chain(answer: Mapping[str, Any]) -> Rules:
    """``IRulebook.Rules`` as a contract returns them, in the file's words."""

    def limit(name: str, none: int = NO_LIMIT) -> int | None:
        return None if answer[name] == none else int(answer[name])

    return Rules(
        closed=bool(answer["closed"]),
        held_from=limit("heldFrom"),
        daily_most=limit("dailyMost"),
        lock_up_s=int(answer["lockUp"]),
        holders_most=limit("holdersMost", NO_CAP),
        holding_most=limit("holdingMost"),
        yearly_most=limit("yearlyMost"),
    )


@dataclass(frozen=True, slots=True)
class Leeway:
    """What moves in a country without a question: below these amounts, before ``until_s``.

    An amount is 0 where the rulebook is always asked, None where it never is.
    """

    below: Mapping[Kind, int | None]
    until_s: int


def read_leeway(word: int) -> Leeway:
    """The word of ``Passport.leewayOf``: 48 bits a kind, the first lowest, then 40 of its end."""
    amounts = {kind: word >> _BITS * (kind - 1) & _ALL for kind in Kind}
    return Leeway(
        {kind: None if amount == _ALL else amount for kind, amount in amounts.items()},
        word >> _BITS * len(Kind) & (1 << _UNTIL_BITS) - 1,
    )


def leeway_word(leeway: Leeway) -> int:
    """The word that ``read_leeway`` reads so."""
    word = leeway.until_s << _BITS * len(Kind)
    for kind, below in leeway.below.items():
        word |= (_ALL if below is None else below) << _BITS * (kind - 1)
    return word


def leeway_due(in_force: Mapping[Kind, Rules]) -> Mapping[Kind, int | None]:
    """The amounts a country's word has once every kind's rules in force are turned over.

    A pack that counts anything, or caps holdings, leaves none. ``in_force`` are the country's own.
    """
    return {kind: _below(in_force.get(kind)) for kind in Kind}


def _below(rules: Rules | None) -> int | None:
    if rules is None or rules != Rules(held_from=rules.held_from):
        return 0
    return None if rules.held_from is None else min(rules.held_from, _ALL - 1)


def _words(rules: Rules) -> tuple[object, ...]:
    def or_none(limit: int | None, none: int = NO_LIMIT) -> int:
        return none if limit is None else limit

    return (
        rules.closed,
        or_none(rules.held_from),
        or_none(rules.daily_most),
        rules.lock_up_s,
        or_none(rules.holders_most, NO_CAP),
        or_none(rules.holding_most),
        or_none(rules.yearly_most),
    )
