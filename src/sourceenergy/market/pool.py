"""The default mechanism: an ex-post pool on metered energy.

Everybody's surplus and need in an interval are known from meters; nobody bids. Energy is shared
pro rata, at one local price inside the band between the highest feed-in among the sellers and
the lowest retail price (less the fee) among the buyers, so that nobody is worse off than with
the grid.

Where tariffs cross (a buyer's retail lies below a seller's feed-in), whoever would be worse off
sits the interval out: the pool takes the price that lets the most energy be shared.

Nobody trades with themselves: a member who both imports and exports in one interval gets no more
from the pool than the others supply, and sells no more to it than the others need. At most one
member can be that dominant; the rest of the energy is re-shared pro rata.

Tie rule: largest remainder, then the lowest member number (column). Complexity: O(T·N log N).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InputError
from sourceenergy.market.prices import PRICE_RULES
from sourceenergy.units import split_largest_remainder

Ints = NDArray[np.int64]
_INT64_SAFE = 1 << 62
_NO_SELLER = -(1 << 60)
_NO_BUYER = 1 << 60


@dataclass(frozen=True, slots=True)
class PoolResult:
    """What the pool decided for T intervals and N members.

    ``sold`` and ``bought`` [Wh, T×N], ``traded`` [bool, T]; ``price``, ``ask`` and ``bid``
    [ud/kWh, T], zero where nothing was traded.
    """

    sold: Ints
    bought: Ints
    traded: NDArray[np.bool_]
    price: Ints
    ask: Ints
    bid: Ints


def pool(supply: Ints, demand: Ints, ask: Ints, bid: Ints, mechanism: str) -> PoolResult:
    """Share and price energy for all intervals at once.

    ``supply``, ``demand`` [Wh, T×N] are zero or more; ``ask`` (feed-in) and ``bid`` (retail less
    fee) [ud/kWh, T×N]. Raises ``InputError`` for unknown mechanisms and negative energy.
    """
    rule = PRICE_RULES.get(mechanism)
    if rule is None:
        raise InputError(
            "unknown mechanism",
            rule="mechanism.unknown",
            field="mechanism",
            value=mechanism,
            remedy=f"use one of {', '.join(sorted(PRICE_RULES))}",
        )
    if (supply < 0).any() or (demand < 0).any():
        raise InputError(
            "energy is never negative",
            rule="energy.sign",
            field="supply or demand",
            value=int(min(supply.min(), demand.min())),
            remedy="use the import and the export register",
        )
    supply, demand = _without_losers(supply, demand, ask, bid)
    total_supply, total_demand = supply.sum(axis=1), demand.sum(axis=1)
    volume = np.minimum(total_supply, total_demand)
    sold = split_rows(volume, supply)
    bought = split_rows(volume, demand)
    for row in np.flatnonzero(((sold + bought) > volume[:, None]).any(axis=1)):
        sold[row], bought[row] = _without_self_trade(supply[row], demand[row])
        volume[row] = sold[row].sum()
    traded = volume > 0
    highest_ask, lowest_bid = _band(sold, bought, ask, bid)
    highest_ask = np.where(traded, highest_ask, 0)
    lowest_bid = np.where(traded, lowest_bid, 0)
    price = rule(highest_ask, lowest_bid, total_supply, total_demand)
    return PoolResult(sold, bought, traded, np.where(traded, price, 0), highest_ask, lowest_bid)


def split_rows(totals: Ints, weights: Ints) -> Ints:
    """Split each row's total by its weights; largest remainder, ties to the lowest column.

    ``totals`` [T] ≤ sum of the row; ``weights`` [T×N]; returns [T×N] adding up to ``totals``.
    """
    parts: Ints = np.zeros_like(weights)
    if not weights.size:
        return parts
    whole = weights.sum(axis=1)
    if int(totals.max(initial=0)) * int(weights.max(initial=0)) >= _INT64_SAFE:
        for row in np.flatnonzero(whole):
            parts[row] = split_largest_remainder(int(totals[row]), weights[row].tolist())
        return parts
    divisor = np.maximum(whole, 1)[:, None]
    products = totals[:, None] * weights
    parts = products // divisor
    left = totals - parts.sum(axis=1)
    rows = np.flatnonzero(left)
    if rows.size:
        remainders = products[rows] - parts[rows] * divisor[rows]
        order = np.argsort(-remainders, axis=1, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(order.shape[1])[None, :], axis=1)
        parts[rows] += rank < left[rows][:, None]
    return parts


def _band(supply: Ints, demand: Ints, ask: Ints, bid: Ints) -> tuple[Ints, Ints]:
    """Highest ask among sellers and lowest bid among buyers, per interval."""
    return (
        np.where(supply > 0, ask, _NO_SELLER).max(axis=1, initial=_NO_SELLER),
        np.where(demand > 0, bid, _NO_BUYER).min(axis=1, initial=_NO_BUYER),
    )


def _without_losers(supply: Ints, demand: Ints, ask: Ints, bid: Ints) -> tuple[Ints, Ints]:
    """Take out, where prices cross, whoever no price could make better off."""
    highest_ask, lowest_bid = _band(supply, demand, ask, bid)
    crossed = (highest_ask > lowest_bid) & (highest_ask > _NO_SELLER) & (lowest_bid < _NO_BUYER)
    rows = np.flatnonzero(crossed)
    if not rows.size:
        return supply, demand
    supply, demand = supply.copy(), demand.copy()
    for row in rows:
        best = _price_of_most_energy(supply[row], demand[row], ask[row], bid[row])
        supply[row][ask[row] > best] = 0
        demand[row][bid[row] < best] = 0
    return supply, demand


def _price_of_most_energy(supply: Ints, demand: Ints, ask: Ints, bid: Ints) -> int:
    """The lowest price at which the most energy finds a willing seller and another buyer."""
    candidates = np.unique(np.concatenate([ask[supply > 0], bid[demand > 0]]))
    by_ask = np.argsort(ask, kind="stable")
    by_bid = np.argsort(bid, kind="stable")
    supplied = np.concatenate([[0], np.cumsum(supply[by_ask])])
    wanted = np.concatenate([[0], np.cumsum(demand[by_bid])])
    offered = supplied[np.searchsorted(ask[by_ask], candidates, side="right")]
    needed = wanted[-1] - wanted[np.searchsorted(bid[by_bid], candidates, side="left")]
    both = np.flatnonzero((supply > 0) & (demand > 0))
    inside = (ask[both][None, :] <= candidates[:, None]) & (
        candidates[:, None] <= bid[both][None, :]
    )
    heaviest = np.where(inside, (supply + demand)[both][None, :], 0).max(axis=1, initial=0)
    volume = np.minimum(np.minimum(offered, needed), offered + needed - heaviest)
    return int(candidates[int(np.argmax(volume))])


def _without_self_trade(supply: Ints, demand: Ints) -> tuple[list[int], list[int]]:
    """One interval in which one member dominates both sides: cap that member, re-share the rest.

    With s, d of the dominant member k and S, D of all, k buys at most S − s (what the others
    supply) and sells at most D − d (what they need); the volume is the most that leaves.
    """
    sellers, buyers = supply.tolist(), demand.tolist()
    total_supply, total_demand = sum(sellers), sum(buyers)
    volume = min(total_supply, total_demand)
    sold = split_largest_remainder(volume, sellers)
    bought = split_largest_remainder(volume, buyers)
    k = max(range(len(sellers)), key=lambda i: (sold[i] + bought[i] - volume, -i))
    others_supply, others_demand = total_supply - sellers[k], total_demand - buyers[k]
    volume = min(volume, others_supply + others_demand)
    if total_supply <= total_demand:
        sells = min(sellers[k], others_demand)
        buys = volume - sells
    else:
        buys = min(buyers[k], others_supply)
        sells = volume - buys
    others = [
        (0 if i == k else s, 0 if i == k else d)
        for i, (s, d) in enumerate(zip(sellers, buyers, strict=True))
    ]
    sold = split_largest_remainder(volume - sells, [s for s, _ in others])
    bought = split_largest_remainder(volume - buys, [d for _, d in others])
    sold[k], bought[k] = sells, buys
    return sold, bought
