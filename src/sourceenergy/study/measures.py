"""What a scenario means for people: shares in thousandths, inequality, carbon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sourceenergy.errors import InputError

PERMILLE = 1000


@dataclass(frozen=True, slots=True)
class CarbonFactor:
    """Grams of CO₂e a kWh from the grid stands for, with basis, year and source always beside it.

    ``basis`` is ``average`` or ``marginal``; the two answer different questions and never mix.
    """

    mg_per_kwh: int
    basis: str
    year: int
    source: str

    def __post_init__(self) -> None:
        """Refuse a factor that does not say what it is."""
        if self.basis not in ("average", "marginal") or not self.source or self.mg_per_kwh < 0:
            raise InputError(
                "a carbon factor names its basis and source and is not negative",
                rule="carbon.factor",
                field="carbon",
                value=f"{self.mg_per_kwh} mg/kWh, {self.basis}",
                remedy="say average or marginal, the year and where the figure is from",
            )


ONTARIO_AVERAGE = CarbonFactor(
    38_000,
    "average",
    2022,
    "Environment and Climate Change Canada, National Inventory Report 2024, table A13-7",
)


def permille(part: int, whole: int) -> int | None:
    """A share in whole thousandths, rounded half up; None of nothing."""
    return (2 * PERMILLE * part + whole) // (2 * whole) if whole else None


def gini_permille(values: Sequence[int]) -> int | None:
    """Gini coefficient in thousandths: 0 all get the same, towards 1000 one gets all.

    ``G = Σ (2i − n − 1)·xᵢ / (n·Σx)`` over values in rising order, values below zero counted as
    zero (losers are listed by name). None where nobody gets anything. Source: Gini 1912, in the
    form of Sen, "On Economic Inequality", 1973.
    """
    ordered = sorted(max(value, 0) for value in values)
    count, whole = len(ordered), sum(ordered)
    if not whole:
        return None
    weighted = sum((2 * i - count - 1) * x for i, x in enumerate(ordered, start=1))
    return permille(weighted, count * whole)


def carbon_g(energy_wh: int, factor: CarbonFactor) -> int:
    """Grams of CO₂e of energy from the grid, rounded half up."""
    micro = energy_wh * factor.mg_per_kwh  # Wh · mg/kWh = 10⁻⁶ g · … = µg
    return (2 * micro + 1_000_000) // 2_000_000
