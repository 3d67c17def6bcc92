"""A community of three homes on disk, two days of meter files, and the command line over it.

Ann has a roof and a CSV file, Ben a CSV file, Cleo a Green Button file. All numbers are made up.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from sourceenergy.cli.main import main

FIRST_S = int(datetime(2026, 1, 5, 5, tzinfo=UTC).timestamp())
"""Monday, 2026-01-05, midnight in Toronto."""
HOURS = 48
SPAN = ("--from", "2026-01-05", "--to", "2026-01-07")
HEADING = "start,imported_wh,exported_wh"

COMMUNITY = """
[community]
name = "Elm Street"
mode = "credit_allocation"
interval_minutes = 60
fee_cents_per_kwh = "0.5"
feed_in_cents_per_kwh = "4"

[[member]]
id = "ann"
tariff = "ontario_time_of_use"

[[member]]
id = "ben"
name = "Ben B."
tariff = "ontario_ultra_low_overnight"

[[member]]
id = "cleo"
tariff = "ontario_tiered_stand_in"

[[meter]]
id = "meter-ann"
member = "ann"
files = ["meters/ann.csv"]

[[meter]]
id = "meter-ben"
member = "ben"
files = ["meters/ben.csv"]

[[meter]]
id = "meter-cleo"
member = "cleo"
files = ["meters/cleo.xml"]
""".replace("ontario_tiered_stand_in", "ontario_time_of_use")


def utc(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def csv(
    imported: Callable[[int], int],
    exported: Callable[[int], int] = lambda hour: 0,
    *,
    first_s: int = FIRST_S,
    hours: int = HOURS,
) -> str:
    """An hourly meter file; the hour counts from the first."""
    rows = (f"{utc(first_s + 3600 * h)},{imported(h)},{exported(h)}" for h in range(hours))
    return "\n".join([HEADING, *rows]) + "\n"


def registers(states: Sequence[int], first_s: int = FIRST_S) -> str:
    """A file of an import register, read every hour."""
    rows = (f"{utc(first_s + 3600 * h)},{state}" for h, state in enumerate(states))
    return "\n".join(["start,import_register_wh", *rows]) + "\n"


def green_button(energy: Callable[[int], int], *, uom: int = 72, hours: int = HOURS) -> str:
    """A small ESPI file of hourly imports."""
    readings = "".join(
        f"<IntervalReading><timePeriod><duration>3600</duration><start>{FIRST_S + 3600 * h}</start>"
        f"</timePeriod><value>{energy(h)}</value></IntervalReading>"
        for h in range(hours)
    )
    contents = (
        ("UsagePoint", "<ServiceCategory><kind>0</kind></ServiceCategory>", "UsagePoint/1", ""),
        ("MeterReading", "", "UsagePoint/1/MeterReading/1", "ReadingType/1"),
        (
            "ReadingType",
            "<accumulationBehaviour>4</accumulationBehaviour><commodity>1</commodity>"
            "<flowDirection>1</flowDirection><kind>12</kind>"
            f"<powerOfTenMultiplier>0</powerOfTenMultiplier><uom>{uom}</uom>",
            "ReadingType/1",
            "",
        ),
        ("IntervalBlock", readings, "UsagePoint/1/MeterReading/1/IntervalBlock/1", ""),
    )
    entries = "".join(
        f'<entry><link rel="self" href="{link}"/>'
        f'<link rel="up" href="{link.rpartition("/")[0]}"/>'
        + (f'<link rel="related" href="{related}"/>' if related else "")
        + f'<content><{kind} xmlns="http://naesb.org/espi">{inner}</{kind}></content></entry>'
        for kind, inner, link, related in contents
    )
    return f'<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>\n'


def sunny(hour: int) -> bool:
    return 9 <= hour % 24 < 16


FILES = {
    "community.toml": COMMUNITY,
    "meters/ann.csv": csv(lambda h: 0 if sunny(h) else 410, lambda h: 900 if sunny(h) else 0),
    "meters/ben.csv": csv(lambda h: 300 + h % 7 * 50),
    "meters/cleo.xml": green_button(lambda h: 500 + h % 5),
}


def write(folder: Path, **changed: str) -> Path:
    """The community's files below ``folder``; by name without ending, some may be others."""
    for name, text in FILES.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(changed.get(place.stem, text), encoding="utf-8")
    return folder / "community.toml"


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit status, its JSON and what it told people."""

    status: int
    told: dict[str, Any]
    notes: str

    def refused(self) -> tuple[str, str]:
        """Rule and field of a refusal."""
        assert self.status == 1, self
        assert self.told["remedy"], self
        return self.told["rule"], self.told["field"]


def run(*arguments: str | Path) -> Ran:
    """A command with ``--json``, in this process."""
    result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, json.loads(result.stdout), result.stderr)


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of change of every file below ``folder``."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@dataclass(frozen=True)
class Settled:
    """Where it was settled, and what ``settle`` said."""

    root: Path
    result: dict[str, Any]

    @property
    def community(self) -> Path:
        return self.root / "street/community.toml"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def files(self) -> Path:
        return self.root / "street/statements/2026-01-05"

    def copied(self, to: Path) -> Settled:
        """The same somewhere else, to be spoilt."""
        shutil.copytree(self.root, to, dirs_exist_ok=True)
        return Settled(to, self.result)
