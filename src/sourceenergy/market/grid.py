"""Neighbours first, the grid last: orders, then the pool, then grid energy at tariff and feed-in.

Nobody has to bid. Who has no order, or more energy than their orders, takes part with reserve
prices from the tariffs: they buy at no more than retail less the fee and sell at no less than
feed-in. Whatever neighbours do not take or bring, the grid does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sourceenergy.errors import InputError, InvariantBroken
from sourceenergy.market.book import ASK, BID, Book, Clearing, Flags, Ints
from sourceenergy.market.pool import PoolResult, pool
from sourceenergy.market.registry import clear
from sourceenergy.market.rules import Rules


@dataclass(frozen=True, slots=True, eq=False)
class Metered:
    """One interval of N members, as metered.

    ``supply`` exported and ``demand`` imported [Wh, N]; ``retail`` and ``feed_in`` [ud/kWh, N];
    ``fee`` [ud/kWh], which a buyer pays the operator on top of a local price.
    """

    supply: Ints
    demand: Ints
    retail: Ints
    feed_in: Ints
    fee: int

    def __post_init__(self) -> None:
        """Refuse columns of different lengths and negative energy."""
        columns = (self.supply, self.demand, self.retail, self.feed_in)
        if len({column.shape for column in columns}) != 1 or self.supply.ndim != 1:
            _refuse("metered.shape", "supply", self.supply.shape, "give columns of one length")
        least = min(int(self.supply.min(initial=0)), int(self.demand.min(initial=0)))
        if least < 0:
            _refuse("energy.sign", "supply or demand", least, "use import and export registers")

    @property
    def bid(self) -> Ints:
        """Most a member pays for a local kWh before the fee [ud/kWh, N]."""
        return self.retail - self.fee

    @property
    def ask(self) -> Ints:
        """Least a member takes for a local kWh [ud/kWh, N]."""
        return self.feed_in


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Who got what from whom in one interval.

    Per member [Wh, N]: ``ordered_bought`` and ``ordered_sold`` by orders, ``pooled_bought`` and
    ``pooled_sold`` from the pool, ``grid_import`` and ``grid_export``. Per member [nd, N], exact:
    what they pay and receive for local energy (``paid``, ``received``), the operator's ``fee``,
    and what the grid charges and pays (``grid_cost``, ``grid_income``). ``clearing`` of the orders
    (limited to what was metered), whose surplus is the community's, and the ``pool`` behind it.
    """

    ordered_bought: Ints
    ordered_sold: Ints
    pooled_bought: Ints
    pooled_sold: Ints
    grid_import: Ints
    grid_export: Ints
    paid: Ints
    received: Ints
    fee: Ints
    grid_cost: Ints
    grid_income: Ints
    clearing: Clearing
    pool: PoolResult


def orders_from_tariffs(metered: Metered) -> Book:
    """The orders of members who never bid: need at retail less the fee, surplus at feed-in.

    Two orders a member, bids first, all of time 0; one market.
    """
    members = np.arange(metered.supply.size)
    return Book(
        np.concatenate([members, members]),
        np.repeat(np.array([BID, ASK], dtype=np.int8), members.size),
        np.concatenate([metered.bid, metered.ask]),
        np.concatenate([metered.demand, metered.supply]),
        np.zeros(2 * members.size, dtype=np.int64),
    )


def within_meter(book: Book, metered: Metered) -> Book:
    """The orders, cut to what the meter shows: an order cannot trade energy that did not flow.

    A member's earlier orders keep their energy; of one time, those with the better price for
    others, then the larger.
    """
    better = np.where(book.side == ASK, book.price, -book.price)
    order = np.lexsort((-book.quantity, better, book.time, book.side, book.member))
    member, side, quantity = book.member[order], book.side[order], book.quantity[order]
    starts = np.flatnonzero(np.diff(member, prepend=-1) | np.diff(side, prepend=-1))
    total = np.cumsum(quantity) - quantity
    before = total - np.repeat(total[starts], np.diff(np.append(starts, len(order))))
    flowed = np.where(side == ASK, metered.supply[member], metered.demand[member])
    kept = np.zeros(book.orders, dtype=np.int64)
    kept[order] = np.clip(flowed - before, 0, quantity)
    return replace(book, quantity=kept)


def share_interval(
    metered: Metered,
    book: Book,
    mechanism: str = "uniform_price",
    pool_mechanism: str = "pool_mmr",
    rules: Rules | None = None,
) -> Shares:
    """Orders first, then the pool, then the grid; checks every invariant before it answers.

    Energy of an order that found no partner stays bound to its price: with it the member joins
    the pool at no better terms for others than their own orders left over. Complexity: that of
    the mechanism and O(N log N).
    """
    if book.markets != 1 or (book.orders and int(book.member.max()) >= metered.supply.size):
        _refuse("book.members", "member", book.markets, "give one market of metered members")
    if mechanism == "network":
        _refuse("mechanism.grid", "mechanism", mechanism, "losses need meters at both ends")
    orders = within_meter(book, metered)
    cleared = clear(orders, mechanism, rules)
    bids, asks = orders.side == BID, orders.side == ASK
    bought, paid = _by_member(metered, orders, cleared, bids)
    sold, received = _by_member(metered, orders, cleared, asks)
    left = cleared.left > 0
    bid, ask = metered.bid.copy(), metered.ask.copy()
    np.minimum.at(bid, orders.member[left & bids], orders.price[left & bids])
    np.maximum.at(ask, orders.member[left & asks], orders.price[left & asks])
    supply, demand = metered.supply - sold, metered.demand - bought
    pooled = pool(supply[None], demand[None], ask[None], bid[None], pool_mechanism)
    price = int(pooled.price[0])
    local_bought, local_sold = bought + pooled.bought[0], sold + pooled.sold[0]
    grid_import, grid_export = metered.demand - local_bought, metered.supply - local_sold
    return _checked(
        metered,
        Shares(
            ordered_bought=bought,
            ordered_sold=sold,
            pooled_bought=pooled.bought[0],
            pooled_sold=pooled.sold[0],
            grid_import=grid_import,
            grid_export=grid_export,
            paid=paid + pooled.bought[0] * price,
            received=received + pooled.sold[0] * price,
            fee=local_bought * metered.fee,
            grid_cost=grid_import * metered.retail,
            grid_income=grid_export * metered.feed_in,
            clearing=cleared,
            pool=pooled,
        ),
    )


def _by_member(metered: Metered, orders: Book, cleared: Clearing, side: Flags) -> tuple[Ints, Ints]:
    energy, value = np.zeros_like(metered.supply), np.zeros_like(metered.supply)
    np.add.at(energy, orders.member[side], cleared.energy[side])
    np.add.at(value, orders.member[side], cleared.fills.value[side])
    return energy, value


def _checked(metered: Metered, shares: Shares) -> Shares:
    """Every watt-hour has one place, and money in is money out."""
    bought = shares.ordered_bought + shares.pooled_bought
    sold = shares.ordered_sold + shares.pooled_sold
    surplus = sum(shares.clearing.surplus.tolist())
    residual = sum(shares.paid.tolist()) - sum(shares.received.tolist()) - surplus
    for rule, holds in (
        ("energy.conserved", int(bought.sum()) == int(sold.sum())),
        ("energy.import", (bought + shares.grid_import == metered.demand).all()),
        ("energy.export", (sold + shares.grid_export == metered.supply).all()),
        ("energy.sign", (shares.grid_import >= 0).all() and (shares.grid_export >= 0).all()),
        ("money.conserved", residual == 0),
    ):
        if not holds:
            raise InvariantBroken(
                "an interval failed its check and was not used",
                rule=rule,
                field="interval",
                remedy="report it with the orders and readings of the interval",
            )
    return shares


def _refuse(rule: str, field: str, value: object, remedy: str) -> None:
    raise InputError("the interval is refused", rule=rule, field=field, value=value, remedy=remedy)
