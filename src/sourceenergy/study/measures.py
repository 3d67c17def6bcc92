"""What a scenario means for all: shares in thousandths, inequality, carbon."""

from __future__ import annotations

from collections.abc import Sequence

from sourceenergy.economy.community.carbon import AverageFactor, MarginalFactor
from sourceenergy.economy.community.wealth import gini_ppm_nearest

GridCarbon = AverageFactor | MarginalFactor

ONTARIO_AVERAGE = AverageFactor(
    38_000,
    2022,
    "Environment and Climate Change Canada, National Inventory Report 2024, table A13-7",
    "consumption intensity",
)


def permille(part: int, whole: int) -> int | None:
    """A share in whole thousandths, rounded half up; None of nothing."""
    return (2000 * part + whole) // (2 * whole) if whole else None


def gini_of_savings_permille(savings_nd: Sequence[int]) -> int | None:
    """Gini of savings [10⁻³], losses counted as none (losers are named); None if nobody saves."""
    gains = [max(saving, 0) for saving in savings_nd]
    return (gini_ppm_nearest(gains) + 500) // 1000 if any(gains) else None


def carbon_mg(energy_wh: int, factor: GridCarbon) -> int:
    """Milligrams of CO₂e of energy from the grid, rounded half up."""
    return (2 * energy_wh * factor.mg_per_kwh + 1000) // 2000
