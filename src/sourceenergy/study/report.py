"""A study for people: tables of who gains and who loses, charts, and the same for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sourceenergy.reports.language import ENGLISH
from sourceenergy.reports.local_days import LocalDays, local_days
from sourceenergy.reports.words import cell, csv_bytes, exact_cad, exact_kwh, simulated_label
from sourceenergy.settlement.bundle import canonical_json
from sourceenergy.settlement.period import Period
from sourceenergy.study.measures import (
    GridCarbon,
    carbon_mg,
    gini_of_savings_permille,
    permille,
)
from sourceenergy.study.outcome import Outcome
from sourceenergy.study.scenarios import Change, Scenario
from sourceenergy.units import iso_utc


@dataclass(frozen=True)
class Study:
    """What tables and charts show: outcomes in order, the first being the community's own rules."""

    period: Period
    local: LocalDays
    names: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    carbon: GridCarbon
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
    carbon: GridCarbon,
    simulated: bool = False,
) -> Study:
    """A study, ready to be written."""
    local = local_days(period, time_zone)
    return Study(period, local, tuple(names), tuple(outcomes), carbon, simulated)


def measures(study: Study, outcome: Outcome) -> dict[str, int | None]:
    """One row of the table: money [nd], energy [Wh], shares in thousandths, carbon [g]."""
    imported, exported = int(outcome.given.imported.sum()), int(outcome.given.exported.sum())
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
        "gini_of_savings_permille": gini_of_savings_permille(saving),
        "carbon_of_grid_import_mg": carbon_mg(imported - outcome.local_wh, study.carbon),
    }


_MECHANISMS = {
    "pool_mmr": "pool at the mid-market price",
    "pool_sdr": "pool at the supply-demand price",
    "pool_csdr": "pool at the compensated supply-demand price",
    "uniform_price": "auction with one price",
    "pay_as_bid": "auction, each pair its price",
    "mcafee": "truthful auction (McAfee)",
    "bill_sharing": "one shared bill",
}
_KEYS = {
    "static": "key: equal or fixed shares of each roof",
    "dynamic": "key: by need, every interval",
    "hybrid": "key: fixed shares, the rest by need",
}


def title(study: Study, scenario: Scenario) -> str:
    """A scenario for people: what it changes."""
    if scenario.change is Change.NOTHING:
        return f"today's rules: {_MECHANISMS.get(scenario.mechanism, scenario.mechanism)}"
    if scenario.change is Change.MECHANISM:
        return _MECHANISMS.get(scenario.mechanism, scenario.mechanism)
    if scenario.key is not None:
        return _KEYS[scenario.key]
    if len(set(scenario.plans)) == 1:
        return f"everybody on {study.period.plans[scenario.plans[0]].title}"
    return "each on the plan that is cheapest alone"


def study_json(study: Study) -> bytes:
    """The study for programs."""
    body = {
        "community": study.period.community,
        "mode": study.period.mode.value,
        "simulated": bool(study.label),
        "start": iso_utc(study.period.start_s),
        "end": iso_utc(study.period.end_s),
        "carbon_factor": {"basis": study.carbon.basis, **asdict(study.carbon)},
        "best": study.best.scenario.name if study.best else None,
        "scenarios": [
            {
                "name": o.scenario.name,
                "title": title(study, o.scenario),
                "change": o.scenario.change.value,
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
        imported, exported = (
            columns.sum(axis=0).tolist() for columns in (o.given.imported, o.given.exported)
        )
        for i, name in enumerate(study.names):
            energy = (imported[i], exported[i], o.bought_wh[i], o.sold_wh[i])
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
