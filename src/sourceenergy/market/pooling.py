"""Pools over an order book: energy shared pro rata at one price inside everybody's limits.

The pool of metered energy (``market.pool``) is the same with one order a member and side: need at
retail less the fee, surplus at feed-in.
"""

from __future__ import annotations

import numpy as np

from sourceenergy.market.book import ASK, BID, Book, Clearing, Ints, reserved
from sourceenergy.market.prices import PRICE_RULES
from sourceenergy.market.rationing import capped_fills
from sourceenergy.market.rules import Rules
from sourceenergy.market.uniform import price_of_most_energy
from sourceenergy.units import split_largest_remainder


def pool_mmr(book: Book, rules: Rules) -> Clearing:
    """The default: everyone shares pro rata at the middle of the band.

    Mechanism: all willing orders share the volume pro rata to their quantities. Where limits
    cross, the lowest price that lets the most energy be shared decides who sits out.
    Paper: Long, Wu, Zhang, Thomas, Cheng and Jenkins, "Peer-to-peer energy trading in a community
    microgrid", IEEE PES General Meeting 2017.
    Price rule: middle between the dearest ask and the cheapest bid that share, rounded down.
    Tie rule: largest remainder, then the lowest member number. Nobody trades with themselves.
    Properties: budget balanced, individually rational, the most energy; nobody has to bid, limits
    come from tariffs, so there is nothing to misreport but a meter.
    Complexity: O(n log n).
    """
    return _pool("pool_mmr", book, rules)


def pool_sdr(book: Book, rules: Rules) -> Clearing:
    """The pool at a price that falls from the bid to the ask as supply grows to demand.

    Mechanism, tie rule, properties and complexity: as ``pool_mmr``. Price rule:
    ``prices.supply_demand_ratio``. Paper: Liu, Yu, Wang, Li, Ma and Lei, "Energy-sharing model
    with price-based demand response for microgrids of peer-to-peer prosumers", IEEE Trans. Power
    Systems 32(5), 2017.
    """
    return _pool("pool_sdr", book, rules)


def pool_csdr(book: Book, rules: Rules) -> Clearing:
    """The pool at the supply-demand ratio's price, which here stops above the ask.

    Mechanism, tie rule, properties and complexity: as ``pool_mmr``. Price rule:
    ``prices.compensated_supply_demand_ratio``. Paper: Long, Wu, Zhou and Jenkins, "Peer-to-peer
    energy sharing through a two-stage aggregated battery control in a community microgrid",
    Applied Energy 226, 2018.
    """
    return _pool("pool_csdr", book, rules)


def _pool(mechanism: str, book: Book, rules: Rules) -> Clearing:
    prices = reserved(book, rules)
    energy = np.zeros(book.orders, dtype=np.int64)
    volume, price, none = (np.zeros(book.markets, dtype=np.int64) for _ in range(3))
    for number in range(book.markets):
        here = slice(int(book.offsets[number]), int(book.offsets[number + 1]))
        market, limit = book.market(number), prices[here]
        willing = _without_losers(market, limit)
        energy[here], volume[number], _ = capped_fills(
            market, limit, willing, "pro_rata", by_price=False
        )
        if volume[number]:
            asks, bids = market.side == ASK, market.side == BID
            got, wants = energy[here] > 0, market.quantity[willing]
            band = limit[got & asks].max(), limit[got & bids].min()
            totals = wants[asks[willing]].sum(), wants[bids[willing]].sum()
            price[number] = PRICE_RULES[mechanism](*(np.array([x]) for x in band + totals))[0]
    return Clearing(book, mechanism, rules, energy, volume, price, price, none)


def bill_sharing(book: Book, rules: Rules) -> Clearing:
    """The community's bill, as if it had one meter, shared by use and by surplus.

    Mechanism: energy is shared pro rata whatever the limits. What the buyers still take from the
    grid costs each of them their bid, what the sellers still give it brings each their ask; the
    sum of those costs is split among all buyers by need, the sum of those revenues among all
    sellers by surplus. Local energy itself has no price.
    Paper: Long, Wu, Zhang, Thomas, Cheng and Jenkins, "Peer-to-peer energy trading in a community
    microgrid", IEEE PES General Meeting 2017 (one bill for imports, one for exports).
    Price rule: none; ``own_value`` is an order's share of the pooled bill less its own grid cost
    (a bid), or its share of the pooled revenue less its own (an ask).
    Tie rule: largest remainder, then the lowest member number.
    Properties: budget balanced among buyers and among sellers; not individually rational: while
    the community imports, sellers receive less than feed-in; not truthful; the most energy.
    Complexity: O(n log n).
    """
    energy, value = (np.zeros(book.orders, dtype=np.int64) for _ in range(2))
    volume, none = (np.zeros(book.markets, dtype=np.int64) for _ in range(2))
    for number in range(book.markets):
        first = int(book.offsets[number])
        market = book.market(number)
        every = np.flatnonzero(market.quantity)
        fills, volume[number], _ = capped_fills(
            market, market.price, every, "pro_rata", by_price=False
        )
        energy[first : first + market.orders] = fills
        for side in (BID, ASK):
            rows = every[market.side[every] == side]
            rows = rows[np.lexsort((market.price[rows], market.time[rows], market.member[rows]))]
            grid = [
                int(rest) * int(price)
                for rest, price in zip(
                    (market.quantity - fills)[rows], market.price[rows], strict=True
                )
            ]
            shares = _split_signed(sum(grid), market.quantity[rows].tolist())
            value[first + rows] = [s - own for s, own in zip(shares, grid, strict=True)]
    return Clearing(book, "bill_sharing", rules, energy, volume, none, none, none, own_value=value)


def _split_signed(total: int, weights: list[int]) -> list[int]:
    """``split_largest_remainder`` for a total of either sign; a cost below zero is a credit."""
    if total >= 0:
        return split_largest_remainder(total, weights)
    return [-part for part in split_largest_remainder(-total, weights)]


def _without_losers(book: Book, price: Ints) -> Ints:
    """Rows that share: all, or where limits cross those who gain at the best price."""
    real = book.quantity > 0
    asks, bids = real & (book.side == ASK), real & (book.side == BID)
    if not asks.any() or not bids.any():
        return np.zeros(0, dtype=np.int64)
    if price[asks].max() <= price[bids].min():
        return np.flatnonzero(real)
    best = price_of_most_energy(book, price)
    return np.flatnonzero((asks & (price <= best)) | (bids & (price >= best)))
