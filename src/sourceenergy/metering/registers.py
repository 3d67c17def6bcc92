"""Cumulative registers: n + 1 readings of a counter make n intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from sourceenergy.errors import MeterDataError
from sourceenergy.metering.intervals import PWH_PER_WH, USABLE_SECONDS, Count, wh_text
from sourceenergy.records import Quality
from sourceenergy.units import iso_utc

GLITCH_MAX_PWH = PWH_PER_WH
"""A register that falls by one watt-hour at most and recovers has glitched, not run backwards."""


class Reading(NamedTuple):
    """A register's state at one moment [pWh]; None where there is no value."""

    at_s: int
    pwh: int | None
    quality: Quality


def usual_step(starts: Iterable[int]) -> int | None:
    """The commonest step between neighbouring times [s], the shorter of equals; None for one."""
    times = sorted(set(starts))
    steps = Counter(b - a for a, b in pairwise(times))
    return min(steps, key=lambda step: (-steps[step], step)) if steps else None


def register_counts(
    meter: str,
    name: str,
    readings: Sequence[Reading],
    warnings: list[str],
    seconds: int | None = None,
) -> list[Count]:
    """The differences of a register's readings, one count per interval of ``seconds``.

    Where readings lack, their intervals are left out and so missing: the energy between is known,
    its times are not. A glitch holds the last value and its intervals are replaced values. Refused:
    ``register.backwards``, ``interval.duplicate``, ``interval.length``, ``interval.overlap`` and
    ``energy.sign``.
    """
    states = _held(meter, name, _once(meter, name, readings), warnings)
    seconds = seconds or usual_step(reading.at_s for reading in readings)
    if seconds not in USABLE_SECONDS:
        raise MeterDataError(
            f"the {name} register of meter {meter} is not read in an interval settlement can use",
            rule="interval.length",
            field="seconds",
            value=seconds,
            remedy="give two or more readings 5, 10, 15, 30 or 60 minutes apart",
        )
    counts = []
    lost = 0
    for before, after in pairwise(states):
        steps, rest = divmod(after.at_s - before.at_s, seconds)
        if rest:
            raise MeterDataError(
                f"the {name} register of meter {meter} is read between intervals",
                rule="interval.overlap",
                field="start",
                value=f"{iso_utc(before.at_s)} and {iso_utc(after.at_s)}",
                remedy=f"give readings every {seconds // 60} min",
            )
        assert before.pwh is not None and after.pwh is not None
        if steps == 1:
            quality = max(before.quality, after.quality)
            counts.append(Count(before.at_s, seconds, after.pwh - before.pwh, quality))
            continue
        lost += after.pwh - before.pwh
    if lost:
        warnings.append(
            f"meter {meter}: {lost // PWH_PER_WH} Wh of the {name} register lie between readings "
            "more than one interval apart; those intervals are missing"
        )
    return counts


def _once(meter: str, name: str, readings: Sequence[Reading]) -> list[Reading]:
    """Readings that have a value, in order of time, each moment once."""
    kept: list[Reading] = []
    known = (r for r in readings if r.pwh is not None and r.quality is not Quality.MISSING)
    for reading in sorted(known, key=lambda r: r.at_s):
        if kept and kept[-1].at_s == reading.at_s:
            if kept[-1].pwh != reading.pwh:
                raise MeterDataError(
                    f"the {name} register of meter {meter} has two values at "
                    f"{iso_utc(reading.at_s)}",
                    rule="interval.duplicate",
                    field=name,
                    value=f"{_wh(kept[-1])} and {_wh(reading)}",
                    remedy="find out which is right, or whether two meters share this id",
                )
            continue
        if reading.pwh is not None and reading.pwh < 0:
            raise MeterDataError(
                f"the {name} register of meter {meter} is negative at {iso_utc(reading.at_s)}",
                rule="energy.sign",
                field=name,
                value=_wh(reading),
                remedy="give the counter as the meter shows it; counters start at zero",
            )
        kept.append(reading)
    return kept


def _held(meter: str, name: str, states: list[Reading], warnings: list[str]) -> list[Reading]:
    """The same readings, each dip replaced by the value before it; refuses real falls."""
    held: list[Reading] = []
    dip: Reading | None = None
    dips: list[int] = []
    for state in states:
        top = held[-1] if held else state
        assert state.pwh is not None and top.pwh is not None
        if state.pwh >= top.pwh:
            dip = None
            held.append(state)
            continue
        if top.pwh - state.pwh > GLITCH_MAX_PWH:
            raise _backwards(meter, name, top, state)
        dip = dip or state
        dips.append(state.at_s)
        held.append(Reading(state.at_s, top.pwh, max(state.quality, Quality.REPLACED)))
    if dip:
        raise _backwards(meter, name, held[-1], dip)
    if dips:
        warnings.append(
            f"meter {meter}: the {name} register dipped by a watt-hour or less and recovered "
            f"{len(dips)} time(s), the first at {iso_utc(dips[0])}; the last value was held"
        )
    return held


def _backwards(meter: str, name: str, before: Reading, after: Reading) -> MeterDataError:
    return MeterDataError(
        f"the {name} register of meter {meter} runs backwards at {iso_utc(after.at_s)}",
        rule="register.backwards",
        field=name,
        value=f"{_wh(before)} then {_wh(after)}",
        remedy="if the meter was changed or reset, give the readings before and after it as two "
        "files; otherwise correct the value",
    )


def _wh(reading: Reading) -> str:
    return wh_text(reading.pwh)
