"""Tariffs by the hour: Ontario's two plans, its holidays, days of 23 and 25 hours, and refusals."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.config.tariff_file import parse_tariffs, shipped_tariffs
from sourceenergy.errors import ConfigError
from sourceenergy.market.tariffs import price_at, prices_at
from sourceenergy.records import TariffPlan
from strategies_energy import law

TORONTO = ZoneInfo("America/Toronto")
PLANS = parse_tariffs(shipped_tariffs(), "shipped")
TIME_OF_USE = PLANS["ontario_time_of_use"]
ULTRA_LOW = PLANS["ontario_ultra_low_overnight"]


def at(text: str) -> int:
    """Unix seconds of a local time in Toronto."""
    return int(datetime.fromisoformat(text).replace(tzinfo=TORONTO).timestamp())


def period_hours(plan: TariffPlan, day: str) -> dict[str, int]:
    """Hours of each period on a local day, whatever number of hours the day has."""
    start = at(day)
    end = at(str(date.fromisoformat(day) + timedelta(days=1)))
    return Counter(period for _, period in prices_at(plan, range(start, end, 3600)))


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["2021-04-30T23:59", "2026-11-01T00:00"])
def test_a_day_without_a_version_is_refused_and_the_covered_days_are_named(moment: str) -> None:
    with pytest.raises(ConfigError, match="2025-11-01 to 2026-11-01") as refusal:
        price_at(TIME_OF_USE, at(moment))
    assert refusal.value.rule == "tariff.gap"
    assert refusal.value.value == moment[:10]


def test_an_hour_without_a_rule_is_refused_by_its_local_time() -> None:
    only_days = parse_tariffs(
        """
        [[plan]]
        name = "days"
        title = "Days only"
        time_zone = "America/Toronto"
        source = "made up"
        [[plan.rule]]
        period = "day"
        hours = [7, 19]
        [[plan.version]]
        from = 2026-01-01
        to = 2027-01-01
        cents_per_kwh = { day = "10" }
        """,
        "days.toml",
    )["days"]
    assert price_at(only_days, at("2026-01-15T07:00")) == (100_000, "day")
    with pytest.raises(ConfigError) as refusal:
        price_at(only_days, at("2026-01-15T19:00"))
    assert refusal.value.rule == "tariff.gap"
    assert refusal.value.value == "2026-01-15T19:00:00-05:00"


# --- the hours of a day -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "cents", "period"),
    [
        ("2026-01-15T06:59", 9.8, "off_peak"),  # a Thursday in winter
        ("2026-01-15T07:00", 20.3, "on_peak"),
        ("2026-01-15T10:59", 20.3, "on_peak"),
        ("2026-01-15T11:00", 15.7, "mid_peak"),
        ("2026-01-15T17:00", 20.3, "on_peak"),
        ("2026-01-15T19:00", 9.8, "off_peak"),
        ("2026-07-16T06:59", 9.8, "off_peak"),  # a Thursday in summer: on and mid swap
        ("2026-07-16T07:00", 15.7, "mid_peak"),
        ("2026-07-16T11:00", 20.3, "on_peak"),
        ("2026-07-16T17:00", 15.7, "mid_peak"),
        ("2026-07-16T18:59", 15.7, "mid_peak"),
        ("2026-07-16T19:00", 9.8, "off_peak"),
        ("2026-01-17T12:00", 9.8, "off_peak"),  # a Saturday
        ("2026-04-30T12:00", 15.7, "mid_peak"),  # the last day of winter
        ("2026-05-01T12:00", 20.3, "on_peak"),  # the first day of summer
        ("2025-10-31T23:59", 7.6, "off_peak"),  # the last minute of the old prices
        ("2025-11-01T00:00", 9.8, "off_peak"),
        ("2024-11-04T08:00", 15.8, "on_peak"),
        ("2023-11-06T08:00", 18.2, "on_peak"),
        ("2022-01-17T08:00", 17.0, "on_peak"),
        ("2022-01-18T08:00", 8.2, "on_peak"),  # the province's relief of 21 days
        ("2022-02-07T12:00", 8.2, "mid_peak"),
        ("2022-02-08T08:00", 17.0, "on_peak"),
        ("2021-05-03T12:00", 17.0, "on_peak"),
    ],
)
def test_time_of_use(moment: str, cents: float, period: str) -> None:
    assert price_at(TIME_OF_USE, at(moment)) == (round(cents * 10_000), period)


@pytest.mark.parametrize(
    ("moment", "cents", "period"),
    [
        ("2026-01-15T22:59", 15.7, "mid_peak"),
        ("2026-01-15T23:00", 3.9, "ultra_low"),
        ("2026-01-16T06:59", 3.9, "ultra_low"),
        ("2026-01-16T07:00", 15.7, "mid_peak"),
        ("2026-01-16T16:00", 39.1, "on_peak"),
        ("2026-01-16T21:00", 15.7, "mid_peak"),
        ("2026-07-16T16:00", 39.1, "on_peak"),  # no season in this plan
        ("2026-01-17T16:00", 9.8, "off_peak"),  # a Saturday
        ("2026-01-17T23:00", 3.9, "ultra_low"),
        ("2025-12-25T16:00", 9.8, "off_peak"),
    ],
)
def test_ultra_low_overnight(moment: str, cents: float, period: str) -> None:
    assert price_at(ULTRA_LOW, at(moment)) == (round(cents * 10_000), period)


# --- holidays ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "holiday",
    [
        "2025-12-25",  # Christmas Day, a Thursday
        "2025-12-26",  # Boxing Day, a Friday
        "2026-01-01",  # New Year's Day
        "2026-02-16",  # Family Day
        "2026-04-03",  # Good Friday
        "2026-05-18",  # Victoria Day
        "2026-07-01",  # Canada Day, a Wednesday
        "2026-08-03",  # Civic Holiday
        "2026-09-07",  # Labour Day
        "2026-10-12",  # Thanksgiving
        "2021-12-27",  # Christmas Day was a Saturday and
        "2021-12-28",  # Boxing Day a Sunday: both move
        "2022-01-03",  # New Year's Day was a Saturday
        "2022-12-26",  # Boxing Day, a Monday, stays;
        "2022-12-27",  # Christmas Day, a Sunday, moves past it
        "2023-07-03",  # Canada Day was a Saturday
    ],
)
def test_a_holiday_is_off_peak_all_day_and_moves_off_a_weekend(holiday: str) -> None:
    assert period_hours(TIME_OF_USE, holiday) == {"off_peak": 24}


@pytest.mark.parametrize(
    "workday",
    [
        "2026-04-06",  # Easter Monday
        "2025-11-11",  # Remembrance Day
        "2026-09-30",  # National Day for Truth and Reconciliation
        "2025-12-24",
        "2025-12-29",  # Boxing Day was no weekend day: nothing moves
        "2023-07-04",
        "2022-12-28",
    ],
)
def test_days_the_price_plan_does_not_name_are_workdays(workday: str) -> None:
    assert period_hours(TIME_OF_USE, workday) == {"off_peak": 12, "mid_peak": 6, "on_peak": 6}


def test_a_holiday_past_the_last_version_is_a_gap_not_a_guess() -> None:
    with pytest.raises(ConfigError):  # Boxing Day 2026, moved to a Monday
        price_at(TIME_OF_USE, at("2026-12-28T12:00"))


# --- clocks change ----------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "quarters"), [("2025-11-02", 100), ("2026-03-08", 92)])
def test_a_day_the_clock_changes_has_a_price_for_every_quarter_hour(
    day: str, quarters: int
) -> None:
    end = at(str(date.fromisoformat(day) + timedelta(days=1)))
    for plan in (TIME_OF_USE, ULTRA_LOW):
        priced = prices_at(plan, range(at(day), end, 900))
        assert len(priced) == quarters
    assert Counter(period for _, period in priced)["ultra_low"] == quarters - 64


def test_29_february_is_a_day_like_others() -> None:
    assert period_hours(TIME_OF_USE, "2024-02-29") == {
        "off_peak": 12,
        "mid_peak": 6,
        "on_peak": 6,
    }


def test_the_day_of_25_hours_has_one_more_ultra_low_hour() -> None:
    assert period_hours(TIME_OF_USE, "2025-11-02") == {"off_peak": 25}
    assert period_hours(ULTRA_LOW, "2025-11-02") == {"ultra_low": 9, "off_peak": 16}


def test_the_day_of_23_hours_has_one_less() -> None:
    assert period_hours(TIME_OF_USE, "2026-03-08") == {"off_peak": 23}
    assert period_hours(ULTRA_LOW, "2026-03-08") == {"ultra_low": 7, "off_peak": 16}


def test_a_year_has_every_hour_once() -> None:
    starts = range(at("2025-11-01"), at("2026-11-01"), 3600)
    for plan in (TIME_OF_USE, ULTRA_LOW):
        assert len(prices_at(plan, starts)) == 8_760
    hours = Counter(period for _, period in prices_at(ULTRA_LOW, starts))
    assert hours["ultra_low"] == 8 * 365
    assert hours["on_peak"] == 5 * 250  # 260 weekdays less ten holidays


# --- always -----------------------------------------------------------------------------------


@law
@given(st.integers(at("2023-05-01"), at("2026-11-01") - 1))
def test_every_second_has_the_price_of_its_period(second: int) -> None:
    for plan in (TIME_OF_USE, ULTRA_LOW):
        price, period = price_at(plan, second)
        day = datetime.fromtimestamp(second, TORONTO).date()
        version = next(v for v in plan.versions if v.valid_from <= day < v.valid_to)
        assert price == version.prices[period]
        assert price_at(plan, second - second % 3600) == (price, period)  # prices turn on the hour
