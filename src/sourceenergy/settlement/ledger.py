"""Step two: shared energy becomes money, exact in nano-dollars, rounded once per statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InvariantBroken
from sourceenergy.settlement.intervals import IntervalInput, IntervalOutcome
from sourceenergy.units import ND_PER_UD

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


def sum_products(energy: Ints, prices: Ints) -> list[int]:
    """Column sums of energy × price [nd], exact: Python integers where 64 bits could overflow."""
    prices = np.broadcast_to(prices, energy.shape)
    most = int(np.abs(energy).max(initial=0)) * int(np.abs(prices).max(initial=0))
    if most * max(1, energy.shape[0]) < 1 << 62:
        return [int(x) for x in (energy * prices).sum(axis=0)]
    exact = energy.astype(object) * prices.astype(object)
    return [int(x) for x in exact.sum(axis=0)]


def round_to_zero_sum(values_nd: Sequence[int]) -> list[int]:
    """Round nano-dollars that add up to zero to micro-dollars that add up to zero.

    Each value is rounded down; the units still missing go to the largest remainders, ties to the
    lowest index. Nobody is off by a whole micro-dollar.
    """
    if sum(values_nd):
        raise InvariantBroken(
            "credits and debits do not add up to zero",
            rule="money.conserved",
            field="values_nd",
            value=sum(values_nd),
            remedy="nothing was published; report this with the audit bundle",
        )
    rounded = [value // ND_PER_UD for value in values_nd]
    order = sorted(range(len(values_nd)), key=lambda i: (-(values_nd[i] % ND_PER_UD), i))
    for index in order[: -sum(rounded)]:
        rounded[index] += 1
    return rounded


def members_ledgers(
    given: IntervalInput, outcome: IntervalOutcome
) -> tuple[list[MemberLedger], int]:
    """Every member's ledger of the period and the operator's fees [ud].

    Energy money and fees are each rounded so that they add up to zero; checks that no member
    pays more in any interval than with the grid alone.
    """
    price = outcome.price[:, None]
    bought_nd = sum_products(outcome.bought, price)
    sold_nd = sum_products(outcome.sold, price)
    fee_price = np.array([[given.fee]], dtype=np.int64)
    fee_nd = sum_products(outcome.bought, fee_price)
    grid_import_nd = sum_products(given.imported - outcome.bought, given.retail)
    grid_export_nd = sum_products(given.exported - outcome.sold, given.feed_in)
    import_nd = sum_products(given.imported, given.retail)
    export_nd = sum_products(given.exported, given.feed_in)
    _nobody_worse_off(given, outcome)
    members = len(bought_nd)
    energy_ud = round_to_zero_sum([*sold_nd, *(-x for x in bought_nd)])
    fees_ud = round_to_zero_sum([*(-x for x in fee_nd), sum(fee_nd)])
    imported, exported = given.imported.sum(axis=0), given.exported.sum(axis=0)
    bought, sold = outcome.bought.sum(axis=0), outcome.sold.sum(axis=0)
    ledgers = [
        MemberLedger(
            int(imported[i]),
            int(exported[i]),
            int(bought[i]),
            int(sold[i]),
            bought_nd[i],
            fee_nd[i],
            sold_nd[i],
            grid_import_nd[i],
            grid_export_nd[i],
            import_nd[i] - export_nd[i],
            -energy_ud[members + i],
            -fees_ud[i],
            energy_ud[i],
        )
        for i in range(members)
    ]
    return ledgers, fees_ud[members]


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


def roll_accounts(
    opening: Mapping[str, AccountState],
    deposits_ud: Mapping[str, int],
    nets_ud: Mapping[str, int],
    exits: frozenset[str],
) -> dict[str, AccountState]:
    """Account states after a period [ud]; money is neither made nor lost.

    A positive net is authorised for payout (for good: cumulative payouts never fall, so what is
    authorised can't also be spent); a negative one comes out of the balance, which deposits fill.
    An account that asked to exit gets its whole balance authorised.
    """
    closing = {}
    for account, before in opening.items():
        deposit = deposits_ud.get(account, 0)
        net = nets_ud.get(account, 0)
        balance = before.balance_ud + deposit + min(net, 0)
        payout = before.payout_ud + max(net, 0)
        if balance < 0:
            raise InvariantBroken(
                "an account would spend more than it holds",
                rule="funds.cover",
                field=account,
                value=balance,
                remedy="deposit the difference before settling",
            )
        if account in exits:
            payout, balance = payout + balance, 0
        closing[account] = AccountState(before.deposited_ud + deposit, payout, balance)
    return closing
