"""``sourceenergy inspect``: what is in a meter file, before anything is settled with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from sourceenergy.cli.common import json_option, out, telling_errors
from sourceenergy.errors import MeterDataError
from sourceenergy.metering.detect import read_meter_file
from sourceenergy.records import Quality
from sourceenergy.units import iso_utc, kwh


@click.command("inspect")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--time-zone",
    default="America/Toronto",
    show_default=True,
    help="Zone of CSV times that have no offset.",
)
@click.option(
    "--local-time-zone", help="Zone of a Green Button file that holds wall-clock times as UTC."
)
@json_option
@telling_errors
def inspect_command(
    files: tuple[Path, ...], time_zone: str, local_time_zone: str | None, as_json: bool
) -> None:
    """Read meter FILES (Green Button XML or CSV) and tell what they hold, or why they are refused.

    Exits with 1 if any file is refused.
    """
    rows = [_row(path, time_zone, local_time_zone) for path in files]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    else:
        _show(rows)
    if any("refused" in row for row in rows):
        sys.exit(1)


def _row(path: Path, time_zone: str, local_time_zone: str | None) -> dict[str, Any]:
    row: dict[str, Any] = {"file": path.name}
    try:
        file = read_meter_file(
            path.name,
            path.read_bytes(),
            path.stem,
            time_zone=time_zone,
            local_time_zone=local_time_zone,
        )
    except MeterDataError as error:
        return {**row, "refused": error.as_dict()}
    counts = {
        quality.name.lower(): sum(record.quality is quality for record in file.intervals)
        for quality in Quality
    }
    return {
        **row,
        "intervals": len(file.intervals),
        "interval_minutes": file.seconds // 60,
        "from": iso_utc(file.intervals[0].start_s),
        "to": iso_utc(file.intervals[-1].start_s + file.seconds),
        "imported_wh": sum(record.imported_wh for record in file.intervals),
        "exported_wh": sum(record.exported_wh for record in file.intervals),
        "quality": {name: count for name, count in counts.items() if count},
        "warnings": list(file.warnings),
    }


def _show(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if "refused" in row:
            refused = row["refused"]
            out.print(
                f"[bold red]refused:[/] {refused['message']} (rule: {refused['rule']})."
                f" Remedy: {refused['remedy']}"
            )
            continue
        quality = ", ".join(f"{count} {name}" for name, count in row["quality"].items())
        out.print(f"[bold]{row['file']}[/]: {row['intervals']} x {row['interval_minutes']} min")
        out.print(f"  {row['from']} to {row['to']}: {quality}")
        out.print(
            f"  imported {kwh(row['imported_wh'])} kWh, exported {kwh(row['exported_wh'])} kWh"
        )
        for warning in row["warnings"]:
            out.print(f"  [yellow]note:[/] {warning}")
