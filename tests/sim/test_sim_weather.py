"""The simulated sky: shared, seeded, and as bright as Toronto's typical year."""

import csv
from pathlib import Path

import numpy as np
import pytest

from sourceenergy.sim.weather import (
    CLEARNESS_MEAN,
    CLEARNESS_SD,
    Weather,
    clear_sky_ghi,
    day_date,
    day_number,
    day_start_s,
    plane_of_array,
    sun,
)

JUNE_21 = day_number(1_782_054_000)  # 2026-06-21T15:00Z
SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def test_a_day_begins_at_five_in_the_morning_utc() -> None:
    assert day_start_s(JUNE_21) % 86_400 == 5 * 3600
    assert day_date(JUNE_21).isoformat() == "2026-06-21"
    assert day_number(day_start_s(JUNE_21) - 1) == JUNE_21 - 1


def test_the_sun_stands_highest_at_solar_noon() -> None:
    utc_s = day_start_s(JUNE_21) + np.arange(0, 86_400, 300)
    zenith, azimuth = sun(utc_s)
    highest = int(zenith.argmin())
    assert zenith[highest] == pytest.approx(43.65 - 23.44, abs=0.2)
    assert azimuth[highest] == pytest.approx(180, abs=3)
    # 79.38 degrees west: 12:17 EST, and the sun is two minutes late in late June.
    assert (utc_s[highest] - utc_s[0]) / 3600 == pytest.approx(12.32, abs=0.1)
    clear = clear_sky_ghi(zenith, 3.5, 1325.0)
    assert 850 < clear.max() < 1000
    assert (clear[zenith > 90] == 0).all()


def test_the_same_seed_gives_the_same_sky_in_any_order_and_another_seed_another() -> None:
    forward, backward = Weather(7), Weather(7)
    days = [JUNE_21, JUNE_21 + 1]
    first = [forward.day(day).ghi.tobytes() for day in days]
    again = [backward.day(day).ghi.tobytes() for day in reversed(days)]
    assert first == again[::-1]
    assert Weather(8).day(JUNE_21).ghi.tobytes() != first[0]


def test_irradiance_is_never_negative_and_the_night_is_dark() -> None:
    for seed in range(5):
        sky = Weather(seed).day(JUNE_21)
        plane = plane_of_array(sky, 30, 180)
        for values in (sky.ghi, sky.dni, sky.dhi, plane):
            assert np.isfinite(values).all()
            assert (values >= 0).all()
        assert (plane[sky.zenith > 90] == 0).all()
        assert plane.max() < 1400


def test_days_are_as_clear_as_the_months_of_the_typical_year() -> None:
    weather = Weather(1)
    first = day_number(1_767_243_600)
    drawn: list[list[float]] = [[] for _ in range(12)]
    for day in range(first, first + 10 * 365):
        drawn[day_date(day).month - 1].append(weather.clearness(day))
    for month, values in enumerate(drawn):
        assert np.mean(values) == pytest.approx(CLEARNESS_MEAN[month], abs=0.05)
        assert np.std(values) == pytest.approx(CLEARNESS_SD[month], abs=0.05)


def test_the_constants_are_those_of_the_source_and_a_clear_sky_fits_them() -> None:
    table = SHARED / "data" / "grid" / "toronto_monthly_daily_clearsky_index.csv"
    if not table.exists():
        pytest.skip("needs ../shared")
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert tuple(float(row["kc_mean"]) for row in rows) == CLEARNESS_MEAN
    assert tuple(float(row["kc_sd"]) for row in rows) == CLEARNESS_SD
    # Every fourth day of four years weighs as much as a year.
    weather = Weather(3)
    first = day_number(1_767_243_600)
    kwh_per_m2 = sum(
        weather.day(day).ghi[:-1].sum() / 12_000 for day in range(first, first + 4 * 365, 4)
    )
    assert kwh_per_m2 == pytest.approx(sum(float(row["ghi_kwh_m2"]) for row in rows), rel=0.05)
