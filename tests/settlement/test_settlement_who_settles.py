"""Whose energy counts: missing values, meters not verified, passports, exits, shared meters."""

from __future__ import annotations

import pytest

from sourceenergy.economy.aggregated_market import SALE_MODES
from sourceenergy.errors import ConfigError, InputError
from sourceenergy.records import Mode, Quality
from sourceenergy.settlement.period import settle
from strategies_energy import NEW_YEAR, a_period, account

OK, GONE = Quality.MEASURED, Quality.MISSING

# --- refusals ---------------------------------------------------------------------------------


def test_an_unknown_mechanism_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        settle(a_period([[0, 1]], [[1, 0]], mechanism="auction"))
    assert refusal.value.rule == "mechanism.unknown"


def test_a_period_before_the_tariff_begins_is_refused() -> None:
    with pytest.raises(ConfigError) as refusal:
        settle(a_period([[0, 1]], [[1, 0]], start_s=NEW_YEAR - 10 * 366 * 86_400))
    assert refusal.value.rule == "tariff.gap"


def test_a_negative_register_difference_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        settle(a_period([[0, 5]], [[-5, 0]]))
    assert refusal.value.rule == "energy.sign"


# --- quality ----------------------------------------------------------------------------------


def test_a_missing_value_never_settles() -> None:
    settled = settle(
        a_period(
            imported=[[0, 1_000], [0, 1_000]],
            exported=[[1_000, 0], [1_000, 0]],
            quality=[[OK, GONE], [GONE, OK]],
        )
    )
    assert not settled.outcome.traded.any()
    assert [x.net_ud for x in settled.ledgers] == [0, 0]
    assert (settled.imported_wh, settled.exported_wh) == (1_000, 1_000)


@pytest.mark.parametrize("quality", [Quality.MEASURED, Quality.REPLACED, Quality.ESTIMATED])
def test_every_value_that_is_there_settles(quality: Quality) -> None:
    settled = settle(a_period([[0, 1_000]], [[1_000, 0]], quality=[[quality, quality]]))
    assert settled.local_wh == 1_000


# --- meters -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", list(Mode))
def test_an_unverified_meter_is_informational_where_energy_is_sold(mode: Mode) -> None:
    settled = settle(
        a_period(
            imported=[[0, 0, 2_000]],
            exported=[[1_000, 1_000, 0]],
            unverified=frozenset({0}),
            mode=mode,
        )
    )
    assert settled.local_wh == (1_000 if mode in SALE_MODES else 2_000)
    assert settled.ledgers[0].exported_wh == (0 if mode in SALE_MODES else 1_000)


def test_a_shared_roof_belongs_to_its_owners_by_their_shares() -> None:
    settled = settle(
        a_period(
            imported=[[0, 0, 0, 10_000]],
            exported=[[10_000, 0, 0, 0]],
            plans=["day"] * 4,
            parts=[[(0, 50), (1, 30), (2, 20)], [(0, 1)], [(1, 1)], [(3, 1)]],
        )
    )
    assert [x.sold_wh for x in settled.ledgers] == [5_000, 3_000, 2_000, 0]
    assert [x.sold_ud for x in settled.ledgers] == [625_000, 375_000, 250_000, 0]  # 12.5 ¢ each


def test_the_watt_hour_that_does_not_divide_goes_to_the_largest_remainder() -> None:
    settled = settle(
        a_period([[0]], [[10_001]], plans=["day"] * 3, parts=[[(0, 50), (1, 30), (2, 20)]])
    )
    assert [x.exported_wh for x in settled.ledgers] == [5_001, 3_000, 2_000]


def test_a_member_s_several_meters_add_up() -> None:
    settled = settle(a_period([[700, 300, 0]], [[0, 0, 900]], parts=[[(0, 1)], [(0, 1)], [(1, 1)]]))
    assert settled.ledgers[0].imported_wh == 1_000
    assert settled.ledgers[0].bought_wh == 900


def test_an_owner_of_a_shared_roof_does_not_buy_the_own_share() -> None:
    # Both own half the roof; only the first needs energy: all it can buy is the other's half.
    settled = settle(
        a_period([[0, 9_000]], [[4_000, 0]], plans=["day"] * 2, parts=[[(0, 1), (1, 1)], [(0, 1)]])
    )
    assert [x.sold_wh for x in settled.ledgers] == [0, 2_000]
    assert [x.bought_wh for x in settled.ledgers] == [2_000, 0]


# --- members ----------------------------------------------------------------------------------


def test_an_expired_passport_sits_out_from_its_end_and_the_grid_serves_as_before() -> None:
    settled = settle(
        a_period(
            imported=[[0, 1_000], [0, 1_000]],
            exported=[[1_000, 0], [1_000, 0]],
            passport_ends={1: NEW_YEAR + 3_600},
        )
    )
    assert settled.outcome.bought.tolist() == [[0, 1_000], [0, 0]]
    home = settled.ledgers[1]
    assert (home.imported_wh, home.grid_import_nd) == (2_000, 1_000 * 200_000)


def test_who_asked_to_exit_trades_no_more() -> None:
    settled = settle(a_period([[0, 1_000]], [[1_000, 0]], exits=frozenset({account(0)})))
    assert settled.local_wh == 0


def test_a_night_rate_below_feed_in_sits_out_while_the_others_share() -> None:
    settled = settle(a_period([[0, 1_000, 1_000]], [[2_000, 0, 0]], plans=["day", "day", "night"]))
    assert settled.outcome.bought.tolist() == [[0, 1_000, 0]]
    assert settled.ledgers[2].saving_nd == 0


# --- always -----------------------------------------------------------------------------------


def test_what_nobody_shares_is_published_as_an_hour_without_a_price() -> None:
    settled = settle(a_period([[5], [0]], [[0], [5]]))
    for price in settled.prices:
        assert not price.local
        assert (price.price, price.feed_in, price.retail, price.fee) == (0, 0, 0, 0)
        assert price.records_root != "00" * 32
