"""What is published: public files without people in them, and a file for each member."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sourceenergy.errors import VerificationFailed
from sourceenergy.proofs import (
    ZERO_HASH,
    energy_leaf_hash,
    merkle_root,
    merkle_verify,
    payout_leaf_hash,
    price_leaf_hash,
    statement_hash,
)
from sourceenergy.settlement.bundle import bundle_hash, write_bundle
from sourceenergy.settlement.period import settle
from sourceenergy.settlement.published import (
    INTERVALS,
    STATEMENT,
    Anchor,
    build_statement,
    read_member,
    read_public,
    write_member,
    write_public,
)
from strategies_energy import FLAT_TARIFFS, a_period, account, digest

PERIOD = a_period(
    imported=[[0, 2_000, 4_000], [0, 300, 0], [1, 1, 1]],
    exported=[[3_001, 0, 0], [1_000, 0, 0], [0, 0, 0]],
    plans=["day", "day", "tenant"],
    fee=5_000,
)
SETTLED = settle(PERIOD)
ANCHOR = Anchor(31_337, "0x5fbdb2315678afecb367f032d93f642f64180aa3", "0x" + digest("elm"))
STATED = build_statement(
    SETTLED, PERIOD, ANCHOR, 1, ZERO_HASH, bundle_hash(write_bundle(PERIOD, FLAT_TARIFFS))
)


@pytest.fixture
def public() -> dict[str, bytes]:
    return write_public(PERIOD, SETTLED, ANCHOR, STATED)


@pytest.fixture
def member_file() -> bytes:
    return write_member(PERIOD, SETTLED, ANCHOR, STATED, 2)


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.95])
def test_a_cut_statement_is_refused_by_name(public: dict[str, bytes], keep: float) -> None:
    public[STATEMENT] = public[STATEMENT][: int(len(public[STATEMENT]) * keep)]
    with pytest.raises(VerificationFailed) as refusal:
        read_public(public)
    assert (refusal.value.rule, refusal.value.field) == ("published.readable", STATEMENT)


@pytest.mark.parametrize("key", ["anchor", "statement", "community", "hash"])
def test_a_statement_that_lacks_a_part_is_refused(public: dict[str, bytes], key: str) -> None:
    head = json.loads(public[STATEMENT])
    del head[key]
    public[STATEMENT] = json.dumps(head).encode()
    with pytest.raises(VerificationFailed) as refusal:
        read_public(public)
    assert refusal.value.field == STATEMENT


def test_an_interval_cut_in_its_line_is_refused_by_the_line(public: dict[str, bytes]) -> None:
    public[INTERVALS] = public[INTERVALS][:-150]
    with pytest.raises(VerificationFailed) as refusal:
        read_public(public)
    assert refusal.value.field == f"{INTERVALS} line 4"


@pytest.mark.parametrize("intervals", [b"", b"start,price\n", b"x" * 200_000])
def test_intervals_without_their_heading_are_refused(
    public: dict[str, bytes], intervals: bytes
) -> None:
    with pytest.raises(VerificationFailed) as refusal:
        read_public({**public, INTERVALS: intervals})
    assert refusal.value.field == f"{INTERVALS} line 1"


@pytest.mark.parametrize("keep", [0, 100, -3])
def test_a_cut_member_s_file_is_refused(member_file: bytes, keep: int) -> None:
    with pytest.raises(VerificationFailed) as refusal:
        read_member(member_file[:keep])
    assert refusal.value.rule == "published.readable"


@pytest.mark.parametrize("noise", [b"[]", b"{}", b"null", b'{"anchor": 1}', b"\xff"])
def test_what_is_no_member_s_file_is_refused(noise: bytes) -> None:
    with pytest.raises(VerificationFailed):
        read_member(noise)


# --- success ----------------------------------------------------------------------------------


def test_public_files_read_back_are_the_statement_and_its_prices(public: dict[str, bytes]) -> None:
    read = read_public(public)
    assert read.statement == STATED
    assert read.anchor == ANCHOR
    assert read.prices == SETTLED.prices
    assert (read.name, read.mechanism, read.version) == ("Elm Street", "pool_mmr", "1")
    assert read.hash == statement_hash(ANCHOR.chain_id, ANCHOR.clearing, STATED)


def test_the_public_can_recompute_the_price_root_and_the_conservation(
    public: dict[str, bytes],
) -> None:
    read = read_public(public)
    leaves = [price_leaf_hash(price) for price in read.prices]
    assert tuple(leaf.hex() for leaf in leaves) == read.commitments
    assert merkle_root(leaves) == read.statement.price_root
    stated = read.statement
    assert stated.deposits_ud == stated.payouts_ud + stated.balances_ud
    assert stated.local_wh <= min(stated.imported_wh, stated.exported_wh)


def test_public_files_name_no_member_no_meter_and_no_energy_of_an_interval(
    public: dict[str, bytes],
) -> None:
    text = b"".join(public.values()).decode()
    for secret in (
        *(member.account for member in PERIOD.members),
        *(member.key for member in PERIOD.members),
        *(meter.key[:16] for meter in PERIOD.meters),
        "3001",
    ):
        assert secret not in text


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_member_proves_both_leaves_against_the_statement(index: int) -> None:
    own = read_member(write_member(PERIOD, SETTLED, ANCHOR, STATED, index))
    assert own.payout_leaf.account == account(index)
    payout = payout_leaf_hash(ANCHOR.community, own.payout_leaf)
    assert merkle_verify(payout, own.payout_proof, STATED.payout_root)
    assert merkle_verify(energy_leaf_hash(own.energy_leaf), own.energy_proof, STATED.pool_root)
    assert own.statement_hash == statement_hash(ANCHOR.chain_id, ANCHOR.clearing, STATED)
    assert own.epoch == 1


def test_a_member_recomputes_the_own_money_from_the_own_meter_and_public_prices(
    member_file: bytes, public: dict[str, bytes]
) -> None:
    own = read_member(member_file)
    price = {p.start_s: p.price for p in read_public(public).prices}
    bought_nd = sum(row.bought_wh * price[row.start_s] for row in own.intervals)
    assert abs(own.bought_ud * 1_000 - bought_nd) < 1_000
    assert sum(row.bought_wh for row in own.intervals) == own.energy_leaf.local_bought_wh
    assert sum(imported for _, imported, *_ in own.intervals) == own.energy_leaf.imported_wh
    assert own.net_ud == own.sold_ud - own.bought_ud - own.fee_ud
    before, after = own.opening, own.payout_leaf
    assert after.deposited_ud == before.deposited_ud + own.deposits_ud
    assert (
        after.payout_ud + after.balance_ud
        == before.payout_ud + before.balance_ud + own.deposits_ud + own.net_ud
    )


def test_a_member_s_file_has_one_line_an_interval_and_only_the_own_numbers(
    member_file: bytes,
) -> None:
    raw: dict[str, Any] = json.loads(member_file)
    assert raw["intervals_columns"] == [
        "start_s", "imported_wh", "exported_wh", "bought_wh", "sold_wh",
    ]  # fmt: skip
    assert raw["intervals"][0] == [PERIOD.start_s, 4_000, 0, 2_001, 0]
    assert len([line for line in member_file.splitlines() if line.startswith(b"  [1")]) == 3
    assert account(1).encode() not in member_file
