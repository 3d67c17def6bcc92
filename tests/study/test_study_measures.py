"""Measures of a study: known values, laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.study.measures import (
    ONTARIO_AVERAGE,
    carbon_mg,
    gini_of_savings_permille,
    permille,
)


@pytest.mark.parametrize(
    ("values", "gini"),
    [([5, 5, 5, 5], 0), ([0, 0, 0, 8], 750), ([1, 3], 250), ([-9, 1, 3], 500), ([7], 0)],
)
def test_known_ginis(values: list[int], gini: int) -> None:
    assert gini_of_savings_permille(values) == gini


def test_of_nothing_there_is_no_share() -> None:
    assert permille(0, 0) is None
    assert gini_of_savings_permille([0, -4]) is None
    assert gini_of_savings_permille([]) is None


def test_carbon_of_a_megawatt_hour() -> None:
    assert carbon_mg(1_000_000, ONTARIO_AVERAGE) == 38_000_000
    assert carbon_mg(1, ONTARIO_AVERAGE) == 38


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=30), st.integers(2, 1000))
def test_the_gini_knows_no_currency_and_no_order(values: list[int], times: int) -> None:
    gini = gini_of_savings_permille(values)
    assert gini == gini_of_savings_permille([v * times for v in reversed(values)])
    assert gini is None or 0 <= gini < 1000
