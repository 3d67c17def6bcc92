"""Readings in: who may send what, and what is said to those who may not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from small_community import NOON_S, Home, ScriptedClock, enrol, homes, node_key
from sourceenergy.edge.signer import KeySigner
from sourceenergy.errors import VerificationFailed
from sourceenergy.node.ingest import AHEAD_MS, Ingest
from sourceenergy.proofs import reading_hash
from sourceenergy.records import Reading, Receipt, Segment
from sourceenergy.sdk import Refusal, verify_receipt
from sourceenergy.store.sqlite import NOT_FOR_SETTLEMENT, Store
from strategies_energy import law_of_periods

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Gate:
    """Store, ingest and Ann's home, who has read ten times, a minute apart."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "node.sqlite")
        self.clock = ScriptedClock((NOON_S + 600) * 1000)
        neighbours = homes()
        self.ann, self.ben = neighbours["ann"], neighbours["ben"]
        enrol(self.store, neighbours)
        self.heard: list[tuple[str, int]] = []
        self.ingest = Ingest(self.store, node_key(), self.clock, self._hear)
        for minute in range(10):
            self.ann.read(NOON_S + 60 * minute, 1000 + 20 * minute, 500, 3000 + minute)

    def _hear(self, meter: str, reading: Reading) -> None:
        self.heard.append((meter, reading.sequence))

    def take(self, segment: Segment) -> Receipt:
        receipts, refused = self.ingest.take([segment])
        assert refused == []
        return receipts[0]

    def refused(self, segment: Segment) -> Refusal:
        """The refusal of a segment that changes nothing in the store."""
        before = (self.store.count_readings(), self.store.last_reading(segment.device))
        receipts, refused = self.ingest.take([segment])
        assert receipts == []
        assert (self.store.count_readings(), self.store.last_reading(segment.device)) == before
        assert refused[0].remedy
        assert refused[0].error == "ReadingRefused"
        return refused[0]

    def marks(self) -> list[tuple[int | None, str]]:
        """Sequence and rule of what the store noted, oldest first."""
        return [(sequence, rule) for _, _, sequence, rule, _ in reversed(self.store.refusals())]

    def usable(self) -> list[int]:
        """Sequences of Ann's readings that may be settled from."""
        found = (self.store.reading(self.ann.device, s) for s in range(1, 99))
        return [r.sequence for r in found if r and not r.flags & NOT_FOR_SETTLEMENT]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    gate = Gate(tmp_path)
    yield gate
    gate.store.close()


# --- refused ----------------------------------------------------------------------------------


def test_an_unknown_device_is_refused_and_fills_no_disk(gate: Gate) -> None:
    stranger = Home("stranger", KeySigner(ec.derive_private_key(666, ec.SECP256R1())))
    stranger.read(NOON_S, 1)
    refusal = gate.refused(stranger.segment())
    assert (refusal.rule, refusal.field, refusal.value) == (
        "device.unknown",
        "device",
        stranger.device,
    )
    assert gate.store.refusals() == []  # what nobody signed for is told, but not kept


def test_a_reading_signed_with_another_key_is_refused_and_kept_as_refused(gate: Gate) -> None:
    forged = gate.ben.key.sign(bytes.fromhex(reading_hash(gate.ann.made[-1])))
    refusal = gate.refused(replace(gate.ann.segment(), signature=forged))
    assert (refusal.rule, refusal.value) == ("reading.signature", forged[:119] + "…")
    assert gate.marks() == [(1, "reading.signature")]


def test_the_high_twin_of_a_signature_is_refused(gate: Gate) -> None:
    good = gate.ann.segment()
    r, s = good.signature[:64], int(good.signature[64:], 16)
    refusal = gate.refused(replace(good, signature=f"{r}{P256_ORDER - s:064x}"))
    assert refusal.rule == "reading.signature"
    assert "low s" in refusal.remedy
    gate.take(good)


@pytest.mark.parametrize("signature", ["", "zz", "00" * 64, "ff" * 64])
def test_what_is_no_signature_is_refused(gate: Gate, signature: str) -> None:
    assert gate.refused(replace(gate.ann.segment(), signature=signature)).rule == (
        "reading.signature"
    )


@pytest.mark.parametrize(
    "change", [{"imported_wh": 1}, {"utc_ms": 5}, {"produced_wh": None}, {"flags": 1}]
)
def test_a_value_changed_on_the_way_breaks_the_signature(
    gate: Gate, change: dict[str, object]
) -> None:
    good = gate.ann.segment()
    changed = (*good.readings[:-1], gate.ann.altered(10, **change))
    assert gate.refused(replace(good, readings=changed)).rule == "reading.signature"
    # One further down the segment breaks the chain to the signed head instead.
    changed = (gate.ann.altered(1, **change), *good.readings[1:])
    assert gate.refused(replace(good, readings=changed)).rule == "reading.chain"


def test_a_gap_is_refused_with_the_sequence_to_send_from(gate: Gate) -> None:
    gate.take(gate.ann.segment(1, 3))
    refusal = gate.refused(gate.ann.segment(6, 8))
    assert (refusal.rule, refusal.field, refusal.value) == ("reading.sequence.gap", "sequence", "4")
    assert refusal.message == "readings 4 to 5 are missing"
    gate.take(gate.ann.segment(4, 8))


def test_a_device_that_starts_late_is_asked_for_its_first_reading(gate: Gate) -> None:
    assert gate.refused(gate.ann.segment(2, 3)).value == "1"


def test_another_reading_under_a_sequence_that_is_held_is_refused(gate: Gate) -> None:
    gate.take(gate.ann.segment(1, 5))
    other = gate.ann.altered(5, imported_wh=9_999)
    refusal = gate.refused(gate.ann.sign([other]))
    assert (refusal.rule, refusal.value) == ("reading.equivocation", "5")
    # The same hidden before readings that would be new.
    mixed = gate.ann.sign([gate.ann.made[3], other, gate.ann.made[5]])
    assert gate.refused(mixed).rule == "reading.equivocation"
    assert gate.marks() == [(5, "reading.equivocation"), (4, "reading.equivocation")]


def test_a_broken_chain_is_refused(gate: Gate) -> None:
    assert gate.refused(gate.ann.sign([gate.ann.altered(1, previous="11" * 32)])).rule == (
        "reading.chain"
    )
    gate.take(gate.ann.segment(1, 3))
    refusal = gate.refused(gate.ann.sign([gate.ann.altered(4, previous="00" * 32)]))
    assert (refusal.rule, refusal.field) == ("reading.chain", "previous")
    assert reading_hash(gate.ann.made[2]) in refusal.remedy


def test_a_revoked_device_is_refused_after_its_last_sequence(gate: Gate) -> None:
    gate.store.put_device(gate.store.devices()[gate.ann.device]._replace(revoked_at=4))
    gate.ingest.reload_devices()
    assert gate.refused(gate.ann.segment(1, 5)).rule == "device.revoked"
    gate.take(gate.ann.segment(1, 4))
    refusal = gate.refused(gate.ann.segment(5, 5))
    assert (refusal.rule, refusal.value) == ("device.revoked", "5")
    assert "up to 4" in refusal.remedy


def test_one_refused_segment_does_not_stop_the_others(gate: Gate) -> None:
    gate.ben.read(NOON_S, 7)
    receipts, refused = gate.ingest.take([gate.ann.segment(2, 3), gate.ben.segment()])
    assert [receipt.device for receipt in receipts] == [gate.ben.device]
    assert [(r.device, r.sequence) for r in refused] == [(gate.ann.device, 2)]


# --- kept, but not settled from ---------------------------------------------------------------


def test_a_clock_that_jumps_ahead_is_kept_but_not_settled_from(gate: Gate) -> None:
    ahead_s = gate.clock.at_ms / 1000 + AHEAD_MS / 1000
    gate.ann.read(ahead_s, 1200, 500)  # just what is allowed
    gate.ann.read(ahead_s + 0.001, 1201, 500)
    gate.ann.read(2**40, 1202, 500)
    gate.take(gate.ann.segment())
    assert gate.marks() == [(12, "reading.clock.ahead"), (13, "reading.clock.ahead")]
    assert gate.usable() == list(range(1, 12))
    assert gate.store.count_readings() == 13


def test_a_clock_that_goes_back_is_kept_but_not_settled_from(gate: Gate) -> None:
    gate.ann.read(NOON_S + 540, 1200, 500)  # the same moment again
    gate.ann.read(NOON_S - 3600, 1210, 500)
    gate.ann.read(NOON_S + 541, 1220, 500)  # and forward again
    gate.take(gate.ann.segment())
    assert gate.marks() == [(11, "reading.clock.back"), (12, "reading.clock.back")]
    assert gate.usable() == [*range(1, 11), 13]


def test_a_clock_is_judged_by_the_last_good_reading_of_an_earlier_message(gate: Gate) -> None:
    gate.ann.read(2**40, 1200, 500)
    gate.take(gate.ann.segment())
    gate.ann.read(NOON_S + 570, 1201, 500)
    gate.take(gate.ann.segment(12))
    assert gate.usable() == [*range(1, 11), 12]


@pytest.mark.parametrize(("imported", "exported"), [(1179, 500), (1180, 499), (0, 0)])
def test_a_register_that_runs_backwards_is_flagged(
    gate: Gate, imported: int, exported: int
) -> None:
    gate.ann.read(NOON_S + 600, imported, exported)
    gate.ann.read(NOON_S + 630, 1190, 500)
    gate.take(gate.ann.segment())
    assert gate.marks() == [(11, "register.backwards")]
    assert gate.usable() == [*range(1, 11), 12]


# --- taken ------------------------------------------------------------------------------------


def test_readings_are_stored_with_their_fields_and_receipted(gate: Gate) -> None:
    receipt = gate.take(gate.ann.segment())
    assert (receipt.device, receipt.sequence) == (gate.ann.device, 10)
    assert receipt.head == reading_hash(gate.ann.made[-1])
    key = node_key()
    verify_receipt(receipt, (key.public_x, key.public_y))
    with pytest.raises(VerificationFailed):
        verify_receipt(replace(receipt, sequence=11), (key.public_x, key.public_y))
    with pytest.raises(VerificationFailed):
        verify_receipt(receipt, (gate.ann.key.public_x, gate.ann.key.public_y))
    stored = gate.store.reading(gate.ann.device, 4)
    assert stored is not None
    assert (stored.imported_wh, stored.exported_wh, stored.flags) == (1060, 500, 0)
    assert '"produced_wh":3003' in stored.body
    assert gate.heard == [("ann", 10)]  # the newest, once


def test_the_same_message_again_gets_a_receipt_and_changes_nothing(gate: Gate) -> None:
    first = gate.take(gate.ann.segment(1, 5))
    again = gate.take(gate.ann.segment(1, 5))
    part = gate.take(gate.ann.segment(2, 4))
    assert (again.sequence, again.head) == (first.sequence, first.head)
    assert part.sequence == 4
    assert gate.store.count_readings() == 5
    assert gate.heard == [("ann", 5)]
    assert gate.store.refusals() == []


def test_two_of_the_same_in_one_message_are_both_receipted_and_held_once(gate: Gate) -> None:
    receipts, refused = gate.ingest.take([gate.ann.segment(), gate.ann.segment()])
    assert (len(receipts), refused) == (2, [])
    assert gate.store.count_readings() == 10


def test_a_message_that_overlaps_what_is_held_adds_only_what_is_new(gate: Gate) -> None:
    gate.take(gate.ann.segment(1, 5))
    assert gate.take(gate.ann.segment(3, 8)).sequence == 8
    assert gate.store.count_readings() == 8


# --- always -----------------------------------------------------------------------------------


@law_of_periods
@given(
    cuts=st.lists(st.tuples(st.integers(1, 10), st.integers(1, 10)), max_size=12),
    seed=st.integers(0, 9),
)
def test_whatever_order_segments_come_in_the_chain_has_no_gap_and_no_double(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[int, int]], seed: int
) -> None:
    """A lossy network repeats, drops and reorders; the node holds 1, 2, 3 … as far as it came."""
    gate = Gate(tmp_path_factory.mktemp(f"gate{seed}"))
    try:
        held = 0
        for a, b in cuts:
            first, last = min(a, b), max(a, b)
            receipts, refused = gate.ingest.take([gate.ann.segment(first, last)])
            if first > held + 1:
                assert [r.rule for r in refused] == ["reading.sequence.gap"]
                assert refused[0].value == str(held + 1)
            else:
                assert receipts[0].sequence == last
                held = max(held, last)
            assert gate.store.count_readings() == held
        assert gate.usable() == list(range(1, held + 1))
    finally:
        gate.store.close()
