"""Ten real homes for a whole year, as a period: hourly load, six 4 kW roofs, two tariffs.

The data set has hours of the day and month without a year; they are laid on 8,760 hours from
2025-11-01, midnight in Toronto, when Ontario's present prices begin. Homes 1 to 6 have solar; homes
2, 5 and 9 are on the ultra-low overnight plan, the rest on time-of-use; the fee is 0.5 ¢/kWh,
feed-in the lowest shared price, 4.125 ¢/kWh.
"""

from __future__ import annotations

import csv
import hashlib
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sourceenergy.config.tariff_file import parse_tariffs, shipped_tariffs
from sourceenergy.records import Mode
from sourceenergy.settlement.period import Period, PeriodMember, PeriodMeter
from sourceenergy.units import UdPerKwh

Ints = NDArray[np.int64]

HOURS = 8_760
HOMES = 10
ROOFS = 6
ROOF_KW = 4
NIGHT_HOMES = (1, 4, 8)
"""Columns of the homes on the ultra-low overnight plan."""
START_S = 1_761_969_600
"""2025-11-01 00:00 in Toronto."""


def load(folder: Path) -> tuple[Ints, Ints]:
    """Imported and exported energy of the ten homes [Wh, hours × homes] from their files."""
    used, made = np.zeros((2, HOURS, HOMES), dtype=np.int64)
    for home in range(HOMES):
        text = (folder / f"Building_{home + 1}.csv").read_text(encoding="utf-8")
        for hour, line in enumerate(csv.DictReader(text.splitlines())):
            used[hour, home] = round(Decimal(line["non_shiftable_load"]) * 1_000)
            if home < ROOFS:
                made[hour, home] = round(Decimal(line["solar_generation"]) * ROOF_KW)
    return np.maximum(used - made, 0), np.maximum(made - used, 0)


def synthetic(seed: int = 1) -> tuple[Ints, Ints]:
    """A year of the same shape from a seed, where the data set is absent."""
    rng = np.random.default_rng(seed)
    hour = np.arange(HOURS)
    used = rng.gamma(2.0, 400.0, (HOURS, HOMES)).astype(np.int64)
    sun = np.maximum(np.sin((hour % 24 - 6) / 12 * np.pi), 0) * rng.uniform(0.1, 0.8, HOURS)
    made = (sun[:, None] * 1_000 * ROOF_KW * (np.arange(HOMES) < ROOFS)).astype(np.int64)
    return np.maximum(used - made, 0), np.maximum(made - used, 0)


def period(imported: Ints, exported: Ints) -> Period:
    """The year as one commit period, the operator collecting afterwards."""
    return Period(
        version="1",
        community="Ten homes",
        mode=Mode.CREDIT_ALLOCATION,
        mechanism="pool_mmr",
        fee=UdPerKwh(5_000),
        feed_in=UdPerKwh(41_250),
        start_s=START_S,
        end_s=START_S + 3_600 * HOURS,
        seconds=3_600,
        members=tuple(
            PeriodMember(
                _digest(f"member {i}"),
                f"0x{i + 1:040x}",
                "ontario_ultra_low_overnight" if i in NIGHT_HOMES else "ontario_time_of_use",
                _digest(f"member salt {i}"),
                None,
            )
            for i in range(HOMES)
        ),
        meters=tuple(
            PeriodMeter(_digest(f"meter {i}"), ((i, 1),), True, _digest(f"meter salt {i}"))
            for i in range(HOMES)
        ),
        operator_account="0x" + "0f" * 20,
        operator_salt=_digest("operator"),
        plans=parse_tariffs(shipped_tariffs(), "shipped tariffs"),
        imported=imported,
        exported=exported,
        quality=np.zeros_like(imported),
        funded=False,
        opening={},
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
