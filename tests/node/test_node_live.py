"""The live view: what all homes do right now, from each one's newest reading."""

from __future__ import annotations

from dataclasses import replace

import pytest

from small_community import NOON_S, Home, ScriptedClock, homes
from sourceenergy.node.live import STALE_MS, LiveView, Power, power_of
from sourceenergy.records import Reading


@pytest.fixture
def ann() -> Home:
    return homes()["ann"]


def watts(
    home: Home,
    imported_w: int = 0,
    exported_w: int = 0,
    produced_w: int | None = None,
    charge_w: int | None = None,
    discharge_w: int | None = None,
    at_s: float = NOON_S,
) -> Reading:
    reading = home.read(at_s, 0, w=(imported_w, exported_w, produced_w))
    return replace(reading, battery_charge_w=charge_w, battery_discharge_w=discharge_w)


@pytest.mark.parametrize(
    ("reading", "consumed_w"),
    [
        ({"imported_w": 500}, 500),  # a tenant
        ({"produced_w": 3000, "exported_w": 2200}, 800),
        ({"produced_w": 100, "imported_w": 400}, 500),
        ({"produced_w": 3000, "charge_w": 2000, "exported_w": 300}, 700),
        ({"discharge_w": 900, "imported_w": 50}, 950),
        ({"produced_w": None, "exported_w": 40}, 0),  # a silent inverter: never below zero
    ],
)
def test_a_home_uses_what_it_makes_and_draws_less_what_it_gives_and_stores(
    ann: Home, reading: dict[str, int], consumed_w: int
) -> None:
    assert power_of(watts(ann, **reading)).consumed_w == consumed_w


def test_the_community_is_the_sum_of_its_homes() -> None:
    clock = ScriptedClock((NOON_S + 60) * 1000)
    view = LiveView(clock, 3)
    neighbours = homes()
    view.notice("ann", watts(neighbours["ann"], 0, 2200, 3000))
    view.notice("ben", watts(neighbours["ben"], 500))
    view.notice("ben", watts(neighbours["ben"], 700))  # his newest counts
    assert view.snapshot(True, None) == {
        "utc_ms": (NOON_S + 60) * 1000,
        "simulated": True,
        "homes_reporting": 2,
        "homes": 3,
        "produced_w": 3000,
        "consumed_w": 1500,
        "imported_w": 700,
        "exported_w": 2200,
        "shared_w": 700,  # what leaves the street is not shared
        "price": None,
    }
    assert view.newest_ms == NOON_S * 1000


def test_a_home_that_is_silent_for_long_is_not_counted(ann: Home) -> None:
    clock = ScriptedClock(NOON_S * 1000)
    view = LiveView(clock, 1)
    assert view.newest_ms is None
    assert view.snapshot(False, None)["homes_reporting"] == 0
    view.notice("ann", watts(ann, 400))
    clock.at_ms += STALE_MS - 1
    assert view.snapshot(False, None)["imported_w"] == 400
    clock.at_ms += 1
    assert view.snapshot(False, None)["imported_w"] == 0
    assert view.newest_ms == NOON_S * 1000


def test_power_is_never_signed(ann: Home) -> None:
    assert power_of(watts(ann, 0, 5000, 1)) == Power(1, 0, 0, 5000)
