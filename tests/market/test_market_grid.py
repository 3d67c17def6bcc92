"""Orders, then the pool, then the grid: S08 as a whole interval, and what is always true of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.books import CENT, book, books
from sourceenergy.errors import InputError
from sourceenergy.market.book import ASK, BID, Book
from sourceenergy.market.grid import (
    Metered,
    Shares,
    orders_from_tariffs,
    share_interval,
    within_meter,
)
from sourceenergy.market.registry import clear
from sourceenergy.market.rules import Round, Rules
from strategies_energy import law

TENANT, NEIGHBOUR, PROSUMER, HOUSE = range(4)
RETAIL, GRID, FEE = 157_000, 41_250, CENT // 2
ORDERS = book(
    (PROSUMER, ASK, 11 * CENT, 3_000, 0),
    (HOUSE, ASK, 125_000, 2_000, 1),
    (TENANT, BID, 14 * CENT, 2_500, 2),
    (NEIGHBOUR, BID, 12 * CENT, 1_500, 3),
)


def metered(supply: list[int], demand: list[int], retail: int = RETAIL) -> Metered:
    members = len(supply)
    return Metered(
        np.array(supply), np.array(demand), np.full(members, retail), np.full(members, GRID), FEE
    )


S08 = metered([0, 0, 3_000, 2_000], [2_500, 1_500, 0, 0])
NOBODY_BIDS = book()


def nd(cents: str) -> int:
    return int(Decimal(cents) * 10**7)


def cost(shares: Shares, member: int) -> int:
    """All a member pays less all they receive [nd]."""
    paid = shares.paid + shares.fee + shares.grid_cost - shares.received - shares.grid_income
    return int(paid[member])


# --- refusals -------------------------------------------------------------------------------------


def test_orders_of_somebody_who_is_not_metered_are_refused() -> None:
    with pytest.raises(InputError) as refusal:
        share_interval(S08, book((4, BID, 1, 1, 0)))
    assert refusal.value.rule == "book.members"


def test_negative_registers_and_ragged_columns_are_refused() -> None:
    with pytest.raises(InputError) as refusal:
        replace(S08, supply=np.array([-1, 0, 0, 0]))
    assert refusal.value.rule == "energy.sign"
    with pytest.raises(InputError) as refusal:
        replace(S08, demand=np.array([1]))
    assert refusal.value.rule == "metered.shape"


def test_lines_that_lose_energy_are_refused() -> None:
    with pytest.raises(InputError) as refusal:
        share_interval(S08, ORDERS, "network")
    assert refusal.value.rule == "mechanism.grid"


# --- S08, the whole interval ----------------------------------------------------------------------


def test_S08_what_neighbours_do_not_take_or_bring_the_grid_does() -> None:
    shares = share_interval(S08, ORDERS)
    assert shares.ordered_bought.tolist() == [2_500, 500, 0, 0]
    assert shares.ordered_sold.tolist() == [0, 0, 3_000, 0]
    assert shares.pooled_bought.tolist() == [0, 0, 0, 0]  # 12.5 asked, 12.0 bid: they keep to it
    assert shares.grid_import.tolist() == [0, 1_000, 0, 0]
    assert shares.grid_export.tolist() == [0, 0, 0, 2_000]
    assert shares.paid.tolist() == [nd("30.00"), nd("6.00"), 0, 0]
    assert shares.fee.tolist() == [nd("1.25"), nd("0.25"), 0, 0]
    assert shares.received.tolist() == [0, 0, nd("36.00"), 0]


def test_S08_savings_and_gains_against_the_grid() -> None:
    shares = share_interval(S08, ORDERS)
    assert 2_500 * RETAIL - cost(shares, TENANT) == nd("8.00")
    assert -cost(shares, PROSUMER) - 3_000 * GRID == nd("23.625")


def test_S08_variant_nobody_bids_and_nobody_is_worse_off() -> None:
    shares = share_interval(S08, NOBODY_BIDS)
    assert shares.pooled_bought.tolist() == [2_500, 1_500, 0, 0]
    assert shares.pooled_sold.tolist() == [0, 0, 2_400, 1_600]
    assert int(shares.pool.price[0]) == (GRID + RETAIL - FEE) // 2
    for member in (TENANT, NEIGHBOUR):
        assert cost(shares, member) <= int(S08.demand[member]) * RETAIL
    for member in (PROSUMER, HOUSE):
        assert -cost(shares, member) >= int(S08.supply[member]) * GRID


def test_S08_variant_the_tenant_used_less_than_ordered() -> None:
    less = metered([0, 0, 3_000, 2_000], [2_380, 1_500, 0, 0])
    shares = share_interval(less, ORDERS)
    assert shares.ordered_bought.tolist() == [2_380, 620, 0, 0]
    assert shares.grid_import.tolist() == [0, 880, 0, 0]


def test_S08_variant_more_sun_than_was_offered_goes_to_the_pool() -> None:
    sunny = metered([0, 0, 3_400, 0], [2_500, 1_500, 0, 0])
    shares = share_interval(sunny, ORDERS)
    assert shares.ordered_sold.tolist() == [0, 0, 3_000, 0]
    assert shares.pooled_sold.tolist() == [0, 0, 400, 0]  # the order itself was filled
    assert shares.pooled_bought.tolist() == [0, 400, 0, 0]
    assert int(shares.pool.bid[0]) == 12 * CENT  # the neighbour's own limit still holds


# --- orders and meters ----------------------------------------------------------------------------


def test_orders_from_tariffs_bid_retail_less_fee_and_ask_feed_in() -> None:
    automatic = orders_from_tariffs(S08)
    assert automatic.price.tolist() == [RETAIL - FEE] * 4 + [GRID] * 4
    assert automatic.quantity.tolist() == [2_500, 1_500, 0, 0, 0, 0, 3_000, 2_000]
    assert clear(automatic).volume[0] == 4_000


def test_the_same_kilowatt_hour_is_not_sold_twice() -> None:
    two_tabs = book(
        (PROSUMER, ASK, 11 * CENT, 3_000, 0),
        (PROSUMER, ASK, 11 * CENT, 3_000, 1),
        (TENANT, BID, 14 * CENT, 2_500, 2),
        (NEIGHBOUR, BID, 13 * CENT, 1_500, 3),
    )
    assert within_meter(two_tabs, S08).quantity.tolist() == [3_000, 0, 2_500, 1_500]
    assert share_interval(S08, two_tabs).ordered_sold.tolist() == [0, 0, 3_000, 0]


# --- laws -----------------------------------------------------------------------------------------

energies = st.lists(st.one_of(st.just(0), st.integers(0, 9_000)), min_size=6, max_size=6)
few = st.lists(st.integers(-2, 6), min_size=6, max_size=6)
AUCTIONS = ["uniform_price", "pay_as_bid", "mcafee", "sbba", "continuous", "rounds"]
mechanisms = st.sampled_from(AUCTIONS)
STREETS = Round.alike("street", np.array([0, 0, 1, 1, -1, 2]))
EVERYONE = Round.alike("community", np.zeros(6, dtype=np.int64))
pools = st.sampled_from(["pool_mmr", "pool_sdr", "pool_csdr"])


crossing = books(st.integers(-2, 6))


def interval(
    supply: list[int], demand: list[int], retail: list[int], feed_in: list[int], fee: int
) -> Metered:
    columns = (np.array(supply), np.array(demand), np.array(retail), np.array(feed_in))
    return Metered(columns[0], columns[1], columns[2], columns[3], fee)


@law
@given(energies, energies, few, few, st.integers(0, 2), crossing, mechanisms, pools)
def test_every_watt_hour_has_one_place_and_no_order_is_betrayed(
    supply: list[int],
    demand: list[int],
    retail: list[int],
    feed_in: list[int],
    fee: int,
    orders: Book,
    mechanism: str,
    pool_mechanism: str,
) -> None:
    given_ = interval(supply, demand, retail, feed_in, fee)
    shares = share_interval(
        given_, orders, mechanism, pool_mechanism, Rules(rounds=(STREETS, EVERYONE))
    )
    assert sum(shares.paid.tolist()) - sum(shares.received.tolist()) == shares.clearing.surplus[0]
    assert (shares.ordered_bought + shares.pooled_bought + shares.grid_import == demand).all()
    assert (shares.ordered_sold + shares.pooled_sold + shares.grid_export == supply).all()
    # In the pool nobody does worse than with the grid, or than an order of theirs left over.
    price = int(shares.pool.price[0])
    left = shares.clearing.left > 0
    for member in range(6):
        own = left & (orders.member == member)
        bids, asks = (orders.price[own & (orders.side == side)].tolist() for side in (BID, ASK))
        if shares.pooled_bought[member]:
            assert price <= min([retail[member] - fee, *bids])
        if shares.pooled_sold[member]:
            assert price >= max([feed_in[member], *asks])


@law
@given(energies, energies, few, few, crossing)
def test_who_never_bids_is_not_worse_off_than_with_the_grid(
    supply: list[int], demand: list[int], retail: list[int], feed_in: list[int], orders: Book
) -> None:
    given_ = interval(supply, demand, retail, feed_in, 1)
    shares = share_interval(given_, orders)
    for member in set(range(6)) - set(orders.member.tolist()):
        alone = demand[member] * retail[member] - supply[member] * feed_in[member]
        assert cost(shares, member) <= alone


@law
@given(books())
def test_orders_are_cut_to_the_meter_and_no_further(orders: Book) -> None:
    given_ = metered([5, 0, 10**10, 70, 1, 3], [2, 10**9, 0, 3, 1, 8])
    cut = within_meter(orders, given_)
    assert (cut.quantity <= orders.quantity).all()
    for side, flowed in ((ASK, given_.supply), (BID, given_.demand)):
        for member in range(6):
            mine = (orders.side == side) & (orders.member == member)
            most = min(int(orders.quantity[mine].sum()), int(flowed[member]))
            assert int(cut.quantity[mine].sum()) == most
