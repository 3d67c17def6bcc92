"""A shared plant's meter in the community's file: refused by name, then read."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sourceenergy.config.community_file import Meter, parse_community
from sourceenergy.errors import ConfigError
from sourceenergy.records import AllocationKey, KeyKind

COMMUNITY = """
[community]
name = "Elm Street"
feed_in_cents_per_kwh = 5
[[member]]
id = "prosumer"
number = 1
tariff = "ontario_time_of_use"
[[member]]
id = "tenant"
number = 2
tariff = "ontario_tiered"
[[member]]
id = "neighbour"
number = 3
tariff = "ontario_tiered"
[[meter]]
id = "roof"
member = "prosumer"
"""
STATIC = """key = "static"
priority = 2
[[meter.key_version]]
from = 2026-01-01
shares = { neighbour = 20, prosumer = 50, tenant = "30" }
"""
LATER = """[[meter.key_version]]
from = 2026-07-01
key = "dynamic"
"""
PARTICIPATION = """[[meter.participation]]
from = 2026-01-01
percent = 60
elsewhere = { "Oak Street" = 40 }
"""


def roof(tables: str) -> Meter:
    (meter,) = parse_community(COMMUNITY + tables).meters
    return meter


def midnight(day: str) -> int:
    local = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("America/Toronto"))
    return int(local.timestamp())


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tables", "rule"),
    [
        (STATIC.replace("50", "50.1"), "key.shares"),  # 100.1 %
        (STATIC.replace("50", "50.00001"), "tariff.price"),  # finer than a part per million
        (STATIC.replace("50", "-1"), "config.greater_than_equal"),
        (STATIC.replace("prosumer =", "landlord ="), "member.unknown"),
        (STATIC + STATIC.partition("priority = 2\n")[2], "key.dates"),
        (STATIC.replace('key = "static"', ""), "key.missing"),
        ('key = "static"', "key.missing"),
        ('key = "hybrid"', "key.missing"),
        ('key = "fair"', "config.enum"),
        (STATIC.replace('"static"', '"dynamic"'), "key.shares"),
        (STATIC.replace('"static"', '"cascade"'), "key.shares"),
        (STATIC + 'members = ["tenant"]\n', "key.members"),
        (LATER + 'members = ["landlord"]\n', "member.unknown"),
        (LATER + "members = []\n", "key.classes"),
        (LATER.replace("dynamic", "cascade"), "key.classes"),
        (LATER.replace("dynamic", "cascade") + "classes = { tenant = 0 }\n", "config.greater"),
        ("priority = 0", "config.greater"),
        (PARTICIPATION.replace("60", "60.1"), "key.participation"),
        (PARTICIPATION + PARTICIPATION, "key.dates"),
        (PARTICIPATION.replace("Oak Street", "Elm Street"), "key.participation"),
        (PARTICIPATION.replace("60", "101"), "config.less_than_equal"),
    ],
)
def test_a_key_that_is_none_is_refused_by_its_rule(tables: str, rule: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        roof(tables)
    assert refusal.value.rule.startswith(rule)
    assert refusal.value.remedy


# --- success ----------------------------------------------------------------------------------


def test_a_static_key_becomes_a_dynamic_one_at_local_midnight() -> None:
    meter = roof(STATIC + LATER)
    assert (meter.priority, meter.parts) == (2, ((0, 1),))
    first, second = meter.keys
    assert (first.from_s, second.from_s) == (midnight("2026-01-01"), midnight("2026-07-01"))
    assert first.key == AllocationKey(KeyKind.STATIC, (500_000, 300_000, 200_000), (0, 0, 0))
    assert second.key == AllocationKey(KeyKind.DYNAMIC, (0, 0, 0), (1, 1, 1))


def test_the_order_in_the_file_decides_nothing() -> None:
    versions = STATIC.partition("priority = 2\n")[2]
    assert roof('key = "static"\npriority = 2\n' + LATER + versions) == roof(STATIC + LATER)


def test_a_dynamic_key_needs_no_version_and_may_name_its_members() -> None:
    (always,) = roof('key = "dynamic"').keys
    assert (always.from_s, always.key.classes) == (0, (1, 1, 1))
    (some,) = roof(LATER + 'members = ["tenant", "neighbour"]\n').keys
    assert some.key.classes == (0, 1, 1)


def test_a_hybrid_key_passes_on_to_those_with_a_share_or_to_those_named() -> None:
    text = STATIC.replace('"static"', '"hybrid"').replace("neighbour = 20, ", "")
    assert roof(text).keys[0].key.classes == (1, 1, 0)
    text += 'members = ["prosumer", "tenant", "neighbour"]\n'
    assert roof(text).keys[0].key.classes == (1, 1, 1)


def test_a_cascade_has_classes() -> None:
    (version,) = roof(
        LATER.replace("dynamic", "cascade") + "classes = { tenant = 1, prosumer = 2 }\n"
    ).keys
    assert version.key == AllocationKey(KeyKind.CASCADE, (0, 0, 0), (2, 1, 0))


def test_participation_is_by_community_in_order_of_name() -> None:
    (version,) = roof(PARTICIPATION).participation
    assert version.from_s == midnight("2026-01-01")
    assert version.factors_ppm == (("Elm Street", 600_000), ("Oak Street", 400_000))


def test_a_meter_without_a_key_is_as_before() -> None:
    meter = roof("")
    assert (meter.keys, meter.participation) == ((), ())
