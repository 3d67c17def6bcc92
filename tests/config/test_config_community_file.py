"""The community's file: every refusal by name and with its remedy, then what is read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.config.community_file import Community, parse_community
from sourceenergy.errors import ConfigError
from sourceenergy.records import Mode
from strategies_energy import law

COMMUNITY = """
[community]
name = "Elm Street 🌞"
mode = "community_sharing"
interval_minutes = 60
fee_cents_per_kwh = "0.5"
feed_in_cents_per_kwh = 5
"""
ROOF = """
[[member]]
id = "roof"
name = "Zoë 🏠 d'Ö"
tariff = "ontario_time_of_use"
account = "0x00000000000000000000000000000000000000Aa"
passport_expires = 2026-06-30
"""
TENANT = """
[[member]]
id = "tenant"
tariff = "ontario_ultra_low_overnight"
"""
ROOF_METER = """
[[meter]]
id = "meter-1"
member = "roof"
files = ["roof.xml"]
"""
STAIRS_METER = """
[[meter]]
id = "meter-2"
shares = { tenant = 30, roof = 70 }
verified = false
"""
WHOLE = COMMUNITY + ROOF + TENANT + ROOF_METER + STAIRS_METER


def refused(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as refusal:
        parse_community(text)
    assert refusal.value.remedy
    return refusal.value


def changed(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


# --- refusals ---------------------------------------------------------------------------------


def test_a_file_that_is_no_toml_is_refused_with_the_line() -> None:
    error = refused(changed("[community]", "[community"))
    assert error.rule == "toml.syntax"
    assert "line 2" in str(error)


def test_a_meter_of_an_unknown_member_is_refused() -> None:
    error = refused(changed('member = "roof"', 'member = "rof"'))
    assert (error.rule, error.field, error.value) == (
        "member.unknown",
        "meter.meter-1.member",
        "rof",
    )


def test_a_share_of_an_unknown_member_is_refused() -> None:
    error = refused(changed("tenant = 30", "landlord = 30"))
    assert (error.rule, error.value) == ("member.unknown", "landlord")


def test_two_meters_with_one_id_are_refused() -> None:
    error = refused(changed('id = "meter-2"', 'id = "meter-1"'))
    assert (error.rule, error.field, error.value) == ("id.twice", "meter.id", "meter-1")


def test_two_members_of_one_id_are_refused() -> None:
    assert refused(changed('id = "tenant"', 'id = "roof"')).field == "member.id"


def test_one_account_twice_is_refused_however_it_is_written() -> None:
    twice = 'account = "0x00000000000000000000000000000000000000aA"\nid = "tenant"'
    error = refused(changed('id = "tenant"', twice))
    assert (error.rule, error.field) == ("id.twice", "member.account")


def test_a_meter_with_a_member_and_shares_is_refused() -> None:
    error = refused(changed("shares =", 'member = "roof"\nshares ='))
    assert (error.rule, error.field) == ("meter.owner", "meter.meter-2.member")


def test_a_meter_without_an_owner_is_refused() -> None:
    assert refused(changed("shares = { tenant = 30, roof = 70 }", "")).rule == "meter.owner"


def test_a_number_for_some_members_only_is_refused() -> None:
    assert refused(changed('id = "roof"', 'id = "roof"\nnumber = 1')).rule == "member.number"


def test_one_member_number_twice_is_refused() -> None:
    text = WHOLE.replace('tariff = "ontario', 'number = 7\ntariff = "ontario')
    assert refused(text).field == "member.number"


@pytest.mark.parametrize("without", [ROOF + TENANT, ROOF_METER + STAIRS_METER])
def test_a_community_without_members_or_meters_is_refused(without: str) -> None:
    assert refused(changed(without, "")).rule == "config.missing"


@pytest.mark.parametrize(
    ("old", "new", "field", "rule"),
    [
        ("interval_minutes", "interval_minute", "community.interval_minute", "extra_forbidden"),
        ('id = "roof"', 'id = "roof"\nage = 3', "member.0.age", "extra_forbidden"),
        ("= 60", "= 7", "community.interval_minutes", "literal_error"),
        ('"community_sharing"', '"free_market"', "community.mode", "enum"),
        ('"0.5"', '"-0.5"', "community.fee_cents_per_kwh", "greater_than_equal"),
        ('"0.5"', "nan", "community.fee_cents_per_kwh", "finite_number"),
        ('"Elm Street 🌞"', '""', "community.name", "string_too_short"),
        ("mode =", 'time_zone = "Toronto"\nmode =', "community.time_zone", "value_error"),
        ("mode =", 'time_zone = "America"\nmode =', "community.time_zone", "value_error"),
        ("mode =", 'time_zone = "../etc"\nmode =', "community.time_zone", "value_error"),
        ("00Aa", "00A", "member.0.account", "value_error"),
        ('id = "tenant"', 'id = "ten ant"', "member.1.id", "value_error"),
        ("tenant = 30", "tenant = 0", "meter.1.shares.tenant", "greater_than_equal"),
        ("tenant = 30", "tenant = 30.5", "meter.1.shares.tenant", "int_from_float"),
        ("2026-06-30", '"soon"', "member.0.passport_expires", "date_from_datetime_parsing"),
        ("feed_in_cents_per_kwh = 5", "", "community.feed_in_cents_per_kwh", "missing"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(old: str, new: str, field: str, rule: str) -> None:
    error = refused(changed(old, new))
    assert (error.field, error.rule) == (field, f"config.{rule}")


@pytest.mark.parametrize("price", ['"0.00001"', '"10000.1"'])
def test_a_price_finer_than_a_micro_dollar_or_absurd_is_refused(price: str) -> None:
    error = refused(changed('"0.5"', price))
    assert (error.rule, error.field) == ("tariff.price", "community.fee_cents_per_kwh")


# --- success ----------------------------------------------------------------------------------


def test_a_whole_file_is_read() -> None:
    community = parse_community(WHOLE)
    assert community.name == "Elm Street 🌞"
    assert community.mode is Mode.COMMUNITY_SHARING
    assert (community.interval_seconds, community.fee, community.feed_in) == (3600, 5_000, 50_000)
    assert not community.accept_estimates
    roof, tenant = community.members
    assert (roof.number, roof.name) == (1, "Zoë 🏠 d'Ö")
    assert roof.account == "0x00000000000000000000000000000000000000aa"
    assert roof.passport_expires == date(2026, 6, 30)
    assert (tenant.number, tenant.name, tenant.account) == (2, "tenant", None)
    own, stairs = community.meters
    assert (own.parts, own.files, own.verified) == (((0, 1),), ("roof.xml",), True)
    assert (stairs.parts, stairs.verified) == (((0, 70), (1, 30)), False)


def test_what_is_left_out_is_ontario_s_usual_case() -> None:
    community = parse_community(
        '[community]\nname = "x"\nfeed_in_cents_per_kwh = 5\n'
        + TENANT
        + ROOF_METER.replace('"roof"', '"tenant"')
    )
    assert community.mode is Mode.CREDIT_ALLOCATION
    assert community.time_zone == "America/Toronto"
    assert (community.interval_seconds, community.mechanism, community.fee) == (900, "pool_mmr", 0)


def test_feed_in_may_be_negative() -> None:
    assert parse_community(changed("kwh = 5", "kwh = -1.25")).feed_in == -12_500


def test_numbers_order_members_before_their_ids_do() -> None:
    text = changed('id = "roof"', 'id = "roof"\nnumber = 9')
    community = parse_community(text.replace('id = "tenant"', 'id = "tenant"\nnumber = 3'))
    assert [(m.id, m.number) for m in community.members] == [("tenant", 3), ("roof", 9)]
    assert community.meters[0].parts == ((1, 1),)  # still the roof's


# --- always -----------------------------------------------------------------------------------


@law
@given(st.permutations([ROOF, TENANT, ROOF_METER, STAIRS_METER]))
def test_the_order_of_the_file_means_nothing(tables: list[str]) -> None:
    whole: Community = parse_community(WHOLE)
    assert parse_community(COMMUNITY + "".join(tables)) == whole
