"""Tenant's data goes, what the law keeps is listed with its end, and evidence waits."""

from __future__ import annotations

from datetime import date

import pytest

from sourceenergy.economy.individual.privacy import (
    CANADA_KEEPS,
    Keep,
    Kind,
    PersonalRecord,
    erasure,
    require_own_export,
)
from sourceenergy.errors import NotPermitted

MOVED = date(2026, 6, 12)
RECORDS = [
    PersonalRecord(f"{member} {kind.value}", member, kind, date(2026, 6, 1))
    for member in ("tenant", "neighbour")
    for kind in Kind
]


def test_S24_erasure_waits_while_a_dispute_or_legal_hold_is_open() -> None:
    with pytest.raises(NotPermitted, match="dispute 7") as refusal:
        erasure("tenant", RECORDS, CANADA_KEEPS, {"dispute 7"}, MOVED)
    assert refusal.value.rule == "privacy.hold"


def test_S24_nobody_exports_someone_elses_data() -> None:
    require_own_export("tenant", "tenant")
    with pytest.raises(NotPermitted):
        require_own_export("neighbour", "tenant")


def test_S24_name_address_and_readings_go_and_what_the_law_keeps_has_an_end() -> None:
    plan = erasure("tenant", RECORDS, CANADA_KEEPS, (), MOVED)
    assert {one.kind for one in plan.erase} == {Kind.IDENTITY, Kind.READINGS, Kind.ORDERS}
    assert {one.record.kind: one.until for one in plan.kept} == {
        Kind.SCREENING: date(2031, 6, 1), Kind.TAX: date(2032, 12, 31),
    }  # fmt: skip
    assert all(one.law for one in plan.kept)
    assert {one.member for one in plan.erase} == {"tenant"}


def test_S24_at_its_end_what_was_kept_goes_too() -> None:
    for day, kept in ((date(2031, 6, 1), 2), (date(2031, 6, 2), 1), (date(2033, 1, 1), 0)):
        plan = erasure("tenant", RECORDS, CANADA_KEEPS, (), day)
        assert len(plan.kept) == kept
        assert len(plan.kept) + len(plan.erase) == len(Kind)


def test_of_two_duties_the_longer_holds_and_a_leap_day_ends_in_march() -> None:
    leap = [PersonalRecord("r", "tenant", Kind.SCREENING, date(2024, 2, 29))]
    longer = Keep(Kind.SCREENING, 7, False, "another law")
    (kept,) = erasure("tenant", leap, (*CANADA_KEEPS, longer), (), MOVED).kept
    assert (kept.until, kept.law) == (date(2031, 3, 1), "another law")
