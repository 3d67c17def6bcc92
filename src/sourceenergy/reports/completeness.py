"""The completeness of meters' data before a settlement, for people and as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sourceenergy.metering.intervals import Completeness
from sourceenergy.reports.words import cell, csv_bytes
from sourceenergy.units import iso_utc

SPANS_SHOWN = 5
"""Missing spans named per meter in the text; the CSV names all."""


def completeness_text(
    found: Sequence[Completeness], start_s: int, end_s: int, seconds: int, time_zone: str
) -> bytes:
    """The report for people: a verdict, a table of numbers by quality, missing spans (local)."""
    zone = ZoneInfo(time_zone)
    lacking = [c for c in found if c.missing]
    span = f"{_local(start_s, zone)} to {_local(end_s, zone)} ({time_zone})"
    lines = [f"Meter data, {span}, {seconds // 60}-minute intervals", ""]
    if not found:
        lines.append("No meters.")
    elif lacking:
        lines.append(
            f"INCOMPLETE: {len(lacking)} of {len(found)} meters lack values. "
            "A missing value is never settled."
        )
    else:
        lines.append(f"Complete: all {len(found)} meters have a value for every interval.")
    guessed = sum(c.estimated for c in found)
    if guessed:
        lines.append(f"{guessed:,} values are estimated; statements mark them.")
    width = max([5, *(len(c.meter) for c in found)])
    head = ("meter", "expected", "measured", "replaced", "estimated", "missing")
    lines += ["", f"{head[0]:<{width}}" + "".join(f"{word:>11}" for word in head[1:])]
    for c in found:
        numbers = (c.expected, c.measured, c.replaced, c.estimated, c.missing)
        lines.append(f"{c.meter:<{width}}" + "".join(f"{n:>11,}" for n in numbers))
    for c in lacking:
        lines += ["", f"Missing of meter {c.meter}:"]
        lines += [
            f"  {_local(a, zone)} to {_local(b, zone)}  "
            f"({(b - a) // seconds:,} interval{'' if b - a == seconds else 's'})"
            for a, b in c.missing_spans[:SPANS_SHOWN]
        ]
        more = len(c.missing_spans) - SPANS_SHOWN
        if more > 0:
            lines.append(f"  and {more:,} more span{'' if more == 1 else 's'} (see the CSV file)")
    return ("\n".join(lines) + "\n").encode()


def completeness_csv(found: Sequence[Completeness], seconds: int, time_zone: str) -> bytes:
    """The same as one tidy table: per meter one row a quality, then one row a missing span."""
    zone = ZoneInfo(time_zone)
    rows: list[tuple[str, str, str, str, str, str]] = []
    for c in found:
        rows += [
            (cell(c.meter), name, str(count), "", "", "")
            for name, count in (
                ("expected", c.expected),
                ("measured", c.measured),
                ("replaced", c.replaced),
                ("estimated", c.estimated),
                ("missing", c.missing),
            )
        ]
        rows += [
            (
                cell(c.meter),
                "missing_span",
                str((b - a) // seconds),
                iso_utc(a),
                iso_utc(b),
                f"{_local(a, zone)} to {_local(b, zone)}",
            )
            for a, b in c.missing_spans
        ]
    return csv_bytes(("meter", "item", "intervals", "start_utc", "end_utc", "local"), rows)


def _local(second: int, zone: ZoneInfo) -> str:
    """Local time with its offset, so that a repeated hour is told apart."""
    return datetime.fromtimestamp(second, zone).strftime("%Y-%m-%d %H:%M%z")
