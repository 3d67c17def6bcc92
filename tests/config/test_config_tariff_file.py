"""Tariff files: what is refused, by name, and what is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sourceenergy.config.amounts import cents_to_ud_per_kwh
from sourceenergy.config.tariff_file import parse_tariffs, shipped_tariffs
from sourceenergy.errors import ConfigError

PLAN = """
[[plan]]
name = "house"
title = "House"
time_zone = "America/Toronto"
source = "made up for a test"

[[plan.rule]]
period = "day"
hours = [7, 19]

[[plan.rule]]
period = "night"
hours = [19, 7]

[[plan.version]]
from = 2026-01-01
to = 2027-01-01
cents_per_kwh = { day = "12.5", night = "-1.5" }
"""


def refused(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as refusal:
        parse_tariffs(text, "house.toml")
    assert refusal.value.remedy
    return refusal.value


# --- refusals ---------------------------------------------------------------------------------


def test_a_cut_file_is_refused_by_name() -> None:
    error = refused(PLAN[:-20])
    assert error.rule == "toml.syntax"
    assert "house.toml" in str(error)


def test_two_plans_of_one_name_are_refused() -> None:
    assert "two plans of one name" in str(refused(PLAN + PLAN))


def test_overlapping_versions_are_refused() -> None:
    error = refused(
        PLAN + "[[plan.version]]\nfrom = 2026-12-31\nto = 2028-01-01\n"
        'cents_per_kwh = { day = "1", night = "1" }\n'
    )
    assert "two versions overlap" in str(error)
    assert error.value == date(2026, 12, 31)


def test_a_version_that_ends_before_it_starts_is_refused() -> None:
    assert "ends before it starts" in str(refused(PLAN.replace("2027-01-01", "2026-01-01")))


def test_a_period_without_a_price_is_refused_by_its_name() -> None:
    error = refused(PLAN.replace(', night = "-1.5"', ""))
    assert error.value == ["night"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ('time_zone = "America/Toronto"', 'time_zone = "America/Torontto"'),
        ('time_zone = "America/Toronto"', 'time_zone = "America"'),  # a folder of zones
        ("hours = [7, 19]", "hours = [7, 25]"),
        ("hours = [7, 19]", "hours = [7]"),
        ("hours = [7, 19]", 'days = "sunday"'),
        ("hours = [7, 19]", "months = [13]"),
        ("hours = [7, 19]", "hour = [7, 19]"),
        ("from = 2026-01-01", 'from = "soon"'),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(field: str, wrong: str) -> None:
    error = refused(PLAN.replace(field, wrong))
    assert error.field.startswith("plan.0.")
    assert error.rule.startswith("config.")


@pytest.mark.parametrize("cents", ["0.00001", "10000.0001", "-10001", "9.87654"])
def test_a_price_finer_than_a_micro_dollar_or_absurd_is_refused(cents: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        cents_to_ud_per_kwh(Decimal(cents), "here")
    assert (refusal.value.rule, refusal.value.field) == ("tariff.price", "here")


@pytest.mark.parametrize("cents", ["nan", "inf"])
def test_a_price_that_is_no_number_is_refused(cents: str) -> None:
    assert refused(PLAN.replace('"12.5"', cents)).rule == "config.finite_number"


# --- success ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cents", "ud"), [("9.8", 98_000), ("0.0001", 1), ("-1.5", -15_000), ("10000", 10**8), ("0", 0)]
)
def test_cents_become_whole_micro_dollars(cents: str, ud: int) -> None:
    assert cents_to_ud_per_kwh(Decimal(cents), "here") == ud


def test_a_plan_is_read_negative_prices_too() -> None:
    plan = parse_tariffs(PLAN, "house.toml")["house"]
    assert plan.versions[0].prices == {"day": 125_000, "night": -15_000}
    assert [(rule.from_hour, rule.to_hour) for rule in plan.rules] == [(7, 19), (19, 7)]
    assert plan.rules[0].months == frozenset(range(1, 13))
    assert plan.holiday_names == frozenset()


def test_versions_come_out_in_order_of_date() -> None:
    earlier = (
        "[[plan.version]]\nfrom = 2025-01-01\nto = 2026-01-01\n"
        'cents_per_kwh = { day = "1", night = "1" }\n'
    )
    plan = parse_tariffs(PLAN + earlier, "house.toml")["house"]
    assert [version.valid_from.year for version in plan.versions] == [2025, 2026]


SHIPPED = parse_tariffs(shipped_tariffs(), "shipped")


def test_the_shipped_file_holds_ontario_s_plans_without_a_gap() -> None:
    assert sorted(SHIPPED) == [
        "ontario_tiered",
        "ontario_tiered_business",
        "ontario_time_of_use",
        "ontario_ultra_low_overnight",
    ]
    for plan in SHIPPED.values():
        assert plan.time_zone == "America/Toronto"
        assert len(plan.holiday_names) == (0 if plan.tiers else 10)
        for one, following in zip(plan.versions, plan.versions[1:], strict=False):
            assert one.valid_to == following.valid_from
        assert plan.versions[-1].valid_to == date(2026, 11, 1)
