"""Tiers, price series and charges in a tariff file: refused by name, then read."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sourceenergy.config.amounts import dollars_per_mwh_to_ud_per_kwh, percent_to_ppm
from sourceenergy.config.price_series import parse_price_series
from sourceenergy.config.tariff_file import inline_series, parse_charges, parse_tariffs
from sourceenergy.errors import ConfigError
from sourceenergy.records import ChargeKind

HEAD = """
[[plan]]
name = "house"
title = "House"
time_zone = "America/Toronto"
source = "made up for a test"
"""
TIERS = """
[[plan.tier]]
period = "first"
months = [11, 12, 1, 2, 3, 4]
up_to_kwh = 1000
[[plan.tier]]
period = "first"
months = [5, 6, 7, 8, 9, 10]
up_to_kwh = 600
[[plan.tier]]
period = "rest"
"""
VERSION = """
[[plan.version]]
from = 2026-01-01
to = 2027-01-01
cents_per_kwh = { first = "12.0", rest = "14.2" }
"""
SPOT = """
prices_file = "hours.csv"
[[plan.version]]
from = 2026-01-01
to = 2027-01-01
cents_per_kwh = { adder = "1.5", fallback = "9" }
"""
HOURS = "start,dollars_per_mwh\n2026-07-01T18:00:00Z,41.25\n2026-07-01T14:00:00-05:00,-5\n"
DELIVERY = """
[[charge]]
name = "delivery"
title = "Delivery"
kind = "delivery"
source = "made up for a test"
[[charge.version]]
from = 2026-01-01
to = 2026-07-01
dollars_per_month = "31.47"
cents_per_kwh = "1.23"
[[charge.version]]
from = 2026-07-01
dollars_per_month = "32"
"""


def refused(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as refusal:
        parse_tariffs(text, "house.toml")
        parse_charges(text, "house.toml")
    assert refusal.value.remedy
    return refusal.value


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + VERSION, "either rules, or tiers, or a series"),
        (HEAD + TIERS + '[[plan.rule]]\nperiod = "first"\n' + VERSION, "either rules"),
        (HEAD + TIERS.replace('[[plan.tier]]\nperiod = "rest"', "") + VERSION, "the last is open"),
        (HEAD + TIERS.replace("600", "1000").replace("[11, 12,", "[7,") + VERSION, "tiers rise"),
        (HEAD + TIERS + TIERS + VERSION, "the last is open"),
        (HEAD + TIERS + VERSION.replace("14.2", "11.9"), "cheaper with use"),
        (HEAD + TIERS + VERSION.replace(', rest = "14.2"', ""), "a period has no price"),
        (HEAD + SPOT, "the price series was not read in"),
        (
            inline_series(HEAD + SPOT.replace('adder = "1.5", ', ""), lambda _: HOURS),
            "a period has no price",
        ),
    ],
)
def test_a_plan_that_leaves_a_price_open_is_refused(text: str, says: str) -> None:
    error = refused(text)
    assert error.rule == "tariff.file"
    assert says in str(error)


@pytest.mark.parametrize("text", ["", DELIVERY])
def test_a_file_without_a_plan_has_no_tariffs(text: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_tariffs(text, "house.toml")
    assert (refusal.value.rule, refusal.value.field) == ("tariff.file", "plan")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("start,", "time,", "names the columns"),
        ("dollars_per_mwh", "euro", "names the columns"),
        ("18:00:00Z", "18:00:00", "offset"),
        ("18:00:00Z", "18:15:00Z", "on the hour"),
        ("18:00:00Z", "25:00:00Z", "no time"),
        ("41.25", "dear", "no price"),
        ("41.25", "nan", "no price"),
        ("41.25", "41.25,1", "a time and a price"),
        ("41.25", "4" * 200_000, "no CSV"),
        ("14:00:00-05:00", "13:00:00-05:00", "two prices"),
    ],
)
def test_a_series_that_is_none_is_refused_with_its_line(old: str, new: str, says: str) -> None:
    assert old in HOURS
    with pytest.raises(ConfigError, match=says) as refusal:
        parse_price_series(HOURS.replace(old, new), "hours.csv")
    assert refusal.value.rule == "tariff.series"


def test_a_series_that_would_break_out_of_the_file_is_refused() -> None:
    with pytest.raises(ConfigError) as refusal:
        inline_series(HEAD + SPOT, lambda _: HOURS + "'''\n[[plan]]\n")
    assert refusal.value.rule == "tariff.series"


@pytest.mark.parametrize("dollars", ["41.2534", "100000.1", "-100001"])
def test_a_price_finer_than_a_micro_dollar_or_absurd_is_refused(dollars: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        dollars_per_mwh_to_ud_per_kwh(Decimal(dollars), "here")
    assert refusal.value.rule == "tariff.price"


@pytest.mark.parametrize("percent", ["-1", "100.0001", "23.50001"])
def test_a_percentage_that_is_none_is_refused(percent: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        percent_to_ppm(Decimal(percent), "here")
    assert refusal.value.rule == "tariff.price"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (DELIVERY + DELIVERY, "two charges of one name"),
        (DELIVERY.replace("to = 2026-07-01\n", ""), "two versions overlap"),
        (DELIVERY.replace("to = 2026-07-01", "to = 2026-08-01"), "two versions overlap"),
        (DELIVERY.replace("to = 2026-07-01", "to = 2026-01-01"), "ends before it starts"),
        (DELIVERY.replace('kind = "delivery"', 'kind = "tax"'), "is a percentage"),
        (DELIVERY.replace('dollars_per_month = "32"', 'percent = "3"'), "money a month"),
    ],
)
def test_a_charge_that_is_none_is_refused(text: str, says: str) -> None:
    error = refused(HEAD + TIERS + VERSION + text)
    assert error.rule == "tariff.file"
    assert says in str(error)


# --- success ----------------------------------------------------------------------------------


def test_tiers_are_read_in_watt_hours() -> None:
    plan = parse_tariffs(HEAD + TIERS + VERSION, "house.toml")["house"]
    assert [(tier.period, tier.up_to_wh) for tier in plan.tiers] == [
        ("first", 1_000_000),
        ("first", 600_000),
        ("rest", None),
    ]
    assert plan.series is None


def test_a_series_is_put_into_the_file_and_read() -> None:
    asked: list[str] = []

    def read(name: str) -> str:
        asked.append(name)
        return HOURS

    text = inline_series(HEAD + SPOT, read)
    assert asked == ["hours.csv"]
    assert inline_series(text, read) == text  # a file that is whole stays as it is
    series = parse_tariffs(text, "house.toml")["house"].series
    assert series is not None
    assert sorted(series.values()) == [-5_000, 41_250]
    assert min(series) + 3600 == max(series)  # 14:00 EST is 19:00 UTC


def test_an_empty_cell_is_a_missing_hour() -> None:
    text = "start,cents_per_kwh\n2026-07-01T18:00:00Z,\n2026-07-01T19:00:00Z,9.8\n"
    assert list(parse_price_series(text, "hours.csv").values()) == [98_000]


def test_the_tariff_file_of_the_docs_is_one() -> None:
    page = Path(__file__).resolve().parents[2].joinpath("docs/tariffs.md").read_text("utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    whole = inline_series(text, lambda _: HOURS)
    assert parse_tariffs(whole, "docs")["spot"].series
    kinds = [charge.kind for charge in parse_charges(whole, "docs")]
    assert kinds == [ChargeKind.DELIVERY, ChargeKind.TAX]


def test_charges_are_read_with_their_dates() -> None:
    (delivery,) = parse_charges(HEAD + TIERS + VERSION + DELIVERY, "house.toml")
    first, second = delivery.versions
    assert delivery.kind is ChargeKind.DELIVERY
    assert (first.month_ud, first.per_kwh, first.valid_to) == (31_470_000, 12_300, date(2026, 7, 1))
    assert (second.month_ud, second.per_kwh, second.valid_to) == (32_000_000, 0, None)
