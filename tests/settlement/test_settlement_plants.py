"""A key shares a plant: each watt-hour once, never more than used, nobody worse off."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given

from sourceenergy.errors import InputError, VerificationFailed
from sourceenergy.records import AllocationKey, KeyKind, KeyVersion, ParticipationVersion
from sourceenergy.settlement.bundle import PERIOD, canonical_json, read_bundle, write_bundle
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import Period, settle
from sourceenergy.settlement.plants import PeriodPlant
from strategies_energy import FLAT_TARIFFS, NEW_YEAR, a_period, account, law_of_periods, periods

PROSUMER, TENANT, NEIGHBOUR = range(3)
ROOF = 3
"""The meter that counts the shared roof."""
STATIC = AllocationKey(KeyKind.STATIC, (500_000, 300_000, 200_000), (0, 0, 0))
DYNAMIC = AllocationKey(KeyKind.DYNAMIC, (0, 0, 0), (1, 1, 1))


def an_hour(*versions: KeyVersion, **terms: object) -> Period:
    """S15's interval: a roof of 10.000 kWh; use 3.000, 4.000 and 6.000 kWh; owned 5:3:2."""
    given_: dict[str, object] = {"feed_in": 50_000} | terms
    return a_period(
        [[3_000, 4_000, 6_000, 0]],
        [[0, 0, 0, 10_000]],
        parts=[[(0, 1)], [(1, 1)], [(2, 1)], [(0, 5), (1, 3), (2, 2)]],
        plants=[PeriodPlant(ROOF, 1, versions or (KeyVersion(0, STATIC),))],
        **given_,  # type: ignore[arg-type]
    )


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("internal", "field"), [((49_999, 0), "internal_price"), ((0, -1), "internal_fee")]
)
def test_a_price_that_robs_the_owners_is_refused(internal: tuple[int, int], field: str) -> None:
    with pytest.raises(InputError) as refused:
        settle(an_hour(internal=internal))
    assert (refused.value.rule, refused.value.field) == ("internal_price.band", field)


def test_a_bundle_whose_key_has_other_members_is_refused() -> None:
    files = write_bundle(an_hour(), FLAT_TARIFFS)
    head = json.loads(files[PERIOD])
    for column in ("shares_ppm", "classes"):
        head["plants"][0]["keys"][0][column].pop()
    files[PERIOD] = canonical_json(head)
    with pytest.raises(VerificationFailed) as refused:
        read_bundle(files)
    assert refused.value.field == PERIOD


# --- success ----------------------------------------------------------------------------------


def test_S15_static_key_and_what_is_left() -> None:
    """3.000 / 3.000 / 2.000 allocated; 2.000 kWh are left to the owners, then the neighbours."""
    settled = settle(an_hour())
    assert settled.outcome.allocated.tolist() == [[3_000, 3_000, 2_000]]
    assert settled.outcome.provided.tolist() == [[4_000, 2_400, 1_600]]
    # The owners' 1.000, 0.600 and 0.400 kWh go to the pool; nobody buys from themselves.
    assert settled.outcome.sold.sum() == settled.outcome.bought.sum() <= 2_000
    assert settled.exported_wh == 10_000
    assert settled.local_wh == 8_000 + settled.outcome.sold.sum()


def test_S15_dynamic_key_to_the_watt_hour() -> None:
    settled = settle(an_hour(KeyVersion(0, DYNAMIC)))
    assert settled.outcome.allocated.tolist() == [[2_308, 3_077, 4_615]]
    assert settled.outcome.provided.tolist() == [[5_000, 3_000, 2_000]]
    assert settled.local_wh == 10_000


def test_a_roof_that_is_the_members_own_costs_nothing_and_saves_retail_less_feed_in() -> None:
    ledgers = settle(an_hour(KeyVersion(0, DYNAMIC))).ledgers
    assert [x.net_ud for x in ledgers] == [0, 0, 0]
    assert [x.saving_nd for x in ledgers] == [wh * 150_000 for wh in (2_308, 3_077, 4_615)]


def test_an_internal_price_goes_to_the_owners_and_its_fee_to_the_operator() -> None:
    settled = settle(an_hour(KeyVersion(0, DYNAMIC), internal=(100_000, 5_000)))
    assert [x.allocated_ud for x in settled.ledgers] == [230_800, 307_700, 461_500]
    assert [x.allocated_fee_ud for x in settled.ledgers] == [11_540, 15_385, 23_075]
    assert [x.provided_ud for x in settled.ledgers] == [500_000, 300_000, 200_000]
    assert settled.fees_ud == 50_000
    assert all(x.saving_nd > 0 for x in settled.ledgers)


def test_who_could_not_gain_is_not_served() -> None:
    """The night plan (2.8 ¢) lies below feed-in (5 ¢): selling the own part is worth more."""
    period = an_hour(KeyVersion(0, DYNAMIC))
    members = tuple(
        replace(m, plan="night") if i == TENANT else m for i, m in enumerate(period.members)
    )
    settled = settle(replace(period, members=members))
    assert settled.outcome.allocated.tolist() == [[3_000, 0, 6_000]]


def test_a_member_without_a_passport_neither_gets_nor_gives() -> None:
    settled = settle(an_hour(KeyVersion(0, DYNAMIC), passport_ends={PROSUMER: NEW_YEAR}))
    assert settled.outcome.allocated.tolist() == [[0, 2_000, 3_000]]
    assert settled.outcome.provided.tolist() == [[0, 3_000, 2_000]]


def test_a_key_changes_on_its_day_and_not_before() -> None:
    hour = an_hour(KeyVersion(0, STATIC), KeyVersion(NEW_YEAR + 3600, DYNAMIC))
    two = replace(
        hour,
        end_s=hour.end_s + 3600,
        imported=hour.imported.repeat(2, axis=0),
        exported=hour.exported.repeat(2, axis=0),
        quality=hour.quality.repeat(2, axis=0),
    )
    allocated = settle(two).outcome.allocated.tolist()
    assert allocated == [[3_000, 3_000, 2_000], [2_308, 3_077, 4_615]]


def test_what_funds_do_not_cover_comes_from_the_grid() -> None:
    funded = an_hour(
        KeyVersion(0, DYNAMIC),
        internal=(100_000, 0),
        funded=True,
        opening={account(i): AccountState(10**7, 0, 10**7) for i in (PROSUMER, NEIGHBOUR)},
    )
    assert settle(funded).outcome.allocated.tolist() == [[3_000, 0, 6_000]]


def test_a_meter_in_two_communities_counts_in_each_by_its_factor() -> None:
    versions = (ParticipationVersion(0, (("Elm Street", 600_000), ("Oak Street", 400_000))),)
    here = replace(an_hour(KeyVersion(0, DYNAMIC)), participation=((ROOF, versions),))
    there = replace(here, community="Oak Street")
    parts = [int(settle(period).exported_wh) for period in (here, there)]
    assert parts == [6_000, 4_000]
    assert settle(here).outcome.allocated.sum() == 6_000
    assert read_bundle(write_bundle(here, FLAT_TARIFFS)).period.participation == here.participation


# --- always -----------------------------------------------------------------------------------


@law_of_periods
@given(periods())
def test_a_period_with_plants_is_the_same_after_its_bundle(period: Period) -> None:
    read = read_bundle(write_bundle(period, FLAT_TARIFFS))
    assert read.altered == ()
    assert read.period.plants == period.plants
    assert settle(read.period).ledgers == settle(period).ledgers
