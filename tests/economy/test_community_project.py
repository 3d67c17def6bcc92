"""The co-op pools money and buys something bigger: votes, milestones, exits, seats."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.aggregated_market.belonging import Belonging, belongs_to, move
from sourceenergy.economy.community.profit import DAY_S, Change, pool_at
from sourceenergy.economy.community.project import (
    Ballot,
    Claim,
    Project,
    Seat,
    accountability,
    count_votes,
    leave,
    pool_by_path,
    release,
)
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud
from strategies_energy import digest, law, utc

DOLLAR, CENT = 1_000_000, 10_000
START = utc("2026-01-01T05:00")
BATTERY = Project("Roof battery", Ud(9_000 * DOLLAR), (40, 40, 20))
PASSED = Ballot(180, 80, 10, 500)
PROSUMER, H1, TENANT = 3, 8, 11
POOL = tuple(
    Change(START + day * DAY_S, member, Ud(dollars * DOLLAR), Ud(0))
    for member, dollars, day in ((PROSUMER, 2_000, 0), (H1, 6_000, 0), (TENANT, 1_000, 45))
)


def claim(milestone: int, amount_ud: int) -> Claim:
    return Claim(milestone, Ud(amount_ud), "installer", digest("acceptance"))


def refused(rule: str, **change: Any) -> None:
    given_: dict[str, Any] = {
        "project": BATTERY, "ballot": PASSED, "released": (),
        "claim": claim(0, 3_600 * DOLLAR), "approver": "board", **change,
    }  # fmt: skip
    with pytest.raises(NotPermitted) as refusal:
        release(**given_)
    assert refusal.value.rule == rule


# --- refusals ---------------------------------------------------------------------------------


def test_S14_nothing_is_spent_before_a_quorum() -> None:
    refused("project.quorum", ballot=Ballot(180, 89, 0, 500))
    refused("project.quorum", ballot=Ballot(180, 45, 45, 500))
    assert release(BATTERY, Ballot(180, 46, 44, 500), (), claim(0, CENT), "board")


def test_S14_the_operator_does_not_approve_her_own_claim() -> None:
    own = replace(claim(0, CENT), claimant="operator")
    refused("project.own_claim", claim=own, approver="operator")


def test_S14_no_evidence_no_money() -> None:
    refused("project.evidence", claim=replace(claim(0, CENT), evidence=""))


def test_S14_one_cent_too_much_is_refused() -> None:
    refused("project.budget", claim=claim(0, 3_600 * DOLLAR + CENT))
    refused("project.budget", claim=claim(0, 0))


def test_milestones_come_in_order_and_once() -> None:
    first = (claim(0, 3_600 * DOLLAR),)
    refused("project.milestone", claim=claim(1, CENT))
    refused("project.milestone", released=first, claim=claim(0, CENT))
    refused("project.milestone", released=first * 3, claim=claim(3, CENT))


def test_S14_nobody_votes_twice_not_even_by_two_wallets() -> None:
    members = {"prosumer", "tenant"}
    wallets = {"wallet 1": "prosumer", "wallet 2": "prosumer"}
    for votes in ([("wallet 1", True), ("wallet 2", False)], [("stranger", True)]):
        with pytest.raises(NotPermitted) as refusal:
            count_votes(members, wallets, votes, 500)
        assert refusal.value.rule == "project.one_vote"


# --- S14 --------------------------------------------------------------------------------------


def test_S14_releases_3600_3600_and_1800() -> None:
    assert BATTERY.milestones_ud == (3_600 * DOLLAR, 3_600 * DOLLAR, 1_800 * DOLLAR)
    released: tuple[Claim, ...] = ()
    for milestone, amount in enumerate(BATTERY.milestones_ud):
        released = release(BATTERY, PASSED, released, claim(milestone, amount), "board")
    assert sum(one.amount_ud for one in released) == 9_000 * DOLLAR


def test_S14_result_and_turnout() -> None:
    ballot = count_votes(
        {"prosumer", "tenant", "neighbour"}, {"w": "prosumer"}, [("w", True), ("tenant", True)], 500
    )
    assert (ballot.in_favour, ballot.against, ballot.turnout_permille) == (2, 0, 666)
    assert ballot.passed
    assert not count_votes({"prosumer", "tenant", "n"}, {}, [("tenant", True)], 500).quorate


def test_S14_the_pool_shows_who_is_counted_through_which_path_without_names() -> None:
    assert pool_by_path(POOL, {H1: "trust"}, START + 45 * DAY_S) == {
        "direct": 3_000 * DOLLAR, "trust": 6_000 * DOLLAR,
    }  # fmt: skip


def test_S14_a_pledge_of_kWh_counts_from_its_date() -> None:
    moves = move((), Belonging("H1", "C1", START + 45 * DAY_S))
    assert belongs_to(moves, "H1", START + 45 * DAY_S - 1) == "H1"
    assert belongs_to(moves, "H1", START + 45 * DAY_S) == "C1"


def test_S14_leaving_pays_out_by_the_rule_and_the_pool_stays_whole() -> None:
    noticed, now = START + 50 * DAY_S, START + 80 * DAY_S
    with pytest.raises(NotPermitted) as early:
        leave(POOL, TENANT, noticed, now - 1, 30 * DAY_S, 9_000 * DOLLAR)
    assert early.value.rule == "project.notice"
    with pytest.raises(NotPermitted) as short:
        leave(POOL, TENANT, noticed, now, 30 * DAY_S, 999 * DOLLAR)
    assert short.value.rule == "project.cash"
    exit_ = leave(POOL, TENANT, noticed, now, 30 * DAY_S, 9_000 * DOLLAR)
    assert exit_.withdrawn_ud == 1_000 * DOLLAR
    after = pool_at((*POOL, exit_), now)
    assert after == {PROSUMER: 2_000 * DOLLAR, H1: 6_000 * DOLLAR, TENANT: 0}
    with pytest.raises(InputError):
        leave((*POOL, exit_), TENANT, noticed, now, 30 * DAY_S, 9_000 * DOLLAR)


SEATS = [
    Seat("chair", False, False, 4, 4), Seat("resident 1", True, True, 4, 3),
    Seat("resident 2", True, True, 4, 4),
]  # fmt: skip


def test_S14_seats_and_attendance_are_in_the_accountability_report() -> None:
    assert accountability(SEATS, 2)[1] == "resident 1 (advisory, low-income): 3 of 4 meetings"
    for seats in (SEATS[:2], [replace(SEATS[0], attended=5), *SEATS[1:]]):
        with pytest.raises(InputError):
            accountability(seats, 2)


# --- always -----------------------------------------------------------------------------------


@law
@given(
    st.integers(1, 10**7), st.lists(st.integers(1, 60), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10**8)), max_size=8),
)  # fmt: skip
def test_never_more_than_the_budget(
    cents: int, parts: list[int], tries: list[tuple[int, int]]
) -> None:
    project = Project("any", Ud(cents * CENT), tuple(parts))
    assert sum(project.milestones_ud) == project.budget_ud
    released: tuple[Claim, ...] = ()
    for milestone, amount in tries:
        try:
            released = release(project, PASSED, released, claim(milestone, amount), "board")
        except NotPermitted:
            continue
    assert sum(one.amount_ud for one in released) <= project.budget_ud
