"""Units: watt-hours, watts, money and time spans, all whole numbers.

Energy is whole watt-hours, money whole micro-dollars (``ud``, 10⁻⁶ CAD), prices micro-dollars per
kWh. The product of one watt-hour and one micro-dollar per kWh is one nano-dollar (``nd``, 10⁻⁹
CAD), so the value of energy is *exact*; it becomes money once, when a statement rounds it
(``docs/decisions/0002-exact-products.md``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NewType

from sourceenergy.errors import InputError

Wh = NewType("Wh", int)
W = NewType("W", int)
Ud = NewType("Ud", int)
UdPerKwh = NewType("UdPerKwh", int)
Nd = NewType("Nd", int)

ND_PER_UD = 1000
WH_PER_KWH = 1000
UD_PER_DOLLAR = 1_000_000
UD_PER_CENT = 10_000

ENERGY_MAX_WH = 10**10
"""Most energy one meter may report for one interval: 10 GWh; more is a unit error."""
PRICE_MAX_UD_PER_KWH = 10**8
"""Largest price either side of zero: 100 dollars a kWh; more is a unit error."""
INTERVAL_MINUTES = (5, 10, 15, 30, 60)


def value_nd(energy_wh: int, price_ud_per_kwh: int) -> Nd:
    """Exact value of energy at a price [nd]: one Wh at one ud/kWh is one nano-dollar."""
    return Nd(energy_wh * price_ud_per_kwh)


def nd_to_ud_down(value: int) -> Ud:
    """Nano-dollars to micro-dollars, rounded down (towards minus infinity)."""
    return Ud(value // ND_PER_UD)


def split_largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` in proportion to ``weights``; the parts add up to ``total`` exactly.

    Each part is its exact share rounded down; what is left goes, one unit each, to the largest
    remainders, ties to the lowest index (Hamilton's method). ``total`` and all weights must be
    zero or more; with no weight at all only a total of zero can be split.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise InputError(
            "a split needs a total and weights of zero or more",
            rule="split.sign",
            field="total",
            value=total,
            remedy="split credits and debits apart",
        )
    whole = sum(weights)
    if whole == 0:
        if total:
            raise InputError(
                "nothing to split by",
                rule="split.weights",
                field="weights",
                value=0,
                remedy="give at least one weight above zero",
            )
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in order[:left]:
        parts[index] += 1
    return parts


@dataclass(frozen=True, order=True, slots=True)
class Interval:
    """A half-open span of UTC time: ``start_s`` is in it, ``end_s`` is not (Unix seconds)."""

    start_s: int
    seconds: int

    def __post_init__(self) -> None:
        """Refuse spans that no market uses or that are not aligned to their own length."""
        if self.seconds not in {60 * m for m in INTERVAL_MINUTES}:
            raise InputError(
                "an interval lasts 5, 10, 15, 30 or 60 minutes",
                rule="interval.length",
                field="seconds",
                value=self.seconds,
                remedy="set interval_minutes to one of them",
            )
        if self.start_s % self.seconds:
            raise InputError(
                "an interval starts at a whole multiple of its length (UTC)",
                rule="interval.alignment",
                field="start",
                value=iso_utc(self.start_s),
                remedy="align the start",
            )

    @property
    def end_s(self) -> int:
        """First second after the interval."""
        return self.start_s + self.seconds

    def __str__(self) -> str:
        """Start and length, as people name an interval."""
        return f"{iso_utc(self.start_s)}/PT{self.seconds // 60}M"


def iso_utc(second: int) -> str:
    """Unix seconds as ISO 8601 in UTC, for example ``2026-01-15T18:00:00Z``."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def intervals_between(start_s: int, end_s: int, seconds: int) -> Iterator[Interval]:
    """All intervals of ``seconds`` in [start_s, end_s), which must be aligned."""
    for start in range(start_s, end_s, seconds):
        yield Interval(start, seconds)


def dollars(amount_ud: int, places: int = 2) -> str:
    """Money for people, in dollars, rounded half away from zero at ``places`` digits (0 to 6)."""
    step = 10 ** (6 - places)
    units, rest = divmod(abs(amount_ud), step)
    units += rest * 2 >= step > 1
    sign = "−" if amount_ud < 0 and units else ""
    if places == 0:
        return f"{sign}{units:,}"
    return f"{sign}{units // 10**places:,}.{units % 10**places:0{places}d}"


def kwh(energy_wh: int) -> str:
    """Energy for people, in kWh with three decimals, which is exact."""
    sign = "−" if energy_wh < 0 else ""
    return f"{sign}{abs(energy_wh) // 1000:,}.{abs(energy_wh) % 1000:03d}"
