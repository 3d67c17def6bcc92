"""From the community's file to a period: shared plants in their order, participation, prices."""

from __future__ import annotations

from pathlib import Path

from sourceenergy.config.community_file import parse_community
from sourceenergy.config.tariff_file import parse_tariffs, shipped_tariffs
from sourceenergy.node.assemble import (
    Money,
    Records,
    assemble_period,
    month_start_s,
    used_in_month_before,
)
from sourceenergy.records import KeyKind
from sourceenergy.settlement.bundle import read_bundle, write_bundle
from sourceenergy.settlement.period import Period, settle
from sourceenergy.store.sqlite import Store
from strategies_energy import FLAT_PLANS, NEW_YEAR, OPERATOR, account, ints, utc

COMMUNITY = """
[community]
name = "Elm Street"
interval_minutes = 60
feed_in_cents_per_kwh = 5
internal_price_cents_per_kwh = "10"
internal_fee_cents_per_kwh = "0.5"
[[member]]
id = "prosumer"
tariff = "day"
[[member]]
id = "tenant"
tariff = "day"
[[meter]]
id = "barn"
member = "prosumer"
key = "dynamic"
[[meter]]
id = "flat"
member = "tenant"
[[meter]]
id = "roof"
member = "prosumer"
key = "static"
[[meter.key_version]]
from = 2026-01-01
shares = { tenant = 50 }
[[meter.participation]]
from = 2026-01-01
percent = 80
elsewhere = { "Oak Street" = 20 }
"""


def assembled(folder: Path, text: str = COMMUNITY) -> Period:
    """One hour: the barn makes 1.000, the roof 2.000, the flat uses 3.000 kWh."""
    community = parse_community(text)
    return assemble_period(
        community,
        FLAT_PLANS,
        {member.id: account(i) for i, member in enumerate(community.members)},
        OPERATOR,
        Store(folder / "node.sqlite"),
        Records(
            NEW_YEAR,
            NEW_YEAR + 3_600,
            ints([[0, 3_000, 0]]),
            ints([[1_000, 0, 2_000]]),
            ints([[0, 0, 0]]),
        ),
        Money(False, {}, {}, frozenset()),
    )


def test_plants_serve_by_priority_then_by_id(tmp_path: Path) -> None:
    plants = assembled(tmp_path).plants
    assert [plant.meter for plant in plants] == [0, 2]
    first = COMMUNITY.replace('id = "roof"', 'id = "roof"\npriority = 1').replace(
        'id = "barn"', 'id = "barn"\npriority = 2'
    )
    (tmp_path / "other").mkdir()
    plants = assembled(tmp_path / "other", first).plants
    assert [plant.meter for plant in plants] == [2, 0]
    assert [plant.versions[0].key.kind for plant in plants] == [KeyKind.STATIC, KeyKind.DYNAMIC]


def test_the_file_s_key_price_and_factor_are_settled(tmp_path: Path) -> None:
    settled = settle(assembled(tmp_path))
    prosumer, tenant = settled.ledgers
    # The barn's 1.000 kWh, then half of the 1.600 that the roof gives to this community.
    assert tenant.allocated_wh == 1_000 + 800
    assert (tenant.allocated_ud, tenant.allocated_fee_ud) == (180_000, 9_000)
    assert (prosumer.provided_ud, prosumer.sold_wh, tenant.bought_wh) == (180_000, 800, 800)
    assert prosumer.exported_wh == 1_000 + 1_600


def test_under_tiers_the_month_before_the_period_counts(tmp_path: Path) -> None:
    """999 kWh of the first tier (1,000 in winter) are used: the second hour is dearer."""
    text = COMMUNITY.split("[[meter]]", maxsplit=1)[0].replace('"day"', '"ontario_tiered"')
    community = parse_community(text + '[[meter]]\nid = "flat"\nmember = "tenant"\n')
    plans = parse_tariffs(shipped_tariffs(), "shipped")
    accounts = {member.id: account(i) for i, member in enumerate(community.members)}
    start_s = utc("2026-01-20T05:00")
    month = month_start_s(community, start_s)
    assert month == NEW_YEAR
    hours = (start_s - month) // 3_600
    before = Records(
        month,
        start_s,
        ints([[999_000]] + [[0]] * (hours - 1)),
        ints([[0]] * hours),
        ints([[0]] * hours),
    )
    used = used_in_month_before(community, plans, accounts, before)
    assert used == {account(0): 0, account(1): 999_000}
    now = Records(start_s, start_s + 7_200, ints([[2_000], [10]]), *(ints([[0], [0]]),) * 2)
    period = assemble_period(
        community,
        plans,
        accounts,
        OPERATOR,
        Store(tmp_path / "node.sqlite"),
        now,
        Money(False, {}, {}, frozenset(), used_before_wh=used),
    )
    assert settle(period).given.retail[:, 1].tolist() == [120_000, 142_000]
    again = read_bundle(write_bundle(period, shipped_tariffs())).period
    assert again.used_before_wh == used
