"""A study for people: tables of who gains and who loses, charts, and the same for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sourceenergy.reports.language import ENGLISH
from sourceenergy.reports.local_days import LocalDays, local_days
from sourceenergy.reports.words import cell, csv_bytes, exact_cad, exact_kwh, simulated_label
from sourceenergy.settlement.bundle import canonical_json
from sourceenergy.settlement.period import Period
from sourceenergy.study.measures import CarbonFactor, carbon_g, gini_permille, permille
from sourceenergy.study.scenarios import Outcome
from sourceenergy.units import iso_utc


@dataclass(frozen=True)
class Study:
    """What tables and charts show: outcomes in order, the first being the community's own rules."""

    period: Period
    local: LocalDays
    names: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    carbon: CarbonFactor
    simulated: bool

    @property
    def label(self) -> str:
        """``SIMULATED`` or nothing."""
        return simulated_label(self.period.mode, self.simulated)

    @property
    def span(self) -> str:
        """The period in local days."""
        return ENGLISH.span(self.local.starts[0], self.local.end)

    @property
    def best(self) -> Outcome | None:
        """Of the scenarios in which nobody pays more than today, the one that saves most."""
        fair = [outcome for outcome in self.outcomes if not outcome.losers]
        return max(fair, key=lambda outcome: sum(outcome.saving_nd), default=None)


def study_of(
    period: Period,
    outcomes: Sequence[Outcome],
    *,
    names: Sequence[str],
    time_zone: str,
    carbon: CarbonFactor,
    simulated: bool = False,
) -> Study:
    """A study, ready to be written."""
    local = local_days(period, time_zone)
    return Study(period, local, tuple(names), tuple(outcomes), carbon, simulated)


def measures(study: Study, outcome: Outcome) -> dict[str, int | None]:
    """One row of the table: money [nd], energy [Wh], shares in thousandths, carbon [g]."""
    imported = sum(ledger.imported_wh for ledger in outcome.ledgers)
    exported = sum(ledger.exported_wh for ledger in outcome.ledgers)
    saving = outcome.saving_nd
    return {
        "saving_nd": sum(saving),
        "fees_ud": outcome.fees_ud,
        "members_better": sum(x > 0 for x in saving),
        "members_worse": len(outcome.losers),
        "worst_nd": min(saving),
        "local_wh": outcome.local_wh,
        "self_sufficiency_permille": permille(outcome.local_wh, imported),
        "surplus_used_permille": permille(outcome.local_wh, exported),
        "gini_of_savings_permille": gini_permille(saving),
        "carbon_of_grid_import_g": carbon_g(imported - outcome.local_wh, study.carbon),
    }


def study_json(study: Study) -> bytes:
    """The study for programs."""
    body = {
        "community": study.period.community,
        "mode": study.period.mode.value,
        "simulated": bool(study.label),
        "start": iso_utc(study.period.start_s),
        "end": iso_utc(study.period.end_s),
        "carbon_factor": asdict(study.carbon),
        "best": study.best.scenario.name if study.best else None,
        "scenarios": [
            {
                "name": o.scenario.name,
                "title": o.scenario.title,
                "mechanism": o.scenario.mechanism,
                **measures(study, o),
                "losers": [study.names[i] for i in o.losers],
                "members": [
                    {
                        "id": name,
                        "plan": plan,
                        "today_nd": today,
                        "cost_nd": cost,
                        "saving_nd": today - cost,
                    }
                    for name, plan, today, cost in zip(
                        study.names, o.scenario.plans, o.today_nd, o.cost_nd, strict=True
                    )
                ],
            }
            for o in study.outcomes
        ],
    }
    return canonical_json(body)


def study_csv(study: Study) -> bytes:
    """One row a member and scenario; money in CAD, exact."""
    heading = (
        "scenario",
        "mechanism",
        "member",
        "tariff",
        "imported_kwh",
        "exported_kwh",
        "bought_kwh",
        "sold_kwh",
        "today_grid_alone_cad",
        "cost_cad",
        "saving_cad",
        "worse_off",
    )
    rows = []
    for o in study.outcomes:
        for i, (name, ledger) in enumerate(zip(study.names, o.ledgers, strict=True)):
            energy = (ledger.imported_wh, ledger.exported_wh, ledger.bought_wh, ledger.sold_wh)
            amounts = (o.today_nd[i], o.cost_nd[i], o.saving_nd[i])
            rows.append(
                (
                    o.scenario.name,
                    o.scenario.mechanism,
                    cell(name),
                    o.scenario.plans[i],
                    *map(exact_kwh, energy),
                    *map(exact_cad, amounts),
                    "yes" if i in o.losers else "no",
                )
            )
    return csv_bytes(heading, rows)
