"""The wealth page: four kinds of capital, and how they grow, are shared and last.

After the Wealth Ecology Model: wealth is natural, social, financial and built. Each measure stands
beside its definition, and none is added to another: they have different units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sourceenergy.economy._cents import PPM
from sourceenergy.errors import InputError
from sourceenergy.units import Ud, Wh

DEFINITIONS = {
    "renewable_wh": "natural: metered energy of the community's own plants in the period",
    "carbon_net_mg": "natural: carbon avoided, less life cycle and the platform's own footprint",
    "members": "social: people who take part at the end of the period",
    "members_without_plant": "social: of these, people with neither roof nor money in the pool",
    "job_hours": "social: hours of work and training with evidence",
    "savings_ud": "financial: members' bills with the grid alone less their bills here",
    "paid_ud": "financial: income paid to members",
    "reserve_ud": "financial: what the community keeps for bad years",
    "plant_w": "built: rated power of plants and batteries the community uses",
    "plant_ud": "built: last audited value of what the community owns",
    "growth_permille": "growth: change against the period before; none where that was zero",
    "gini_ppm": "equity: Gini coefficient of members' benefit, 0 all the same, 1 one has all",
    "own_use_permille": "sustainability: energy shared here out of all energy members needed",
    "cost_cover_permille": "sustainability: fees out of the cost of running the platform",
}


@dataclass(frozen=True, slots=True)
class Capital:
    """The four kinds of capital of one period, each in its own unit (see ``DEFINITIONS``)."""

    renewable_wh: Wh
    carbon_net_mg: int
    members: int
    members_without_plant: int
    job_hours: int
    savings_ud: Ud
    paid_ud: Ud
    reserve_ud: Ud
    plant_w: int
    plant_ud: Ud


def gini_ppm_nearest(amounts: Sequence[int]) -> int:
    """Gini coefficient of amounts of zero or more [10⁻⁶], to the nearest; 0 for none or nothing.

    G = (2·Σ i·xᵢ − (n + 1)·Σ xᵢ) / (n·Σ xᵢ) with the amounts in rising order, i from 1 (Gini 1912,
    as mean difference over twice the mean).
    """
    if any(amount < 0 for amount in amounts):
        raise InputError(
            "a Gini coefficient needs amounts of zero or more",
            rule="wealth.gini",
            field="amounts",
            value=min(amounts),
            remedy="report losses apart",
        )
    count, total = len(amounts), sum(amounts)
    if not total:
        return 0
    ranked = sum(rank * amount for rank, amount in enumerate(sorted(amounts), start=1))
    top, whole = 2 * ranked - (count + 1) * total, count * total
    return (2 * PPM * top + whole) // (2 * whole)


def growth_permille_down(before: int, after: int) -> int | None:
    """Change against the period before [10⁻³], rounded down; None where that was not above zero."""
    return None if before <= 0 else (after - before) * 1000 // before


def part_permille_down(part: int, whole: int) -> int | None:
    """A part of a whole [10⁻³], rounded down; None where there is no whole."""
    if part < 0 or whole < 0:
        raise InputError(
            "a part and its whole are zero or more",
            rule="wealth.part",
            field="part",
            value=part,
            remedy="report losses apart",
        )
    return part * 1000 // whole if whole else None


@dataclass(frozen=True, slots=True)
class Wealth:
    """The page of one period: capital, growth of each kind, equity, sustainability."""

    capital: Capital
    growth_permille: tuple[tuple[str, int | None], ...]
    gini_ppm: int
    own_use_permille: int | None
    cost_cover_permille: int | None

    @property
    def pays_for_itself(self) -> bool:
        """Do fees cover what running costs? If not, the page says so."""
        return self.cost_cover_permille is None or self.cost_cover_permille >= 1000


def wealth(
    now: Capital,
    before: Capital | None,
    benefits_ud: Sequence[int],
    shared_wh: int,
    needed_wh: int,
    fees_ud: int,
    running_cost_ud: int,
) -> Wealth:
    """The measures of a period; ``before`` is None in the first."""
    growth = (
        tuple(
            (name, growth_permille_down(getattr(before, name), getattr(now, name)))
            for name in Capital.__dataclass_fields__
        )
        if before
        else ()
    )
    return Wealth(
        now,
        growth,
        gini_ppm_nearest(benefits_ud),
        part_permille_down(shared_wh, needed_wh),
        part_permille_down(fees_ud, running_cost_ud),
    )
