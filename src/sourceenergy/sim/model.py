"""A simulated home as a pure function of time: registers and powers at any millisecond.

Powers are whole watts, constant for a minute; energy is their exact sum, so a register at an
instant never depends on how often or in which order it is read, and always agrees with power.
Days are made forward from the start, keeping only each day's opening counts; making a day again
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from sourceenergy.errors import InputError
from sourceenergy.sim.homes import MINUTES, HomeSpec, Ints, by_minute, demand_w
from sourceenergy.sim.weather import (
    Sky,
    Weather,
    cell_c,
    day_date,
    day_number,
    day_start_s,
    plane_of_array,
)
from sourceenergy.units import iso_utc

EPOCH_S = 1_767_225_600
"""2026-01-01T00:00Z: where a simulation's registers begin unless it says otherwise."""

WATT_MS_PER_WH = 3_600_000
WATT_MINUTES_PER_WH = 60

SYSTEM_SHARE = 0.845  # of the module's power that wiring, dirt, mismatch and the inverter leave
SNOW_SHARE = (0.80, 0.84, 0.95, 1, 1, 1, 1, 1, 1, 1, 0.98, 0.86)  # of a month, left by snow
HEAT_LOSS_PER_K = 0.0037
WAKE_W = 10  # an inverter sleeps below this

RESERVE_PERCENT = 10  # of the battery that is kept back
OPENING_PERCENT = 40
EFFICIENCY_PERCENT = 95  # each way


@dataclass(frozen=True, slots=True)
class HomeState:
    """A home at an instant: cumulative registers [Wh], powers [W], charge in thousandths.

    imported − exported = consumed + charge − produced − discharge, for the powers exactly.
    """

    utc_ms: int
    imported_wh: int
    exported_wh: int
    produced_wh: int
    consumed_wh: int
    imported_w: int
    exported_w: int
    produced_w: int
    consumed_w: int
    charge_w: int
    discharge_w: int
    soc_permille: int | None  # None without a battery


class _Opening(NamedTuple):
    """Where a day begins: counts in the order of ``_Day.counts`` and the battery's energy."""

    counts: tuple[int, ...]
    stored: int


class _Day(NamedTuple):
    """A day by the minute.

    ``watts``: imported, exported, produced, consumed, charge, discharge [W]; ``counts``: the
    first four [watt-minutes] and ``stored`` the battery's energy [watt-minutes], each at a
    minute's start and once more at the end.
    """

    watts: tuple[list[int], ...]
    counts: tuple[list[int], ...]
    stored: list[int]


class HomeModel:
    """One home from ``start_s`` (the Eastern Standard Time midnight before it) onwards."""

    def __init__(self, spec: HomeSpec, weather: Weather, start_s: int = EPOCH_S) -> None:
        self.spec = spec
        self._weather = weather
        self._first = day_number(start_s)
        capacity = spec.battery_wh * WATT_MINUTES_PER_WH
        self._openings = [_Opening((0, 0, 0, 0), capacity * OPENING_PERCENT // 100)]
        self._day = lru_cache(maxsize=2)(self._made)

    def state(self, utc_ms: int) -> HomeState:
        """Registers and powers at a UTC millisecond; ``InputError`` before the start."""
        day = day_number(utc_ms // 1000)
        if day < self._first:
            raise InputError(
                "the simulation has not begun",
                rule="sim.start",
                field="utc_ms",
                value=iso_utc(utc_ms // 1000),
                remedy=f"ask for {iso_utc(day_start_s(self._first))} or later",
            )
        while len(self._openings) <= day - self._first:
            self._day(self._first + len(self._openings) - 1)
        made = self._day(day)
        minute, past_ms = divmod(utc_ms - day_start_s(day) * 1000, 60_000)

        watts = [flow[minute] for flow in made.watts]
        registers_wh = [
            (count[minute] * 60_000 + flow * past_ms) // WATT_MS_PER_WH
            for count, flow in zip(made.counts, watts[:4], strict=True)
        ]
        capacity = self.spec.battery_wh * WATT_MINUTES_PER_WH
        return HomeState(
            utc_ms=utc_ms,
            imported_wh=registers_wh[0],
            exported_wh=registers_wh[1],
            produced_wh=registers_wh[2],
            consumed_wh=registers_wh[3],
            imported_w=watts[0],
            exported_w=watts[1],
            produced_w=watts[2],
            consumed_w=watts[3],
            charge_w=watts[4],
            discharge_w=watts[5],
            soc_permille=made.stored[minute] * 1000 // capacity if capacity else None,
        )

    def _made(self, day: int) -> _Day:
        """Make a day from its opening, and note the next one's."""
        opening = self._openings[day - self._first]
        sky = self._weather.day(day)
        consumed = demand_w(self.spec, self._weather.seed, day, sky)
        produced = solar_w(self.spec, day, sky)
        charge, discharge, stored = battery_w(self.spec, opening.stored, produced - consumed)
        net = consumed + charge - produced - discharge
        flows = (np.maximum(net, 0), np.maximum(-net, 0), produced, consumed, charge, discharge)
        watts = tuple(flow.tolist() for flow in flows)
        counts = tuple(
            list(accumulate(flow, initial=first))
            for flow, first in zip(watts[:4], opening.counts, strict=True)
        )
        if len(self._openings) == day - self._first + 1:
            self._openings.append(_Opening(tuple(count[-1] for count in counts), stored[-1]))
        return _Day(watts, counts, stored)


def home_models(
    specs: Sequence[HomeSpec], seed: int, start_s: int = EPOCH_S
) -> tuple[HomeModel, ...]:
    """Models of neighbours under one sky."""
    weather = Weather(seed)
    return tuple(HomeModel(spec, weather, start_s) for spec in specs)


def solar_w(spec: HomeSpec, day: int, sky: Sky) -> Ints:
    """What a home's roof produces in each minute [W]; zeros without one."""
    if not spec.solar_w:
        return np.zeros(MINUTES, dtype=np.int64)
    plane = plane_of_array(sky, spec.tilt_deg, spec.azimuth_deg)
    warmer_k = cell_c(plane, sky.air_c) - 25
    share = SYSTEM_SHARE * (100 - spec.shade_percent) / 100 * SNOW_SHARE[day_date(day).month - 1]
    power = spec.solar_w * share * plane / 1000 * (1 - HEAT_LOSS_PER_K * warmer_k)
    watts = np.rint(np.minimum(by_minute(power), spec.solar_w)).astype(np.int64)
    watts[watts < WAKE_W] = 0
    return watts


def battery_w(spec: HomeSpec, stored: int, surplus_w: Ints) -> tuple[Ints, Ints, list[int]]:
    """A battery that takes every surplus and covers every need it can.

    ``stored`` is its energy at the start of the day [watt-minutes]. Returns charge and discharge
    in each minute [W], never both, and the energy at each minute's start and at the end. Losses
    are taken on the way in and on the way out, rounded against the battery.
    """
    nothing = np.zeros(len(surplus_w), dtype=np.int64)
    if not spec.battery_wh:
        return nothing, nothing, [0] * (len(surplus_w) + 1)
    capacity = spec.battery_wh * WATT_MINUTES_PER_WH
    reserve = capacity * RESERVE_PERCENT // 100
    flows, levels = [], [stored]
    for surplus in surplus_w.tolist():
        if surplus > 0:
            room = (capacity - stored) * 100 // EFFICIENCY_PERCENT
            flow = min(surplus, spec.battery_w, room)
            stored += flow * EFFICIENCY_PERCENT // 100
        else:
            usable = max(stored - reserve, 0) * EFFICIENCY_PERCENT // 100
            flow = -min(-surplus, spec.battery_w, usable)
            stored -= -(flow * 100 // EFFICIENCY_PERCENT)
        flows.append(flow)
        levels.append(stored)
    flow_w = np.array(flows, dtype=np.int64)
    return np.maximum(flow_w, 0), np.maximum(-flow_w, 0), levels
