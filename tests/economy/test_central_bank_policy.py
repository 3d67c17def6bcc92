"""Interest only where it is earned, and policy only within bounds, with evidence, in the open."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.central_bank.policy import (
    BOUNDS,
    MEANING,
    TIME_LOCK_S,
    Effect,
    Parameter,
    Proposal,
    Setting,
    Vote,
    WeekOfTrade,
    automatic_draft,
    check_proposal,
    execute,
    notice,
    value_at,
)
from sourceenergy.economy.central_bank.savings import (
    RATE_MOST,
    RAY,
    YEAR_S,
    Claim,
    Pot,
    accrue,
    interest_down,
    worth_down,
)
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud
from strategies_energy import digest, law, utc

DOLLAR, CENT = 1_000_000, 10_000
DAY_S = 86_400
NOW = utc("2026-02-01T05:00")
CONTRACTS = Path(__file__).resolve().parents[2] / "contracts/src/bank"


def source(name: str) -> str:
    return (CONTRACTS / f"{name}.sol").read_text(encoding="utf-8")


# --- savings and interest ---------------------------------------------------------------------

POT = Pot(1_000 * DOLLAR, Ud(1_000 * DOLLAR), RAY, RATE_MOST, NOW)


def test_the_highest_rate_is_that_of_the_contract() -> None:
    found = re.search(r"RATE_MOST = ([\d_]+);", source("Savings"))
    assert found
    assert int(found[1]) == RATE_MOST


@pytest.mark.parametrize("rate", [-1, RATE_MOST + 1])
def test_a_rate_out_of_bounds_is_refused(rate: int) -> None:
    with pytest.raises(InputError):
        replace(POT, rate_per_s=rate)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(InputError):
        accrue(POT, 0, NOW - 1)


@pytest.mark.parametrize("rate_bp", [0, 450, 10_000])
def test_S22_no_interest_is_paid_on_idle_settlement_money(rate_bp: int) -> None:
    with pytest.raises(NotPermitted) as refusal:
        interest_down(Claim.SETTLEMENT_MONEY, 1_000 * DOLLAR, rate_bp, YEAR_S)
    assert refusal.value.rule == "interest.idle"


def test_S22_a_liquidity_loan_at_4_5_percent() -> None:
    assert interest_down(Claim.LIQUIDITY_LOAN, 1_000 * DOLLAR, 450, YEAR_S) == 45 * DOLLAR
    assert interest_down(Claim.PROJECT_BOND, 1, 450, YEAR_S) == 0
    with pytest.raises(InputError):
        interest_down(Claim.LATE_PAYMENT, -1, 450, YEAR_S)


def test_savings_earn_ten_percent_a_year_out_of_revenue() -> None:
    after, left = accrue(POT, 500 * DOLLAR, NOW + YEAR_S)
    interest = after.owed_ud - POT.owed_ud
    assert abs(interest - 100 * DOLLAR) < CENT  # e^ln 1.1, three terms: a little less
    assert left == 500 * DOLLAR - interest
    assert worth_down(POT.shares, after.chi) <= after.owed_ud


def test_savings_accrue_what_the_contract_accrued() -> None:
    """``chi`` and revenue left that ``Savings`` gave on an EVM: 5 % a year, $1,000 in, $100."""
    pot = replace(POT, rate_per_s=1_547_125_957_863_212_448)
    revenue = Ud(100 * DOLLAR)
    for after_s, chi, left in (
        (YEAR_S, 1_049_999_761_604_874_248_389_697_541, 50_000_238),
        (YEAR_S + 17 * DAY_S + 3, 1_052_388_518_578_172_593_880_960_369, 47_611_481),
        (3 * YEAR_S, 1_100_000_000_000_000_000_000_000_000, 0),
    ):
        pot, revenue = accrue(pot, revenue, NOW + after_s)
        assert (pot.chi, revenue) == (chi, left)


def test_savings_earn_only_what_revenue_there_is() -> None:
    after, left = accrue(POT, 7, NOW + YEAR_S)
    assert (after.owed_ud - POT.owed_ud, left) == (7, 0)
    assert accrue(POT, 0, NOW + YEAR_S)[0].chi == RAY
    idle, kept = accrue(replace(POT, rate_per_s=0), 7, NOW + YEAR_S)
    assert (idle.chi, kept) == (RAY, 7)


@law
@given(
    st.integers(0, 10**12), st.integers(0, RATE_MOST), st.integers(0, 10**10),
    st.integers(0, YEAR_S), st.integers(0, YEAR_S),
)  # fmt: skip
def test_interest_is_never_minted_and_chi_never_falls(
    shares: int, rate: int, revenue: int, first: int, second: int
) -> None:
    pot = Pot(shares, Ud(shares), RAY, rate, NOW)
    once, left = accrue(pot, revenue, NOW + first)
    twice, rest = accrue(once, left, NOW + first + second)
    assert RAY <= once.chi <= twice.chi
    assert twice.owed_ud + rest == pot.owed_ud + revenue
    assert min(left, rest) >= 0


# --- policy -----------------------------------------------------------------------------------

SEATS = frozenset(f"seat {i}" for i in range(5))
FOUR_TO_ONE = Vote(SEATS - {"seat 4"}, frozenset({"seat 4"}), SEATS)
SETTINGS = (
    Setting(Parameter.LOAN_RATE, 400, 0, "genesis"),
    Setting(Parameter.STABILISATION_LEVY, 200, 0, "genesis"),
)
RAISE = Proposal(
    "policy-8", Parameter.LOAN_RATE, 450, NOW + 10 * DAY_S, digest("snapshot"),
    "more liquidity", "depth of the pool after 30 days", "seat 0",
)  # fmt: skip


def test_B101_bounds_are_those_of_the_contract() -> None:
    text = source("Policy")
    assert "return Bounds(0, 500, 100); // StabilisationLevy" in text
    found = re.findall(r"Parameter\.(\w+)\) return Bounds\((\d[\d_]*), ([\d_]+), ([\d_]+)\)", text)
    ours = {
        name.replace("_", "").lower(): BOUNDS[Parameter[name]] for name in Parameter.__members__
    }
    for name, least, most, step in found:
        bounds = ours[name.lower()]
        assert (bounds.least, bounds.most, bounds.step) == (int(least), int(most), int(step))
    last = BOUNDS[Parameter.STABILISATION_LEVY]
    assert (last.least, last.most, last.step) == (0, 500, 100)
    assert len(found) + 1 == len(BOUNDS) == len(MEANING) == len(Parameter)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"value": 1_201}, "policy.bounds"),
        ({"value": -1}, "policy.bounds"),
        ({"value": 501}, "policy.step"),
        ({"value": 299}, "policy.step"),
        ({"from_s": 0}, "policy.time"),
    ],
)
def test_S22_out_of_bounds_is_refused(change: dict[str, Any], rule: str) -> None:
    with pytest.raises(NotPermitted) as refusal:
        check_proposal(replace(RAISE, **change), SETTINGS)
    assert refusal.value.rule == rule


@pytest.mark.parametrize("missing", ["snapshot", "goal", "measure"])
def test_S22_a_proposal_carries_snapshot_goal_and_measure(missing: str) -> None:
    with pytest.raises(InputError):
        replace(RAISE, **{missing: ""})  # type: ignore[arg-type]


def test_S22_only_seats_vote_each_once() -> None:
    with pytest.raises(NotPermitted):
        Vote(SEATS, frozenset({"seat 0"}), SEATS)
    with pytest.raises(NotPermitted):
        Vote(frozenset({"stranger"}), frozenset(), SEATS)


def run(**change: Any) -> tuple[Setting, ...]:
    given_: dict[str, Any] = {
        "proposal": RAISE, "vote": FOUR_TO_ONE, "passed_s": NOW, "now_s": NOW + TIME_LOCK_S,
        "executor": "seat 1", "settings": SETTINGS, **change,
    }  # fmt: skip
    return execute(**given_)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"now_s": NOW + TIME_LOCK_S - 1}, "policy.time_lock"),
        ({"executor": "seat 0"}, "policy.separation"),
        ({"executor": "stranger"}, "policy.separation"),
        ({"now_s": NOW + 11 * DAY_S}, "policy.time"),
        ({"vote": Vote(frozenset({"seat 0"}), frozenset(), SEATS)}, "policy.vote"),
        ({"vote": Vote(frozenset({"seat 0"}), SEATS - {"seat 0"}, SEATS)}, "policy.vote"),
        ({"proposal": replace(RAISE, value=1_201)}, "policy.bounds"),
    ],
)
def test_S22_nothing_passes_by_one_person_or_before_the_lock(
    change: dict[str, Any], rule: str
) -> None:
    with pytest.raises(NotPermitted) as refusal:
        run(**change)
    assert refusal.value.rule == rule


def test_S22_four_to_one_and_48_hours_later_the_rate_is_4_5_percent_from_its_date() -> None:
    settings = run()
    assert value_at(settings, Parameter.LOAN_RATE, RAISE.from_s - 1).value == 400
    after = value_at(settings, Parameter.LOAN_RATE, RAISE.from_s)
    assert (after.value, after.policy_id) == (450, "policy-8")
    with pytest.raises(InputError):
        value_at(settings, Parameter.LATE_RATE, NOW)


def test_abstaining_seats_are_present_as_in_the_contract() -> None:
    present = Vote(frozenset({"seat 0"}), frozenset(), SEATS, frozenset({"seat 1", "seat 2"}))
    assert present.passed


def test_S22_the_notice_is_in_plain_words() -> None:
    assert notice(RAISE, 400) == (
        "Policy policy-8: from 2026-02-11T05:00:00Z 450 instead of 400 (a year on liquidity loans,"
        " in hundredths of a percent). Goal: more liquidity. Measured by: depth of the pool after"
        " 30 days."
    )
    assert Effect("layer 2", "depth", 100, 90).miss == -10


def week(number: int, price: int) -> WeekOfTrade:
    return WeekOfTrade(f"2026-W{number:02d}", 1_000, price, digest(f"week {number}"))


def test_S22_weekly_statistics_raise_one_automatic_draft() -> None:
    calm = [week(1, 100_000), week(2, 102_000), week(3, 101_000)]
    assert automatic_draft(calm, SETTINGS, NOW, 150) is None
    draft = automatic_draft([week(4, 60_000), *calm], SETTINGS, NOW, 150)
    assert draft is not None
    assert (draft.policy_id, draft.value, draft.automatic) == ("draft-2026-W04", 150, True)
    assert draft.snapshot == digest("week 4")
    check_proposal(draft, SETTINGS)
    up = automatic_draft([*calm, week(4, 160_000)], SETTINGS, NOW, 150)
    assert up is not None
    assert up.value == 250


def test_a_draft_stays_within_bounds_and_needs_something_to_compare() -> None:
    zero = (replace(SETTINGS[1], value=0),)
    assert automatic_draft([week(1, 100), week(2, 10)], zero, NOW, 150) is None
    assert automatic_draft([week(1, 100)], SETTINGS, NOW, 150) is None
    assert automatic_draft([week(1, 100), week(1, 10)], SETTINGS, NOW, 150) is None
