"""The engine's memory: one sequence one reading, whatever happens to disk, node or process."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from sourceenergy import proofs
from sourceenergy.edge.outbox import Outbox, Tail
from sourceenergy.edge.registers import SiteRegisters, start
from sourceenergy.errors import InputError, InvariantBroken, Unavailable, VerificationFailed
from sourceenergy.records import ClockState, Reading, Receipt
from sourceenergy.sdk import VerifiedReceipt
from sourceenergy.units import Wh

DEVICE = "0x" + "ab" * 32
SIGNATURE = "12" * 64


def reading_after(tail: Tail, device: str = DEVICE) -> Reading:
    return Reading(
        device=device,
        sequence=tail.sequence + 1,
        boot_id="cd" * 16,
        utc_ms=1_767_225_600_000 + tail.sequence * 60_000,
        clock=ClockState.SYNCED,
        clock_uncertainty_ms=1,
        monotonic_ns=tail.sequence,
        imported_wh=Wh(1000 + tail.sequence),
        exported_wh=Wh(0),
        produced_wh=None,
        imported_w=60,
        exported_w=0,
        produced_w=None,
        battery_charge_w=None,
        battery_discharge_w=None,
        battery_soc_permille=None,
        flags=0,
        previous=tail.hash,
    )


def registers_of(reading: Reading) -> SiteRegisters:
    return SiteRegisters(start(reading.imported_wh), start(0))


def fill(outbox: Outbox, count: int, *, segment: int = 1) -> None:
    """Append ``count`` readings, sealed every ``segment``."""
    for _ in range(count):
        reading = reading_after(outbox.tail())
        outbox.append(reading, registers_of(reading))
        if outbox.unsealed() == segment:
            outbox.seal(reading.sequence, SIGNATURE)


def receipt_for(outbox: Outbox, sequence: int) -> VerifiedReceipt:
    """What the node would give; the outbox's own test of it is the hash."""
    hashes = {
        reading.sequence: proofs.reading_hash(reading)
        for segment in outbox.unsent(10_000)
        for reading in segment.readings
    }
    return VerifiedReceipt(Receipt(DEVICE, sequence, hashes[sequence], SIGNATURE))


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "home" / "outbox.sqlite", DEVICE) as opened:
        yield opened


# --- refusals


def test_a_reading_that_does_not_follow_the_last_is_not_stored(outbox: Outbox) -> None:
    fill(outbox, 2)
    tail = outbox.tail()
    good = reading_after(tail)
    for wrong in (
        replace(good, sequence=tail.sequence),  # the sequence once more: equivocation
        replace(good, sequence=tail.sequence + 2),
        replace(good, previous=proofs.ZERO_HASH),
        replace(good, device="0x" + "ef" * 32),
    ):
        with pytest.raises(InvariantBroken) as refused:
            outbox.append(wrong, registers_of(wrong))
        assert refused.value.rule == "outbox.chain"
    assert outbox.tail() == tail


def test_a_receipt_for_another_reading_lets_nothing_go(outbox: Outbox) -> None:
    fill(outbox, 3)
    good = receipt_for(outbox, 2)
    for wrong in (
        replace(good, head="00" * 32),
        replace(good, sequence=9),
        replace(good, device="0x" + "ef" * 32),
    ):
        with pytest.raises(VerificationFailed) as refused:
            outbox.acknowledge(VerifiedReceipt(wrong))
        assert refused.value.rule == "receipt.head"
    assert outbox.acknowledged() == 0
    assert len(outbox.unsent(100)) == 3


def test_an_outbox_of_another_device_is_refused(tmp_path: Path) -> None:
    Outbox(tmp_path / "outbox.sqlite", DEVICE).close()
    with pytest.raises(InputError) as refused:
        Outbox(tmp_path / "outbox.sqlite", "0x" + "ef" * 32)
    assert refused.value.rule == "outbox.device"


def test_a_second_engine_on_the_same_outbox_is_refused(outbox: Outbox, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        Outbox(tmp_path / "home" / "outbox.sqlite", DEVICE)
    assert refused.value.rule == "outbox.taken"
    assert refused.value.remedy == "stop the other engine"


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite").write_text("not a database, but long enough to look at" * 100)
    with pytest.raises(InputError) as refused:
        Outbox(tmp_path / "outbox.sqlite", DEVICE)
    assert refused.value.rule == "outbox.damaged"


def test_a_changed_reading_is_found_before_it_is_built_on(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.sqlite", DEVICE) as outbox:
        fill(outbox, 2)
    with apsw.Connection(str(tmp_path / "outbox.sqlite")) as db:
        db.execute("UPDATE reading SET body = replace(body, '1001', '1002') WHERE sequence = 2")
    db.close()
    with Outbox(tmp_path / "outbox.sqlite", DEVICE) as outbox, pytest.raises(InputError) as refused:
        outbox.tail()
    assert refused.value.rule == "outbox.damaged"
    assert "reading 2" in refused.value.message


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable) as refused:
        Outbox(tmp_path / "file" / "outbox.sqlite", DEVICE)
    assert refused.value.rule == "outbox.writable"


@contextmanager
def full_disk(file_most: int) -> Iterator[None]:
    """No file of this process may grow past ``file_most`` bytes, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_nothing_half_done_and_passes(outbox: Outbox, tmp_path: Path) -> None:
    fill(outbox, 5, segment=10)
    before = outbox.tail(), outbox.registers(), outbox.unsealed()
    reading = reading_after(outbox.tail())
    wal = tmp_path / "home" / "outbox.sqlite-wal"
    with full_disk(wal.stat().st_size), pytest.raises(Unavailable) as refused:
        outbox.append(reading, registers_of(reading))
    assert refused.value.rule == "outbox.writable"
    assert "free space" in refused.value.remedy
    assert (outbox.tail(), outbox.registers(), outbox.unsealed()) == before
    outbox.append(reading, registers_of(reading))
    assert outbox.tail().sequence == 6


# --- success


def test_sequence_chain_and_registers_are_found_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    with Outbox(path, DEVICE) as outbox:
        assert outbox.tail() == Tail(0, proofs.ZERO_HASH, None)
        assert outbox.registers() is None
        reading = reading_after(outbox.tail())
        site = SiteRegisters(start(1000), replace(start(5), waited_ms=7), start(9))
        digest = outbox.append(reading, site)
    with Outbox(path, DEVICE) as outbox:
        assert outbox.tail() == Tail(1, digest, reading.utc_ms)
        assert digest == proofs.reading_hash(reading)
        assert outbox.registers() == site


def test_only_sealed_segments_are_sent(outbox: Outbox) -> None:
    fill(outbox, 7, segment=3)
    assert [[r.sequence for r in s.readings] for s in outbox.unsent(100)] == [[1, 2, 3], [4, 5, 6]]
    assert outbox.unsealed() == 1
    outbox.seal(7, SIGNATURE)
    assert outbox.unsealed() == 0
    assert [len(segment.readings) for segment in outbox.unsent(100)] == [3, 3, 1]
    assert [len(segment.readings) for segment in outbox.unsent(1)] == [3]


def test_a_receipt_lets_go_of_all_but_the_last_reading(outbox: Outbox) -> None:
    fill(outbox, 6, segment=2)
    assert outbox.acknowledge(receipt_for(outbox, 4)) == 4
    assert [s.readings[0].sequence for s in outbox.unsent(100)] == [5]
    last = receipt_for(outbox, 6)
    assert outbox.acknowledge(last) == 2
    assert outbox.acknowledge(last) == 0  # the same once more
    assert (outbox.unsent(100), outbox.unsealed(), outbox.tail().sequence) == ([], 0, 6)
    fill(outbox, 1)
    assert outbox.tail().sequence == 7


def test_a_refused_segment_is_set_aside_and_taken_up_again_when_the_chain_needs_it(
    outbox: Outbox,
) -> None:
    fill(outbox, 6, segment=2)
    reason = {"rule": "reading.jump", "message": "too much"}
    second = outbox.unsent(100)[1]
    assert outbox.set_aside(second, reason)
    assert not outbox.set_aside(second, reason)  # nothing new
    assert [s.readings[0].sequence for s in outbox.unsent(100)] == [1, 5]
    assert outbox.refusals() == [(3, 4, reason)]
    assert outbox.send_again(3)
    assert [s.readings[0].sequence for s in outbox.unsent(100)] == [1, 3, 5]
    outbox.acknowledge(receipt_for(outbox, 6))
    assert outbox.refusals() == []
    assert not outbox.send_again(3)


# --- always


CHILD = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_edge_outbox import reading_after, registers_of, DEVICE, SIGNATURE
from sourceenergy.edge.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]), DEVICE)
while True:
    reading = reading_after(outbox.tail())
    digest = outbox.append(reading, registers_of(reading))
    print(reading.sequence, digest, flush=True)  # the signature leaves here
    if outbox.unsealed() >= 3:
        outbox.seal(reading.sequence, SIGNATURE)
"""


def test_kill_9_never_loses_repeats_or_changes_a_released_reading(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    released: dict[int, str] = {}
    for round_number in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path), str(Path(__file__).parent)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        lines = [child.stdout.readline()]  # it has begun
        time.sleep(0.05 + 0.013 * round_number)
        child.kill()
        lines += child.communicate()[0].splitlines()
        for line in lines:
            if len(line.split()) == 2 and len(line.split()[1]) == 64:
                sequence, digest = line.split()
                assert int(sequence) not in released, "a sequence was used twice"
                released[int(sequence)] = digest

    with Outbox(path, DEVICE) as outbox:
        outbox.seal(outbox.tail().sequence, SIGNATURE)
        stored = [r for segment in outbox.unsent(1 << 30) for r in segment.readings]
    assert len(released) > 10
    assert [reading.sequence for reading in stored] == list(range(1, len(stored) + 1))
    previous = proofs.ZERO_HASH
    for reading in stored:
        assert reading.previous == previous
        previous = proofs.reading_hash(reading)
        assert released.get(reading.sequence, previous) == previous
    assert max(released) <= len(stored)
