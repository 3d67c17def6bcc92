"""Local price rules: given the band an interval allows, which price do neighbours pay each other?

Each rule maps (``ask``, ``bid``, ``supply``, ``demand``) to the price of one local kWh, where
``ask`` is the highest feed-in among the sellers, ``bid`` the lowest retail less fee among the
buyers [ud/kWh], and supply and demand are energies [Wh]. All rules work on NumPy ``int64``
arrays of equal shape and return a price inside [ask, bid].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Prices = NDArray[np.int64]
PriceRule = Callable[[Prices, Prices, Prices, Prices], Prices]

COMPENSATION_PPM = 100_000
"""λ of the compensated supply-demand ratio, as a part of the band."""


def mid_market(ask: Prices, bid: Prices, supply: Prices, demand: Prices) -> Prices:
    """Middle of the band, rounded down (mid-market rate).

    With the grid taking surplus and filling deficit at its own prices, sellers get on average
    ``(D·mid + (S−D)·ask)/S`` when supply exceeds demand and buyers pay ``(S·mid + (D−S)·bid)/D``
    when it falls short: the published surplus and deficit split.
    Source: Long et al., "Peer-to-peer energy trading in a community microgrid", IEEE PES 2017.
    """
    return (ask + bid) // 2


def supply_demand_ratio(ask: Prices, bid: Prices, supply: Prices, demand: Prices) -> Prices:
    """Price falling from ``bid`` to ``ask`` as supply grows to demand, rounded down.

    ``ask·bid / ((bid − ask)·r + ask)`` with ``r = S/D`` below 1, ``ask`` from there on. The
    formula needs a feed-in above zero; where it is zero or negative the mid-market rate stands in.
    Source: Liu et al., IEEE Trans. Power Systems 32(5), 2017.
    """
    result = mid_market(ask, bid, supply, demand)
    for index in np.ndindex(result.shape):  # Python integers: the products pass 64 bits
        a, b = int(ask[index]), int(bid[index])
        s, d = int(supply[index]), int(demand[index])
        if a <= 0 or d <= 0:
            continue
        result[index] = a if s >= d else a * b * d // ((b - a) * s + a * d)
    return result


def compensated_supply_demand_ratio(
    ask: Prices, bid: Prices, supply: Prices, demand: Prices
) -> Prices:
    """Supply-demand ratio that stops above ``ask``: sellers keep λ, a tenth of the band.

    The rule of ``supply_demand_ratio`` with ``ask + λ`` in place of ``ask``, so that the price
    does not collapse to feed-in once supply reaches demand. With the grid taking the surplus at
    ``ask``, sellers get on average ``ask + λ·D/S`` and buyers pay ``ask + λ`` from there on.
    λ is ``COMPENSATION_PPM`` of the band, so the price stays within it.
    Source: the compensating price of Long, Wu, Zhou and Jenkins, "Peer-to-peer energy sharing
    through a two-stage aggregated battery control in a community microgrid", Applied Energy 226,
    2018; its size is the community's choice, a tenth is ours.
    """
    compensated = ask + (bid - ask) * COMPENSATION_PPM // 1_000_000
    return supply_demand_ratio(compensated, bid, supply, demand)


def blended_pair(
    local: int, feed_in: int, retail: int, supply_wh: int, demand_wh: int
) -> tuple[float, float]:
    """Average (sell, buy) price once the grid took the surplus or filled the deficit [ud/kWh].

    For display and for comparison with the literature; money is never computed from it.
    """
    shared = min(supply_wh, demand_wh)
    sell = (shared * local + (supply_wh - shared) * feed_in) / supply_wh if supply_wh else local
    buy = (shared * local + (demand_wh - shared) * retail) / demand_wh if demand_wh else local
    return float(sell), float(buy)


PRICE_RULES: dict[str, PriceRule] = {
    "pool_mmr": mid_market,
    "pool_sdr": supply_demand_ratio,
    "pool_csdr": compensated_supply_demand_ratio,
}
"""Mechanisms a community file may name; both share by the pool and differ in the price only."""
