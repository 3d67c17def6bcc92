"""Carbon: average and marginal factors are different types and never meet in one sum.

An average factor says what the grid's kWh carried; a marginal one what one kWh less would have
saved. Both come with year, source and method, and figures keep them. Life-cycle factors of the own
plant are a third type, subtracted from either. Milligrams throughout [mg, mg/kWh].
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Wh, kwh

MG_PER_G = 1000
MG_PER_KG = 1_000_000


@dataclass(frozen=True, slots=True)
class _Factor(ABC):
    """``mg_per_kwh`` of CO₂-equivalent, and where it is from."""

    mg_per_kwh: int
    year: int
    source: str
    method: str

    def __post_init__(self) -> None:
        """Refuse a figure without its origin."""
        if self.mg_per_kwh < 0 or not (self.source and self.method):
            raise InputError(
                "a carbon factor is zero or more and says its source and method",
                rule="carbon.factor",
                field="mg_per_kwh",
                value=self.mg_per_kwh,
                remedy="cite the figure",
            )

    def __str__(self) -> str:
        """For people: 70.993 g/kWh (average, 2026, source; method)."""
        return (
            f"{self.mg_per_kwh // MG_PER_G}.{self.mg_per_kwh % MG_PER_G:03d} g/kWh "
            f"({self.basis}, {self.year}, {self.source}; {self.method})"
        )

    @property
    @abstractmethod
    def basis(self) -> str:
        """What the factor is about."""


@dataclass(frozen=True, slots=True)
class AverageFactor(_Factor):
    """What a kWh of the grid carried, on average."""

    @property
    def basis(self) -> str:
        """Average."""
        return "average"


@dataclass(frozen=True, slots=True)
class MarginalFactor(_Factor):
    """What one kWh less from the grid saves."""

    @property
    def basis(self) -> str:
        """Marginal."""
        return "marginal"


@dataclass(frozen=True, slots=True)
class PlantFactor(_Factor):
    """What a kWh of the own plant carries over its life."""

    @property
    def basis(self) -> str:
        """Life cycle of the plant."""
        return "life cycle"


GridFactor = TypeVar("GridFactor", AverageFactor, MarginalFactor)


@dataclass(frozen=True, slots=True)
class Avoided(Generic[GridFactor]):
    """Carbon of energy on one basis [mg]: gross by the grid's factor, less the own plant's.

    ``net_mg`` may be below zero. Adding two keeps the basis; another basis is refused.
    """

    energy_wh: Wh
    gross_mg: int
    plant_mg: int
    factors: tuple[tuple[GridFactor, PlantFactor], ...]

    @property
    def net_mg(self) -> int:
        """What was avoided."""
        return self.gross_mg - self.plant_mg

    def __add__(self, other: Avoided[GridFactor]) -> Avoided[GridFactor]:
        """Both together, on the same basis."""
        factors = self.factors + other.factors
        bases = {grid.basis for grid, _ in factors}
        if len(bases) > 1:
            raise InputError(
                "average and marginal carbon cannot be added",
                rule="carbon.basis",
                field="factors",
                value=" + ".join(sorted(bases)),
                remedy="report the two bases side by side",
            )
        return Avoided(
            Wh(self.energy_wh + other.energy_wh),
            self.gross_mg + other.gross_mg,
            self.plant_mg + other.plant_mg,
            tuple(dict.fromkeys(factors)),
        )


@dataclass(frozen=True, slots=True)
class AttributeSale:
    """Energy whose environmental attribute went to ``buyer``, who alone may claim it [Wh]."""

    buyer: str
    energy_wh: Wh
    serials: str


@dataclass(frozen=True, slots=True)
class Claims:
    """Who may claim what of the energy produced [Wh]: own + Σ sold = produced."""

    produced_wh: Wh
    own_wh: Wh
    sold: tuple[AttributeSale, ...]

    def lines(self) -> tuple[str, ...]:
        """For the report: the own claim, and what others claim."""
        return (
            f"{kwh(self.own_wh)} kWh claimed by the community",
            *(
                f"{kwh(sale.energy_wh)} kWh claimed by {sale.buyer}, not by the community"
                f" (certificates {sale.serials})"
                for sale in self.sold
            ),
        )


def mix_factor_nearest(
    mix_mw: Mapping[str, int],
    factors_mg_per_kwh: Mapping[str, int],
    year: int,
    source: str,
) -> AverageFactor:
    """The average factor of an hour from its generation by fuel [MW], to the nearest mg/kWh."""
    total = sum(mix_mw.values())
    unknown = sorted(set(mix_mw) - set(factors_mg_per_kwh))
    if total <= 0 or unknown or any(power < 0 for power in mix_mw.values()):
        raise InputError(
            "an hour's mix needs generation of zero or more and a factor for every fuel",
            rule="carbon.mix",
            field="mix_mw",
            value=unknown[0] if unknown else total,
            remedy="add the fuel's life-cycle factor with its source",
        )
    weighted = sum(power * factors_mg_per_kwh[fuel] for fuel, power in mix_mw.items())
    return AverageFactor(
        (2 * weighted + total) // (2 * total),
        year,
        source,
        "generation-weighted mean of life-cycle factors",
    )


def avoided_down(energy_wh: int, grid: GridFactor, plant: PlantFactor) -> Avoided[GridFactor]:
    """Carbon of claimable energy: gross rounded down, the plant's rounded up [mg]."""
    if energy_wh < 0:
        raise InputError(
            "energy is zero or more",
            rule="carbon.energy",
            field="energy_wh",
            value=energy_wh,
            remedy="use imported and exported energy apart",
        )
    gross = energy_wh * grid.mg_per_kwh // 1000
    own = -(-energy_wh * plant.mg_per_kwh // 1000)
    return Avoided(Wh(energy_wh), gross, own, ((grid, plant),))


def claims(produced_wh: int, sold: Sequence[AttributeSale]) -> Claims:
    """What the community may claim itself, once sold attributes are taken off."""
    sold_wh = sum(sale.energy_wh for sale in sold)
    if sold_wh > produced_wh or any(sale.energy_wh < 0 for sale in sold):
        raise NotPermitted(
            "more attributes were sold than energy was produced",
            rule="carbon.oversold",
            field="sold_wh",
            value=sold_wh,
            remedy=f"{produced_wh} Wh were produced; correct the certificates",
        )
    return Claims(Wh(produced_wh), Wh(produced_wh - sold_wh), tuple(sold))


def require_claim(claimed_wh: int, open_to: Claims) -> None:
    """Refuse a carbon claim on energy whose attribute was sold."""
    if claimed_wh > open_to.own_wh:
        raise NotPermitted(
            "the attribute of this energy was sold: only its buyer may claim the carbon",
            rule="carbon.attribute_sold",
            field="claimed_wh",
            value=claimed_wh,
            remedy=f"claim at most {open_to.own_wh} Wh",
        )


def grams(amount_mg: int) -> str:
    """Carbon for people in kg with three decimals (whole grams), rounded towards zero."""
    whole = abs(amount_mg) // MG_PER_G
    sign = "−" if amount_mg < 0 and whole else ""
    return f"{sign}{whole // 1000:,}.{whole % 1000:03d} kg"
