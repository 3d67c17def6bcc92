"""The utility's bill beside a statement: what remains on it, and what it would be without sharing.

The community settles local energy; everything else stays with the utility: the grid's energy,
delivery, regulatory charges, the rebate and the tax. Delivery and regulatory charges are the same
in both columns, because sharing does not change them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sourceenergy.market.bill_lines import ENERGY, Bill, bill_lines
from sourceenergy.records import BillCharge, ChargeKind
from sourceenergy.reports.language import Wording
from sourceenergy.settlement.period import Period, Settlement


@dataclass(frozen=True, slots=True)
class BillRow:
    """One line of the bill, with the community and with the grid alone [ud]."""

    item: str
    words: str
    with_ud: int
    alone_ud: int


@dataclass(frozen=True, slots=True)
class UtilityBill:
    """The bill's lines, which add up to its totals; and all money of the period together [ud].

    ``all_with_ud`` is the bill, less the grid's credit for exports, and what the community settles;
    ``all_alone_ud`` the bill and credit of the same meters with the grid alone.
    """

    rows: tuple[BillRow, ...]
    with_ud: int
    alone_ud: int
    all_with_ud: int
    all_alone_ud: int

    @property
    def saving_ud(self) -> int:
        """All money with the grid alone less all money with the community [ud]."""
        return self.all_alone_ud - self.all_with_ud


def utility_bill(
    period: Period,
    settlement: Settlement,
    index: int,
    charges: Sequence[BillCharge],
    wording: Wording,
) -> UtilityBill | None:
    """The bill of member ``index`` for the period; None where the tariff file has no charges."""
    if not charges:
        return None
    given, ledger = settlement.given, settlement.ledgers[index]
    plan = period.plans[period.members[index].plan]
    imported = given.imported[:, index].tolist()
    outcome = settlement.outcome
    local = outcome.bought + outcome.allocated + outcome.dealt_bought
    bought = local[:, index].tolist()
    before = period.used_before_wh.get(period.members[index].account, 0)
    ours = bill_lines(plan, charges, period.starts_s, imported, bought, before)
    alone = bill_lines(plan, charges, period.starts_s, imported, None, before)
    exports_nd = given.exported[:, index].astype(object) * given.feed_in[:, index].astype(object)
    credit_with_ud = _whole_cents(ledger.grid_export_nd)
    credit_alone_ud = _whole_cents(int(exports_nd.sum()))
    return UtilityBill(
        tuple(_rows(ours, alone, charges, wording)),
        ours.total_ud,
        alone.total_ud,
        ours.total_ud - credit_with_ud - ledger.net_ud,
        alone.total_ud - credit_alone_ud,
    )


def _rows(
    ours: Bill, alone: Bill, charges: Sequence[BillCharge], wording: Wording
) -> list[BillRow]:
    titles = {charge.name: charge.title for charge in charges}
    energy = (ours.of_kind(ENERGY), alone.of_kind(ENERGY))
    rows = [BillRow(ENERGY, wording("bill.energy"), *energy)]
    seen = dict.fromkeys(
        (line.kind, line.name)
        for bill in (ours, alone)
        for line in bill.lines
        if line.kind != ENERGY
    )
    for kind, name in seen:
        words = wording(f"bill.{ChargeKind(kind).value}", name=titles[name])
        amounts = (
            sum(line.amount_ud for line in bill.lines if (line.kind, line.name) == (kind, name))
            for bill in (ours, alone)
        )
        rows.append(BillRow(f"{kind}_{name}", words, *amounts))
    return rows


def _whole_cents(value_nd: int) -> int:
    """Nano-dollars as whole cents, half up, in micro-dollars: the utility credits cents."""
    cent = 10**7
    return (2 * value_nd + cent) // (2 * cent) * 10_000
