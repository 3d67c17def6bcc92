"""Roots, hashes and files are those of the first, row-by-row settlement (rules of version 1)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from settlement import ten_homes
from sourceenergy.proofs import (
    ZERO_HASH,
    derive_salt,
    energy_leaf_hash,
    merkle_root,
    payout_leaf_hash,
    record_leaf_hash,
)
from sourceenergy.records import MeterInterval, Quality
from sourceenergy.settlement.bundle import bundle_hash, write_bundle
from sourceenergy.settlement.columns import Members, Meters
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import Period, settle
from sourceenergy.settlement.published import (
    INTERVALS,
    Anchor,
    build_statement,
    write_member,
    write_public,
)
from sourceenergy.units import Wh
from strategies_energy import FLAT_TARIFFS, a_period, account

COMMUNITY = "0x" + "c0" * 32
ANCHOR = Anchor(31337, "0x" + "ce" * 20, COMMUNITY)
MEASURED, REPLACED, ESTIMATED, MISSING = Quality


def a_small_one(funded: bool) -> Period:
    """A shared meter, a gap, crossing plans, a leaver, a stranger's account, 10 GWh in an hour."""
    return a_period(
        [[0, 2000, 1501], [900, 400, 3], [0, 10**10, 7]],
        [[5000, 0, 700], [0, 0, 0], [10**10, 0, 1]],
        plans=["day", "tenant", "night", "day"],
        parts=[[(0, 1), (3, 2)], [(1, 1)], [(2, 1)]],
        fee=5000,
        quality=[
            [MEASURED, ESTIMATED, MEASURED],
            [MISSING, REPLACED, MEASURED],
            [MEASURED, MEASURED, MEASURED],
        ],
        funded=funded,
        opening={
            account(1): AccountState(500_000, 0, 500_000),
            account(9): AccountState(7, 3, 4),
        },
        deposits={account(2): 123_456},
        exits=frozenset([account(3)]),
        passport_ends={0: 2**33},
    )


CASES = {
    "operator collects": lambda: (a_small_one(False), FLAT_TARIFFS),
    "funded": lambda: (a_small_one(True), FLAT_TARIFFS),
    "year": lambda: (ten_homes.period(*ten_homes.synthetic()), FLAT_TARIFFS),
}
BEFORE = {
    # price root, pool root, payout root, bundle hash, SHA-256 of intervals.csv and a member's file
    "operator collects": (
        "1ab5afbfaf0c03aae7d3a470246ad7b8030dd4e9e98e0bcbc257c85d90c201ff",
        "f938137d52a722bcf5ad2aab6c40e5f4d105eaed254c25b0b2604154fae0292d",
        "359072204b090c7505fe49d5e42a9326e6ac2f467a9b0e5c260e510b060680d7",
        "381a3fc965c02b394746ff4dd6bd78a730d1eac9d24a70da5181c3a7b807edbb",
        "c7d7eb6403f4a636ea53f774d46fe172fad593172f81b48c79b7d8f9e87a61e1",
        "9c2fe8792b1e784641d927d685ee8d6c3a5e7fd45144f1a7d5ee445056bfe1fa",
    ),
    "funded": (
        "1ab5afbfaf0c03aae7d3a470246ad7b8030dd4e9e98e0bcbc257c85d90c201ff",
        "1f1b9bad49b11e588a88e8874b5701b4f9073a8101cf2353d046d82891beb720",
        "585a5240c95a08fe833dfcb24411a039e52481ec4384f7f6bb7f649e284cea71",
        "789aa2e83b9403e9db0583c2a26f60363d5e001b663820c4956db7c5ba88e4ee",
        "c7d7eb6403f4a636ea53f774d46fe172fad593172f81b48c79b7d8f9e87a61e1",
        "de9cc28c7fbf9c57da75cb024506dbc86787e4e1b097712496feeba1ac7690d0",
    ),
    "year": (
        "0f11c20f007029ce20715839aaa24e339f90a56a64ae9fc52bcb3420b2f9de12",
        "e0b2379db152469daf28bc095dab2cf064cf6301ab90b2816528c0e23be81285",
        "f53bb62a8d11b2a660d90e7c6c76462cd2cd847d88b09f2a25f5c5e7d19f1dcb",
        "297d2a56c424117617940bb51a4b9db1169dfda3893578f2bf8d42ba5221d68b",
        "88a9f17dd977b7db2ed1c0d6f8d46dbf02ad350dbb69961f3a93c0dcce383aae",
        "7f3aba17f407f4917a265247905698d70edb5b9a529ceedc1d4deaf49a315b35",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_hash_is_the_same_as_before(name: str) -> None:
    period, tariffs = CASES[name]()
    settled = settle(period)
    bundle = bundle_hash(write_bundle(period, tariffs))
    statement = build_statement(settled, period, ANCHOR, 1, ZERO_HASH, bundle)
    intervals = write_public(period, settled, ANCHOR, statement)[INTERVALS]
    member = write_member(period, settled, ANCHOR, statement, 1)
    assert (
        settled.price_root,
        settled.pool_root,
        settled.payout_root(COMMUNITY),
        bundle,
        hashlib.sha256(intervals).hexdigest(),
        hashlib.sha256(member).hexdigest(),
    ) == BEFORE[name]


@pytest.mark.parametrize("funded", [False, True])
def test_columns_settle_as_their_values_do_and_read_alike(funded: bool) -> None:
    period = a_small_one(funded)
    columns = replace(period, members=Members.of(period.members), meters=Meters.of(period.meters))
    assert columns.members == period.members
    assert columns.meters == period.meters
    assert columns.members[-1] == period.members[-1]
    assert columns.meters[1:] == list(period.meters[1:])
    assert columns.members != period.members[1:]
    with pytest.raises(IndexError):
        columns.members[4]
    assert settle(columns).closing == settle(period).closing
    assert write_bundle(columns, FLAT_TARIFFS) == write_bundle(period, FLAT_TARIFFS)


def test_leaves_hashed_together_are_those_hashed_one_by_one() -> None:
    period = a_small_one(True)
    settled = settle(period)
    leaves = settled.payout_leaves
    assert [row.tobytes() for row in leaves.hashes(COMMUNITY)] == [
        payout_leaf_hash(COMMUNITY, leaf) for leaf in leaves
    ]
    assert [row.tobytes() for row in settled.energy_leaves.hashes()] == [
        energy_leaf_hash(leaf) for leaf in settled.energy_leaves
    ]
    for t, start in enumerate(period.starts_s):
        records = [
            MeterInterval(
                "",
                start,
                period.seconds,
                Wh(int(period.imported[t, m])),
                Wh(int(period.exported[t, m])),
                Quality(period.quality[t, m]),
            )
            for m in range(len(period.meters))
        ]
        hashes = [
            record_leaf_hash(bytes.fromhex(meter.salt), record)
            for meter, record in zip(period.meters, records, strict=True)
        ]
        assert settled.prices[t].records_root == merkle_root(hashes)
    for member, leaf in zip(period.members, settled.energy_leaves, strict=True):
        assert leaf.salt == derive_salt(bytes.fromhex(member.salt), "energy").hex()
