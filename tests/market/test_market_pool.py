"""The pool by example: who shares how much with whom, at which price."""

from __future__ import annotations

import pytest

from sourceenergy.errors import InputError
from sourceenergy.market.pool import PoolResult, pool
from sourceenergy.market.prices import PRICE_RULES, blended_pair
from strategies_energy import row

FEED_IN, RETAIL = 50_000, 150_000  # 5 and 15 ¢/kWh


def share(
    supply: tuple[int, ...],
    demand: tuple[int, ...],
    ask: tuple[int, ...] | None = None,
    bid: tuple[int, ...] | None = None,
    mechanism: str = "pool_mmr",
) -> PoolResult:
    members = len(supply)
    return pool(
        row(*supply),
        row(*demand),
        row(*(ask or [FEED_IN] * members)),
        row(*(bid or [RETAIL] * members)),
        mechanism,
    )


def band(shared: PoolResult) -> tuple[int, int, int]:
    return int(shared.ask[0]), int(shared.price[0]), int(shared.bid[0])


# --- refusals ---------------------------------------------------------------------------------


def test_an_unknown_mechanism_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(InputError, match="pool_csdr, pool_mmr, pool_sdr") as refusal:
        share((1,), (1,), mechanism="auction")
    assert refusal.value.rule == "mechanism.unknown"
    assert refusal.value.value == "auction"


@pytest.mark.parametrize(("supply", "demand"), [((-1, 0), (0, 1)), ((1, 0), (0, -1))])
def test_negative_energy_is_refused(supply: tuple[int, ...], demand: tuple[int, ...]) -> None:
    with pytest.raises(InputError) as refusal:
        share(supply, demand)
    assert refusal.value.rule == "energy.sign"
    assert refusal.value.value == -1


# --- scarcity and plenty ----------------------------------------------------------------------


def test_scarce_energy_is_shared_by_need() -> None:
    shared = share(supply=(3_000, 0, 0), demand=(0, 4_000, 2_000))
    assert shared.sold.tolist() == [[3_000, 0, 0]]
    assert shared.bought.tolist() == [[0, 2_000, 1_000]]


def test_plentiful_energy_is_taken_from_all_roofs_by_surplus() -> None:
    shared = share(supply=(4_000, 2_000, 0), demand=(0, 0, 3_000))
    assert shared.sold.tolist() == [[2_000, 1_000, 0]]
    assert shared.bought.tolist() == [[0, 0, 3_000]]


def test_the_watt_hour_that_does_not_divide_goes_to_the_lowest_member_number() -> None:
    shared = share(supply=(1, 0, 0), demand=(0, 5, 5))
    assert shared.bought.tolist() == [[0, 1, 0]]


def test_the_watt_hour_that_does_not_divide_goes_to_the_largest_remainder_first() -> None:
    shared = share(supply=(10, 0, 0), demand=(0, 5, 10))  # 3.33 and 6.67
    assert shared.bought.tolist() == [[0, 3, 7]]


@pytest.mark.parametrize(
    ("supply", "demand"),
    [((0, 0), (0, 9)), ((9, 0), (0, 0)), ((0, 0), (0, 0)), ((7,), (7,))],
    ids=["no sun", "no need", "nothing at all", "a member alone"],
)
def test_where_nobody_can_trade_nothing_is_shared_and_there_is_no_price(
    supply: tuple[int, ...], demand: tuple[int, ...]
) -> None:
    shared = share(supply, demand)
    assert not shared.traded.any()
    assert not shared.sold.any()
    assert not shared.bought.any()
    assert band(shared) == (0, 0, 0)


# --- the price --------------------------------------------------------------------------------


def test_the_mid_market_price_is_the_middle_of_the_band() -> None:
    shared = share((1_000, 0), (0, 1_000))
    assert band(shared) == (FEED_IN, 100_000, RETAIL)


def test_the_middle_is_rounded_down_also_below_zero() -> None:
    assert share((1, 0), (0, 1), ask=(2, 0), bid=(0, 5)).price == 3
    assert share((1, 0), (0, 1), ask=(-6, 0), bid=(0, -1)).price == -4


def test_the_band_is_the_highest_feed_in_and_the_lowest_retail_of_those_who_trade() -> None:
    shared = share(
        supply=(10, 10, 0, 0, 0),
        demand=(0, 0, 10, 10, 0),
        ask=(30, 50, 99, 99, 99),
        bid=(1, 1, 200, 120, 1),
    )
    assert band(shared) == (50, 85, 120)


def test_a_band_of_one_price_is_that_price() -> None:
    assert share((5, 0), (0, 5), ask=(70, 0), bid=(0, 70)).price == 70


def test_the_supply_demand_price_falls_to_feed_in_as_supply_reaches_demand() -> None:
    prices = [
        int(share((supply, 0), (0, 10_000), mechanism="pool_sdr").price[0])
        for supply in (1, 2_500, 5_000, 9_999, 10_000, 40_000)
    ]
    assert prices == [149_970, 100_000, 75_000, 50_003, 50_000, 50_000]


def test_the_supply_demand_price_is_the_middle_where_its_formula_has_no_feed_in() -> None:
    for feed_in in (0, -40_000):
        shared = share((1, 0), (0, 2), ask=(feed_in, 0), bid=(0, 100_000), mechanism="pool_sdr")
        assert shared.price == (feed_in + 100_000) // 2


def test_the_compensated_price_stops_a_tenth_of_the_band_above_feed_in() -> None:
    prices = [
        int(share((supply, 0), (0, 10_000), mechanism="pool_csdr").price[0])
        for supply in (1, 5_000, 9_999, 10_000, 40_000)
    ]
    # λ is 1 ¢ of a band of 10: 6 · 15 / (9 · r + 6) below balance, 6 ¢ from there on.
    assert prices == [149_977, 85_714, 60_003, 60_000, 60_000]


def test_the_compensation_is_what_sellers_keep_of_the_surplus() -> None:
    """Four times the supply: buyers pay feed-in + λ, sellers get feed-in + λ·D/S on average."""
    assert blended_pair(60_000, FEED_IN, RETAIL, 40_000, 10_000) == (52_500, 60_000)


def test_the_blended_pair_adds_what_the_grid_takes_or_brings() -> None:
    assert blended_pair(100, 50, 150, supply_wh=4, demand_wh=1) == (62.5, 100.0)
    assert blended_pair(100, 50, 150, supply_wh=1, demand_wh=4) == (100.0, 137.5)
    assert set(PRICE_RULES) == {"pool_mmr", "pool_sdr", "pool_csdr"}


# --- tariffs that cross -----------------------------------------------------------------------


def test_a_buyer_whose_night_rate_lies_below_feed_in_sits_the_interval_out() -> None:
    shared = share(
        supply=(3_000, 0, 0),
        demand=(0, 3_000, 3_000),
        bid=(RETAIL, RETAIL, 28_000),
    )
    assert shared.bought.tolist() == [[0, 3_000, 0]]
    assert shared.price == (FEED_IN + RETAIL) // 2


def test_a_seller_whose_feed_in_lies_above_every_retail_price_sits_it_out() -> None:
    shared = share((2_000, 2_000, 0), (0, 0, 3_000), ask=(FEED_IN, 400_000, 0))
    assert shared.sold.tolist() == [[2_000, 0, 0]]


def test_where_only_losers_are_left_nothing_is_shared() -> None:
    assert not share((1, 0), (0, 1), ask=(100, 0), bid=(0, 99)).traded.any()


def test_the_pool_takes_the_price_that_shares_the_most() -> None:
    # At 60 the cheap seller serves both buyers (4); at 80 both sellers serve the one buyer (9).
    shared = share((4, 6, 0, 0), (0, 0, 9, 3), ask=(10, 80, 0, 0), bid=(0, 0, 90, 60))
    assert shared.sold.sum() == 9
    assert shared.bought.tolist() == [[0, 0, 9, 0]]


def test_of_two_prices_that_share_as_much_the_lower_one_decides() -> None:
    shared = share((5, 5, 0, 0), (0, 0, 5, 5), ask=(10, 80, 0, 0), bid=(0, 0, 90, 60))
    assert shared.sold.tolist() == [[5, 0, 0, 0]]
    assert shared.bought.tolist() == [[0, 0, 3, 2]]


def test_the_most_is_counted_without_what_a_member_would_sell_to_themselves() -> None:
    # At 5 only the first member sells, and the only other buyer needs 3; at 8 the second one's 5
    # find a buyer.
    shared = share((10, 5, 0), (10, 0, 3), ask=(5, 8, 8), bid=(10, 10, 6))
    assert shared.sold.sum() == 5
    assert shared.bought.tolist() == [[5, 0, 0]]


# --- members on both sides --------------------------------------------------------------------


def test_a_member_on_both_sides_sells_no_more_than_the_others_need() -> None:
    shared = share(supply=(10, 0), demand=(10, 4))
    assert shared.sold.tolist() == [[4, 0]]
    assert shared.bought.tolist() == [[0, 4]]


def test_a_member_on_both_sides_buys_no_more_than_the_others_supply() -> None:
    shared = share(supply=(10, 3), demand=(10, 0))
    assert shared.sold.tolist() == [[0, 3]]
    assert shared.bought.tolist() == [[3, 0]]


def test_what_the_dominant_member_leaves_is_shared_again_pro_rata() -> None:
    shared = share(supply=(100, 10, 30), demand=(100, 0, 0))
    assert shared.sold.tolist() == [[0, 10, 30]]
    assert shared.bought.tolist() == [[40, 0, 0]]


def test_small_two_sided_members_trade_with_the_others_as_anyone() -> None:
    shared = share(supply=(2, 2, 2), demand=(2, 2, 2))
    assert shared.sold.tolist() == shared.bought.tolist() == [[2, 2, 2]]


# --- sizes ------------------------------------------------------------------------------------


def test_one_watt_hour_is_shared() -> None:
    shared = share((1, 0), (0, 1))
    assert shared.sold.tolist() == [[1, 0]]


def test_ten_gigawatt_hours_a_meter_do_not_overflow() -> None:
    most = 10**10
    shared = share((most,) * 300 + (0,) * 300, (0,) * 300 + (most - 1,) * 300)
    assert int(shared.sold.sum()) == int(shared.bought.sum()) == 300 * (most - 1)
    assert set(shared.sold[0, :300].tolist()) == {most - 1}


def test_prices_of_a_hundred_dollars_and_huge_energies_keep_the_supply_demand_price_exact() -> None:
    shared = share((10**10 - 1, 0), (0, 10**10), ask=(1, 0), bid=(0, 10**8), mechanism="pool_sdr")
    assert shared.price == 1 * 10**8 * 10**10 // ((10**8 - 1) * (10**10 - 1) + 10**10)
