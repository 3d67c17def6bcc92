"""Keys as other countries bill them, and allocations as CSV."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from sourceenergy.errors import ConfigError
from sourceenergy.market.allocation_csv import allocations_csv
from sourceenergy.market.community_rate import rate_bills
from sourceenergy.market.keys import Plant, allocate_plants, participating_dated
from sourceenergy.records import PPM, AllocationKey, KeyKind, KeyVersion, ParticipationVersion
from sourceenergy.units import Ud, UdPerKwh
from strategies_energy import Ints, ints, row, shared, utc

STATIC = AllocationKey(KeyKind.STATIC, (500_000, 300_000, 200_000), (0, 0, 0))
DYNAMIC = AllocationKey(KeyKind.DYNAMIC, (0, 0, 0), (1, 1, 1))
NOON = utc("2026-06-15T16:00")
MEMBERS = ("prosumer", "tenant", "neighbour")
USE = row(3_000, 4_000, 6_000)


def roof(*keys: AllocationKey) -> Plant:
    """A roof whose key changes every quarter-hour from noon on."""
    return Plant("roof", 1, tuple(KeyVersion(NOON + 900 * i, key) for i, key in enumerate(keys)))


def rules() -> dict[str, object]:
    text = shared("vectors", "austria_eeg_billing_rules.json").read_text(encoding="utf-8")
    found: dict[str, object] = json.loads(text)["rules"]
    return found


# --- Austria ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [STATIC, DYNAMIC])
def test_austria_consumer_bill_producer_credit_and_member_fee(key: AllocationKey) -> None:
    rule = rules()
    assert rule["consumer_bill"] == "rate_ct_per_kWh * G.03 (own coverage) per billing period"
    assert rule["producer_credit"] == "rate_ct_per_kWh * (G.01T - P.01T)"
    produced = ints([[10_000], [700]])
    use = np.repeat(USE, 2, axis=0)
    allocations = allocate_plants([roof(key)], [NOON, NOON + 900], produced, use)
    bill = rate_bills(allocations, produced, UdPerKwh(100_000), UdPerKwh(90_000), Ud(2_000_000))
    covered = allocations[0].allocated.sum(axis=0).tolist()
    left = int(allocations[0].surplus.sum())
    assert bill.coverage_wh == tuple(covered)
    assert bill.energy_nd == tuple(100_000 * wh for wh in covered)
    assert bill.credits_nd == (90_000 * (10_700 - left),)
    assert bill.fees_nd == (2_000_000_000,) * 3  # fixed per person
    assert bill.margin_nd == 10_000 * sum(covered)


def test_austria_at_one_rate_bills_and_credits_are_equal() -> None:
    produced = ints([[10_000]])
    allocations = allocate_plants([roof(STATIC)], [NOON], produced, USE)
    bill = rate_bills(allocations, produced, UdPerKwh(123_456), UdPerKwh(123_456), Ud(0))
    assert bill.margin_nd == 0
    assert sum(bill.energy_nd) == sum(bill.credits_nd) == 8_000 * 123_456


def test_austria_participation_of_one_meter_in_up_to_five_communities() -> None:
    assert "up to 5 communities; sum <= 100" in str(rules()["participation_factor"])
    names = ("Ash", "Birch", "Cedar", "Elm", "Fir")
    fifths = ParticipationVersion(0, tuple((name, PPM // 5) for name in names))
    energy: Ints = np.array([1_001, 3, 0], dtype=np.int64)
    parts = [participating_dated([fifths], name, [0, 900, 1800], energy) for name in names]
    assert sum(parts).tolist() == energy.tolist()  # type: ignore[union-attr]
    for wrong in (
        tuple((name, PPM // 6) for name in (*names, "Oak")),
        (("Ash", PPM), ("Birch", PPM // 100)),
    ):
        with pytest.raises(ConfigError) as refusal:
            ParticipationVersion(0, wrong)
        assert refusal.value.rule == "key.participation"


# --- X01: export in CSV -------------------------------------------------------------------------


def test_X01_allocations_are_exported_with_the_key_and_its_date() -> None:
    starts, use = [NOON, NOON + 900], np.repeat(USE, 2, axis=0)
    plants = [roof(STATIC, DYNAMIC)]
    given = allocate_plants(plants, starts, ints([[10_000], [10_000]]), use)
    text = allocations_csv(plants, given, MEMBERS, starts, use)
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [(x["key"], x["receiver"], x["use_wh"], x["allocated_wh"]) for x in lines] == [
        ("static", "prosumer", "3000", "3000"),
        ("static", "tenant", "4000", "3000"),
        ("static", "neighbour", "6000", "2000"),
        ("static", "grid", "", "2000"),
        ("dynamic", "prosumer", "3000", "2308"),
        ("dynamic", "tenant", "4000", "3077"),
        ("dynamic", "neighbour", "6000", "4615"),
        ("dynamic", "grid", "", "0"),
    ]
    assert {x["key_from"] for x in lines} == {"2026-06-15T16:00:00Z", "2026-06-15T16:15:00Z"}
    assert {x["plant"] for x in lines} == {"roof"}
    assert text == allocations_csv(plants, given, MEMBERS, starts, use)
