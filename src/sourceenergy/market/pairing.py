"""Who trades with whom: partners for fills, and the auction in which each pair has a price."""

from __future__ import annotations

import numpy as np

from sourceenergy.market.book import ASK, BID, Book, Clearing, Ints, Trades, exact_sum, reserved
from sourceenergy.market.rules import Rules
from sourceenergy.market.uniform import cross


def pay_as_bid(book: Book, rules: Rules) -> Clearing:
    """Each pair of a bid and an ask trades at a price of its own between the two.

    Mechanism: discriminatory double auction at the maximum volume: bids from the dearest, asks
    from the cheapest; the n-th watt-hour sold goes to the n-th bought.
    Paper: Nicolaisen, Petrov and Tesfatsion, "Market power and efficiency in a computational
    electricity market with discriminatory double-auction pricing", IEEE Trans. Evolutionary
    Computation 5(5), 2001.
    Price rule: ``ask + k·(bid − ask)`` per trade, rounded down; k = 1 is pay-as-bid in its strict
    sense, 0 pay-as-offer.
    Tie rule: as ``uniform_price``; pairs of one price by time, then member number. A pair of one
    member's own orders swaps partners with another pair.
    Properties: budget balanced, individually rational, the same energy to the same orders as
    ``uniform_price``, so efficient; not truthful (who bids close to the others gains).
    Complexity: O(n log n).
    """
    price = reserved(book, rules)
    energy = cross(book, price, rules.margin).energy
    bid, ask, traded = pair(book, energy, price)
    paid = rules.between(price[ask], price[bid])
    return with_trades(book, "pay_as_bid", rules, energy, Trades(bid, ask, traded, paid))


def with_trades(book: Book, mechanism: str, rules: Rules, energy: Ints, trades: Trades) -> Clearing:
    """A clearing whose money is that of its trades: exact per order, averaged per market."""
    value = np.zeros(book.orders, dtype=np.int64)
    np.add.at(value, trades.bid, trades.energy * trades.price)
    np.add.at(value, trades.ask, trades.energy * trades.price)
    volume, average, none = (np.zeros(book.markets, dtype=np.int64) for _ in range(3))
    for number in range(book.markets):
        here = slice(int(book.offsets[number]), int(book.offsets[number + 1]))
        bids = book.side[here] == BID
        volume[number] = energy[here][bids].sum()
        if volume[number]:
            average[number] = exact_sum(value[here][bids]) // int(volume[number])
    return Clearing(
        book,
        mechanism,
        rules,
        energy,
        volume,
        average,
        average,
        none,
        own_value=value,
        trades=trades,
    )


def pair(book: Book, energy: Ints, price: Ints) -> tuple[Ints, Ints, Ints]:
    """Partners for the fills of every market: (rows of bids, rows of asks, energy [Wh]).

    Bids from the dearest, asks from the cheapest, matched by cumulated energy; nobody is paired
    with themselves. O(n log n).
    """
    found = [
        _pair_market(book, energy, price, int(first), int(last))
        for first, last in zip(book.offsets[:-1], book.offsets[1:], strict=True)
    ]
    bid, ask, traded = (
        np.concatenate([np.zeros(0, dtype=np.int64), *parts]) for parts in zip(*found, strict=True)
    )
    return bid, ask, traded


def _pair_market(
    book: Book, energy: Ints, price: Ints, first: int, last: int
) -> tuple[Ints, Ints, Ints]:
    got = first + np.flatnonzero(energy[first:last])
    bids = _in_order(book, got[book.side[got] == BID], -price)
    asks = _in_order(book, got[book.side[got] == ASK], price)
    bought, sold = np.cumsum(energy[bids]), np.cumsum(energy[asks])
    edges = np.union1d(bought, sold)
    bid = bids[np.searchsorted(bought, edges)]
    ask = asks[np.searchsorted(sold, edges)]
    traded = np.diff(edges, prepend=0)
    if (book.member[bid] == book.member[ask]).any():
        return _apart(book, bid, ask, traded)
    return bid, ask, traded


def _in_order(book: Book, rows: Ints, worse: Ints) -> Ints:
    columns = (book.quantity[rows], book.member[rows], book.time[rows], worse[rows])
    result: Ints = rows[np.lexsort(columns)]
    return result


def _apart(book: Book, bid: Ints, ask: Ints, traded: Ints) -> tuple[Ints, Ints, Ints]:
    """Swap partners until no one trades with themselves.

    A pair of member k's own orders swaps with pairs in which k is on neither side. Such pairs
    hold enough energy, because k's two sides together never exceed the volume.
    """
    member = book.member.tolist()
    pairs = [list(each) for each in zip(bid.tolist(), ask.tolist(), traded.tolist(), strict=True)]
    for own in [each for each in pairs if member[each[0]] == member[each[1]]]:
        k = member[own[0]]
        for other in list(pairs):
            if k in (member[other[0]], member[other[1]]):
                continue
            moved = min(own[2], other[2])
            own[2] -= moved
            other[2] -= moved
            pairs += [[own[0], other[1], moved], [other[0], own[1], moved]]
    merged: dict[tuple[int, int], int] = {}
    for each in pairs:
        if each[2]:
            merged[each[0], each[1]] = merged.get((each[0], each[1]), 0) + each[2]
    columns = np.array([[*rows, wh] for rows, wh in merged.items()], dtype=np.int64)
    columns = columns.reshape(-1, 3).T
    return columns[0], columns[1], columns[2]
