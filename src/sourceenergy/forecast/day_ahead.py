"""Tomorrow's energy from a home's own past: what is likely, and the band of four days in five.

Two kinds of energy are told apart by what drives them:

* *solar* (produced, or exported by a home with a roof): a clear-sky curve, scaled at each time of
  day by what the roof gave on its best days (which holds tilt and shade), times what the day gives
  for each unit of clear sky;
* *habit* (used, or imported): the day's total, spread over the wall clock as on days of its kind.

A day's yield or total is the mean of simple guesses (yesterday, the last week, days of the same
kind, …), each weighted by how right it has been for this home lately. The band is conformal: every
past day was forecast from the days before it alone, and the band is as wide as those errors were,
so no law of errors is assumed; of exchangeable days at least the stated share falls into it.
Source: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005 (split form);
Gibbs and Candès, "Adaptive conformal inference under distribution shift", NeurIPS 2021;
Bates and Granger, "The combination of forecasts", OR Quarterly 20, 1969.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InputError
from sourceenergy.forecast.sun import Place, clear_sky_w_per_m2
from sourceenergy.units import Wh, iso_utc

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DAYS_LEAST = 14
"""Fewest whole days of history; with fewer nothing honest can be said."""
DAYS_MOST = 60
"""Days looked back on: longer ones belong to another season."""
BAND = 0.8
"""Share of days that fall into the band."""
_MISSING = -1
_DAY_S = 86_400
_CLEAR_LEAST = 25.0  # W/m²: below it the sun is too low for a ratio to mean anything
_BEST_DAYS = 0.9  # quantile of a time of day that stands for a cloudless sky
_WARM_UP = 7  # days before the first guess is made
_FORGET = 0.9  # weight of an error a day later
_AIM = 0.82  # aimed at inside, so that few days of history still keep the stated share
_LEARN = 0.05  # how far one miss moves the chance aimed at


class Kind(StrEnum):
    """What drives the energy."""

    SOLAR = "solar"
    HABIT = "habit"


@dataclass(frozen=True, slots=True)
class History:
    """Metered energy of consecutive intervals [Wh, T]; −1 where a value is missing."""

    start_s: int
    seconds: int
    energy_wh: Ints

    @property
    def starts_s(self) -> Ints:
        """Start of each interval (UTC seconds)."""
        return self.start_s + self.seconds * np.arange(len(self.energy_wh), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Forecast:
    """A local day's energy, estimated [Wh]: by interval [T] and the day's total with its band.

    Intervals rise and fall together, so the day's band is not the sum of theirs.
    """

    kind: Kind
    starts_s: tuple[int, ...]
    low_wh: tuple[Wh, ...]
    likely_wh: tuple[Wh, ...]
    high_wh: tuple[Wh, ...]
    day_low_wh: Wh
    day_likely_wh: Wh
    day_high_wh: Wh
    days_used: int


@dataclass(frozen=True, slots=True)
class _Days:
    """Whole local days [D] by slot of the clock [D×S]; NaN where a day lacks a slot."""

    energy: Floats
    clear: Floats
    total: Floats
    free: NDArray[np.bool_]


def day_ahead(
    history: History,
    day_starts_s: Ints,
    kind: Kind,
    *,
    zone: str = "America/Toronto",
    place: Place | None = None,
) -> Forecast:
    """Forecast the local day whose intervals start at ``day_starts_s``.

    Only days that ended before it are used, whatever ``history`` holds. Raises ``InputError`` (rule
    ``forecast.history``) with fewer than ``DAYS_LEAST`` whole days.
    """
    target = np.asarray(day_starts_s, dtype=np.int64)
    spans = _whole_days(history, int(target[0]), zone)[-DAYS_MOST:]
    if len(spans) < DAYS_LEAST:
        raise InputError(
            f"a forecast needs {DAYS_LEAST} whole days of history",
            rule="forecast.history",
            field="history",
            value=f"{len(spans)} whole days before {iso_utc(int(target[0]))}",
            remedy="add older meter files, or ask again when the meter has run longer",
        )
    days, slots, clear, free = _table(history, spans, target, kind, zone, place or Place())
    if kind is Kind.SOLAR:
        sky = days.clear.sum(axis=1)
        ratios = np.divide(days.total, sky, out=np.zeros_like(sky), where=sky > 0)
        likely, errors = _guess(ratios, days.free, free)
        scale = float(clear[slots].sum())
        curve = (_best(days) * clear)[slots]
    else:
        likely, errors = _guess(days.total, days.free, free)
        scale = 1.0
        curve = _course(days, free)[slots]
    low, high = _band(errors)
    level = max(likely, 0.0)
    course = curve / max(float(curve.sum()), 1e-9) * level * scale
    spread = _spread(days)[:, slots]
    return Forecast(
        kind,
        tuple(int(s) for s in target),
        _whole(course * spread[0]),
        _whole(course),
        _whole(course * spread[1]),
        Wh(round(max(level + low, 0.0) * scale)),
        Wh(round(level * scale)),
        Wh(round(max(level + high, 0.0) * scale)),
        len(spans),
    )


def _whole_days(history: History, before_s: int, zone: str) -> list[tuple[int, int]]:
    """Local days without a gap that ended before ``before_s``: index of first interval and end."""
    local = ZoneInfo(zone)
    starts = history.starts_s
    used = int(np.searchsorted(starts + history.seconds, before_s, side="right"))
    earliest = max(0, used - (DAYS_MOST + 2) * _DAY_S // history.seconds)
    dates = [datetime.fromtimestamp(int(s), local).date() for s in starts[earliest:used]]
    cuts = [i for i in range(1, len(dates)) if dates[i] != dates[i - 1]]
    spans = []
    for first, end in zip([0, *cuts], [*cuts, len(dates)], strict=True):
        if first == end:
            continue
        a, b = earliest + first, earliest + end
        opens = datetime.fromtimestamp(int(starts[a]), local)
        closes = datetime.fromtimestamp(int(starts[b - 1]) + history.seconds, local)
        at_midnight = not (opens.hour or opens.minute or closes.hour or closes.minute)
        if at_midnight and (history.energy_wh[a:b] != _MISSING).all():
            spans.append((a, b))
    return spans


def _table(
    history: History,
    spans: list[tuple[int, int]],
    target: Ints,
    kind: Kind,
    zone: str,
    place: Place,
) -> tuple[_Days, Ints, Floats, bool]:
    """The days by slot; of the target: its slots [T], clear sky [S] and whether it is free.

    The sun keeps to UTC, habits to the wall clock (on the two odd days of a year the hours after
    the change are off by one, which a forecast can bear).
    """
    count = _DAY_S // history.seconds
    starts = history.starts_s
    local = ZoneInfo(zone)

    def slots_of(day_starts: Ints) -> tuple[Ints, bool]:
        noon = datetime.fromtimestamp(int(day_starts[0]), local)
        offset = noon.utcoffset()
        assert offset is not None
        shift = 0 if kind is Kind.SOLAR else int(offset.total_seconds())
        return (day_starts + shift) % _DAY_S // history.seconds, noon.weekday() >= 5

    first, last = spans[0][0], spans[-1][1]
    if kind is Kind.SOLAR:
        both = np.concatenate([starts[first:last], target])
        sky = clear_sky_w_per_m2(both, history.seconds, place)
    else:
        sky = np.zeros(last - first + len(target))
    energy = np.full((len(spans), count), np.nan)
    clear = np.zeros((len(spans), count))
    free = np.zeros(len(spans), dtype=np.bool_)
    for d, (a, b) in enumerate(spans):
        slots, free[d] = slots_of(starts[a:b])
        energy[d, slots] = history.energy_wh[a:b]
        clear[d, slots] = sky[a - first : b - first]
    total = np.array([float(history.energy_wh[a:b].sum()) for a, b in spans])
    slots, target_free = slots_of(target)
    target_clear = np.zeros(count)
    target_clear[slots] = sky[last - first :]
    return _Days(energy, clear, total, free), slots, target_clear, target_free


def _best(days: _Days) -> Floats:
    """Wh per W/m² at each slot on the best days [S]."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # slots of the night hold only NaN
        ratio = np.where(days.clear >= _CLEAR_LEAST, days.energy / days.clear, np.nan)
        best: Floats = np.nan_to_num(np.nanquantile(ratio, _BEST_DAYS, axis=0))
        return best


def _course(days: _Days, free: bool) -> Floats:
    """Mean energy by slot on days of a kind [S]."""
    alike = days.energy[days.free == free][-12:]
    course: Floats = np.nan_to_num(np.nanmean(alike if len(alike) else days.energy, axis=0))
    return course


def _spread(days: _Days) -> Floats:
    """Band of single slots as ratios of their mean [2×S]; ones where there is none."""
    mean = np.nanmean(days.energy, axis=0)
    ratio = np.divide(days.energy, mean, out=np.ones_like(days.energy), where=(mean > 0)[None, :])
    low, high = np.nanquantile(ratio, [(1 - BAND) / 2, (1 + BAND) / 2], axis=0)
    return np.stack([np.minimum(low, 1.0), np.maximum(high, 1.0)])


def _guess(values: Floats, free: NDArray[np.bool_], target_free: bool) -> tuple[float, Floats]:
    """The next value, and the errors (actual − forecast) of the past ones, each honestly made."""
    kinds = np.append(free, target_free)
    guesses = np.array([_guesses(values[:i], kinds[: i + 1]) for i in range(_WARM_UP, len(kinds))])
    actual = values[_WARM_UP:]
    squares = (guesses[:-1] - actual[:, None]) ** 2
    skill = np.full(guesses.shape[1], 1e-12)
    blended = []
    for i, row in enumerate(guesses):
        weights = 1 / skill**2
        blended.append(float(row @ weights / weights.sum()))
        if i < len(squares):
            skill = skill * _FORGET + squares[i] + 1e-12
    return blended[-1], actual - np.array(blended[:-1])


def _guesses(past: Floats, kinds: NDArray[np.bool_]) -> Floats:
    """Simple guesses of the value after ``past``, the last of ``kinds`` being its kind."""
    alike = past[kinds[:-1] == kinds[-1]]
    alike = alike if len(alike) else past
    off = past - past.mean()
    spread = float(off[:-1] @ off[:-1])
    memory = min(max(float(off[1:] @ off[:-1]) / spread, 0.0), 1.0) if spread > 0 else 0.0
    return np.array(
        [
            past.mean() + memory * off[-1],
            past[-1],
            past[-7:].mean(),
            alike[-4:].mean(),
            0.5 * past[-1] + 0.5 * past.mean(),
        ]
    )


def _band(errors: Floats) -> tuple[float, float]:
    """Errors between which a new one falls with the stated chance, whatever their law.

    The chance aimed at moves with how the last bands did, so that a change of season widens them.
    """
    outside = 1 - _AIM
    for i in range(_WARM_UP, len(errors)):
        low, high = _quantiles(errors[:i], outside)
        missed = not low <= errors[i] <= high
        outside = min(max(outside + _LEARN * (1 - _AIM - missed), 0.02), 0.4)
    return _quantiles(errors, outside)


def _quantiles(errors: Floats, outside: float) -> tuple[float, float]:
    ordered = np.sort(errors)
    below = max(int(np.floor((len(ordered) + 1) * outside / 2)) - 1, 0)
    above = min(int(np.ceil((len(ordered) + 1) * (1 - outside / 2))) - 1, len(ordered) - 1)
    return min(float(ordered[below]), 0.0), max(float(ordered[above]), 0.0)


def _whole(values: Floats) -> tuple[Wh, ...]:
    return tuple(Wh(int(x)) for x in np.rint(np.maximum(values, 0)))
