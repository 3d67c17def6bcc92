"""The form of the IESO's CSV reports: lines of preamble, then a header, then rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sourceenergy.feeds.reports import est_s, refusal, text_of

_CREATED = re.compile(r"\\*created at ([\d/-]{10} [\d:]{8})(?: for ([\d/]{10}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CsvReport:
    """When a report was made (UTC seconds), the day it is for if it says so, and its rows.

    A row is (place for errors, cells by column name in capitals).
    """

    created_s: int
    day: str | None
    rows: tuple[tuple[str, dict[str, str]], ...]


def read_csv_report(data: bytes, what: str, columns: Sequence[str]) -> CsvReport:
    """Read a report that has at least ``columns`` (in capitals, first one first).

    Raises ``InputError``: ``feed.format`` for another report, a cut line or no time of making.
    """
    lines = text_of(data, what).splitlines()
    created_s: int | None = None
    day = None
    for number, line in enumerate(lines):
        match = _CREATED.match(line.strip())
        if match:
            created_s, day = est_s(match[1], f"{what} line {number + 1}"), match[2]
        header = [cell.strip().upper() for cell in _cells(line, f"{what} line {number + 1}")]
        if header[:1] == [columns[0]]:
            missing = [column for column in columns if column not in header]
            if missing or created_s is None:
                break
            return CsvReport(created_s, day, tuple(_rows(lines, number + 1, header, what)))
    raise refusal(
        "feed.format",
        f"this is no report with the columns {', '.join(columns)} and the time it was made",
        what,
        lines[0] if lines else "",
    )


def _rows(
    lines: Sequence[str], begin: int, header: Sequence[str], what: str
) -> Iterator[tuple[str, dict[str, str]]]:
    for number, line in enumerate(lines[begin:], start=begin + 1):
        if not line.strip():
            continue
        place = f"{what} line {number}"
        cells = _cells(line, place)
        while len(cells) > len(header) and not cells[-1].strip():
            cells.pop()
        if len(cells) != len(header):
            raise refusal("feed.format", f"a line has {len(header)} cells", place, line)
        yield place, dict(zip(header, cells, strict=True))


def _cells(line: str, place: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error as error:  # a cell longer than any real line
        raise refusal("feed.format", f"this is no line of a report: {error}", place, "") from error
