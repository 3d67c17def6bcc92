"""Green Button files: hostile, foreign, odd and good ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import MeterDataError
from sourceenergy.metering.green_button import QUALITIES, read_green_button
from sourceenergy.metering.intervals import MeterFile
from sourceenergy.records import Quality

T0 = 1_767_243_600  # 2026-01-01T05:00:00Z
ENERGY = {
    "accumulationBehaviour": 4,
    "commodity": 1,
    "flowDirection": 1,
    "kind": 12,
    "powerOfTenMultiplier": 0,
    "uom": 72,
}
REVERSE = ENERGY | {"flowDirection": 19}
GAS = ENERGY | {"commodity": 7, "uom": 169}
Rows = Sequence[tuple[int, int, object] | tuple[int, int, object, int]]


def entry(content: str, self_link: str, *related: str, title: str = "") -> str:
    up = self_link.rpartition("/")[0]
    links = f'<link rel="self" href="{self_link}"/><link rel="up" href="{up}"/>'
    links += "".join(f'<link rel="related" href="{link}"/>' for link in related)
    return f"<entry>{links}<title>{title}</title><content>{content}</content></entry>"


def reading(start: int, seconds: int, value: object, quality: int | None = None) -> str:
    said = "" if quality is None else f"<e:ReadingQuality><e:quality>{quality}</e:quality>"
    said += "</e:ReadingQuality>" if said else ""
    return (
        f"<e:IntervalReading>{said}<e:timePeriod><e:duration>{seconds}</e:duration>"
        f"<e:start>{start}</e:start></e:timePeriod><e:value>{value}</e:value></e:IntervalReading>"
    )


def channel(point: str, number: int, rows: Rows, described: dict[str, int], title: str = "") -> str:
    """A MeterReading with its ReadingType and one IntervalBlock."""
    link = f"{point}/MeterReading/{number}"
    type_link = f"ReadingType/{point}-{number}"
    fields = "".join(f"<e:{k}>{v}</e:{k}>" for k, v in described.items())
    blocks = "".join(reading(*row) for row in rows)
    return (
        entry("<e:MeterReading/>", link, f"{link}/IntervalBlock", type_link, title=title)
        + entry(f"<e:ReadingType>{fields}</e:ReadingType>", type_link)
        + entry(f"<e:IntervalBlock>{blocks}</e:IntervalBlock>", f"{link}/IntervalBlock/1")
    )


def usage_point(name: str, *channels: str, service: int = 0, title: str = "") -> str:
    kind = f"<e:ServiceCategory><e:kind>{service}</e:kind></e:ServiceCategory>"
    return entry(
        f"<e:UsagePoint>{kind}</e:UsagePoint>", name, f"{name}/MeterReading", title=title
    ) + "".join(channels)


def feed(*entries: str) -> str:
    head = '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"'
    return f'{head} xmlns:e="http://naesb.org/espi">{"".join(entries)}</feed>'


def local_time(offset: int) -> str:
    return entry(
        f"<e:LocalTimeParameters><e:tzOffset>{offset}</e:tzOffset></e:LocalTimeParameters>",
        "LocalTimeParameters/1",
    )


def one_channel(rows: Rows, **changes: int) -> str:
    return feed(usage_point("UP/1", channel("UP/1", 1, rows, ENERGY | changes)))


HOURS: Rows = [(T0, 3600, 450), (T0 + 3600, 3600, 370)]


def refusal(data: str | bytes, **options: str) -> MeterDataError:
    with pytest.raises(MeterDataError) as caught:
        read_green_button(data, "home-1", **options)
    assert caught.value.remedy
    return caught.value


def imported(file: MeterFile) -> list[int]:
    return [i.imported_wh for i in file.intervals]


# Refusals: hostile and broken XML


def test_a_billion_laughs_are_refused() -> None:
    entities = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY l0 "ha">{entities}]><feed>&l9;</feed>'
    assert refusal(bomb).rule == "xml.entities"
    assert refusal(bomb.encode("utf-16")).rule == "xml.entities"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE feed SYSTEM "http://example.org/feed.dtd">',
        '<!DOCTYPE feed [<!ENTITY % p SYSTEM "http://example.org/p"> %p;]>',
    ],
)
def test_external_entities_are_refused(doctype: str) -> None:
    assert refusal(f"{doctype}<feed>&x;</feed>").rule == "xml.entities"


def test_a_cut_file_is_refused_with_its_line() -> None:
    whole = one_channel(HOURS).replace("><", ">\n<")
    cut = whole[: whole.index("<e:value>370")]
    error = refusal(cut)
    assert (error.rule, error.value) == ("xml.malformed", cut.count("\n") + 1)
    assert f"line {error.value}" in error.message


@pytest.mark.parametrize(
    "data",
    [
        "<feed",
        feed("</entry>"),
        feed("\x00"),
        feed() * 2,
        b'<?xml version="1.0" encoding="ebcdic"?><a/>',
    ],
)
def test_broken_xml_is_refused(data: str | bytes) -> None:
    assert refusal(data).rule == "xml.malformed"


@pytest.mark.parametrize(
    "data",
    [
        "<html/>",
        '<rss xmlns="http://www.w3.org/2005/Atom"/>',
        "<feed/>",
        feed(),
        feed(entry("hello", "a/1")),
        feed(usage_point("UP/1")),
    ],
)
def test_xml_without_meter_readings_is_refused(data: str) -> None:
    assert refusal(data).rule == "espi.feed"


@pytest.mark.parametrize("value", ["1.5", "1e3", "twelve", "9" * 400, "0x1", "١"])
def test_a_value_that_is_no_whole_number_is_refused(value: str) -> None:
    assert refusal(one_channel([(T0, 3600, value)])).rule == "espi.value"


@pytest.mark.parametrize("start", ["", "-5", "99999999999999"])
def test_a_reading_without_a_usable_start_is_refused(start: str) -> None:
    data = one_channel(HOURS).replace(f"<e:start>{T0}<", f"<e:start>{start}<")
    assert refusal(data).rule == "espi.value"


# Refusals: not electric energy in intervals


def test_gas_is_refused_by_name() -> None:
    data = feed(usage_point("UP/1", channel("UP/1", 1, HOURS, GAS, title="Stove"), service=1))
    error = refusal(data)
    assert error.rule == "espi.commodity"
    assert "Stove is gas" in error.message
    assert "natural gas" in refusal(one_channel(HOURS, commodity=7, uom=42)).message


@pytest.mark.parametrize(("uom", "named"), [(38, "W"), (63, "var"), (169, "therm"), (0, "unit 0")])
def test_units_that_are_not_energy_are_refused(uom: int, named: str) -> None:
    error = refusal(one_channel(HOURS, uom=uom))
    assert error.rule == "espi.uom"
    assert f"in {named}, not in Wh" in error.message


def test_readings_without_a_unit_are_refused() -> None:
    assert refusal(one_channel(HOURS).replace("uom>", "wom>")).rule == "espi.uom"


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("espi.kind", {"kind": 8}),
        ("espi.kind", {"kind": 37}),
        ("espi.flow", {"flowDirection": 4}),
        ("espi.accumulation", {"accumulationBehaviour": 6}),
        ("espi.value", {"powerOfTenMultiplier": 99}),
    ],
)
def test_readings_that_do_not_tell_energy_are_refused(rule: str, changes: dict[str, int]) -> None:
    assert refusal(one_channel(HOURS, **changes)).rule == rule


@pytest.mark.parametrize("seconds", [86_400, 43_200, 1200, 0])
def test_intervals_of_other_lengths_are_refused(seconds: int) -> None:
    error = refusal(one_channel([(T0 - T0 % 86_400, seconds, 5)]))
    assert error.rule == "interval.length"
    assert f"1 of {seconds} s" in error.message


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        ("interval.overlap", [(T0, 3600, 5), (T0 + 1800, 1800, 5)]),
        ("interval.duplicate", [(T0, 3600, 5), (T0, 3600, 6)]),
        ("interval.alignment", [(T0 + 120, 3600, 5)]),
        ("energy.sign", [(T0, 3600, -5)]),
        ("energy.range", [(T0, 3600, 10**12)]),
        ("espi.quality", [(T0, 3600, 5, 99)]),
    ],
)
def test_intervals_that_break_a_rule_are_refused(rule: str, rows: Rows) -> None:
    assert refusal(one_channel(rows)).rule == rule


def test_readings_that_belong_to_nobody_are_refused() -> None:
    two = feed(
        usage_point("UP/1", channel("UP/1", 1, HOURS, ENERGY), channel("UP/1", 2, HOURS, REVERSE))
    )
    assert (
        refusal(
            two.replace("MeterReading/2/IntervalBlock/1", "lost/1")
            .replace("MeterReading/2/IntervalBlock", "lost")
            .replace('related" href="UP/1/lost"', 'related" href="nowhere"')
        ).rule
        == "espi.links"
    )


def test_two_usage_points_need_a_choice() -> None:
    rows_b: Rows = [(T0, 3600, 7)]
    two = feed(
        usage_point("UP/1", channel("UP/1", 1, HOURS, ENERGY), title="House"),
        usage_point("UP/2", channel("UP/2", 1, rows_b, ENERGY), title="Garage 🚗⚡"),
    )
    error = refusal(two)
    assert (error.rule, error.value) == ("espi.usage_point", "Garage 🚗⚡, House")
    assert refusal(two, usage_point="Barn").rule == "espi.usage_point"
    assert imported(read_green_button(two, "g", usage_point="Garage 🚗⚡")) == [7]
    assert imported(read_green_button(two, "h", usage_point="1")) == [450, 370]


# Success


def test_a_simple_file_and_its_bytes() -> None:
    file = read_green_button(one_channel(HOURS), "home-1")
    assert file.seconds == 3600
    assert [i[:4] for i in file.intervals] == [
        ("home-1", T0, 3600, 450),
        ("home-1", T0 + 3600, 3600, 370),
    ]
    assert read_green_button(one_channel(HOURS).encode(), "home-1") == file
    assert read_green_button(one_channel(HOURS).encode("utf-16"), "home-1") == file


def test_import_and_export_are_two_readings_of_one_usage_point() -> None:
    sold: Rows = [(T0 + 3600, 3600, 90), (T0, 3600, 0)]
    data = feed(
        usage_point("UP/1", channel("UP/1", 1, HOURS, ENERGY), channel("UP/1", 11, sold, REVERSE))
    )
    file = read_green_button(data, "home-1")
    assert [(i.imported_wh, i.exported_wh) for i in file.intervals] == [(450, 0), (370, 90)]
    assert file.warnings == ()


def test_gas_beside_electricity_is_left_out_with_a_warning() -> None:
    data = feed(
        usage_point("UP/1", channel("UP/1", 1, HOURS, GAS, title="Stove"), service=1),
        usage_point("UP/2", channel("UP/2", 1, HOURS, ENERGY)),
    )
    file = read_green_button(data, "home-1")
    assert imported(file) == [450, 370]
    assert any("Stove is gas" in w and "espi.commodity" in w for w in file.warnings)


def test_daily_sums_beside_hours_are_left_out_with_a_warning() -> None:
    day = T0 - T0 % 86_400
    rows: Rows = [(day, 86_400, 999), *HOURS]
    file = read_green_button(one_channel(rows), "home-1")
    assert imported(file) == [450, 370]
    assert any("1 of 86400 s" in warning for warning in file.warnings)


def test_identical_readings_count_once() -> None:
    file = read_green_button(one_channel([*HOURS, HOURS[0]]), "home-1")
    assert imported(file) == [450, 370]
    assert any("identical" in warning for warning in file.warnings)


def test_powers_of_ten_scale_and_carry() -> None:
    assert imported(read_green_button(one_channel(HOURS, powerOfTenMultiplier=3), "m")) == [
        450_000,
        370_000,
    ]
    assert imported(read_green_button(one_channel(HOURS, powerOfTenMultiplier=-2), "m")) == [4, 4]


def test_registers_become_intervals() -> None:
    rows: Rows = [(T0 + i * 900, 900, value) for i, value in enumerate((1000, 1010, 1030))]
    file = read_green_button(one_channel(rows, accumulationBehaviour=1), "home-1")
    assert [(i.start_s, i.imported_wh) for i in file.intervals] == [(T0, 10), (T0 + 900, 20)]
    backwards: Rows = [(T0, 900, 1000), (T0 + 900, 900, 10)]
    assert refusal(one_channel(backwards, accumulationBehaviour=3)).rule == "register.backwards"


@pytest.mark.parametrize(("code", "quality"), QUALITIES.items())
def test_each_quality_code_has_its_meaning(code: int, quality: Quality) -> None:
    data = feed(usage_point("UP/1", channel("UP/1", 1, [(T0, 3600, 5, code)], ENERGY)))
    (interval,) = read_green_button(data, "home-1").intervals
    assert interval.quality is quality
    assert interval.imported_wh == (0 if quality is Quality.MISSING else 5)


def test_a_reading_without_a_value_is_missing_and_not_zero() -> None:
    (interval, _) = read_green_button(one_channel([(T0, 3600, ""), HOURS[1]]), "m").intervals
    assert interval.quality is Quality.MISSING


# Time zones


def test_an_offset_of_zero_is_taken_as_utc_with_a_warning() -> None:
    data = one_channel(HOURS).replace("</feed>", local_time(0) + "</feed>")
    file = read_green_button(data, "home-1")
    assert file.intervals[0].start_s == T0
    assert any("tzOffset 0" in warning for warning in file.warnings)


def test_local_times_are_read_with_their_zone() -> None:
    data = one_channel(HOURS).replace("</feed>", local_time(0) + "</feed>")
    file = read_green_button(data, "home-1", local_time_zone="America/Toronto")
    assert file.intervals[0].start_s == T0 + 5 * 3600
    assert not any("tzOffset" in warning for warning in file.warnings)


def test_times_that_are_utc_are_not_shifted_again() -> None:
    data = one_channel(HOURS).replace("</feed>", local_time(-18_000) + "</feed>")
    assert refusal(data, local_time_zone="America/Toronto").rule == "espi.local_time"
    assert read_green_button(data, "home-1").intervals[0].start_s == T0


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 3, 8), 23), (datetime(2026, 11, 1), 25)]
)
def test_local_days_on_which_clocks_change_come_out_whole(day: datetime, hours: int) -> None:
    toronto = ZoneInfo("America/Toronto")
    first = int(day.replace(tzinfo=toronto).timestamp())
    rows = []
    for at_s in range(first, first + hours * 3600, 900):
        wall = datetime.fromtimestamp(at_s, toronto).replace(tzinfo=UTC)
        rows.append((int(wall.timestamp()), 900, 1))
    file = read_green_button(one_channel(rows), "home-1", local_time_zone="America/Toronto")
    assert [i.start_s for i in file.intervals] == list(range(first, first + hours * 3600, 900))
    assert len(file.intervals) == timedelta(hours=hours) / timedelta(minutes=15)


# What is always true


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=20),
    st.integers(0, 3),
)
def test_scaling_by_powers_of_ten_keeps_the_sum(values: list[int], power: int) -> None:
    rows = [(T0 + i * 3600, 3600, value) for i, value in enumerate(values)]
    fine = [(start, seconds, value * 10**power) for start, seconds, value in rows]
    plain = read_green_button(one_channel(rows), "m")
    assert read_green_button(one_channel(fine, powerOfTenMultiplier=-power), "m") == plain
    small = read_green_button(one_channel(rows, powerOfTenMultiplier=-power), "m")
    assert sum(imported(small)) == sum(values) // 10**power
    large = read_green_button(one_channel(rows, powerOfTenMultiplier=power), "m")
    assert imported(large) == [value * 10**power for value in values]


@given(st.integers(0, 10_000), st.integers(0, 60), st.text(max_size=20))
def test_a_damaged_file_is_read_or_refused_by_name(at: int, length: int, instead: str) -> None:
    whole = feed(
        local_time(-18_000),
        usage_point("UP/1", channel("UP/1", 1, HOURS, ENERGY), channel("UP/1", 2, HOURS, REVERSE)),
    )
    at %= len(whole)
    damaged = whole[:at] + instead + whole[at + length :]
    try:
        file = read_green_button(damaged, "home-1")
    except MeterDataError as error:
        assert error.rule
    else:
        assert file.intervals
