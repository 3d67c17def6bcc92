"""The uniform-price double auction: everyone who trades in an interval pays one price.

A price clears when it lets the most energy change hands and nobody left over would still trade at
it. Let S(p) be what is offered at p or less and D(p) what is wanted at p or more. The lowest
clearing price is the smallest p with S(p) ≥ D(p + 1); the volume there, min(S(p), D(p)), is the
maximum over all prices. The range of clearing prices reaches up to the first accepted bid or ask
left over.

Two implementations give the same result to the last watt-hour: this file's plain NumPy for small
books and, from ``FAST_FROM`` orders on, the compiled kernels of ``market.kernels``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sourceenergy.market.book import ASK, BID, Book, Clearing, Flags, Ints, reserved
from sourceenergy.market.rationing import capped_fills
from sourceenergy.market.rules import Rules

FAST_FROM = 20_000
"""Orders from which on compiling (once) and loading the kernels pays."""


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """Where supply and demand cross, per market.

    ``energy`` [Wh, per order]; ``volume`` [Wh]; ``low``, ``high`` [ud/kWh]: lowest and highest
    clearing price; ``ask``, ``bid`` [ud/kWh]: dearest accepted ask and cheapest accepted bid; all
    zero where nothing trades.
    """

    energy: Ints
    volume: Ints
    low: Ints
    high: Ints
    ask: Ints
    bid: Ints

    def range(self, rules: Rules) -> tuple[Ints, Ints]:
        """The range in which ``k_ppm`` picks the price, lower and upper end [ud/kWh]."""
        return (self.low, self.high) if rules.price_rule == "clearing" else (self.ask, self.bid)


def uniform_price(book: Book, rules: Rules) -> Clearing:
    """One price per market for all who trade.

    Mechanism: k-double auction at the maximum volume.
    Paper: Chatterjee and Samuelson, "Bargaining under incomplete information", Operations
    Research 31(5), 1983; Satterthwaite and Williams, "The rate of convergence to efficiency in
    the buyer's bid double auction", Review of Economic Studies 56(4), 1989.
    Price rule: ``low + k·(high − low)``, rounded down, in the range of clearing prices
    (``price_rule="clearing"``) or from the dearest accepted ask to the cheapest accepted bid
    (``"marginal"``; with k = 0 the pay-as-clear of power exchanges). k = 0 favours buyers, 1
    sellers.
    Tie rule: better prices first; at the margin pro rata with largest remainder and ties to the
    lowest member number, or by time. Nobody trades with themselves: a member whose own orders
    would meet sells no more than the others want and buys no more than the others offer, at the
    price that lets the most energy pass between different members.
    Properties: budget balanced, individually rational, efficient (the most energy and, where
    nobody stands on both sides, the largest sum of gains); not truthful, though what a false bid
    can gain fades as 1/m with m traders.
    Complexity: O(n + m log m) for n orders of which m are at the margin in the kernels (a
    selection, no sort), O(n log n) plain.
    """
    found = cross(book, reserved(book, rules), rules.margin)
    price = rules.between(*found.range(rules))
    return Clearing(
        book,
        "uniform_price",
        rules,
        found.energy,
        found.volume,
        price,
        price,
        np.zeros(book.markets, dtype=np.int64),
    )


def cross(book: Book, price: Ints, margin: str, fast: bool | None = None) -> Crossing:
    """Clear every market at its maximum volume; ``price`` [ud/kWh, n] after reserve prices.

    ``fast`` picks the kernels (True) or plain NumPy (False); by itself the size of the book does.
    """
    if fast or (fast is None and book.orders >= FAST_FROM):
        from sourceenergy.market.kernels import cross_markets

        energy, found, dominated = cross_markets(book, price, margin)
    else:
        energy, found, dominated = _cross_plain(book, price, margin)
    for number in np.flatnonzero(dominated):
        here = slice(int(book.offsets[number]), int(book.offsets[number + 1]))
        energy[here], found[:, number] = _cross_apart(book.market(int(number)), price[here], margin)
    return Crossing(energy, *found)


def _cross_plain(book: Book, price: Ints, margin: str) -> tuple[Ints, Ints, Flags]:
    """Every market by itself: (energy, [volume, low, high, ask, bid] × markets, dominated)."""
    energy = np.zeros(book.orders, dtype=np.int64)
    found = np.zeros((5, book.markets), dtype=np.int64)
    dominated = np.zeros(book.markets, dtype=np.bool_)
    for number in range(book.markets):
        here = slice(int(book.offsets[number]), int(book.offsets[number + 1]))
        market, prices = book.market(number), price[here]
        at = _lowest_clearing_price(market, prices)
        if at is not None:
            willing = _willing(market, prices, at)
            energy[here], volume, held = capped_fills(market, prices, willing, margin)
            dominated[number] = held >= 0
            found[:, number] = _ranges(market, prices, energy[here], volume, at, at)
    return energy, found, dominated


def _lowest_clearing_price(book: Book, price: Ints) -> int | None:
    """Smallest price at which offers cover whatever is wanted above it; None where none trades."""
    real = book.quantity > 0
    asks, bids = real & (book.side == ASK), real & (book.side == BID)
    if not asks.any() or not bids.any():
        return None
    prices = np.unique(price[real])
    offered = _offered(prices, price[asks], book.quantity[asks])
    wanted = _wanted(prices, price[bids], book.quantity[bids])
    at = int(np.argmax(offered >= np.append(wanted[1:], 0)))
    return int(prices[at]) if min(offered[at], wanted[at]) else None


def _willing(book: Book, price: Ints, at: int) -> Ints:
    side, real = book.side, book.quantity > 0
    return np.flatnonzero(real & np.where(side == ASK, price <= at, price >= at))


def _ranges(
    book: Book, price: Ints, energy: Ints, volume: int, low: int, high: int, held: int = -1
) -> tuple[int, int, int, int, int]:
    """(volume, low, high, ask, bid) of fills around a price that clears.

    The range of clearing prices ends where an accepted order would stop or one left over would
    start to trade; orders of the ``held`` member, who may not trade with themselves, do not count
    as left over.
    """
    if not volume:
        return 0, 0, 0, 0, 0
    got, rest = energy > 0, (energy < book.quantity) & (book.member != held)
    asks, bids = book.side == ASK, book.side == BID
    ask, bid = int(price[got & asks].max()), int(price[got & bids].min())
    lowest = max(ask, int(price[rest & bids].max(initial=ask)))
    highest = min(bid, int(price[rest & asks].min(initial=bid)))
    if lowest > highest:  # only around a held member: the price that decided stays
        lowest, highest = low, high
    return volume, lowest, highest, ask, bid


def _cross_apart(
    book: Book, price: Ints, margin: str
) -> tuple[Ints, tuple[int, int, int, int, int]]:
    """One market in which a member's own orders would meet."""
    at = price_of_most_energy(book, price)
    energy, volume, held = capped_fills(book, price, _willing(book, price, at), margin)
    return energy, _ranges(book, price, energy, volume, at, at, held)


def price_of_most_energy(book: Book, price: Ints) -> int:
    """The lowest price at which the most energy passes between different members of one market."""
    candidates, passes = energy_by_price(book, price)
    return int(candidates[int(np.argmax(passes))])


def energy_by_price(book: Book, price: Ints) -> tuple[Ints, Ints]:
    """All prices of one market [ud/kWh] and the most that can pass at each of them [Wh].

    At a price p at most ``min(S, D, S + D − w)`` passes, where w is what the heaviest member
    offers and wants at p. That binds only where w exceeds the larger of S and D, so only members
    whose orders together do so at some price are looked at: seldom more than a few.
    O(n log n + n · such members).
    """
    candidates = np.unique(price[book.quantity > 0])
    asks, bids = book.side == ASK, book.side == BID
    offered = _offered(candidates, price[asks], book.quantity[asks])
    wanted = _wanted(candidates, price[bids], book.quantity[bids])
    heaviest = np.zeros(len(candidates), dtype=np.int64)
    for member in _heavy(book, int(np.maximum(offered, wanted).min())):
        own = book.member == member
        weight = _offered(candidates, price[own & asks], book.quantity[own & asks])
        weight = weight + _wanted(candidates, price[own & bids], book.quantity[own & bids])
        heaviest = np.maximum(heaviest, weight)
    return candidates, np.minimum(np.minimum(offered, wanted), offered + wanted - heaviest)


def _heavy(book: Book, weight: int) -> Ints:
    """Members on both sides whose orders together exceed ``weight`` [Wh]."""
    members, index = np.unique(book.member, return_inverse=True)
    asked, bid = (np.zeros(len(members), dtype=np.int64) for _ in range(2))
    np.add.at(asked, index, np.where(book.side == ASK, book.quantity, 0))
    np.add.at(bid, index, np.where(book.side == BID, book.quantity, 0))
    result: Ints = members[(asked > 0) & (bid > 0) & (asked + bid > weight)]
    return result


def _offered(prices: Ints, price: Ints, quantity: Ints) -> Ints:
    """Quantity at each of ``prices`` or below [Wh]."""
    order = np.argsort(price, kind="stable")
    sums = np.concatenate([[0], np.cumsum(quantity[order])])
    result: Ints = sums[np.searchsorted(price[order], prices, side="right")]
    return result


def _wanted(prices: Ints, price: Ints, quantity: Ints) -> Ints:
    """Quantity at each of ``prices`` or above [Wh]."""
    return _offered(-prices[::-1], -price, quantity)[::-1]
