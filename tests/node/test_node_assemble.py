"""From the community's file to a period: shared plants in their order, participation, prices."""

from __future__ import annotations

from pathlib import Path

from sourceenergy.config.community_file import parse_community
from sourceenergy.node.assemble import Money, Records, assemble_period
from sourceenergy.records import KeyKind
from sourceenergy.settlement.period import Period, settle
from sourceenergy.store.sqlite import Store
from strategies_energy import FLAT_PLANS, NEW_YEAR, OPERATOR, account, ints

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
