"""A period's intervals as people live them: local days, hours and tariff periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sourceenergy.market.tariffs import prices_at
from sourceenergy.reports.language import ENGLISH, Wording
from sourceenergy.settlement.period import Period

Ints = NDArray[np.int64]

DAYS_MOST = 45
"""Charts show single days up to here, months beyond."""
HOURS_MOST = 48


@dataclass(frozen=True)
class LocalDays:
    """Local time of each interval's start, and each tariff plan's period names by interval.

    Plans with tiers are not among them: their periods depend on each member's own month.
    """

    time_zone: str
    starts: tuple[datetime, ...]
    end: datetime
    tariff_periods: dict[str, tuple[str, ...]]

    @property
    def days(self) -> int:
        """Number of local days the period touches."""
        return len({start.date() for start in self.starts})

    @property
    def hours(self) -> Ints:
        """Local hour of each interval, 0 to 23."""
        return np.array([start.hour for start in self.starts], dtype=np.int64)


def local_days(period: Period, time_zone: str) -> LocalDays:
    """Local times of a period; make it once and hand it to every statement of the period."""
    zone = ZoneInfo(time_zone)
    plans = sorted({member.plan for member in period.members})
    return LocalDays(
        time_zone,
        tuple(datetime.fromtimestamp(start, zone) for start in period.starts_s),
        datetime.fromtimestamp(period.end_s, zone),
        {
            plan: tuple(name for _, name in prices_at(period.plans[plan], period.starts_s))
            for plan in plans
            if not period.plans[plan].tiers
        },
    )


@dataclass(frozen=True)
class Buckets:
    """How a chart groups intervals: the unit (hour, day, month), labels, a bucket by interval."""

    unit: str
    labels: tuple[str, ...]
    of_interval: Ints

    def sums(self, energy: Ints) -> tuple[int, ...]:
        """Energy of each bucket [Wh], exact, from energy by interval."""
        result = np.zeros(len(self.labels), dtype=np.int64)
        np.add.at(result, self.of_interval, energy)
        return tuple(result.tolist())


def buckets(local: LocalDays, wording: Wording = ENGLISH) -> Buckets:
    """Hours for up to two days, days for up to six weeks, months for longer periods."""
    days = local.days
    if len({start.timestamp() // 3600 for start in local.starts}) <= HOURS_MOST and days <= 3:
        # By UTC hour: on the day that repeats an hour both passes stay apart.
        keys: Sequence[object] = [int(s.timestamp() // 3600) for s in local.starts]
        texts = [f"{s:%H}h" for s in local.starts]
        unit = "hour"
    elif days <= DAYS_MOST:
        keys = [s.date() for s in local.starts]
        texts = [wording.short_day(s) for s in local.starts]
        unit = "day"
    else:
        keys = [(s.year, s.month) for s in local.starts]
        texts = [wording.short_month(s) for s in local.starts]
        unit = "month"
    place: dict[object, int] = {}
    labels: list[str] = []
    of_interval = np.zeros(len(keys), dtype=np.int64)
    for t, (key, text) in enumerate(zip(keys, texts, strict=True)):
        if key not in place:
            place[key] = len(labels)
            labels.append(text)
        of_interval[t] = place[key]
    return Buckets(unit, tuple(labels), of_interval)
