"""The central bank function: budgets bind, the fund stops, reserves match, idle money is idle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.central_bank.incentives import (
    Earned,
    Programme,
    incentive_leaf,
    settle,
)
from sourceenergy.economy.central_bank.reserves import (
    CustodianStatement,
    Light,
    haircut,
    mint,
    proof_of_reserves,
    redeem,
)
from sourceenergy.economy.central_bank.stabilisation import (
    BAND_PERCENT,
    DAILY_PERCENT,
    DAY_S,
    FLOOR_PERCENT,
    Fund,
    available,
    band_down,
    feed,
    floor_up,
    support,
)
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.proofs import keccak
from sourceenergy.units import Ud, UdPerKwh, Wh
from strategies_energy import account, digest, law, utc

DOLLAR, CENT = 1_000_000, 10_000
NOW = utc("2026-02-01T05:00")
CONTRACT = Path(__file__).resolve().parents[2] / "contracts/src/bank/StabilisationFund.sol"


# --- incentives -------------------------------------------------------------------------------

PEAK = Programme(
    3, "policy-7", "less at peak", UdPerKwh(5_000), Ud(100 * DOLLAR), NOW - 31 * DAY_S, NOW
)
PROSUMER = Earned(4, account(4), Wh(12_000))
OTHERS = Earned(9, account(9), Wh(25_000_000 - 12_000))


@pytest.mark.parametrize(
    "change",
    [
        {"rate_ud_per_kwh": 0}, {"budget_ud": 0}, {"end_s": NOW - 31 * DAY_S},
        {"policy_id": ""}, {"goal": ""},
    ],
)  # fmt: skip
def test_S22_an_incentive_needs_a_policy_a_budget_and_a_time(change: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refusal:
        replace(PEAK, **change)
    assert refusal.value.rule == "incentive.programme"


def test_S22_an_incentive_is_settled_after_its_end() -> None:
    with pytest.raises(NotPermitted):
        settle(PEAK, [PROSUMER], NOW - 1)


def test_a_member_counts_once() -> None:
    with pytest.raises(InputError):
        settle(PEAK, [PROSUMER, replace(OTHERS, number=4)], NOW)
    with pytest.raises(InputError):
        settle(PEAK, [replace(PROSUMER, energy_wh=Wh(-1))], NOW)


def test_S22_the_budget_binds_125_wanted_100_paid() -> None:
    done = settle(PEAK, [OTHERS, PROSUMER], NOW)
    assert (done.wanted_ud, done.payable_ud) == (125 * DOLLAR, 100 * DOLLAR)
    assert done.budget_binds
    assert done.rate_paid_ud_per_kwh == 4_000
    line = done.lines[0]
    assert (line.amount_ud, line.policy_id) == (48_000, "policy-7")
    assert str(line) == "incentive for 12.000 kWh: $0.048000 (policy policy-7)"
    assert sum(one.amount_ud for one in done.lines) + done.returned_ud == 100 * DOLLAR


def test_S22_within_the_budget_everyone_gets_the_rate_and_the_rest_returns() -> None:
    done = settle(PEAK, [PROSUMER], NOW)
    assert (done.lines[0].amount_ud, done.returned_ud) == (60_000, 100 * DOLLAR - 60_000)
    assert not done.budget_binds
    assert settle(PEAK, [], NOW).returned_ud == 100 * DOLLAR


def test_an_incentives_leaf_is_that_of_the_contract() -> None:
    line = settle(PEAK, [PROSUMER], NOW).lines[0]
    inner = encode(
        ["uint64", "(address,uint128,bytes32)"],
        [3, (account(4), 12_000, bytes.fromhex(digest("salt")))],
    )
    assert incentive_leaf(3, line, digest("salt")) == keccak(keccak(inner))


@law
@given(st.lists(st.integers(0, 10**9), max_size=6), st.integers(1, 100_000), st.integers(1, 10**12))
def test_no_incentive_pays_above_its_budget_or_its_rate(
    energies: list[int], rate: int, budget: int
) -> None:
    programme = replace(PEAK, rate_ud_per_kwh=UdPerKwh(rate), budget_ud=Ud(budget))
    earned = [Earned(i, account(i), Wh(energy)) for i, energy in enumerate(energies)]
    done = settle(programme, earned, NOW)
    assert settle(programme, earned[::-1], NOW) == done
    assert sum(line.amount_ud for line in done.lines) + done.returned_ud == budget
    assert done.returned_ud >= 0
    for line in done.lines:
        assert line.amount_ud * 1000 <= line.energy_wh * rate
    ranked = sorted(done.lines, key=lambda line: line.energy_wh)
    assert [line.amount_ud for line in ranked] == sorted(line.amount_ud for line in ranked)


# --- stabilisation ----------------------------------------------------------------------------

STORM = Fund(Ud(10_000 * DOLLAR), Ud(10_000 * DOLLAR))
USUAL, FALLEN = 100_000, 50_000  # ud/kWh


def for_dollars(dollars: int) -> int:
    """Energy worth exactly so many dollars at the fallen price [Wh]."""
    return dollars * DOLLAR * 1000 // FALLEN


def test_the_rule_is_that_of_the_contract() -> None:
    text = CONTRACT.read_text(encoding="utf-8")
    for name, value in (
        ("BAND", BAND_PERCENT), ("DAILY", DAILY_PERCENT), ("FLOOR", FLOOR_PERCENT),
    ):  # fmt: skip
        assert f"uint256 public constant {name} = {value};" in text


def test_S23_within_the_band_the_fund_does_not_buy() -> None:
    assert band_down(USUAL) == 85_000
    for price in (85_001, USUAL, 0):
        with pytest.raises(NotPermitted) as refusal:
            support(STORM, 1_000, price, USUAL, NOW)
        assert refusal.value.rule == "stabilisation.band"
    for price in (85_000, 60_000):  # 15 % and 40 % down
        _, use = support(STORM, 1_000, price, USUAL, NOW)
        assert use.paid_ud == price


def test_S23_no_support_for_an_insider() -> None:
    with pytest.raises(NotPermitted) as refusal:
        support(STORM, 1_000, FALLEN, USUAL, NOW, insider=True)
    assert refusal.value.rule == "stabilisation.insider"


def test_S23_day_1_at_most_2000_and_day_2_at_most_1600() -> None:
    fund, first = support(STORM, for_dollars(1_500), FALLEN, USUAL, NOW)
    assert first.paid_ud == 1_500 * DOLLAR
    assert available(fund, NOW + 3_600) == 500 * DOLLAR
    with pytest.raises(NotPermitted) as refusal:
        support(fund, for_dollars(501), FALLEN, USUAL, NOW)
    assert refusal.value.rule == "stabilisation.limit"
    fund, _ = support(fund, for_dollars(500), FALLEN, USUAL, NOW + 3_600)
    assert (fund.held_ud, available(fund, NOW + 7_200)) == (8_000 * DOLLAR, 0)
    assert available(fund, NOW + DAY_S) == 1_600 * DOLLAR


def test_S23_never_below_a_quarter_of_the_most_it_ever_had() -> None:
    fund = STORM
    for day in range(20):
        most = available(fund, NOW + day * DAY_S)
        if not most:
            break
        fund, _ = support(fund, most * 1000 // FALLEN, FALLEN, USUAL, NOW + day * DAY_S)
    assert floor_up(fund) == 2_500 * DOLLAR
    assert 2_500 * DOLLAR <= fund.held_ud < 2_500 * DOLLAR + 100
    assert floor_up(feed(fund, 20_000 * DOLLAR)) * 4 == feed(fund, 20_000 * DOLLAR).high_water_ud


def test_a_levy_during_the_day_does_not_raise_the_days_cap() -> None:
    fund, _ = support(STORM, for_dollars(2_000), FALLEN, USUAL, NOW)
    assert available(feed(fund, 5_000 * DOLLAR), NOW) == 0


@law
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 10**8)), max_size=12))
def test_whatever_is_tried_a_day_costs_at_most_a_fifth_and_the_floor_stays(
    tries: list[tuple[int, int]],
) -> None:
    fund, spent = STORM, dict.fromkeys(range(4), 0)
    starts: dict[int, int] = {}
    for day, energy in sorted(tries):
        starts.setdefault(day, fund.held_ud)
        try:
            fund, use = support(fund, energy, FALLEN, USUAL, NOW + day * DAY_S)
        except NotPermitted:
            continue
        spent[day] += use.paid_ud
    for day, start in starts.items():
        assert spent[day] * 5 <= start
    assert fund.held_ud == STORM.held_ud - sum(spent.values()) >= 2_500 * DOLLAR


# --- reserves ---------------------------------------------------------------------------------

SUPPLY = 50_000 * DOLLAR
TRUSTCO = CustodianStatement("trust company", Ud(SUPPLY), NOW - 3_600, digest("statement"))


def test_a_statement_without_its_files_hash_is_refused() -> None:
    for statements in ([], [replace(TRUSTCO, hash="")], [TRUSTCO, TRUSTCO]):
        with pytest.raises(InputError):
            proof_of_reserves(SUPPLY, statements, NOW, DAY_S)


def test_S23_the_page_is_green_at_a_difference_of_zero() -> None:
    page = proof_of_reserves(SUPPLY, [TRUSTCO], NOW, DAY_S)
    assert (page.light, page.surplus_ud, page.shortfall_ud) == (Light.GREEN, 0, 0)
    halves = [
        replace(TRUSTCO, custodian=name, held_ud=Ud(SUPPLY // 2)) for name in ("one", "other")
    ]
    assert proof_of_reserves(SUPPLY, halves, NOW, DAY_S).light is Light.GREEN


@pytest.mark.parametrize("planted_ud", [CENT, -CENT, 1, -1])
def test_S23_a_planted_cent_turns_it_red(planted_ud: int) -> None:
    statement = replace(TRUSTCO, held_ud=Ud(SUPPLY + planted_ud))
    page = proof_of_reserves(SUPPLY, [statement], NOW, DAY_S)
    assert page.light is Light.RED
    assert page.surplus_ud - page.shortfall_ud == planted_ud


@pytest.mark.parametrize("age_s", [DAY_S + 1, -1])
def test_a_statement_too_old_or_of_tomorrow_turns_it_red(age_s: int) -> None:
    statement = replace(TRUSTCO, as_of_s=NOW - age_s)
    page = proof_of_reserves(SUPPLY, [statement], NOW, DAY_S)
    assert (page.light, page.shortfall_ud) == (Light.RED, 0)
    assert "too old" in page.why


def test_S23_30000_are_redeemed_at_par_and_20000_are_left_on_both_sides() -> None:
    assert redeem(SUPPLY, SUPPLY, 30_000 * DOLLAR) == (20_000 * DOLLAR, 20_000 * DOLLAR)
    for amount in (0, SUPPLY + 1):
        with pytest.raises(NotPermitted):
            redeem(SUPPLY, SUPPLY, amount)


def test_S22_minting_above_backing_is_refused() -> None:
    assert mint(SUPPLY, SUPPLY, 5 * DOLLAR, 5 * DOLLAR) == (SUPPLY + 5 * DOLLAR,) * 2
    for amount, receipt, backing in (
        (5 * DOLLAR + 1, 5 * DOLLAR, SUPPLY), (5 * DOLLAR, 5 * DOLLAR, SUPPLY - 1), (0, 1, SUPPLY),
    ):  # fmt: skip
        with pytest.raises(NotPermitted) as refusal:
            mint(SUPPLY, backing, amount, receipt)
        assert refusal.value.rule == "reserves.mint"


@law
@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**11), max_size=6))
def test_a_shortfall_is_borne_by_all_in_the_same_fraction(backing: int, held: list[int]) -> None:
    paid = haircut(backing, held)
    assert sum(paid) == min(backing, sum(held))
    assert all(part <= claim for part, claim in zip(paid, held, strict=True))
    for part, claim in zip(paid, held, strict=True):
        assert abs(part * sum(held) - claim * sum(paid)) < max(1, sum(held))
