"""The continuous book: deals as orders come, by price and time, never with oneself."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import InputError
from sourceenergy.market.book import ASK, BID
from sourceenergy.market.continuous import Deal, Order, OrderBook
from strategies_energy import law

SELLER, OTHER_SELLER, BUYER = 1, 2, 3
OFFER = Order(number=1, member=SELLER, side=ASK, price=110_000, quantity=3_000)


def placed(*orders: Order) -> tuple[OrderBook, list[Deal]]:
    market = OrderBook()
    return market, [deal for order in orders for deal in market.place(order, 0)]


# --- refusals -------------------------------------------------------------------------------------


def test_a_number_is_used_once() -> None:
    market, _ = placed(OFFER)
    with pytest.raises(InputError) as refusal:
        market.place(OFFER, 1)
    assert refusal.value.rule == "order.number"


def test_nothing_cannot_be_ordered() -> None:
    with pytest.raises(InputError) as refusal:
        OrderBook().place(replace(OFFER, quantity=0), 0)
    assert refusal.value.rule == "order.quantity"


def test_an_order_that_is_over_before_it_begins_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        OrderBook().place(replace(OFFER, expires=5), 5)
    assert refusal.value.rule == "order.expired"


def test_the_clock_does_not_run_backwards() -> None:
    market = OrderBook()
    market.place(OFFER, 10)
    with pytest.raises(InputError) as refusal:
        market.cancel(1, 9)
    assert refusal.value.rule == "order.time"


# --- deals ----------------------------------------------------------------------------------------


def test_the_resting_order_sets_the_price_and_keeps_what_is_left() -> None:
    market, deals = placed(OFFER, Order(2, BUYER, BID, 140_000, 2_500))
    assert deals == [Deal(bid=2, ask=1, energy=2_500, price=110_000)]
    assert (market.left(1), market.left(2)) == (500, 0)


def test_the_better_price_comes_first_then_the_earlier_order() -> None:
    _, deals = placed(
        OFFER,
        Order(2, OTHER_SELLER, ASK, 100_000, 1_000),
        Order(3, OTHER_SELLER, ASK, 110_000, 1_000),
        Order(4, BUYER, BID, 120_000, 4_500),
    )
    assert [(deal.ask, deal.energy) for deal in deals] == [(2, 1_000), (1, 3_000), (3, 500)]


def test_what_finds_no_partner_rests() -> None:
    market, deals = placed(OFFER, Order(2, BUYER, BID, 109_999, 1_000))
    assert not deals
    assert (market.best(ASK), market.best(BID)) == (110_000, 109_999)


def test_a_cancelled_order_is_gone_and_a_second_time_nothing_is_left_to_cancel() -> None:
    market, _ = placed(OFFER)
    assert market.cancel(1, 1) == 3_000
    assert market.cancel(1, 1) == 0
    assert market.place(Order(2, BUYER, BID, 140_000, 1), 2) == []
    assert market.best(ASK) is None


def test_an_order_expires_at_its_time_and_not_before() -> None:
    market = OrderBook()
    market.place(replace(OFFER, expires=100), 0)
    assert market.expire(99) == []
    assert len(market.place(Order(2, BUYER, BID, 140_000, 1_000), 99)) == 1
    assert market.expire(100) == [1]
    assert market.place(Order(3, BUYER, BID, 140_000, 1_000), 100) == []


def test_who_would_meet_an_own_order_withdraws_the_older_one() -> None:
    market, deals = placed(
        OFFER,
        Order(2, OTHER_SELLER, ASK, 115_000, 1_000),
        Order(3, SELLER, BID, 120_000, 1_500),
    )
    assert deals == [Deal(bid=3, ask=2, energy=1_000, price=115_000)]
    assert (market.left(1), market.left(3)) == (0, 500)


# --- laws -----------------------------------------------------------------------------------------

events = st.lists(
    st.tuples(
        st.integers(0, 3),  # member
        st.sampled_from([BID, ASK]),
        st.integers(-3, 6),  # price
        st.integers(1, 9),  # quantity
        st.one_of(st.none(), st.integers(1, 8)),  # how long it holds
        st.one_of(st.none(), st.integers(0, 20)),  # an order cancelled afterwards
    ),
    max_size=20,
)


@law
@given(events)
def test_deals_keep_limits_and_energy_and_the_book_never_stays_crossed(
    drawn: list[tuple[int, int, int, int, int | None, int | None]],
) -> None:
    market = OrderBook()
    orders: dict[int, Order] = {}
    dealt: dict[int, int] = {}
    for now, (member, side, price, quantity, holds, cancelled) in enumerate(drawn):
        order = Order(now, member, side, price, quantity, None if holds is None else now + holds)
        orders[now] = order
        for deal in market.place(order, now):
            bid, ask = orders[deal.bid], orders[deal.ask]
            assert ask.price <= deal.price <= bid.price
            assert bid.member != ask.member
            assert deal.energy > 0
            for number in (deal.bid, deal.ask):
                dealt[number] = dealt.get(number, 0) + deal.energy
        if cancelled is not None:
            rested = market.left(cancelled)
            assert market.cancel(cancelled, now) == rested
        best_ask, best_bid = market.best(ASK), market.best(BID)
        assert best_ask is None or best_bid is None or best_bid < best_ask
    for number, order in orders.items():
        assert dealt.get(number, 0) + market.left(number) <= order.quantity


def test_an_event_costs_about_the_same_in_a_book_of_a_hundred_thousand() -> None:
    def seconds(resting: int) -> float:
        market = OrderBook()
        for n in range(resting):
            market.place(Order(n, n, ASK, 100_000 + n * 7 % 1_000, 10), 0)
        start = perf_counter()
        for n in range(2_000):
            market.place(Order(resting + n, n, BID, 99_000, 10), 0)
            market.place(Order(10**9 + n, -1, BID, 101_000, 10), 0)
        return perf_counter() - start

    assert seconds(100_000) < 20 * seconds(1_000)
