"""Preferences in rounds and trade over lines, by example and by law."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.books import CENT, bids_and_asks, book, books, one_sided, outcome
from sourceenergy.errors import InputError
from sourceenergy.market.book import ASK, BID, Book
from sourceenergy.market.registry import clear
from sourceenergy.market.rules import Network, Round, Rules
from strategies_energy import law

EVERYONE = Round.alike("community", np.zeros(6, dtype=np.int64))
PARENT, CHILD, NEIGHBOUR, STRANGER = range(4)


def lines(fee: list[list[int]], loss_ppm: list[list[int]], zone: list[int]) -> Rules:
    return Rules(network=Network(np.array(zone), np.array(fee), np.array(loss_ppm)), k_ppm=0)


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fee", "loss", "zone"),
    [
        ([[0, 0]], [[0]], [0]),
        ([[-1]], [[0]], [0]),
        ([[0]], [[1_000_000]], [0]),
        ([[0]], [[-1]], [0]),
        ([[0]], [[0]], [1]),
    ],
    ids=["not square", "a line that pays", "all is lost", "energy from nowhere", "no such zone"],
)
def test_lines_that_cannot_be_are_refused(
    fee: list[list[int]], loss: list[list[int]], zone: list[int]
) -> None:
    with pytest.raises(InputError) as refusal:
        lines(fee, loss, zone)
    assert refusal.value.rule == "rules.network"


def test_the_network_needs_zones() -> None:
    with pytest.raises(InputError) as refusal:
        clear(bids_and_asks([(1, 1)], [(1, 1)]), "network")
    assert refusal.value.rule == "rules.network"


def test_members_without_a_label_or_zone_are_refused() -> None:
    two = bids_and_asks([(1, 1)], [(1, 1)])
    one = np.zeros(1, dtype=np.int64)
    for mechanism, how in (
        ("rounds", Rules(rounds=(Round.alike("household", one),))),
        ("network", lines([[0]], [[0]], [0])),
    ):
        with pytest.raises(InputError) as refusal:
            clear(two, mechanism, how)
        assert refusal.value.rule == "rules.members"


# --- rounds ---------------------------------------------------------------------------------------

HOME = Round.alike("household", np.array([7, 7, 8, 9, 9, 9]))
STREET = book(
    (PARENT, ASK, 5 * CENT, 3_000, 0),
    (CHILD, BID, 15 * CENT, 1_000, 1),
    (NEIGHBOUR, BID, 20 * CENT, 2_500, 2),
    (STRANGER, BID, 20 * CENT, 1_500, 3),
)


def test_the_own_household_is_served_before_those_who_bid_more() -> None:
    everyone_at_once = clear(STREET, "rounds", Rules(rounds=(EVERYONE,)))
    assert everyone_at_once.energy.tolist() == [3_000, 0, 1_875, 1_125]
    home_first = clear(STREET, "rounds", Rules(rounds=(HOME, EVERYONE)))
    assert home_first.energy.tolist() == [3_000, 1_000, 1_250, 750]
    assert home_first.by_round is not None
    assert home_first.by_round.tolist() == [[1_000, 1_000, 0, 0], [2_000, 0, 1_250, 750]]


def test_each_round_has_its_own_price() -> None:
    cleared = clear(STREET, "rounds", Rules(rounds=(HOME, EVERYONE)))
    # In the house all the child wants is there: from 5 to 5 ¢ clears. Outside 20 ¢ does.
    assert cleared.fills.value.tolist() == [
        1_000 * 5 * CENT + 2_000 * 20 * CENT,
        1_000 * 5 * CENT,
        1_250 * 20 * CENT,
        750 * 20 * CENT,
    ]


def test_green_energy_goes_first_to_who_asked_for_it() -> None:
    wants = np.array([False, False, False, True, False, False])
    green = Round.chosen("green", wants, np.array([True] * 6))
    cleared = clear(STREET, "rounds", Rules(rounds=(green, HOME, EVERYONE)))
    assert cleared.energy.tolist() == [3_000, 1_000, 500, 1_500]


def test_without_rounds_nobody_meets() -> None:
    assert not clear(STREET, "rounds").energy.any()


@law
@given(books())
def test_one_round_for_everybody_is_the_auction(given_: Book) -> None:
    at_once = clear(given_, "uniform_price")
    in_rounds = clear(given_, "rounds", Rules(rounds=(EVERYONE,)))
    assert outcome(in_rounds) == outcome(at_once)


@law
@given(books(), st.lists(st.integers(-1, 1), min_size=6, max_size=6))
def test_nobody_meets_anybody_of_another_label(given_: Book, labels: list[int]) -> None:
    label = np.array(labels)
    cleared = clear(given_, "rounds", Rules(rounds=(Round.alike("street", label),)))
    mine = label[given_.member]
    for value in (-1, 0, 1):
        bids, asks = ((given_.side == side) & (mine == value) for side in (BID, ASK))
        assert cleared.energy[bids].sum() == cleared.energy[asks].sum()
        assert value >= 0 or not cleared.energy[bids].any()


# --- lines ----------------------------------------------------------------------------------------


def test_the_buyer_pays_the_line_and_what_it_loses() -> None:
    """2 % are lost, the line costs 1 ¢: 0.980 kWh arrive of 1.000 sent at 10 ¢."""
    orders = bids_and_asks([(980, 12 * CENT)], [(5_000, 10 * CENT)])
    cleared = clear(orders, "network", lines([[CENT]], [[20_000]], [0, 0]))
    assert cleared.energy.tolist() == [980, 1_000]
    assert cleared.lost is not None
    assert cleared.charges is not None
    assert (cleared.volume[0], cleared.lost[0]) == (980, 20)
    paid, got = cleared.fills.value.tolist()
    assert got == 1_000 * 10 * CENT
    assert cleared.charges[0] == 980 * CENT
    assert paid == got + 980 * CENT == Decimal("10.98") * 10**7  # 10 ¢ and 0.98 ¢


def test_a_bid_that_does_not_cover_fee_and_losses_does_not_trade() -> None:
    for bid, trades in ((11 * CENT, 0), (112_040, 0), (112_041, 980)):  # 10 ¢ / 0.98 + 1 ¢
        orders = bids_and_asks([(980, bid)], [(5_000, 10 * CENT)])
        cleared = clear(orders, "network", lines([[CENT]], [[20_000]], [0, 0]))
        assert cleared.volume[0] == trades, bid


def test_the_nearest_zone_is_served_first() -> None:
    here_and_there = lines([[0, CENT], [CENT, 0]], [[0, 10_000], [10_000, 0]], [0, 1, 0])
    orders = book(
        (0, BID, 15 * CENT, 1_000, 0), (1, ASK, 5 * CENT, 1_000, 0), (2, ASK, 10 * CENT, 600, 0)
    )
    cleared = clear(orders, "network", here_and_there)
    assert cleared.energy.tolist() == [1_000, 405, 600]  # 400 from afar, rounded up at the source
    assert cleared.lost is not None
    assert cleared.lost[0] == 5


def test_a_watt_hour_that_would_be_lost_on_the_way_is_not_sent() -> None:
    orders = bids_and_asks([(1, 10 * CENT)], [(1, CENT)])
    assert not clear(orders, "network", lines([[0]], [[1]], [0, 0])).energy.any()


@law
@given(books(), st.sampled_from([0, 333_333, 1_000_000]))
def test_without_fees_and_losses_lines_do_not_matter(given_: Book, k_ppm: int) -> None:
    """Where nobody stands on both sides it is the auction in pairs, trade by trade."""
    lonely = one_sided(given_)
    none = np.zeros((1, 1), dtype=np.int64)
    copper = Network(np.zeros(lonely.orders, dtype=np.int64), none, none)
    how = Rules(network=copper, k_ppm=k_ppm, margin="time")
    assert outcome(clear(lonely, "network", how)) == outcome(clear(lonely, "pay_as_bid", how))
