"""Preferences as ordered rounds: first the own household, then the street, then everybody."""

from __future__ import annotations

import numpy as np

from sourceenergy.market.book import BID, Book, Clearing, Ints, exact_sum
from sourceenergy.market.rules import Round, Rules, of_members
from sourceenergy.market.uniform import uniform_price


def rounds(book: Book, rules: Rules) -> Clearing:
    """Orders meet in the rounds of ``rules.rounds``; what is left goes on to the next.

    Mechanism: in each round the members of one label are a market of their own and trade by
    ``uniform_price``; nobody meets anybody outside their label. Without rounds nothing trades;
    the last is usually open to all.
    Paper: Sorin, Bobo and Pinson, "Consensus-based approach to peer-to-peer electricity markets
    with product differentiation", IEEE Trans. Power Systems 34(2), 2019, for preferences among
    partners; the strict order of rounds is ours.
    Price rule, tie rule: as ``uniform_price``, round by round; an order may trade at several
    prices, none beyond its limit.
    Properties: budget balanced, individually rational; each round is efficient among those who
    may meet in it, all rounds together need not be: a preference may cost volume.
    Complexity: O(n log n) per round.
    """
    energy, value = (np.zeros(book.orders, dtype=np.int64) for _ in range(2))
    by_round = np.zeros((len(rules.rounds), book.orders), dtype=np.int64)
    for number, who in enumerate(rules.rounds):
        rows, meeting = _meeting(book, energy, who)
        cleared = uniform_price(meeting, rules)
        by_round[number, rows] = cleared.energy
        energy[rows] += cleared.energy
        value[rows] += cleared.fills.value
    volume, average, none = (np.zeros(book.markets, dtype=np.int64) for _ in range(3))
    for number in range(book.markets):
        here = slice(int(book.offsets[number]), int(book.offsets[number + 1]))
        bids = book.side[here] == BID
        volume[number] = energy[here][bids].sum()
        if volume[number]:
            average[number] = exact_sum(value[here][bids]) // int(volume[number])
    return Clearing(
        book,
        "rounds",
        rules,
        energy,
        volume,
        average,
        average,
        none,
        own_value=value,
        by_round=by_round,
    )


def _meeting(book: Book, energy: Ints, who: Round) -> tuple[Ints, Book]:
    """Rows that take part and their orders as markets, one per label and market of the book."""
    label = np.where(
        book.side == BID,
        of_members(who.name, who.buyers, book.member),
        of_members(who.name, who.sellers, book.member),
    )
    rows = np.flatnonzero((label >= 0) & (energy < book.quantity))
    market = book.market_of_order()[rows]
    order = np.lexsort((label[rows], market))
    rows, market, label = rows[order], market[order], label[rows][order]
    starts = np.flatnonzero(np.diff(market, prepend=-1) | np.diff(label, prepend=-1))
    return rows, Book(
        book.member[rows],
        book.side[rows],
        book.price[rows],
        (book.quantity - energy)[rows],
        book.time[rows],
        np.append(starts, len(rows)) if len(rows) else np.zeros(2, dtype=np.int64),
    )
