"""Project units go only to who may hold them, and every reason against it has a name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sourceenergy.economy.marketplace.eligibility import (
    DAY_S,
    YEAR_S,
    Holder,
    Moved,
    UnitRules,
    reasons_against,
    require_transfer,
    unit_rules_at,
)
from sourceenergy.errors import NotPermitted
from strategies_energy import account, utc

NOW = utc("2026-03-01T05:00")
CANADA = UnitRules("CA", 0, False, 500, 120 * DAY_S, 180, 10_000, 2_500)
CLOSED = UnitRules("XX", 0, closed=True)
FREE = UnitRules("YY", 0)
RULES = (CANADA, FREE)
OLD = (Moved(NOW - 120 * DAY_S, 1_000),)
PROSUMER = Holder(account(4), "CA", True, 1_000, OLD)
TENANT = Holder(account(11), "CA", True)


def reasons(sender: Holder = PROSUMER, receiver: Holder = TENANT, units: int = 400) -> list[str]:
    return list(reasons_against(sender, receiver, units, 179, RULES, NOW))


def test_S11_an_eligible_holder_gets_units() -> None:
    assert reasons() == []
    require_transfer(PROSUMER, TENANT, 400, 179, RULES, NOW)


@pytest.mark.parametrize("units", [0, -1])
def test_a_transfer_is_of_units_one_has(units: int) -> None:
    assert reasons(units=units) == ["units.amount"]
    assert reasons(replace(PROSUMER, holding=399, acquired=())) == ["units.amount", "units.lock_up"]


def test_S11_units_cannot_go_to_or_from_the_unverified() -> None:
    assert reasons(receiver=replace(TENANT, verified=False)) == ["units.unverified_receiver"]
    assert reasons(replace(PROSUMER, verified=False)) == ["units.unverified_sender"]


def test_S11_units_cannot_go_to_a_restricted_country() -> None:
    closed = replace(TENANT, country="XX")
    assert reasons_against(PROSUMER, closed, 400, 179, (*RULES, CLOSED), NOW) == (
        "units.country_closed",
    )


def test_S21_daily_limit_with_the_last_second_included() -> None:
    spent = (Moved(NOW - DAY_S, 101), Moved(NOW - DAY_S - 1, 400))
    assert reasons(replace(PROSUMER, sent=spent), units=400) == ["units.daily"]
    assert reasons(replace(PROSUMER, sent=spent), units=399) == []


def test_S21_lock_up_ends_to_the_second() -> None:
    young = replace(PROSUMER, acquired=(Moved(NOW - 120 * DAY_S + 1, 601),))
    assert reasons(young, units=400) == ["units.lock_up"]
    assert reasons(young, units=399) == []


def test_S21_holder_cap_counts_new_holders_only() -> None:
    full = reasons_against(PROSUMER, TENANT, 1, 180, RULES, NOW)
    assert full == ("units.holders",)
    already = replace(TENANT, holding=1)
    assert reasons_against(PROSUMER, already, 1, 180, RULES, NOW) == ()


def test_S21_holding_and_yearly_caps() -> None:
    assert reasons(receiver=replace(TENANT, holding=9_601)) == ["units.holding"]
    year = (Moved(NOW - YEAR_S, 2_101), Moved(NOW - YEAR_S - 1, 2_500))
    assert reasons(receiver=replace(TENANT, holding=1, acquired=year)) == ["units.yearly"]


def test_S21_an_unknown_country_gets_the_strictest_of_each_rule() -> None:
    assert unit_rules_at(RULES, "ZZ", NOW) == replace(CANADA, country="ZZ")
    assert unit_rules_at((*RULES, CLOSED), "ZZ", NOW).closed
    assert unit_rules_at((), "CA", NOW).closed


def test_S21_an_old_transfer_is_judged_by_the_old_rule() -> None:
    later = replace(CANADA, from_s=NOW + 1, daily_most=100)
    assert unit_rules_at((later, *RULES), "CA", NOW) == CANADA
    assert unit_rules_at((later, *RULES), "CA", NOW + 1) == later


def test_the_first_reason_is_the_errors_rule_and_all_are_in_its_remedy() -> None:
    with pytest.raises(NotPermitted) as refusal:
        require_transfer(PROSUMER, replace(TENANT, verified=False), 501, 180, RULES, NOW)
    assert refusal.value.rule == "units.unverified_receiver"
    assert "units.daily, units.holders" in refusal.value.remedy
