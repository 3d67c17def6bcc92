"""What every mechanism keeps, whatever the orders: negative prices, none, one, 1 Wh, 10 GWh."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from market.books import (
    a_small_book,
    best_gain,
    book,
    books,
    gain,
    most_between_members,
    one_sided,
    outcome,
    rows_of,
    small_books,
)
from sourceenergy.errors import InputError, InvariantBroken
from sourceenergy.market.book import ASK, BID, Book, Clearing
from sourceenergy.market.invariants import check
from sourceenergy.market.pairing import pair
from sourceenergy.market.pool import pool
from sourceenergy.market.registry import MECHANISMS, clear
from sourceenergy.market.rules import Network, Round, Rules
from sourceenergy.market.uniform import Crossing, cross
from strategies_energy import law, row

PROMISE_MOST = [name for name, promise in MECHANISMS.items() if promise.most]
AUCTIONS = ["uniform_price", "pay_as_bid"]
names = st.sampled_from(sorted(MECHANISMS))
MEMBERS = 6
labels = st.lists(st.integers(-1, 2), min_size=MEMBERS, max_size=MEMBERS).map(np.array)
a_round = st.builds(Round, st.just("round"), labels, labels)
zones = st.lists(st.integers(0, 2), min_size=MEMBERS, max_size=MEMBERS).map(np.array)


def square(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[NDArray[np.int64]]:
    return st.lists(numbers, min_size=9, max_size=9).map(lambda n: np.array(n).reshape(3, 3))


lines = st.builds(
    Network,
    zones,
    square(st.one_of(st.integers(0, 3), st.integers(0, 10**8))),
    square(st.sampled_from([0, 1, 20_000, 333_333, 999_999])),
)
rules = st.builds(
    Rules,
    rounds=st.lists(a_round, max_size=3).map(tuple),
    network=lines,
    price_rule=st.sampled_from(["clearing", "marginal"]),
    k_ppm=st.sampled_from([0, 1, 333_333, 500_000, 1_000_000]),
    margin=st.sampled_from(["pro_rata", "time"]),
    leader=st.sampled_from(["buyers", "sellers"]),
)


# --- refusals -------------------------------------------------------------------------------------


def test_an_unknown_mechanism_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(InputError, match="bill_sharing, continuous, mcafee") as refusal:
        clear(book(), "lottery")
    assert refusal.value.rule == "mechanism.unknown"


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([(0, 2, 1, 1, 0)], "book.side"),
        ([(0, BID, 10**8 + 1, 1, 0)], "book.price"),
        ([(0, BID, -(10**8) - 1, 1, 0)], "book.price"),
        ([(0, ASK, 1, -1, 0)], "book.quantity"),
        ([(0, ASK, 1, 10**10 + 1, 0)], "book.quantity"),
        ([(-1, ASK, 1, 1, 0)], "book.member"),
    ],
)
def test_what_is_no_order_is_refused(rows: list[tuple[int, int, int, int, int]], rule: str) -> None:
    with pytest.raises(InputError) as refusal:
        book(*rows)
    assert refusal.value.rule == rule


@pytest.mark.parametrize("offsets", [[0], [1, 2], [0, 1], [0, 2, 1, 2]])
def test_markets_that_do_not_cover_the_orders_are_refused(offsets: list[int]) -> None:
    two = book((0, BID, 1, 1, 0), (1, ASK, 1, 1, 0))
    with pytest.raises(InputError) as refusal:
        two.take(np.arange(2), np.array(offsets))
    assert refusal.value.rule == "book.offsets"


def test_fractions_of_a_watt_hour_are_refused() -> None:
    one = np.zeros(1, dtype=np.int64)
    with pytest.raises(InputError) as refusal:
        Book(one, one.astype(np.int8), one, np.array([0.5]), one)
    assert refusal.value.rule == "book.shape"


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"price_rule": "guess"}, "rules.price_rule"),
        ({"margin": "luck"}, "rules.margin"),
        ({"leader": "operator"}, "rules.leader"),
        ({"k_ppm": 1_000_001}, "rules.k"),
        ({"floor": 5, "cap": 4}, "rules.reserve"),
    ],
)
def test_rules_that_mean_nothing_are_refused(changed: dict[str, object], rule: str) -> None:
    with pytest.raises(InputError) as refusal:
        Rules(**changed)  # type: ignore[arg-type]
    assert refusal.value.rule == rule


def test_the_columns_of_a_book_cannot_be_changed() -> None:
    one = book((0, BID, 1, 1, 0))
    with pytest.raises(ValueError, match="read-only"):
        one.price[0] = 2


# --- a clearing that is wrong is caught -----------------------------------------------------------


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "kernel"])
@pytest.mark.parametrize(
    ("energy", "price", "rule"),
    [
        ([3, 2], 4, "fill.order"),
        ([-1, -1], 4, "fill.order"),
        ([2, 1], 4, "energy.conserved"),
        ([2, 2], 7, "limit.kept"),
        ([2, 2], 2, "limit.kept"),
        ([1, 1], 4, "volume.most"),
    ],
)
def test_a_wrong_clearing_is_not_used(energy: list[int], price: int, rule: str, fast: bool) -> None:
    given_ = book((0, BID, 6, 2, 0), (1, ASK, 3, 2, 0))
    prices, none = np.array([price]), np.zeros(1, dtype=np.int64)
    bought = np.array(energy[:1])
    wrong = Clearing(given_, "test", Rules(), np.array(energy), bought, prices, prices, none)
    with pytest.raises(InvariantBroken) as failure:
        check(wrong, rational=True, most=True, fast=fast)
    assert failure.value.rule == rule


def test_money_that_appears_from_nowhere_is_caught() -> None:
    given_ = book((0, BID, 6, 2, 0), (1, ASK, 3, 2, 0))
    two, none = np.array([2, 2]), np.zeros(1, dtype=np.int64)
    wrong = Clearing(given_, "test", Rules(), two, two[:1], none + 4, none + 5, none)
    with pytest.raises(InvariantBroken) as failure:
        check(wrong, rational=True, most=True)
    assert failure.value.rule == "money.conserved"


@pytest.mark.parametrize("fast", [False, True], ids=["plain", "kernel"])
def test_a_member_who_trades_with_themselves_is_caught(fast: bool) -> None:
    given_ = book((0, BID, 6, 2, 0), (0, ASK, 3, 2, 0))
    two, none = np.array([2, 2]), np.zeros(1, dtype=np.int64)
    wrong = Clearing(given_, "test", Rules(), two, two[:1], none + 4, none + 4, none)
    with pytest.raises(InvariantBroken) as failure:
        check(wrong, rational=True, most=True, fast=fast)
    assert failure.value.rule == "trade.self"


# --- what is always true --------------------------------------------------------------------------


@law
@given(books(), names, rules)
def test_energy_and_money_are_conserved(given_: Book, name: str, how: Rules) -> None:
    cleared = clear(given_, name, how)
    bids, value = given_.side == BID, cleared.fills.value.tolist()
    assert ((cleared.energy >= 0) & (cleared.energy <= given_.quantity)).all()
    lost = 0 if cleared.lost is None else int(cleared.lost[0])
    assert lost >= 0
    assert cleared.energy[bids].sum() + lost == cleared.energy[~bids].sum()
    assert cleared.energy[bids].sum() == cleared.volume.sum()
    paid = sum(v for v, is_bid in zip(value, bids, strict=True) if is_bid)
    charges = 0 if cleared.charges is None else int(cleared.charges[0])
    assert paid - (sum(value) - paid) - charges == cleared.surplus[0] >= 0
    assert cleared.surplus[0] == 0 or not MECHANISMS[name].balanced


@law
@given(books(), names, rules)
def test_nobody_trades_against_their_limit(given_: Book, name: str, how: Rules) -> None:
    if MECHANISMS[name].rational:
        cleared = clear(given_, name, how)
        value, worth = cleared.fills.value, cleared.energy * given_.price
        bids = given_.side == BID
        assert (value[bids] <= worth[bids]).all()
        assert (value[~bids] >= worth[~bids]).all()


@law
@given(books(), names, rules)
def test_the_order_of_input_does_not_matter(given_: Book, name: str, how: Rules) -> None:
    order = np.arange(given_.orders)
    Random(given_.orders).shuffle(order)  # type: ignore[arg-type]
    shuffled = given_.take(order)
    assert outcome(clear(given_, name, how)) == outcome(clear(shuffled, name, how))


@law
@given(books(), names, rules)
def test_partners_can_be_named_and_nobody_is_their_own(given_: Book, name: str, how: Rules) -> None:
    cleared = clear(given_, name, how)
    if name == "network":  # what is sent is not what arrives: it names its own partners
        assert cleared.trades is not None
        assert (given_.member[cleared.trades.bid] != given_.member[cleared.trades.ask]).all()
        return
    bid, ask, traded = pair(given_, cleared.energy, given_.price)
    assert (given_.member[bid] != given_.member[ask]).all()
    assert (traded > 0).all()
    got = np.zeros(given_.orders, dtype=np.int64)
    np.add.at(got, bid, traded)
    np.add.at(got, ask, traded)
    assert (got == cleared.energy).all()


@law
@given(st.lists(books(), max_size=4), names, rules)
def test_markets_of_one_book_do_not_touch_each_other(
    markets: list[Book], name: str, how: Rules
) -> None:
    rows = [row_ for market in markets for row_ in rows_of(market)]
    sizes = [market.orders for market in markets]
    together = book(*rows).take(np.arange(len(rows)), np.cumsum([0, *sizes])) if markets else None
    if together is None:
        return
    cleared = clear(together, name, how)
    alone = [clear(market, name, how) for market in markets]
    for column in ("energy", "volume", "buy_price", "sell_price", "surplus"):
        parts = [getattr(each, column) for each in alone]
        assert (getattr(cleared, column) == np.concatenate(parts)).all(), column
    assert (cleared.fills.value == np.concatenate([each.fills.value for each in alone])).all()


@law
@given(books(), names, rules, st.integers(-(10**8), 10**8), st.integers(0, 10**8))
def test_reserve_prices_hold(given_: Book, name: str, how: Rules, floor: int, above: int) -> None:
    cap = min(floor + above, 10**8)
    within = replace(how, floor=floor, cap=cap)
    cleared = clear(given_, name, within)
    if MECHANISMS[name].rational and cleared.volume[0]:
        assert floor <= cleared.sell_price[0]
        assert cleared.buy_price[0] <= cap


@law
@given(books(), rules)
def test_a_uniform_price_clears(given_: Book, how: Rules) -> None:
    """Whoever is left over would not trade at it with anybody but themselves."""
    lonely = one_sided(given_)
    cleared = clear(lonely, "uniform_price", how)
    left, price = cleared.left > 0, int(cleared.buy_price[0])
    if cleared.volume[0] and how.price_rule == "clearing":
        assert not (left & (lonely.side == BID) & (lonely.price > price)).any()
        assert not (left & (lonely.side == ASK) & (lonely.price < price)).any()


@law
@given(books(), st.sampled_from(["pro_rata", "time"]))
def test_kernels_and_plain_numpy_agree_to_the_last_watt_hour(given_: Book, margin: str) -> None:
    assert same(
        cross(given_, given_.price, margin, True), cross(given_, given_.price, margin, False)
    )


@pytest.mark.parametrize("margin", ["pro_rata", "time"])
@pytest.mark.parametrize(
    ("orders", "prices", "members", "markets", "most_wh"),
    [
        (30_000, (0, 3), 10**6, 1, 10**10),
        (30_000, (0, 3), 10**6, 1, 3),
        (30_000, (50_000, 150_000), 10**6, 1, 10**10),
        (30_000, (-(10**8), 10**8 + 1), 10**6, 1, 10**10),
        (30_000, (-5, 5), 2, 1, 10**10),
        (20_000, (50_000, 150_000), 40, 300, 10**10),
        (20_000, (0, 10), 40, 300, 4),
        (3_000, (-(10**8), 10**8 + 1), 3, 100, 10**10),
    ],
)
def test_kernels_and_plain_numpy_agree_on_large_books(
    margin: str, orders: int, prices: tuple[int, int], members: int, markets: int, most_wh: int
) -> None:
    draw = np.random.default_rng(orders + markets + members)
    large = Book(
        draw.integers(0, members, orders),
        draw.integers(0, 2, orders).astype(np.int8),
        draw.integers(*prices, orders),
        draw.integers(0, most_wh, orders),
        draw.integers(0, 50, orders),
        np.sort(np.concatenate([[0, orders], draw.integers(0, orders, markets - 1)])),
    )
    assert same(cross(large, large.price, margin, True), cross(large, large.price, margin, False))


def same(one: Crossing, other: Crossing) -> bool:
    return all(
        bool((getattr(one, name) == getattr(other, name)).all()) for name in Crossing.__slots__
    )


# --- brute force ----------------------------------------------------------------------------------


def test_the_yardsticks_themselves_measure_right() -> None:
    three = book((0, BID, 4, 2, 0), (1, ASK, 1, 1, 0), (2, ASK, 3, 3, 0))
    assert best_gain(three) == (4, 2)
    assert most_between_members(three) == 2
    assert most_between_members(book((0, BID, 4, 2, 0), (0, ASK, 1, 2, 0))) == 0


@law
@given(small_books, st.sampled_from(AUCTIONS), rules)
def test_no_way_to_fill_the_book_gains_more(given_: Book, name: str, how: Rules) -> None:
    lonely = one_sided(given_)
    cleared = clear(lonely, name, how)
    assert (gain(cleared), int(cleared.volume[0])) == best_gain(lonely)


@law
@given(small_books, st.sampled_from([*AUCTIONS, "pool_mmr", "pool_sdr", "pool_csdr"]), rules)
def test_no_price_lets_different_members_trade_more(given_: Book, name: str, how: Rules) -> None:
    assert int(clear(given_, name, how).volume[0]) == most_between_members(given_)


def test_twenty_thousand_random_small_books_agree_with_brute_force() -> None:
    """Volume and gains; half of the books have members on both sides."""
    random = Random(20_000)
    for number in range(20_000):
        both_sides = number % 2 == 1
        given_ = a_small_book(random, both_sides)
        cleared = clear(given_, "uniform_price")
        if both_sides:
            assert int(cleared.volume[0]) == most_between_members(given_), rows_of(given_)
        else:
            found = gain(cleared), int(cleared.volume[0])
            assert found == best_gain(given_), rows_of(given_)


# --- truth ----------------------------------------------------------------------------------------

unit_orders = st.lists(st.tuples(st.sampled_from([BID, ASK]), st.integers(0, 9)), max_size=6)


@law
@given(unit_orders, st.sampled_from(["mcafee", "sbba"]), st.sampled_from(["buyers", "sellers"]))
def test_with_one_order_of_one_size_each_nobody_gains_by_a_false_price(
    orders: list[tuple[int, int]], name: str, leader: str
) -> None:
    """Sizes divide by every number of traders, so a share is the average of the paper's lot."""
    rows = [(n, side, price, 60, 0) for n, (side, price) in enumerate(orders)]
    how = Rules(leader=leader)
    truth = clear(book(*rows), name, how)
    for n, (side, worth) in enumerate(orders):
        for lie in range(-1, 11):
            lied = clear(book(*rows[:n], (n, side, lie, 60, 0), *rows[n + 1 :]), name, how)
            assert gain_of(lied, n, side, worth) <= gain_of(truth, n, side, worth), (n, lie)


def gain_of(cleared: Clearing, n: int, side: int, worth: int) -> int:
    energy, value = int(cleared.energy[n]), int(cleared.fills.value[n])
    return energy * worth - value if side == BID else value - energy * worth


# --- the pool of metered energy and the pool of orders are one ------------------------------------


@law
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(-2, 6), st.integers(-2, 6)),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["pool_mmr", "pool_sdr", "pool_csdr"]),
)
def test_the_pool_of_orders_is_the_pool_of_metered_energy(
    members: list[tuple[int, int, int, int]], name: str
) -> None:
    supply, demand, ask, bid = (row(*column) for column in zip(*members, strict=True))
    metered = pool(supply, demand, ask, bid, name)
    asks = [(n, ASK, a, s, 0) for n, (s, _, a, _) in enumerate(members)]
    bids = [(n, BID, b, d, 0) for n, (_, d, _, b) in enumerate(members)]
    ordered = clear(book(*asks, *bids), name)
    assert ordered.energy.tolist() == [*metered.sold[0].tolist(), *metered.bought[0].tolist()]
    assert ordered.buy_price.tolist() == metered.price.tolist()
