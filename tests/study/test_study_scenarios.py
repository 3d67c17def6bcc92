"""Scenarios on a small street: every rule by name, losers named, today's bill the measure."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from sourceenergy.errors import InputError
from sourceenergy.records import KeyKind
from sourceenergy.settlement.period import settle
from sourceenergy.study.charts import study_pages
from sourceenergy.study.measures import ONTARIO_AVERAGE
from sourceenergy.study.outcome import Outcome, try_out
from sourceenergy.study.report import measures, study_csv, study_json, study_of, title
from sourceenergy.study.scenarios import Change, cheapest_plans, scenarios


@pytest.fixture(scope="module")
def outcomes(street: Any) -> list[Outcome]:
    return try_out(street.period)


def _by_name(outcomes: list[Outcome]) -> dict[str, Outcome]:
    return {outcome.scenario.name: outcome for outcome in outcomes}


def test_a_study_of_nothing_is_refused(street: Any) -> None:
    empty = dataclasses.replace(street.period, end_s=street.period.start_s)
    with pytest.raises(InputError, match="members and intervals"):
        try_out(empty)


def test_the_own_rules_come_first_and_every_kind_of_rule_is_tried(street: Any) -> None:
    chosen = scenarios(street.period)
    assert (chosen[0].name, chosen[0].change) == ("pool_mmr", Change.NOTHING)
    names = [scenario.name for scenario in chosen]
    assert len(names) == len(set(names))
    assert {"pool_sdr", "pool_csdr", "uniform_price", "pay_as_bid", "bill_sharing"} <= set(names)
    assert {"key:static", "key:dynamic", "key:hybrid", "plan:low", "plan:high"} <= set(names)


def test_only_the_plans_asked_for_are_tried(street: Any) -> None:
    names = {s.name for s in scenarios(street.period, ["low"]) if s.change is Change.PLANS}
    assert names == {"plan:low"}


def test_todays_rules_are_what_settlement_says(street: Any, outcomes: list[Outcome]) -> None:
    own = outcomes[0]
    ledgers = settle(street.period).ledgers
    assert own.cost_nd == tuple(ledger.cost_nd for ledger in ledgers)
    assert own.saving_nd == tuple(ledger.saving_nd for ledger in ledgers)
    assert own.local_wh == sum(ledger.sold_wh for ledger in ledgers)
    assert own.losers == ()


def test_a_dearer_plan_for_all_has_its_losers_named(outcomes: list[Outcome]) -> None:
    """Home 1 is on the plan that is 0.7 and 0.3 of a thousandth of a cent cheaper."""
    dearer = _by_name(outcomes)["plan:high"]
    without = dataclasses.replace(dearer, cost_nd=tuple(x + 10**9 for x in dearer.today_nd))
    assert without.losers == (0, 1, 2)
    assert dearer.today_nd == outcomes[0].today_nd


def test_no_pool_and_no_auction_makes_anybody_pay_more_than_the_grid(
    outcomes: list[Outcome],
) -> None:
    for outcome in outcomes:
        ours = outcome.scenario.change in (Change.NOTHING, Change.MECHANISM)
        if ours and outcome.scenario.name != "bill_sharing":
            assert outcome.losers == (), outcome.scenario.name


def test_money_is_only_moved_between_members_operator_and_grid(outcomes: list[Outcome]) -> None:
    """All costs together are what the grid gets and the operator's fee; McAfee's rest aside."""
    for outcome in outcomes:
        if outcome.scenario.name == "mcafee":
            continue
        given = outcome.given
        bought, sold = np.array(outcome.bought_wh), np.array(outcome.sold_wh)
        assert bought.sum() == sold.sum() == outcome.local_wh
        assert sum(outcome.cost_nd) >= 0
        grid_most = int((given.imported * given.retail).sum())
        assert sum(outcome.cost_nd) <= grid_most


def test_a_key_gives_no_more_than_is_used(street: Any, outcomes: list[Outcome]) -> None:
    for kind in (KeyKind.STATIC, KeyKind.DYNAMIC, KeyKind.HYBRID):
        outcome = _by_name(outcomes)[f"key:{kind}"]
        imported = outcome.given.imported.sum(axis=0).tolist()
        assert all(b <= i for b, i in zip(outcome.bought_wh, imported, strict=True))
    static, dynamic = (_by_name(outcomes)[f"key:{kind}"] for kind in ("static", "dynamic"))
    assert static.local_wh <= dynamic.local_wh


def test_the_cheapest_plan_is_each_members_own_and_ties_keep_todays() -> None:
    bills = {"a": (5, 7, 4), "b": (6, 3, 4)}
    assert cheapest_plans(("a", "a", "b"), bills) == ("a", "b", "b")


def test_tables_and_pages_say_the_same_and_repeat(street: Any, outcomes: list[Outcome]) -> None:
    study = study_of(
        street.period,
        outcomes,
        names=["Ada", "=Bob", "Çem"],
        time_zone="America/Toronto",
        carbon=ONTARIO_AVERAGE,
        simulated=True,
    )
    told = json.loads(study_json(study))
    assert told["simulated"] is True
    assert len(told["scenarios"]) == len(outcomes)
    for row, outcome in zip(told["scenarios"], outcomes, strict=True):
        assert row["saving_nd"] == sum(m["saving_nd"] for m in row["members"])
        assert row["saving_nd"] == measures(study, outcome)["saving_nd"]
        assert row["title"] == title(study, outcome.scenario)
    best = study.best
    assert best is not None
    assert told["best"] == best.scenario.name
    lines = study_csv(study).decode().splitlines()
    assert len(lines) == 1 + 3 * len(outcomes)
    assert any("'=Bob" in line for line in lines)
    pages = study_pages(study)
    assert pages == study_pages(study)
    assert pages.pdf.startswith(b"%PDF")
    assert [png[:4] for png in pages.png] == [b"\x89PNG"] * 3
