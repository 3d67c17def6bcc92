"""A batch reads a tariff file with a price series: what the bundle holds is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from sourceenergy.config.tariff_file import parse_tariffs
from sourceenergy.errors import ConfigError
from sourceenergy.node.batch import Loaded, load
from strategies_energy import NEW_YEAR

COMMUNITY = """
[community]
name = "Elm Street"
interval_minutes = 60
feed_in_cents_per_kwh = 4
tariff_file = "tariffs/spot.toml"
[[member]]
id = "tenant"
tariff = "spot"
[[meter]]
id = "meter-1"
member = "tenant"
files = ["meter-1.csv"]
"""
SPOT = """
[[plan]]
name = "spot"
title = "Hourly spot price"
time_zone = "America/Toronto"
source = "made up for a test"
prices_file = "hours.csv"
[[plan.version]]
from = 2026-01-01
to = 2027-01-01
cents_per_kwh = { adder = "1.5" }
"""
HOURS = "start,dollars_per_mwh\n2026-01-01T05:00:00Z,41.25\n2026-01-01T06:00:00Z,-5\n"


def loaded(folder: Path, hours: str | None) -> Loaded:
    (folder / "tariffs").mkdir()
    (folder / "community.toml").write_text(COMMUNITY)
    (folder / "tariffs/spot.toml").write_text(SPOT)
    (folder / "meter-1.csv").write_text(
        "start,imported_wh,exported_wh\n2026-01-01T05:00:00Z,100,0\n2026-01-01T06:00:00Z,100,0\n"
    )
    if hours is not None:
        (folder / "tariffs/hours.csv").write_text(hours)
    return load(folder / "community.toml", NEW_YEAR, NEW_YEAR + 7200, lambda _: None)


def test_a_series_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the price series cannot be read") as refusal:
        loaded(tmp_path, None)
    assert refusal.value.rule == "file.readable"


def test_an_hour_without_a_price_is_refused_before_anything_is_settled(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        loaded(tmp_path, HOURS.rpartition("2026-01-01T06")[0])
    assert (refusal.value.rule, refusal.value.value) == ("tariff.gap", "2026-01-01T06:00:00Z")


def test_the_tariff_text_of_a_bundle_holds_the_series(tmp_path: Path) -> None:
    batch = loaded(tmp_path, HOURS)
    assert parse_tariffs(batch.tariffs_text, "tariffs.toml") == dict(batch.plans)
    assert batch.plans["spot"].series == {NEW_YEAR: 41_250, NEW_YEAR + 3600: -5_000}
