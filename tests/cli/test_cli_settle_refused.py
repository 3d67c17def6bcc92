"""Bad input to ``settle``: refused by name with the remedy, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_batch import (
    COMMUNITY,
    FILES,
    FIRST_S,
    HEADING,
    SPAN,
    Ran,
    csv,
    green_button,
    registers,
    run,
    utc,
    write,
)

BEN, CLEO = FILES["meters/ben.csv"], FILES["meters/cleo.xml"]
TARIFF = """
[[plan]]
name = "short"
title = "ends too early"
time_zone = "America/Toronto"
source = "made up"
[[plan.rule]]
period = "always"
[[plan.version]]
from = 2025-01-01
to = 2026-01-06
cents_per_kwh = { always = "12" }
"""


def settle(folder: Path, *span: str, **changed: str) -> Ran:
    """A dry run; if it is refused, nothing was written and no chain was started."""
    path = write(folder, **changed)
    ran = run("settle", path, *(span or SPAN), "--data", folder / "data", "--dry-run")
    assert "Traceback" not in ran.notes
    if ran.status:
        assert sorted(p.name for p in folder.iterdir() if p.name != "data") == [
            "community.toml",
            "meters",
        ]
        assert not (folder / "data/chain/state.json").exists()
    return ran


def replaced(text: str, row: int, *rows: str) -> str:
    """A CSV file with one row replaced; row 0 is the heading."""
    lines = text.splitlines()
    return "\n".join([*lines[:row], *rows, *lines[row + 1 :]]) + "\n"


# --- meter files ------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0.999, 0.5, 0.01])
def test_a_cut_xml(tmp_path: Path, keep: float) -> None:
    ran = settle(tmp_path, cleo=CLEO[: int(len(CLEO) * keep)])
    assert ran.refused() == ("xml.malformed", "line")


def test_a_hostile_xml(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE feed [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    bombed = CLEO.replace("<feed", bomb + "<feed", 1).replace("<value>500", "<value>&b;500", 1)
    assert settle(tmp_path, cleo=bombed).refused()[0] == "xml.entities"
    outside = '<!DOCTYPE feed [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    outsider = CLEO.replace("<feed", outside + "<feed", 1)
    assert settle(tmp_path, cleo=outsider).refused()[0] == "xml.entities"


@pytest.mark.parametrize(
    ("files", "rule"),
    [
        ({"cleo": green_button(lambda h: 5, uom=38)}, "espi.uom"),  # watts
        ({"cleo": green_button(lambda h: 5, uom=169)}, "espi.uom"),  # therms
        ({"ben": BEN.replace("imported_wh", "imported_kw")}, "csv.unit"),
        ({"ben": BEN.replace("imported_wh", "power")}, "csv.column"),
        ({"ben": csv(lambda h: 10**11)}, "energy.range"),
        ({"ben": csv(lambda h: -5)}, "energy.sign"),
        ({"ben": "not a meter file"}, "file.format"),
        ({"ben": ""}, "file.format"),
        ({"ben": HEADING + "\n"}, "file.empty"),
        ({"ben": registers([100, 200, 150, 300])}, "register.backwards"),
        ({"ben": registers([100, 200, 0, 10])}, "register.backwards"),
    ],
)
def test_a_meter_file_that_cannot_be_settled(
    tmp_path: Path, files: dict[str, str], rule: str
) -> None:
    ran = settle(tmp_path, **files)
    assert ran.refused()[0] == rule
    assert next(iter(files)) in ran.told["message"]  # which file


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ((f"{utc(FIRST_S)},300,0", f"{utc(FIRST_S)},301,0"), "interval.duplicate"),
        ((f"{utc(FIRST_S)},300,0", f"{utc(FIRST_S + 1800)},9,0"), "interval.overlap"),
        ((f"{utc(FIRST_S)},many,0",), "csv.number"),
        ((f"{utc(FIRST_S)},1,000,0",), "csv.row"),
        (("yesterday,300,0",), "csv.time"),
    ],
)
def test_a_row_that_contradicts_or_says_nothing(
    tmp_path: Path, rows: tuple[str, ...], rule: str
) -> None:
    assert settle(tmp_path, ben=replaced(BEN, 1, *rows)).refused()[0] == rule


def test_overlapping_intervals(tmp_path: Path) -> None:
    text = f"start,seconds,imported_wh\n{utc(FIRST_S)},3600,5\n{utc(FIRST_S + 1800)},1800,5\n"
    assert settle(tmp_path, ben=text).refused()[0] == "interval.overlap"


def test_two_files_of_a_meter_that_contradict_each_other(tmp_path: Path) -> None:
    both = COMMUNITY.replace('["meters/ben.csv"]', '["meters/ben.csv", "meters/ann.csv"]')
    assert settle(tmp_path, community=both).refused()[0] == "interval.duplicate"


@pytest.mark.parametrize("start", ["2026-03-08T02:30", "2026-03-08 02:00"])
def test_a_local_time_that_clocks_skip(tmp_path: Path, start: str) -> None:
    text = f"{HEADING}\n2026-03-08T01:00,5,0\n{start},5,0\n"
    span = ("--from", "2026-03-08", "--to", "2026-03-09")
    assert settle(tmp_path, *span, ben=text).refused()[0] == "time.nonexistent"


# --- the community's file ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('id = "meter-ben"', 'id = "meter-ann"', "id.twice"),
        ('id = "ben"', 'id = "ann"', "id.twice"),
        ('member = "cleo"', 'member = "zoe"', "member.unknown"),
        ("ontario_ultra_low_overnight", "solar_dreams", "tariff.unknown"),
        ('files = ["meters/ben.csv"]', "", "meter.files"),
        ("meters/ben.csv", "meters/zoe.csv", "file.readable"),
        ("interval_minutes = 60", "interval_minutes = 15", "interval.resolution"),
        ("interval_minutes = 60", "interval_minutes = 7", "config.literal_error"),
        ('mode = "credit_allocation"', 'mode = "casino"', "config.enum"),
        ('fee_cents_per_kwh = "0.5"', 'fee_cents_per_kwh = "-1"', "config.greater_than_equal"),
        ("[community]", "[community", "toml.syntax"),
        ("[community]", "[community]\ncolour = 1", "config.extra_forbidden"),
    ],
)
def test_a_community_file_that_contradicts_itself(
    tmp_path: Path, old: str, new: str, rule: str
) -> None:
    assert settle(tmp_path, community=COMMUNITY.replace(old, new, 1)).refused()[0] == rule


def test_a_tariff_gap_is_found_before_any_meter_is_read(tmp_path: Path) -> None:
    text = COMMUNITY.replace("[community]", '[community]\ntariff_file = "meters/short.toml"')
    for plan in ("time_of_use", "ultra_low_overnight"):
        text = text.replace(f"ontario_{plan}", "short")
    (tmp_path / "meters").mkdir()
    (tmp_path / "meters/short.toml").write_text(TARIFF)
    ran = settle(tmp_path, community=text, ann="unreadable")
    assert ran.refused() == ("tariff.gap", "tariff.short.version")
    assert "no version for 2026-01-06" in ran.told["message"]


@pytest.mark.parametrize(
    "span", [("--from", "2026-11-01", "--to", "2026-11-02"), ("--from", "0001-01-01", *SPAN[2:])]
)
def test_a_span_outside_the_shipped_tariffs(tmp_path: Path, span: tuple[str, ...]) -> None:
    assert settle(tmp_path, *span).refused()[0] == "tariff.gap"


@pytest.mark.parametrize(
    ("span", "rule"),
    [
        (("--from", "2026-01-05", "--to", "2026-01-05"), "option.span"),
        (("--from", "2026-01-06", "--to", "2026-01-05"), "option.span"),
        (("--from", "soon", "--to", "2026-01-05"), "option.date"),
        (("--from", "2026-01-05", "--to", "2026-13-01"), "option.date"),
        (("--from", "2026-01-05T00:30", "--to", "2026-01-06"), "interval.alignment"),
        (("--from", "2026-02-05", "--to", "2026-02-06"), "completeness.empty"),
    ],
)
def test_a_span_that_holds_nothing(tmp_path: Path, span: tuple[str, ...], rule: str) -> None:
    assert settle(tmp_path, *span).refused()[0] == rule


def test_estimates_where_the_community_refuses_them(tmp_path: Path) -> None:
    text = f"{HEADING},quality\n" + "".join(
        f"{utc(FIRST_S + 3600 * h)},300,0,{'estimated' if h == 5 else 'measured'}\n"
        for h in range(48)
    )
    ran = settle(tmp_path, ben=text)
    assert ran.refused() == ("completeness.estimated", "community.estimates")
    assert ran.told["message"] == "meter meter-ben has 1 estimated intervals"


def test_a_community_file_that_is_not_there(tmp_path: Path) -> None:
    ran = run("settle", tmp_path / "none.toml", *SPAN, "--data", tmp_path / "data", "--dry-run")
    assert ran.refused()[0] == "file.readable"
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    ran = run("settle", tmp_path / "latin.toml", *SPAN, "--data", tmp_path / "data", "--dry-run")
    assert ran.refused()[0] == "file.readable"
