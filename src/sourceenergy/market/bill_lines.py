"""A member's grid bill, line by line: energy, delivery, regulatory, rebate, tax.

Amounts are exact in nano-dollars; what cannot be exact is rounded half up, and said so: a month's
charge for part of a month (by days), and the percentage of a rebate or tax. The printed amounts are
rounded once: the total half up to the bill's unit, the lines by largest remainder, so that the
lines add up to the total.

Rebate and tax are both parts of energy, delivery and regulatory charges before either of them
(Ontario: the rebate is calculated on the charges before HST, and HST on the charges before the
rebate). Sharing takes energy off the energy lines only: delivery and regulatory charges count all
that was imported, shared or not. Complexity: O(T).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import IntEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from sourceenergy.errors import ConfigError
from sourceenergy.market.tariffs import PricedEnergy, priced_energy
from sourceenergy.records import BillCharge, ChargeKind, ChargeVersion, TariffPlan
from sourceenergy.units import ND_PER_UD, UD_PER_CENT, Nd, Ud, value_nd

ENERGY = "energy"
PPM = 1_000_000
NOTHING = Ud(0)
KIND_ORDER = (ENERGY, *ChargeKind)
BASE_KINDS = {ENERGY, ChargeKind.DELIVERY, ChargeKind.REGULATORY}


class Rounding(IntEnum):
    """The unit a bill is rounded to [ud]."""

    MICRO_DOLLAR = 1
    CENT = UD_PER_CENT


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line: its kind (``energy`` or a ``ChargeKind``), what it counts, what it comes to.

    ``name`` is the tariff's period or the charge's name. ``energy_wh`` and ``price_ud_per_kwh``
    are None where a line does not count energy; ``part_ppm`` where it is no percentage.
    ``exact_nd`` is the exact amount, ``amount_ud`` the printed one; a rebate is negative.
    """

    kind: str
    name: str
    energy_wh: int | None
    price_ud_per_kwh: int | None
    part_ppm: int | None
    exact_nd: Nd
    amount_ud: Ud = NOTHING


@dataclass(frozen=True, slots=True)
class Bill:
    """Lines that add up to ``total_ud``."""

    lines: tuple[BillLine, ...]
    total_ud: Ud

    def of_kind(self, kind: str) -> Ud:
        """What the lines of a kind come to [ud]."""
        return Ud(sum(line.amount_ud for line in self.lines if line.kind == kind))


def bill_lines(
    plan: TariffPlan,
    charges: Sequence[BillCharge],
    starts_s: Sequence[int],
    imported_wh: Sequence[int],
    shared_wh: Sequence[int] | None = None,
    used_before_wh: int = 0,
    rounding: Rounding = Rounding.CENT,
) -> Bill:
    """The grid's bill for the intervals that start at ``starts_s`` (UTC seconds, in order, [T]).

    ``imported_wh`` [T] is what the meter counted, ``shared_wh`` [T] what of it came from
    neighbours (billed elsewhere), ``used_before_wh`` the import of the first interval's local
    month before it. Raises ``ConfigError`` (rule ``tariff.gap``) where the plan or a charge has no
    version for a day.
    """
    zone = ZoneInfo(plan.time_zone)
    days = [datetime.fromtimestamp(start, zone).date() for start in starts_s]
    parts = priced_energy(plan, starts_s, imported_wh, shared_wh, used_before_wh)
    lines: dict[tuple[object, ...], BillLine] = {}
    spans = groupby(range(len(days)), key=lambda t: _terms(charges, days[t]))
    for (year, month, versions), indices in spans:
        span = list(indices)
        inside = range(span[0], span[-1] + 1)
        energy = [part for part in parts if part.index in inside]
        share = (len({days[t] for t in span}), monthrange(year, month)[1])
        imported = sum(imported_wh[t] for t in span)
        base = _base_lines(energy, charges, versions, share, imported)
        base_nd = sum(line.exact_nd for line in base)
        for line in (*base, *_part_lines(charges, versions, base_nd)):
            key = (line.kind, line.name, line.price_ud_per_kwh, line.part_ppm)
            known = lines.get(key)
            lines[key] = line if known is None else _added(known, line)
    ordered = sorted(lines.values(), key=lambda line: KIND_ORDER.index(line.kind))
    amounts, total = round_to_sum([line.exact_nd for line in ordered], rounding)
    return Bill(
        tuple(
            replace(line, amount_ud=amount) for line, amount in zip(ordered, amounts, strict=True)
        ),
        total,
    )


def round_to_sum(values_nd: Sequence[int], unit_ud: int) -> tuple[list[Ud], Ud]:
    """Amounts [ud] in whole units that add up to the rounded total, and that total.

    The total is rounded half up; each amount is rounded down and the units still missing go to
    the largest remainders, ties to the first. Nobody is off by a whole unit.
    """
    unit = unit_ud * ND_PER_UD
    total = (2 * sum(values_nd) + unit) // (2 * unit)
    parts = [value // unit for value in values_nd]
    order = sorted(range(len(parts)), key=lambda i: (-(values_nd[i] % unit), i))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return [Ud(part * unit_ud) for part in parts], Ud(total * unit_ud)


def _terms(charges: Sequence[BillCharge], day: date) -> tuple[int, int, tuple[ChargeVersion, ...]]:
    """What may change from day to day: the month, and every charge's version."""
    return day.year, day.month, tuple(_version_at(charge, day) for charge in charges)


def _version_at(charge: BillCharge, day: date) -> ChargeVersion:
    for version in charge.versions:
        if version.valid_from <= day and (version.valid_to is None or day < version.valid_to):
            return version
    raise ConfigError(
        f"charge {charge.name} has no version for {day}",
        rule="tariff.gap",
        field=f"charge.{charge.name}.version",
        value=str(day),
        remedy="add the version in force to the tariff file",
    )


def _base_lines(
    energy: Sequence[PricedEnergy],
    charges: Sequence[BillCharge],
    versions: Sequence[ChargeVersion],
    share: tuple[int, int],
    imported_wh: int,
) -> list[BillLine]:
    lines: dict[tuple[str, int], BillLine] = {}
    for part in energy:
        line = BillLine(
            ENERGY,
            part.period,
            part.energy_wh,
            part.price,
            None,
            value_nd(part.energy_wh, part.price),
        )
        known = lines.get((part.period, part.price))
        lines[part.period, part.price] = line if known is None else _added(known, line)
    result = [lines[key] for key in sorted(lines)]
    days, of_days = share
    for charge, version in zip(charges, versions, strict=True):
        if charge.kind not in BASE_KINDS:
            continue
        if version.month_ud:
            fixed = _half_up(version.month_ud * ND_PER_UD * days, of_days)
            result.append(BillLine(charge.kind, charge.name, None, None, None, Nd(fixed)))
        if version.per_kwh:
            value = value_nd(imported_wh, version.per_kwh)
            result.append(
                BillLine(charge.kind, charge.name, imported_wh, version.per_kwh, None, value)
            )
    return result


def _part_lines(
    charges: Sequence[BillCharge], versions: Sequence[ChargeVersion], base_nd: int
) -> list[BillLine]:
    return [
        BillLine(
            charge.kind,
            charge.name,
            None,
            None,
            version.part_ppm,
            Nd(
                _half_up(base_nd * version.part_ppm, PPM)
                * (-1 if charge.kind is ChargeKind.REBATE else 1)
            ),
        )
        for charge, version in zip(charges, versions, strict=True)
        if charge.kind not in BASE_KINDS
    ]


def _added(one: BillLine, other: BillLine) -> BillLine:
    energy = None if one.energy_wh is None else one.energy_wh + (other.energy_wh or 0)
    return replace(one, energy_wh=energy, exact_nd=Nd(one.exact_nd + other.exact_nd))


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
