"""Profit by time and money: who had how many dollars in, for how long.

A member's weight is its dollar-seconds: what was in the pool times how long it was in the period.
The reserve goes off first, rounded down to the cent; the rest is split in whole cents by largest
remainder, ties to the lower member number. ``public_file`` holds formula, inputs and result under
member numbers, and ``recompute`` checks it line by line with nothing else at hand.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass

from sourceenergy.economy._cents import PPM, cents_down, cents_down_of, split_cents
from sourceenergy.errors import InputError, VerificationFailed
from sourceenergy.units import UD_PER_DOLLAR, Ud, iso_utc

DAY_S = 86_400
FORMULA = (
    "member = (income - reserve) x dollar-seconds / all dollar-seconds, in whole cents, largest "
    "remainder, ties to the lower number; dollar-seconds = sum over time of dollars in the pool"
)


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """Money a member put in or took out at a second [ud]; it counts from that second on."""

    at_s: int
    member: int
    added_ud: Ud
    withdrawn_ud: Ud


@dataclass(frozen=True, slots=True)
class ProfitLine:
    """One member's part; parked where the receiver could not be paid, to be paid later."""

    member: int
    ud_seconds: int
    amount_ud: Ud
    parked: bool


@dataclass(frozen=True, slots=True)
class ProfitShare:
    """One period's profit [ud]: income + carried in = reserve + lines + carried."""

    start_s: int
    end_s: int
    income_ud: Ud
    carried_in_ud: Ud
    reserve_ppm: int
    reserve_ud: Ud
    lines: tuple[ProfitLine, ...]
    carried_ud: Ud
    changes: tuple[Change, ...]


def pool_at(changes: Sequence[Change], second: int) -> dict[int, Ud]:
    """What each member has in the pool at ``second`` [ud], by member number.

    A member may never have taken out more than was put in; raises InputError where one had.
    """
    balances: dict[int, int] = {}
    in_order = sorted(changes, key=lambda one: (one.at_s, one.member, one.withdrawn_ud))
    for change in in_order:  # of one second, money in before money out
        if change.added_ud < 0 or change.withdrawn_ud < 0:
            raise InputError(
                "money goes in or out; neither is below zero",
                rule="profit.sign",
                field="changes",
                value=change.member,
                remedy="book a withdrawal as withdrawn",
            )
        if change.at_s > second:
            break
        balance = balances.get(change.member, 0) + change.added_ud - change.withdrawn_ud
        if balance < 0:
            raise InputError(
                "a member took out more than was in",
                rule="profit.balance",
                field="withdrawn_ud",
                value=change.withdrawn_ud,
                remedy=f"correct member {change.member} at {iso_utc(change.at_s)}",
            )
        balances[change.member] = balance
    return {member: Ud(balances[member]) for member in sorted(balances)}


def ud_seconds(changes: Sequence[Change], start_s: int, end_s: int) -> dict[int, int]:
    """Each member's weight in [start_s, end_s) [ud·s], by member number."""
    if end_s <= start_s:
        raise InputError(
            "a period ends after it starts",
            rule="profit.period",
            field="end_s",
            value=iso_utc(end_s),
            remedy="close the period later",
        )
    pool_at(changes, end_s)  # refuses what never was in
    weights: dict[int, int] = {}
    for change in changes:
        lasts = end_s - max(change.at_s, start_s)
        if lasts > 0:
            weight = (change.added_ud - change.withdrawn_ud) * lasts
            weights[change.member] = weights.get(change.member, 0) + weight
    return {member: weights[member] for member in sorted(weights)}


def dollar_days_down(weight_ud_s: int) -> int:
    """A weight for people, in whole dollar-days, rounded down."""
    return weight_ud_s // (UD_PER_DOLLAR * DAY_S)


def share_profit(
    changes: Sequence[Change],
    start_s: int,
    end_s: int,
    income_ud: int,
    reserve_ppm: int,
    *,
    carried_ud: int = 0,
    failed: Collection[int] = (),
) -> ProfitShare:
    """Split a period's income between the reserve and the members.

    ``failed`` are members whose payment cannot go out; their part is parked and all others are
    paid. Where nobody had money in, everything is carried to the next period.
    """
    if income_ud < 0 or carried_ud < 0 or not 0 <= reserve_ppm <= PPM:
        raise InputError(
            "income is zero or more and the reserve at most all of it",
            rule="profit.income",
            field="income_ud",
            value=income_ud,
            remedy="a loss is borne by the reserve",
        )
    weights = ud_seconds(changes, start_s, end_s)
    whole = cents_down(income_ud + carried_ud) if sum(weights.values()) else 0
    reserve = cents_down_of(whole, reserve_ppm)
    amounts = split_cents(whole - reserve, list(weights.values()))
    lines = tuple(
        ProfitLine(member, weight, amount, member in failed)
        for (member, weight), amount in zip(weights.items(), amounts, strict=True)
    )
    return ProfitShare(
        start_s,
        end_s,
        Ud(income_ud),
        Ud(carried_ud),
        reserve_ppm,
        reserve,
        lines,
        Ud(income_ud + carried_ud - whole),
        tuple(sorted(change for change in changes if change.at_s < end_s)),
    )


def public_file(share: ProfitShare) -> str:
    """Formula, inputs and every line as JSON, the same bytes each time; no names."""
    content = {
        "formula": FORMULA,
        "start_s": share.start_s,
        "end_s": share.end_s,
        "income_ud": share.income_ud,
        "carried_in_ud": share.carried_in_ud,
        "reserve_ppm": share.reserve_ppm,
        "changes": [astuple(change) for change in share.changes],
        "reserve_ud": share.reserve_ud,
        "carried_ud": share.carried_ud,
        "lines": [(line.member, line.ud_seconds, line.amount_ud) for line in share.lines],
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def recompute(text: str) -> ProfitShare:
    """The shares computed anew from a public file; names the first line that differs."""
    try:
        given = json.loads(text)
        changes = [Change(*row) for row in given["changes"]]
        share = share_profit(
            changes,
            given["start_s"],
            given["end_s"],
            given["income_ud"],
            given["reserve_ppm"],
            carried_ud=given["carried_in_ud"],
        )
        stated = [tuple(row) for row in given["lines"]]
        kept = {"reserve_ud": given["reserve_ud"], "carried_ud": given["carried_ud"]}
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise InputError(
            "not a public file of profit shares",
            rule="profit.file",
            field="file",
            value=str(error),
            remedy="take the file as it was published",
        ) from error
    found = [(line.member, line.ud_seconds, line.amount_ud) for line in share.lines]
    own = {"reserve_ud": share.reserve_ud, "carried_ud": share.carried_ud}
    wrong = [f"{name} {kept[name]}" for name in own if own[name] != kept[name]]
    wrong += [f"line {row}" for row, other in zip(stated, found, strict=False) if row != other]
    if wrong or len(stated) != len(found):
        raise VerificationFailed(
            "the public file does not state what its inputs give",
            rule="profit.recomputed",
            field="lines",
            value=wrong[0] if wrong else f"{len(stated)} lines",
            remedy="ask for the corrected file; inputs and formula are in it",
        )
    return share
