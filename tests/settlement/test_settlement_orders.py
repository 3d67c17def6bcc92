"""Orders and deals against metering: paid is what was delivered, nothing is sold twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.config.tariff_file import parse_tariffs
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.market.book import ASK, BID
from sourceenergy.records import Mode
from sourceenergy.settlement.bundle import read_bundle, write_bundle
from sourceenergy.settlement.escrow import Escrow, EscrowState, Reservation, most_ud
from sourceenergy.settlement.orders import PeriodDeal, PeriodOrder
from sourceenergy.settlement.period import Period, settle
from sourceenergy.units import Ud, Wh
from strategies_energy import (
    FLAT_TARIFFS,
    NEW_YEAR,
    OPERATOR,
    a_period,
    account,
    law_of_periods,
    periods,
    row,
)

TENANT, NEIGHBOUR, PROSUMER, H1 = range(4)
ORDERS = (
    PeriodOrder(NEW_YEAR, PROSUMER, ASK, 110_000, 3_000),
    PeriodOrder(NEW_YEAR, H1, ASK, 125_000, 2_000),
    PeriodOrder(NEW_YEAR, TENANT, BID, 140_000, 2_500),
    PeriodOrder(NEW_YEAR, NEIGHBOUR, BID, 120_000, 1_500),
)
FEED_IN, FEE = 41_250, 5_000
"""S08: the fixture's grid price and the community's fee [ud/kWh]."""
MID_PEAK = FLAT_TARIFFS.replace('"20"', '"15.7"')


def s08(**changed: object) -> Period:
    """13:00 to 14:00; meters confirm what was ordered, if not said otherwise."""
    terms: dict[str, object] = {
        "fee": FEE,
        "feed_in": FEED_IN,
        "mode": Mode.SANDBOX_P2P,
    }
    period = a_period([[2_500, 1_500, 0, 0]], [[0, 0, 3_000, 2_000]], **(terms | changed))  # type: ignore[arg-type]
    return replace(period, orders=ORDERS, plans=parse_tariffs(MID_PEAK, "mid-peak"))


def deal(energy: int, price: int = 100_000, *, buyer: int = 1, seller: int = 0) -> PeriodDeal:
    return PeriodDeal(NEW_YEAR, buyer, seller, energy, price)


def with_deals(imported: list[int], exported: list[int], *deals: PeriodDeal) -> Period:
    return replace(a_period([imported], [exported], mode=Mode.SIMULATION), deals=deals)


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.CREDIT_ALLOCATION, Mode.COMMUNITY_SHARING])
def test_orders_where_the_law_does_not_allow_them_are_refused_by_name(mode: Mode) -> None:
    with pytest.raises(NotPermitted) as refused:
        settle(s08(mode=mode))
    assert (refused.value.rule, refused.value.value) == ("mode.orders", mode.value)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (deal(1, buyer=0), "deal.parties"),
        (deal(1, buyer=7), "deal.parties"),
        (deal(0), "deal.energy"),
        (replace(deal(1), start_s=NEW_YEAR + 1), "deal.interval"),
    ],
)
def test_what_is_no_deal_is_refused(wrong: PeriodDeal, rule: str) -> None:
    with pytest.raises(InputError) as refused:
        settle(with_deals([0, 1], [1, 0], wrong))
    assert refused.value.rule == rule


def test_a_mechanism_that_pays_out_less_than_it_takes_is_refused_for_orders() -> None:
    with pytest.raises(InputError) as refused:
        settle(replace(s08(), order_mechanism="mcafee"))
    assert refused.value.rule == "order.mechanism"


def reservation(trade: str = "a", energy: int = 3_000, **changed: object) -> Reservation:
    made = Reservation(trade, "buyer", "roof", NEW_YEAR, Wh(energy), most_ud(energy, 125_000))
    return replace(made, **changed)  # type: ignore[arg-type]


def test_a_bid_without_funds_is_refused() -> None:
    with pytest.raises(NotPermitted) as refused:
        Escrow().reserve(reservation(), funds_ud=374_999, capacity_wh=3_000)
    assert refused.value.rule == "funds.reserved"


def test_the_same_kwh_from_two_devices_is_refused() -> None:
    held = Escrow().reserve(reservation("phone", 2_000), 10**9, 3_000)
    with pytest.raises(NotPermitted) as refused:
        held.reserve(reservation("laptop", 2_000), 10**9, 3_000)
    assert refused.value.rule == "energy.twice"
    assert "1000 Wh" in refused.value.remedy


def test_an_id_is_one_trade_and_a_decision_is_final() -> None:
    held = Escrow().reserve(reservation(), 10**9, 3_000)
    assert held.reserve(reservation(), 0, 0) is held  # asked twice, reserved once
    with pytest.raises(InputError, match="another trade"):
        held.reserve(reservation(energy=1), 10**9, 3_000)
    with pytest.raises(InputError, match="nothing is reserved"):
        held.post("b", 1, 1)
    with pytest.raises(InputError, match="than was agreed"):
        held.post("a", 3_001, 125_000)
    with pytest.raises(NotPermitted, match="set aside"):
        held.post("a", 3_000, 125_001)
    posted = held.post("a", 1_000, 125_000)
    assert posted.post("a", 1_000, 125_000) is posted
    with pytest.raises(NotPermitted, match="posted already"):
        posted.void("a")
    with pytest.raises(NotPermitted, match="posted already"):
        posted.post("a", 999, 125_000)


# --- success ----------------------------------------------------------------------------------


def test_S08_orders_of_neighbours_to_the_cent() -> None:
    settled = settle(s08())
    tenant, neighbour, prosumer, h1 = settled.ledgers
    assert set(settled.given.agreed.price.tolist()) == {120_000}  # type: ignore[union-attr]
    assert (tenant.dealt_bought_wh, tenant.dealt_bought_ud, tenant.dealt_fee_ud) == (
        *(2_500, 300_000),
        12_500,
    )
    assert (neighbour.dealt_bought_wh, neighbour.dealt_bought_ud, neighbour.dealt_fee_ud) == (
        *(500, 60_000),
        2_500,
    )
    assert (prosumer.dealt_sold_wh, prosumer.dealt_sold_ud) == (3_000, 360_000)
    assert (h1.dealt_sold_wh, h1.sold_wh) == (0, 0)
    # The neighbour's other 1.000 kWh comes from the grid: H1 asks more than the neighbour bids.
    assert neighbour.imported_wh - neighbour.dealt_bought_wh - neighbour.bought_wh == 1_000
    assert tenant.saving_nd == 80_000_000  # 8.00 ¢
    assert prosumer.saving_nd == 236_250_000  # 23.625 ¢
    assert settled.fees_ud == 15_000
    assert settled.closing[account(PROSUMER)].payout_ud == 360_000
    assert settled.closing[OPERATOR].payout_ud == 15_000


def test_S08_a_bundle_replays_the_clearing() -> None:
    period = s08()
    read = read_bundle(write_bundle(period, MID_PEAK)).period
    assert read.orders == ORDERS
    assert settle(read).ledgers == settle(period).ledgers


def test_S10_under_delivery_pays_only_what_was_delivered() -> None:
    """The prosumer agreed to 3.000 kWh and exported 2.000: both buyers get two thirds."""
    period = replace(s08(), exported=s08().exported - row(0, 0, 1_000, 0))
    settled = settle(period)
    tenant, neighbour, prosumer, _ = settled.ledgers
    assert (tenant.dealt_bought_wh, neighbour.dealt_bought_wh) == (1_667, 333)
    assert (prosumer.dealt_sold_wh, prosumer.dealt_sold_ud) == (2_000, 240_000)


def test_S10_the_rest_of_the_escrow_returns() -> None:
    held = Escrow().reserve(reservation(), 375_000, 3_000)
    assert (held.reserved_ud("buyer"), held.committed_wh("roof", NEW_YEAR)) == (375_000, 3_000)
    posted = held.post("a", 2_000, 125_000)
    done = posted.held["a"]
    assert (done.paid_ud, done.returned_ud, done.state) == (250_000, 125_000, EscrowState.POSTED)
    assert (posted.reserved_ud("buyer"), posted.committed_wh("roof", NEW_YEAR)) == (0, 2_000)
    back = held.void("a")
    assert (back.held["a"].returned_ud, back.committed_wh("roof", NEW_YEAR)) == (375_000, 0)
    assert held.held["a"].returned_ud == Ud(0)


def test_what_a_buyer_did_not_use_is_not_paid_and_goes_to_the_pool() -> None:
    settled = settle(with_deals([0, 400, 1_000], [1_000, 0, 0], deal(1_000)))
    roof, buyer, other = settled.ledgers
    assert (roof.dealt_sold_wh, buyer.dealt_bought_wh) == (400, 400)
    assert (roof.sold_wh, other.bought_wh) == (600, 600)


def test_a_deal_worse_than_the_grid_is_void() -> None:
    for price in (49_999, 200_001):
        settled = settle(with_deals([0, 1_000], [1_000, 0], deal(1_000, price)))
        assert settled.outcome.delivered.tolist() == [0]
        assert settled.ledgers[1].bought_wh == 1_000


def test_two_deals_for_more_than_was_made_share_it() -> None:
    deals = (deal(900), deal(300, 150_000, buyer=2))
    settled = settle(with_deals([0, 900, 300], [600, 0, 0], *deals))
    assert settled.outcome.delivered.tolist() == [450, 150]
    assert settled.ledgers[0].dealt_sold_nd == 450 * 100_000 + 150 * 150_000


# --- always -----------------------------------------------------------------------------------


@law_of_periods
@given(st.data(), st.one_of(periods(), periods(funded=True)))
def test_deals_lose_no_energy_and_no_money(data: st.DataObject, period: Period) -> None:
    members = len(period.members)
    index = st.integers(0, members - 1)
    draws = st.builds(
        PeriodDeal,
        st.sampled_from(period.starts_s),
        index,
        index,
        st.one_of(st.integers(1, 9_000), st.just(10**10)),
        st.integers(0, 250_000),
    ).filter(lambda one: one.buyer != one.seller)
    orders = st.builds(
        PeriodOrder,
        st.sampled_from(period.starts_s),
        index,
        st.sampled_from([BID, ASK]),
        st.integers(0, 250_000),
        st.integers(1, 9_000),
    )
    deals = tuple(data.draw(st.lists(draws, max_size=4))) if members > 1 else ()
    mode = data.draw(st.sampled_from([Mode.SIMULATION, Mode.SANDBOX_P2P]))
    given_ = replace(
        period, mode=mode, deals=deals, orders=tuple(data.draw(st.lists(orders, max_size=5)))
    )
    settled = settle(given_)  # checks energy, band and conservation itself
    outcome = settled.outcome
    assert outcome.delivered.sum() == outcome.dealt_bought.sum() == outcome.dealt_sold.sum()
    assert sum(x.net_ud for x in settled.ledgers) + settled.fees_ud == 0
    assert all(x.saving_nd >= 0 for x in settled.ledgers)
    assert all(state.balance_ud >= 0 for state in settled.closing.values())
    again = read_bundle(write_bundle(given_, FLAT_TARIFFS)).period
    assert settle(again).ledgers == settled.ledgers
