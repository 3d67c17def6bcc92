"""The simulated homes: who they are and what they use."""

from collections import Counter

import numpy as np
import pytest

from sourceenergy.sim.homes import MINUTES, HomeSpec, community, demand_w
from sourceenergy.sim.weather import Weather, day_number

JANUARY_14 = day_number(1_768_413_600)  # a Wednesday
JULY_15 = day_number(1_784_131_200)


@pytest.mark.parametrize("seed", [1, 2, 7, 2026])
def test_a_community_has_the_mix_it_promises(seed: int) -> None:
    homes = community(seed)
    assert len({home.id for home in homes}) == 24
    assert homes[0].id == "home-01"
    assert homes[0].name == "Home 01"
    assert all(home.simulated for home in homes)
    solar = [home for home in homes if home.solar_w]
    assert len(solar) == 14
    assert all(3_000 <= home.solar_w <= 8_000 for home in solar)
    batteries = [home for home in homes if home.battery_wh]
    assert [(home.battery_wh, home.battery_w) for home in batteries] == [(13_500, 5_000)] * 5
    assert all(home.solar_w for home in batteries)
    assert Counter(home.tariff for home in homes) == {
        "time_of_use": 18,
        "ultra_low_overnight": 6,
    }
    assert sum(home.vehicle_kwh > 0 for home in homes) == 2
    assert all(home.tariff == "ultra_low_overnight" for home in homes if home.vehicle_kwh)
    assert all(6_500 <= home.annual_kwh <= 14_700 for home in homes)
    assert all(home.household_kwh > 4_500 for home in homes)


def test_the_same_seed_makes_the_same_homes() -> None:
    assert community(7) == community(7) != community(8)
    assert community(7, 3) == community(7)[:3]


def plain(**changes: int) -> HomeSpec:
    base: dict[str, int] = {"solar_w": 0, "battery_wh": 0, "annual_kwh": 8_000} | changes
    return HomeSpec(id="home-01", name="Home 01", tariff="time_of_use", **base)


def day_kwh(spec: HomeSpec, day: int) -> float:
    return float(demand_w(spec, 7, day, Weather(7).day(day)).sum()) / 60_000


def test_a_day_is_whole_watts_and_never_nothing() -> None:
    watts = demand_w(plain(), 7, JANUARY_14, Weather(7).day(JANUARY_14))
    assert watts.shape == (MINUTES,)
    assert watts.dtype == np.int64
    assert watts.min() > 50
    assert watts.max() < 15_000
    assert watts.tobytes() == demand_w(plain(), 7, JANUARY_14, Weather(7).day(JANUARY_14)).tobytes()


def test_evenings_use_more_than_nights() -> None:
    days = range(JANUARY_14, JANUARY_14 + 14)
    total = np.sum([demand_w(plain(), 7, day, Weather(7).day(day)) for day in days], axis=0)
    night, evening = total[2 * 60 : 5 * 60].mean(), total[17 * 60 : 21 * 60].mean()
    assert evening > 3 * night


def test_heating_is_for_winter_cooling_for_summer_and_a_vehicle_for_the_night() -> None:
    heated = plain(annual_kwh=11_000, heating_kwh=3_000)
    assert day_kwh(heated, JANUARY_14) > day_kwh(plain(), JANUARY_14) + 8
    assert day_kwh(heated, JULY_15) == pytest.approx(day_kwh(plain(), JULY_15), abs=1)
    cooled = plain(annual_kwh=8_900, cooling_kwh=900)
    assert day_kwh(cooled, JULY_15) > day_kwh(plain(), JULY_15) + 2
    assert day_kwh(cooled, JANUARY_14) == pytest.approx(day_kwh(plain(), JANUARY_14), abs=0.01)
    weather = Weather(7)
    driven = plain(annual_kwh=10_500, vehicle_kwh=2_500)
    charged = [
        demand_w(driven, 7, day, weather.day(day)) - demand_w(plain(), 7, day, weather.day(day))
        for day in range(JANUARY_14, JANUARY_14 + 28)
    ]
    by_minute = np.sum(charged, axis=0)
    assert by_minute[5 * 60 : 23 * 60].sum() == 0  # only overnight
    assert 100 < by_minute.sum() / 60_000 < 290  # about 2,500 × 28 / 365 kWh
