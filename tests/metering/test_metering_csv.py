"""The CSV meter file: interval energy or registers, with the clock changes of Toronto."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import MeterDataError
from sourceenergy.metering.csv_file import read_csv
from sourceenergy.metering.detect import read_meter_file
from sourceenergy.metering.intervals import MeterFile, completeness
from sourceenergy.records import Quality

TORONTO = ZoneInfo("America/Toronto")
T0 = 1_767_243_600  # 2026-01-01T05:00:00Z


def refusal(text: str | bytes, time_zone: str | None = None) -> MeterDataError:
    with pytest.raises(MeterDataError) as caught:
        read_csv(text, "home-1", time_zone=time_zone)
    assert caught.value.rule
    assert caught.value.remedy
    return caught.value


def imported(file: MeterFile) -> list[int]:
    return [i.imported_wh for i in file.intervals]


def registers(*values: object, column: str = "import_register_wh") -> str:
    rows = [
        f"{datetime.fromtimestamp(T0 + i * 900, UTC):%Y-%m-%dT%H:%M:%SZ},{value}"
        for i, value in enumerate(values)
    ]
    return "\n".join([f"start,{column}", *rows])


# Refusals: the form of the file


@pytest.mark.parametrize(
    ("rule", "header"),
    [
        ("csv.unit", "start,imported_w"),
        ("csv.unit", "start,imported_kw"),
        ("csv.unit", "start,imported_mwh"),
        ("csv.column", "start,imported_wh,note"),
        ("csv.column", "start,imported_wh,imported_wh"),
        ("csv.column", "start,imported_wh,imported_kwh"),
        ("csv.column", "start,imported_wh,export_register_wh"),
        ("csv.column", "imported_wh,exported_wh"),
        ("csv.column", "start,quality"),
        ("csv.column", ""),
    ],
)
def test_a_header_with_wrong_columns_is_refused(rule: str, header: str) -> None:
    assert refusal(f"{header}\n2026-01-01T05:00Z,1,1\n").rule == rule


def test_power_instead_of_energy_is_named() -> None:
    error = refusal("start,imported_w,exported_w\n2026-01-01T05:00Z,1,1\n")
    assert (error.rule, error.value) == ("csv.unit", "imported_w")


@pytest.mark.parametrize(
    ("rule", "row"),
    [
        ("csv.row", "2026-01-01T05:00Z"),
        ("csv.row", "2026-01-01T05:00Z,1,2,3"),
        ("csv.number", "2026-01-01T05:00Z,1e3,measured"),
        ("csv.number", "2026-01-01T05:00Z,nan,measured"),
        ("csv.number", "2026-01-01T05:00Z,0x10,measured"),
        ("csv.number", "2026-01-01T05:00Z,١٢,measured"),
        ("csv.number", f"2026-01-01T05:00Z,{'9' * 5000},measured"),
        ("energy.sign", "2026-01-01T05:00Z,-3,measured"),
        ("csv.quality", "2026-01-01T05:00Z,1,guessed"),
        ("csv.time", "yesterday,1,measured"),
        ("csv.time", "2026-02-30T05:00Z,1,measured"),
        ("csv.time", "2026-01-01,1,measured"),
        ("csv.time", ",1,measured"),
        ("time.range", "0001-01-01T05:00+14:00,1,measured"),
        ("time.range", "1970-01-01T00:00+05:00,1,measured"),
        ("time.zone", "2026-01-01T05:00,1,measured"),
        ("csv.malformed", '2026-01-01T05:00Z,"1"2,measured'),
    ],
)
def test_a_row_that_cannot_be_read_is_refused(rule: str, row: str) -> None:
    text = f"start,imported_wh,quality\n2026-01-01T04:00Z,1,measured\n{row}\n"
    assert refusal(text).rule == rule


def test_a_row_is_named_by_its_line() -> None:
    error = refusal("start,imported_wh\n2026-01-01T05:00Z,1\n2026-01-01T06:00Z,1;5\n")
    assert "line 3" in error.message


def test_a_cut_file_is_refused() -> None:
    assert refusal("start,imported_wh\n2026-01-01T05:00Z,1\n2026-01-01T0").rule == "csv.row"


def test_text_in_another_encoding_is_refused() -> None:
    assert refusal("start,imported_wh\n2026-01-01T05:00Z,é\n".encode("latin-1")).rule == (
        "csv.encoding"
    )


def test_one_row_does_not_tell_its_length() -> None:
    assert refusal("start,imported_wh\n2026-01-01T05:00Z,1\n").rule == "interval.length"
    file = read_csv("start,seconds,imported_wh\n2026-01-01T05:00Z,3600,1\n", "home-1")
    assert file.seconds == 3600


@pytest.mark.parametrize("seconds", ["0", "-900", "900.0", "86400"])
def test_a_length_no_market_uses_is_refused(seconds: str) -> None:
    error = refusal(f"start,seconds,imported_wh\n2026-01-01T05:00Z,{seconds},1\n")
    assert error.rule in {"csv.number", "interval.length"}


def test_daily_rows_are_refused_for_their_length() -> None:
    text = "start,imported_kwh\n2026-01-01T05:00Z,1\n2026-01-02T05:00Z,1\n"
    assert refusal(text).rule == "interval.length"


# Refusals: registers


def test_a_register_that_runs_backwards_names_meter_time_and_both_values() -> None:
    error = refusal(registers(1000, 1010, 900, 910))
    assert error.rule == "register.backwards"
    assert "home-1" in error.message
    assert "2026-01-01T05:30:00Z" in error.message
    assert error.value == "1010 Wh then 900 Wh"


@pytest.mark.parametrize("values", [(1000, 1010, 1009), (1000, 1010, 1008.9, 1020)])
def test_a_dip_is_only_a_glitch_if_small_and_recovered(values: tuple[object, ...]) -> None:
    assert refusal(registers(*values)).rule == "register.backwards"


def test_a_register_with_two_values_at_one_time_is_refused() -> None:
    text = registers(1000, 1010) + "\n2026-01-01T05:15Z,1011\n"
    assert refusal(text).rule == "interval.duplicate"


def test_a_negative_register_is_refused() -> None:
    assert refusal(registers(-10, 5)).rule == "energy.sign"


def test_a_register_read_between_intervals_is_refused() -> None:
    text = registers(1000, 1010, 1020, 1030) + "\n2026-01-01T05:50Z,1035\n"
    assert refusal(text).rule == "interval.overlap"


# Success


def test_interval_energy_in_both_directions() -> None:
    file = read_csv(
        "start,imported_wh,exported_wh,quality\n"
        "2026-01-01T00:00:00-05:00,120,0,measured\n"
        "2026-01-01T00:15:00-05:00,,,\n"
        "2026-01-01T05:30:00Z,0,33,Estimated\n",
        "home-1",
    )
    assert file.seconds == 900
    assert file.warnings == ()
    assert [i[1:] for i in file.intervals] == [
        (T0, 900, 120, 0, Quality.MEASURED),
        (T0 + 900, 900, 0, 0, Quality.MISSING),
        (T0 + 1800, 900, 0, 33, Quality.ESTIMATED),
    ]


def test_an_empty_cell_is_missing_and_never_zero() -> None:
    file = read_csv(
        "start,imported_wh,exported_wh\n2026-01-01T05:00Z,5,\n2026-01-01T06:00Z,5,0\n", "home-1"
    )
    assert [i.quality for i in file.intervals] == [Quality.MISSING, Quality.MEASURED]


def test_values_in_a_row_called_missing_are_not_used() -> None:
    file = read_csv(
        "start,imported_wh,quality\n2026-01-01T05:00Z,5,missing\n2026-01-01T06:00Z,5,\n", "home-1"
    )
    assert imported(file) == [0, 5]
    assert any("not used" in warning for warning in file.warnings)


def test_kilowatt_hours_are_exact_and_fractions_are_carried() -> None:
    rows = "".join(f"2026-01-01T{5 + i:02}:00Z,0.1003\n" for i in range(10))
    file = read_csv(f"start,imported_kwh\n{rows}", "home-1")
    assert imported(file) == [100, 100, 100, 101, 100, 100, 101, 100, 100, 101]
    assert sum(imported(file)) == 1003


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter() -> None:
    text = "\ufeffStart , Imported_Wh\r\n2026-01-01T05:00Z,1\r\n\r\n2026-01-01T06:00Z,2\r\n"
    assert imported(read_csv(text, "home-1")) == [1, 2]
    assert imported(read_csv(text.encode(), "home-1")) == [1, 2]


def test_registers_make_one_interval_less_than_rows() -> None:
    text = registers("1000,5", "1010,5", "1025,9", column="import_register_wh,export_register_wh")
    file = read_csv(text, "home-1")
    assert [(i.start_s, i.imported_wh, i.exported_wh) for i in file.intervals] == [
        (T0, 10, 0),
        (T0 + 900, 15, 4),
    ]


def test_a_register_glitch_holds_the_last_value() -> None:
    file = read_csv(registers(1000, 1010, 1009.9, 1020), "home-1")
    assert imported(file) == [10, 0, 10]
    assert [i.quality for i in file.intervals] == [
        Quality.MEASURED,
        Quality.REPLACED,
        Quality.REPLACED,
    ]
    assert any("dipped" in warning for warning in file.warnings)


def test_a_gap_between_register_readings_is_missing_not_spread() -> None:
    file = read_csv(registers(1000, 1010, "", 1030, 1040), "home-1")
    assert [(i.start_s - T0, i.imported_wh) for i in file.intervals] == [(0, 10), (2700, 10)]
    (report,) = completeness([file], T0, T0 + 3600, 900)
    assert report.missing_spans == ((T0 + 900, T0 + 2700),)
    assert any("20 Wh" in warning for warning in file.warnings)


# Local times


def local_rows(day: datetime, hours: int) -> list[str]:
    """The wall-clock starts of the quarter-hours of one local day."""
    first = day.replace(tzinfo=TORONTO).astimezone(UTC)
    times = [first + timedelta(minutes=15 * i) for i in range(4 * hours)]
    return [f"{t.astimezone(TORONTO):%Y-%m-%dT%H:%M},1" for t in times]


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 3, 8), 23), (datetime(2026, 11, 1), 25)]
)
def test_local_days_on_which_clocks_change_are_complete(day: datetime, hours: int) -> None:
    rows = local_rows(day, hours)
    file = read_csv("\n".join(["start,imported_wh", *rows]), "home-1", time_zone="America/Toronto")
    start_s = int(day.replace(tzinfo=TORONTO).timestamp())
    (report,) = completeness([file], start_s, start_s + hours * 3600, 900)
    assert (report.expected, report.measured) == (4 * hours, 4 * hours)


def test_a_time_that_clocks_skip_is_refused() -> None:
    text = "start,imported_wh\n2026-03-08T01:00,1\n2026-03-08T02:00,1\n"
    assert refusal(text, "America/Toronto").rule == "time.nonexistent"


def test_local_times_must_stand_in_order() -> None:
    text = "start,imported_wh\n2026-11-01T03:00,1\n2026-11-01T02:00,1\n"
    assert refusal(text, "America/Toronto").rule == "time.order"


@pytest.mark.parametrize("zone", ["Toronto", "../etc/passwd", "America", "EST 5"])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    assert refusal("start,imported_wh\n2026-11-01T03:00,1\n", zone).rule == "time.zone"


def test_an_offset_counts_more_than_the_time_zone() -> None:
    text = "start,imported_wh\n2026-01-01T05:00Z,1\n2026-01-01T05:15Z,1\n"
    assert read_csv(text, "home-1", time_zone="America/Toronto") == read_csv(text, "home-1")


# Detection


@pytest.mark.parametrize(
    "data",
    [b"", b"%PDF-1.7", b"PK\x03\x04", b"{}", b"\x1f\x8b\x08", "start,x".encode("utf-16")],
)
def test_files_of_other_kinds_are_refused(data: bytes) -> None:
    with pytest.raises(MeterDataError) as caught:
        read_meter_file("january.csv", data, "home-1")
    assert caught.value.rule == "file.format"
    assert "january.csv" in caught.value.message


def test_the_content_tells_and_the_refusal_names_the_file() -> None:
    text = b"start,imported_wh\n2026-01-01T05:00Z,1\n2026-01-01T06:00Z,2\n"
    assert imported(read_meter_file("january.xml", text, "home-1")) == [1, 2]
    with pytest.raises(MeterDataError, match=r"january\.xml: line 2"):
        read_meter_file("january.xml", b"start,imported_wh\nx,1\n", "home-1")


# What is always true


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30), st.integers(0, 10**12))
def test_registers_and_their_differences_are_the_same_file(steps: list[int], first: int) -> None:
    states = [first]
    for step in steps:
        states.append(states[-1] + step)
    by_register = read_csv(registers(*states), "home-1", seconds=900)
    by_interval = read_csv(registers(*steps, column="imported_wh"), "home-1", seconds=900)
    assert by_register == by_interval


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_watt_hours_and_kilowatt_hours_are_the_same_file(values: list[int]) -> None:
    in_kwh = [f"{v // 1000}.{v % 1000:03}" for v in values]
    assert read_csv(registers(*in_kwh, column="imported_kwh"), "m", seconds=900) == read_csv(
        registers(*values, column="imported_wh"), "m", seconds=900
    )


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_name(data: bytes) -> None:
    for start in (b"", b"start,imported_wh\n", b"<feed"):
        try:
            assert read_meter_file("x", start + data, "home-1").intervals
        except MeterDataError as error:
            assert error.rule
