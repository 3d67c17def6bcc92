"""Signed readings as evidence: signatures and hash chain, and the records that follow from them.

A segment is consecutive readings with one P-256 signature of the device over the last one's hash.
The registers at an interval's edges follow from the readings around them (``register_at``); their
differences are what the record must say. Readings a node kept but did not settle from are named.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sourceenergy.metering.edges import register_at
from sourceenergy.proofs import p256_public_key, p256_verify, reading_hash
from sourceenergy.records import MeterInterval, Quality, Reading, Segment
from sourceenergy.units import iso_utc


@dataclass(frozen=True)
class SignedDevice:
    """A meter's device, its key, its segments in order, and sequences nothing is settled from."""

    meter: str  # the meter's short pseudonym
    device: str
    public_x: int
    public_y: int
    segments: tuple[Segment, ...]
    not_settled: frozenset[int]


def signature_problem(held: SignedDevice) -> str:
    """The first reading that is not signed or does not follow; empty where all are and do."""
    key = p256_public_key(held.public_x, held.public_y)
    before: Reading | None = None
    for segment in held.segments:
        for reading in segment.readings:
            where = f"reading {reading.sequence} of device {held.device}"
            if reading.device != held.device or segment.device != held.device:
                return f"{where} is of another device"
            if before is not None and (
                reading.sequence != before.sequence + 1 or reading.previous != reading_hash(before)
            ):
                return f"{where} does not follow reading {before.sequence}"
            before = reading
        if before is None:
            return f"a segment of device {held.device} has no readings"
        if not p256_verify(key, segment.signature, bytes.fromhex(reading_hash(before))):
            return (
                f"readings {segment.readings[0].sequence} to {before.sequence} of device"
                f" {held.device} are not signed by its key: one of them was altered"
            )
    return ""


def record_problem(held: SignedDevice, records: Sequence[MeterInterval]) -> str:
    """The first record that does not follow from the readings; empty where all do."""
    usable = sorted(
        (
            reading
            for segment in held.segments
            for reading in segment.readings
            if reading.sequence not in held.not_settled
        ),
        key=lambda reading: (reading.utc_ms, reading.sequence),
    )
    times = [reading.utc_ms for reading in usable]
    for record in records:
        if record.quality not in {Quality.MEASURED, Quality.ESTIMATED}:
            continue
        where = f"reading {iso_utc(record.start_s)}, meter {record.meter}"
        edges = []
        for at_s in (record.start_s, record.start_s + record.seconds):
            after, before = bisect_left(times, at_s * 1000), bisect_right(times, at_s * 1000) - 1
            if before < 0 or after >= len(usable):
                return f"{where}: no signed readings around {iso_utc(at_s)}"
            edges.append(_registers(usable[before], usable[after], at_s * 1000))
        for name in ("imported_wh", "exported_wh"):
            counted = edges[1][name] - edges[0][name]
            if counted != getattr(record, name):
                return (
                    f"{where}: {name} is {getattr(record, name)}, the signed readings count"
                    f" {counted}"
                )
    return ""


def _registers(before: Reading, after: Reading, at_ms: int) -> Mapping[str, int]:
    return {
        name: register_at(
            (before.utc_ms, getattr(before, name)), (after.utc_ms, getattr(after, name)), at_ms
        )
        for name in ("imported_wh", "exported_wh")
    }
