"""Step two: shared energy becomes money, exact in nano-dollars, rounded once per statement."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InvariantBroken
from sourceenergy.settlement.columns import Columns
from sourceenergy.settlement.intervals import IntervalInput, IntervalOutcome
from sourceenergy.settlement.money import Money, exact_sum, money, round_to_zero_sum, sum_products

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MemberLedger:
    """One member's period: energy [Wh], exact values [nd] and money [ud].

    ``grid_only_nd`` is what the same meters would have cost with the grid alone (import at retail
    less export at feed-in); ``cost_nd`` what they cost with the community.
    """

    imported_wh: int
    exported_wh: int
    bought_wh: int
    sold_wh: int
    bought_nd: int
    fee_nd: int
    sold_nd: int
    grid_import_nd: int
    grid_export_nd: int
    grid_only_nd: int
    bought_ud: int
    fee_ud: int
    sold_ud: int

    @property
    def net_ud(self) -> int:
        """Money the community owes the member (positive) or the member owes it [ud]."""
        return self.sold_ud - self.bought_ud - self.fee_ud

    @property
    def cost_nd(self) -> int:
        """Energy cost with the community, grid part included [nd]."""
        community = self.bought_nd + self.fee_nd - self.sold_nd
        return community + self.grid_import_nd - self.grid_export_nd

    @property
    def saving_nd(self) -> int:
        """How much better than with the grid alone [nd]; never negative."""
        return self.grid_only_nd - self.cost_nd


@dataclass(frozen=True, slots=True)
class AccountState:
    """Money of one account in ``Clearing`` [ud]: all cumulative except the balance."""

    deposited_ud: int = 0
    payout_ud: int = 0
    balance_ud: int = 0


@dataclass(frozen=True, eq=False)
class Ledgers(Columns[MemberLedger]):
    """Every member's ledger, a column [N] for each field of ``MemberLedger``."""

    imported_wh: Ints
    exported_wh: Ints
    bought_wh: Ints
    sold_wh: Ints
    bought_nd: Money
    fee_nd: Money
    sold_nd: Money
    grid_import_nd: Money
    grid_export_nd: Money
    grid_only_nd: Money
    bought_ud: Money
    fee_ud: Money
    sold_ud: Money

    @property
    def net_ud(self) -> Money:
        """``MemberLedger.net_ud`` of all."""
        return self.sold_ud - self.bought_ud - self.fee_ud

    def __len__(self) -> int:
        """How many members."""
        return len(self.imported_wh)

    def _value(self, index: int) -> MemberLedger:
        return MemberLedger(*(int(getattr(self, f.name)[index]) for f in fields(self)))


def members_ledgers(given: IntervalInput, outcome: IntervalOutcome) -> tuple[Ledgers, int]:
    """Every member's ledger of the period and the operator's fees [ud].

    Energy money and fees are each rounded so that they add up to zero; checks that no member
    pays more in any interval than with the grid alone.
    """
    price = outcome.price[:, None]
    bought_nd = sum_products(outcome.bought, price)
    sold_nd = sum_products(outcome.sold, price)
    fee_nd = sum_products(outcome.bought, np.array([[given.fee]], dtype=np.int64))
    grid_import_nd = sum_products(given.imported - outcome.bought, given.retail)
    grid_export_nd = sum_products(given.exported - outcome.sold, given.feed_in)
    import_nd = sum_products(given.imported, given.retail)
    export_nd = sum_products(given.exported, given.feed_in)
    _nobody_worse_off(given, outcome)
    members = len(bought_nd)
    energy_ud = round_to_zero_sum(np.concatenate([sold_nd, -bought_nd]))
    fees_ud = round_to_zero_sum(np.concatenate([-fee_nd, money([exact_sum(fee_nd)])]))
    ledgers = Ledgers(
        given.imported.sum(axis=0),
        given.exported.sum(axis=0),
        outcome.bought.sum(axis=0),
        outcome.sold.sum(axis=0),
        bought_nd,
        fee_nd,
        sold_nd,
        grid_import_nd,
        grid_export_nd,
        import_nd - export_nd,
        -energy_ud[members:],
        -fees_ud[:members],
        energy_ud[:members],
    )
    return ledgers, int(fees_ud[members])


def _nobody_worse_off(given: IntervalInput, outcome: IntervalOutcome) -> None:
    price = outcome.price[:, None]
    # Both gains are zero or more by the price band, so their products never need more than the
    # sign; they are checked per interval and member without multiplying.
    buyer_gain = (given.retail - price - given.fee) >= 0
    seller_gain = (price - given.feed_in) >= 0
    worse = ((outcome.bought > 0) & ~buyer_gain) | ((outcome.sold > 0) & ~seller_gain)
    if worse.any():
        t, i = (int(x) for x in np.argwhere(worse)[0])
        raise InvariantBroken(
            "a member would pay more than with the grid alone",
            rule="never worse off",
            field=f"interval {t}, member {i + 1}",
            remedy="nothing was published; report this with the audit bundle",
        )
