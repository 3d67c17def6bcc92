"""Members who pay from funds: what is not covered comes from the grid; nobody falls below zero."""

from __future__ import annotations

import pytest

from sourceenergy.errors import InputError
from sourceenergy.settlement.intervals import KEEP_BACK_UD
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import Period, settle
from strategies_energy import OPERATOR, a_period, account

ROOF, HOME = account(0), account(1)
PRICE = 125_000  # between 5 ¢ feed-in and 20 ¢ retail


def an_hour(imported: int, exported: int, **terms: object) -> Period:
    return a_period([[0, imported]], [[exported, 0]], funded=True, **terms)  # type: ignore[arg-type]


# --- refusals ---------------------------------------------------------------------------------


def test_a_negative_feed_in_is_refused_as_sellers_would_owe_what_they_do_not_hold() -> None:
    with pytest.raises(InputError) as refusal:
        settle(an_hour(1_000, 1_000, feed_in=-1, deposits={HOME: 10**6}))
    assert (refusal.value.rule, refusal.value.value) == ("funds.feed_in", -1)


# --- the grid instead ---------------------------------------------------------------


def test_a_buyer_without_funds_gets_grid_energy() -> None:
    settled = settle(an_hour(1_000, 1_000))
    home = settled.ledgers[1]
    assert (home.bought_wh, home.net_ud) == (0, 0)
    assert home.grid_import_nd == 1_000 * 200_000
    assert settled.totals_ud == (0, 0, 0)


def test_a_buyer_gets_as_much_as_the_funds_cover_at_the_own_retail_price() -> None:
    settled = settle(an_hour(1_000, 1_000, deposits={HOME: 100_000 + KEEP_BACK_UD}))
    home = settled.ledgers[1]
    assert home.bought_wh == 500  # 10 ¢ at 20 ¢/kWh, though the price turns out to be 12.5
    assert home.net_ud == -500 * PRICE // 1_000
    assert settled.closing[HOME] == AccountState(100_002, 0, 37_502)


def test_what_one_buyer_cannot_pay_the_next_one_gets() -> None:
    settled = settle(
        a_period([[0, 1_000, 1_000]], [[1_000, 0, 0]], funded=True, deposits={account(2): 10**6})
    )
    assert settled.outcome.bought.tolist() == [[0, 0, 1_000]]


# --- success ----------------------------------------------------------------------------------


def test_funds_are_spent_hour_by_hour_until_they_run_out() -> None:
    settled = settle(
        a_period(
            [[0, 1_000]] * 4,
            [[1_000, 0]] * 4,
            funded=True,
            opening={HOME: AccountState(300_002, 0, 200_002), ROOF: AccountState(0, 100_000, 0)},
        )
    )
    # 200,000 ud cover 1,000 Wh at 20 ¢; 125,000 are spent. 75,000 cover 375; 28,125 cover 140;
    # 10,625 cover 53.
    assert settled.outcome.bought[:, 1].tolist() == [1_000, 375, 140, 53]
    spent = 1_568 * PRICE // 1_000
    assert settled.closing[HOME] == AccountState(300_002, 0, 200_002 - spent)
    assert settled.closing[ROOF] == AccountState(0, 100_000 + spent, 0)
    assert settled.totals_ud == (300_002, 296_000, 4_002)


def test_the_fee_is_covered_too() -> None:
    settled = settle(an_hour(10_000, 10_000, fee=75_000, deposits={HOME: 400_002}))
    assert settled.ledgers[1].bought_wh == 2_000
    assert settled.closing[HOME].balance_ud == 400_002 - 2_000 * (87_500 + 75_000) // 1_000
    assert settled.closing[OPERATOR].payout_ud == 150_000


def test_what_a_member_earns_is_paid_out_not_spent() -> None:
    settled = settle(
        a_period(
            [[0, 1_000], [1_000, 0]], [[1_000, 0], [0, 1_000]], funded=True, deposits={HOME: 10**6}
        )
    )
    assert settled.outcome.bought.tolist() == [[0, 1_000], [0, 0]]  # the roof has no funds yet
    assert settled.closing[ROOF].payout_ud == 125_000


def test_a_seller_needs_no_funds() -> None:
    settled = settle(an_hour(1_000, 1_000, deposits={HOME: 10**6}))
    assert settled.closing[ROOF] == AccountState(0, 125_000, 0)


def test_an_exit_pays_out_the_whole_balance_and_trades_no_more() -> None:
    settled = settle(
        an_hour(
            1_000,
            1_000,
            opening={HOME: AccountState(500, 0, 500)},
            deposits={HOME: 50},
            exits=frozenset({HOME}),
        )
    )
    assert settled.local_wh == 0
    assert settled.closing[HOME] == AccountState(550, 550, 0)


def test_who_left_the_community_keeps_account_and_leaf() -> None:
    left = account(77)
    settled = settle(an_hour(0, 0, opening={left: AccountState(90, 60, 30)}, deposits={left: 5}))
    assert settled.closing[left] == AccountState(95, 60, 35)
    assert settled.payout_leaves[-1].account == left
    assert settled.totals_ud == (95, 60, 35)


def test_where_the_operator_collects_afterwards_funds_do_not_matter() -> None:
    settled = settle(a_period([[0, 1_000]], [[1_000, 0]]))
    assert settled.ledgers[1].bought_wh == 1_000
    assert settled.closing[HOME] == AccountState(125_000, 0, 0)
    assert settled.deposits_ud == {HOME: 125_000}
