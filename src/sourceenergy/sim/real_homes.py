"""Real homes' hourly data as a community that can be settled: who has a roof is our choice.

Reads the CityLearn 2022 challenge's files (one ``Building_N.csv`` a home: hourly
``non_shiftable_load`` in kWh and ``solar_generation`` in W per kW installed; hours 1 to 24 end
the hour). The homes stood in California in 2016 and 2017; here their year is laid over Ontario's
tariff year, month by month, starting at local midnight of 1 November. Weekdays don't line up.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sourceenergy.errors import MeterDataError
from sourceenergy.units import iso_utc

HOURS = 8760
YEAR_START = datetime(2025, 11, 1, tzinfo=ZoneInfo("America/Toronto"))
"""First hour of the tariff year that the shipped tariff file ends with."""
_NAME = re.compile(r"Building_(\d+)\.csv")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the data doesn't say: roofs [W] on the first ``solar_homes``, plans, fee and feed-in."""

    solar_w: int = 4000
    solar_homes: int = 6
    overnight_homes: tuple[int, ...] = (2, 5, 9)
    fee_cents: str = "0.5"
    feed_in_cents: str = "4.125"


def real_homes_community(files: Mapping[str, bytes], choices: Choices) -> dict[str, bytes]:
    """A community file and one meter file a home, by relative name.

    ``files`` are the data set's files by name; others than ``Building_N.csv`` are passed over.
    ``overnight_homes`` are positions, counted from 1, of homes on the ultra-low overnight plan.
    """
    found = sorted(
        (int(match[1]), data) for name, data in files.items() if (match := _NAME.fullmatch(name))
    )
    if not found:
        raise MeterDataError(
            "no Building_N.csv files",
            rule="homes.files",
            field="--from",
            value=", ".join(sorted(files)[:5]),
            remedy="name the folder of the data set",
        )
    result: dict[str, bytes] = {}
    lines = [
        "# Real homes (CityLearn 2022 challenge data), laid over Ontario's tariff year.",
        f"# Our choices: {choices.solar_w / 1000:g} kW roofs on the first {choices.solar_homes}"
        f" homes; homes {', '.join(map(str, choices.overnight_homes))} on the ultra-low overnight",
        "# plan, the rest on time-of-use. Feed-in and fee are examples.",
        "[community]",
        'name = "Ten real homes"',
        'mode = "credit_allocation"',
        "interval_minutes = 60",
        f'fee_cents_per_kwh = "{choices.fee_cents}"',
        f'feed_in_cents_per_kwh = "{choices.feed_in_cents}"',
    ]
    for position, (number, data) in enumerate(found, start=1):
        home = f"home-{number:02d}"
        plan = "ultra_low_overnight" if position in choices.overnight_homes else "time_of_use"
        roof_w = choices.solar_w if position <= choices.solar_homes else 0
        result[f"meters/{home}.csv"] = _meter_csv(home, data, roof_w)
        lines += [
            "",
            "[[member]]",
            f'id = "{home}"',
            f"number = {position}",
            f'tariff = "ontario_{plan}"',
            "",
            "[[meter]]",
            f'id = "{home}"',
            f'member = "{home}"',
            f'files = ["meters/{home}.csv"]',
        ]
    result["community.toml"] = ("\n".join(lines) + "\n").encode()
    return result


def _meter_csv(home: str, data: bytes, roof_w: int) -> bytes:
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    try:
        months = [int(row["month"]) for row in rows]
        load_wh = [round(float(row["non_shiftable_load"]) * 1000) for row in rows]
        solar_wh = [round(float(row["solar_generation"]) * roof_w / 1000) for row in rows]
    except (KeyError, ValueError) as error:
        raise MeterDataError(
            f"the data of {home} cannot be read: {error}",
            rule="homes.columns",
            field=home,
            remedy="the columns month, non_shiftable_load and solar_generation are needed",
        ) from error
    if len(rows) != HOURS or 11 not in months:
        raise MeterDataError(
            f"the data of {home} is not a year of hours",
            rule="homes.year",
            field=home,
            value=len(rows),
            remedy=f"{HOURS} rows are needed",
        )
    first = months.index(11)
    start_s = int(YEAR_START.timestamp())
    lines = ["start,imported_wh,exported_wh"]
    for hour in range(HOURS):
        index = (first + hour) % HOURS
        net_wh = load_wh[index] - solar_wh[index]
        when = iso_utc(start_s + 3600 * hour)
        lines.append(f"{when},{max(net_wh, 0)},{max(-net_wh, 0)}")
    return ("\n".join(lines) + "\n").encode()
