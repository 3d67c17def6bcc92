"""Investing in a project: how much, after which papers, how long it can be undone.

Two regimes: start-up crowdfunding (National Instrument 45-110, in force 2021-09-21) with its caps,
and the offering statement of Ontario's co-operatives, for members who live in Ontario, without
them. Money waits until the round closes: below its target everyone is refunded in full.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud, dollars

INVESTOR_MOST_UD = Ud(2_500_000_000)
"""Most one investor puts into one offering without advice: $2,500.00."""
ADVISED_MOST_UD = Ud(10_000_000_000)
"""Most with a registered dealer's record that it suits the investor: $10,000.00."""
ISSUER_MOST_UD = Ud(1_500_000_000_000)
"""Most one issuer raises in twelve months: $1,500,000.00."""
THINK_BUSINESS_DAYS = 2
OFFER_DAYS_MOST = 90


class Regime(StrEnum):
    """The law a project raises money under."""

    CROWDFUNDING = "NI 45-110"
    CO_OPERATIVE = "co-operative offering statement"


@dataclass(frozen=True, slots=True)
class Project:
    """What is offered; ``document`` and ``risk_form`` are hashes of the versions in force."""

    name: str
    issuer: str
    regime: Regime
    target_ud: Ud
    unit_ud: Ud
    opened_on: date
    days: int
    document: str
    risk_form: str
    promises_return: bool = False

    def __post_init__(self) -> None:
        """Refuse a project without a document, with a promise, or without an end."""
        if not self.document or not self.risk_form:
            raise NotPermitted(
                "a project without its offering document and risk form is not offered",
                rule="investment.document",
                field="document",
                value=self.document,
                remedy="file the document and give its hash",
            )
        if self.promises_return:
            raise NotPermitted(
                "no return may be promised",
                rule="investment.promise",
                field="promises_return",
                value=True,
                remedy="describe where income comes from and what can go wrong",
            )
        if not 0 < self.days <= OFFER_DAYS_MOST or self.target_ud <= 0 or self.unit_ud <= 0:
            raise InputError(
                f"an offer has a target, a unit price and at most {OFFER_DAYS_MOST} days",
                rule="investment.offer",
                field="days",
                value=self.days,
                remedy="set target, unit and days",
            )

    @property
    def closes_on(self) -> date:
        """Last day of the offer."""
        return self.opened_on + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Investor:
    """What an investor has shown before paying."""

    account: str
    acknowledged: frozenset[str]  # hashes of documents read and signed
    advised: bool = False  # a registered dealer's suitability record is on file
    member: bool = False
    ontario_resident: bool = False


@dataclass(frozen=True, slots=True)
class Pledge:
    """Money that waits for a round to close."""

    account: str
    amount_ud: Ud
    day: date


@dataclass(frozen=True, slots=True)
class Raised:
    """Money an issuer raised before, for its cap."""

    day: date
    amount_ud: Ud


def require_investment(
    project: Project,
    investor: Investor,
    pledges: Sequence[Pledge],
    raised: Sequence[Raised],
    amount_ud: int,
    day: date,
) -> Pledge:
    """The pledge, if papers and caps allow it; NotPermitted names what does not.

    ``pledges`` are those of this round (withdrawn ones left out), ``raised`` what the issuer got in
    other rounds.
    """
    if not project.opened_on <= day <= project.closes_on:
        raise NotPermitted(
            f"{project.name} takes money from {project.opened_on} to {project.closes_on}",
            rule="investment.closed",
            field="day",
            value=day.isoformat(),
            remedy="wait for the next round",
        )
    if amount_ud <= 0 or amount_ud % project.unit_ud:
        raise NotPermitted(
            f"{project.name} is bought in units of ${dollars(project.unit_ud)}",
            rule="investment.units",
            field="amount_ud",
            value=amount_ud,
            remedy="choose a whole number of units",
        )
    if not {project.document, project.risk_form} <= investor.acknowledged:
        raise NotPermitted(
            "read and sign the offering document and the risk form first, in this version",
            rule="investment.acknowledgement",
            field="acknowledged",
            value=len(investor.acknowledged),
            remedy="open the documents",
        )
    if project.regime is Regime.CO_OPERATIVE:
        if not (investor.member and investor.ontario_resident):
            raise NotPermitted(
                "this offering is for members of the co-operative who live in Ontario",
                rule="investment.co_operative",
                field="member",
                value=investor.account,
                remedy="join first",
            )
    else:
        _require_caps(investor, pledges, raised, amount_ud, day)
    pledged = sum(one.amount_ud for one in pledges)
    if pledged + amount_ud > project.target_ud:
        raise NotPermitted(
            f"{project.name} is full",
            rule="investment.target",
            field="amount_ud",
            value=amount_ud,
            remedy=f"${dollars(project.target_ud - pledged)} are left",
        )
    return Pledge(investor.account, Ud(amount_ud), day)


def _require_caps(
    investor: Investor,
    pledges: Sequence[Pledge],
    raised: Sequence[Raised],
    amount_ud: int,
    day: date,
) -> None:
    own = sum(one.amount_ud for one in pledges if one.account == investor.account) + amount_ud
    most = ADVISED_MOST_UD if investor.advised else INVESTOR_MOST_UD
    if own > most:
        advice = "" if investor.advised else " without advice"
        raise NotPermitted(
            f"at most ${dollars(most)}{advice} in one offering",
            rule="investment.investor_cap",
            field="amount_ud",
            value=own,
            remedy="have a registered dealer record that more suits you, up to $10,000.00",
        )
    before = [one.amount_ud for one in raised if within_twelve_months(one.day, day)]
    total = sum(before) + sum(one.amount_ud for one in pledges) + amount_ud
    if total > ISSUER_MOST_UD:
        raise NotPermitted(
            f"an issuer raises at most ${dollars(ISSUER_MOST_UD)} in twelve months",
            rule="investment.issuer_cap",
            field="amount_ud",
            value=total,
            remedy="wait until earlier rounds are twelve months old",
        )


def within_twelve_months(earlier: date, day: date) -> bool:
    """Is ``earlier`` in the twelve months that end with ``day``?"""
    start = (day.year - 1, day.month, day.day)
    return start < (earlier.year, earlier.month, earlier.day) and earlier <= day


def last_day_to_withdraw(day: date, holidays: Collection[date]) -> date:
    """The second business day after ``day``; until its end an investment can be undone."""
    left = THINK_BUSINESS_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5 and day not in holidays
    return day


def withdraw(pledge: Pledge, day: date, holidays: Collection[date]) -> Ud:
    """What comes back, in full [ud]; refused after the second business day."""
    last = last_day_to_withdraw(pledge.day, holidays)
    if not pledge.day <= day <= last:
        raise NotPermitted(
            f"an investment can be undone until the end of {last}",
            rule="investment.withdrawal",
            field="day",
            value=day.isoformat(),
            remedy="units can be sold to eligible holders once the round has closed",
        )
    return pledge.amount_ud


@dataclass(frozen=True, slots=True)
class Closed:
    """A round's end: units for everyone, or every cent back."""

    met: bool
    units: tuple[tuple[str, int], ...]
    refunds_ud: tuple[tuple[str, Ud], ...]


def close_round(project: Project, pledges: Sequence[Pledge], day: date) -> Closed | None:
    """What happens with a round on ``day``, by itself; None while it is open and not full."""
    total = sum(one.amount_ud for one in pledges)
    met = total >= project.target_ud
    if not met and day <= project.closes_on:
        return None
    accounts: dict[str, int] = {}
    for one in pledges:
        accounts[one.account] = accounts.get(one.account, 0) + one.amount_ud
    amounts = sorted(accounts.items())
    if met:
        return Closed(True, tuple((one, ud // project.unit_ud) for one, ud in amounts), ())
    return Closed(False, (), tuple((one, Ud(ud)) for one, ud in amounts))
