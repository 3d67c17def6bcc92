"""Net-metering credits: a bill credit for exported energy, oldest used first, gone after 12 months.

A credit is never cash: it takes charges off a bill, and what is left after its last day is written
off. Pure functions over a frozen ledger; dates are local days. Source: Ontario Regulation 541/05
and utilities' account of it (a credit balance may be carried for twelve months).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sourceenergy.errors import InputError
from sourceenergy.units import Ud, nd_to_ud_down, value_nd

NOTHING = Ud(0)


@dataclass(frozen=True, slots=True)
class Credit:
    """What one bill's export was worth [ud], what is left of it, and the last day it counts."""

    earned_on: date
    last_day: date
    earned_ud: Ud
    left_ud: Ud


@dataclass(frozen=True, slots=True)
class CreditUse:
    """Part of a charge that a credit paid."""

    earned_on: date
    used_ud: Ud


@dataclass(frozen=True, slots=True)
class CreditLedger:
    """A member's credits in order of the day they were earned, and what expired so far [ud]."""

    credits: tuple[Credit, ...] = ()
    applied_ud: Ud = NOTHING
    expired_ud: Ud = NOTHING

    @property
    def balance_ud(self) -> Ud:
        """What is left to take off charges [ud]."""
        return Ud(sum(credit.left_ud for credit in self.credits))


def last_day(earned_on: date) -> date:
    """The same day twelve months on; 28 February for one earned on the 29th."""
    year, month = earned_on.year + 1, earned_on.month
    return date(year, month, min(earned_on.day, monthrange(year, month)[1]))


def export_credit(exported_wh: Sequence[int], retail_ud_per_kwh: Sequence[int]) -> Ud:
    """Credit for exported energy at the retail price of each interval, rounded down once [ud]."""
    return nd_to_ud_down(
        sum(value_nd(wh, p) for wh, p in zip(exported_wh, retail_ud_per_kwh, strict=True))
    )


def earn(ledger: CreditLedger, earned_on: date, amount_ud: int) -> CreditLedger:
    """The ledger with a new credit.

    Raises ``InputError`` (rule ``credit.input``) for less than zero, or a day before the last
    credit's: a ledger is appended to.
    """
    latest = ledger.credits[-1].earned_on if ledger.credits else earned_on
    if amount_ud < 0 or earned_on < latest:
        raise InputError(
            "credits are added in order of their days, and are zero or more",
            rule="credit.input",
            field="earned_on",
            value=f"{amount_ud} ud on {earned_on}",
            remedy=f"give an amount of zero or more, on {latest} or later",
        )
    credit = Credit(earned_on, last_day(earned_on), Ud(amount_ud), Ud(amount_ud))
    return replace(ledger, credits=(*ledger.credits, credit) if amount_ud else ledger.credits)


def apply(
    ledger: CreditLedger, on: date, charge_ud: int
) -> tuple[CreditLedger, tuple[CreditUse, ...], Ud]:
    """Take a bill's charge off the credits, oldest first; what has expired by then is written off.

    Returns the ledger, which credits paid, and what of the charge is still to be paid [ud]. A
    credit never pays more than the charge: nothing is paid out.
    """
    if charge_ud < 0:
        raise InputError(
            "a charge is zero or more",
            rule="credit.input",
            field="charge_ud",
            value=charge_ud,
            remedy="add a credit with earn",
        )
    ledger, _ = expire(ledger, on)
    due = charge_ud
    uses: list[CreditUse] = []
    left: list[Credit] = []
    for credit in ledger.credits:
        used = min(due, credit.left_ud) if credit.earned_on <= on else 0
        due -= used
        if used:
            uses.append(CreditUse(credit.earned_on, Ud(used)))
        if credit.left_ud > used:
            left.append(replace(credit, left_ud=Ud(credit.left_ud - used)))
    after = replace(
        ledger,
        credits=tuple(left),
        applied_ud=Ud(ledger.applied_ud + charge_ud - due),
    )
    return after, tuple(uses), Ud(due)


def expire(ledger: CreditLedger, on: date) -> tuple[CreditLedger, tuple[Credit, ...]]:
    """Write off what is past its last day, and say which credits those were."""
    gone = tuple(credit for credit in ledger.credits if credit.last_day < on)
    written_off = sum(credit.left_ud for credit in gone)
    kept = tuple(credit for credit in ledger.credits if credit.last_day >= on)
    return replace(ledger, credits=kept, expired_ud=Ud(ledger.expired_ud + written_off)), gone
