"""Incentives of a settled period: refused where they cannot be paid, exact where they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import InputError
from sourceenergy.records import Incentive, IncentiveFor
from sourceenergy.settlement.bundle import read_bundle, write_bundle
from sourceenergy.settlement.period import Period, settle
from sourceenergy.units import Ud, UdPerKwh
from strategies_energy import (
    FLAT_TARIFFS,
    NEW_YEAR,
    OPERATOR,
    a_period,
    account,
    law_of_periods,
    periods,
)

HOUR = 3600


def incentive(
    rate: int = 5_000,
    budget: int = 100_000_000,
    *,
    policy: str = "S22",
    hours: tuple[int, int] = (0, 4),
    earns: IncentiveFor = IncentiveFor.DELIVERED,
    tariff: str = "",
    named: tuple[str, ...] = (),
) -> Incentive:
    """An incentive of some hours after New Year."""
    start_s, end_s = (NEW_YEAR + HOUR * hour for hour in hours)
    return Incentive(policy, UdPerKwh(rate), Ud(budget), start_s, end_s, earns, tariff, named)


def street(*incentives: Incentive, **changed: object) -> Period:
    """Two hours: Ann exports 5 kWh, then 1 kWh; Ben exports 1 kWh, Cleo uses 2 kWh in the first."""
    period = a_period(
        [[0, 0, 2_000], [0, 0, 0]],
        [[5_000, 1_000, 0], [1_000, 0, 0]],
        **changed,  # type: ignore[arg-type]
    )
    return replace(period, incentives=incentives)


def paid(*incentives: Incentive) -> list[int]:
    return [ledger.incentive_ud for ledger in settle(street(*incentives)).ledgers]


# --- refused ----------------------------------------------------------------------------------


def test_members_who_pay_from_funds_get_none() -> None:
    with pytest.raises(InputError) as refusal:
        settle(street(incentive(), funded=True, deposits={account(2): 10**7}))
    assert refusal.value.rule == "incentive.funded"


@pytest.mark.parametrize(("tariff", "named"), [("day", "on_peak"), ("nobody's", "always")])
def test_a_period_that_no_plan_has(tariff: str, named: str) -> None:
    with pytest.raises(InputError) as refusal:
        settle(street(incentive(tariff=tariff, named=(named,))))
    assert refusal.value.rule == "incentive.period"


@pytest.mark.parametrize(("rate", "budget"), [(0, 1), (-1, 1), (1, 0), (1, -1)])
def test_a_rate_or_a_budget_that_is_none(rate: int, budget: int) -> None:
    with pytest.raises(InputError) as refusal:
        settle(street(incentive(rate, budget)))
    assert refusal.value.rule == "incentive.programme"


# --- paid -------------------------------------------------------------------------------------


def test_delivered_energy_earns_the_rate() -> None:
    assert paid(incentive()) == [30_000, 5_000, 0]


def test_shared_energy_is_what_went_to_other_members() -> None:
    settled = settle(street(incentive(earns=IncentiveFor.SHARED)))
    assert [x.sold_wh for x in settled.ledgers] == [1_667, 333, 0]
    assert [x.incentive_ud for x in settled.ledgers] == [8_335, 1_665, 0]


def test_only_its_own_hours_and_periods_earn() -> None:
    assert paid(incentive(hours=(1, 2))) == [5_000, 0, 0]
    assert paid(incentive(hours=(0, 1))) == [25_000, 5_000, 0]
    assert paid(incentive(tariff="day", named=("always",))) == [30_000, 5_000, 0]


def test_who_may_not_trade_earns_nothing() -> None:
    period = street(incentive(), passport_ends={0: NEW_YEAR + HOUR})
    assert [x.incentive_ud for x in settle(period).ledgers] == [25_000, 5_000, 0]


def test_the_budget_is_never_passed_and_what_rounding_leaves_stays_with_the_operator() -> None:
    assert paid(incentive(budget=100)) == [85, 14, 0]  # 85.71…, 14.28…: each down, as on chain


def test_two_policies_are_two_lines_and_one_sum() -> None:
    settled = settle(street(incentive(), incentive(2_000, policy="S23", hours=(1, 2))))
    assert [one.amount_ud.tolist() for one in settled.incentives] == [
        [30_000, 5_000, 0],
        [2_000, 0, 0],
    ]
    assert settled.ledgers[0].incentive_ud == 32_000
    assert settled.incentives_ud == 37_000


def test_the_operator_deposits_what_it_owes_and_nothing_else_moves() -> None:
    without, settled = settle(street()), settle(street(incentive()))
    assert without.closing[OPERATOR].deposited_ud == 0
    assert settled.closing[OPERATOR].deposited_ud == 35_000
    assert settled.closing[account(0)].payout_ud - without.closing[account(0)].payout_ud == 30_000
    assert settled.closing[account(2)] == without.closing[account(2)]
    assert settled.prices == without.prices
    assert settled.pool_root == without.pool_root
    assert settled.ledgers[0].saving_nd - without.ledgers[0].saving_nd == 30_000_000


def test_the_bundle_has_it_and_is_the_old_bytes_without() -> None:
    period = street(incentive(tariff="day", named=("always",)), incentive(policy="S23"))
    files = write_bundle(period, FLAT_TARIFFS)
    read = read_bundle(files).period
    assert read.incentives == period.incentives
    assert settle(read).payout_root("0x" + "c0" * 32) == settle(period).payout_root(
        "0x" + "c0" * 32
    )
    assert b"incentive" not in write_bundle(street(), FLAT_TARIFFS)["period.json"]


# --- always -----------------------------------------------------------------------------------

some = st.lists(
    st.builds(
        lambda rate, budget, policy, hours, earns: incentive(
            rate, budget, policy=policy, hours=hours, earns=earns
        ),
        st.integers(1, 10**8),
        st.one_of(st.integers(1, 50), st.integers(1, 10**12)),
        st.sampled_from(["S22", "S23"]),
        st.sampled_from([(0, 4), (1, 2), (2, 9), (7, 9)]),
        st.sampled_from(IncentiveFor),
    ),
    min_size=1,
    max_size=3,
)


@law_of_periods
@given(periods(), some)
def test_incentives_move_money_and_make_none(period: Period, incentives: list[Incentive]) -> None:
    without = settle(period)
    settled = settle(replace(period, incentives=tuple(incentives)))
    assert sum(x.net_ud for x in settled.ledgers) + settled.fees_ud == settled.incentives_ud
    assert settled.fees_ud == without.fees_ud
    assert settled.prices == without.prices
    deposits, payouts, balances = settled.totals_ud
    assert deposits == payouts + balances
    assert all(state.balance_ud >= 0 for state in settled.closing.values())
    for one in settled.incentives:
        assert 0 <= sum(one.amount_ud.tolist()) <= one.incentive.budget_ud
        for energy, amount in zip(one.energy_wh.tolist(), one.amount_ud.tolist(), strict=True):
            assert 0 <= amount <= energy * one.incentive.rate // 1000
    for i, (ours, before) in enumerate(zip(settled.ledgers, without.ledgers, strict=True)):
        assert ours.incentive_ud == sum(int(one.amount_ud[i]) for one in settled.incentives)
        assert ours.net_ud == before.net_ud + ours.incentive_ud
        assert ours.saving_nd >= before.saving_nd
    assert np.array_equal(settled.energy_leaves.sold, without.energy_leaves.sold)
