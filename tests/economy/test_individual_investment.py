"""Prosumer invests $500 and the law is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.individual.investment import (
    Investor,
    Pledge,
    Project,
    Raised,
    Regime,
    close_round,
    last_day_to_withdraw,
    require_investment,
    withdraw,
    within_twelve_months,
)
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud
from strategies_energy import account, digest, law

DOLLAR, CENT = 1_000_000, 10_000
OPENED = date(2026, 1, 15)  # a Thursday
ROOF = Project(
    "School Roof", "C1", Regime.CROWDFUNDING, Ud(90_000 * DOLLAR), Ud(CENT), OPENED, 90,
    digest("document"), digest("risk form"),
)  # fmt: skip
READ = frozenset({ROOF.document, ROOF.risk_form})
PROSUMER = Investor(account(4), READ)


def pledge(amount_ud: int, number: int = 4, day: date = OPENED) -> Pledge:
    return Pledge(account(number), Ud(amount_ud), day)


def invest(amount_ud: int, **change: Any) -> Pledge:
    given_: dict[str, Any] = {
        "project": ROOF, "investor": PROSUMER, "pledges": (), "raised": (),
        "amount_ud": amount_ud, "day": OPENED, **change,
    }  # fmt: skip
    return require_investment(**given_)


def refused(rule: str, amount_ud: int, **change: Any) -> None:
    with pytest.raises(NotPermitted) as refusal:
        invest(amount_ud, **change)
    assert refusal.value.rule == rule


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"document": ""}, "investment.document"),
        ({"risk_form": ""}, "investment.document"),
        ({"promises_return": True}, "investment.promise"),
    ],
)
def test_S11_no_project_without_a_document_or_with_a_promise(
    change: dict[str, Any], rule: str
) -> None:
    with pytest.raises(NotPermitted) as refusal:
        replace(ROOF, **change)
    assert refusal.value.rule == rule


@pytest.mark.parametrize("change", [{"days": 91}, {"days": 0}, {"target_ud": 0}, {"unit_ud": 0}])
def test_an_offer_has_an_end_a_target_and_a_unit(change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        replace(ROOF, **change)


def test_S11_the_version_of_the_document_that_holds_is_read_before_paying() -> None:
    for read in (frozenset(), READ - {ROOF.risk_form}, READ - {ROOF.document}):
        stale = replace(PROSUMER, acknowledged=read | {digest("an earlier version")})
        refused("investment.acknowledgement", 500 * DOLLAR, investor=stale)


@pytest.mark.parametrize("days", [-1, 91])
def test_outside_its_days_an_offer_takes_nothing(days: int) -> None:
    refused("investment.closed", 500 * DOLLAR, day=OPENED + timedelta(days=days))
    assert invest(500 * DOLLAR, day=ROOF.closes_on).day == ROOF.closes_on


def test_units_are_whole_and_the_target_is_the_end() -> None:
    for amount in (0, -CENT, CENT + 1):
        refused("investment.units", amount)
    others = [pledge(2_500 * DOLLAR, 100 + i) for i in range(35)]
    refused("investment.target", 2_500 * DOLLAR + CENT, pledges=others,
            investor=replace(PROSUMER, advised=True))  # fmt: skip
    assert invest(2_500 * DOLLAR, pledges=others).amount_ud == 2_500 * DOLLAR


# --- S11 --------------------------------------------------------------------------------------


def test_S11_2500_in_total_is_accepted_and_a_cent_more_refused_without_advice() -> None:
    first = invest(500 * DOLLAR)
    refused("investment.investor_cap", 2_000 * DOLLAR + CENT, pledges=[first])
    assert invest(2_000 * DOLLAR, pledges=[first]).amount_ud == 2_000 * DOLLAR
    refused("investment.investor_cap", 2_500 * DOLLAR + CENT)


def test_S11_others_pledges_do_not_count_towards_the_own_cap() -> None:
    assert invest(2_500 * DOLLAR, pledges=[pledge(2_500 * DOLLAR, 5)])


def test_S11_up_to_10000_with_a_dealers_suitability_record() -> None:
    advised = replace(PROSUMER, advised=True)
    assert invest(10_000 * DOLLAR, investor=advised)
    refused("investment.investor_cap", 10_000 * DOLLAR + CENT, investor=advised)


def test_S11_the_issuers_12_month_cap_is_1_500_000() -> None:
    most = 1_500_000 * DOLLAR
    in_time, too_old = date(2025, 1, 16), date(2025, 1, 15)
    at = [Raised(in_time, Ud(most - 500 * DOLLAR))]
    assert invest(500 * DOLLAR, raised=at)
    refused("investment.issuer_cap", 500 * DOLLAR + CENT, raised=at)
    assert invest(500 * DOLLAR + CENT, raised=[replace(at[0], day=too_old)])
    this_round = [pledge(200 * DOLLAR, 5)]
    assert invest(300 * DOLLAR, raised=at, pledges=this_round)
    refused("investment.issuer_cap", 300 * DOLLAR + CENT, raised=at, pledges=this_round)


def test_twelve_months_across_a_leap_day() -> None:
    assert within_twelve_months(date(2023, 3, 1), date(2024, 2, 29))
    assert not within_twelve_months(date(2023, 2, 28), date(2024, 2, 29))
    assert not within_twelve_months(date(2024, 2, 29), date(2025, 3, 1))
    assert not within_twelve_months(date(2024, 3, 2), date(2024, 3, 1))
    assert within_twelve_months(OPENED, OPENED)


def test_S11_the_co_op_regime_is_for_members_in_ontario_and_without_these_caps() -> None:
    co_op = replace(ROOF, regime=Regime.CO_OPERATIVE)
    member = replace(PROSUMER, member=True, ontario_resident=True)
    assert invest(6_000 * DOLLAR, project=co_op, investor=member)
    for who in (replace(member, member=False), replace(member, ontario_resident=False)):
        refused("investment.co_operative", 500 * DOLLAR, project=co_op, investor=who)
    unread = replace(member, acknowledged=frozenset())
    refused("investment.acknowledgement", 500 * DOLLAR, project=co_op, investor=unread)


FAMILY_DAY = date(2026, 2, 16)  # a Monday


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 1, 15), date(2026, 1, 19)),  # Thursday: Friday, Monday
        (date(2026, 1, 16), date(2026, 1, 20)),  # Friday
        (date(2026, 1, 17), date(2026, 1, 20)),  # Saturday
        (date(2026, 2, 13), date(2026, 2, 18)),  # Friday before Family Day
    ],
)
def test_S11_it_can_be_undone_within_two_business_days(day: date, last: date) -> None:
    assert last_day_to_withdraw(day, {FAMILY_DAY}) == last
    one = pledge(500 * DOLLAR, day=day)
    assert withdraw(one, day, {FAMILY_DAY}) == withdraw(one, last, {FAMILY_DAY}) == 500 * DOLLAR
    with pytest.raises(NotPermitted) as refusal:
        withdraw(one, last + timedelta(days=1), {FAMILY_DAY})
    assert refusal.value.rule == "investment.withdrawal"


def test_S11_a_missed_target_returns_every_cent_by_itself() -> None:
    pledges = [pledge(500 * DOLLAR), pledge(89_499_990_000, 5)]
    assert close_round(ROOF, pledges, ROOF.closes_on) is None
    closed = close_round(ROOF, pledges, ROOF.closes_on + timedelta(days=1))
    assert closed is not None
    assert (closed.met, closed.units) == (False, ())
    assert sum(amount for _, amount in closed.refunds_ud) == 89_999_990_000


def test_S11_units_are_made_only_when_the_target_is_met() -> None:
    pledges = [pledge(500 * DOLLAR), pledge(89_000 * DOLLAR, 5), pledge(500 * DOLLAR)]
    closed = close_round(ROOF, pledges, OPENED)
    assert closed is not None
    assert (closed.met, closed.refunds_ud) == (True, ())
    assert dict(closed.units) == {account(4): 100_000, account(5): 8_900_000}


@law
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4_000_000)), max_size=8))
def test_a_round_loses_no_cent(parts: list[tuple[int, int]]) -> None:
    pledges = [pledge(cents * CENT, number) for number, cents in parts]
    closed = close_round(ROOF, pledges, ROOF.closes_on + timedelta(days=1))
    assert closed is not None
    paid = sum(amount for _, amount in closed.refunds_ud)
    made = sum(units for _, units in closed.units) * ROOF.unit_ud
    assert paid + made == sum(one.amount_ud for one in pledges)
    assert close_round(ROOF, pledges[::-1], ROOF.closes_on + timedelta(days=1)) == closed
