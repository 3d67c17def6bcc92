"""Retail prices of many members at once: what a shared kWh is compared with.

The same as ``tariffs.retail_prices`` for each member, over arrays: a plan's prices are looked up
once, and under tiers each member's import of the local month decides. Complexity: O(T·N).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sourceenergy.market.tariffs import prices_at, tiers_at
from sourceenergy.records import TariffPlan

Ints = NDArray[np.int64]


def retail_matrix(
    plans: Mapping[str, TariffPlan],
    plan_of_member: Sequence[str],
    starts_s: Sequence[int],
    imported_wh: Ints,
    used_before_wh: Ints | None = None,
) -> Ints:
    """Prices [ud/kWh, T×N] for members on ``plan_of_member``.

    ``imported_wh`` [Wh, T×N] is all that each imported.
    ``used_before_wh`` [Wh, N] is each one's import of the first interval's local month before it.
    Raises ``ConfigError`` (rule ``tariff.gap``) where a plan has no price.
    """
    before = np.zeros(imported_wh.shape[1], dtype=np.int64)
    if used_before_wh is not None:
        before = used_before_wh
    retail = np.zeros_like(imported_wh)
    for name in sorted(set(plan_of_member)):
        columns = np.flatnonzero(np.array(plan_of_member) == name)
        plan = plans[name]
        if plan.tiers:
            retail[:, columns] = _tiered(plan, starts_s, imported_wh[:, columns], before[columns])
        else:
            prices = [price for price, _ in prices_at(plan, starts_s)]
            retail[:, columns] = np.array(prices, dtype=np.int64)[:, None]
    return retail


def _tiered(plan: TariffPlan, starts_s: Sequence[int], imported_wh: Ints, before_wh: Ints) -> Ints:
    """Price of the tier in which each interval begins."""
    zone = ZoneInfo(plan.time_zone)
    days = [datetime.fromtimestamp(start, zone) for start in starts_s]
    months = np.array([day.year * 12 + day.month for day in days], dtype=np.int64)
    used = np.cumsum(imported_wh, axis=0) - imported_wh + before_wh
    retail = np.zeros_like(imported_wh)
    for month in np.unique(months):
        rows = np.flatnonzero(months == month)
        mine = used[rows] - (used[rows[0]] if rows[0] else 0)
        for t, row in enumerate(rows):
            tiers = tiers_at(plan, days[row].date())
            bounds = np.array([bound for bound, _ in tiers[:-1]], dtype=np.int64)
            prices = np.array([price for _, price in tiers], dtype=np.int64)
            retail[row] = prices[np.searchsorted(bounds, mine[t], side="right")]
    return retail
