"""Every kWh once: through whom members count, and the pool of an interval with its proofs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.aggregated_market.belonging import Belonging
from sourceenergy.economy.aggregated_market.cascade import (
    ReceiverClass,
    Sale,
    Terms,
    cascade,
    revenue_down,
)
from sourceenergy.errors import InputError
from sourceenergy.proofs import p256_low_s
from sourceenergy.settlement.contributions import (
    Arrived,
    Contribution,
    EnergyPool,
    Source,
    adds_up,
    check_path,
    contribution_digest,
    contributors,
    pool_interval,
    pool_path,
)
from sourceenergy.settlement.rollup import class_totals, rolled_up
from sourceenergy.units import Ud, Wh
from strategies_energy import NEW_YEAR, account, digest, ints, law

HOUR = 3_600
CLOSE = NEW_YEAR + HOUR + 900
PERSON, TRUST, CDE = ReceiverClass.INDIVIDUAL, ReceiverClass.TRUST, ReceiverClass.ENTITY
NAMES = ("prosumer", "prosumer 2", "H1", "H2", "C1", "C2")
KEYS = {name: ec.derive_private_key(100 + i, ec.SECP256R1()) for i, name in enumerate(NAMES)}
PUBLIC = {
    digest(name): (key.public_key().public_numbers().x, key.public_key().public_numbers().y)
    for name, key in KEYS.items()
}


def signed(contribution: Contribution, name: str) -> Contribution:
    bare = contribution_digest(contribution)
    made = KEYS[name].sign(bare, ec.ECDSA(Prehashed(SHA256())))
    return replace(contribution, signature=p256_low_s(*decode_dss_signature(made)))


def gives(kind: ReceiverClass, name: str, **sources: tuple[int, int]) -> Contribution:
    """A signed contribution; sources by name, with energy and need [Wh]."""
    parts = tuple(
        Source(digest(who), Wh(energy), Wh(need), digest(f"salt {who}"))
        for who, (energy, need) in sources.items()
    )
    bare = Contribution(
        kind,
        digest(name),
        NAMES.index(name) + 1,
        account(NAMES.index(name)),
        NEW_YEAR,
        HOUR,
        Wh(sum(part.energy_wh for part in parts)),
        Wh(sum(part.need_wh for part in parts)),
        parts,
        "",
    )
    return signed(bare, name)


PROSUMER = gives(PERSON, "prosumer", roof=(90_000, 1_000))
PROSUMER_2 = gives(PERSON, "prosumer 2", roof_2=(30_000, 2_000))
H1 = gives(TRUST, "H1", trustee_a=(50_000, 3_000), trustee_b=(20_000, 0))
H2 = gives(TRUST, "H2", trustee_c=(10_500, 500))
C1 = gives(CDE, "C1", school=(300_000, 9_000), pool=(49_500, 0))
LATE = gives(CDE, "C2", arena=(70_000, 0))
ALL = (PROSUMER, PROSUMER_2, H1, H2, C1)


def pooled(*more: Arrived, before: tuple[EnergyPool, ...] = ()) -> EnergyPool:
    arrived = [Arrived(one, CLOSE - 60) for one in ALL] if not before else []
    return pool_interval(NEW_YEAR, HOUR, CLOSE, [*arrived, *more], PUBLIC, before)


def now(contribution: Contribution) -> Arrived:
    return Arrived(contribution, CLOSE - 1)


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (PROSUMER, "pool.duplicate"),
        (replace(LATE, signature=""), "pool.signature"),
        (replace(LATE, signature=PROSUMER.signature), "pool.signature"),
        (signed(LATE, "C1"), "pool.signature"),
        (signed(replace(LATE, energy_wh=Wh(70_001)), "C2"), "pool.sum"),
        (signed(replace(LATE, start_s=NEW_YEAR + HOUR), "C2"), "pool.interval"),
        (gives(CDE, "C2", arena=(-1, 0)), "pool.energy"),
        # Trustee A counts in H1, so not a second time as an individual, nor twice in one.
        (gives(CDE, "C2", trustee_a=(50_000, 0)), "pool.counted"),
    ],
)
def test_S17_what_may_not_be_in_the_pool_is_refused_and_listed(
    wrong: Contribution, rule: str
) -> None:
    pool = pooled(now(wrong))
    assert [(one.contribution, one.rule) for one in pool.refused] == [(wrong, rule)]
    assert pool.total_wh == 550_000


def test_S17_a_kwh_in_two_pools_is_refused() -> None:
    first = pooled()
    again = pool_interval(NEW_YEAR, HOUR, CLOSE, [now(C1)], PUBLIC, [first])
    assert [one.rule for one in again.refused] == ["pool.duplicate"]
    elsewhere = gives(CDE, "C2", school=(300_000, 0))
    other = pool_interval(NEW_YEAR, HOUR, CLOSE, [now(elsewhere)], PUBLIC, [first])
    assert [one.rule for one in other.refused] == ["pool.counted"]


def test_a_source_that_is_not_in_the_pool_has_no_path() -> None:
    with pytest.raises(InputError) as refused:
        pool_path(pooled(), digest("arena"))
    assert refused.value.rule == "pool.source"


# --- success ----------------------------------------------------------------------------------


def test_S17_one_large_asset_of_550_kwh() -> None:
    pool = pooled()
    assert pool.energy_wh == {PERSON: 120_000, TRUST: 80_500, CDE: 349_500}
    assert pool.need_wh == {PERSON: 3_000, TRUST: 3_500, CDE: 9_000}
    assert (pool.total_wh, pool.total_need_wh) == (550_000, 15_500)
    assert not pool.refused
    assert not pool.late
    other = pool_interval(NEW_YEAR, HOUR, CLOSE, [now(one) for one in ALL[::-1]], PUBLIC)
    assert (other.root, other.token) == (pool.root, pool.token)


@pytest.mark.parametrize(("who", "through"), [("roof", PROSUMER), ("trustee_a", H1)])
def test_S17_a_proof_leads_from_a_wh_to_the_pool(who: str, through: Contribution) -> None:
    pool = pooled()
    path = pool_path(pool, digest(who))
    assert path.contribution == replace(through, sources=())
    assert check_path(path, pool.root)
    more = replace(path, source=replace(path.source, energy_wh=Wh(path.source.energy_wh + 1)))
    assert not check_path(more, pool.root)
    swollen = replace(path.contribution, energy_wh=Wh(path.contribution.energy_wh + 1))
    assert not check_path(replace(path, contribution=swollen), pool.root)


@pytest.mark.parametrize("index", range(len(ALL)))
def test_S17_without_any_contributor_the_sum_breaks(index: int) -> None:
    pool = pooled()
    assert adds_up(pool)
    left = tuple(one for i, one in enumerate(pool.contributions) if i != index)
    assert not adds_up(replace(pool, contributions=left))


def test_S17_the_late_cde_enters_the_correction_run() -> None:
    first = pooled(Arrived(LATE, CLOSE))
    assert (first.total_wh, first.late, first.refused) == (550_000, (LATE,), ())
    run = pool_interval(NEW_YEAR, HOUR, CLOSE + 86_400, [Arrived(LATE, CLOSE)], PUBLIC, [first])
    assert (run.run, run.total_wh, run.token) == (1, 70_000, first.token)


def test_S17_feeds_the_cascade_of_S19() -> None:
    pool = pooled()
    revenue = revenue_down(pool.total_wh, 60_000)
    assert revenue == 33_000_000
    sale = Sale(1, 0, Ud(revenue), "00" * 32)
    down = cascade(sale, Terms(10_000, 20_000), contributors(pool))
    assert {level.name: level.amount_ud for level in down.levels} == {
        "individuals": 6_980_000,
        "trusts": 4_690_000,
        "entities": 20_340_000,
    }
    assert [share.amount_ud for share in down.levels[0].shares] == [5_240_000, 1_740_000]


def test_a_member_joins_a_trust_at_a_second_in_the_middle_of_a_month() -> None:
    """At 00:20 of the second hour: 20 and 40 minutes of its 1,000 Wh, in whole watt-hours."""
    moves = [Belonging("ann", "H1", NEW_YEAR + HOUR + 1_200)]
    energy = ints([[700, 10], [1_000, 20], [500, 30]])
    starts = [NEW_YEAR + HOUR * t for t in range(3)]
    owners = rolled_up(energy, ["ann", "ben"], moves, starts, HOUR)
    assert {name: owner.energy.tolist() for name, owner in owners.items()} == {
        "H1": [0, 667, 500],
        "ann": [700, 333, 0],
        "ben": [10, 20, 30],
    }
    assert class_totals(owners, {"H1": TRUST}) == {PERSON: 1_093, TRUST: 1_167, CDE: 0}
    assert owners["H1"].parts["ann"].tolist() == [0, 667, 500]


# --- always -----------------------------------------------------------------------------------


@law
@given(
    st.lists(st.lists(st.integers(0, 9_000), min_size=3, max_size=3), min_size=1, max_size=5),
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["H1", "H2", "a", "b"]),
            st.integers(-HOUR, 6 * HOUR),
        ),
        max_size=6,
        unique_by=lambda one: (one[0], one[2]),
    ),
)
def test_whoever_moves_whenever_no_watt_hour_is_lost_or_doubled(
    rows: list[list[int]], moved: list[tuple[str, str, int]]
) -> None:
    energy = ints(rows)
    moves = [Belonging(who, owner, NEW_YEAR + second) for who, owner, second in moved]
    starts = [NEW_YEAR + HOUR * t for t in range(len(rows))]
    owners = rolled_up(energy, ["a", "b", "c"], moves, starts, HOUR)
    total = np.sum([owner.energy for owner in owners.values()], axis=0)
    assert total.tolist() == energy.sum(axis=1).tolist()
    assert all((owner.energy >= 0).all() for owner in owners.values())
    for i, who in enumerate(("a", "b", "c")):
        mine = np.sum([o.parts[who] for o in owners.values() if who in o.parts], axis=0)
        assert mine.tolist() == energy[:, i].tolist()
