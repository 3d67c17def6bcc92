"""Forecast and study by command: refusals by name, tables for people, JSON for programs."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sourceenergy.cli.main import main
from sourceenergy.forecast.score import local_day_starts
from sourceenergy.forecast.sun import Place, clear_sky_w_per_m2
from sourceenergy.units import iso_utc

ZONE = "America/Toronto"
START, DAYS = date(2026, 5, 1), 62
DAY = START + timedelta(days=DAYS)

COMMUNITY = """
[community]
name = "Roof and Flat"
mode = "simulation"
interval_minutes = 60
fee_cents_per_kwh = "0.5"
feed_in_cents_per_kwh = "4"

[[member]]
id = "roof"
tariff = "ontario_time_of_use"

[[member]]
id = "flat"
tariff = "ontario_ultra_low_overnight"

[[meter]]
id = "roof"
member = "roof"
files = ["roof.csv"]

[[meter]]
id = "flat"
member = "flat"
files = ["flat.csv"]
"""


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a roof and one without, two months by the hour."""
    folder = tmp_path_factory.mktemp("street")
    starts = np.concatenate(
        [local_day_starts(START + timedelta(days=d), 3600, ZONE) for d in range(DAYS)]
    )
    rng = np.random.default_rng(7)
    sun = clear_sky_w_per_m2(starts, 3600, Place()) * np.repeat(rng.uniform(0.4, 1, DAYS), 24)
    used = 600 + 400 * rng.random(len(starts))
    net = np.rint(used - 4 * sun).astype(int)
    for name, energy in (("roof", net), ("flat", np.rint(used).astype(int))):
        lines = ["start,imported_wh,exported_wh"]
        lines += [
            f"{iso_utc(int(s))},{max(e, 0)},{max(-e, 0)}"
            for s, e in zip(starts, energy.tolist(), strict=True)
        ]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (folder / "community.toml").write_text(COMMUNITY)
    return folder


def _run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_a_day_that_is_no_date_is_refused_by_name(street: Path) -> None:
    told = _run("forecast", street / "community.toml", "--for", "tomorrow", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["rule"] == "option.date"


def test_a_day_after_a_gap_of_months_is_refused(street: Path) -> None:
    told = _run("forecast", street / "community.toml", "--for", "2026-09-20", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["rule"] == "completeness.empty"


def test_the_forecast_has_a_band_a_score_and_good_times(street: Path) -> None:
    told = _run("forecast", street / "community.toml", "--for", DAY, "--score", 10, "--json")
    assert told.exit_code == 0, told.output
    body = json.loads(told.stdout)
    assert body["estimated"] is True
    roof = next(m for m in body["meters"] if m["meter"] == "roof")
    flat = next(m for m in body["meters"] if m["meter"] == "flat")
    assert "export" not in flat
    for forecast in (roof["import"], roof["export"], flat["import"]):
        assert forecast["day_low_wh"] <= forecast["day_likely_wh"] <= forecast["day_high_wh"]
        assert len(forecast["likely_wh"]) == 24
    assert roof["export_score"]["days"] == 10
    assert roof["export_score"]["inside_band"] >= 6
    noon = {plan: told[12] for plan, told in body["good_times"].items()}
    assert noon["ontario_time_of_use"]["source"] == "neighbours"


def test_people_read_a_table_that_says_it_is_estimated(street: Path) -> None:
    told = _run("forecast", street / "community.toml", "--for", DAY)
    assert told.exit_code == 0, told.output
    assert "Estimated for" in told.output
    assert "good times to use, ontario_time_of_use" in told.output


def test_a_study_of_an_unknown_plan_is_refused(street: Path) -> None:
    words = ("--from", START, "--to", "2026-06-01", "--plan", "free", "--json")
    told = _run("study", street / "community.toml", *words)
    assert told.exit_code == 1
    assert json.loads(told.stdout)["field"] == "--plan"


def test_a_carbon_figure_without_its_source_is_refused(street: Path) -> None:
    words = ("--from", START, "--to", "2026-06-01", "--carbon-g-per-kwh", "100", "--json")
    told = _run("study", street / "community.toml", *words)
    assert told.exit_code == 1
    assert json.loads(told.stdout)["rule"] == "carbon.factor"


def test_X07_a_study_names_who_would_lose_and_writes_its_pages(street: Path) -> None:
    words = ("--from", START, "--to", "2026-06-01", "--plan", "ontario_time_of_use", "--json")
    told = _run("study", street / "community.toml", *words)
    assert told.exit_code == 0, told.output
    body = json.loads(told.stdout)
    assert body["simulated"] is True
    for row in body["scenarios"]:
        losers = [m["id"] for m in row["members"] if m["saving_nd"] < 0]
        assert row["losers"] == losers
        assert row["members_worse"] == len(losers)
    files = {path.name for path in (street / "study" / START.isoformat()).iterdir()}
    pages = {"page-1.png", "page-2.png", "page-3.png"}
    assert files == {"study.csv", "study.json", "study.pdf"} | pages
