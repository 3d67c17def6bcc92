"""The dynamic price: the contract's own vectors, S18's statements, and what is always true."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import InputError
from sourceenergy.market.dynamic_price import (
    PriceFlag,
    PriceInputs,
    PricePolicy,
    blend_down,
    dynamic_price,
    fallback_price,
)
from strategies_energy import law

VECTORS: dict[str, Any] = json.loads(
    Path(__file__)
    .resolve()
    .parents[2]
    .joinpath("contracts/test/vectors/dynamic_price.json")
    .read_text("utf-8")
)
NORMAL_W = 17_000_000_000
GRID, TRADED = 41_250, 120_000  # $41.25/MWh and 12 ¢/kWh
POLICY = PricePolicy(
    normal_w=NORMAL_W,
    floor_ud_per_kwh=20_000,
    cap_ud_per_kwh=400_000,
    step_ud_per_kwh=25_000,
    demand_weight_ppm=1_500_000,
    traded_weight_ppm=200_000,
)

prices = st.integers(1, 10**8)
watts = st.integers(1, 10**12)


@st.composite
def policies(draw: st.DrawFn) -> PricePolicy:
    low, high = sorted((draw(prices), draw(prices)))
    return PricePolicy(
        normal_w=draw(watts),
        floor_ud_per_kwh=low,
        cap_ud_per_kwh=high,
        step_ud_per_kwh=draw(prices),
        demand_weight_ppm=draw(st.integers(0, 5_000_000)),
        traded_weight_ppm=draw(st.integers(0, 500_000)),
    )


inputs = st.builds(PriceInputs, st.integers(-(10**8), 10**8), watts, st.one_of(st.just(0), prices))


def wide_open(policy: PricePolicy) -> PricePolicy:
    """The same policy, with a step that never holds."""
    return replace(policy, step_ud_per_kwh=10**8)


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("normal_w", 0),
        ("floor_ud_per_kwh", 0),
        ("cap_ud_per_kwh", 19_999),
        ("step_ud_per_kwh", 0),
        ("demand_weight_ppm", 5_000_001),
        ("traded_weight_ppm", 500_001),
    ],
)
def test_a_policy_outside_the_bounds_is_refused(field: str, value: int) -> None:
    with pytest.raises(InputError) as refusal:
        replace(POLICY, **{field: value})
    assert (refusal.value.rule, refusal.value.field) == ("price.input", field)


@pytest.mark.parametrize(
    "given_",
    [PriceInputs(10**8 + 1, 1), PriceInputs(-(10**8) - 1, 1), PriceInputs(1, 0)],
)
def test_inputs_in_a_wrong_unit_are_refused(given_: PriceInputs) -> None:
    with pytest.raises(InputError):
        dynamic_price(given_, POLICY, GRID)


# --- the vectors the contract is held to ----------------------------------------------------------


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: str(case["name"]))
def test_every_vector_comes_out(case: dict[str, Any]) -> None:
    policy = PricePolicy(
        normal_w=case["normalW"],
        floor_ud_per_kwh=case["floorUdPerKwh"],
        cap_ud_per_kwh=case["capUdPerKwh"],
        step_ud_per_kwh=case["stepUdPerKwh"],
        demand_weight_ppm=case["demandWeightPpm"],
        traded_weight_ppm=case["tradedWeightPpm"],
    )
    observed = PriceInputs(case["gridUdPerKwh"], case["demandW"], case["tradedUdPerKwh"])
    assert blend_down(observed, policy) == case["blendUdPerKwh"]
    price, flags = dynamic_price(observed, policy, case["beforeUdPerKwh"])
    assert (price, int(flags)) == (case["priceUdPerKwh"], case["flags"])


def test_every_fallback_vector_comes_out() -> None:
    assert len(VECTORS["fallbacks"]) == VECTORS["fallbackCount"]
    for case in VECTORS["fallbacks"]:
        policy = replace(
            POLICY,
            floor_ud_per_kwh=case["floorUdPerKwh"],
            cap_ud_per_kwh=case["capUdPerKwh"],
            step_ud_per_kwh=case["stepUdPerKwh"],
        )
        price = fallback_price(case["lastUdPerKwh"], case["tariffUdPerKwh"], policy, case["steps"])
        assert price == case["priceUdPerKwh"]


# --- by hand ----------------------------------------------------------------------------------


def test_ten_percent_more_demand_adds_its_weight() -> None:
    price, _ = dynamic_price(PriceInputs(GRID, NORMAL_W), POLICY, GRID)
    dearer, _ = dynamic_price(PriceInputs(GRID, NORMAL_W * 11 // 10), POLICY, GRID)
    assert price == 41_250
    assert dearer == floor(Fraction(41_250) * (1 + Fraction(15, 100)))  # 1.5 × 10 %


@pytest.mark.parametrize("percent", [-10, 10])
def test_the_traded_average_moves_the_price_by_weight_times_move(percent: int) -> None:
    moved = TRADED * (100 + percent) // 100
    price, _ = dynamic_price(PriceInputs(GRID, NORMAL_W, TRADED), POLICY, 57_000)
    after, _ = dynamic_price(PriceInputs(GRID, NORMAL_W, moved), POLICY, 57_000)
    assert price == 57_000  # 0.8 × 41,250 + 0.2 × 120,000
    assert after - price == (moved - TRADED) // 5


def test_too_few_parties_leave_the_grid_alone() -> None:
    price, flags = dynamic_price(PriceInputs(GRID, NORMAL_W), POLICY, GRID)
    assert (price, flags) == (GRID, PriceFlag.UNTRADED)


def test_a_negative_grid_price_is_held_by_the_floor() -> None:
    price, flags = dynamic_price(PriceInputs(-5_000, NORMAL_W), POLICY, GRID)
    assert (price, flags) == (20_000, PriceFlag.UNTRADED | PriceFlag.FLOORED)


# --- what is always true ------------------------------------------------------------------------


@law
@given(inputs, policies(), st.data())
def test_price_keeps_floor_cap_and_step(
    observed: PriceInputs, policy: PricePolicy, data: st.DataObject
) -> None:
    before = data.draw(st.integers(policy.floor_ud_per_kwh, policy.cap_ud_per_kwh))
    price, _ = dynamic_price(observed, policy, before)
    assert 0 < policy.floor_ud_per_kwh <= price <= policy.cap_ud_per_kwh
    assert abs(price - before) <= policy.step_ud_per_kwh


@law
@given(inputs, policies(), prices, watts)
def test_more_demand_never_lowers_the_price(
    observed: PriceInputs, policy: PricePolicy, before: int, more: int
) -> None:
    dearer = replace(observed, demand_w=observed.demand_w + more)
    assert dynamic_price(dearer, policy, before)[0] >= dynamic_price(observed, policy, before)[0]


@law
@given(inputs, policies(), prices, prices, prices)
def test_a_dearer_marketplace_never_lowers_the_price_and_moves_it_by_its_weight_at_most(
    observed: PriceInputs, policy: PricePolicy, before: int, one: int, other: int
) -> None:
    low, high = sorted((one, other))
    cheap, _ = dynamic_price(replace(observed, traded_ud_per_kwh=low), wide_open(policy), before)
    dear, _ = dynamic_price(replace(observed, traded_ud_per_kwh=high), wide_open(policy), before)
    assert 0 <= dear - cheap <= Fraction(high - low) * policy.traded_weight_ppm / 10**6 + 1


@law
@given(inputs, policies())
def test_blend_is_the_exact_formula_rounded_down(
    observed: PriceInputs, policy: PricePolicy
) -> None:
    grid, normal = Fraction(observed.grid_ud_per_kwh), policy.normal_w
    weight = Fraction(policy.traded_weight_ppm if observed.traded_ud_per_kwh else 0, 10**6)
    traded = min(max(observed.traded_ud_per_kwh, policy.floor_ud_per_kwh), policy.cap_ud_per_kwh)
    scarce = grid + abs(grid) * Fraction(policy.demand_weight_ppm, 10**6) * Fraction(
        observed.demand_w - normal, normal
    )
    assert blend_down(observed, policy) == floor(scarce * (1 - weight) + traded * weight)


@law
@given(policies(), prices, st.integers(0, 50), st.data())
def test_the_way_to_the_tariff_is_walked_in_steps(
    policy: PricePolicy, tariff: int, steps: int, data: st.DataObject
) -> None:
    last = data.draw(st.integers(policy.floor_ud_per_kwh, policy.cap_ud_per_kwh))
    here = fallback_price(last, tariff, policy, steps)
    there = fallback_price(last, tariff, policy, steps + 1)
    assert abs(there - here) <= policy.step_ud_per_kwh
    assert policy.floor_ud_per_kwh <= there <= policy.cap_ud_per_kwh
    assert fallback_price(here, tariff, policy, 1) == there
