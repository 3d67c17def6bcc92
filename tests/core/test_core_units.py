"""Units: exact values, splits that add up, spans of time, and numbers for people."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import InputError
from sourceenergy.units import (
    INTERVAL_MINUTES,
    Interval,
    dollars,
    intervals_between,
    iso_utc,
    kwh,
    nd_to_ud_down,
    split_largest_remainder,
    value_nd,
)
from strategies_energy import law, utc

# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, [2, -1])])
def test_a_split_of_debits_is_refused(total: int, weights: list[int]) -> None:
    with pytest.raises(InputError) as refusal:
        split_largest_remainder(total, weights)
    assert refusal.value.rule == "split.sign"


@pytest.mark.parametrize("weights", [[], [0, 0]])
def test_there_must_be_something_to_split_by(weights: list[int]) -> None:
    with pytest.raises(InputError) as refusal:
        split_largest_remainder(1, weights)
    assert refusal.value.rule == "split.weights"


@pytest.mark.parametrize(
    ("start_s", "seconds", "rule"),
    [
        (0, 0, "interval.length"),
        (0, 420, "interval.length"),
        (0, -900, "interval.length"),
        (1, 900, "interval.alignment"),
        (600, 900, "interval.alignment"),
    ],
)
def test_a_span_no_market_uses_is_refused(start_s: int, seconds: int, rule: str) -> None:
    with pytest.raises(InputError) as refusal:
        Interval(start_s, seconds)
    assert refusal.value.rule == rule


# --- success ----------------------------------------------------------------------------------


def test_a_watt_hour_at_a_micro_dollar_a_kwh_is_a_nano_dollar() -> None:
    assert value_nd(1, 1) == 1
    assert value_nd(2_500, 203_000) == 507_500_000  # 2.5 kWh at 20.3 ¢: 50.75 ¢


@pytest.mark.parametrize(("nd", "ud"), [(1_999, 1), (-1, -1), (-1_000, -1), (0, 0)])
def test_nano_dollars_are_rounded_down_also_below_zero(nd: int, ud: int) -> None:
    assert nd_to_ud_down(nd) == ud


def test_a_split_gives_what_is_left_to_the_largest_remainders() -> None:
    assert split_largest_remainder(10, [50, 30, 20]) == [5, 3, 2]
    assert split_largest_remainder(10, [1, 2, 3]) == [2, 3, 5]  # 1.67, 3.33, 5.00
    assert split_largest_remainder(1, [1, 1, 1]) == [1, 0, 0]  # a tie: the lowest index
    assert split_largest_remainder(0, []) == []
    assert split_largest_remainder(0, [0, 0]) == [0, 0]


def test_an_interval_is_half_open_and_says_its_name() -> None:
    interval = Interval(utc("2026-01-15T18:00"), 900)
    assert interval.end_s == utc("2026-01-15T18:15")
    assert str(interval) == "2026-01-15T18:00:00Z/PT15M"
    assert iso_utc(0) == "1970-01-01T00:00:00Z"


def test_intervals_follow_one_another_without_gap_or_overlap() -> None:
    day = list(intervals_between(utc("2026-01-15T00:00"), utc("2026-01-16T00:00"), 900))
    assert len(day) == 96
    assert all(one.end_s == other.start_s for one, other in pairwise(day))


@pytest.mark.parametrize(
    ("amount_ud", "places", "text"),
    [
        (1_234_567_890, 2, "1,234.57"),
        (5_000, 2, "0.01"),  # half a cent, away from zero
        (-5_000, 2, "−0.01"),
        (4_999, 2, "0.00"),
        (-4_999, 2, "0.00"),  # no minus before a zero
        (500_000, 0, "1"),
        (-1_499_999, 0, "−1"),
        (1, 6, "0.000001"),
        (-1, 6, "−0.000001"),
    ],
)
def test_dollars_for_people(amount_ud: int, places: int, text: str) -> None:
    assert dollars(amount_ud, places) == text


@pytest.mark.parametrize(
    ("energy_wh", "text"), [(0, "0.000"), (1, "0.001"), (1_234_567, "1,234.567"), (-20, "−0.020")]
)
def test_kwh_for_people_are_exact(energy_wh: int, text: str) -> None:
    assert kwh(energy_wh) == text


# --- always -----------------------------------------------------------------------------------


@law
@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=9))
def test_a_split_adds_up_and_nobody_is_a_whole_unit_off(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    if not whole:
        total = 0
    parts = split_largest_remainder(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - total * weight) < max(whole, 1)
        assert part == 0 or weight > 0


@law
@given(st.integers(-(10**12), 10**12), st.sampled_from(INTERVAL_MINUTES))
def test_every_aligned_span_is_an_interval(number: int, minutes: int) -> None:
    seconds = 60 * minutes
    number %= 2**31 // seconds
    assert Interval(number * seconds, seconds).end_s == (number + 1) * seconds
