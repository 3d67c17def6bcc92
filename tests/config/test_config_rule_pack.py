"""A country's rule pack file: what is refused, what is read."""

from __future__ import annotations

from datetime import date

import pytest

from sourceenergy.config.rule_pack import Kind, Rules, canada, parse_rule_pack
from sourceenergy.errors import ConfigError

PACK = """
country = 276
name = "Germany"
in_force = 2027-01-01T00:00:00+01:00

[[source]]
of = ["money.held_from", "money.daily_most"]
says = "a law"
where = "https://example.org/law"
on = 2026-11-26

[money]
held_from = 1
daily_most = 5_000_000

[share]
"""


@pytest.mark.parametrize(
    ("old", "new", "rule", "field"),
    [
        ("country = 276", "country = 0", "config.greater_than_equal", "country"),
        ("country = 276", "", "config.missing", "country"),
        ("held_from = 1", "held_from = 0", "config.greater_than_equal", "money.held_from"),
        ("held_from = 1", "held_form = 1", "config.extra_forbidden", "money.held_form"),
        ("held_from = 1", "lock_up_s = 31_536_001", "config.less_than_equal", "money.lock_up_s"),
        (
            "daily_most = 5_000_000",
            f"daily_most = {(1 << 64) - 1}",
            "config.less_than_equal",
            "money.daily_most",
        ),
        ("daily_most = 5_000_000", "", "rule_pack.source", "money.daily_most"),
        ('"money.held_from", ', "", "rule_pack.source", "money.held_from"),
        ("+01:00", "", "rule_pack.time", "in_force"),
        ("00:00:00+01", "00:00:00.5+01", "rule_pack.time", "in_force"),
        ("[[source]]", "[[sauce]]", "config.missing", "source"),
        ("on = 2026-11-26", "", "config.missing", "source.0.on"),
    ],
)
def test_a_pack_that_is_wrong_is_refused_by_field(
    old: str, new: str, rule: str, field: str
) -> None:
    assert PACK.count(old) >= 1
    with pytest.raises(ConfigError) as refused:
        parse_rule_pack(PACK.replace(old, new, 1), "germany.toml")
    assert (refused.value.rule, refused.value.field) == (rule, field)
    assert "docs/deploy.md" in refused.value.remedy


def test_a_pack_of_no_kind_is_refused() -> None:
    with pytest.raises(ConfigError) as refused:
        parse_rule_pack(PACK[: PACK.index("[money]")], "germany.toml")
    assert refused.value.rule == "rule_pack.kinds"


def test_a_pack_names_its_second_its_limits_and_their_sources() -> None:
    pack = parse_rule_pack(PACK, "germany.toml")
    assert (pack.country, pack.name, pack.from_s) == (276, "Germany", 1_798_758_000)
    assert pack.kinds == {
        Kind.MONEY: Rules(held_from=1, daily_most=5_000_000),
        Kind.SHARE: Rules(),
    }
    assert pack.sources[0].on == date(2026, 11, 26)


def test_canada_holds_money_from_1000_dollars_and_nothing_else() -> None:
    pack = canada()
    assert (pack.country, pack.from_s) == (124, None)
    assert pack.kinds == {kind: Rules() for kind in Kind} | {
        Kind.MONEY: Rules(held_from=1_000_000_000)
    }
