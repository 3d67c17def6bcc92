"""The project's own CSV meter file: one header line, one row per interval or register reading.

======================================== ======================================================
column                                   meaning
======================================== ======================================================
``start``                                ISO 8601 with an offset or Z; local only with a time zone
``seconds``                              interval length [s]; may be left out
``imported_wh``, ``exported_wh``         energy of the interval, whole or decimal [Wh]
``imported_kwh``, ``exported_kwh``       the same [kWh]
``import_register_wh``, ``export_...``   cumulative registers at ``start`` [Wh]; n + 1 rows make
                                         n intervals
``quality``                              measured, replaced, estimated or missing; may be left out
======================================== ======================================================

An empty energy cell is a missing value, never zero.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import datetime

from sourceenergy.errors import MeterDataError
from sourceenergy.metering.intervals import PWH_PER_WH, Count, MeterFile, assembled
from sourceenergy.metering.local_time import WallClock, unix_seconds
from sourceenergy.metering.registers import Reading, register_counts, usual_step
from sourceenergy.records import Quality
from sourceenergy.units import iso_utc

_PWH_PER_KWH = 1000 * PWH_PER_WH
_USAGE = {
    "imported_wh": PWH_PER_WH,
    "exported_wh": PWH_PER_WH,
    "imported_kwh": _PWH_PER_KWH,
    "exported_kwh": _PWH_PER_KWH,
}
_REGISTERS = {"import_register_wh": PWH_PER_WH, "export_register_wh": PWH_PER_WH}
_COLUMNS = ("start", "seconds", *_USAGE, *_REGISTERS, "quality")
_OTHER_UNIT = re.compile(r"(^|_)(m?w|kw|va|kva|mwh|gwh|j|kj|mj|m3|therms?|btu)$")
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)
_NUMBER = re.compile(r"([+-]?)(\d{1,15})(?:\.(\d{1,12}))?", re.ASCII)
_QUALITIES = {quality.name.lower(): quality for quality in Quality}


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    start_s: int
    seconds: int | None
    pwh: dict[str, int | None]  # by column
    quality: Quality


def read_csv(
    data: bytes | str, meter: str, *, time_zone: str | None = None, seconds: int | None = None
) -> MeterFile:
    """Read a CSV meter file of ``meter``.

    ``time_zone`` (IANA name) gives times without an offset their meaning; ``seconds`` is the
    interval length where the file does not say it, otherwise the commonest step between rows is.
    Refused: ``csv.*`` for the form of the file, ``time.*`` for its times, and what ``assembled``
    and ``register_counts`` refuse.
    """
    header, rows = _rows(_text(data), time_zone)
    columns = [name for name in header if name in _USAGE or name in _REGISTERS]
    warnings: list[str] = []
    flagged = [
        row
        for row in rows
        if row.quality is Quality.MISSING and any(v is not None for v in row.pwh.values())
    ]
    if flagged:
        warnings.append(
            f"meter {meter}: {len(flagged)} row(s) called missing have values, which are not "
            f"used, the first at {iso_utc(flagged[0].start_s)}"
        )
    if any(name in _REGISTERS for name in columns):
        stated = {row.seconds for row in rows if row.seconds is not None}
        if len(stated) > 1:
            raise _refused(rows[0].line, "csv.registers", "seconds", stated, "use one length")
        step = seconds or next(iter(stated), None)
        sides = {
            name: register_counts(
                meter,
                name,
                [Reading(row.start_s, row.pwh[name], row.quality) for row in rows],
                warnings,
                step,
            )
            for name in columns
        }
    else:
        step = seconds or usual_step(row.start_s for row in rows)
        sides = {name: [_count(row, name, step) for row in rows] for name in columns}
    return assembled(
        meter,
        next((side for name, side in sides.items() if name.startswith("import")), None),
        next((side for name, side in sides.items() if name.startswith("export")), None),
        warnings,
    )


def write_csv(file: MeterFile) -> str:
    """The canonical CSV of a meter's intervals: reading it gives the same intervals back."""
    lines = ["start,seconds,imported_wh,exported_wh,quality"]
    for i in file.intervals:
        known = i.quality is not Quality.MISSING
        energy = f"{i.imported_wh},{i.exported_wh}" if known else ","
        lines.append(f"{iso_utc(i.start_s)},{i.seconds},{energy},{i.quality.name.lower()}")
    return "\n".join(lines) + "\n"


def _text(data: bytes | str) -> str:
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MeterDataError(
            "the CSV file is not UTF-8 text",
            rule="csv.encoding",
            field="byte",
            value=error.start,
            remedy="save it as CSV UTF-8",
        ) from error


def _rows(text: str, time_zone: str | None) -> tuple[list[str], list[_Row]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    clock = WallClock(time_zone) if time_zone else None
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(header)
        rows = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise _refused(
                    reader.line_num,
                    "csv.row",
                    "cells",
                    f"{len(cells)} instead of {len(header)}",
                    "give every row one cell per column; the file may be cut off here",
                )
            named = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            rows.append(_row(reader.line_num, named, clock))
    except csv.Error as error:
        raise _refused(
            reader.line_num, "csv.malformed", "line", error, "save the file as plain CSV again"
        ) from error
    return header, rows


def _check_header(header: list[str]) -> None:
    for name in header:
        if name in _COLUMNS:
            continue
        unit = _OTHER_UNIT.search(name)
        raise _refused(
            1,
            "csv.unit" if unit else "csv.column",
            "column",
            name,
            "energy is imported_wh and exported_wh (or _kwh), or import_register_wh and "
            "export_register_wh; a column of power cannot be settled"
            if unit
            else f"use only the columns {', '.join(_COLUMNS)}",
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    imports = [name for name in header if name.startswith("import")]
    exports = [name for name in header if name.startswith("export")]
    kinds = {name in _REGISTERS for name in imports + exports}
    if twice or len(imports) > 1 or len(exports) > 1 or len(kinds) > 1:
        raise _refused(
            1,
            "csv.column",
            "column",
            ", ".join(twice or imports + exports),
            "give each direction once, both as interval energy or both as registers",
        )
    if "start" not in header or not kinds:
        raise _refused(
            1,
            "csv.column",
            "header",
            ",".join(header),
            "the first line names the columns: start and at least one of energy",
        )


def _row(line: int, cells: dict[str, str], clock: WallClock | None) -> _Row:
    named_quality = cells.get("quality", "").lower() or "measured"
    if named_quality not in _QUALITIES:
        raise _refused(
            line, "csv.quality", "quality", named_quality, f"use {', '.join(_QUALITIES)}"
        )
    seconds = cells.get("seconds", "")
    if seconds and not re.fullmatch(r"[1-9]\d{0,5}", seconds, re.ASCII):
        raise _refused(line, "csv.number", "seconds", seconds, "give whole seconds")
    return _Row(
        line,
        _start_s(line, cells["start"], clock),
        int(seconds) if seconds else None,
        {
            name: _pwh(line, name, cell, (_USAGE | _REGISTERS)[name])
            for name, cell in cells.items()
            if name in _USAGE or name in _REGISTERS
        },
        _QUALITIES[named_quality],
    )


def _start_s(line: int, text: str, clock: WallClock | None) -> int:
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise _refused(
            line, "csv.time", "start", text, "write times like 2026-01-15T18:00:00Z"
        ) from error
    if moment.tzinfo is not None:
        return unix_seconds(moment)
    if clock is None:
        raise _refused(
            line,
            "time.zone",
            "start",
            text,
            "give times an offset or Z, or name the file's time zone",
        )
    return clock.utc_s(moment)


def _pwh(line: int, column: str, text: str, scale: int) -> int | None:
    if not text:
        return None
    match = _NUMBER.fullmatch(text)
    if not match:
        raise _refused(
            line,
            "csv.number",
            column,
            text,
            "write a plain number such as 1250 or 1.25, no thousands separator; "
            "leave a missing value empty",
        )
    sign, whole, fraction = match[1], match[2], match[3] or ""
    # At most twelve decimals of a Wh or kWh, so the last of them is a whole number of pWh.
    pwh: int = int(whole) * scale + int(fraction or 0) * scale // 10 ** len(fraction)
    return -pwh if sign == "-" else pwh


def _count(row: _Row, column: str, step: int | None) -> Count:
    seconds = step if row.seconds is None else row.seconds
    if seconds is None:
        raise _refused(
            row.line,
            "interval.length",
            "seconds",
            "one row",
            "add a column seconds, or give two rows or more",
        )
    pwh = row.pwh[column]
    quality = Quality.MISSING if pwh is None else row.quality
    return Count(row.start_s, seconds, None if quality is Quality.MISSING else pwh, quality)


def _refused(line: int, rule: str, field: str, value: object, remedy: str) -> MeterDataError:
    return MeterDataError(
        f"line {line} of the CSV file is refused",
        rule=rule,
        field=field,
        value=value,
        remedy=remedy,
    )
