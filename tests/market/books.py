"""Order books for the tests: by hand (``book``) and drawn (``books``), and their yardsticks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st

from sourceenergy.market.book import ASK, BID, Book, Clearing
from sourceenergy.units import ENERGY_MAX_WH

Row = tuple[int, int, int, int, int]
"""Member, side, price [ud/kWh], quantity [Wh], time."""

CENT = 10_000


def book(*rows: Row) -> Book:
    """A book of one market, rows in any order."""
    member, side, price, quantity, time = (
        np.array(rows, dtype=np.int64).reshape(len(rows), 5).T if rows else np.zeros((5, 0), int)
    )
    return Book(member, side.astype(np.int8), price, quantity, time)


def bids_and_asks(bids: Sequence[tuple[int, int]], asks: Sequence[tuple[int, int]]) -> Book:
    """A book in which everyone has one order: (quantity [Wh], price [ud/kWh]); bids come first."""
    rows = [(BID, *order) for order in bids] + [(ASK, *order) for order in asks]
    return book(*((n, side, price, wh, n) for n, (side, wh, price) in enumerate(rows)))


def rows_of(given: Book) -> list[Row]:
    """The orders as tuples."""
    columns = (given.member, given.side, given.price, given.quantity, given.time)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def outcome(clearing: Clearing) -> list[Any]:
    """Everything that may not depend on the order of input: who got what, at which price."""
    orders = zip(
        rows_of(clearing.book),
        clearing.energy.tolist(),
        clearing.fills.value.tolist(),
        strict=True,
    )
    markets = (clearing.volume, clearing.buy_price, clearing.sell_price, clearing.surplus)
    return [sorted(orders), *(column.tolist() for column in markets)]


few_prices = st.integers(-2, 5)
any_price = st.one_of(few_prices, st.integers(-(10**8), 10**8), st.just(50_000))
few_wh = st.integers(0, 4)
any_wh = st.one_of(few_wh, st.integers(0, 9_000), st.just(10**9), st.just(ENERGY_MAX_WH))


def books(
    price: st.SearchStrategy[int] = any_price,
    energy: st.SearchStrategy[int] = any_wh,
    members_most: int = 6,
    orders_most: int = 10,
) -> st.SearchStrategy[Book]:
    """Books of one market: members on one side or both, ties in price, quantity and time."""
    member, time = st.integers(0, members_most - 1), st.integers(0, 3)
    side = st.sampled_from([BID, ASK])
    row = st.tuples(member, side, price, energy, time)
    return st.lists(row, max_size=orders_most).map(lambda rows: book(*rows))


small_books = books(few_prices, few_wh, members_most=4, orders_most=7)


def one_sided(given: Book) -> Book:
    """The same orders, each of another member."""
    rows = enumerate(rows_of(given))
    return book(*((number, *row[1:]) for number, row in rows))


def a_small_book(random: Random, both_sides: bool) -> Book:
    """A random book of up to eight orders of up to 3 Wh, prices from −1 to 4 ud/kWh."""
    rows = [
        (
            random.randrange(4) if both_sides else number,
            random.randrange(2),
            random.randint(-1, 4),
            random.randrange(4),
            random.randrange(3),
        )
        for number in range(random.randrange(9))
    ]
    return book(*rows)


# --- yardsticks: slow, and nothing like the mechanisms --------------------------------------------


def best_gain(given: Book) -> tuple[int, int]:
    """(largest sum of gains, most energy that reaches it) by trying every way to fill the book."""

    def best_by_volume(side: int, sign: int) -> dict[int, int]:
        orders = [(p, q) for _, s, p, q, _ in rows_of(given) if s == side and q]
        best: dict[int, int] = {}
        for fills in product(*(range(q + 1) for _, q in orders)):
            total = sum(fills)
            worth = sign * sum(f * p for f, (p, _) in zip(fills, orders, strict=True))
            best[total] = max(best.get(total, worth), worth)
        return best

    bought, sold = best_by_volume(BID, 1), best_by_volume(ASK, -1)
    gains = {volume: bought[volume] + sold[volume] for volume in bought if volume in sold}
    most = max(gains.values())
    return most, max(volume for volume, gain in gains.items() if gain == most)


def most_between_members(given: Book) -> int:
    """The most that any one price lets different members trade [Wh].

    By trying every flow between pairs of members, one watt-hour at a time along augmenting paths.
    """
    rows = rows_of(given)
    return max((_max_flow(rows, price) for price in {row[2] for row in rows}), default=0)


def _max_flow(rows: list[Row], price: int) -> int:
    supply: dict[int, int] = {}
    demand: dict[int, int] = {}
    for member, side, limit, quantity, _ in rows:
        if side == ASK and limit <= price:
            supply[member] = supply.get(member, 0) + quantity
        if side == BID and limit >= price:
            demand[member] = demand.get(member, 0) + quantity
    passed = {(s, b): 0 for s in supply for b in demand if s != b}

    def push(seller: int, seen: set[int]) -> bool:
        for buyer in [b for s, b in passed if s == seller and b not in seen]:
            seen.add(buyer)
            if demand[buyer]:
                demand[buyer] -= 1
                passed[seller, buyer] += 1
                return True
            for other in [s for s, b in passed if b == buyer and s != seller and passed[s, b]]:
                if push(other, seen):
                    passed[other, buyer] -= 1
                    passed[seller, buyer] += 1
                    return True
        return False

    return sum(push(seller, set()) for seller, energy in supply.items() for _ in range(energy))


def gain(clearing: Clearing) -> int:
    """What the energy is worth to its buyers less what its sellers wanted [nd]."""
    signs = np.where(clearing.book.side == BID, 1, -1)
    worth = clearing.energy * clearing.book.price * signs
    return sum(worth.tolist())
