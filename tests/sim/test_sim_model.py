"""A home's registers: a pure function of time, exact, and balanced at every instant."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sourceenergy.errors import InputError
from sourceenergy.sim.homes import HomeSpec, community
from sourceenergy.sim.model import EPOCH_S, HomeModel, HomeState, battery_w, home_models
from sourceenergy.sim.weather import Weather

SEED = 7
JULY_S = 1_783_468_800  # 2026-07-08T00:00Z
SPECS = community(SEED)
WITH_BATTERY = next(home for home in SPECS if home.battery_wh)
TENANT = next(home for home in SPECS if not home.solar_w)
REGISTERS = ("imported_wh", "exported_wh", "produced_wh", "consumed_wh")
SKY = Weather(SEED)
MODELS = [HomeModel(spec, SKY, JULY_S) for spec in (WITH_BATTERY, TENANT)]
WEEK_MS = st.integers(JULY_S * 1000, (JULY_S + 5 * 86_400) * 1000)


def test_time_before_the_start_is_refused() -> None:
    with pytest.raises(InputError, match="has not begun") as refused:
        MODELS[0].state((JULY_S - 86_400) * 1000)
    assert refused.value.rule == "sim.start"
    assert "2026-07-07T05:00:00Z" in refused.value.remedy


@settings(max_examples=60, deadline=None)
@given(st.lists(WEEK_MS, min_size=2, max_size=5))
def test_a_register_depends_on_the_time_alone(instants: list[int]) -> None:
    fresh = HomeModel(WITH_BATTERY, SKY, JULY_S)
    assert [fresh.state(t) for t in instants] == [MODELS[0].state(t) for t in instants]


@settings(max_examples=60, deadline=None)
@given(WEEK_MS, st.integers(0, 86_400_000), st.sampled_from(MODELS))
def test_registers_never_fall(start_ms: int, later_ms: int, model: HomeModel) -> None:
    before, after = asdict(model.state(start_ms)), asdict(model.state(start_ms + later_ms))
    assert all(after[name] >= before[name] for name in REGISTERS)


@settings(max_examples=100, deadline=None)
@given(WEEK_MS, st.sampled_from(MODELS))
def test_every_watt_is_accounted_for(utc_ms: int, model: HomeModel) -> None:
    now = model.state(utc_ms)
    assert min(now.imported_w, now.exported_w) == 0
    assert min(now.charge_w, now.discharge_w) == 0
    assert (
        now.imported_w - now.exported_w
        == now.consumed_w + now.charge_w - now.produced_w - now.discharge_w
    )
    if not model.spec.solar_w:
        assert now.produced_wh == now.exported_wh == 0
        assert now.imported_wh == now.consumed_wh
        assert now.soc_permille is None


@settings(max_examples=60, deadline=None)
@given(WEEK_MS)
def test_energy_is_power_times_time(utc_ms: int) -> None:
    minute_ms = utc_ms // 60_000 * 60_000
    at, end = MODELS[0].state(minute_ms), MODELS[0].state(minute_ms + 59_999)
    for name, power in (("imported_wh", at.imported_w), ("produced_wh", at.produced_w)):
        counted = getattr(end, name) - getattr(at, name)
        assert abs(counted - power / 60) <= 1


def test_the_battery_fills_by_day_and_empties_to_its_reserve_by_night() -> None:
    levels = [
        MODELS[0].state((JULY_S + hour * 3600) * 1000).soc_permille or 0 for hour in range(24 * 5)
    ]
    assert max(levels) > 900
    assert 95 <= min(levels) <= 110


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(-12_000, 9_000), min_size=1, max_size=200),
    st.integers(81_000, 810_000),
)
def test_a_battery_never_gives_more_than_it_took(surplus: list[int], stored: int) -> None:
    surplus_w = np.array(surplus, dtype=np.int64)
    charge, discharge, levels = battery_w(WITH_BATTERY, stored, surplus_w)
    assert 81_000 <= min(levels) <= max(levels) <= 810_000
    assert max(charge.max(), discharge.max()) <= 5_000
    assert (charge <= np.maximum(surplus_w, 0)).all()
    assert (discharge <= np.maximum(-surplus_w, 0)).all()
    assert int(discharge.sum()) <= int(charge.sum()) + stored - levels[-1]


def year(spec: HomeSpec, model: HomeModel) -> tuple[HomeSpec, HomeState, HomeState]:
    return spec, model.state(EPOCH_S * 1000), model.state((EPOCH_S + 365 * 86_400) * 1000)


def test_a_year_uses_and_yields_what_homes_in_toronto_do() -> None:
    vehicle = next(home for home in SPECS if home.vehicle_kwh)
    heated = next(home for home in SPECS if home.heating_kwh)
    roof = next(home for home in SPECS if home.solar_w and not home.battery_wh)
    chosen = {home.id: home for home in (vehicle, heated, roof, WITH_BATTERY)}
    for spec, first, last in map(year, chosen.values(), home_models([*chosen.values()], SEED)):
        used_kwh = (last.consumed_wh - first.consumed_wh) / 1000
        assert 6_500 < used_kwh < 14_700
        assert used_kwh == pytest.approx(spec.annual_kwh, rel=0.05)
        produced_kwh = (last.produced_wh - first.produced_wh) / 1000
        if spec.solar_w:
            assert 1_090 < produced_kwh / (spec.solar_w / 1000) < 1_280
        if not spec.battery_wh:
            net_wh = last.imported_wh - last.exported_wh
            assert abs(net_wh - (last.consumed_wh - last.produced_wh)) <= 2
