"""Green Button files (NAESB ESPI): from linked resources to one meter's intervals.

Times are UTC epoch seconds by the standard. Some utilities write tzOffset 0 and local time all
the same: such a file is read with ``local_time_zone``. A value is ``value × 10^multiplier`` Wh,
kept exactly; fractions of a watt-hour are carried (see ``intervals``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sourceenergy.errors import MeterDataError
from sourceenergy.metering.espi_feed import Block, Entry, IntervalReading, owner, read_feed
from sourceenergy.metering.intervals import (
    PWH_PER_WH,
    USABLE_SECONDS,
    Count,
    MeterFile,
    assembled,
)
from sourceenergy.metering.local_time import WallClock
from sourceenergy.metering.registers import Reading, register_counts
from sourceenergy.records import Quality

QUALITIES = {
    0: Quality.MEASURED,  # valid
    7: Quality.REPLACED,  # manually edited
    8: Quality.ESTIMATED,  # from a reference day
    9: Quality.ESTIMATED,  # by linear interpolation
    10: Quality.ESTIMATED,  # questionable
    11: Quality.REPLACED,  # derived from other measured values
    12: Quality.MISSING,  # projected: a forecast, not what was used
    13: Quality.ESTIMATED,  # mixed
    14: Quality.MEASURED,  # raw
    15: Quality.MISSING,  # normalised for weather: not what was used
    16: Quality.ESTIMATED,  # other
    17: Quality.MEASURED,  # validated
    18: Quality.MEASURED,  # verified
    19: Quality.MEASURED,  # revenue quality
}
"""ESPI quality codes; of several on one reading the worst counts."""

_SERVICES = {0: "electricity", 1: "gas", 2: "water", 4: "heat", 7: "internet"}
_COMMODITIES = {0: "not said", 1: "electricity", 2: "electricity", 7: "natural gas", 8: "propane"}
_COMMODITIES |= {9: "drinking water", 10: "steam", 11: "waste water"}
_UNITS = {
    **{29: "V", 5: "A", 31: "J", 38: "W", 42: "m³", 61: "VA", 63: "var", 71: "VAh", 73: "varh"},
    **{119: "ft³", 132: "Btu", 169: "therm"},
}
_WATT_HOURS = 72
_DELTA, _REGISTERS = (0, 4), (1, 3)
_FLOWS = {0: "imported", 1: "imported", 19: "exported"}
_POWER_KINDS = {8: "demand", 37: "power"}
_TIME_MAX_S = 253_000_000_000  # in the year 9987


@dataclass(slots=True)
class _Channel:
    """One MeterReading with what describes it."""

    meter_reading: Entry
    reading_type: Entry | None
    usage_point: Entry
    blocks: list[Block] = field(default_factory=list)

    def number(self, name: str, absent: int) -> int:
        return self.reading_type.numbers.get(name, absent) if self.reading_type else absent


def read_green_button(
    data: bytes | str,
    meter: str,
    *,
    usage_point: str | None = None,
    local_time_zone: str | None = None,
) -> MeterFile:
    """Read the electricity of one usage point as the intervals of ``meter``.

    ``usage_point`` (title or last part of its link) chooses where a file has several.
    ``local_time_zone`` (IANA name) says that start times are the wall clock's, not UTC. What
    cannot be settled is left out with a warning; if nothing remains, that is why the file is
    refused: ``espi.commodity``, ``espi.uom``, ``espi.kind``, ``espi.flow``,
    ``espi.accumulation``, ``interval.length``. Further ``espi.usage_point``, ``espi.links``,
    ``espi.quality``, ``espi.value``, ``espi.local_time``, and what ``read_feed``, ``WallClock``,
    ``register_counts`` and ``assembled`` refuse.
    """
    entries = read_feed(data)
    channels = _channels(entries)
    warnings: list[str] = []
    problems: list[MeterDataError] = []
    usable = []
    for channel in _chosen(channels, usage_point):
        problem = _problem(channel)
        if problem is None:
            usable.append(channel)
        else:
            problems.append(problem)
    points = {id(channel.usage_point): channel.usage_point for channel in usable}
    if len(points) > 1:
        raise MeterDataError(
            f"the file has {len(points)} usage points; it is not said which is meter {meter}",
            rule="espi.usage_point",
            field="usage_point",
            value=", ".join(sorted(point.name for point in points.values())),
            remedy="name one of them for this meter",
        )
    for point in points.values():
        warnings += _check_zone(meter, point, entries, local_time_zone)
    sides: dict[str, list[Count]] = {}
    for channel in usable:
        counts = _counts(meter, channel, local_time_zone, warnings)
        kept = _of_usable_length(meter, counts, warnings, problems)
        if kept:
            sides.setdefault(_FLOWS[channel.number("flowDirection", 0)], []).extend(kept)
    if not sides and problems:
        raise problems[0]
    warnings += [
        f"meter {meter}: left out: {problem.message} ({problem.rule})" for problem in problems
    ]
    return assembled(meter, sides.get("imported"), sides.get("exported"), warnings)


def _channels(entries: Sequence[Entry]) -> list[_Channel]:
    """The file's MeterReadings that have readings, each with its type and usage point."""
    by_kind: dict[str, list[Entry]] = {}
    for entry in entries:
        by_kind.setdefault(entry.kind, []).append(entry)
    readings = by_kind.get("MeterReading") or [Entry(0, "MeterReading")]
    points = by_kind.get("UsagePoint") or [Entry(0, "UsagePoint")]
    types = by_kind.get("ReadingType", [])
    channels: dict[int, _Channel] = {}
    for entry in by_kind.get("IntervalBlock", []):
        reading = owner(entry, readings)
        point = owner(reading, points) if reading else None
        assert reading is not None and point is not None
        if id(reading) not in channels:
            channels[id(reading)] = _Channel(reading, _type_of(reading, types), point)
        channels[id(reading)].blocks += [block for block in entry.blocks if block.readings]
    found = [channel for channel in channels.values() if channel.blocks]
    if not found:
        raise MeterDataError(
            "the feed has no interval readings",
            rule="espi.feed",
            field="IntervalReading",
            value=0,
            remedy="use the usage download of the utility, not the customer or billing file",
        )
    return found


def _type_of(reading: Entry, types: Sequence[Entry]) -> Entry | None:
    """A MeterReading points at its ReadingType, not the other way round."""
    linked = [t for t in types if t.self_link and t.self_link in reading.related] or types
    same = linked and all(t.numbers == linked[0].numbers for t in linked)
    return linked[0] if same else None


def _chosen(channels: Sequence[_Channel], usage_point: str | None) -> list[_Channel]:
    if usage_point is None:
        return list(channels)
    points = [channel.usage_point for channel in channels]
    chosen = [
        channel
        for channel, point in zip(channels, points, strict=True)
        if usage_point in (point.title, point.self_link, point.self_link.rpartition("/")[2])
    ]
    if not chosen:
        raise MeterDataError(
            "the file has no usage point of this name",
            rule="espi.usage_point",
            field="usage_point",
            value=usage_point,
            remedy=f"it has: {', '.join(sorted({point.name for point in points}))}",
        )
    return chosen


def _problem(channel: _Channel) -> MeterDataError | None:
    """Why a channel cannot be settled, if so."""
    name = channel.meter_reading.name
    service = channel.usage_point.numbers.get("service", 0)
    commodity = channel.number("commodity", 0)
    if service != 0 or commodity not in {0, 1, 2}:
        what = _SERVICES.get(service) if service else _COMMODITIES.get(commodity)
        return MeterDataError(
            f"{name} is {what or 'another commodity'}, not electricity",
            rule="espi.commodity",
            field="commodity" if commodity else "ServiceCategory kind",
            value=commodity or service,
            remedy="give the electricity meter's file",
        )
    unit = channel.number("uom", -1)
    if unit != _WATT_HOURS:
        said = _UNITS.get(unit, f"unit {unit}") if unit >= 0 else "an unknown unit"
        return MeterDataError(
            f"{name} is in {said}, not in Wh",
            rule="espi.uom",
            field="uom",
            value=unit if unit >= 0 else "absent",
            remedy="give energy in watt-hours (uom 72); power cannot be settled",
        )
    kind = channel.number("kind", 12)
    if kind in _POWER_KINDS:
        return MeterDataError(
            f"{name} is {_POWER_KINDS[kind]}, not energy",
            rule="espi.kind",
            field="kind",
            value=kind,
            remedy="give energy readings (kind 12)",
        )
    behaviour = channel.number("accumulationBehaviour", 0)
    if behaviour not in _DELTA + _REGISTERS:
        return MeterDataError(
            f"{name} accumulates in a way that does not give interval energy",
            rule="espi.accumulation",
            field="accumulationBehaviour",
            value=behaviour,
            remedy="give interval energy (4) or a cumulative register (1 or 3)",
        )
    flow = channel.number("flowDirection", 0)
    if flow not in _FLOWS:
        return MeterDataError(
            f"{name} has a flow direction that is neither import nor export",
            rule="espi.flow",
            field="flowDirection",
            value=flow,
            remedy="give imported (1) and exported (19) energy apart; net energy hides both",
        )
    return None


def _check_zone(
    meter: str, point: Entry, entries: Sequence[Entry], local_time_zone: str | None
) -> list[str]:
    """Warnings about the file's time zone; refuses to shift times that are UTC already."""
    zones = [entry for entry in entries if entry.kind == "LocalTimeParameters"]
    linked = [zone for zone in zones if zone.self_link in point.related] or zones
    offsets = {zone.numbers["tzOffset"] for zone in linked if "tzOffset" in zone.numbers}
    if local_time_zone is not None and any(offsets):
        raise MeterDataError(
            "the file states its UTC offset, so its times are UTC and not local",
            rule="espi.local_time",
            field="tzOffset",
            value=", ".join(map(str, sorted(offsets))),
            remedy="read this file without a local time zone",
        )
    if local_time_zone is None and 0 in offsets:
        return [
            f"meter {meter}: the file says tzOffset 0; its times are taken as UTC. If they are "
            "local times, name their time zone (local_time_zone)"
        ]
    return []


def _counts(
    meter: str, channel: _Channel, local_time_zone: str | None, warnings: list[str]
) -> list[Count]:
    multiplier = channel.number("powerOfTenMultiplier", 0)
    if not -12 <= multiplier <= 12:
        raise MeterDataError(
            "this power of ten is out of range",
            rule="espi.value",
            field="powerOfTenMultiplier",
            value=multiplier,
            remedy="use a power from -12 to 12",
        )
    scale = PWH_PER_WH * 10**multiplier if multiplier >= 0 else 10 ** (12 + multiplier)
    clock = WallClock(local_time_zone) if local_time_zone else None
    length = channel.number("intervalLength", 0)
    counts: list[Count] = []
    ignored: Counter[str] = Counter()
    for block in sorted(channel.blocks, key=lambda b: b.start or 0):
        for reading in block.readings:
            quality = _quality(reading)
            if quality is Quality.MISSING and reading.value is not None:
                ignored["projected or weather-normalised"] += 1
            known = reading.value is not None and quality is not Quality.MISSING
            pwh = reading.value * scale if known and reading.value is not None else None
            counts.append(
                Count(
                    _start_s(reading, clock),
                    length if reading.duration is None else reading.duration,
                    pwh,
                    quality if known else Quality.MISSING,
                )
            )
    for what, number in ignored.items():
        warnings.append(f"meter {meter}: {number} {what} value(s) are not used")
    if channel.number("accumulationBehaviour", 0) not in _REGISTERS:
        return counts
    states = [Reading(count.start_s, count.pwh, count.quality) for count in counts]
    side = _FLOWS[channel.number("flowDirection", 0)]
    warnings.append(
        f"meter {meter}: {side} energy comes from a register, read at the start of each period"
    )
    return register_counts(meter, side, states, warnings)


def _quality(reading: IntervalReading) -> Quality:
    unknown = [code for code in reading.qualities if code not in QUALITIES]
    if unknown:
        raise MeterDataError(
            f"line {reading.line} has a quality that ESPI does not define",
            rule="espi.quality",
            field="quality",
            value=unknown[0],
            remedy="ask the utility what it means",
        )
    return max((QUALITIES[code] for code in reading.qualities), default=Quality.MEASURED)


def _start_s(reading: IntervalReading, clock: WallClock | None) -> int:
    start = reading.start
    if start is None or not 0 <= start <= _TIME_MAX_S:
        raise MeterDataError(
            f"the reading at line {reading.line} has no usable start",
            rule="espi.value",
            field="start",
            value="absent" if start is None else start,
            remedy="ask the utility for a valid ESPI file",
        )
    if clock is None:
        return start
    return clock.utc_s(datetime.fromtimestamp(start, UTC).replace(tzinfo=None))


def _of_usable_length(
    meter: str, counts: Iterable[Count], warnings: list[str], problems: list[MeterDataError]
) -> list[Count]:
    """The counts a settlement can use; what is left out goes to warnings or problems."""
    kept = []
    others: Counter[int] = Counter()
    for count in counts:
        if count.seconds in USABLE_SECONDS:
            kept.append(count)
        else:
            others[count.seconds] += 1
    found = ", ".join(f"{number} of {seconds} s" for seconds, number in sorted(others.items()))
    if others and kept:
        warnings.append(f"meter {meter}: intervals of other lengths left out: {found}")
    elif others:
        problems.append(
            MeterDataError(
                f"meter {meter} has only intervals that settlement cannot use: {found}",
                rule="interval.length",
                field="duration",
                value=found,
                remedy="intervals last 5, 10, 15, 30 or 60 minutes; ask for interval data",
            )
        )
    return kept
