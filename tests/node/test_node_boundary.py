"""Registers at the edges of intervals: nothing is lost or made where two intervals meet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_community import NOON_S, QUARTER_S
from sourceenergy.node.boundary import between, metered
from sourceenergy.records import MeterInterval, Quality
from sourceenergy.store.sqlite import NOT_FOR_SETTLEMENT, Store, StoredReading
from strategies_energy import law_of_periods

DEVICE = "0x" + "d1" * 32
Row = tuple[float, int] | tuple[float, int, int] | tuple[float, int, int, int | None]


def stored(number: int, row: Row, flags: int = 0) -> StoredReading:
    """A reading: seconds after noon, imported, exported and produced registers [Wh]."""
    after_s, imported, exported, produced = (*row, 0, None)[:4] if len(row) < 4 else row
    body = json.dumps({"produced_wh": produced})
    at_ms = round((NOON_S + after_s) * 1000)
    return StoredReading(number, at_ms, f"{number:064x}", imported, exported, flags, body)


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[Callable[[Sequence[Row]], Store]]:
    """A store that holds one meter's readings."""
    stores: list[Store] = []

    def held(rows: Sequence[Row]) -> Store:
        store = Store(tmp_path / f"{len(stores)}.sqlite")
        stores.append(store)
        store.add_segment(DEVICE, [stored(i, row) for i, row in enumerate(rows, start=1)], "s")
        return store

    yield held
    for store in stores:
        store.close()


Meter = Callable[[Sequence[Row]], Store]


def interval(store: Store, number: int = 0, seconds: int = QUARTER_S) -> MeterInterval:
    """The record of the quarter-hour ``number`` after noon."""
    return metered(store, DEVICE, "ann", NOON_S + number * seconds, seconds)[0]


# --- missing and estimated --------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        [(1, 100), (950, 200)],  # nothing before the start
        [(-1, 100), (899.999, 200)],  # nothing after the end
        [(-900, 100), (-1, 200)],
        [(901, 100), (1900, 200)],
        [(400, 100)],
    ],
)
def test_without_readings_around_both_edges_the_interval_is_missing(
    meter: Meter, rows: Sequence[Row]
) -> None:
    store = meter(rows)
    record, produced = metered(store, DEVICE, "ann", NOON_S, QUARTER_S)
    assert record == ("ann", NOON_S, QUARTER_S, 0, 0, Quality.MISSING)
    assert produced is None


def test_an_unknown_meter_is_missing_and_not_zero(tmp_path: Path) -> None:
    store = Store(tmp_path / "node.sqlite")
    assert interval(store).quality is Quality.MISSING


def test_marked_readings_count_for_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "node.sqlite")
    rows = [stored(1, (0, 100)), stored(2, (450, 9999), NOT_FOR_SETTLEMENT), stored(3, (900, 160))]
    store.add_segment(DEVICE, rows, "s")
    assert interval(store) == ("ann", NOON_S, QUARTER_S, 60, 0, Quality.MEASURED)


@pytest.mark.parametrize(
    ("rows", "quality"),
    [
        ([(-450, 0), (450, 100), (1350, 200)], Quality.MEASURED),  # as far apart as an interval
        ([(-451, 0), (450, 100), (1350, 200)], Quality.ESTIMATED),
        ([(-450, 0), (450, 100), (1351, 200)], Quality.ESTIMATED),
        ([(-3600, 0), (7200, 100)], Quality.ESTIMATED),
        ([(0, 0), (900, 100)], Quality.MEASURED),  # on the edges: no estimate at all
        ([(-1, 0), (1, 5), (899, 95), (901, 100)], Quality.MEASURED),
    ],
)
def test_an_edge_between_readings_far_apart_is_an_estimate(
    meter: Meter, rows: Sequence[Row], quality: Quality
) -> None:
    assert interval(meter(rows)).quality is quality


# --- even rise --------------------------------------------------------------------------------


def test_between_two_readings_a_register_rises_evenly_rounded_down() -> None:
    before, after = stored(1, (0, 100, 10, 7)), stored(2, (90, 200, 20, 8))
    thirds = [between(before, after, (NOON_S + s) * 1000) for s in (0, 30, 60, 89, 90)]
    assert [edge.imported_wh for edge in thirds] == [100, 133, 166, 198, 200]
    assert [edge.exported_wh for edge in thirds] == [10, 13, 16, 19, 20]
    assert [edge.produced_wh for edge in thirds] == [7, 7, 7, 7, 8]
    assert {edge.gap_ms for edge in thirds} == {90_000}


def test_a_reading_on_the_edge_is_the_edge() -> None:
    reading = stored(1, (0, 100, 10, None))
    assert between(reading, reading, NOON_S * 1000) == (100, 10, None, 0)


def test_energy_of_an_interval_is_the_difference_of_its_edges(meter: Meter) -> None:
    store = meter([(-60, 1000, 50), (240, 1100, 50), (840, 1200, 70), (1140, 1300, 80)])
    # 12:00 lies 1/5 into 1000…1100, 12:15 lies 1/5 into 1200…1300.
    assert interval(store) == ("ann", NOON_S, QUARTER_S, 1220 - 1020, 72 - 50, Quality.MEASURED)


def test_produced_energy_is_told_only_where_it_is_known(meter: Meter) -> None:
    known = meter([(0, 0, 0, 100), (900, 0, 0, 150)])
    assert metered(known, DEVICE, "ann", NOON_S, QUARTER_S)[1] == 50
    silent = meter([(0, 0, 0, 100), (900, 0, 0, None)])
    record, produced = metered(silent, DEVICE, "ann", NOON_S, QUARTER_S)
    assert (record.quality, produced) == (Quality.MEASURED, None)  # None is not zero


def test_an_inverter_that_was_swapped_made_nothing_rather_than_less(meter: Meter) -> None:
    assert (
        metered(meter([(0, 0, 0, 900), (900, 0, 0, 3)]), DEVICE, "ann", NOON_S, QUARTER_S)[1] == 0
    )


# --- always -----------------------------------------------------------------------------------

steps = st.lists(
    st.tuples(st.integers(1, 5_000_000), st.integers(0, 3_000), st.integers(0, 3_000)),
    min_size=2,
    max_size=60,
)


@law_of_periods
@given(steps=steps, seconds=st.sampled_from([300, 900, 1800, 3600]))
def test_the_energy_of_a_day_is_its_register_difference_exactly(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, int]], seconds: int
) -> None:
    """Whenever readings come (ms): intervals telescope, and none is ever negative."""
    at_ms, imported, exported = NOON_S * 1000 - 1, 10**6, 10**6
    rows = []
    for number, (wait_ms, more_in, more_out) in enumerate(steps, start=1):
        rows.append(StoredReading(number, at_ms, f"{number:064x}", imported, exported, 0, "{}"))
        at_ms, imported, exported = at_ms + wait_ms, imported + more_in, exported + more_out
    store = Store(tmp_path_factory.mktemp("day") / "node.sqlite")
    try:
        store.add_segment(DEVICE, rows, "s")
        count = (rows[-1].utc_ms - NOON_S * 1000) // (seconds * 1000)
        records = [interval(store, n, seconds) for n in range(count)]
        assert all(r.quality is not Quality.MISSING for r in records)
        assert all(min(r.imported_wh, r.exported_wh) >= 0 for r in records)
        if records:
            whole = metered(store, DEVICE, "ann", NOON_S, seconds * count)[0]
            assert sum(r.imported_wh for r in records) == whole.imported_wh
            assert sum(r.exported_wh for r in records) == whole.exported_wh
        assert interval(store, count, seconds).quality is Quality.MISSING
    finally:
        store.close()
