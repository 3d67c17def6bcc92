"""Who gets how much: by price first, then at the margin pro rata or by time.

Orders that tie in everything a rule looks at are told apart by member, time, quantity and price,
never by their place in the book, so the order of input decides nothing.
"""

from __future__ import annotations

import numpy as np

from sourceenergy.market.book import ASK, BID, Book, Ints
from sourceenergy.units import split_largest_remainder


def ration(book: Book, rows: Ints, total: int, margin: str) -> Ints:
    """Share ``total`` [Wh] among the orders at ``rows``, none above its quantity [Wh, rows].

    ``pro_rata``: in proportion to quantity, largest remainder, ties to the lowest member number.
    ``time``: the earliest order first, ties to the lowest member number.
    """
    quantity = book.quantity[rows]
    if exact_total(quantity) <= total:
        return quantity
    member, time, price = book.member[rows], book.time[rows], book.price[rows]
    energy = np.zeros(len(rows), dtype=np.int64)
    if margin == "time":
        order = np.lexsort((price, quantity, member, time))
        before = np.cumsum(quantity[order]) - quantity[order]
        energy[order] = np.clip(total - before, 0, quantity[order])
    else:
        order = np.lexsort((price, quantity, time, member))
        energy[order] = split_largest_remainder(total, quantity[order].tolist())
    return energy


def by_priority(book: Book, price: Ints, rows: Ints, total: int, margin: str) -> Ints:
    """Give ``total`` [Wh] to orders of one side, best price first [Wh, rows].

    ``price`` [ud/kWh, n] is what ranks them; orders at the price where the total runs out are
    rationed.
    """
    energy = np.zeros(len(rows), dtype=np.int64)
    if not len(rows):
        return energy
    quantity = book.quantity[rows]
    worse = price[rows] if book.side[rows[0]] == ASK else -price[rows]
    order = np.argsort(worse, kind="stable")
    reached = np.cumsum(quantity[order])
    if int(reached[-1]) <= total:
        return quantity
    last = worse[order[int(np.searchsorted(reached, total, side="right"))]]
    energy[worse < last] = quantity[worse < last]
    at = np.flatnonzero(worse == last)
    energy[at] = ration(book, rows[at], total - exact_total(energy), margin)
    return energy


def exact_total(energy: Ints) -> int:
    """Sum of energies [Wh]; 2⁶³ Wh are out of any book's reach."""
    return int(energy.sum())


def dominant_member(member: Ints, energy: Ints, volume: int) -> int:
    """The member who gets more than ``volume`` [Wh] on both sides together, or −1.

    What a member sells must find room in what others buy: partners can be named for all fills
    exactly when nobody's two sides exceed the volume, and at most one member's can.
    """
    got = np.flatnonzero(energy)
    if not got.size:
        return -1
    members, index = np.unique(member[got], return_inverse=True)
    both = np.zeros(len(members), dtype=np.int64)
    np.add.at(both, index, energy[got])
    most = int(np.argmax(both))
    return int(members[most]) if int(both[most]) > volume else -1


def capped_fills(
    book: Book, price: Ints, willing: Ints, margin: str, by_price: bool = True
) -> tuple[Ints, int, int]:
    """Fills of the ``willing`` orders of one market without anyone trading with themselves.

    The shorter side is filled, the longer one rationed (by price, or pro rata alone where not
    ``by_price``). If that would make one member's own orders meet, that member sells at most what
    the others want and buys at most what the others offer; everybody else's share follows the
    same rationing. The volume stays the largest that different members can trade.
    Returns (energy [Wh, n], volume [Wh], the member who was held or −1).
    """
    energy = np.zeros(book.orders, dtype=np.int64)
    asks = willing[book.side[willing] == ASK]
    bids = willing[book.side[willing] == BID]

    def fill(rows: Ints, total: int) -> None:
        share = by_priority if by_price else _at_once
        energy[rows] = share(book, price, rows, total, margin)

    supply, demand = exact_total(book.quantity[asks]), exact_total(book.quantity[bids])
    volume = min(supply, demand)
    fill(asks, volume)
    fill(bids, volume)
    held = dominant_member(book.member, energy, volume)
    if held < 0:
        return energy, volume, held
    own_asks, own_bids = asks[book.member[asks] == held], bids[book.member[bids] == held]
    own_supply = exact_total(book.quantity[own_asks])
    own_demand = exact_total(book.quantity[own_bids])
    others_supply, others_demand = supply - own_supply, demand - own_demand
    volume = min(volume, others_supply + others_demand)
    if supply <= demand:
        sells = min(own_supply, others_demand)
        buys = volume - sells
    else:
        buys = min(own_demand, others_supply)
        sells = volume - buys
    fill(own_asks, sells)
    fill(own_bids, buys)
    fill(asks[book.member[asks] != held], volume - sells)
    fill(bids[book.member[bids] != held], volume - buys)
    return energy, volume, held


def _at_once(book: Book, _: Ints, rows: Ints, total: int, margin: str) -> Ints:
    return ration(book, rows, total, margin)
