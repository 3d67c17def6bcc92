"""What is always true of the pool, whatever is metered and whatever the tariffs."""

from __future__ import annotations

from itertools import product
from math import lcm
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.market.pool import PoolResult, pool, split_rows
from sourceenergy.units import split_largest_remainder
from strategies_energy import Ints, PoolInput, any_wh, law, pool_inputs, row, small_wh

mechanisms = st.sampled_from(["pool_mmr", "pool_sdr", "pool_csdr"])
few_prices = st.integers(-2, 4)  # few, so that they cross, meet and tie
crowded = pool_inputs(energy=small_wh, price=few_prices, members_max=5)


def max_flow(supply: list[int], demand: list[int]) -> int:
    """Most energy that can pass from sellers to buyers, nobody selling to themselves.

    One watt-hour at a time along augmenting paths: slow, and nothing like the pool.
    """
    supply, demand = list(supply), list(demand)
    passed = {pair: 0 for pair in product(range(len(supply)), repeat=2) if pair[0] != pair[1]}

    def push(seller: int, seen: set[int]) -> bool:
        for buyer in (b for s, b in passed if s == seller and b not in seen):
            seen.add(buyer)
            if demand[buyer]:
                demand[buyer] -= 1
                passed[seller, buyer] += 1
                return True
            for other in [s for s, b in passed if b == buyer and s != seller and passed[s, b]]:
                if push(other, seen):
                    passed[other, buyer] -= 1
                    passed[seller, buyer] += 1
                    return True
        return False

    volume = 0
    for seller, energy in enumerate(supply):
        for _ in range(energy):
            if not push(seller, set()):
                break
            volume += 1
    return volume


def most_energy(case: PoolInput) -> int:
    """The most that any one price lets willing sellers and buyers share."""
    supply, demand, ask, bid = (column[0].tolist() for column in case)
    return max(
        max_flow(
            [s if a <= price else 0 for s, a in zip(supply, ask, strict=True)],
            [d if b >= price else 0 for d, b in zip(demand, bid, strict=True)],
        )
        for price in {*ask, *bid}
    )


def test_the_yardstick_itself_measures_right() -> None:
    assert max_flow([3, 0], [0, 2]) == 2
    assert max_flow([5], [5]) == 0
    assert max_flow([2, 2, 0], [2, 0, 1]) == 3
    assert max_flow([1, 1, 1], [1, 1, 1]) == 3


@law
@given(pool_inputs(), mechanisms)
def test_energy_is_conserved_and_nobody_gets_more_than_they_ask(
    case: PoolInput, mechanism: str
) -> None:
    shared = pool(*case, mechanism)
    assert sum(shared.sold[0].tolist()) == sum(shared.bought[0].tolist())
    assert (shared.sold >= 0).all()
    assert (shared.bought >= 0).all()
    assert (shared.sold <= case.supply).all()
    assert (shared.bought <= case.demand).all()


@law
@given(pool_inputs(), mechanisms)
def test_nobody_who_trades_would_have_done_better_with_the_grid(
    case: PoolInput, mechanism: str
) -> None:
    shared = pool(*case, mechanism)
    price = shared.price[:, None]
    assert (case.ask <= price)[shared.sold > 0].all()
    assert (case.bid >= price)[shared.bought > 0].all()
    assert (shared.ask <= shared.price).all()
    assert (shared.price <= shared.bid).all()


@law
@given(pool_inputs())
def test_nobody_trades_with_themselves(case: PoolInput) -> None:
    shared = pool(*case, "pool_mmr")
    # What k sells must find room in what the others buy: exactly then partners can be named.
    volume = shared.sold.sum(axis=1)[:, None]
    assert (shared.sold + shared.bought <= volume).all()


@law
@given(crowded)
def test_the_shares_can_be_delivered_between_different_members(case: PoolInput) -> None:
    shared = pool(*case, "pool_mmr")
    volume = int(shared.sold.sum())
    assert max_flow(shared.sold[0].tolist(), shared.bought[0].tolist()) == volume


@law
@given(crowded)
def test_no_price_would_share_more(case: PoolInput) -> None:
    assert int(pool(*case, "pool_mmr").sold.sum()) == most_energy(case)


@law
@given(crowded, mechanisms)
def test_the_mechanism_decides_the_price_and_nothing_else(case: PoolInput, mechanism: str) -> None:
    one, other = pool(*case, "pool_mmr"), pool(*case, mechanism)
    assert (one.sold == other.sold).all()
    assert (one.bought == other.bought).all()
    assert (one.ask, one.bid) == (other.ask, other.bid)


@law
@given(crowded, st.randoms(use_true_random=False))
def test_renumbering_members_moves_no_more_than_the_watt_hours_that_do_not_divide(
    case: PoolInput, random: Random
) -> None:
    order = list(range(case.supply.shape[1]))
    random.shuffle(order)
    here = pool(*case, "pool_mmr")
    there = pool(*case.members(order), "pool_mmr")
    assert here.sold.sum() == there.sold.sum()
    assert np.abs(here.sold[:, order] - there.sold).max() <= 1
    assert np.abs(here.bought[:, order] - there.bought).max() <= 1


@law
@given(crowded, st.randoms(use_true_random=False))
def test_where_shares_come_out_whole_renumbering_changes_nothing(
    case: PoolInput, random: Random
) -> None:
    order = list(range(case.supply.shape[1]))
    random.shuffle(order)
    whole = lcm(*range(1, 31))  # every total of up to five members with up to six each divides it
    case = PoolInput(case.supply * whole, case.demand * whole, case.ask, case.bid)
    here = pool(*case, "pool_mmr")
    there = pool(*case.members(order), "pool_mmr")
    assert (here.sold[:, order] == there.sold).all()
    assert (here.bought[:, order] == there.bought).all()
    assert here.price == there.price


@law
@given(st.lists(crowded, min_size=2, max_size=4), mechanisms)
def test_intervals_do_not_touch_each_other(cases: list[PoolInput], mechanism: str) -> None:
    members = min(case.supply.shape[1] for case in cases)
    cases = [case.members(range(members)) for case in cases]
    everything = PoolInput(*(np.concatenate(column) for column in zip(*cases, strict=True)))
    together = pool(*everything, mechanism)
    alone = [pool(*case, mechanism) for case in cases]
    for name in PoolResult.__slots__:
        expected = np.concatenate([getattr(result, name) for result in alone])
        assert (getattr(together, name) == expected).all(), name


# --- splits -----------------------------------------------------------------------------------

weights = st.lists(any_wh, min_size=1, max_size=8)


@law
@given(weights, st.integers(0, 100))
def test_split_rows_is_the_scalar_split_row_by_row(row_weights: list[int], percent: int) -> None:
    total = sum(row_weights) * percent // 100
    table: Ints = row(*row_weights)
    # A row of 10 GWh beside it drives the same row through the exact, slow path as well.
    beside = np.concatenate([table, np.full_like(table, 10**10)])
    expected = split_largest_remainder(total, row_weights)
    assert split_rows(np.array([total]), table).tolist() == [expected]
    assert split_rows(np.array([total, 10**10]), beside).tolist()[0] == expected


def test_split_rows_of_nobody_is_nothing() -> None:
    assert split_rows(np.zeros(3, dtype=np.int64), np.zeros((3, 0), dtype=np.int64)).shape == (3, 0)
