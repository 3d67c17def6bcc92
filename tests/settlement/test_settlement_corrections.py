"""A settled record is put right by a later one; only what moved is settled again."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from settlement.test_settlement_orders import NEIGHBOUR, PROSUMER, TENANT, s08
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.proofs import correction_digest, p256_low_s
from sourceenergy.records import Approval, Correction, MeterInterval, Mode, Quality
from sourceenergy.settlement.bundle import read_bundle, write_bundle
from sourceenergy.settlement.corrections import (
    LIMIT_S,
    CorrectionRun,
    CorrectionTerms,
    correct,
    corrections_of,
)
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import Period, settle
from sourceenergy.settlement.plants import PeriodPlant
from sourceenergy.units import Wh
from strategies_energy import (
    FLAT_TARIFFS,
    NEW_YEAR,
    OPERATOR,
    a_period,
    account,
    any_wh,
    law_of_periods,
    periods,
    row,
)

STATEMENT = "5e" * 32
ESTIMATED, MEASURED, MISSING = Quality.ESTIMATED, Quality.MEASURED, Quality.MISSING
SIGNERS = [ec.derive_private_key(number, ec.SECP256R1()) for number in (11, 12, 13)]
TERMS = CorrectionTerms(
    accept_estimates=True,
    approvers=frozenset(
        (key.public_key().public_numbers().x, key.public_key().public_numbers().y)
        for key in SIGNERS[:2]
    ),
)


def record(
    period: Period, meter: int, imported: int, exported: int, quality: Quality = MEASURED
) -> MeterInterval:
    key = period.meters[meter].key
    return MeterInterval(key, NEW_YEAR, period.seconds, Wh(imported), Wh(exported), quality)


def run(period: Period, *records: MeterInterval, noted_s: int = NEW_YEAR + 86_400) -> CorrectionRun:
    new = corrections_of(period, STATEMENT, records, "the utility's data came", noted_s)
    return correct(period, settle(period), STATEMENT, (), new, TERMS)


def estimated() -> Period:
    """S08, but the tenant's 2.500 kWh were estimated."""
    return replace(s08(), quality=row(2, 0, 0, 0))


def signed(correction: Correction, *signers: int) -> Correction:
    approvals = []
    for number in signers:
        key = SIGNERS[number]
        made = key.sign(correction_digest(correction), ec.ECDSA(Prehashed(SHA256())))
        numbers = key.public_key().public_numbers()
        approvals.append(Approval(numbers.x, numbers.y, p256_low_s(*decode_dss_signature(made))))
    return replace(correction, approvals=tuple(approvals))


# --- refusals ---------------------------------------------------------------------------------


def one(period: Period, **changed: object) -> Correction:
    (found,) = corrections_of(
        period, STATEMENT, [record(period, TENANT, 2_380, 0)], "late data", NEW_YEAR + 86_400
    )
    return replace(found, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"meter": "00" * 32}, "correction.record"),
        ({"start_s": NEW_YEAR + 1}, "correction.record"),
        ({"statement": "00" * 32}, "correction.before"),
        ({"before": (2_500, 0, MEASURED)}, "correction.before"),
        ({"after": (-1, 0, MEASURED)}, "correction.energy"),
        ({"after": (0, 0, MISSING)}, "correction.missing"),
    ],
)
def test_what_is_no_correction_is_refused(changed: dict[str, object], rule: str) -> None:
    period = estimated()
    with pytest.raises((InputError, NotPermitted)) as refused:
        correct(period, settle(period), STATEMENT, (), [one(period, **changed)], TERMS)
    assert refused.value.rule == rule


def test_S10_an_unverified_meter_is_refused() -> None:
    period = estimated()
    meters = tuple(replace(m, verified=i != TENANT) for i, m in enumerate(period.meters))
    period = replace(period, meters=meters)
    with pytest.raises(NotPermitted) as refused:
        correct(period, settle(period), STATEMENT, (), [one(period)], TERMS)
    assert refused.value.rule == "correction.unverified"


def test_an_estimate_for_an_estimate_is_refused_where_estimates_are() -> None:
    period = estimated()
    guess = one(period, after=(2_400, 0, ESTIMATED))
    with pytest.raises(NotPermitted) as refused:
        correct(period, settle(period), STATEMENT, (), [guess], CorrectionTerms())
    assert refused.value.rule == "correction.estimated"


@pytest.mark.parametrize("signers", [(), (0,), (0, 0), (0, 2)])
def test_S10_an_old_correction_without_two_signatures_is_refused(
    signers: tuple[int, ...],
) -> None:
    period = estimated()
    late = one(period, noted_s=NEW_YEAR + period.seconds + LIMIT_S + 1)
    with pytest.raises(NotPermitted) as refused:
        correct(period, settle(period), STATEMENT, (), [signed(late, *signers)], TERMS)
    assert refused.value.rule == "correction.two_signatures"


def test_a_signature_of_something_else_does_not_count() -> None:
    period = estimated()
    late = one(period, noted_s=NEW_YEAR + period.seconds + LIMIT_S + 1)
    forged = replace(signed(late, 0, 1), after=(1, 0, MEASURED))
    with pytest.raises(NotPermitted):
        correct(period, settle(period), STATEMENT, (), [forged], TERMS)


# --- success ----------------------------------------------------------------------------------


def test_S10_tenant_and_prosumer_to_the_hundredth_of_a_cent() -> None:
    found = run(estimated(), record(estimated(), TENANT, 2_380, 0))
    tenant, prosumer = found.deltas
    assert (tenant.member, prosumer.member) == (TENANT, PROSUMER)
    assert tenant.dealt_bought_wh == tenant.imported_wh == -120
    assert (tenant.energy_ud, tenant.fee_ud, tenant.grid_import_wh) == (14_400, 600, 0)
    assert (prosumer.dealt_sold_wh, prosumer.energy_ud, prosumer.fee_ud) == (-120, -14_400, 0)
    # Her 0.120 kWh move to the grid line, at that interval's feed-in of 4.125 ¢.
    assert (prosumer.grid_export_wh, prosumer.grid_nd) == (120, 120 * 41_250)
    assert found.fees_ud == -600
    assert sum(found.adjustments_ud.values()) == 0


def test_S10_both_versions_stay_visible_and_the_original_is_pointed_at() -> None:
    period = estimated()
    (correction,) = run(period, record(period, TENANT, 2_380, 0)).corrections
    assert (correction.statement, correction.meter) == (STATEMENT, period.meters[TENANT].key)
    assert (correction.before, correction.after) == ((2_500, 0, ESTIMATED), (2_380, 0, MEASURED))
    assert period.imported[0, TENANT] == 2_500


def test_S10_the_same_correction_and_the_same_file_twice_change_nothing() -> None:
    period = estimated()
    first = run(period, record(period, TENANT, 2_380, 0))
    again = correct(period, settle(period), STATEMENT, first.corrections, first.corrections, TERMS)
    assert again == CorrectionRun((), (), 0, {})
    file = [record(period, TENANT, 2_380, 0), record(period, PROSUMER, 0, 3_000)]
    assert corrections_of(period, STATEMENT, file, "again", 0, first.corrections) == ()


def test_an_old_correction_with_two_signatures_counts() -> None:
    period = estimated()
    late = signed(one(period, noted_s=NEW_YEAR + period.seconds + LIMIT_S + 1), 0, 1)
    assert correct(period, settle(period), STATEMENT, (), [late], TERMS).fees_ud == -600


def test_more_use_than_counted_comes_from_the_grid() -> None:
    found = run(estimated(), record(estimated(), TENANT, 2_620, 0))
    (tenant,) = found.deltas
    assert (tenant.grid_import_wh, tenant.grid_nd, tenant.net_ud) == (120, -120 * 157_000, 0)
    assert found.adjustments_ud == {}


def test_less_production_than_sold_is_taken_from_its_buyers() -> None:
    found = run(s08(), record(s08(), PROSUMER, 0, 2_400))
    moved = {delta.member: (delta.dealt_bought_wh, delta.energy_ud) for delta in found.deltas}
    assert moved == {TENANT: (-500, 60_000), NEIGHBOUR: (-100, 12_000), PROSUMER: (0, -72_000)}
    assert [delta.grid_import_wh for delta in found.deltas] == [500, 100, 0]


def test_late_data_of_a_missing_meter_meet_the_grid() -> None:
    period = a_period([[0, 900]], [[700, 0]], quality=[[MISSING, MEASURED]])
    (late,) = run(period, record(period, 0, 0, 700)).deltas
    assert (late.exported_wh, late.grid_export_wh, late.sold_wh) == (700, 700, 0)


def test_a_correction_of_a_correction_goes_back_exactly() -> None:
    period = estimated()
    first = run(period, record(period, TENANT, 2_380, 0))
    back = corrections_of(
        period,
        STATEMENT,
        [record(period, TENANT, 2_500, 0)],
        "the first was right",
        NEW_YEAR + 2 * 86_400,
        first.corrections,
    )
    second = correct(period, settle(period), STATEMENT, first.corrections, back, TERMS)
    assert second.adjustments_ud == {a: -ud for a, ud in first.adjustments_ud.items()}


def next_period(found: CorrectionRun, before: Period, **terms: object) -> Period:
    """The next hour, in which ``found`` takes effect; nobody uses or makes anything."""
    members = len(before.members)
    after = a_period([[0] * members], [[0] * members], start_s=before.end_s)
    return replace(
        after,
        opening=settle(before).closing,
        corrections=found.corrections,
        adjustments_ud=found.adjustments_ud,
        **terms,  # type: ignore[arg-type]
    )


def test_the_operator_collects_a_correction_and_pays_it_out_in_the_next_statement() -> None:
    before = estimated()
    after = settle(next_period(run(before, record(before, TENANT, 2_380, 0)), before))
    assert after.closing[account(TENANT)].payout_ud == 15_000
    assert after.closing[account(PROSUMER)].payout_ud == 360_000  # never falls
    assert after.deposits_ud == {account(PROSUMER): 14_400, OPERATOR: 600}


def test_a_debt_waits_for_earnings_where_there_is_no_balance() -> None:
    before = estimated()
    found = run(before, record(before, TENANT, 2_380, 0))
    waiting = settle(next_period(found, before, funded=True)).closing
    assert waiting[account(PROSUMER)] == AccountState(0, 360_000, 0, -14_400)
    assert waiting[account(TENANT)].carried_ud == 15_000
    earning = a_period(
        [[0, 100, 0, 0]], [[0, 0, 100, 0]], start_s=before.end_s + 3_600, funded=True
    )
    paid = settle(
        replace(earning, opening=waiting, deposits_ud={account(NEIGHBOUR): 10**6})
    ).closing
    assert paid[account(PROSUMER)] == AccountState(0, 360_000, 0, -14_400 + 12_500)
    assert paid[account(TENANT)].payout_ud == 12_500
    assert sum(state.carried_ud for state in paid.values()) == 0


def test_a_debt_comes_out_of_a_balance_before_new_purchases() -> None:
    start = a_period([[0, 100]], [[100, 0]], funded=True)
    opening = {
        account(1): AccountState(20_000, 0, 20_000, -5_000),
        account(0): AccountState(0, 0, 0, 5_000),
    }
    closing = settle(replace(start, opening=opening)).closing
    assert closing[account(1)].carried_ud == 0
    assert closing[account(0)].payout_ud >= 5_000


def test_corrections_are_in_the_bundle_of_the_statement_in_which_they_take_effect() -> None:
    before = estimated()
    late = signed(one(before, noted_s=NEW_YEAR + before.seconds + LIMIT_S + 1), 0, 1)
    found = correct(before, settle(before), STATEMENT, (), [late], TERMS)
    period = next_period(found, before)
    read = read_bundle(write_bundle(period, FLAT_TARIFFS)).period
    assert (read.corrections, read.adjustments_ud) == ((late,), found.adjustments_ud)
    assert settle(read).closing == settle(period).closing


def test_less_use_of_a_shared_plant_leaves_more_to_its_owners() -> None:
    from settlement.test_settlement_plants import DYNAMIC, an_hour
    from sourceenergy.records import KeyVersion

    period = an_hour(KeyVersion(0, DYNAMIC), internal=(100_000, 0))
    assert isinstance(period.plants[0], PeriodPlant)
    moved = run(period, record(period, 2, 4_000, 0)).deltas
    assert sum(delta.allocated_wh for delta in moved) == -615
    assert sum(delta.provided_wh for delta in moved) == -615
    assert sum(delta.grid_export_wh for delta in moved) == 615


# --- always -----------------------------------------------------------------------------------


@law_of_periods
@given(st.data(), periods(), st.randoms(use_true_random=False))
def test_any_correction_keeps_energy_and_money_and_no_order_matters(
    data: st.DataObject, period: Period, random: Random
) -> None:
    if period.mode in {Mode.COMMUNITY_SHARING, Mode.SANDBOX_P2P}:
        period = replace(period, meters=tuple(replace(m, verified=True) for m in period.meters))
    places = st.tuples(st.sampled_from(period.starts_s), st.integers(0, len(period.meters) - 1))
    changes = data.draw(st.dictionaries(places, st.tuples(any_wh, any_wh), max_size=4))
    records = [
        MeterInterval(period.meters[m].key, start, 3_600, Wh(i), Wh(e), MEASURED)
        for (start, m), (i, e) in changes.items()
    ]
    settled = settle(period)
    new = corrections_of(period, STATEMENT, records, "", NEW_YEAR)
    together = correct(period, settled, STATEMENT, (), new, TERMS)
    assert sum(together.adjustments_ud.values()) == 0
    for taken, gave in (
        ("bought_wh", "sold_wh"),
        ("dealt_bought_wh", "dealt_sold_wh"),
        ("allocated_wh", "provided_wh"),
    ):
        assert sum(getattr(d, taken) - getattr(d, gave) for d in together.deltas) == 0
    for d in together.deltas:
        from_us = d.bought_wh + d.dealt_bought_wh + d.allocated_wh
        to_us = d.sold_wh + d.dealt_sold_wh + d.provided_wh
        assert d.imported_wh == from_us + d.grid_import_wh
        assert d.exported_wh == to_us + d.grid_export_wh
        assert max(from_us, to_us) <= 0  # the match is not re-opened
    shuffled = list(new)
    random.shuffle(shuffled)
    other = correct(period, settled, STATEMENT, (), shuffled, TERMS)
    assert (other.deltas, other.adjustments_ud) == (together.deltas, together.adjustments_ud)
