"""A small settled community to report on: homes in Toronto, two tariffs, prices one can add up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
import pytest

from sourceenergy.records import Mode, Quality, Statement, TariffPlan, TariffRule, TariffVersion
from sourceenergy.settlement.period import (
    Period,
    PeriodMember,
    PeriodMeter,
    Settlement,
    settle,
)
from sourceenergy.settlement.published import Anchor, build_statement
from sourceenergy.units import UdPerKwh

ANCHOR = Anchor(31337, "0x" + "12" * 20, "0x" + "34" * 32)
YEAR = frozenset(range(1, 13))


class Settled(NamedTuple):
    """What every report is made from, in the order of their arguments."""

    period: Period
    settlement: Settlement
    anchor: Anchor
    statement: Statement


def plan(name: str, day: int, night: int, changes_on: date | None = None) -> TariffPlan:
    """Day and night prices [ud/kWh]; from ``changes_on`` both are a cent dearer."""
    versions = [(date(2020, 1, 1), changes_on or date(2030, 1, 1), 0)]
    if changes_on:
        versions.append((changes_on, date(2030, 1, 1), 10_000))
    return TariffPlan(
        name,
        name,
        "America/Toronto",
        "",
        "",
        frozenset(),
        (
            TariffRule("on_peak", "all", 7, 19, YEAR),
            TariffRule("off_peak", "all", 19, 7, YEAR),
        ),
        tuple(
            TariffVersion(
                a, b, {"on_peak": UdPerKwh(day + more), "off_peak": UdPerKwh(night + more)}
            )
            for a, b, more in versions
        ),
        "made up",
    )


def build(
    imported: Sequence[Sequence[int]],
    exported: Sequence[Sequence[int]],
    *,
    start: str = "2026-01-15T00:00:00-05:00",
    seconds: int = 3600,
    mode: Mode = Mode.CREDIT_ALLOCATION,
    quality: Sequence[Sequence[int]] | None = None,
    fee: int = 5_000,
    feed_in: int = 41_250,
    day: int = 203_000,
    night: int = 98_000,
    changes_on: date | None = None,
    unverified: frozenset[int] = frozenset(),
) -> Settled:
    """Settle meters [T×N], one a member; every second member has the dearer plan."""
    into, out = np.array(imported, dtype=np.int64), np.array(exported, dtype=np.int64)
    count = into.shape[1]
    start_s = int(datetime.fromisoformat(start).timestamp())
    values = np.zeros_like(into) if quality is None else np.array(quality, dtype=np.int64)
    period = Period(
        version="1",
        community="Maple Street",
        mode=mode,
        mechanism="pool_mmr",
        fee=UdPerKwh(fee),
        feed_in=UdPerKwh(feed_in),
        start_s=start_s,
        end_s=start_s + len(into) * seconds,
        seconds=seconds,
        members=tuple(
            PeriodMember(f"{i:064x}", f"0x{i + 1:040x}", ("low", "high")[i % 2], "ab" * 32, None)
            for i in range(count)
        ),
        meters=tuple(
            PeriodMeter(f"{i:064x}", ((i, 1),), i not in unverified, "cd" * 32)
            for i in range(count)
        ),
        operator_account="0x" + "f" * 40,
        operator_salt="ef" * 32,
        plans={
            "low": plan("low", day, night, changes_on),
            "high": plan("high", day + 7, night + 3, changes_on),
        },
        imported=np.where(values == Quality.MISSING, 0, into),
        exported=np.where(values == Quality.MISSING, 0, out),
        quality=values,
        funded=False,
        opening={},
    )
    settlement = settle(period)
    statement = build_statement(settlement, period, ANCHOR, 3, "00" * 32, "ab" * 32)
    return Settled(period, settlement, ANCHOR, statement)


@pytest.fixture(scope="session")
def settled() -> Callable[..., Any]:
    """Settle a small period: ``settled(imported, exported, …)``, rows are intervals [Wh]."""
    return build


@pytest.fixture(scope="session")
def street() -> Settled:
    """Three homes, 30 days by the hour: one sells at noon, one buys, one does nothing."""
    hours = range(30 * 24)
    imported = [[300 if h % 24 < 9 else 0, 900, 0] for h in hours]
    exported = [[2_000 if 10 <= h % 24 < 15 else 0, 0, 0] for h in hours]
    return build(imported, exported)
