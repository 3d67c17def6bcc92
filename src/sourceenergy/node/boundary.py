"""Registers at the edges of intervals, from the readings around them.

A device reads when it can, an interval starts on the minute. Between two readings a register is
taken to rise evenly, rounded down; both intervals that meet at an edge use the same value, so the
energy of a day is the day's register difference whatever the readings' times.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from sourceenergy.metering.edges import register_at
from sourceenergy.records import MeterInterval, Quality
from sourceenergy.store.sqlite import Store, StoredReading
from sourceenergy.units import Wh


class Edge(NamedTuple):
    """Registers at a moment [Wh]; ``gap_ms`` is how far apart the readings around it are."""

    imported_wh: int
    exported_wh: int
    produced_wh: int | None
    gap_ms: int


def between(before: StoredReading, after: StoredReading, at_ms: int) -> Edge:
    """Registers at ``at_ms``, which lies between the two readings."""

    def even(low: int, high: int) -> int:
        return register_at((before.utc_ms, low), (after.utc_ms, high), at_ms)

    produced = [json.loads(reading.body).get("produced_wh") for reading in (before, after)]
    return Edge(
        even(before.imported_wh, after.imported_wh),
        even(before.exported_wh, after.exported_wh),
        None if None in produced else even(int(produced[0]), int(produced[1])),
        after.utc_ms - before.utc_ms,
    )


def metered(
    store: Store, device: str, meter: str, start_s: int, seconds: int
) -> tuple[MeterInterval, int | None]:
    """A meter's record of an interval and the energy produced behind it [Wh], if known.

    ``MISSING`` without readings around both edges; ``ESTIMATED`` where the readings around an edge
    are further apart than the interval is long; ``MEASURED`` otherwise.
    """
    edges = []
    for at_s in (start_s, start_s + seconds):
        around = store.bracket(device, at_s * 1000)
        if around is None:
            return MeterInterval(meter, start_s, seconds, Wh(0), Wh(0), Quality.MISSING), None
        edges.append(between(*around, at_s * 1000))
    start, end = edges
    estimated = max(start.gap_ms, end.gap_ms) > seconds * 1000
    produced = None
    if start.produced_wh is not None and end.produced_wh is not None:
        produced = max(0, end.produced_wh - start.produced_wh)
    record = MeterInterval(
        meter,
        start_s,
        seconds,
        Wh(end.imported_wh - start.imported_wh),
        Wh(end.exported_wh - start.exported_wh),
        Quality.ESTIMATED if estimated else Quality.MEASURED,
    )
    return record, produced
