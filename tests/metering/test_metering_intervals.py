"""Counts become intervals: what is refused, what is kept, and what is always true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import MeterDataError
from sourceenergy.metering.csv_file import read_csv, write_csv
from sourceenergy.metering.intervals import (
    PWH_PER_WH,
    Count,
    MeterFile,
    assembled,
    completeness,
    joined,
    resampled,
)
from sourceenergy.records import Quality
from sourceenergy.units import ENERGY_MAX_WH

T0 = 1_767_243_600  # 2026-01-01T05:00:00Z, midnight in Toronto
QUARTER, HOUR = 900, 3600


def count(
    start_s: int, wh: int | None, seconds: int = QUARTER, quality: Quality = Quality.MEASURED
) -> Count:
    if wh is None:
        return Count(start_s, seconds, None, Quality.MISSING)
    return Count(start_s, seconds, wh * PWH_PER_WH, quality)


def file_of(*counts: Count, meter: str = "home-1") -> MeterFile:
    return assembled(meter, counts, [c._replace(pwh=c.pwh and 0) for c in counts])


def total(file: MeterFile) -> tuple[int, int]:
    return sum(i.imported_wh for i in file.intervals), sum(i.exported_wh for i in file.intervals)


# Refusals


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ("interval.duplicate", [count(T0, 5), count(T0, 6)]),
        ("interval.duplicate", [count(T0, 5), count(T0, None)]),
        ("interval.overlap", [count(T0, 5, HOUR), count(T0 + QUARTER, 1)]),
        ("interval.overlap", [count(T0, 5, HOUR), count(T0, 1)]),
        ("interval.alignment", [count(T0 + 60, 5)]),
        ("interval.length", [count(T0, 5, 86_400)]),
        ("energy.sign", [count(T0, -1)]),
        ("energy.range", [count(T0, ENERGY_MAX_WH + 1)]),
        ("file.empty", []),
    ],
)
def test_rows_that_break_a_rule_are_refused_by_name(rule: str, counts: list[Count]) -> None:
    with pytest.raises(MeterDataError) as refusal:
        assembled("home-1", counts, None)
    assert refusal.value.rule == rule
    assert refusal.value.remedy
    assert "home-1" in refusal.value.message


def test_a_duplicate_names_meter_time_and_both_values() -> None:
    with pytest.raises(MeterDataError, match=r"home-1 .*2026-01-01T05:00:00Z.* 5 Wh and 6 Wh"):
        assembled("home-1", [count(T0, 5), count(T0, 6)], None)


@pytest.mark.parametrize("seconds", [QUARTER, 1800, 300, 7200])
def test_hours_are_not_cut_into_parts(seconds: int) -> None:
    with pytest.raises(MeterDataError) as refusal:
        resampled(file_of(count(T0, 5, HOUR)), seconds)
    assert refusal.value.rule == "interval.resolution"


def test_ten_minutes_do_not_make_a_quarter_hour() -> None:
    with pytest.raises(MeterDataError) as refusal:
        resampled(file_of(count(T0, 5, 600)), QUARTER)
    assert refusal.value.rule == "interval.resolution"


def test_two_files_of_one_meter_are_not_counted_twice() -> None:
    with pytest.raises(MeterDataError) as refusal:
        completeness([file_of(count(T0, 5)), file_of(count(T0, 6))], T0, T0 + HOUR, QUARTER)
    assert refusal.value.rule == "meter.duplicate"


def test_files_of_two_meters_are_not_joined() -> None:
    with pytest.raises(MeterDataError) as refusal:
        joined([file_of(count(T0, 5)), file_of(count(T0, 5), meter="home-2")])
    assert refusal.value.rule == "meter.mixed"


def test_a_span_must_be_whole_intervals() -> None:
    with pytest.raises(MeterDataError) as refusal:
        completeness([], T0 + 1, T0 + HOUR, QUARTER)
    assert refusal.value.rule == "interval.alignment"


# What is kept


def test_identical_rows_are_dropped_with_a_warning_and_the_worse_quality_stays() -> None:
    twice = [count(T0, 5), count(T0, 5, quality=Quality.ESTIMATED)]
    file = assembled("home-1", twice, None)
    assert [(i.imported_wh, i.quality) for i in file.intervals] == [(5, Quality.ESTIMATED)]
    assert any("1 identical repeated row(s) dropped" in warning for warning in file.warnings)


def test_rows_in_any_order_come_out_in_order_of_time() -> None:
    file = file_of(count(T0 + QUARTER, 2), count(T0, 1))
    assert [i.imported_wh for i in file.intervals] == [1, 2]


def test_a_direction_the_file_lacks_is_zero_and_said_so() -> None:
    file = assembled("home-1", [count(T0, 5)], None)
    assert total(file) == (5, 0)
    assert "no exported energy" in file.warnings[0]


def test_an_interval_that_only_one_direction_has_is_missing() -> None:
    file = assembled("home-1", [count(T0, 5), count(T0 + QUARTER, 6)], [count(T0, 1)])
    assert [i.quality for i in file.intervals] == [Quality.MEASURED, Quality.MISSING]
    assert total(file) == (5, 1)


def test_an_hour_that_lacks_a_quarter_is_missing_and_the_worst_quality_wins() -> None:
    parts = [count(T0 + i * QUARTER, 1) for i in range(7)]
    parts[1] = parts[1]._replace(quality=Quality.REPLACED)
    hours = resampled(file_of(*parts), HOUR)
    assert [(i.imported_wh, i.quality) for i in hours.intervals] == [
        (4, Quality.REPLACED),
        (0, Quality.MISSING),
    ]


def test_mixed_lengths_are_summed_to_the_longest() -> None:
    quarters = [count(T0 + i * QUARTER, 1) for i in range(4)]
    file = assembled("home-1", [*quarters, count(T0 + HOUR, 9, HOUR)], None)
    assert file.seconds == HOUR
    assert [i.imported_wh for i in file.intervals] == [4, 9]
    assert any("15, 60 min were summed" in warning for warning in file.warnings)


def test_two_months_of_one_meter_join() -> None:
    whole = joined([file_of(count(T0 + QUARTER, 2)), file_of(count(T0, 1))])
    assert [i.imported_wh for i in whole.intervals] == [1, 2]


def test_completeness_counts_qualities_and_merges_what_is_missing() -> None:
    file = file_of(
        count(T0, 1),
        count(T0 + QUARTER, 2, quality=Quality.ESTIMATED),
        count(T0 + 2 * QUARTER, None),
        count(T0 + 4 * QUARTER, 3, quality=Quality.REPLACED),
    )
    (report,) = completeness([file], T0, T0 + 6 * QUARTER, QUARTER)
    assert (report.expected, report.measured, report.replaced, report.estimated) == (6, 1, 1, 1)
    assert report.missing == 3
    assert report.missing_spans == (
        (T0 + 2 * QUARTER, T0 + 4 * QUARTER),
        (T0 + 5 * QUARTER, T0 + 6 * QUARTER),
    )


@pytest.mark.parametrize(
    ("start_s", "end_s", "quarters"),
    [
        (1_772_946_000, 1_773_028_800, 92),  # 2026-03-08, Toronto's clocks go forward
        (1_793_505_600, 1_793_595_600, 100),  # 2026-11-01, they go back
    ],
)
def test_days_on_which_clocks_change_have_92_and_100_quarters(
    start_s: int, end_s: int, quarters: int
) -> None:
    file = file_of(*[count(s, 1) for s in range(start_s, end_s, QUARTER)])
    (report,) = completeness([file], start_s, end_s, QUARTER)
    assert (report.expected, report.measured, report.missing) == (quarters, quarters, 0)


# What is always true


@given(st.lists(st.integers(0, ENERGY_MAX_WH // 12), min_size=1, max_size=30))
def test_resampling_keeps_every_watt_hour(values: list[int]) -> None:
    padded = values + [0] * (-len(values) % 12)
    file = file_of(*[count(T0 + i * 300, wh, 300) for i, wh in enumerate(padded)])
    for seconds in (600, QUARTER, 1800, HOUR):
        assert total(resampled(file, seconds)) == total(file)
    assert resampled(resampled(file, QUARTER), HOUR) == resampled(file, HOUR)


@given(st.lists(st.integers(0, 10**16), min_size=1, max_size=40))
def test_whole_watt_hours_never_stray_from_the_exact_total(pwh: list[int]) -> None:
    counts = [Count(T0 + i * HOUR, HOUR, v, Quality.MEASURED) for i, v in enumerate(pwh)]
    file = assembled("home-1", counts, None)
    done = exact = 0
    for interval, value in zip(file.intervals, pwh, strict=True):
        done, exact = done + interval.imported_wh, exact + value
        assert 0 <= exact - done * PWH_PER_WH < PWH_PER_WH


@given(
    st.lists(
        st.tuples(
            st.integers(0, ENERGY_MAX_WH), st.integers(0, ENERGY_MAX_WH), st.sampled_from(Quality)
        ),
        min_size=1,
        max_size=30,
    )
)
def test_a_csv_round_trip_changes_nothing(rows: list[tuple[int, int, Quality]]) -> None:
    def side(column: int) -> list[Count]:
        return [count(T0 + i * HOUR, r[column], HOUR, r[2]) for i, r in enumerate(rows)]

    file = assembled("home-1", side(0), side(1))
    assert read_csv(write_csv(file), "home-1") == file
    assert write_csv(read_csv(write_csv(file), "home-1")) == write_csv(file)


@given(st.permutations(range(8)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    counts = [Count(T0 + i * HOUR, HOUR, i * 10**11 * 7, Quality.MEASURED) for i in range(8)]
    assert assembled("m", [counts[i] for i in order], None) == assembled("m", counts, None)
