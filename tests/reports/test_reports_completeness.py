"""The completeness report: which meter lacks what, and when, in local time."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from sourceenergy.metering.intervals import Completeness, MeterFile, completeness
from sourceenergy.records import MeterInterval, Quality
from sourceenergy.reports.completeness import completeness_csv, completeness_text
from sourceenergy.units import Wh

START = int(datetime.fromisoformat("2026-11-01T00:00:00-04:00").timestamp())
END = START + 25 * 3600  # the day that repeats an hour
ZONE = "America/Toronto"


def meter(name: str, lacks: set[int]) -> MeterFile:
    kept = [
        MeterInterval(
            name,
            START + h * 3600,
            3600,
            Wh(1),
            Wh(0),
            Quality.ESTIMATED if h == 9 else Quality.MEASURED,
        )
        for h in range(25)
        if h not in lacks
    ]
    return MeterFile(name, 3600, tuple(kept))


def report(*files: MeterFile) -> tuple[Completeness, ...]:
    return completeness(files, START, END, 3600)


def test_missing_spans_are_named_with_meter_and_local_time() -> None:
    found = report(meter("m-1", set()), meter("m-2", {1, 2, 5}))
    text = completeness_text(found, START, END, 3600, ZONE).decode()
    assert "INCOMPLETE: 1 of 2 meters lack values. A missing value is never settled." in text
    assert "Missing of meter m-2:" in text
    assert "2026-11-01 01:00-0400 to 2026-11-01 02:00-0500  (2 intervals)" in text
    assert "2026-11-01 04:00-0500 to 2026-11-01 05:00-0500  (1 interval)" in text
    assert "2 values are estimated" in text


def test_a_complete_community_is_said_to_be_complete() -> None:
    text = completeness_text(report(meter("m-1", set())), START, END, 3600, ZONE).decode()
    assert "Complete: all 1 meters have a value for every interval." in text
    assert "Missing of" not in text
    assert "No meters." in completeness_text((), START, END, 3600, ZONE).decode()


def test_long_lists_are_cut_in_the_text_and_whole_in_the_csv() -> None:
    found = report(meter("m-1", set(range(0, 25, 2))))
    text = completeness_text(found, START, END, 3600, ZONE).decode()
    assert "and 8 more spans (see the CSV file)" in text
    rows = list(csv.DictReader(io.StringIO(completeness_csv(found, 3600, ZONE).decode())))
    spans = [row for row in rows if row["item"] == "missing_span"]
    assert len(spans) == 13
    assert sum(int(row["intervals"]) for row in spans) == 13
    assert spans[0]["start_utc"] == "2026-11-01T04:00:00Z"
    numbers = {row["item"]: int(row["intervals"]) for row in rows[:5]}
    assert numbers["expected"] == 25
    assert numbers["measured"] + numbers["estimated"] + numbers["missing"] == 25
