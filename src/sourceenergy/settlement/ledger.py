"""Step two: shared energy becomes money, exact in nano-dollars, rounded once per statement."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InvariantBroken
from sourceenergy.settlement.columns import Columns
from sourceenergy.settlement.intervals import IntervalInput, IntervalOutcome
from sourceenergy.settlement.money import Money, exact_sum, money, round_to_zero_sum, sum_products
from sourceenergy.settlement.orders import Agreed
from sourceenergy.units import ND_PER_UD

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MemberLedger:
    """One member's period: energy [Wh], exact values [nd] and money [ud].

    ``grid_only_nd`` is what the same meters would have cost with the grid alone (import at retail
    less export at feed-in); ``cost_nd`` what they cost with the community. ``allocated`` is what a
    key gave the member from shared plants, ``provided`` what the member's part of them gave;
    ``dealt`` what was delivered of deals; ``incentive`` what policies pay, whole ud.
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
    allocated_wh: int = 0
    provided_wh: int = 0
    allocated_nd: int = 0
    allocated_fee_nd: int = 0
    provided_nd: int = 0
    allocated_ud: int = 0
    allocated_fee_ud: int = 0
    provided_ud: int = 0
    dealt_bought_wh: int = 0
    dealt_sold_wh: int = 0
    dealt_bought_nd: int = 0
    dealt_fee_nd: int = 0
    dealt_sold_nd: int = 0
    dealt_bought_ud: int = 0
    dealt_fee_ud: int = 0
    dealt_sold_ud: int = 0
    incentive_ud: int = 0

    @property
    def net_ud(self) -> int:
        """Money the community owes the member (positive) or the member owes it [ud]."""
        shared = self.provided_ud - self.allocated_ud - self.allocated_fee_ud
        dealt = self.dealt_sold_ud - self.dealt_bought_ud - self.dealt_fee_ud
        return self.sold_ud - self.bought_ud - self.fee_ud + shared + dealt + self.incentive_ud

    @property
    def cost_nd(self) -> int:
        """Energy cost with the community, grid part included [nd]."""
        community = self.bought_nd + self.fee_nd - self.sold_nd
        community += self.allocated_nd + self.allocated_fee_nd - self.provided_nd
        community += self.dealt_bought_nd + self.dealt_fee_nd - self.dealt_sold_nd
        community -= self.incentive_ud * ND_PER_UD
        return community + self.grid_import_nd - self.grid_export_nd

    @property
    def saving_nd(self) -> int:
        """How much better than with the grid alone [nd]; never negative."""
        return self.grid_only_nd - self.cost_nd


@dataclass(frozen=True, slots=True)
class AccountState:
    """Money of one account in ``Clearing`` [ud]: deposits and payouts are cumulative.

    ``carried_ud`` is not in ``Clearing``: what corrections still owe the account (below zero: what
    it still owes), to be settled from later earnings and balances. All accounts' add up to zero.
    """

    deposited_ud: int = 0
    payout_ud: int = 0
    balance_ud: int = 0
    carried_ud: int = 0

    @property
    def columns(self) -> tuple[int, ...]:
        """The amounts in order; what is carried only where something is."""
        held = (self.deposited_ud, self.payout_ud, self.balance_ud)
        return (*held, self.carried_ud) if self.carried_ud else held


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
    allocated_wh: Ints
    provided_wh: Ints
    allocated_nd: Money
    allocated_fee_nd: Money
    provided_nd: Money
    allocated_ud: Money
    allocated_fee_ud: Money
    provided_ud: Money
    dealt_bought_wh: Ints
    dealt_sold_wh: Ints
    dealt_bought_nd: Money
    dealt_fee_nd: Money
    dealt_sold_nd: Money
    dealt_bought_ud: Money
    dealt_fee_ud: Money
    dealt_sold_ud: Money
    incentive_ud: Money

    @property
    def net_ud(self) -> Money:
        """``MemberLedger.net_ud`` of all."""
        shared = self.provided_ud - self.allocated_ud - self.allocated_fee_ud
        dealt = self.dealt_sold_ud - self.dealt_bought_ud - self.dealt_fee_ud
        net: Money = self.sold_ud - self.bought_ud - self.fee_ud + shared + dealt
        return net + self.incentive_ud

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
    allocated, provided = outcome.allocated, outcome.provided
    bought_nd = sum_products(outcome.bought, price)
    sold_nd = sum_products(outcome.sold, price)
    fee_nd = sum_products(outcome.bought, _everywhere(given.fee))
    internal, internal_fee = (
        (0, 0) if given.plants is None else (given.plants.price, given.plants.fee)
    )
    allocated_nd = sum_products(allocated, _everywhere(internal))
    provided_nd = sum_products(provided, _everywhere(internal))
    allocated_fee_nd = sum_products(allocated, _everywhere(internal_fee))
    grid_import_nd = sum_products(given.imported - outcome.from_members, given.retail)
    grid_export_nd = sum_products(given.exported - outcome.to_members, given.feed_in)
    import_nd = sum_products(given.imported, given.retail)
    own = given.exported if internal else given.exported - provided + allocated
    export_nd = sum_products(own, given.feed_in)
    _nobody_worse_off(given, outcome)
    members = len(bought_nd)
    dealt_bought_nd, dealt_sold_nd = _dealt(given, outcome, members)
    dealt_fee_nd = sum_products(outcome.dealt_bought, _everywhere(given.fee))
    energy_ud = round_to_zero_sum(
        np.concatenate(
            [sold_nd, -bought_nd, provided_nd, -allocated_nd, dealt_sold_nd, -dealt_bought_nd]
        )
    )
    all_fees_nd = exact_sum(fee_nd) + exact_sum(allocated_fee_nd) + exact_sum(dealt_fee_nd)
    fees_ud = round_to_zero_sum(
        np.concatenate([-fee_nd, money([all_fees_nd]), -allocated_fee_nd, -dealt_fee_nd])
    )
    sold_ud, bought_ud, provided_ud, allocated_ud, dealt_sold_ud, dealt_bought_ud = (
        energy_ud.reshape(6, members)
    )
    allocated_fee_ud, dealt_fee_ud = fees_ud[members + 1 :].reshape(2, members)
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
        -bought_ud,
        -fees_ud[:members],
        sold_ud,
        allocated.sum(axis=0),
        provided.sum(axis=0),
        allocated_nd,
        allocated_fee_nd,
        provided_nd,
        -allocated_ud,
        -allocated_fee_ud,
        provided_ud,
        outcome.dealt_bought.sum(axis=0),
        outcome.dealt_sold.sum(axis=0),
        dealt_bought_nd,
        dealt_fee_nd,
        dealt_sold_nd,
        -dealt_bought_ud,
        -dealt_fee_ud,
        dealt_sold_ud,
        np.zeros(members, dtype=np.int64),  # incentives are added by whoever settles the period
    )
    return ledgers, int(fees_ud[members])


def _dealt(given: IntervalInput, outcome: IntervalOutcome, members: int) -> tuple[Money, Money]:
    """What deals cost buyers and brought sellers [nd, N]."""
    if given.agreed is None:
        nothing = np.zeros(members, dtype=np.int64)
        return nothing, nothing
    values = deals_value(given.agreed, outcome.delivered)
    sums = [[0] * members, [0] * members]
    for side, parties in zip(sums, (given.agreed.buyer, given.agreed.seller), strict=True):
        for party, value in zip(parties.tolist(), values, strict=True):
            side[party] += value
    return money(sums[0]), money(sums[1])


def deals_value(deals: Agreed, energy: Ints) -> list[int]:
    """Exact value of every deal's energy [nd, D]."""
    return [e * p for e, p in zip(energy.tolist(), deals.price.tolist(), strict=True)]


def _everywhere(price: int) -> Ints:
    return np.array([[price]], dtype=np.int64)


def _nobody_worse_off(given: IntervalInput, outcome: IntervalOutcome) -> None:
    price = outcome.price[:, None]
    # Both gains are zero or more by the price band, so their products never need more than the
    # sign; they are checked per interval and member without multiplying.
    buyer_gain = (given.retail - price - given.fee) >= 0
    seller_gain = (price - given.feed_in) >= 0
    worse = ((outcome.bought > 0) & ~buyer_gain) | ((outcome.sold > 0) & ~seller_gain)
    if given.plants is not None:
        internal = given.plants.price
        floor = internal if internal else given.feed_in  # free energy could have been sold
        worse |= (outcome.allocated > 0) & (floor + given.plants.fee > given.retail)
        worse |= (outcome.provided > 0) & (floor < given.feed_in)
    if worse.any():
        t, i = (int(x) for x in np.argwhere(worse)[0])
        raise InvariantBroken(
            "a member would pay more than with the grid alone",
            rule="never worse off",
            field=f"interval {t}, member {i + 1}",
            remedy="nothing was published; report this with the audit bundle",
        )
