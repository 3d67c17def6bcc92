"""The uniform-price auction compiled: selection on integer ticks instead of sorting.

Per market one histogram of quantities by price finds the bucket in which supply and demand cross;
the few orders in it are looked at again with finer buckets until a bucket is one tick. Then one
pass fills. O(n) time; working memory beside the result is 256 KiB and one index per order of the
largest market. Whole numbers throughout.

Import this module only when it is needed: it loads numba. Kernels compile at their first call and
are kept on disk beside the package, or in the user's cache where that is read-only; where nothing
can be written they compile once a process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np

from sourceenergy.market.book import Book, Flags, Ints, Sides

Function = TypeVar("Function", bound=Callable[..., object])

BUCKETS_MOST = 1 << 14
_FAR = 1 << 62


def kernel(function: Function) -> Function:
    """Compile lazily, cached on disk where a place for the cache can be found."""
    try:
        compiled = numba.njit(cache=True)(function)
    except RuntimeError:  # numba finds no writable place: compile for this process alone
        compiled = numba.njit(function)
    return cast("Function", compiled)


def cross_markets(book: Book, price: Ints, margin: str) -> tuple[Ints, Ints, Flags]:
    """``uniform._cross_plain`` at the speed of the memory; same arguments, same answer."""
    energy = np.empty(book.orders, dtype=np.int64)
    found = np.zeros((5, book.markets), dtype=np.int64)
    dominated = np.zeros(book.markets, dtype=np.bool_)
    columns = (book.side, price, book.quantity, book.member, book.time, book.offsets)
    cross_all(*columns, margin == "time", energy, found, dominated)
    return energy, found, dominated


@kernel
def cross_all(
    side: Sides,
    price: Ints,
    quantity: Ints,
    member: Ints,
    time: Ints,
    offsets: Ints,
    by_time: bool,
    energy: Ints,
    found: Ints,
    dominated: Flags,
) -> None:
    """Clear all markets into ``energy`` [Wh, n], ``found`` [5, markets] and ``dominated``."""
    widest = 0
    for s in range(len(offsets) - 1):
        widest = max(widest, offsets[s + 1] - offsets[s])
    sums = np.zeros(2 * buckets_for(widest), dtype=np.int64)
    near = np.empty(widest, dtype=np.int64)
    for s in range(len(offsets) - 1):
        first, last = offsets[s], offsets[s + 1]
        p, q, b = price[first:last], quantity[first:last], side[first:last]
        e = energy[first:last]
        low, wanted, offered, at_bid, at_ask = find_crossing(b, p, q, sums, near)
        volume = min(wanted + at_bid, offered + at_ask)
        if volume == 0:
            e[:] = 0
            continue
        rest_bid, rest_ask = volume - wanted, volume - offered
        split = 0 if 0 < rest_bid < at_bid else 1 if 0 < rest_ask < at_ask else -1
        next_bid, next_ask, last_ask, count, row = fill(
            b, p, q, low, rest_bid == at_bid, rest_ask == at_ask, split, e
        )
        if split >= 0:
            rest = rest_bid if split == 0 else rest_ask
            if count == 1:
                e[row] = rest
            else:
                m, t = member[first:last], time[first:last]
                ration(b, p, q, m, t, low, split, rest, by_time, near, e)
        high = low
        if rest_bid == 0 and rest_ask == at_ask:
            high = min(next_bid, next_ask)
        found[0, s] = volume
        found[1, s] = low
        found[2, s] = high
        found[3, s] = low if rest_ask > 0 else last_ask
        found[4, s] = low if rest_bid > 0 else next_bid
        dominated[s] = is_dominated(member[first:last], e, volume)


@kernel
def buckets_for(orders: int) -> int:
    """Buckets that keep a histogram small beside its orders and few orders in a bucket."""
    buckets = 16
    while buckets < orders // 2 and buckets < BUCKETS_MOST:
        buckets *= 2
    return buckets


@kernel
def find_crossing(
    side: Sides, price: Ints, quantity: Ints, sums: Ints, near: Ints
) -> tuple[int, int, int, int, int]:
    """The lowest clearing price of one market.

    Returns (price, demand above it, supply below it, demand at it, supply at it) [ud/kWh, Wh].
    ``sums`` is scratch: demand by bucket, then supply by bucket, all zero before and after.
    ``near`` is scratch for the rows in the crossing bucket.
    """
    orders = len(price)
    if orders == 0:
        return 0, 0, 0, 0, 0
    lowest, highest = price[0], price[0]
    for i in range(orders):
        lowest = min(lowest, price[i])
        highest = max(highest, price[i])
    buckets = buckets_for(orders)
    shift = 0
    while (highest - lowest) >> shift >= buckets:
        shift += 1
    for i in range(orders):
        sums[((price[i] - lowest) >> shift) + side[i] * buckets] += quantity[i]
    bucket, wanted, offered, at_bid, at_ask = first_covered(sums, buckets, 0, 0)
    count = 0
    if shift > 0:
        for i in range(orders):
            near[count] = i
            count += (price[i] - lowest) >> shift == bucket
    lowest += bucket << shift
    while shift > 0:
        highest = lowest
        lowest += (1 << shift) - 1
        for j in range(count):
            lowest = min(lowest, price[near[j]])
            highest = max(highest, price[near[j]])
        buckets = buckets_for(count)
        shift = 0
        while (highest - lowest) >> shift >= buckets:
            shift += 1
        for j in range(count):
            i = near[j]
            sums[((price[i] - lowest) >> shift) + side[i] * buckets] += quantity[i]
        bucket, wanted, offered, at_bid, at_ask = first_covered(sums, buckets, wanted, offered)
        kept = 0
        for j in range(count):
            i = near[j]
            near[kept] = i
            kept += (price[i] - lowest) >> shift == bucket
        count = kept
        lowest += bucket << shift
    return lowest, wanted, offered, at_bid, at_ask


@kernel
def first_covered(
    sums: Ints, buckets: int, wanted: int, offered: int
) -> tuple[int, int, int, int, int]:
    """First bucket at which supply up to it covers the demand above it; clears ``sums``.

    ``wanted`` above and ``offered`` below all buckets are given; returns (bucket, demand above
    it, supply below it, demand in it, supply in it).
    """
    for j in range(buckets):
        wanted += sums[j]
    at = 0
    while at < buckets - 1:
        wanted -= sums[at]
        if offered + sums[buckets + at] >= wanted:
            break
        offered += sums[buckets + at]
        at += 1
    else:
        wanted -= sums[at]
    at_bid, at_ask = sums[at], sums[buckets + at]
    sums[: 2 * buckets] = 0
    return at, wanted, offered, at_bid, at_ask


@kernel
def fill(
    side: Sides,
    price: Ints,
    quantity: Ints,
    low: int,
    bids_at_low: bool,
    asks_at_low: bool,
    split: int,
    energy: Ints,
) -> tuple[int, int, int, int, int]:
    """Fill whatever is better than ``low``, and orders at it where their side fits whole.

    Returns (cheapest bid above ``low``, cheapest ask above it, dearest ask below it) [ud/kWh] and
    of the orders at ``low`` on side ``split`` how many there are and, of a single one, the row.
    """
    bid_from = low if bids_at_low else low + 1
    ask_to = low if asks_at_low else low - 1
    next_bid, next_ask, last_ask = _FAR, _FAR, -_FAR
    count, rows = 0, 0
    for i in range(len(price)):
        p, q, ask = price[i], quantity[i], side[i] != 0
        energy[i] = q if (p <= ask_to if ask else p >= bid_from) else 0
        above = p if p > low and q > 0 else _FAR
        below = p if p < low and q > 0 else -_FAR
        next_bid = min(next_bid, _FAR if ask else above)
        next_ask = min(next_ask, above if ask else _FAR)
        last_ask = max(last_ask, below if ask else -_FAR)
        at = p == low and side[i] == split
        count += 1 if at else 0
        rows += i if at else 0
    return next_bid, next_ask, last_ask, count, rows


@kernel
def ration(
    side: Sides,
    price: Ints,
    quantity: Ints,
    member: Ints,
    time: Ints,
    low: int,
    which: int,
    total: int,
    by_time: bool,
    near: Ints,
    energy: Ints,
) -> None:
    """``rationing.ration`` for the orders of side ``which`` at price ``low``."""
    count = 0
    for i in range(len(price)):
        near[count] = i
        count += price[i] == low and side[i] == which
    rows = near[:count]
    order = np.argsort(quantity[rows], kind="mergesort")
    if by_time:
        order = order[np.argsort(member[rows][order], kind="mergesort")]
        order = order[np.argsort(time[rows][order], kind="mergesort")]
        for j in range(count):
            i = rows[order[j]]
            energy[i] = min(total, quantity[i])
            total -= energy[i]
        return
    order = order[np.argsort(time[rows][order], kind="mergesort")]
    order = order[np.argsort(member[rows][order], kind="mergesort")]
    whole = 0
    for j in range(count):
        whole += quantity[rows[j]]
    owed = np.empty(count, dtype=np.int64)
    left = total
    for j in range(count):
        i = rows[order[j]]
        energy[i], owed[j] = share(total, quantity[i], whole)
        left -= energy[i]
    if left > 0:
        largest = np.argsort(-owed, kind="mergesort")
        for j in range(left):
            energy[rows[order[largest[j]]]] += 1


@kernel
def share(total: int, weight: int, whole: int) -> tuple[int, int]:
    """``divmod(total · weight, whole)`` by long multiplication: the product may pass 64 bits.

    Needs ``0 ≤ total < whole < 2⁶²`` and ``0 ≤ weight < 2³⁴`` (a quantity).
    """
    quotient, remainder = 0, 0
    for bit in range(33, -1, -1):
        quotient *= 2
        remainder *= 2
        if remainder >= whole:
            remainder -= whole
            quotient += 1
        if (weight >> bit) & 1:
            remainder += total
            if remainder >= whole:
                remainder -= whole
                quotient += 1
    return quotient, remainder


@kernel
def is_dominated(member: Ints, energy: Ints, volume: int) -> bool:
    """Does one member hold more than half of all fills (twice ``volume``)?

    A weighted majority vote (Boyer and Moore, 1981) leaves one candidate, a second pass counts.
    """
    candidate, lead = np.int64(-1), np.int64(0)
    for i in range(len(member)):
        lead += energy[i] if member[i] == candidate else -energy[i]
        other = lead < 0
        candidate = member[i] if other else candidate
        lead = -lead if other else lead
    if lead <= 0:
        return False
    held = 0
    for i in range(len(member)):
        held += energy[i] if member[i] == candidate else 0
    return held > volume


def audit_markets(
    book: Book, price: Ints, energy: Ints, volume: Ints, buy_price: Ints, sell_price: Ints
) -> Ints:
    """First broken check per market, as a bit mask of ``FILL`` to ``CROSSED`` [markets]."""
    broken = np.zeros(book.markets, dtype=np.int64)
    orders = (book.side, price, book.quantity, book.member, book.offsets, energy)
    audit_all(*orders, volume, buy_price, sell_price, broken)
    return broken


FILL, ENERGY, LIMIT, SELF, CROSSED = 1, 2, 4, 8, 16
"""Bits: a fill outside its order; sold is not bought; a limit broken; a member who must trade
with themselves; orders left over that would trade with each other."""


@kernel
def audit_all(
    side: Sides,
    price: Ints,
    quantity: Ints,
    member: Ints,
    offsets: Ints,
    energy: Ints,
    volume: Ints,
    buy_price: Ints,
    sell_price: Ints,
    broken: Ints,
) -> None:
    """Look at every order and market once more, knowing nothing of how it was cleared."""
    for s in range(len(offsets) - 1):
        first, last = offsets[s], offsets[s + 1]
        prices, quantities, sides = price[first:last], quantity[first:last], side[first:last]
        fills = energy[first:last]
        buy, sell = buy_price[s], sell_price[s]
        outside, against, bought, sold = 0, 0, 0, 0
        best_bid, best_ask = -_FAR, _FAR
        for i in range(len(prices)):
            p, q, e, ask = prices[i], quantities[i], fills[i], sides[i] != 0
            outside += 1 if e < 0 or e > q else 0
            bought += 0 if ask else e
            sold += e if ask else 0
            worse = p > sell if ask else p < buy
            against += 1 if e > 0 and worse else 0
            left_bid = p if e < q and not ask else -_FAR
            left_ask = p if e < q and ask else _FAR
            best_bid = max(best_bid, left_bid)
            best_ask = min(best_ask, left_ask)
        bits = FILL if outside else 0
        bits |= ENERGY if bought != sold or bought != volume[s] else 0
        bits |= LIMIT if against else 0
        bits |= CROSSED if best_bid >= best_ask else 0
        bits |= SELF if is_dominated(member[first:last], fills, volume[s]) else 0
        broken[s] = bits
