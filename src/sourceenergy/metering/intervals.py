"""What every meter file becomes: checked intervals of one meter, and how complete they are.

A reader hands over one list of ``Count`` for each direction. Counts are held in pico-watt-hours,
so that any power of ten a file may use is a whole number; they become whole watt-hours here, once.
What is less than a watt-hour is carried to the meter's next interval, so a meter's total never
strays from the file's by a whole watt-hour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sourceenergy.errors import MeterDataError
from sourceenergy.records import MeterInterval, Quality
from sourceenergy.units import ENERGY_MAX_WH, INTERVAL_MINUTES, Wh, iso_utc

PWH_PER_WH = 10**12
USABLE_SECONDS = frozenset(60 * minutes for minutes in INTERVAL_MINUTES)
"""Interval lengths a settlement can use [s]."""


class Count(NamedTuple):
    """Energy counted in one direction [pWh]; ``pwh`` is None where the value is missing."""

    start_s: int
    seconds: int
    pwh: int | None
    quality: Quality


@dataclass(frozen=True)
class MeterFile:
    """The intervals of one meter, in order of time, all of one length [s].

    ``warnings`` tell people what was dropped or assumed; they are no part of the data, so two
    files with the same intervals are equal.
    """

    meter: str
    seconds: int
    intervals: tuple[MeterInterval, ...]
    warnings: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Completeness:
    """How much of a span one meter covers: numbers of intervals, and the spans it lacks.

    ``missing_spans`` are half-open [start_s, end_s) in UTC; neighbours are merged.
    """

    meter: str
    expected: int
    measured: int
    replaced: int
    estimated: int
    missing: int
    missing_spans: tuple[tuple[int, int], ...]


def checked(meter: str, counts: Iterable[Count], warnings: list[str]) -> list[Count]:
    """One direction's counts in order of time, each once.

    Identical repetitions are dropped with a warning (the worse quality stays). Refused:
    ``interval.duplicate``, ``interval.overlap``, ``interval.alignment``, ``energy.sign`` and
    ``energy.range``.
    """
    kept: list[Count] = []
    repeated: list[int] = []
    for count in sorted(counts, key=lambda c: (c.start_s, c.seconds)):
        last = kept[-1] if kept else None
        if last and (last.start_s, last.seconds) == (count.start_s, count.seconds):
            if last.pwh != count.pwh:
                raise MeterDataError(
                    f"meter {meter} has two values for the interval at {iso_utc(count.start_s)}",
                    rule="interval.duplicate",
                    field="value",
                    value=f"{wh_text(last.pwh)} and {wh_text(count.pwh)}",
                    remedy="find out which is right, or whether two meters share this id",
                )
            kept[-1] = last._replace(quality=max(last.quality, count.quality))
            repeated.append(count.start_s)
            continue
        if last and last.start_s + last.seconds > count.start_s:
            raise MeterDataError(
                f"meter {meter} has intervals that overlap",
                rule="interval.overlap",
                field="start",
                value=f"{_span(last)} and {_span(count)}",
                remedy="remove one of them, or ask the utility for a file without overlaps",
            )
        _check_one(meter, count)
        kept.append(count)
    if repeated:
        warnings.append(
            f"meter {meter}: {len(repeated)} identical repeated row(s) dropped, "
            f"the first at {iso_utc(repeated[0])}"
        )
    return kept


def coarsened(meter: str, counts: Sequence[Count], seconds: int) -> list[Count]:
    """The sums of counts over intervals of ``seconds``, exact.

    An interval is missing unless all its parts are there; its quality is the worst of theirs.
    Energy is never divided: a target finer than the counts, or no multiple of them, is refused
    (``interval.resolution``).
    """
    groups: defaultdict[int, list[Count]] = defaultdict(list)
    for count in counts:
        if seconds not in USABLE_SECONDS or seconds % count.seconds:
            raise MeterDataError(
                f"meter {meter} counts every {count.seconds // 60} min, "
                f"which does not make intervals of {seconds // 60} min",
                rule="interval.resolution",
                field="seconds",
                value=count.seconds,
                remedy="use an interval that is a multiple of the meter's, 60 min at most",
            )
        groups[count.start_s - count.start_s % seconds].append(count)
    sums = []
    for start, parts in sorted(groups.items()):
        known = [part.pwh for part in parts if part.pwh is not None]
        whole = len(known) == len(parts) and sum(part.seconds for part in parts) == seconds
        quality = max(part.quality for part in parts) if whole else Quality.MISSING
        sums.append(Count(start, seconds, sum(known) if whole else None, quality))
    return sums


def assembled(
    meter: str,
    imported: Iterable[Count] | None,
    exported: Iterable[Count] | None,
    warnings: Iterable[str] = (),
) -> MeterFile:
    """Both directions as one file, in whole watt-hours.

    A direction that the file does not have (None) counts zero, with a warning; an interval that
    only one of two directions has is missing. Several lengths are brought to the longest. Refused:
    what ``checked`` refuses, and a file without any interval (``file.empty``).
    """
    notes = list(warnings)
    sides: dict[str, list[Count]] = {}
    for name, counts in (("imported", imported), ("exported", exported)):
        if counts is None:
            notes.append(f"meter {meter}: the file has no {name} energy; it is taken as zero")
        else:
            sides[name] = checked(meter, counts, notes)
    lengths = sorted({count.seconds for side in sides.values() for count in side})
    if not lengths:
        raise MeterDataError(
            f"the file of meter {meter} has no intervals",
            rule="file.empty",
            field="start",
            remedy="give a file with at least one interval",
        )
    seconds = lengths[-1]
    if len(lengths) > 1:
        minutes = ", ".join(str(length // 60) for length in lengths)
        notes.append(f"meter {meter}: intervals of {minutes} min were summed to {seconds // 60}")
        sides = {name: coarsened(meter, side, seconds) for name, side in sides.items()}
    by_start = {name: {c.start_s: c for c in side} for name, side in sides.items()}
    carried = dict.fromkeys(sides, 0)
    intervals = []
    for start in sorted({start for side in by_start.values() for start in side}):
        energy_wh = {"imported": 0, "exported": 0}
        parts = [(name, side.get(start)) for name, side in by_start.items()]
        quality = max(Quality.MISSING if c is None else c.quality for _, c in parts)
        if quality is not Quality.MISSING:
            for name, count in parts:
                assert count is not None and count.pwh is not None
                energy_wh[name], carried[name] = divmod(carried[name] + count.pwh, PWH_PER_WH)
        intervals.append(
            MeterInterval(
                meter,
                start,
                seconds,
                Wh(energy_wh["imported"]),
                Wh(energy_wh["exported"]),
                quality,
            )
        )
    return MeterFile(meter, seconds, tuple(intervals), tuple(dict.fromkeys(notes)))


def resampled(file: MeterFile, seconds: int) -> MeterFile:
    """The same energy in longer intervals [s], exact; shorter ones are ``interval.resolution``."""
    if seconds == file.seconds:
        return file
    imported, exported = _sides(file)
    return assembled(
        file.meter,
        coarsened(file.meter, imported, seconds),
        coarsened(file.meter, exported, seconds),
        file.warnings,
    )


def joined(files: Sequence[MeterFile]) -> MeterFile:
    """Several files of one meter as one, under the same checks as the rows of one file."""
    names = sorted({file.meter for file in files})
    if len(names) != 1:
        raise MeterDataError(
            "only files of one meter can be joined",
            rule="meter.mixed",
            field="meter",
            value=", ".join(names),
            remedy="join the files of each meter apart",
        )
    sides = [_sides(file) for file in files]
    return assembled(
        names[0],
        [count for imported, _ in sides for count in imported],
        [count for _, exported in sides for count in exported],
        [warning for file in files for warning in file.warnings],
    )


def completeness(
    files: Sequence[MeterFile], start_s: int, end_s: int, seconds: int
) -> tuple[Completeness, ...]:
    """Per meter, what [start_s, end_s) holds in intervals of ``seconds``, sorted by meter.

    Everything is UTC, so a day on which clocks change simply has more or fewer intervals.
    Refused: ``interval.alignment``, ``interval.resolution`` and ``meter.duplicate``.
    """
    if seconds not in USABLE_SECONDS or start_s % seconds or end_s % seconds or end_s <= start_s:
        raise MeterDataError(
            "a span must be whole intervals",
            rule="interval.alignment",
            field="span",
            value=f"{iso_utc(start_s)} to {iso_utc(end_s)} by {seconds} s",
            remedy="align start and end to the interval length, the start before the end",
        )
    reports = []
    ordered = sorted(files, key=lambda file: file.meter)
    for file, following in zip(ordered, [*ordered[1:], None], strict=True):
        if following and file.meter == following.meter:
            raise MeterDataError(
                f"two files say they are meter {file.meter}",
                rule="meter.duplicate",
                field="meter",
                value=file.meter,
                remedy="give each meter its own id, or join the files of one meter first",
            )
        reports.append(_completeness_of(resampled(file, seconds), start_s, end_s))
    return tuple(reports)


def _completeness_of(file: MeterFile, start_s: int, end_s: int) -> Completeness:
    found = {i.start_s: i.quality for i in file.intervals if start_s <= i.start_s < end_s}
    numbers = dict.fromkeys(Quality, 0)
    spans: list[tuple[int, int]] = []
    for start in range(start_s, end_s, file.seconds):
        quality = found.get(start, Quality.MISSING)
        numbers[quality] += 1
        if quality is Quality.MISSING:
            if spans and spans[-1][1] == start:
                spans[-1] = (spans[-1][0], start + file.seconds)
            else:
                spans.append((start, start + file.seconds))
    return Completeness(
        file.meter,
        sum(numbers.values()),
        numbers[Quality.MEASURED],
        numbers[Quality.REPLACED],
        numbers[Quality.ESTIMATED],
        numbers[Quality.MISSING],
        tuple(spans),
    )


def _sides(file: MeterFile) -> tuple[list[Count], list[Count]]:
    """A file's two directions as counts again."""
    imported: list[Count] = []
    exported: list[Count] = []
    for i in file.intervals:
        known = i.quality is not Quality.MISSING
        for side, energy_wh in ((imported, i.imported_wh), (exported, i.exported_wh)):
            pwh = energy_wh * PWH_PER_WH if known else None
            side.append(Count(i.start_s, i.seconds, pwh, i.quality))
    return imported, exported


def _check_one(meter: str, count: Count) -> None:
    if count.seconds not in USABLE_SECONDS:
        raise MeterDataError(
            f"meter {meter} has an interval that settlement cannot use",
            rule="interval.length",
            field="seconds",
            value=count.seconds,
            remedy="intervals last 5, 10, 15, 30 or 60 minutes; ask for interval data",
        )
    if count.start_s % count.seconds:
        raise MeterDataError(
            f"meter {meter} has an interval that does not start at a multiple of its length",
            rule="interval.alignment",
            field="start",
            value=_span(count),
            remedy="use intervals that start on the hour and its even parts",
        )
    if count.pwh is None:
        return
    if count.pwh < 0:
        raise MeterDataError(
            f"meter {meter} has negative energy at {iso_utc(count.start_s)}",
            rule="energy.sign",
            field="value",
            value=wh_text(count.pwh),
            remedy="give imported and exported energy as two values of zero or more",
        )
    if count.pwh > ENERGY_MAX_WH * PWH_PER_WH:
        raise MeterDataError(
            f"meter {meter} has more energy at {iso_utc(count.start_s)} than any meter can count",
            rule="energy.range",
            field="value",
            value=wh_text(count.pwh),
            remedy=f"check the unit; one interval holds {ENERGY_MAX_WH} Wh at most",
        )


def _span(count: Count) -> str:
    return f"{iso_utc(count.start_s)}/{count.seconds} s"


def wh_text(pwh: int | None) -> str:
    """A count [pWh] for messages, exactly, in Wh."""
    if pwh is None:
        return "missing"
    whole, rest = divmod(abs(pwh), PWH_PER_WH)
    fraction = f".{rest:012d}".rstrip("0") if rest else ""
    return f"{'−' if pwh < 0 else ''}{whole}{fraction} Wh"
