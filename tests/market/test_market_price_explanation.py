"""S18: a price one can explain. Refusals, the four checks of the scenario, what is always true."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import InputError
from sourceenergy.market.dynamic_price import PriceFlag, PricePolicy
from sourceenergy.market.price_explanation import (
    Explanation,
    Observed,
    PriceRecord,
    PriceTimes,
    Traded,
    explain,
    make_record,
    price_in_force,
    time_weighted_average,
)
from sourceenergy.units import iso_utc
from strategies_energy import law, utc

VECTORS: dict[str, Any] = json.loads(
    Path(__file__)
    .resolve()
    .parents[2]
    .joinpath("contracts/test/vectors/dynamic_price.json")
    .read_text("utf-8")
)
NOW = utc("2026-01-15T18:00")
NORMAL_W, GRID, RETAIL = 17_000_000_000, 41_250, 157_000
TIMES = PriceTimes(interval_s=900, fresh_for_s=1_800, held_for_s=7_200)
POLICY = PricePolicy(
    normal_w=NORMAL_W,
    floor_ud_per_kwh=20_000,
    cap_ud_per_kwh=400_000,
    step_ud_per_kwh=25_000,
    demand_weight_ppm=1_500_000,
    traded_weight_ppm=200_000,
)
SIGNERS = ("first reporter", "second reporter")


def seen(value: int, source: str = "IESO", at: int = NOW) -> Observed:
    return Observed(value, source, at, SIGNERS)


def record(
    grid: int = GRID,
    demand: int = NORMAL_W,
    traded: Traded | None = None,
    before: int = GRID,
    policy: PricePolicy = POLICY,
    at: int = NOW,
) -> PriceRecord:
    return make_record(
        seen(grid, "IESO zonal price, TORONTO", at),
        seen(demand, "IESO demand", at),
        seen(RETAIL, "Ontario time-of-use", at),
        traded,
        policy,
        TIMES,
        before,
        at,
        quorum=2,
    )


def trades(average: int, parties: int = 6, at: int = NOW) -> Traded:
    return Traded(average, parties, at, "energy credit pool")


def by_hand(shown: Explanation) -> Decimal:
    """The price from what is on the screen, in dollars: exact decimals, rounded down to six."""
    value = {x.name: Decimal(x.value) for x in shown.inputs if x.counts}
    normal = Decimal(re.findall(r"normal (\d+) W", shown.inputs[1].note)[0])
    weight = {name: Decimal(ppm) / 10**6 for name, ppm in shown.weights_ppm.items()}
    low, high, step = (Decimal(bound) for bound in shown.bounds_ud_per_kwh.values())
    before = Decimal(shown.steps[3].calculation.rpartition(" ")[2])
    traded = min(max(value.get("traded", Decimal(0)), low), high)
    with localcontext(prec=60):
        scarcity = abs(value["grid"]) * weight["demand weight"] * (value["demand"] - normal)
        blend = (value["grid"] + scarcity / normal) * (1 - weight["traded weight"])
        blend += traded * weight["traded weight"]
    price = min(max(blend.to_integral_value(ROUND_FLOOR), low), high)
    stepped = min(max(price, before - step), before + step)
    return min(max(stepped, low), high) / 10**6


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("signed_by", [(), ("first reporter",), ("first reporter",) * 2])
def test_S18_a_price_input_without_its_signatures_is_refused(signed_by: tuple[str, ...]) -> None:
    unsigned = replace(seen(GRID), signed_by=signed_by)
    with pytest.raises(InputError) as refusal:
        make_record(
            unsigned, seen(NORMAL_W), seen(RETAIL), None, POLICY, TIMES, GRID, NOW, quorum=2
        )
    assert (refusal.value.rule, refusal.value.field) == ("price.unsigned", "grid")


@pytest.mark.parametrize("age", [1_801, -1])
def test_a_stale_input_or_one_from_the_future_is_refused(age: int) -> None:
    with pytest.raises(InputError) as refusal:
        make_record(
            seen(GRID), seen(NORMAL_W, at=NOW - age), seen(RETAIL), None, POLICY, TIMES, GRID, NOW
        )
    assert (refusal.value.rule, refusal.value.field) == ("price.stale", "demand")


def test_a_record_says_nothing_about_the_past() -> None:
    made = record()
    with pytest.raises(InputError) as refusal:
        price_in_force(made, TIMES, made.interval - 1)
    assert refusal.value.rule == "price.interval"


@pytest.mark.parametrize("prices", [[], [(NOW + 1, 5)]])
def test_an_average_without_a_first_price_is_refused(prices: list[tuple[int, int]]) -> None:
    with pytest.raises(InputError) as refusal:
        time_weighted_average(prices, NOW, NOW + 60)
    assert refusal.value.rule == "price.window"


# --- S18, check 1: by hand, to six decimals -------------------------------------------------------


def test_S18_formula_inputs_weights_sources_and_ages_are_shown() -> None:
    made = record(demand=NORMAL_W * 11 // 10, traded=trades(120_000), before=57_000)
    shown = explain(made, TIMES, NOW + 1_000)
    assert (shown.price_ud_per_kwh, shown.flags) == (61_950, ())
    assert shown.interval_start == iso_utc(NOW + 900)
    assert [(x.name, x.value, x.unit, x.age_s) for x in shown.inputs] == [
        ("grid", 41_250, "ud/kWh", 1_000),
        ("demand", 18_700_000_000, "W", 1_000),
        ("tariff", 157_000, "ud/kWh", 1_000),
        ("traded", 120_000, "ud/kWh", 1_000),
    ]
    assert shown.inputs[0].source == "IESO zonal price, TORONTO"
    assert shown.weights_ppm == {"demand weight": 1_500_000, "traded weight": 200_000}
    # 41,250 × 1.15 = 47,437.5; × 0.8 + 120,000 × 0.2 = 61,950.
    assert [(x.name, x.exact, x.result_ud_per_kwh, x.held) for x in shown.steps] == [
        ("scarce", "94875/2", 47_437, False),
        ("blend", "61950", 61_950, False),
        ("floor and cap", "61950", 61_950, False),
        ("step limit", "61950", 61_950, False),
    ]
    assert by_hand(shown) == Decimal("0.061950")
    assert "× demand weight ×" in shown.formula
    assert json.loads(json.dumps(shown.as_dict()))["price_ud_per_kwh"] == 61_950


@pytest.mark.parametrize(
    ("grid", "before", "price", "flags"),
    [
        (-5_000, 30_000, 20_000, ("UNTRADED", "FLOORED")),
        (500_000, 390_000, 400_000, ("UNTRADED", "CAPPED")),
        (200_000, 41_250, 66_250, ("UNTRADED", "STEPPED")),
    ],
)
def test_S18_each_bound_that_holds_a_price_is_named(
    grid: int, before: int, price: int, flags: tuple[str, ...]
) -> None:
    shown = explain(record(grid=grid, before=before), TIMES, NOW + 900)
    assert (shown.price_ud_per_kwh, shown.flags) == (price, flags)
    assert [x.name for x in shown.steps if x.held] == [
        "step limit" if "STEPPED" in flags else "floor and cap"
    ]
    assert by_hand(shown) == Decimal(price) / 10**6


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: str(case["name"]))
def test_S18_every_vector_of_the_contract_explained_by_hand(case: dict[str, Any]) -> None:
    policy = PricePolicy(
        normal_w=case["normalW"],
        floor_ud_per_kwh=case["floorUdPerKwh"],
        cap_ud_per_kwh=case["capUdPerKwh"],
        step_ud_per_kwh=case["stepUdPerKwh"],
        demand_weight_ppm=case["demandWeightPpm"],
        traded_weight_ppm=case["tradedWeightPpm"],
    )
    traded = trades(case["tradedUdPerKwh"]) if case["tradedUdPerKwh"] else None
    made = record(case["gridUdPerKwh"], case["demandW"], traded, case["beforeUdPerKwh"], policy)
    shown = explain(made, TIMES, NOW + 900)
    assert shown.price_ud_per_kwh == case["priceUdPerKwh"]
    assert int(made.flags) == case["flags"]
    steps = {x.name: x for x in shown.steps}
    assert steps["blend"].result_ud_per_kwh == case["blendUdPerKwh"]
    assert Fraction(steps["blend"].exact).__floor__() == case["blendUdPerKwh"]
    assert steps["step limit"].result_ud_per_kwh == case["priceUdPerKwh"]
    assert by_hand(shown) == Decimal(case["priceUdPerKwh"]) / 10**6


def test_S18_a_replay_gives_the_same_bytes() -> None:
    one, other = (json.dumps(explain(record(), TIMES, NOW + 900).as_dict()) for _ in range(2))
    assert one == other


# --- check 2: demand and the marketplace ----------------------------------------------------------


def test_S18_ten_percent_more_demand_is_not_cheaper() -> None:
    price = record(traded=trades(120_000), before=57_000).price_ud_per_kwh
    dearer = record(demand=NORMAL_W * 11 // 10, traded=trades(120_000), before=57_000)
    assert (price, dearer.price_ud_per_kwh) == (57_000, 61_950)


@pytest.mark.parametrize(("percent", "moved"), [(10, 2_400), (-10, -2_400)])
def test_S18_the_marketplace_moves_it_by_weight_times_move(percent: int, moved: int) -> None:
    traded = trades(120_000 * (100 + percent) // 100)
    assert record(traded=traded, before=57_000).price_ud_per_kwh == 57_000 + moved


# --- check 3: the feed stops -----------------------------------------------------------------


def test_S18_a_stale_feed_holds_the_last_good_price_then_walks_to_the_tariff() -> None:
    made = record()
    assert made.price_ud_per_kwh == GRID
    # The numbers of TariffExplain.t.sol: fresh 30 minutes, held two hours, then step by step.
    expected = [
        (30, 41_250, ("UNTRADED",)),
        (45, 41_250, ("STALE", "UNTRADED")),
        (120, 41_250, ("STALE", "UNTRADED")),
        (135, 66_250, ("STALE", "FALLBACK")),
        (150, 91_250, ("STALE", "FALLBACK")),
        (165, 116_250, ("STALE", "FALLBACK")),
        (180, 141_250, ("STALE", "FALLBACK")),
        (195, 157_000, ("STALE", "FALLBACK")),
        (600, 157_000, ("STALE", "FALLBACK")),
    ]
    for minutes, price, flags in expected:
        shown = explain(made, TIMES, NOW + minutes * 60)
        assert (shown.price_ud_per_kwh, shown.flags) == (price, flags), minutes
        assert ("stale" in shown.inputs[0].note) == ("STALE" in flags)
        assert (shown.steps[-1].name == "fallback") == ("FALLBACK" in flags)
        assert shown.inputs[2].counts == ("FALLBACK" in flags)


def test_S18_a_feed_that_comes_back_goes_on_from_the_price_in_force() -> None:
    later = NOW + 7_200 + 3 * 900
    in_force, _ = price_in_force(record(), TIMES, later // 900)
    assert in_force == 116_250
    assert record(before=in_force, at=later).price_ud_per_kwh == 91_250


# --- check 4: the whale ---------------------------------------------------------------------------


def test_S18_a_whale_s_minute_moves_the_price_by_less_than_a_percent() -> None:
    # Six parties trade at 12 cents through a day; a whale pays the cap, 40 cents, for a minute.
    day = NOW - 86_400
    quiet = time_weighted_average([(day, 120_000)], day, NOW)
    loud = time_weighted_average([(day, 120_000), (NOW - 60, 400_000)], day, NOW)
    assert (quiet, loud) == (120_000, 120_194)
    price = record(traded=trades(quiet), before=57_000).price_ud_per_kwh
    moved = record(traded=trades(loud), before=57_000).price_ud_per_kwh
    assert 0 < (moved - price) * 100 < price


def test_S18_fewer_than_five_parties_do_not_count_and_the_screen_says_why() -> None:
    made = record(traded=trades(399_999, parties=4))
    shown = explain(made, TIMES, NOW + 900)
    assert (shown.price_ud_per_kwh, shown.flags) == (GRID, ("UNTRADED",))
    assert shown.weights_ppm["traded weight"] == 0
    assert not shown.inputs[3].counts
    assert "does not count: fewer than 5 parties" in shown.inputs[3].note


@pytest.mark.parametrize(
    "traded", [trades(120_000, at=NOW - 1_801), trades(120_000, at=NOW + 1), trades(0)]
)
def test_an_old_future_or_absent_average_does_not_count(traded: Traded) -> None:
    made = record(traded=traded)
    assert made.traded_refused
    assert "does not count" in explain(made, TIMES, NOW + 900).inputs[3].note


# --- always -----------------------------------------------------------------------------------


@law
@given(st.integers(-(10**6), 10**6), st.integers(1, 10**8), st.integers(0, 40))
def test_a_silent_feed_never_makes_it_zero_and_never_jumps_above_the_step(
    grid: int, tariff: int, intervals: int
) -> None:
    made = replace(record(grid=grid), tariff=seen(tariff))
    prices = [
        price_in_force(made, TIMES, made.interval + i)[0] for i in range(intervals, intervals + 2)
    ]
    assert all(POLICY.floor_ud_per_kwh <= price <= POLICY.cap_ud_per_kwh for price in prices)
    assert abs(prices[1] - prices[0]) <= POLICY.step_ud_per_kwh


@law
@given(st.lists(st.tuples(st.integers(1, 600), st.integers(1, 10**6)), min_size=1, max_size=9))
def test_an_average_lies_between_its_prices(pieces: list[tuple[int, int]]) -> None:
    prices, at = [], NOW
    for seconds, price in pieces:
        prices.append((at, price))
        at += seconds
    average = time_weighted_average(prices, NOW, at)
    assert min(p for _, p in prices) <= average <= max(p for _, p in prices)
    exact = Fraction(sum(s * p for s, p in pieces), at - NOW)
    assert 0 <= exact - average < 1


def test_flags_have_the_contract_s_bits() -> None:
    assert [int(flag) for flag in PriceFlag] == [1, 2, 4, 8, 16, 32]
