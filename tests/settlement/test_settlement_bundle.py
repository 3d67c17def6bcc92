"""The audit bundle: what is altered or cut is refused by name; the rest replays to the roots."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import SourceEnergyError, VerificationFailed
from sourceenergy.records import Mode, Quality
from sourceenergy.settlement.bundle import (
    PERIOD,
    RECORDS,
    SHORT,
    TARIFFS,
    bundle_hash,
    read_bundle,
    write_bundle,
)
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import Period, settle
from strategies_energy import (
    FLAT_TARIFFS,
    NEW_YEAR,
    a_period,
    account,
    digest,
    law_of_periods,
    periods,
)

Files = dict[str, bytes]

GIVEN = a_period(
    imported=[[0, 2_000, 4_000], [0, 300, 0]],
    exported=[[3_001, 0, 0], [1_000, 0, 0]],
    plans=["day", "day", "tenant"],
    fee=5_000,
    mode=Mode.COMMUNITY_SHARING,
    quality=[[Quality.MEASURED, Quality.REPLACED, Quality.ESTIMATED], [Quality.MEASURED] * 3],
    passport_ends={2: NEW_YEAR + 3_600},
    funded=True,
    opening={account(1): AccountState(900_000, 100, 899_900)},
    deposits={account(2): 5_000_000},
    exits=frozenset({account(7)}),
)
FIRST = digest("meter 0")[:SHORT]
COLUMNS = ("start", "meter", "imported_wh", "exported_wh", "quality", "commitment")


@pytest.fixture
def files() -> Files:
    return write_bundle(GIVEN, FLAT_TARIFFS)


def change_record(files: Files, line: int, column: str, value: str) -> None:
    lines = files[RECORDS].decode().splitlines()
    cells = lines[line].split(",")
    cells[COLUMNS.index(column)] = value
    lines[line] = ",".join(cells)
    files[RECORDS] = ("\n".join(lines) + "\n").encode()


def change_head(files: Files, change: Callable[[dict[str, Any]], object]) -> None:
    head = json.loads(files[PERIOD])
    change(head)
    files[PERIOD] = json.dumps(head).encode()


def roots(period: Period) -> tuple[str, str, str]:
    settled = settle(period)
    return settled.price_root, settled.pool_root, settled.payout_root("0x" + "c0" * 32)


# --- refusals: altered ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("imported_wh", "1"),
        ("exported_wh", "3002"),
        ("exported_wh", "-3001"),
        ("quality", "estimated"),
        ("quality", "missing"),
        ("commitment", "00" * 32),
    ],
)
def test_one_watt_hour_changed_names_meter_and_interval(
    files: Files, column: str, value: str
) -> None:
    change_record(files, 1, column, value)
    (message,) = read_bundle(files).altered
    assert f"meter {FIRST}, interval 2026-01-01T05:00:00Z" in message
    assert "not what was committed to" in message


def test_a_record_moved_to_another_hour_is_named(files: Files) -> None:
    change_record(files, 1, "start", "2026-01-01T06:00:00Z")
    first, second = read_bundle(files).altered
    assert f"meter {FIRST}, interval 2026-01-01T06:00:00Z" in first
    assert "second record (line 5)" in second


def test_a_record_there_twice_in_place_of_another_is_named(files: Files) -> None:
    lines = files[RECORDS].splitlines(keepends=True)
    files[RECORDS] = b"".join([*lines[:2], lines[1], *lines[3:]])
    (message,) = read_bundle(files).altered
    assert message == f"meter {FIRST}, interval 2026-01-01T05:00:00Z: a second record (line 3)"


def test_a_changed_record_changes_the_bundle_s_hash_and_the_roots(files: Files) -> None:
    before = bundle_hash(files)
    change_record(files, 1, "exported_wh", "3002")
    assert bundle_hash(files) != before
    assert roots(read_bundle(files).period) != roots(GIVEN)


# --- refusals: cut or malformed ---------------------------------------------------------------


@pytest.mark.parametrize("name", [PERIOD, RECORDS, TARIFFS])
def test_a_file_that_is_not_there_is_named(files: Files, name: str) -> None:
    del files[name]
    with pytest.raises(VerificationFailed, match="not in the bundle") as refusal:
        read_bundle(files)
    assert refusal.value.field == name


@pytest.mark.parametrize("name", [PERIOD, RECORDS, TARIFFS])
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_a_cut_file_is_named(files: Files, name: str, keep: float) -> None:
    files[name] = files[name][: int(len(files[name]) * keep)]
    with pytest.raises(VerificationFailed) as refusal:
        read_bundle(files)
    assert refusal.value.field.startswith(name)
    assert refusal.value.rule == "bundle.readable"


def test_a_file_cut_at_the_end_of_a_line_lacks_records(files: Files) -> None:
    files[RECORDS] = b"".join(files[RECORDS].splitlines(keepends=True)[:-1])
    with pytest.raises(VerificationFailed, match="has 5 records, 6 are needed"):
        read_bundle(files)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("start", "yesterday"),
        ("start", "2026-01-01T05:30:00Z"),
        ("start", "2026-01-01T05:00:00"),  # whose midnight?
        ("meter", "another"),
        ("imported_wh", "1.5"),
        ("imported_wh", ""),
        ("imported_wh", "1" + "0" * 30),
        ("exported_wh", str(2**63)),
        ("quality", "guessed"),
        ("quality", "x" * 200_000),
        ("commitment", "a,b"),
    ],
)
def test_a_record_that_cannot_be_read_names_its_line(files: Files, column: str, value: str) -> None:
    change_record(files, 2, column, value)
    with pytest.raises(VerificationFailed) as refusal:
        read_bundle(files)
    assert refusal.value.field == f"{RECORDS} line 3"


NONSENSE: dict[str, Callable[[dict[str, Any]], object]] = {
    "no mode": lambda head: head.pop("mode"),
    "an unknown mode": lambda head: head.update(mode="free_market"),
    "intervals of no length": lambda head: head.update(interval_seconds=0),
    "eight thousand years": lambda head: head.update(end="9999-01-01T00:00:00Z"),
    "a start in nobody's zone": lambda head: head.update(start="2026-01-01T05:00:00"),
    "a list of accounts": lambda head: head.update(opening=[]),
    "no meters": lambda head: head.update(meters=[]),
    "a salt that is no hex": lambda head: head["meters"][0].update(salt="no hex"),
    "a meter of no member": lambda head: head["meters"][0].update(parts=[[9, 1]]),
    "a short pseudonym": lambda head: head["members"][0].update(key="abcd"),
    "a short account": lambda head: head["members"][0].update(account="0x12"),
    "a plan not in the bundle": lambda head: head["members"][0].update(plan="no such plan"),
}


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_terms_that_make_no_sense_are_refused_before_anything_is_settled(
    files: Files, nonsense: str
) -> None:
    change_head(files, NONSENSE[nonsense])
    with pytest.raises(VerificationFailed) as refusal:
        read_bundle(files)
    assert refusal.value.rule == "bundle.readable"


# --- success ----------------------------------------------------------------------------------


def test_a_bundle_read_back_is_the_period_it_was_written_from(files: Files) -> None:
    read = read_bundle(files)
    assert read.altered == ()
    arrays = ("imported", "exported", "quality")
    for name in arrays:
        assert (getattr(read.period, name) == getattr(GIVEN, name)).all()
    plain: dict[str, Any] = dict.fromkeys(arrays)
    assert replace(read.period, **plain) == replace(GIVEN, **plain)
    assert roots(read.period) == roots(GIVEN)


def test_the_same_period_gives_the_same_bytes(files: Files) -> None:
    assert write_bundle(read_bundle(files).period, FLAT_TARIFFS) == files


def test_the_hash_covers_names_and_bytes_in_any_order(files: Files) -> None:
    whole = bundle_hash(files)
    assert bundle_hash(dict(reversed(files.items()))) == whole
    swapped = {**files, PERIOD: files[TARIFFS], TARIFFS: files[PERIOD]}
    assert bundle_hash(swapped) != whole
    for name in files:
        assert bundle_hash({**files, name: files[name] + b" "}) != whole


# --- always -----------------------------------------------------------------------------------


@law_of_periods
@given(st.one_of(periods(), periods(funded=True)))
def test_whatever_was_settled_is_replayed_to_the_same_roots(period: Period) -> None:
    read = read_bundle(write_bundle(period, FLAT_TARIFFS))
    assert read.altered == ()
    assert roots(read.period) == roots(period)


@law_of_periods
@given(st.sampled_from([PERIOD, RECORDS, TARIFFS]), st.data())
def test_noise_is_refused_by_name_never_by_a_crash(name: str, data: st.DataObject) -> None:
    files = write_bundle(GIVEN, FLAT_TARIFFS)
    place = data.draw(st.integers(0, len(files[name]) - 1))
    noise = data.draw(st.binary(max_size=4))
    files[name] = files[name][:place] + noise + files[name][place + len(noise) + 1 :]
    try:
        settle(read_bundle(files).period)
    except SourceEnergyError as refusal:
        assert refusal.remedy
