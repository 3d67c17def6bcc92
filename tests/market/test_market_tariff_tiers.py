"""Tiers and hourly prices: Ontario's thresholds, the interval that crosses one, and refusals."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.config.tariff_file import inline_series, parse_tariffs, shipped_tariffs
from sourceenergy.errors import ConfigError, InputError
from sourceenergy.market.retail import retail_matrix
from sourceenergy.market.tariffs import (
    price_at,
    priced_energy,
    retail_prices,
    used_in_month,
)
from sourceenergy.units import value_nd
from strategies_energy import ints, law, shared

TORONTO = ZoneInfo("America/Toronto")
PLANS = parse_tariffs(shipped_tariffs(), "shipped")
TIERED = PLANS["ontario_tiered"]
SPOT = parse_tariffs(
    inline_series(
        """
        [[plan]]
        name = "spot"
        title = "Hourly spot price"
        time_zone = "America/Toronto"
        source = "made up for a test"
        prices_file = "hours.csv"
        [[plan.version]]
        from = 2026-01-01
        to = 2026-07-01
        cents_per_kwh = { adder = "1.5" }
        [[plan.version]]
        from = 2026-07-01
        to = 2027-01-01
        cents_per_kwh = { adder = "1.6", fallback = "9" }
        """,
        lambda _: (
            "start,dollars_per_mwh\n2026-01-15T17:00:00Z,41.25\n2026-01-15T18:00:00Z,-5\n"
            "2026-07-15T17:00:00Z,30\n"
        ),
    ),
    "spot.toml",
)["spot"]


def at(text: str) -> int:
    """Unix seconds of a local time in Toronto."""
    return int(datetime.fromisoformat(text).replace(tzinfo=TORONTO).timestamp())


# --- refusals ---------------------------------------------------------------------------------


def test_a_plan_with_tiers_is_not_priced_without_the_month_s_use() -> None:
    with pytest.raises(ConfigError) as refusal:
        price_at(TIERED, at("2026-01-15T12:00"))
    assert refusal.value.rule == "tariff.tiered"


def test_more_shared_than_imported_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        priced_energy(TIERED, [at("2026-01-15T12:00")], [100], [101])
    assert (refusal.value.rule, refusal.value.field) == ("energy.shared", "shared_wh[0]")


def test_an_hour_the_series_lacks_is_refused_unless_there_is_a_fallback() -> None:
    with pytest.raises(ConfigError) as refusal:
        price_at(SPOT, at("2026-01-15T14:00"))
    assert (refusal.value.rule, refusal.value.value) == ("tariff.gap", "2026-01-15T19:00:00Z")
    assert price_at(SPOT, at("2026-07-15T15:00")) == (90_000, "fallback")


# --- by hand ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "used_kwh", "cents", "tier"),
    [
        ("2026-01-15T12:00", 0, 12.0, "tier_1"),
        ("2026-01-15T12:00", 999, 12.0, "tier_1"),
        ("2026-01-15T12:00", 1_000, 14.2, "tier_2"),
        ("2026-04-30T23:45", 999, 12.0, "tier_1"),  # the last quarter-hour of winter
        ("2026-05-01T00:00", 600, 14.2, "tier_2"),
        ("2026-05-01T00:00", 599, 12.0, "tier_1"),
        ("2025-10-31T23:45", 999, 11.0, "tier_2"),
        ("2025-11-01T00:00", 999, 12.0, "tier_1"),
        ("2024-02-29T12:00", 1_000, 12.5, "tier_2"),
        ("2022-02-01T12:00", 1_000, 8.2, "tier_2"),  # the province's relief of 21 days
    ],
)
def test_tiers_by_season(moment: str, used_kwh: int, cents: float, tier: str) -> None:
    assert price_at(TIERED, at(moment), used_kwh * 1000) == (round(cents * 10_000), tier)


def test_a_small_business_has_750_kwh_all_year() -> None:
    plan = PLANS["ontario_tiered_business"]
    for moment in ("2026-01-15T12:00", "2026-07-15T12:00"):
        assert price_at(plan, at(moment), 749_999)[1] == "tier_1"
        assert price_at(plan, at(moment), 750_000)[1] == "tier_2"


def test_the_interval_that_crosses_a_threshold_is_split_to_the_watt_hour() -> None:
    start = at("2026-07-15T12:00")
    parts = priced_energy(TIERED, [start, start + 3600], [1_500, 700], used_before_wh=599_000)
    assert [(p.index, p.period, p.energy_wh) for p in parts] == [
        (0, "tier_1", 1_000),
        (0, "tier_2", 500),
        (1, "tier_2", 700),
    ]
    # What a shared kWh is compared with: the tier in which the interval begins.
    assert retail_prices(TIERED, [start, start + 3600], [1_500, 700], 599_000) == [120_000, 142_000]


def test_what_is_shared_takes_the_dearest_energy_off_the_bill() -> None:
    start = at("2026-07-15T12:00")
    parts = priced_energy(TIERED, [start], [1_500], [700], used_before_wh=599_000)
    assert [(p.period, p.energy_wh) for p in parts] == [("tier_1", 800)]
    assert priced_energy(TIERED, [start], [1_500], [1_500], 599_000) == []


def test_a_month_begins_at_local_midnight() -> None:
    starts = [at("2026-01-31T23:45"), at("2026-02-01T00:00"), at("2026-02-01T00:15")]
    assert used_in_month(TIERED, starts, [5, 7, 9], used_before_wh=100) == [100, 0, 7]
    assert starts[1] - starts[0] == 900


@pytest.mark.parametrize(("day", "quarters"), [("2025-11-02", 100), ("2026-03-08", 92)])
def test_a_day_the_clock_changes_counts_every_quarter_hour_once(day: str, quarters: int) -> None:
    starts = [at(day) + 900 * i for i in range(quarters)]
    assert datetime.fromtimestamp(starts[-1] + 900, TORONTO).hour == 0
    assert used_in_month(TIERED, starts, [10] * quarters)[-1] == 10 * (quarters - 1)


def test_a_spot_price_has_its_adder_and_may_be_negative() -> None:
    assert price_at(SPOT, at("2026-01-15T12:00")) == (56_250, "spot")  # 4.125 + 1.5 cents
    assert price_at(SPOT, at("2026-01-15T12:45")) == (56_250, "spot")
    assert price_at(SPOT, at("2026-01-15T13:00")) == (10_000, "spot")
    assert price_at(SPOT, at("2026-07-15T13:00")) == (46_000, "spot")


# --- against the recorded rates -----------------------------------------------------------------


def moments_of(row: dict[str, str]) -> list[tuple[str, str, str, int | None]]:
    """(column, plan, local time, use) by which a row of the recorded rates is checked."""
    day = row["effective"]
    year = int(day[:4])
    summer = day[5:7] == "05"
    # A Wednesday after the date: 11:00-17:00 is mid-peak in winter and on-peak in summer.
    weekday = f"{year}-05-10" if summer else f"{year}-11-08"
    weekday = next(
        f"{weekday[:8]}{d:02d}"
        for d in range(3, 16)
        if datetime.fromisoformat(f"{weekday[:8]}{d:02d}").weekday() == 2
    )
    noon, morning = ("tou_on", "tou_mid") if summer else ("tou_mid", "tou_on")
    use, ulo = "ontario_time_of_use", "ontario_ultra_low_overnight"
    saturday = f"{weekday[:8]}{int(weekday[8:]) + 3:02d}"
    return [
        ("tou_off", use, f"{weekday}T22:00", None),
        (noon, use, f"{weekday}T12:00", None),
        (morning, use, f"{weekday}T08:00", None),
        ("tier1", "ontario_tiered", f"{weekday}T12:00", 0),
        ("tier2", "ontario_tiered", f"{weekday}T12:00", 1_000_000),
        ("ulo_overnight", ulo, f"{weekday}T23:00", None),
        ("ulo_weekend_off", ulo, f"{saturday}T12:00", None),
        ("ulo_mid", ulo, f"{weekday}T12:00", None),
        ("ulo_on", ulo, f"{weekday}T18:00", None),
    ]


def test_every_recorded_rate_of_the_energy_board_is_shipped() -> None:
    path = shared("data", "grid", "oeb_rpp_rates_cents_per_kwh.csv")
    checked = 0
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
        for column, plan, moment, used in moments_of(row):
            if row[column]:
                price, _ = price_at(PLANS[plan], at(moment), used)
                assert price == round(float(row[column]) * 10_000), (column, moment)
                checked += 1
    assert checked > 35


def test_ontario_s_vector_is_met() -> None:
    vector = json.loads(shared("vectors", "ontario_rpp_tariffs.json").read_text(encoding="utf-8"))
    for year in (2023, 2024, 2025):
        tiers = vector[f"tiered_{year}_11_01"]
        for tier, used in (("tier1", 0), ("tier2", 1_000_000)):
            price, _ = price_at(TIERED, at(f"{year}-11-08T12:00"), used)
            assert price == round(tiers[tier] * 10_000)
    bounds = vector["tiered_2025_11_01"]["residential_threshold_kwh_month"]
    for moment, season in (("2026-01-15T12:00", "winter"), ("2026-07-15T12:00", "summer")):
        assert price_at(TIERED, at(moment), bounds[season] * 1000 - 1)[1] == "tier_1"
        assert price_at(TIERED, at(moment), bounds[season] * 1000)[1] == "tier_2"
    assert PLANS["ontario_tiered_business"].tiers[0].up_to_wh == 750 * 1000
    times = (("off_peak", "22:00"), ("mid_peak", "12:00"), ("on_peak", "08:00"))
    for name, year in (("tou_2023_11_01", 2023), ("tou_2024_11_01", 2024)):
        for period, hour in times:
            price, _ = price_at(PLANS["ontario_time_of_use"], at(f"{year}-11-08T{hour}"))
            assert price == round(vector[name][period] * 10_000)
    ulo = vector["ulo_2024_11_01"]
    for period, moment in (
        ("ultra_low", "2024-11-06T23:00"),
        ("weekend_off_peak", "2024-11-09T12:00"),
        ("mid_peak", "2024-11-06T12:00"),
        ("on_peak", "2024-11-06T18:00"),
    ):
        price, _ = price_at(PLANS["ontario_ultra_low_overnight"], at(moment))
        assert price == round(ulo[period] * 10_000)


# --- always -----------------------------------------------------------------------------------

imports = st.lists(st.integers(0, 400_000), min_size=1, max_size=12)


@law
@given(imports, st.integers(0, 1_500_000), st.data())
def test_every_imported_watt_hour_is_billed_once_and_sharing_saves_what_it_is_compared_with(
    imported: list[int], before: int, data: st.DataObject
) -> None:
    start = at("2026-07-31T18:00")  # crosses into August
    starts = [start + 3600 * i for i in range(len(imported))]
    off = [data.draw(st.integers(0, energy)) for energy in imported]

    def cost(shared_wh: list[int] | None) -> int:
        parts = priced_energy(TIERED, starts, imported, shared_wh, before)
        return sum(value_nd(part.energy_wh, part.price) for part in parts)

    whole = priced_energy(TIERED, starts, imported, None, before)
    for t, energy in enumerate(imported):
        assert sum(part.energy_wh for part in whole if part.index == t) == energy
    retail = retail_prices(TIERED, starts, imported, before)
    saved = sum(value_nd(o, price) for o, price in zip(off, retail, strict=True))
    assert cost(None) - cost(off) >= saved


@law
@given(
    st.lists(st.lists(st.integers(0, 300_000), min_size=4, max_size=4), min_size=1, max_size=12),
    st.lists(st.integers(0, 1_200_000), min_size=4, max_size=4),
    st.sampled_from(["2026-07-31T18:00", "2025-10-31T20:00", "2026-03-08T00:00"]),
)
def test_many_members_have_the_prices_of_each(
    rows: list[list[int]], before: list[int], first: str
) -> None:
    starts = [at(first) + 3600 * i for i in range(len(rows))]
    names = ["ontario_tiered", "ontario_time_of_use", "ontario_tiered_business", "ontario_tiered"]
    matrix = retail_matrix(PLANS, names, starts, ints(rows), ints([before])[0])
    for i, name in enumerate(names):
        column = [row[i] for row in rows]
        assert matrix[:, i].tolist() == retail_prices(PLANS[name], starts, column, before[i])
