"""Tax papers: sales tax by who is registered, the watch before one must be, and slips' data.

Figures are Ontario's: HST 13 %, small supplier up to $30,000.00 in four calendar quarters in a row
(Excise Tax Act, s. 148), slips for investment income of $50.00 and more. Nothing here is advice;
the numbers come with their inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sourceenergy.errors import InputError
from sourceenergy.units import UD_PER_CENT, Ud

HST_PERCENT = 13
SMALL_SUPPLIER_UD = Ud(30_000_000_000)
WARN_FROM_UD = Ud(27_000_000_000)
"""Nine tenths of the threshold: warned of in any case."""
SLIP_FROM_UD = Ud(50_000_000)


@dataclass(frozen=True, slots=True)
class Invoice:
    """One supply with its tax [ud]; a supplier who is not registered charges none."""

    supplier: str
    net_ud: Ud
    hst_ud: Ud

    @property
    def total_ud(self) -> Ud:
        """What the buyer pays."""
        return Ud(self.net_ud + self.hst_ud)


def invoice_nearest(supplier: str, registered: bool, net_ud: int) -> Invoice:
    """The invoice, HST to the nearest cent, half a cent up."""
    if net_ud < 0:
        raise InputError(
            "an invoice is zero or more",
            rule="tax.invoice",
            field="net_ud",
            value=net_ud,
            remedy="give a credit note",
        )
    hst = (net_ud * HST_PERCENT * 2 + 100 * UD_PER_CENT) // (200 * UD_PER_CENT) * UD_PER_CENT
    return Invoice(supplier, Ud(net_ud), Ud(hst if registered else 0))


class Watch(StrEnum):
    """Where a supplier stands against the small-supplier threshold."""

    BELOW = "below"
    WARN = "may cross it in the next quarter: prepare to register"
    CROSSED_IN_FOUR = "crossed in four quarters: register by the end of next month"
    CROSSED_IN_ONE = "crossed in one quarter: registered from that sale on"


@dataclass(frozen=True, slots=True)
class Supplied:
    """A sale that counts for the threshold: taxable, without tax [ud]."""

    day: date
    amount_ud: Ud


@dataclass(frozen=True, slots=True)
class Watched:
    """The last four quarters up to a day, and what may come next [ud]."""

    quarters_ud: tuple[Ud, Ud, Ud, Ud]
    total_ud: Ud
    next_total_ud: Ud  # with a next quarter as large as the largest of the four
    watch: Watch


def quarter_of(day: date) -> int:
    """Calendar quarters since the year 0."""
    return day.year * 4 + (day.month - 1) // 3


def watch_threshold(sales: Sequence[Supplied], day: date) -> Watched:
    """Four calendar quarters that end with that of ``day`` against the threshold.

    Warns a quarter ahead: as soon as a next quarter like the largest of the four would cross, or
    nine tenths are reached.
    """
    last = quarter_of(day)
    quarters = [0, 0, 0, 0]
    for sale in sales:
        age = last - quarter_of(sale.day)
        if sale.day <= day and 0 <= age < 4:
            quarters[3 - age] += sale.amount_ud
    total = sum(quarters)
    ahead = sum(quarters[1:]) + max(quarters)
    if max(quarters) > SMALL_SUPPLIER_UD:
        state = Watch.CROSSED_IN_ONE
    elif total > SMALL_SUPPLIER_UD:
        state = Watch.CROSSED_IN_FOUR
    elif ahead > SMALL_SUPPLIER_UD or total >= WARN_FROM_UD:
        state = Watch.WARN
    else:
        state = Watch.BELOW
    first, second, third, fourth = (Ud(amount) for amount in quarters)
    return Watched((first, second, third, fourth), Ud(total), Ud(ahead), state)


# --- slips ------------------------------------------------------------------------------------


class Income(StrEnum):
    """What a member was paid for. A net-metering credit is no cash and no income."""

    INTEREST = "interest"
    DIVIDEND = "dividend"
    PATRONAGE = "patronage"
    ENERGY_SALE = "energy sale"
    INCENTIVE = "incentive"
    NET_METERING_CREDIT = "net-metering credit"


SLIPS = {
    Income.INTEREST: "T5 box 13",
    Income.DIVIDEND: "T5 box 10",
    Income.PATRONAGE: "T4A box 030",
}
"""Kinds that a slip reports, and where."""


@dataclass(frozen=True, slots=True)
class Paid:
    """Money, or credit, that a member got on a local day [ud]."""

    member: str
    day: date
    kind: Income
    amount_ud: Ud


@dataclass(frozen=True, slots=True)
class SlipRow:
    """One line of a member's year; ``slip`` is empty where none is due."""

    member: str
    year: int
    kind: Income
    amount_ud: Ud
    slip: str


def slip_rows(payments: Sequence[Paid], year: int) -> tuple[SlipRow, ...]:
    """All cash of a year by member and kind, with the slip it goes on from $50.00 up.

    Net-metering credits are left out: they lower a bill and are not cash.
    """
    totals: dict[tuple[str, Income], int] = {}
    for paid in payments:
        if paid.amount_ud < 0:
            raise InputError(
                "a payment is zero or more",
                rule="tax.payment",
                field="amount_ud",
                value=paid.amount_ud,
                remedy="correct the year the payment was of",
            )
        if paid.day.year == year and paid.kind is not Income.NET_METERING_CREDIT:
            key = (paid.member, paid.kind)
            totals[key] = totals.get(key, 0) + paid.amount_ud
    return tuple(
        SlipRow(
            member,
            year,
            kind,
            Ud(amount),
            SLIPS.get(kind, "") if amount >= SLIP_FROM_UD else "",
        )
        for (member, kind), amount in sorted(totals.items())
        if amount
    )
