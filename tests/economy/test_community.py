"""A community's money: profit by time and contribution, and goals moved by what was paid."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.community.goals import Goal, GoalKind, Payout, progress
from sourceenergy.economy.community.profit import (
    DAY_S,
    Change,
    dollar_days_down,
    pool_at,
    public_file,
    recompute,
    share_profit,
    ud_seconds,
)
from sourceenergy.errors import InputError, VerificationFailed
from sourceenergy.units import Ud
from strategies_energy import law, utc

DOLLAR, CENT = 1_000_000, 10_000
START = utc("2026-01-01T05:00")
END = START + 90 * DAY_S
PROSUMER, H1, TENANT = 3, 8, 11
TENTH = 100_000


def put(member: int, dollars: int, day: int) -> Change:
    return Change(START + day * DAY_S, member, Ud(dollars * DOLLAR), Ud(0))


def take(member: int, dollars: int, day: int) -> Change:
    return Change(START + day * DAY_S, member, Ud(0), Ud(dollars * DOLLAR))


S14 = (put(PROSUMER, 2_000, 0), put(H1, 6_000, 0), put(TENANT, 1_000, 45))


# --- refusals ---------------------------------------------------------------------------------


def test_nobody_takes_out_more_than_was_in() -> None:
    with pytest.raises(InputError) as refusal:
        share_profit((*S14, take(TENANT, 1_001, 50)), START, END, DOLLAR, 0)
    assert refusal.value.rule == "profit.balance"
    with pytest.raises(InputError):
        pool_at((take(TENANT, 1, 1), put(TENANT, 1, 2)), END)


def test_money_goes_in_or_out_and_is_never_below_zero() -> None:
    with pytest.raises(InputError) as refusal:
        pool_at([Change(START, TENANT, Ud(-1), Ud(0))], END)
    assert refusal.value.rule == "profit.sign"


@pytest.mark.parametrize(("income", "reserve"), [(-1, 0), (DOLLAR, -1), (DOLLAR, 1_000_001)])
def test_income_and_reserve_are_within_bounds(income: int, reserve: int) -> None:
    with pytest.raises(InputError) as refusal:
        share_profit(S14, START, END, income, reserve)
    assert refusal.value.rule == "profit.income"


def test_a_period_ends_after_it_starts() -> None:
    with pytest.raises(InputError):
        ud_seconds(S14, START, START)


def test_of_one_second_money_in_comes_before_money_out() -> None:
    swapped = (take(TENANT, 100, 5), put(TENANT, 100, 5))
    assert pool_at(swapped, END) == {TENANT: 0}


# --- S14, S15 ---------------------------------------------------------------------------------


def test_S14_the_pool_shows_9000_from_the_day_the_tenant_paid() -> None:
    before, after = pool_at(S14, START + 45 * DAY_S - 1), pool_at(S14, START + 45 * DAY_S)
    assert (sum(before.values()), sum(after.values())) == (8_000 * DOLLAR, 9_000 * DOLLAR)
    assert after == {PROSUMER: 2_000 * DOLLAR, H1: 6_000 * DOLLAR, TENANT: 1_000 * DOLLAR}


def test_S15_profit_is_shared_to_the_cent() -> None:
    share = share_profit(S14, START, END, 1_350 * DOLLAR, TENTH)
    assert share.reserve_ud == 135 * DOLLAR
    assert {line.member: line.amount_ud for line in share.lines} == {
        PROSUMER: 285_880_000, H1: 857_650_000, TENANT: 71_470_000,
    }  # fmt: skip
    assert share.reserve_ud + sum(line.amount_ud for line in share.lines) == 1_350 * DOLLAR
    assert [dollar_days_down(line.ud_seconds) for line in share.lines] == [
        180_000, 540_000, 45_000,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("income", "reserve_ppm", "reserve", "parts"),
    [
        (1, 100_000, 0, (0, 1, 0)),  # cents: the largest of 0.24, 0.71, 0.06
        (10_001, 100_000, 1_000, (2_118, 6_354, 529)),  # 2117.88, 6353.65, 529.47 of 9001
        (135_000, 0, 0, (31_765, 95_294, 7_941)),  # 31764.71, 95294.12, 7941.18
        (135_000, 1_000_000, 135_000, (0, 0, 0)),
    ],
)
def test_S15_other_incomes_by_hand_in_cents(
    income: int, reserve_ppm: int, reserve: int, parts: tuple[int, ...]
) -> None:
    share = share_profit(S14, START, END, income * CENT, reserve_ppm)
    assert share.reserve_ud == reserve * CENT
    assert tuple(line.amount_ud // CENT for line in share.lines) == parts


def test_S15_a_failed_receiver_is_parked_and_all_others_are_paid() -> None:
    whole = share_profit(S14, START, END, 1_350 * DOLLAR, TENTH)
    parked = share_profit(S14, START, END, 1_350 * DOLLAR, TENTH, failed={H1})
    assert [line.parked for line in parked.lines] == [False, True, False]
    assert [line.amount_ud for line in parked.lines] == [line.amount_ud for line in whole.lines]


def test_S15_money_that_left_counts_until_it_left() -> None:
    share = share_profit((*S14, take(H1, 6_000, 30)), START, END, 1_350 * DOLLAR, TENTH)
    assert [dollar_days_down(line.ud_seconds) for line in share.lines] == [180_000, 180_000, 45_000]


def test_money_in_before_the_period_counts_from_its_start_and_later_money_not_at_all() -> None:
    changes = (put(PROSUMER, 100, -400), put(H1, 100, 0), put(TENANT, 100, 90))
    weights = ud_seconds(changes, START, END)
    assert weights == {PROSUMER: 100 * DOLLAR * 90 * DAY_S, H1: 100 * DOLLAR * 90 * DAY_S}
    assert share_profit(changes, START, END, CENT, 0).changes == changes[:2]


def test_income_without_anybody_in_waits_for_the_next_period() -> None:
    share = share_profit((), START, END, 1_350 * DOLLAR, TENTH)
    assert (share.reserve_ud, share.lines, share.carried_ud) == (0, (), 1_350 * DOLLAR)
    later = share_profit(S14, START, END, 0, TENTH, carried_ud=share.carried_ud)
    assert sum(line.amount_ud for line in later.lines) == 1_215 * DOLLAR


def test_S15_the_public_file_lets_an_auditor_recompute_180_lines() -> None:
    changes = [
        put(number, 100 + 37 * number % 900, number % 60) for number in range(1, 181)
    ] + list(S14)
    share = share_profit(changes, START, END, 1_350 * DOLLAR + 7, TENTH, failed={5})
    text = public_file(share)
    assert text == public_file(share_profit(changes[::-1], START, END, 1_350 * DOLLAR + 7, TENTH))
    assert len(share.lines) == 180
    again = recompute(text)
    assert [line.amount_ud for line in again.lines] == [line.amount_ud for line in share.lines]


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("income_ud", 1_351 * DOLLAR, "reserve_ud"),
        ("reserve_ud", 134 * DOLLAR, "reserve_ud 134000000"),
        ("lines", [[3, 0, 285_880_000]], "line"),
        ("lines", [], "0 lines"),
        ("carried_ud", 1, "carried_ud 1"),
    ],
)
def test_S15_a_changed_public_file_is_named(field: str, value: Any, named: str) -> None:
    given = json.loads(public_file(share_profit(S14, START, END, 1_350 * DOLLAR, TENTH)))
    given[field] = value
    with pytest.raises(VerificationFailed) as failure:
        recompute(json.dumps(given))
    assert named in str(failure.value.value)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"changes": [[1]]}'])
def test_a_file_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refusal:
        recompute(text)
    assert refusal.value.rule == "profit.file"


# --- goals ------------------------------------------------------------------------------------

GOAL = Goal(GoalKind.FAMILY, "H1", "heat pump", Ud(1_000 * DOLLAR), START)


def paid(number: int, dollars: int, day: int, owner: str = "H1") -> Payout:
    return Payout(f"payment {number}", owner, Ud(dollars * DOLLAR), START + day * DAY_S)


def test_a_goal_is_an_amount_above_zero() -> None:
    with pytest.raises(InputError):
        replace(GOAL, target_ud=Ud(0))


def test_one_payment_cannot_say_two_things() -> None:
    with pytest.raises(InputError) as refusal:
        progress(GOAL, [paid(1, 10, 1), paid(1, 20, 1)])
    assert refusal.value.rule == "goal.payout"


def test_S13_a_goal_moves_by_what_was_really_paid() -> None:
    moved = progress(GOAL, [paid(1, 500, 10), paid(2, 9_000, 10, "C1"), paid(3, 100, -1)])
    assert (moved.paid_ud, moved.missing_ud, moved.permille, moved.reached_s) == (
        500 * DOLLAR, 500 * DOLLAR, 500, None,
    )  # fmt: skip


def test_S19_the_same_payout_twice_moves_a_goal_once() -> None:
    assert progress(GOAL, [paid(1, 500, 10)] * 2) == progress(GOAL, [paid(1, 500, 10)])


@pytest.mark.parametrize("kind", list(GoalKind))
def test_B002_person_trust_and_community_see_when_a_goal_was_reached(kind: GoalKind) -> None:
    goal = replace(GOAL, kind=kind)
    done = progress(goal, [paid(2, 700, 20), paid(1, 500, 10), paid(3, 5, 30)])
    assert (done.permille, done.missing_ud, done.reached_s) == (1000, 0, START + 20 * DAY_S)


# --- always -----------------------------------------------------------------------------------

adds = st.lists(
    st.builds(put, st.integers(1, 6), st.integers(0, 10_000), st.integers(-30, 120)),
    max_size=8,
)


@law
@given(
    adds, st.integers(0, 10**11), st.integers(0, 10**6), st.integers(0, 10**6),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_profit_is_conserved_and_does_not_depend_on_order(
    changes: list[Change], income_ud: int, reserve_ppm: int, carried_ud: int, rng: Any
) -> None:
    share = share_profit(changes, START, END, income_ud, reserve_ppm, carried_ud=carried_ud)
    paid_out = sum(line.amount_ud for line in share.lines)
    assert income_ud + carried_ud == share.reserve_ud + paid_out + share.carried_ud
    assert all(line.amount_ud % CENT == 0 for line in share.lines)
    mixed = list(changes)
    rng.shuffle(mixed)
    again = share_profit(mixed, START, END, income_ud, reserve_ppm, carried_ud=carried_ud)
    assert again == share
    assert recompute(public_file(share)).lines == share.lines


@law
@given(adds, st.integers(1, 6), st.integers(0, 90), st.integers(1, 10_000))
def test_more_money_or_earlier_money_never_weighs_less(
    changes: list[Change], member: int, day: int, dollars: int
) -> None:
    weights = ud_seconds(changes, START, END)
    more = ud_seconds([*changes, put(member, dollars, day)], START, END)
    earlier = ud_seconds([*changes, put(member, dollars, day - 1)], START, END)
    assert weights.get(member, 0) <= more.get(member, 0) <= earlier.get(member, 0)
    assert {m: w for m, w in more.items() if m != member} == {
        m: w for m, w in weights.items() if m != member
    }
