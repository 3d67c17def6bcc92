"""What is always true of a settled period, recomputed here with plain integers."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.proofs import (
    energy_leaf_hash,
    merkle_root,
    merkle_verify,
    payout_leaf_hash,
    price_leaf_hash,
)
from sourceenergy.records import Quality
from sourceenergy.settlement.period import Period, Settlement, settle
from sourceenergy.units import UdPerKwh
from strategies_energy import account, law_of_periods, periods

any_period = st.one_of(periods(), periods(funded=True))


def roots(settled: Settlement) -> tuple[str, str, str]:
    return settled.price_root, settled.pool_root, settled.payout_root("0x" + "c0" * 32)


@law_of_periods
@given(any_period)
def test_energy_has_no_residual_in_any_interval(period: Period) -> None:
    settled = settle(period)
    given_, outcome = settled.given, settled.outcome
    counted = np.where(period.settles, period.imported, 0).sum(axis=1)
    assert (given_.imported.sum(axis=1) == counted).all()  # shared meters lose nothing
    assert (outcome.sold.sum(axis=1) == outcome.bought.sum(axis=1)).all()
    assert (outcome.provided.sum(axis=1) == outcome.allocated.sum(axis=1)).all()
    assert (outcome.bought + outcome.allocated <= given_.imported).all()
    assert (outcome.sold + outcome.provided <= given_.exported).all()
    assert min(outcome.allocated.min(), outcome.provided.min()) >= 0
    assert (outcome.bought + outcome.sold <= outcome.sold.sum(axis=1)[:, None]).all()
    assert not (outcome.bought + outcome.sold)[~given_.trades].any()


@law_of_periods
@given(any_period)
def test_money_has_no_residual(period: Period) -> None:
    settled = settle(period)
    assert sum(x.net_ud for x in settled.ledgers) + settled.fees_ud == 0
    assert sum(x.sold_nd - x.bought_nd for x in settled.ledgers) == 0
    assert sum(x.provided_nd - x.allocated_nd for x in settled.ledgers) == 0
    deposits, payouts, balances = settled.totals_ud
    assert deposits == payouts + balances
    assert settled.fees_ud >= 0
    assert all(state.balance_ud >= 0 for state in settled.closing.values())
    assert all(state.payout_ud >= 0 for state in settled.closing.values())


@law_of_periods
@given(any_period)
def test_no_member_pays_more_in_any_interval_than_with_the_grid_alone(period: Period) -> None:
    settled = settle(period)
    given_, outcome, fee = settled.given, settled.outcome, settled.given.fee
    internal, internal_fee = period.internal_price, period.internal_fee
    for t, price in enumerate(outcome.price.tolist()):
        for i in range(len(period.members)):
            imported, exported = int(given_.imported[t, i]), int(given_.exported[t, i])
            bought, sold = int(outcome.bought[t, i]), int(outcome.sold[t, i])
            retail, feed_in = int(given_.retail[t, i]), int(given_.feed_in[t, i])
            allocated, provided = int(outcome.allocated[t, i]), int(outcome.provided[t, i])
            grid_only = imported * retail - exported * feed_in
            if internal == 0:  # the plant is its members' own: each could have sold the own part
                grid_only -= (allocated - provided) * feed_in
            local = bought * (price + fee) - sold * price
            local += allocated * (internal + internal_fee) - provided * internal
            grid = (imported - bought - allocated) * retail
            grid -= (exported - sold - provided) * feed_in
            assert local + grid <= grid_only


@law_of_periods
@given(any_period)
def test_ledgers_are_the_sums_of_their_intervals(period: Period) -> None:
    settled = settle(period)
    prices = settled.outcome.price.tolist()
    for i, ledger in enumerate(settled.ledgers):
        bought, sold = settled.outcome.bought[:, i].tolist(), settled.outcome.sold[:, i].tolist()
        assert ledger.bought_nd == sum(b * p for b, p in zip(bought, prices, strict=True))
        assert ledger.sold_nd == sum(s * p for s, p in zip(sold, prices, strict=True))
        assert ledger.fee_nd == sum(bought) * settled.given.fee
        assert ledger.allocated_nd == ledger.allocated_wh * period.internal_price
        assert ledger.allocated_fee_nd == ledger.allocated_wh * period.internal_fee
        assert ledger.provided_nd == ledger.provided_wh * period.internal_price
        assert abs(ledger.allocated_ud * 1_000 - ledger.allocated_nd) < 1_000
        assert abs(ledger.allocated_fee_ud * 1_000 - ledger.allocated_fee_nd) < 1_000
        assert abs(ledger.provided_ud * 1_000 - ledger.provided_nd) < 1_000
        assert abs(ledger.bought_ud * 1_000 - ledger.bought_nd) < 1_000
        assert abs(ledger.sold_ud * 1_000 - ledger.sold_nd) < 1_000
        assert abs(ledger.fee_ud * 1_000 - ledger.fee_nd) < 1_000
        assert ledger.saving_nd >= 0


@law_of_periods
@given(periods())
def test_anyone_can_recompute_the_public_mid_market_price(period: Period) -> None:
    settled = settle(replace(period, mechanism="pool_mmr"))
    for price in settled.prices:
        if price.local:
            assert price.price == (price.feed_in + price.retail - price.fee) // 2
            assert price.feed_in <= price.price <= price.retail - price.fee


@law_of_periods
@given(any_period)
def test_every_leaf_is_proved_and_the_roots_are_those_of_the_leaves(period: Period) -> None:
    settled = settle(period)
    community = "0x" + "c0" * 32
    payout_root = settled.payout_root(community)
    for i, payout in enumerate(settled.payout_leaves):
        proof = settled.payout_proof(community, i)
        assert merkle_verify(payout_leaf_hash(community, payout), proof, payout_root)
    for i, energy in enumerate(settled.energy_leaves):
        assert merkle_verify(energy_leaf_hash(energy), settled.energy_proof(i), settled.pool_root)
    assert settled.price_root == merkle_root([price_leaf_hash(price) for price in settled.prices])


@law_of_periods
@given(any_period)
def test_a_second_settlement_of_the_same_input_is_the_same(period: Period) -> None:
    assert roots(settle(period)) == roots(settle(replace(period)))


@law_of_periods
@given(periods(), st.randoms(use_true_random=False))
def test_the_order_of_meters_moves_no_energy_and_no_money(period: Period, random: Random) -> None:
    order = list(range(len(period.meters)))
    random.shuffle(order)
    other = replace(
        period,
        meters=tuple(period.meters[m] for m in order),
        imported=period.imported[:, order],
        exported=period.exported[:, order],
        quality=period.quality[:, order],
        plants=tuple(replace(plant, meter=order.index(plant.meter)) for plant in period.plants),
    )
    assert settle(other).ledgers == settle(period).ledgers
    assert roots(settle(other))[1:] == roots(settle(period))[1:]


@law_of_periods
@given(any_period, st.data())
def test_a_missing_record_s_numbers_never_matter_to_money(
    period: Period, data: st.DataObject
) -> None:
    t = data.draw(st.integers(0, period.quality.shape[0] - 1))
    m = data.draw(st.integers(0, period.quality.shape[1] - 1))
    quality, imported = period.quality.copy(), period.imported.copy()
    quality[t, m] = Quality.MISSING
    without = settle(replace(period, quality=quality))
    imported[t, m] += 1_000
    assert settle(replace(period, quality=quality, imported=imported)).ledgers == without.ledgers


@law_of_periods
@given(periods(), st.lists(st.integers(0, 10**6), min_size=6, max_size=6), st.booleans())
def test_totals_never_fall_from_one_period_to_the_next(
    period: Period, paid_in: list[int], funded: bool
) -> None:
    period = replace(period, feed_in=UdPerKwh(abs(period.feed_in)), funded=funded)
    before = settle(replace(period, exits=frozenset()))
    deposits = {account(i): paid_in[i] for i in range(len(period.members))} if funded else {}
    for _ in range(2):
        after = settle(replace(period, opening=before.closing, deposits_ud=deposits))
        assert after.totals_ud[0] >= before.totals_ud[0]
        assert after.totals_ud[1] >= before.totals_ud[1]
        for name, state in before.closing.items():
            assert after.closing[name].payout_ud >= state.payout_ud
            assert after.closing[name].deposited_ud >= state.deposited_ud
        before = after
