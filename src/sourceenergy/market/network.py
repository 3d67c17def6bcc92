"""Trade over lines that cost and lose: fees and losses by pair of zones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from sourceenergy.errors import InputError
from sourceenergy.market.book import ASK, BID, Book, Clearing, Ints, Trades, exact_sum, reserved
from sourceenergy.market.rules import PPM, Network, Rules, of_members


@dataclass(frozen=True, slots=True)
class Hop:
    """One trade: rows of the book, energy delivered and sent [Wh], the seller's price [ud/kWh]."""

    bid: int
    ask: int
    energy: int
    sent: int
    price: int
    fee: int


def network(book: Book, rules: Rules) -> Clearing:
    """Pairs trade from the nearest zones on, the buyer bears the line's fee and its losses.

    Mechanism: pairs of zones in order of loss, then fee, then zone numbers; within a pair bids
    from the dearest, asks from the cheapest. For ``d`` Wh delivered the seller sends
    ``d / (1 − loss)``, rounded up to a whole watt-hour, and is paid for all of it; the buyer pays
    that and ``fee · d``. They trade only where the bid, times what is delivered, covers both.
    Paper: Baroche, Pinson, Le Goff Latimier and Ben Ahmed, "Exogenous cost allocation in
    peer-to-peer electricity markets", IEEE Trans. Power Systems 34(4), 2019 (fees by distance and
    zone, borne by those who trade).
    Price rule: ``ask + k·(most − ask)`` per trade, rounded down, where ``most`` is the highest
    price the bid can bear after fee and losses.
    Tie rule: equal prices by time, then member number. Nobody trades with themselves.
    Properties: budget balanced (buyers pay sellers and ``charges``), individually rational; energy
    sent is energy delivered plus ``lost``; not truthful, and near trades first is not always the
    most energy. Within one zone without fee and loss it is ``pay_as_bid``.
    Complexity: O(Z²·n + n log n) for Z zones.
    """
    lines = rules.network
    if lines is None:
        raise InputError(
            "this mechanism needs zones",
            rule="rules.network",
            field="network",
            remedy="give Rules(network=Network(zone, fee, loss_ppm))",
        )
    price = reserved(book, rules)
    hops: list[Hop] = []
    for first, last in zip(book.offsets[:-1].tolist(), book.offsets[1:].tolist(), strict=True):
        hops += _market(book, price, rules, lines, np.arange(first, last))
    bid, ask, energy, sent, paid, fee = (
        np.array([getattr(hop, name) for hop in hops], dtype=np.int64)
        for name in ("bid", "ask", "energy", "sent", "price", "fee")
    )
    filled, value = (np.zeros(book.orders, dtype=np.int64) for _ in range(2))
    np.add.at(filled, bid, energy)
    np.add.at(filled, ask, sent)
    np.add.at(value, bid, sent * paid + energy * fee)
    np.add.at(value, ask, sent * paid)
    volume, buy, sell, lost, charges, none = (
        np.zeros(book.markets, dtype=np.int64) for _ in range(6)
    )
    for number in range(book.markets):
        here = slice(int(book.offsets[number]), int(book.offsets[number + 1]))
        bids = book.side[here] == BID
        volume[number] = filled[here][bids].sum()
        if volume[number]:
            sent_here = int(filled[here][~bids].sum())
            got, spent = exact_sum(value[here][~bids]), exact_sum(value[here][bids])
            lost[number], charges[number] = sent_here - volume[number], spent - got
            buy[number], sell[number] = spent // int(volume[number]), got // sent_here
    return Clearing(
        book,
        "network",
        rules,
        filled,
        volume,
        buy,
        sell,
        none,
        own_value=value,
        trades=Trades(bid, ask, energy, paid, sent),
        lost=lost,
        charges=charges,
    )


def _market(book: Book, price: Ints, rules: Rules, lines: Network, rows: Ints) -> list[Hop]:
    """All trades of one market."""
    zones = range(lines.fee.shape[0])
    zone = of_members("zone", lines.zone, book.member[rows])

    def best_first(side: int, at: int) -> list[int]:
        own = rows[(book.side[rows] == side) & (zone == at) & (book.quantity[rows] > 0)]
        worse = -price[own] if side == BID else price[own]
        columns = (book.quantity[own], book.member[own], book.time[own], worse)
        found: list[int] = own[np.lexsort(columns)].tolist()
        return found

    bids = [best_first(BID, at) for at in zones]
    asks = [best_first(ASK, at) for at in zones]
    left = dict(zip(rows.tolist(), book.quantity[rows].tolist(), strict=True))
    pairs = sorted(
        (int(lines.loss_ppm[buyer, seller]), int(lines.fee[buyer, seller]), buyer, seller)
        for buyer, seller in product(zones, zones)
    )
    hops: list[Hop] = []
    for loss, fee, buyer, seller in pairs:
        for bid in bids[buyer]:
            for ask in asks[seller]:
                if not left[bid] or _net(price, bid, fee, loss) < int(price[ask]) * PPM:
                    break
                if left[ask] and book.member[bid] != book.member[ask]:
                    hop = _trade(price, rules, bid, ask, left[bid], left[ask], fee, loss)
                    if hop is not None:
                        hops.append(hop)
                        left[bid] -= hop.energy
                        left[ask] -= hop.sent
            asks[seller] = [ask for ask in asks[seller] if left[ask]]
    return hops


def _net(price: Ints, bid: int, fee: int, loss: int) -> int:
    """What a bid bears per kWh sent, after fee and losses [10⁻⁶ ud/kWh]."""
    return (int(price[bid]) - fee) * (PPM - loss)


def _trade(
    price: Ints, rules: Rules, bid: int, ask: int, wanted: int, offered: int, fee: int, loss: int
) -> Hop | None:
    """The largest trade of two orders; None where rounding to whole watt-hours leaves none."""
    energy = min(wanted, offered * (PPM - loss) // PPM)
    if not energy:
        return None
    sent = -(-energy * PPM // (PPM - loss))
    lowest, most = int(price[ask]), (int(price[bid]) - fee) * energy // sent
    if most < lowest:
        return None
    paid = lowest + (most - lowest) * rules.k_ppm // PPM
    return Hop(bid, ask, energy, sent, paid, fee)
