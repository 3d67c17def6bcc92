"""``[[incentive]]`` of a community's file: every refusal by name, then what is read."""

from __future__ import annotations

import pytest

from config.test_config_community_file import WHOLE
from sourceenergy.config.community_file import parse_community
from sourceenergy.config.tariff_file import parse_tariffs, shipped_tariffs
from sourceenergy.errors import ConfigError, InputError
from sourceenergy.node.assemble import check_tariffs
from sourceenergy.records import Incentive, IncentiveFor

TABLE = """
[[incentive]]
policy = "S22"
cents_per_kwh = "0.5"
budget_dollars = "100.00"
for = "delivered"
tariff = "ontario_time_of_use"
periods = ["on_peak"]
from = 2026-01-01
to = 2026-02-01
"""


def refused(tables: str) -> tuple[str, str]:
    with pytest.raises(ConfigError) as refusal:
        parse_community(WHOLE + tables)
    assert refusal.value.remedy
    return refusal.value.rule, str(refusal.value.field)


@pytest.mark.parametrize(
    ("old", "new", "rule", "field"),
    [
        ('"100.00"', '"-0.01"', "config.greater_than_equal", "incentive.0.budget_dollars"),
        ('"100.00"', '"0.0000001"', "tariff.price", "incentive.budget_dollars"),
        ('"0.5"', '"0"', "config.greater_than", "incentive.0.cents_per_kwh"),
        ('"0.5"', '"0.00001"', "tariff.price", "incentive.cents_per_kwh"),
        ('"S22"', '""', "config.string_pattern_mismatch", "incentive.0.policy"),
        ('"S22"', '"a,b"', "config.string_pattern_mismatch", "incentive.0.policy"),
        ('"delivered"', '"wished"', "config.enum", "incentive.0.for"),
        ("2026-02-01", "2026-01-01", "incentive.dates", "incentive.to"),
        ('tariff = "ontario_time_of_use"', "", "incentive.periods", "incentive.periods"),
        ('periods = ["on_peak"]', "", "incentive.periods", "incentive.periods"),
        ('["on_peak"]', '["on_peak", "on_peak"]', "incentive.periods", "incentive.periods"),
        ("periods =", 'colour = "red"\nperiods =', "config.extra_forbidden", "incentive.0.colour"),
    ],
)
def test_what_makes_no_sense_is_refused(old: str, new: str, rule: str, field: str) -> None:
    assert old in TABLE
    assert refused(TABLE.replace(old, new)) == (rule, field)


def test_one_policy_never_pays_twice_at_a_time() -> None:
    later = TABLE.replace("2026-02-01", "2026-03-01").replace("2026-01-01", "2026-01-31")
    assert refused(TABLE + later) == ("incentive.overlap", "incentive.policy")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["on_peak"]', '["happy_hour"]'),
        ('"ontario_time_of_use"', '"no_such_plan"'),
        ('"ontario_time_of_use"', '"ontario_tiered"'),  # its periods go by use, not by time
    ],
)
def test_a_period_that_the_plan_lacks_is_refused(old: str, new: str) -> None:
    plans = parse_tariffs(shipped_tariffs(), "the shipped tariffs")
    with pytest.raises(InputError) as refusal:
        check_tariffs(parse_community(WHOLE + TABLE.replace(old, new)), plans)
    assert (refusal.value.rule, refusal.value.field) == ("incentive.period", "incentive.periods")
    assert refusal.value.remedy


def test_an_incentive_is_read_in_whole_units_and_local_days() -> None:
    plans = parse_tariffs(shipped_tariffs(), "the shipped tariffs")
    next_month = TABLE.replace("2026-02-01", "2026-03-01").replace("2026-01-01", "2026-02-01")
    community = parse_community(WHOLE + next_month + TABLE)
    check_tariffs(community, plans)
    january, february = community.incentives
    assert january == Incentive(
        "S22",
        5_000,  # type: ignore[arg-type]
        100_000_000,  # type: ignore[arg-type]
        1_767_243_600,  # midnight in Toronto
        1_769_922_000,
        IncentiveFor.DELIVERED,
        "ontario_time_of_use",
        ("on_peak",),
    )
    assert february.start_s == january.end_s
    assert parse_community(WHOLE).incentives == ()
