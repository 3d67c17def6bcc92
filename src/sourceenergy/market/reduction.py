"""Truthful auctions: a trade is given up so that nobody's own price decides what they pay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sourceenergy.market.book import ASK, BID, Book, Clearing, Ints, reserved
from sourceenergy.market.rationing import capped_fills
from sourceenergy.market.rules import Rules


@dataclass(frozen=True, slots=True)
class Ranked:
    """One market's orders from best to worst.

    Rows of ``bids`` and ``asks``, and how many of each take part in the largest volume.
    """

    bids: Ints
    asks: Ints
    buyers: int
    sellers: int


@dataclass(frozen=True, slots=True)
class Reduced:
    """Who is left to trade, and at which prices [ud/kWh]."""

    rows: Ints
    buy: int
    sell: int


def mcafee(book: Book, rules: Rules) -> Clearing:
    """Trade reduction: the last pair sets the price and trades only if it does not.

    Mechanism and price rule: with L buyers and K sellers in the largest volume, everybody trades
    at ``(bid of L+1 + ask of K+1) / 2`` (rounded down) where that lies between the last ask and
    the last bid; otherwise the last buyer and the last seller sit out, buyers pay the last bid
    and sellers receive the last ask.
    Paper: McAfee, "A dominant strategy double auction", J. Economic Theory 56(2), 1992; for orders
    of several sizes Huang, Scheller-Wolf and Sycara, "Design of a multi-unit double auction
    e-market", Computational Intelligence 18(4), 2002.
    Tie rule: equal prices by time, then member number; the longer side is rationed pro rata,
    whatever its prices, or a better price would buy more.
    Properties: truthful for one order of one size each; individually rational; what buyers pay
    more than sellers receive is the community's ``surplus`` and never negative; loses at most the
    least valuable pair of orders. Nobody trades with themselves.
    Complexity: O(n log n).
    """

    def reduce(price: Ints, of: Ranked) -> Reduced:
        last_bid = int(price[of.bids[of.buyers - 1]])
        last_ask = int(price[of.asks[of.sellers - 1]])
        if of.buyers < len(of.bids) and of.sellers < len(of.asks):
            middle = int(price[of.bids[of.buyers]] + price[of.asks[of.sellers]]) // 2
            if last_ask <= middle <= last_bid:
                return Reduced(_first(of, of.buyers, of.sellers), middle, middle)
        return Reduced(_first(of, of.buyers - 1, of.sellers - 1), last_bid, last_ask)

    return _reduced(book, "mcafee", rules, reduce)


def sbba(book: Book, rules: Rules) -> Clearing:
    """Strongly budget-balanced trade reduction: one price, no surplus.

    Mechanism and price rule: the price is the better of the last buyer's bid and the first
    excluded seller's ask (``leader="buyers"``). Where it is the ask, all trade; where it is the
    bid, that buyer sits out. ``leader="sellers"`` is the mirror image.
    Paper: Segal-Halevi, Hassidim and Aumann, "SBBA: a strongly-budget-balanced double-auction
    mechanism", SAGT 2016, arXiv:1607.05139. Where the paper draws lots among the longer side, that
    side is rationed pro rata here: the lot's average, without chance.
    Tie rule: as ``mcafee``.
    Properties: budget balanced, individually rational; truthful for one order of one size each,
    in the average of the paper's lot; loses at most one order.
    Complexity: O(n log n).
    """

    def buyers_lead(price: Ints, of: Ranked) -> Reduced:
        last_bid = int(price[of.bids[of.buyers - 1]])
        if of.sellers < len(of.asks):
            next_ask = int(price[of.asks[of.sellers]])
            if next_ask <= last_bid:
                return Reduced(_first(of, of.buyers, of.sellers), next_ask, next_ask)
        return Reduced(_first(of, of.buyers - 1, of.sellers), last_bid, last_bid)

    def sellers_lead(price: Ints, of: Ranked) -> Reduced:
        last_ask = int(price[of.asks[of.sellers - 1]])
        if of.buyers < len(of.bids):
            next_bid = int(price[of.bids[of.buyers]])
            if next_bid >= last_ask:
                return Reduced(_first(of, of.buyers, of.sellers), next_bid, next_bid)
        return Reduced(_first(of, of.buyers, of.sellers - 1), last_ask, last_ask)

    return _reduced(book, "sbba", rules, buyers_lead if rules.leader == "buyers" else sellers_lead)


def _first(of: Ranked, buyers: int, sellers: int) -> Ints:
    return np.concatenate([of.bids[:buyers], of.asks[:sellers]])


def _reduced(
    book: Book, mechanism: str, rules: Rules, reduce: Callable[[Ints, Ranked], Reduced]
) -> Clearing:
    price = reserved(book, rules)
    energy = np.zeros(book.orders, dtype=np.int64)
    volume, buy, sell, surplus = (np.zeros(book.markets, dtype=np.int64) for _ in range(4))
    for number in range(book.markets):
        here = slice(int(book.offsets[number]), int(book.offsets[number + 1]))
        market, prices = book.market(number), price[here]
        ranked = _ranked(market, prices)
        if not ranked.buyers:
            continue
        left = reduce(prices, ranked)
        fills, total, _ = capped_fills(market, prices, left.rows, "pro_rata", by_price=False)
        if total:
            energy[here], volume[number] = fills, total
            buy[number], sell[number] = left.buy, left.sell
            surplus[number] = total * (left.buy - left.sell)
    return Clearing(book, mechanism, rules, energy, volume, buy, sell, surplus)


def _ranked(book: Book, price: Ints) -> Ranked:
    """Orders from best to worst and how many take part in the largest volume.

    A member's own orders count here like any other's.
    """
    real = np.flatnonzero(book.quantity)

    def best_first(side: int, worse: Ints) -> Ints:
        rows = real[book.side[real] == side]
        columns = (book.quantity[rows], book.member[rows], book.time[rows], worse[rows])
        result: Ints = rows[np.lexsort(columns)]
        return result

    bids, asks = best_first(BID, -price), best_first(ASK, price)
    if not bids.size or not asks.size:
        return Ranked(bids, asks, 0, 0)
    bought, sold = np.cumsum(book.quantity[bids]), np.cumsum(book.quantity[asks])
    edges = np.union1d(bought, sold)
    edges = edges[edges <= min(bought[-1], sold[-1])]
    last_bid, last_ask = np.searchsorted(bought, edges), np.searchsorted(sold, edges)
    agree = np.flatnonzero(price[bids[last_bid]] >= price[asks[last_ask]])
    if not agree.size:
        return Ranked(bids, asks, 0, 0)
    last = int(agree[-1])
    return Ranked(bids, asks, int(last_bid[last]) + 1, int(last_ask[last]) + 1)
