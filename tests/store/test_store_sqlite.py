"""The store: what was written stays, what failed left nothing, what is foreign is refused."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import apsw
import pytest

from sourceenergy.errors import Unavailable
from sourceenergy.records import MeterInterval, Quality
from sourceenergy.store.schema import VERSION
from sourceenergy.store.sqlite import (
    NOT_FOR_SETTLEMENT,
    Store,
    StoredDevice,
    StoredIntent,
    StoredPeriod,
    StoredReading,
)
from sourceenergy.units import Wh

DEVICE = "0x" + "d1" * 32
ANN, BEN = "0x" + "a1" * 20, "0x" + "b1" * 20


def reading(sequence: int, utc_ms: int = 0, flags: int = 0) -> StoredReading:
    return StoredReading(
        sequence, utc_ms or sequence * 60_000, f"{sequence:064x}", 100 * sequence, 0, flags, "{}"
    )


def record(meter: str, start_s: int, imported_wh: int) -> tuple[MeterInterval, int | None]:
    return MeterInterval(meter, start_s, 900, Wh(imported_wh), Wh(0), Quality.MEASURED), None


def intent(name: str, nonce: int, sender: str = ANN) -> StoredIntent:
    return StoredIntent(name, sender, nonce, "pending", None, "{}")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "node.sqlite")


def again(store: Store) -> Store:
    """The same file opened anew."""
    store.close()
    return Store(store.path)


# --- refused --------------------------------------------------------------------------------


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        Store(tmp_path)
    assert refused.value.rule == "store.available"
    assert refused.value.field == str(tmp_path)
    assert refused.value.remedy == "check the path and permissions"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(Unavailable) as refused:
        Store(tmp_path / "data" / "node.sqlite")
    assert refused.value.rule == "store.available"


def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "node.sqlite"
    path.write_text("dear diary, " * 100)
    with pytest.raises(Unavailable, match="not a store"):
        Store(path)
    assert path.read_text() == "dear diary, " * 100


@pytest.mark.skipif(os.getuid() == 0, reason="root may write read-only files")
def test_a_read_only_file_is_refused(store: Store) -> None:
    store.close()
    store.path.chmod(0o400)
    with pytest.raises(Unavailable) as refused:
        Store(store.path).set_meta("key", "value")
    assert refused.value.rule == "store.available"


def test_a_store_of_another_version_is_refused_by_number(store: Store) -> None:
    store.close()
    other = apsw.Connection(str(store.path))
    other.execute(f"PRAGMA user_version={VERSION + 1}")
    other.close()
    with pytest.raises(Unavailable, match=f"schema {VERSION + 1}, .* needs {VERSION}") as refused:
        Store(store.path)
    assert refused.value.rule == "store.version"


def test_a_second_writer_is_refused_by_name_and_nothing_is_lost(store: Store) -> None:
    other = apsw.Connection(str(store.path))
    other.execute("BEGIN IMMEDIATE")
    store._db.set_busy_timeout(50)
    with pytest.raises(Unavailable, match="another process writes the store"):
        store.set_meta("key", "value")
    other.execute("ROLLBACK")
    store.set_meta("key", "value")
    assert store.meta("key") == "value"


# --- together or not at all -------------------------------------------------------------------


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction():
        store.set_meta("a", "1")
        store.set_meta("b", "2")
        raise RuntimeError("the process stops here")
    assert again(store).meta("a") is None


def test_a_segment_with_one_reading_that_is_there_adds_none(store: Store) -> None:
    store.add_segment(DEVICE, [reading(1), reading(2)], "s2")
    with pytest.raises(apsw.ConstraintError):
        store.add_segment(DEVICE, [reading(3), reading(2)], "s3")
    assert store.count_readings() == 2
    assert store.last_reading(DEVICE) == reading(2)


def test_an_interval_is_closed_once_with_all_its_records(store: Store) -> None:
    store.add_interval(900, 900, 1, [record("ann", 900, 5), record("ben", 900, 6)], {"price": 1})
    with pytest.raises(apsw.ConstraintError):
        store.add_interval(900, 900, 1, [record("cleo", 900, 7)], {"price": 2})
    with pytest.raises(apsw.ConstraintError):  # a meter twice in one interval
        store.add_interval(1800, 900, 1, [record("ann", 1800, 5), record("ann", 1800, 6)], {})
    assert [r.imported_wh for r, _ in store.records(0, 9999)] == [5, 6]
    assert store.intervals(0, 9999) == [(900, {"price": 1})]
    assert store.last_interval() == 900


def test_intents_are_added_all_or_none_each_intent_and_nonce_once(store: Store) -> None:
    assert store.add_intents([intent("mint", 0), intent("deposit", 1)])
    assert not store.add_intents([intent("post", 2), intent("mint", 3)])  # the intent is taken
    assert not store.add_intents([intent("post", 2), intent("withdraw", 1)])  # the nonce is taken
    assert store.intent("post") is None
    assert store.add_intents([intent("post", 1, sender=BEN)])  # another sender's nonces
    assert (store.last_nonce(ANN), store.last_nonce(BEN), store.last_nonce("0x")) == (1, 1, None)


def test_updating_an_intent_never_changes_whose_it_is(store: Store) -> None:
    store.add_intents([intent("mint", 0)])
    store.update_intent(StoredIntent("mint", BEN, 9, "mined", 7, '{"done":1}'))
    assert store.intent("mint") == StoredIntent("mint", ANN, 0, "mined", 7, '{"done":1}')
    assert [row.intent for row in store.find_intents(ANN, 5, 7)] == ["mint"]  # by its block
    assert store.find_intents(ANN, 5, 8) == []


# --- what was written stays -------------------------------------------------------------------


def test_everything_is_there_when_it_is_opened_again(store: Store) -> None:
    device = StoredDevice(DEVICE, "ann", 2**255 + 1, 7, None)
    store.put_device(device)
    store.add_segment(DEVICE, [reading(1)], "s1")
    store.add_refusal(5, DEVICE, 2, "reading.chain", "no")
    store.open_period(StoredPeriod(1, 900, 1800, {ANN: [3, 1, 2]}, {ANN: 5}, [BEN]))
    store.add_statement(1, {"epoch": 1}, "h1", {ANN: (8, 1, 7)})
    store.mark_posted(1, 12, "0xtx", 99)
    salt = store.secret("member:ann")
    store = again(store)
    assert store.devices() == {DEVICE: device}
    assert store.reading(DEVICE, 1) == reading(1)
    assert store.refusals() == [(5, DEVICE, 2, "reading.chain", "no")]
    assert store.last_period() == StoredPeriod(1, 900, 1800, {ANN: [3, 1, 2]}, {ANN: 5}, [BEN])
    assert store.statement(1) == (1, {"epoch": 1}, "h1", {ANN: [8, 1, 7]}, "posted", 12, "0xtx", 99)
    assert store.secret("member:ann") == salt != store.secret("member:ben")
    assert len(salt) == 32


def _write_until_killed(path: Path, told: multiprocessing.SimpleQueue[int]) -> None:
    store = Store(path)
    for sequence in range(1, 10_000):
        store.add_segment(DEVICE, [reading(2 * sequence - 1), reading(2 * sequence)], "s")
        told.put(2 * sequence)


def test_after_kill_9_all_that_was_answered_for_is_there_in_whole_segments(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    told: multiprocessing.SimpleQueue[int] = spawn.SimpleQueue()
    writer = spawn.Process(target=_write_until_killed, args=(tmp_path / "node.sqlite", told))
    writer.start()
    answered = 0
    while answered < 40:
        answered = told.get()
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    while not told.empty():
        answered = told.get()
    held = Store(tmp_path / "node.sqlite").count_readings()
    assert held >= answered
    assert held % 2 == 0


def test_no_interval_is_settled_from_a_marked_reading(store: Store) -> None:
    rows = [reading(1, 1000), reading(2, 9000, NOT_FOR_SETTLEMENT), reading(3, 5000)]
    store.add_segment(DEVICE, rows, "s")
    assert store.last_reading(DEVICE) == rows[2]
    assert store.bracket(DEVICE, 3000) == (rows[0], rows[2])
    assert store.bracket(DEVICE, 5000) == (rows[2], rows[2])
    assert store.bracket(DEVICE, 6000) is None
    assert store.bracket(DEVICE, 500) is None
    assert (store.first_usable(DEVICE), store.last_usable(DEVICE)) == (rows[0], rows[2])


# --- money ------------------------------------------------------------------------------------


def test_a_deposit_is_counted_in_one_period_only(store: Store) -> None:
    store.add_deposits([(5, 0, "0x1", ANN, 100), (5, 1, "0x1", BEN, 70)])
    store.add_deposits([(5, 0, "0x1", ANN, 100)])  # read again
    assert store.new_deposits() == {ANN: 100, BEN: 70}
    store.open_period(StoredPeriod(1, 0, 900, {}, store.new_deposits(), []))
    assert store.new_deposits() == {}
    store.add_deposits([(8, 0, "0x2", ANN, 30)])
    assert store.new_deposits() == {ANN: 30}


def test_a_deposit_that_moves_when_the_chain_goes_back_is_counted_once(store: Store) -> None:
    store.add_deposits([(5, 0, "0x1", ANN, 100)])
    store.open_period(StoredPeriod(1, 0, 900, {}, store.new_deposits(), []))
    store.add_deposits([(6, 3, "0x1", ANN, 100)], from_block=4)
    assert store.new_deposits() == {}


def test_an_exit_is_served_in_the_next_period_and_never_forgotten(store: Store) -> None:
    store.add_exits([(BEN, 7)])
    store.add_exits([(BEN, 7)])
    assert store.new_exits() == [BEN]
    store.open_period(StoredPeriod(1, 0, 900, {}, {}, store.all_exits()))
    assert (store.new_exits(), store.all_exits()) == ([], [BEN])


def test_a_vetoed_statement_stays_vetoed_and_is_never_built_on(store: Store) -> None:
    for epoch in (1, 2, 3):
        store.add_statement(epoch, {"epoch": epoch}, f"h{epoch}", {})
    store.mark_vetoed(2, 3)
    store.mark_posted(3, 9, "0xtx", 1)
    assert [s.state for s in store.statements()] == ["vetoed", "vetoed", "ready"]
    accepted = store.last_accepted()
    assert accepted is not None
    assert accepted.epoch == 1
    assert [s.epoch for s in store.statements(1)] == [3]
