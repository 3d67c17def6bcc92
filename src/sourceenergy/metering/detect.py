"""One entrance for meter files: what a file is, is told by its content and not by its name."""

from __future__ import annotations

import codecs

from sourceenergy.errors import MeterDataError
from sourceenergy.metering.csv_file import read_csv
from sourceenergy.metering.green_button import read_green_button
from sourceenergy.metering.intervals import MeterFile

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_meter_file(
    name: str,
    data: bytes,
    meter: str,
    *,
    usage_point: str | None = None,
    time_zone: str | None = None,
    local_time_zone: str | None = None,
) -> MeterFile:
    """Read a Green Button (XML) or CSV file of ``meter``; ``name`` is only for messages.

    ``time_zone`` is for CSV times without an offset; ``usage_point`` and ``local_time_zone`` are
    for Green Button. Anything else is refused (``file.format``).
    """
    start = data[:4096].removeprefix(codecs.BOM_UTF8).lstrip()
    first_line = start.splitlines()[0].lower() if start else b""
    try:
        if start.startswith(b"<") or (start.startswith(_UTF16) and b"<" in start[:4]):
            return read_green_button(
                data, meter, usage_point=usage_point, local_time_zone=local_time_zone
            )
        if b"," in first_line and b"start" in first_line:
            return read_csv(data, meter, time_zone=time_zone)
    except MeterDataError as error:
        raise MeterDataError(
            f"{name}: {error.message}",
            rule=error.rule,
            field=error.field,
            value=error.value,
            remedy=error.remedy,
        ) from error
    raise MeterDataError(
        f"{name} is neither a Green Button (XML) nor a CSV meter file",
        rule="file.format",
        field="first bytes",
        value=data[:16].hex(" ") or "empty",
        remedy="give ESPI XML, or CSV whose first line names the columns, start among them",
    )
