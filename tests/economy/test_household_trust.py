"""A household trust: who acts, how income splits itself, what the family is worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.household_trust.income import (
    Beneficiary,
    IncomeRule,
    change_rule,
    distribute,
    ledger_rows,
    release_held,
    rule_at,
    shares_ppm,
)
from sourceenergy.economy.household_trust.trustees import (
    Replacement,
    Trust,
    ask_replacement,
    create_trust,
    finish_replacement,
    object_to_replacement,
    require_purchase,
    require_signatures,
)
from sourceenergy.economy.household_trust.value import (
    Holding,
    Valuation,
    member_view,
    net_asset_value,
)
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud
from strategies_energy import account, law, utc

DOLLAR, CENT = 1_000_000, 10_000
DAY = 86_400
JANUARY, FEBRUARY = utc("2026-01-15T18:00"), utc("2026-02-15T18:00")
BOTH = ("trustee A", "trustee B")
H1 = Trust("H1", BOTH, 2, Ud(1_000 * DOLLAR), 30 * DAY)
FAMILY = (
    Beneficiary(1, "trustee A", account(1), 400_000),
    Beneficiary(2, "trustee B", account(2), 400_000),
    Beneficiary(3, "minor", account(1), 200_000),  # the guardian's account
)
RULE = IncomeRule(1, JANUARY, FAMILY, 500_000, "C1")
S13_UD = 1_000_020_000


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trustees", "threshold"), [((), 1), (("a",), 0), (("a",), 2), (("a", "a"), 2)]
)
def test_trustees_who_could_not_act_are_refused(trustees: tuple[str, ...], threshold: int) -> None:
    with pytest.raises(InputError) as refusal:
        Trust("H2", trustees, threshold, Ud(0), 0)
    assert refusal.value.rule == "trust.trustees"


def test_S12_a_trust_without_a_verified_trustee_is_refused() -> None:
    with pytest.raises(NotPermitted, match="trustee B has no verified identity"):
        create_trust(H1, {"trustee A"})
    assert create_trust(H1, set(BOTH)) == H1


def test_S12_a_beneficiary_moves_no_funds() -> None:
    for approvals in (["minor"], ["trustee A", "minor"]):
        with pytest.raises(NotPermitted) as refusal:
            require_purchase(H1, approvals, 10 * DOLLAR, 0, 100 * DOLLAR)
        assert refusal.value.rule == "trust.trustee"


def test_S12_trustee_A_alone_cannot_buy_for_6000_and_both_can() -> None:
    with pytest.raises(NotPermitted) as refusal:
        require_purchase(H1, ["trustee A"], 6_000 * DOLLAR, 0, 9_000 * DOLLAR)
    assert refusal.value.rule == "trust.signatures"
    require_purchase(H1, BOTH, 6_000 * DOLLAR, 0, 9_000 * DOLLAR)


def test_S12_one_trustee_buys_for_1000_a_day_and_not_a_cent_more() -> None:
    require_purchase(H1, ["trustee A"], 1_000 * DOLLAR, 0, 9_000 * DOLLAR)
    for amount, spent in ((1_000 * DOLLAR + CENT, 0), (CENT, 1_000 * DOLLAR)):
        with pytest.raises(NotPermitted):
            require_purchase(H1, ["trustee B"], amount, spent, 9_000 * DOLLAR)


def test_the_same_trustee_twice_is_one_signature() -> None:
    with pytest.raises(NotPermitted):
        require_signatures(H1, ["trustee A", "trustee A"], "this")


@pytest.mark.parametrize("amount_ud", [0, -CENT, 100 * DOLLAR + CENT])
def test_a_purchase_is_paid_from_cash(amount_ud: int) -> None:
    with pytest.raises(NotPermitted) as refusal:
        require_purchase(H1, BOTH, amount_ud, 0, 100 * DOLLAR)
    assert refusal.value.rule == "trust.cash"


def test_nobody_signing_buys_nothing() -> None:
    with pytest.raises(NotPermitted):
        require_purchase(H1, [], CENT, 0, 100 * DOLLAR)


@pytest.mark.parametrize("off", [-1, 1])
def test_S13_shares_that_do_not_add_to_one_are_refused(off: int) -> None:
    with pytest.raises(InputError) as refusal:
        replace(RULE, beneficiaries=(replace(FAMILY[0], share_ppm=400_000 + off), *FAMILY[1:]))
    assert refusal.value.rule == "income.shares"
    with pytest.raises(InputError):
        shares_ppm([Fraction(2, 5), Fraction(2, 5), Fraction(1, 5) + Fraction(off, 10**9)])


def test_reinvestment_needs_a_fund_and_at_most_all() -> None:
    for change in ({"target": ""}, {"reinvest_ppm": 1_000_001}, {"reinvest_ppm": -1}):
        with pytest.raises(InputError) as refusal:
            replace(RULE, **change)
        assert refusal.value.rule == "income.reinvest"


def test_a_number_is_one_beneficiary() -> None:
    with pytest.raises(InputError) as refusal:
        replace(RULE, beneficiaries=(*FAMILY[:2], replace(FAMILY[2], number=2)))
    assert refusal.value.rule == "income.beneficiaries"


def test_income_below_zero_is_refused() -> None:
    with pytest.raises(InputError):
        distribute(RULE, -1)


def test_S13_a_new_rule_needs_both_signatures_and_acts_on_later_income_only() -> None:
    new = replace(RULE, version=2, from_s=FEBRUARY, reinvest_ppm=0)
    with pytest.raises(NotPermitted) as unsigned:
        change_rule(H1, (RULE,), new, ["trustee A"], JANUARY)
    assert unsigned.value.rule == "trust.signatures"
    with pytest.raises(NotPermitted) as backwards:
        change_rule(H1, (RULE,), new, BOTH, FEBRUARY + 1)
    assert backwards.value.rule == "income.later_only"
    rules = change_rule(H1, (RULE,), new, BOTH, JANUARY)
    assert rule_at(rules, FEBRUARY - 1) == RULE
    assert rule_at(rules, FEBRUARY) == new
    with pytest.raises(InputError):
        rule_at(rules, JANUARY - 1)


# --- S13 --------------------------------------------------------------------------------------


def test_S13_income_splits_itself_to_the_cent() -> None:
    done = distribute(RULE, S13_UD)
    assert done.reinvested_ud == 500_010_000
    assert [part.amount_ud for part in done.parts] == [200_010_000, 200_000_000, 100_000_000]
    assert done.reinvested_ud + sum(part.amount_ud for part in done.parts) == S13_UD
    assert (done.kept_as_cash_ud, done.carried_ud, done.notices) == (0, 0, ())
    assert done.parts[2].account == account(1)


@pytest.mark.parametrize(
    ("income", "reinvest_ppm", "reinvested", "parts"),
    [
        (1_000, 333_333, 333, (267, 267, 133)),  # cents: 266.8, 266.8, 133.4 of 667
        (2, 0, 0, (1, 1, 0)),
        (1, 500_000, 0, (1, 0, 0)),  # half a cent is not reinvested
        (5_001, 1_000_000, 5_001, (0, 0, 0)),
        (100_001, 500_000, 50_000, (20_001, 20_000, 10_000)),
    ],
)
def test_S13_other_incomes_by_hand_in_cents(
    income: int, reinvest_ppm: int, reinvested: int, parts: tuple[int, ...]
) -> None:
    done = distribute(replace(RULE, reinvest_ppm=reinvest_ppm), income * CENT)
    assert done.reinvested_ud == reinvested * CENT
    assert tuple(part.amount_ud // CENT for part in done.parts) == parts


def test_S13_incomes_one_after_another_split_as_the_contract_split_them() -> None:
    """What ``HouseholdTrust`` paid on an EVM, in cents, with what waits below a cent."""
    carried = Ud(0)
    for income_ud, cents in (
        (1_000_010_000, (20_001, 20_000, 10_000)),
        (10_000, (1, 0, 0)),
        (33_330_000, (667, 667, 333)),
        (77_777_777, (1_556, 1_555, 778)),
        (2_223, (1, 0, 0)),
    ):
        done = distribute(RULE, income_ud, carried_ud=carried)
        assert tuple(part.amount_ud // CENT for part in done.parts) == cents
        carried = done.carried_ud


def test_S13_fifths_are_exact_and_thirds_go_to_the_lowest_numbers() -> None:
    fifths = [Fraction(2, 5), Fraction(2, 5), Fraction(1, 5)]
    assert shares_ppm(fifths) == (400_000, 400_000, 200_000)
    assert shares_ppm([Fraction(1, 3)] * 3) == (333_334, 333_333, 333_333)


def test_S13_a_closed_round_keeps_the_part_as_cash_and_tells_all() -> None:
    done = distribute(RULE, S13_UD, round_open=False)
    assert (done.reinvested_ud, done.kept_as_cash_ud) == (0, 500_010_000)
    assert done.notices == ("C1 takes no money now: $500.01 is kept as the trust's cash",)
    assert [part.amount_ud for part in done.parts] == [200_010_000, 200_000_000, 100_000_000]


def test_S13_a_frozen_member_is_held_and_the_others_paid() -> None:
    done = distribute(RULE, S13_UD, frozen={account(2)})
    assert [(part.name, part.held) for part in done.parts] == [
        ("trustee A", False), ("trustee B", True), ("minor", False),
    ]  # fmt: skip
    assert "$200.00 for trustee B is held" in done.notices[0]
    paid, kept = release_held({account(2): 200 * DOLLAR, account(7): CENT}, {account(7)})
    assert (paid, kept) == ({account(2): 200 * DOLLAR}, {account(7): CENT})


def test_S13_what_is_below_a_cent_waits_for_the_next_income() -> None:
    first = distribute(RULE, 19_999)
    assert first.carried_ud == 9_999
    assert sum(part.amount_ud for part in first.parts) == CENT  # half a cent is not reinvested
    second = distribute(RULE, 1, carried_ud=first.carried_ud)
    assert (second.carried_ud, sum(part.amount_ud for part in second.parts)) == (0, CENT)


def test_S13_ledger_rows_are_the_same_money() -> None:
    done = distribute(RULE, S13_UD, round_open=False, frozen={account(2)})
    rows = ledger_rows(done)
    assert [row["what"] for row in rows] == ["income", "kept as cash", "paid", "held", "paid"]
    income, *parts = (int(row["amount_ud"]) for row in rows)
    assert income == sum(parts) == S13_UD


# --- value ------------------------------------------------------------------------------------

UNITS = Holding("School Roof", 6_000, Ud(6_000 * DOLLAR))
AUDITED = Valuation("School Roof", Ud(DOLLAR), date(2025, 12, 31), "audited", "report 2025")
THREE_UP = Valuation("School Roof", Ud(1_030_000), date(2026, 3, 31), "appraisal", "appraiser")


def test_an_asset_without_a_value_up_to_the_day_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        net_asset_value([UNITS], [THREE_UP], 0, date(2026, 1, 1))
    assert refusal.value.rule == "value.missing"
    with pytest.raises(InputError) as twice:
        net_asset_value([UNITS], [AUDITED, AUDITED], 0, date(2026, 1, 1))
    assert twice.value.rule == "value.twice"


def test_S13_three_percent_more_is_unrealised_and_no_income() -> None:
    worth = net_asset_value([UNITS], [THREE_UP, AUDITED], 500 * DOLLAR, date(2026, 4, 1))
    (line,) = worth.lines
    assert line.value_ud == 6_180 * DOLLAR
    assert line.change_ud == worth.unrealised_ud == 180 * DOLLAR
    assert worth.total_ud == 6_680 * DOLLAR
    assert distribute(RULE, 0).parts[0].amount_ud == 0  # nothing arrived, nothing is split


def test_B501_value_is_units_times_last_value_with_its_date_and_method() -> None:
    before = net_asset_value([UNITS], [THREE_UP, AUDITED], 0, date(2026, 3, 30)).lines[0]
    assert before.value_ud == 6_000 * DOLLAR
    assert (before.valuation.day, before.valuation.method) == (date(2025, 12, 31), "audited")
    fallen = replace(THREE_UP, unit_value_ud=Ud(970_000))
    after = net_asset_value([UNITS], [AUDITED, fallen], 0, date(2026, 4, 1))
    assert after.unrealised_ud == -180 * DOLLAR


def test_B505_each_member_sees_the_own_part_the_trusts_total_and_its_value() -> None:
    worth = net_asset_value([UNITS], [THREE_UP, AUDITED], 0, date(2026, 4, 1))
    view = member_view(distribute(RULE, S13_UD, frozen={account(2)}), worth, 2)
    assert (view.name, view.own_ud, view.held) == ("trustee B", 200 * DOLLAR, True)
    assert (view.trust_income_ud, view.trust_value_ud, view.value_change_ud) == (
        S13_UD, 6_180 * DOLLAR, 180 * DOLLAR,
    )  # fmt: skip
    with pytest.raises(InputError):
        member_view(distribute(RULE, S13_UD), worth, 9)


# --- a lost trustee ---------------------------------------------------------------------------

VERIFIED = {*BOTH, "trustee C", "aunt", "uncle"}
THREE = replace(H1, trustees=("trustee A", "trustee B", "trustee C"))


def test_S12_a_lost_trustee_is_replaced_by_the_rule_and_leaves_a_trace() -> None:
    ask = ask_replacement(H1, None, "trustee A", "trustee B", "aunt", JANUARY, VERIFIED)
    assert ask.ready_s == JANUARY + 30 * DAY
    with pytest.raises(NotPermitted) as early:
        finish_replacement(H1, ask, JANUARY + 30 * DAY - 1)
    assert early.value.rule == "trust.replacement_delay"
    trust, trace = finish_replacement(H1, ask, JANUARY + 30 * DAY)
    assert trust.trustees == ("trustee A", "aunt")
    assert trust.term == 2
    assert (trace.lost, trace.successor, trace.approved) == ("trustee B", "aunt", ("trustee A",))


def test_S12_all_others_must_approve_each_once() -> None:
    one = ask_replacement(THREE, None, "trustee A", "trustee B", "aunt", JANUARY, VERIFIED)
    assert one.ready_s is None
    with pytest.raises(NotPermitted, match="not all other trustees"):
        finish_replacement(THREE, one, JANUARY + 99 * DAY)
    with pytest.raises(NotPermitted):
        ask_replacement(THREE, one, "trustee A", "trustee B", "aunt", JANUARY, VERIFIED)
    both = ask_replacement(THREE, one, "trustee C", "trustee B", "aunt", JANUARY + 1, VERIFIED)
    assert both.ready_s == JANUARY + 1 + 30 * DAY
    other = ask_replacement(THREE, one, "trustee C", "trustee B", "uncle", JANUARY, VERIFIED)
    assert other.approved == ("trustee C",)  # another successor begins anew


@pytest.mark.parametrize(
    ("actor", "successor"),
    [
        ("trustee B", "aunt"),
        ("trustee A", "trustee C"),
        ("minor", "aunt"),
        ("trustee A", "stranger"),
    ],
)
def test_who_may_not_take_part_in_a_replacement(actor: str, successor: str) -> None:
    with pytest.raises(NotPermitted):
        ask_replacement(THREE, None, actor, "trustee B", successor, JANUARY, VERIFIED)


def test_the_lost_trustee_may_object_and_nobody_else() -> None:
    ask = ask_replacement(H1, None, "trustee A", "trustee B", "aunt", JANUARY, VERIFIED)
    object_to_replacement(ask, "trustee B")
    with pytest.raises(NotPermitted):
        object_to_replacement(ask, "trustee A")


def test_approvals_of_former_trustees_are_worth_nothing() -> None:
    ask = Replacement("trustee B", "aunt", ("trustee A",), 1, JANUARY)
    with pytest.raises(NotPermitted):
        finish_replacement(replace(H1, term=2), ask, JANUARY + 99 * DAY)


# --- always -----------------------------------------------------------------------------------

share_lists = st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(any)


@law
@given(
    share_lists, st.integers(0, 1_000_000), st.integers(0, 10**12), st.integers(0, 9_999),
    st.booleans(),
)  # fmt: skip
def test_income_is_conserved_whatever_the_order_and_who_is_frozen(
    weights: list[int], reinvest: int, income_ud: int, carried: int, is_open: bool
) -> None:
    ppm = shares_ppm([Fraction(weight, sum(weights)) for weight in weights])
    people = [Beneficiary(i, f"member {i}", account(i), part) for i, part in enumerate(ppm)]
    rule = IncomeRule(1, 0, tuple(people), reinvest, "C1")
    done = distribute(rule, income_ud, carried_ud=carried, round_open=is_open)
    parts = sum(part.amount_ud for part in done.parts)
    assert income_ud + carried == (
        done.reinvested_ud + done.kept_as_cash_ud + parts + done.carried_ud
    )
    assert done.carried_ud < CENT
    assert all(part.amount_ud % CENT == 0 for part in done.parts)
    for part, share in zip(done.parts, ppm, strict=True):
        assert abs(part.amount_ud * 10**6 - parts * share) < CENT * 10**6
    mixed = replace(rule, beneficiaries=tuple(reversed(people)))
    assert distribute(mixed, income_ud, carried_ud=carried, round_open=is_open) == done
    frozen = distribute(
        rule, income_ud, carried_ud=carried, round_open=is_open, frozen={account(0)}
    )
    assert [part.amount_ud for part in frozen.parts] == [part.amount_ud for part in done.parts]
