"""Rounding, exact sums and accounts: money is neither made nor lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import InputError, InvariantBroken
from sourceenergy.settlement import accounts, money
from sourceenergy.settlement.accounts import Accounts, require_distinct
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.money import sum_products
from sourceenergy.units import ENERGY_MAX_WH, PRICE_MAX_UD_PER_KWH
from strategies_energy import ints, law


def round_to_zero_sum(values_nd: list[int]) -> list[int]:
    rounded: list[int] = money.round_to_zero_sum(money.money(values_nd)).tolist()
    return rounded


def roll_accounts(
    opening: dict[str, AccountState],
    deposits_ud: dict[str, int],
    nets_ud: dict[str, int],
    exits: frozenset[str],
) -> Accounts:
    return accounts.roll_accounts(
        Accounts.of(opening),
        money.money([deposits_ud.get(name, 0) for name in opening]),
        money.money([nets_ud.get(name, 0) for name in opening]),
        np.array([name in exits for name in opening], dtype=np.bool_),
        np.zeros(len(opening), dtype=np.int64),
    )


amounts = st.integers(-(10**15), 10**15)

# --- refusals ---------------------------------------------------------------------------------


def test_values_that_do_not_add_up_to_zero_are_not_rounded_away() -> None:
    with pytest.raises(InvariantBroken) as broken:
        round_to_zero_sum([1_000, -999])
    assert (broken.value.rule, broken.value.value) == ("money.conserved", 1)


def test_an_account_cannot_spend_more_than_it_holds() -> None:
    with pytest.raises(InvariantBroken) as broken:
        roll_accounts({"home": AccountState(10, 0, 10)}, {"home": 5}, {"home": -16}, frozenset())
    assert (broken.value.rule, broken.value.field, broken.value.value) == (
        "funds.cover",
        "home",
        -1,
    )


def test_two_parties_cannot_share_an_account() -> None:
    with pytest.raises(InputError) as refused:
        require_distinct(["home", "roof", "home"])
    assert (refused.value.rule, refused.value.value) == ("account.distinct", "home")


def test_a_payout_once_authorised_is_not_spent() -> None:
    with pytest.raises(InvariantBroken):
        roll_accounts({"roof": AccountState(0, 100, 0)}, {}, {"roof": -1}, frozenset())


# --- success ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exact_nd", "rounded_ud"),
    [
        ([], []),
        ([2_000, -2_000], [2, -2]),
        ([500, -500], [1, -1]),  # −1 and 0 lack one unit: a tie, the lowest index
        ([-500, 500], [0, 0]),
        ([333, 333, 334, -1_000], [0, 0, 1, -1]),
        ([-1_999, 1_000, 999], [-2, 1, 1]),
    ],
)
def test_rounding_keeps_the_sum_at_zero(exact_nd: list[int], rounded_ud: list[int]) -> None:
    assert round_to_zero_sum(exact_nd) == rounded_ud


def test_a_credit_is_authorised_a_debit_spent_an_exit_paid_out() -> None:
    closing = roll_accounts(
        {
            "roof": AccountState(0, 70, 0),
            "home": AccountState(100, 0, 40),
            "leaver": AccountState(50, 5, 45),
        },
        {"home": 10, "leaver": 1},
        {"roof": 30, "home": -30, "leaver": 0},
        frozenset({"leaver"}),
    )
    assert closing == {
        "roof": AccountState(0, 100, 0),
        "home": AccountState(110, 0, 20),
        "leaver": AccountState(51, 51, 0),
    }


# --- always -----------------------------------------------------------------------------------


@law
@given(st.lists(amounts, max_size=12))
def test_rounding_adds_up_and_nobody_is_a_whole_micro_dollar_off(values: list[int]) -> None:
    exact = [*values, -sum(values)]
    rounded = round_to_zero_sum(exact)
    assert sum(rounded) == 0
    for ud, nd in zip(rounded, exact, strict=True):
        assert abs(ud * 1_000 - nd) < 1_000


@law
@given(st.lists(amounts, max_size=12))
def test_what_is_whole_is_not_touched(values: list[int]) -> None:
    whole = [1_000 * value for value in (*values, -sum(values))]
    assert round_to_zero_sum(whole) == [value // 1_000 for value in whole]


energies = st.one_of(st.integers(0, 50), st.integers(0, ENERGY_MAX_WH))
any_price = st.integers(-PRICE_MAX_UD_PER_KWH, PRICE_MAX_UD_PER_KWH)


@law
@given(st.lists(st.tuples(energies, energies, any_price), min_size=1, max_size=30))
def test_sums_of_products_are_exact_below_and_above_64_bits(
    rows: list[tuple[int, int, int]],
) -> None:
    energy = ints([[one, other] for one, other, _ in rows])
    price = ints([[price] for _, _, price in rows])
    assert sum_products(energy, price).tolist() == [
        sum(one * price for one, _, price in rows),
        sum(other * price for _, other, price in rows),
    ]


def test_a_century_of_quarter_hours_at_the_limits_does_not_overflow() -> None:
    quarters = 100 * 366 * 96
    energy = np.broadcast_to(ints([[ENERGY_MAX_WH]]), (quarters, 1))
    price = ints([[PRICE_MAX_UD_PER_KWH]])
    assert sum_products(energy, price).tolist() == [quarters * ENERGY_MAX_WH * PRICE_MAX_UD_PER_KWH]


states = st.builds(
    lambda payout, balance: AccountState(payout + balance, payout, balance),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
)


@law
@given(
    st.lists(st.tuples(states, st.integers(0, 10**9), amounts, st.booleans()), max_size=6),
)
def test_accounts_keep_every_micro_dollar(
    accounts: list[tuple[AccountState, int, int, bool]],
) -> None:
    opening = {str(i): state for i, (state, _, _, _) in enumerate(accounts)}
    deposits = {str(i): deposit for i, (_, deposit, _, _) in enumerate(accounts)}
    nets = {
        str(i): max(net, -state.balance_ud - deposit)
        for i, (state, deposit, net, _) in enumerate(accounts)
    }
    exits = frozenset(str(i) for i, (_, _, _, leaves) in enumerate(accounts) if leaves)
    closing = roll_accounts(opening, deposits, nets, exits)
    for name, after in closing.items():
        before = opening[name]
        assert after.deposited_ud == before.deposited_ud + deposits[name]
        assert after.payout_ud >= before.payout_ud
        assert after.balance_ud >= 0
        held_before = before.payout_ud + before.balance_ud + deposits[name]
        assert after.payout_ud + after.balance_ud == held_before + nets[name]
        assert name not in exits or after.balance_ud == 0
