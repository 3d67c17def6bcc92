"""Ten real homes, a whole year: not a watt-hour and not a nano-dollar is lost in any hour."""

from __future__ import annotations

import numpy as np
import pytest

from settlement import ten_homes
from sourceenergy.config.tariff_file import shipped_tariffs
from sourceenergy.settlement.bundle import read_bundle, write_bundle
from sourceenergy.settlement.period import Period, Settlement, settle
from strategies_energy import shared


@pytest.fixture(scope="module")
def year() -> Period:
    return ten_homes.period(*ten_homes.load(shared("data", "homes")))


@pytest.fixture(scope="module")
def settled(year: Period) -> Settlement:
    return settle(year)


def test_the_year_is_what_we_say_it_is(year: Period, settled: Settlement) -> None:
    assert year.imported.shape == (8_760, 10)
    assert ((year.exported.sum(axis=0) > 0) == ([True] * 6 + [False] * 4)).all()
    assert 1_000_000 < settled.local_wh < settled.exported_wh < settled.imported_wh


def test_energy_leaves_no_residual_in_any_hour(year: Period, settled: Settlement) -> None:
    bought, sold = settled.outcome.bought, settled.outcome.sold
    assert (bought.sum(axis=1) == sold.sum(axis=1)).all()
    grid_import, grid_export = year.imported - bought, year.exported - sold
    assert min(grid_import.min(), grid_export.min(), bought.min(), sold.min()) == 0
    residual = (year.imported - year.exported) - (grid_import - grid_export)
    assert (residual.sum(axis=1) == 0).all()


def test_money_leaves_no_residual_in_any_hour(settled: Settlement) -> None:
    given, outcome = settled.given, settled.outcome
    price = outcome.price[:, None]
    pay = outcome.bought * (price + given.fee)
    get = outcome.sold * price
    fees = outcome.bought.sum(axis=1) * given.fee
    assert (pay.sum(axis=1) - get.sum(axis=1) - fees == 0).all()
    assert sum(x.net_ud for x in settled.ledgers) + settled.fees_ud == 0


def test_no_home_pays_more_in_any_hour_than_with_the_grid_alone(settled: Settlement) -> None:
    given, outcome = settled.given, settled.outcome
    price = outcome.price[:, None]
    alone = given.imported * given.retail - given.exported * given.feed_in
    together = (
        outcome.bought * (price + given.fee)
        - outcome.sold * price
        + (given.imported - outcome.bought) * given.retail
        - (given.exported - outcome.sold) * given.feed_in
    )
    assert (together <= alone).all()
    assert [x.saving_nd for x in settled.ledgers] == (alone - together).sum(axis=0).tolist()
    assert min(x.saving_nd for x in settled.ledgers) > 0


def test_the_ultra_low_homes_sit_out_the_hours_in_which_sharing_costs_more(
    settled: Settlement,
) -> None:
    night = settled.given.retail - settled.given.fee < settled.given.feed_in
    assert night.any()
    assert not settled.outcome.bought[night].any()


def test_a_replay_from_the_audit_bundle_gives_the_same_roots(
    year: Period, settled: Settlement
) -> None:
    read = read_bundle(write_bundle(year, shipped_tariffs()))
    assert read.altered == ()
    again = settle(read.period)
    assert (again.price_root, again.pool_root) == (settled.price_root, settled.pool_root)
    assert again.payout_leaves == settled.payout_leaves
    assert again.totals_ud == settled.totals_ud


def test_one_watt_hour_of_87_600_records_changes_the_root(
    year: Period, settled: Settlement
) -> None:
    files = write_bundle(year, shipped_tariffs())
    read = read_bundle(files).period
    read.imported[4_000, 9] += 1
    assert settle(read).price_root != settled.price_root
    assert np.abs(read.imported - year.imported).sum() == 1
