"""How good the forecasts were: days held out, forecast from what lay before them, and compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InputError
from sourceenergy.forecast.day_ahead import Forecast, History, Kind, day_ahead
from sourceenergy.forecast.sun import Place
from sourceenergy.units import Wh

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DayScore:
    """One held-out day: its forecast and what came [Wh]; ``yesterday_wh`` is the naive forecast."""

    day: date
    forecast: Forecast
    actual_wh: Wh
    yesterday_wh: Wh

    @property
    def inside(self) -> bool:
        """Did the day's total fall into the band?"""
        return self.forecast.day_low_wh <= self.actual_wh <= self.forecast.day_high_wh


@dataclass(frozen=True, slots=True)
class Score:
    """What the held-out days say; errors are mean absolute ones of the days' totals [Wh]."""

    days: tuple[DayScore, ...]

    @property
    def inside(self) -> int:
        """Days that fell into the band."""
        return sum(day.inside for day in self.days)

    @property
    def error_wh(self) -> float:
        """Of the forecasts."""
        return _mean([abs(d.actual_wh - d.forecast.day_likely_wh) for d in self.days])

    @property
    def naive_error_wh(self) -> float:
        """Of saying that tomorrow will be like yesterday."""
        return _mean([abs(d.actual_wh - d.yesterday_wh) for d in self.days])

    @property
    def band_wh(self) -> float:
        """Mean width of the band."""
        return _mean([d.forecast.day_high_wh - d.forecast.day_low_wh for d in self.days])


def _mean(values: list[int]) -> float:
    return sum(values) / len(values)


def local_day_starts(day: date, seconds: int, zone: str) -> Ints:
    """Starts of the intervals of a local day: 23 or 25 hours of them on the two odd days."""
    opens, closes = (
        int(datetime(d.year, d.month, d.day, tzinfo=ZoneInfo(zone)).timestamp())
        for d in (day, day + timedelta(days=1))
    )
    return np.arange(opens, closes, seconds, dtype=np.int64)


def score(
    history: History,
    kind: Kind,
    days: Iterable[date],
    *,
    zone: str = "America/Toronto",
    place: Place | None = None,
) -> Score:
    """Forecast each of ``days`` from what lay before it and compare.

    Raises ``InputError`` (rule ``forecast.history``) where a day or the one before it is not whole.
    """
    scored = []
    for day in days:
        starts = local_day_starts(day, history.seconds, zone)
        before = local_day_starts(day - timedelta(days=1), history.seconds, zone)
        forecast = day_ahead(history, starts, kind, zone=zone, place=place)
        scored.append(DayScore(day, forecast, _total(history, starts), _total(history, before)))
    if not scored:
        raise InputError(
            "no day to score",
            rule="forecast.history",
            field="days",
            remedy="hold out at least one day",
        )
    return Score(tuple(scored))


def _total(history: History, starts_s: Ints) -> Wh:
    index = (starts_s - history.start_s) // history.seconds
    inside = (index >= 0) & (index < len(history.energy_wh))
    energy = history.energy_wh[index[inside]]
    if not inside.all() or (energy < 0).any():
        raise InputError(
            "a day to score is not in the history as a whole",
            rule="forecast.history",
            field="days",
            value=str(starts_s[0]),
            remedy="score days the meter covers",
        )
    return Wh(int(energy.sum()))
