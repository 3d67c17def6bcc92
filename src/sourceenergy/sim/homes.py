"""The simulated homes: who they are, and what their appliances draw in each minute of a day.

Every figure is invented from a seed; only the ranges follow real homes (6.5 to 14.7 MWh a year).
A home's yearly use is divided into heating, cooling, a vehicle and the rest of the household, and
each part's power is scaled so that a year of typical weather comes to its share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from sourceenergy.sim.weather import (
    ANOMALY_SD_C,
    CLEARNESS_MEAN,
    DAILY_SWING_C,
    STEP_OFFSETS_S,
    TEMPERATURE_C,
    Floats,
    Sky,
    day_date,
)

Ints = npt.NDArray[np.int64]
Tariff = Literal["time_of_use", "ultra_low_overnight"]

HOMES = 24
SOLAR_HOMES = 14
BATTERY_HOMES = 5
OVERNIGHT_HOMES = 6
HEATED_HOMES = 5
VEHICLE_HOMES = 2
BATTERY_WH, BATTERY_W = 13_500, 5_000

DRAWN = ((30, 80), (22, 38), (150, 215), (0, 9), (35, 95), (240, 340), (230, 290))
"""Ranges: solar [100 W], tilt, azimuth [°], shade [%], cooling, heating, vehicle [10 kWh]."""

MINUTES = 1440
MINUTE_OFFSETS_S = np.arange(MINUTES) * 60
TORONTO = ZoneInfo("America/Toronto")

BASE_W = 130.0  # standby, router, ventilation
FRIDGE_W, FRIDGE_SHARE = 110.0, 0.35
LIGHTS_W = 210.0
LIGHTS_HOURS = 5.2  # a day, over a year, when it is dark and people are up
HEATING_FROM_C = 15.0  # below this the heat pump runs
COOLING_FROM_C = 20.0
COOLING_AWAY = 0.35  # share of the cooling while people are out
VEHICLE_W = 7_000
VEHICLE_SHARE = 5 / 7  # of the nights it is plugged in
VEHICLE_MINUTE = 23 * 60 + 10  # just after the overnight price begins


class Appliance(NamedTuple):
    """A daily habit: usual local minute, its spread, minutes it lasts, watts, chance by day."""

    minute: int
    spread: int
    lasts: int
    watts: int
    weekday: float
    weekend: float


APPLIANCES = (
    Appliance(7 * 60 + 5, 25, 14, 1_500, 0.95, 0.70),  # breakfast
    Appliance(7 * 60 + 20, 30, 22, 2_800, 0.80, 0.60),  # hot water, morning
    Appliance(12 * 60 + 20, 35, 18, 1_300, 0.35, 0.80),  # lunch
    Appliance(18 * 60, 35, 45, 2_100, 0.85, 0.80),  # evening cooking
    Appliance(18 * 60 + 30, 50, 30, 1_100, 0.60, 0.60),  # oven
    Appliance(19 * 60 + 30, 40, 60, 450, 0.28, 0.10),  # washing on a weekday evening
    Appliance(10 * 60 + 40, 80, 120, 1_700, 0.08, 0.65),  # washing and drying at the weekend
    Appliance(20 * 60 + 20, 35, 70, 1_100, 0.60, 0.60),  # dishes
    Appliance(19 * 60 + 10, 60, 200, 240, 0.95, 0.95),  # screens
    Appliance(21 * 60 + 30, 45, 18, 2_800, 0.55, 0.55),  # hot water, evening
)


@dataclass(frozen=True, slots=True)
class HomeSpec:
    """One simulated home. W and Wh are ratings, kWh are meant for a typical year."""

    id: str
    name: str
    solar_w: int
    battery_wh: int
    tariff: Tariff
    annual_kwh: int
    heating_kwh: int = 0
    cooling_kwh: int = 0
    vehicle_kwh: int = 0
    battery_w: int = 0
    tilt_deg: int = 0
    azimuth_deg: int = 180
    shade_percent: int = 0  # of the sun, taken by trees and neighbours
    number: int = 1  # the home's place in the community, part of its seed
    simulated: Literal[True] = field(default=True, init=False)

    @property
    def household_kwh(self) -> int:
        """Yearly use of everything but heating, cooling and a vehicle [kWh]."""
        return self.annual_kwh - self.heating_kwh - self.cooling_kwh - self.vehicle_kwh


def community(seed: int, homes: int = HOMES) -> tuple[HomeSpec, ...]:
    """The first ``homes`` (at most 24) of the community that a seed makes."""
    random = np.random.default_rng((seed, 0x40E5))
    annual = np.linspace(6_800, 14_300, HOMES)
    by_use = random.permutation(HOMES)  # by_use[i]: place of home i from least to most use
    roofs = {int(home) for home in random.permutation(HOMES)[:SOLAR_HOMES]}
    batteries = set(sorted(roofs)[::3][:BATTERY_HOMES])
    vehicles = {home for home in range(HOMES) if by_use[home] >= HOMES - VEHICLE_HOMES}
    heated = {
        home
        for home in range(HOMES)
        if HOMES - VEHICLE_HOMES > by_use[home] >= HOMES - VEHICLE_HOMES - HEATED_HOMES
    }
    others = [int(home) for home in random.permutation(HOMES) if int(home) not in vehicles]
    overnight = vehicles | set(others[: OVERNIGHT_HOMES - VEHICLE_HOMES])
    specs = []
    for home in range(HOMES):
        solar, tilt, azimuth, shade, cooling, heating, driven = (
            int(random.integers(low, high + 1)) for low, high in DRAWN
        )
        roof = home in roofs
        specs.append(
            HomeSpec(
                id=f"home-{home + 1:02d}",
                name=f"Home {home + 1:02d}",
                solar_w=solar * 100 if roof else 0,
                battery_wh=BATTERY_WH if home in batteries else 0,
                tariff="ultra_low_overnight" if home in overnight else "time_of_use",
                annual_kwh=round(annual[by_use[home]]),
                heating_kwh=heating * 10 if home in heated else 0,
                cooling_kwh=cooling * 10 if home % 4 else 0,  # every fourth has no cooling
                vehicle_kwh=driven * 10 if home in vehicles else 0,
                battery_w=BATTERY_W if home in batteries else 0,
                tilt_deg=tilt if roof else 0,
                azimuth_deg=azimuth if roof else 180,
                shade_percent=shade if roof else 0,
                number=home + 1,
            )
        )
    return tuple(specs[:homes])


def demand_w(spec: HomeSpec, seed: int, day: int, sky: Sky) -> Ints:
    """What a home draws in each minute of an Eastern Standard Time day [W]."""
    random = np.random.default_rng((seed, 0xD3A4, spec.number, day))
    shift = _summer_minutes(int(sky.utc_s[0]) + 12 * 3600)
    local = (np.arange(MINUTES) + shift) % MINUTES
    weekend = day_date(day).weekday() >= 5
    elevation = 90 - by_minute(sky.zenith)
    air_c = by_minute(sky.air_c)
    awake = (local > 6 * 60 + 30) & (local < 23 * 60)

    household = np.full(MINUTES, BASE_W)
    cycle = int(random.integers(45, 65))
    household += FRIDGE_W * ((local + cycle) % cycle < FRIDGE_SHARE * cycle)
    household += LIGHTS_W * awake * np.clip((6 - elevation) / 8, 0.05, 1)
    happens = random.random(len(APPLIANCES))
    moved = random.standard_normal(len(APPLIANCES))
    for habit, chance, off in zip(APPLIANCES, happens, moved, strict=True):
        if chance < (habit.weekend if weekend else habit.weekday):
            first = habit.minute + round(float(off) * habit.spread) - shift
            household[np.arange(first, first + habit.lasts) % MINUTES] += habit.watts
    total = household * (spec.household_kwh / _household_kwh())
    if spec.heating_kwh:
        need = np.maximum(HEATING_FROM_C - air_c, 0)
        total += need * (spec.heating_kwh * 1000 / _degree_hours("heating"))
    if spec.cooling_kwh:
        need = np.maximum(air_c - COOLING_FROM_C, 0)
        away = (local > 8 * 60) & (local < 16 * 60) & (not weekend)
        need = need * np.where(away, COOLING_AWAY, 1.0)
        total += need * (spec.cooling_kwh * 1000 / _degree_hours("cooling"))
    if spec.vehicle_kwh and random.random() < VEHICLE_SHARE:
        tonight_wh = spec.vehicle_kwh * 1000 / 365 / VEHICLE_SHARE * random.uniform(0.6, 1.4)
        first = VEHICLE_MINUTE + int(random.integers(0, 40)) - shift
        total[np.arange(first, first + round(tonight_wh / VEHICLE_W * 60)) % MINUTES] += VEHICLE_W
    return np.rint(total).astype(np.int64)


def by_minute(steps: Floats) -> Floats:
    """Five-minute values at each minute of the day."""
    values: Floats = np.interp(MINUTE_OFFSETS_S, STEP_OFFSETS_S, steps)
    return values


def _summer_minutes(utc_s: int) -> int:
    """60 while Toronto keeps daylight saving time; a day that changes keeps its noon's."""
    offset = datetime.fromtimestamp(utc_s, UTC).astimezone(TORONTO).dst()
    return int(offset.total_seconds()) // 60 if offset else 0


@cache
def _household_kwh() -> float:
    """Yearly use of a household at scale one [kWh], from chances and durations."""
    always = (BASE_W + FRIDGE_W * FRIDGE_SHARE) * 24 + LIGHTS_W * LIGHTS_HOURS
    habits = sum((5 * a.weekday + 2 * a.weekend) / 7 * a.watts * a.lasts / 60 for a in APPLIANCES)
    return (always + habits) * 365 / 1000


@cache
def _degree_hours(need: Literal["heating", "cooling"]) -> float:
    """Kelvin-hours a typical year spends beyond a threshold, less what cooling saves when out."""
    hours = np.arange(24)
    spread = np.linspace(-2.5, 2.5, 51)
    weight = np.exp(-(spread**2) / 2)
    weight /= weight.sum()
    total = 0.0
    for mean, clearness in zip(TEMPERATURE_C, CLEARNESS_MEAN, strict=True):
        swing = DAILY_SWING_C * (0.5 + clearness) * np.cos((hours - 15) * np.pi / 12)
        air = mean + swing[:, None] + spread[None, :] * ANOMALY_SD_C
        if need == "heating":
            beyond = np.maximum(HEATING_FROM_C - air, 0)
        else:
            away = np.where((hours > 7) & (hours < 15), 1 - (1 - COOLING_AWAY) * 5 / 7, 1.0)
            beyond = np.maximum(air - COOLING_FROM_C, 0) * away[:, None]
        total += float((beyond * weight).sum()) * 365 / 12
    return total
