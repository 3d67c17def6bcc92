"""Auctions by example: S08's numbers, published tables, and how the margin is shared."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from market.books import CENT, bids_and_asks, book
from sourceenergy.market.book import ASK, BID, Book, Clearing
from sourceenergy.market.pairing import pair
from sourceenergy.market.registry import clear
from sourceenergy.market.rules import Rules
from strategies_energy import shared

PAY_AS_CLEAR = Rules(price_rule="marginal", k_ppm=0)
"""The dearest accepted offer sets the price."""
TENANT, NEIGHBOUR, PROSUMER, HOUSE = range(4)
S08 = book(
    (PROSUMER, ASK, 11 * CENT, 3_000, 0),
    (HOUSE, ASK, 125_000, 2_000, 1),
    (TENANT, BID, 14 * CENT, 2_500, 2),
    (NEIGHBOUR, BID, 12 * CENT, 1_500, 3),
)


def table(name: str) -> dict[str, Any]:
    text = shared("vectors", name).read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return content


def nd(cents: str) -> int:
    """Cents as nano-dollars, exact."""
    return int(Decimal(cents) * 10**7)


def by_member(cleared: Clearing) -> dict[int, tuple[int, int]]:
    """Energy [Wh] and value [nd] by member."""
    pairs = zip(cleared.energy.tolist(), cleared.fills.value.tolist(), strict=True)
    return dict(zip(cleared.book.member.tolist(), pairs, strict=True))


# --- S08 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("margin", ["pro_rata", "time"])
@pytest.mark.parametrize("k_ppm", [0, 500_000, 1_000_000])
def test_S08_neighbours_trade_at_the_only_price_that_clears(margin: str, k_ppm: int) -> None:
    cleared = clear(S08, "uniform_price", Rules(margin=margin, k_ppm=k_ppm))
    fee = nd("0.5")  # per kWh, paid by the buyer
    assert (cleared.volume[0], cleared.buy_price[0]) == (3_000, 12 * CENT)
    assert by_member(cleared) == {
        TENANT: (2_500, nd("30.00")),
        NEIGHBOUR: (500, nd("6.00")),
        PROSUMER: (3_000, nd("36.00")),
        HOUSE: (0, 0),
    }
    assert 2_500 * fee // 1_000 == nd("1.25")
    assert 500 * fee // 1_000 == nd("0.25")
    assert cleared.left[S08.member == NEIGHBOUR] == 1_000  # from the grid
    # The tenant against 15.7 ¢ retail, the prosumer against a grid price of 4.125 ¢.
    assert 2_500 * 157_000 - nd("30.00") - nd("1.25") == nd("8.00")
    assert nd("36.00") - 3_000 * 41_250 == nd("23.625")


def test_S08_variant_eleven_and_a_half_cents_would_leave_the_neighbour_wanting_more() -> None:
    other_rule = clear(S08, "uniform_price", Rules(price_rule="marginal"))
    assert other_rule.buy_price[0] == 115_000  # the middle of 11 and 12, which does not clear
    assert other_rule.energy.tolist() == clear(S08).energy.tolist()


def test_S08_variant_with_half_a_kilowatt_hour_more_sun_a_range_clears_and_k_picks() -> None:
    sunny = book((PROSUMER, ASK, 11 * CENT, 4_000, 0), *rows(S08, 1))
    prices = [
        int(clear(sunny, "uniform_price", Rules(k_ppm=k)).buy_price[0]) for k in (0, 500_000, 10**6)
    ]
    assert prices == [110_000, 115_000, 120_000]


def test_S08_variant_with_a_dear_bid_the_house_sells_too() -> None:
    eager = book(*rows(S08, 0, 1, 2), (NEIGHBOUR, BID, 13 * CENT, 1_500, 3))
    cleared = clear(eager)
    assert (cleared.volume[0], cleared.buy_price[0]) == (4_000, 125_000)
    assert by_member(cleared)[HOUSE] == (1_000, nd("12.50"))


def test_S08_variant_pay_as_bid_trades_the_same_energy_at_two_prices() -> None:
    cleared = clear(S08, "pay_as_bid", Rules(k_ppm=500_000))
    assert cleared.energy.tolist() == clear(S08).energy.tolist()
    assert by_member(cleared)[TENANT] == (2_500, nd("31.25"))  # 12.5 ¢, between 11 and 14
    assert by_member(cleared)[NEIGHBOUR] == (500, nd("5.75"))  # 11.5 ¢, between 11 and 12


def rows(given: Book, *numbers: int) -> list[tuple[int, int, int, int, int]]:
    from market.books import rows_of

    wanted = numbers if len(numbers) > 1 else range(numbers[0], given.orders)
    return [rows_of(given)[number] for number in wanted]


# --- published tables -----------------------------------------------------------------------------


def test_pay_as_clear_takes_the_dearest_accepted_offer() -> None:
    for case in table("assume_pay_as_clear.json")["cases"]:
        orders = bids_and_asks(
            [(q, p) for q, p in case["bids"]], [(q, p) for q, p in case["offers"]]
        )
        cleared = clear(orders, "uniform_price", PAY_AS_CLEAR)
        assert (cleared.volume[0], cleared.buy_price[0]) == (case["volume"], case["price"])


def test_what_other_markets_lose_or_invent_comes_out_right() -> None:
    cases = [case for case in table("peer_deviations.json")["cases"] if "must_volume" in case]
    assert len(cases) == 4
    for case in cases:
        users = sorted({user for user, _, _ in [*case["bids"], *case["offers"]]})
        orders = book(
            *(
                (users.index(user), side, int(Decimal(price) * 100_000), quantity, n)
                for side, name in ((BID, "bids"), (ASK, "offers"))
                for n, (user, quantity, price) in enumerate(case[name])
            )
        )
        for mechanism in ("uniform_price", "pay_as_bid"):
            assert clear(orders, mechanism).volume[0] == case["must_volume"], case
        if "must_trades" in case:
            trades = clear(orders, "pay_as_bid").trades
            assert trades is not None
            named = zip(
                (users[orders.member[bid]] for bid in trades.bid),
                (users[orders.member[ask]] for ask in trades.ask),
                trades.energy.tolist(),
                strict=True,
            )
            assert [list(trade) for trade in named] == case["must_trades"]


def test_two_identical_bids_are_two_bids() -> None:
    twins = book((0, BID, 30, 100, 0), (0, BID, 30, 100, 0), (1, ASK, 10, 200, 0))
    assert clear(twins).energy.tolist() == [100, 100, 200]


def units(case: dict[str, Any]) -> Book:
    return bids_and_asks([(1, p) for p in case["buyers"]], [(1, p) for p in case["sellers"]])


def test_mcafee_gives_the_published_trades_prices_and_surplus() -> None:
    cases = table("mcafee_trade_reduction.json")["mcafee"]
    assert len(cases) == 5
    for case in cases:
        cleared = clear(units(case), "mcafee")
        assert cleared.volume[0] == case["trades"], case
        if case["trades"]:
            assert cleared.buy_price[0] == case["buyer_pays"], case
            assert cleared.sell_price[0] == case["seller_gets"], case
            assert cleared.surplus[0] == case["surplus"], case


def test_the_balanced_reduction_gives_the_published_trades_and_price() -> None:
    cases = table("mcafee_trade_reduction.json")["sbb_ascending"]
    assert len(cases) == 3
    for case in cases:
        leader = "sellers" if case.get("seller_first") else "buyers"
        cleared = clear(units(case), "sbba", Rules(leader=leader))
        assert cleared.volume[0] == case["trades"], case
        if case["trades"]:
            assert cleared.buy_price[0] == cleared.sell_price[0] == case["price"], case


def test_the_reduction_shares_the_longer_side_by_size_not_by_price() -> None:
    """30 Wh of three buyers meet 20 of one seller; a dearer bid buys no more."""
    orders = bids_and_asks([(10, 9), (10, 8), (10, 7), (5, 3)], [(20, 1), (9, 5)])
    cleared = clear(orders, "mcafee")  # the last of each side sets the price and sits out
    assert cleared.energy.tolist() == [10, 10, 0, 0, 20, 0]
    assert (cleared.buy_price[0], cleared.sell_price[0]) == (7, 5)
    assert cleared.surplus[0] == 20 * 2


# --- the margin -----------------------------------------------------------------------------------

CROWD = book(
    (5, BID, 100, 300, 2),
    (3, BID, 100, 100, 1),
    (4, BID, 100, 200, 1),
    (6, BID, 120, 50, 9),
    (0, ASK, 10, 350, 0),
)


def test_at_the_margin_orders_share_by_quantity() -> None:
    assert clear(CROWD).energy.tolist() == [150, 50, 100, 50, 350]


def test_or_the_earliest_comes_first_and_of_equals_the_lowest_member() -> None:
    assert clear(CROWD, rules=Rules(margin="time")).energy.tolist() == [0, 100, 200, 50, 350]


def test_a_watt_hour_that_does_not_divide_goes_to_the_lowest_member_number() -> None:
    orders = book((7, BID, 5, 10, 0), (2, BID, 5, 10, 1), (1, ASK, 1, 1, 0))
    assert clear(orders).energy.tolist() == [0, 1, 1]


def test_a_reserve_price_keeps_cheap_offers_from_going_below_it() -> None:
    orders = bids_and_asks([(10, 9), (10, 4)], [(20, 1)])
    assert clear(orders, rules=Rules(k_ppm=0)).buy_price[0] == 1
    kept = clear(orders, rules=Rules(k_ppm=0, floor=5))
    assert (kept.volume[0], kept.buy_price[0]) == (10, 5)


# --- nobody trades with themselves ----------------------------------------------------------------


def test_a_member_alone_with_both_sides_trades_nothing() -> None:
    for mechanism in ("uniform_price", "pay_as_bid", "continuous", "mcafee", "sbba", "pool_mmr"):
        assert not clear(book((0, BID, 9, 5, 0), (0, ASK, 1, 5, 1)), mechanism).energy.any()


def test_the_volume_stays_the_most_that_different_members_can_trade() -> None:
    """Member 0 offers 10 and wants 10; member 1 wants 4, member 2 offers 3: 7 can pass."""
    orders = book((0, ASK, 1, 10, 0), (0, BID, 9, 10, 0), (1, BID, 9, 4, 0), (2, ASK, 1, 3, 0))
    cleared = clear(orders)
    assert cleared.energy.tolist() == [4, 3, 4, 3]
    bid, ask, energy = pair(orders, cleared.energy, orders.price)
    assert sorted(zip(bid.tolist(), ask.tolist(), energy.tolist(), strict=True)) == [
        (1, 3, 3),
        (2, 0, 4),
    ]


def test_partners_of_own_orders_are_swapped() -> None:
    """By cumulated energy member 0's best bid would meet member 0's best ask."""
    orders = book((0, BID, 9, 5, 0), (1, BID, 8, 5, 0), (0, ASK, 1, 5, 0), (2, ASK, 2, 5, 0))
    trades = clear(orders, "pay_as_bid").trades
    assert trades is not None
    assert sorted(zip(trades.bid.tolist(), trades.ask.tolist(), strict=True)) == [(0, 3), (1, 2)]


# --- bill sharing ---------------------------------------------------------------------------------


def test_one_bill_is_shared_by_need_and_one_revenue_by_surplus() -> None:
    """9 kWh needed, 3 on the roofs: the grid's 6 kWh at 15 ¢ cost 90 ¢, 10 ¢ a kWh needed."""
    orders = bids_and_asks([(6_000, 15 * CENT), (3_000, 15 * CENT)], [(3_000, 5 * CENT)])
    shared_ = clear(orders, "bill_sharing")
    grid = (shared_.left * orders.price).tolist()
    bills = [g + v for g, v in zip(grid, shared_.fills.value.tolist(), strict=True)]
    assert bills == [nd("60"), nd("30"), 0]  # the seller gets nothing: not for everyone better


def test_a_negative_bill_is_shared_as_a_credit() -> None:
    orders = bids_and_asks([(1, -7), (2, -7)], [])
    shared_ = clear(orders, "bill_sharing")
    assert (shared_.left * orders.price + shared_.fills.value).tolist() == [-7, -14]


# --- sizes ----------------------------------------------------------------------------------------


def test_ten_gigawatt_hours_an_order_at_a_hundred_dollars_stay_exact() -> None:
    most = 10**10
    orders = bids_and_asks([(most, 10**8)] * 300, [(most - 1, 10**8)] * 300)
    cleared = clear(orders)
    assert cleared.volume[0] == 300 * (most - 1)
    assert set(cleared.fills.value.tolist()) == {(most - 1) * 10**8}


@pytest.mark.parametrize("sign", [1, -1])
def test_one_watt_hour_is_traded_at_any_price(sign: int) -> None:
    orders = bids_and_asks([(1, sign * 10**8)], [(1, sign * 10**8)])
    cleared = clear(orders)
    assert cleared.buy_price[0] == sign * 10**8
    assert cleared.fills.value.tolist() == [sign * 10**8] * 2


def test_no_orders_are_no_trades() -> None:
    none = np.zeros(0, dtype=np.int64)
    for markets in (np.array([0, 0]), np.array([0, 0, 0, 0])):
        empty = Book(none, none.astype(np.int8), none, none, none, markets)
        for mechanism in ("uniform_price", "pay_as_bid", "mcafee", "pool_mmr", "bill_sharing"):
            assert clear(empty, mechanism).volume.tolist() == [0] * (len(markets) - 1)
