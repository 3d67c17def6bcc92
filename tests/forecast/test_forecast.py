"""Tomorrow from a home's own past: refused without history, honest bands, fit for odd days."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sourceenergy.errors import InputError
from sourceenergy.forecast.day_ahead import DAYS_LEAST, History, Kind, day_ahead
from sourceenergy.forecast.good_times import Outlook, Signal, Source, good_times
from sourceenergy.forecast.score import local_day_starts, score
from sourceenergy.forecast.sun import Place, clear_sky_w_per_m2
from sourceenergy.units import UdPerKwh
from strategies_energy import shared

ZONE = "America/Toronto"
START = date(2025, 11, 1)
HOUR = 3600


def _history(days: int, seed: int = 1, seconds: int = HOUR) -> History:
    """Use with a morning, an evening and a lazier weekend, by the wall clock."""
    starts = np.concatenate(
        [local_day_starts(START + timedelta(days=d), seconds, ZONE) for d in range(days)]
    )
    rng = np.random.default_rng(seed)
    local = [datetime.fromtimestamp(int(s), ZoneInfo(ZONE)) for s in starts]
    shape = np.array([400 + 900 * (t.hour in {7, 8, 18, 19, 20}) for t in local])
    free = np.array([1.4 if t.weekday() >= 5 else 1.0 for t in local])
    noise = rng.gamma(20, 1 / 20, len(starts))
    return History(int(starts[0]), seconds, np.rint(shape * free * noise).astype(np.int64))


def _tomorrow(days: int, seconds: int = HOUR) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return local_day_starts(START + timedelta(days=days), seconds, ZONE)


# --- refused ---------------------------------------------------------------------------------


def test_refuses_to_guess_from_less_than_two_weeks() -> None:
    with pytest.raises(InputError) as refused:
        day_ahead(_history(DAYS_LEAST - 1), _tomorrow(DAYS_LEAST - 1), Kind.HABIT)
    assert refused.value.rule == "forecast.history"
    assert "13 whole days" in str(refused.value)


def test_a_day_with_a_gap_is_no_history() -> None:
    history = _history(DAYS_LEAST)
    history.energy_wh[30] = -1
    with pytest.raises(InputError, match="13 whole days"):
        day_ahead(history, _tomorrow(DAYS_LEAST), Kind.HABIT)


def test_nothing_to_advise_on_is_refused() -> None:
    with pytest.raises(InputError, match="no intervals"):
        good_times([])


# --- success ---------------------------------------------------------------------------------


def test_the_future_is_not_looked_at() -> None:
    whole = _history(40)
    cut = History(whole.start_s, HOUR, whole.energy_wh[: 30 * 24 + 1])  # an hour longer than needed
    changed = whole.energy_wh.copy()
    changed[30 * 24 + 1 :] = 99_999  # 2025-11-02 had 25 hours
    later = History(whole.start_s, HOUR, changed)
    assert day_ahead(cut, _tomorrow(30), Kind.HABIT) == day_ahead(later, _tomorrow(30), Kind.HABIT)


def test_a_day_of_use_has_its_course_and_its_band() -> None:
    forecast = day_ahead(_history(40), _tomorrow(40), Kind.HABIT)
    by_hour = dict(zip(range(24), forecast.likely_wh, strict=True))
    assert min(by_hour[h] for h in (7, 8, 18, 19, 20)) > 2 * max(by_hour[h] for h in (2, 3, 13))
    assert abs(sum(forecast.likely_wh) - forecast.day_likely_wh) <= 24
    assert forecast.day_low_wh < forecast.day_likely_wh < forecast.day_high_wh
    assert forecast.days_used == 40


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)])
def test_the_two_odd_days_have_their_own_number_of_hours(day: date, hours: int) -> None:
    days = (day - START).days
    forecast = day_ahead(_history(days), local_day_starts(day, HOUR, ZONE), Kind.HABIT)
    assert len(forecast.likely_wh) == hours
    assert abs(sum(forecast.likely_wh) - forecast.day_likely_wh) <= hours


def test_quarter_hours_work_as_hours_do() -> None:
    forecast = day_ahead(_history(20, seconds=900), _tomorrow(20, 900), Kind.HABIT)
    assert len(forecast.likely_wh) == 96


def test_a_roof_gives_nothing_at_night() -> None:
    starts = np.concatenate(
        [local_day_starts(date(2026, 6, 1) + timedelta(days=d), HOUR, ZONE) for d in range(30)]
    )
    sun = clear_sky_w_per_m2(starts, HOUR, Place())
    cloud = np.repeat(np.random.default_rng(3).uniform(0.2, 1.0, 30), 24)
    history = History(int(starts[0]), HOUR, np.rint(sun * 5 * cloud).astype(np.int64))
    forecast = day_ahead(history, local_day_starts(date(2026, 7, 1), HOUR, ZONE), Kind.SOLAR)
    assert [forecast.likely_wh[h] for h in (0, 1, 2, 3, 23)] == [0] * 5
    assert forecast.likely_wh[13] == max(forecast.likely_wh)  # noon of the sun by summer time
    assert forecast.day_low_wh < forecast.day_likely_wh < forecast.day_high_wh


def _outlook(hour: int, home: int, community: int, retail: int) -> Outlook:
    prices = (UdPerKwh(retail), UdPerKwh(41_250), UdPerKwh(80_000), UdPerKwh(5_000))
    return Outlook(hour * HOUR, home, community, *prices)


def test_own_surplus_is_the_best_time_then_the_neighbours_then_the_grid() -> None:
    advice = good_times(
        [
            _outlook(0, 500, 900, 157_000),
            _outlook(1, -500, 900, 157_000),
            _outlook(2, -500, -900, 203_000),
        ]
    )
    assert [a.source for a in advice] == [Source.OWN, Source.NEIGHBOURS, Source.GRID]
    assert [a.cost for a in advice] == [41_250, 85_000, 203_000]
    assert [a.signal for a in advice] == [Signal.GOOD, Signal.GOOD, Signal.AVOID]


def test_surplus_that_neighbours_would_buy_is_worth_their_price() -> None:
    assert good_times([_outlook(0, 500, -900, 157_000)])[0].cost == 80_000


def test_a_day_of_one_price_has_no_bad_hour() -> None:
    advice = good_times([_outlook(h, -1, -1, 120_000) for h in range(24)])
    assert {a.signal for a in advice} == {Signal.NORMAL}


# --- always ----------------------------------------------------------------------------------


@given(seed=st.integers(0, 10_000), days=st.integers(DAYS_LEAST + 2, 40))
@settings(max_examples=15, deadline=None)
def test_a_forecast_is_ordered_never_negative_and_repeatable(seed: int, days: int) -> None:
    history = _history(days, seed)
    forecast = day_ahead(history, _tomorrow(days), Kind.HABIT)
    for low, likely, high in zip(
        forecast.low_wh, forecast.likely_wh, forecast.high_wh, strict=True
    ):
        assert 0 <= low <= likely <= high
    assert forecast == day_ahead(history, _tomorrow(days), Kind.HABIT)


def _real(home: int, column: str, scale: float) -> History:
    path = shared("data", "homes") / f"Building_{home}.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    first = [int(row["month"]) for row in rows].index(11)
    energy = np.array([round(float(row[column]) * scale) for row in rows], dtype=np.int64)
    return History(
        int(local_day_starts(START, HOUR, ZONE)[0]),
        HOUR,
        np.concatenate([energy[first:], energy[:first]]),
    )


@pytest.mark.parametrize("home", [1, 4, 7, 10])
@pytest.mark.parametrize("kind", [Kind.SOLAR, Kind.HABIT])
def test_A17_eight_of_ten_days_of_real_homes_fall_into_the_band(home: int, kind: Kind) -> None:
    """Every third day of the year is held out; the homes stood in California, so does their sun."""
    column, scale = ("solar_generation", 4.0) if kind is Kind.SOLAR else ("non_shiftable_load", 1e3)
    history = _real(home, column, scale)
    held_out = [START + timedelta(days=d) for d in range(30, 364, 3)]
    result = score(history, kind, held_out, place=Place(34.1, -79.0))
    share = result.inside / len(result.days)
    assert 0.76 <= share <= 0.92, share  # 112 days: two standard errors are 7.5 points
    assert result.error_wh < 1.1 * result.naive_error_wh
    assert result.band_wh < 1.3 * np.mean([d.actual_wh for d in result.days])
