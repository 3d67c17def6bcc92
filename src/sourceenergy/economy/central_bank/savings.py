"""Interest: on savings out of realised revenue, on loans and bonds, never on idle money.

``accrue`` gives what ``Savings`` gives on chain, to the last digit: ``chi``, the worth of a share
in rays (10⁻²⁷), grows by e^(rate · span) in three terms, only as far as revenue covers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud

RAY = 10**27
RATE_MOST = 3_022_265_980_097_387_650
"""Largest growth of a pot [ray/s]: 10 % a year."""
YEAR_S = 365 * 86_400
BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Pot:
    """A country's savings: shares, what they are worth rounded up [ud], chi and rate [ray]."""

    shares: int
    owed_ud: Ud
    chi: int
    rate_per_s: int
    accrued_s: int

    def __post_init__(self) -> None:
        """Refuse a rate outside the contract's bounds."""
        if not 0 <= self.rate_per_s <= RATE_MOST:
            raise InputError(
                "a savings rate lies within its bounds",
                rule="savings.rate",
                field="rate_per_s",
                value=self.rate_per_s,
                remedy=f"at most {RATE_MOST} ray/s",
            )


def accrue(pot: Pot, revenue_ud: int, now_s: int) -> tuple[Pot, Ud]:
    """The pot at ``now_s`` and the revenue left; ``chi`` never falls and nothing is minted."""
    if now_s < pot.accrued_s:
        raise InputError(
            "time does not run backwards",
            rule="savings.time",
            field="now_s",
            value=now_s,
            remedy="accrue in order",
        )
    if not pot.shares or not pot.rate_per_s:
        return replace(pot, accrued_s=now_s), Ud(revenue_ud)
    chi = pot.chi + pot.chi * growth_down(pot.rate_per_s, now_s - pot.accrued_s) // RAY
    most = pot.owed_ud + revenue_ud
    if worth_up(pot.shares, chi) > most:
        chi = max(pot.chi, most * RAY // pot.shares)
    interest = worth_up(pot.shares, chi) - pot.owed_ud
    after = replace(pot, chi=chi, owed_ud=Ud(pot.owed_ud + interest), accrued_s=now_s)
    return after, Ud(revenue_ud - interest)


def growth_down(rate_per_s: int, span_s: int) -> int:
    """e^(rate · span) − 1 in three terms, rounded down [ray]."""
    first = rate_per_s * span_s
    second = first * first // (2 * RAY)
    return first + second + second * first // (3 * RAY)


def worth_up(shares: int, chi: int) -> Ud:
    """Worth of shares, rounded up [ud]."""
    return Ud(-(-shares * chi // RAY))


def worth_down(shares: int, chi: int) -> Ud:
    """Worth of shares, rounded down: what an account can take out [ud]."""
    return Ud(shares * chi // RAY)


class Claim(StrEnum):
    """What money is owed for."""

    SETTLEMENT_MONEY = "settlement money"
    PROJECT_BOND = "project bond"
    LIQUIDITY_LOAN = "liquidity loan"
    LATE_PAYMENT = "late payment"


def interest_down(claim: Claim, principal_ud: int, rate_bp: int, seconds: int) -> Ud:
    """Simple interest over a span, 365-day years, rounded down [ud].

    Holding settlement money earns none, whatever the rate.
    """
    if claim is Claim.SETTLEMENT_MONEY:
        raise NotPermitted(
            "settlement money earns no interest for being held",
            rule="interest.idle",
            field="claim",
            value=claim.value,
            remedy="put it into savings, or lend it",
        )
    if min(principal_ud, rate_bp, seconds) < 0:
        raise InputError(
            "principal, rate and time are zero or more",
            rule="interest.sign",
            field="principal_ud",
            value=principal_ud,
            remedy="book who owes whom",
        )
    return Ud(principal_ud * rate_bp * seconds // (BASIS_POINTS * YEAR_S))
