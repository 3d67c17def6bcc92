"""The IESO's reports: hostile ones refused by name, hour endings in EST, units, what is missing."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.config.price_series import parse_price_series
from sourceenergy.errors import InputError
from sourceenergy.feeds import reports
from sourceenergy.feeds.ieso_demand import read_demand, read_totals, read_zonal_demand
from sourceenergy.feeds.ieso_fuel import read_fuel_mix
from sourceenergy.feeds.ieso_price import (
    read_day_ahead,
    read_hoep,
    read_ontario_price,
    read_zonal_prices,
)
from sourceenergy.feeds.reports import hour_start_s
from strategies_energy import law, shared, utc

RECORDED = Path(__file__).with_name("recorded")
HOUR_14 = utc("2026-07-14T18:00")
"""Hour 14 of a day in July: 13:00 to 14:00 EST, on clocks in Toronto 14:00 to 15:00."""
READERS: dict[str, Callable[[bytes], Any]] = {
    "PUB_Demand_2026.csv": read_demand,
    "PUB_RealtimeDemandZonal.csv": read_zonal_demand,
    "PUB_RealtimeTotals.csv": read_totals,
    "PUB_PriceHOEPPredispOR_2024.csv": read_hoep,
    "PUB_RealtimeZonalEnergyPrices.xml": read_zonal_prices,
    "PUB_RealtimeOntarioZonalPrice.xml": read_ontario_price,
    "PUB_RealtimeOntarioZonalPrice_2025.xml": read_ontario_price,
    "PUB_DAHourlyOntarioZonalPrice.xml": read_day_ahead,
    "PUB_GenOutputbyFuelHourly.xml": read_fuel_mix,
}
XML_READERS = [name for name in READERS if name.endswith("xml")]
BOMB = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<Document xmlns="http://www.ieso.ca/schema"><DocBody>&b;</DocBody></Document>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>
<Document xmlns="http://www.ieso.ca/schema"><DocBody>&x;</DocBody></Document>"""


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def refused(read: Callable[[bytes], Any], data: bytes) -> InputError:
    with pytest.raises(InputError) as refusal:
        read(data)
    assert refusal.value.remedy
    return refusal.value


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", XML_READERS)
@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (BOMB, "feed.xml"),
        (OUTSIDE, "feed.xml"),
        (b"", "feed.xml"),
        (b"<Document", "feed.xml"),
        (b"\x00\xff", "feed.xml"),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', "feed.xml"),
        (b"<html><title>Error-404</title></html>", "feed.format"),
        (b'<Document xmlns="http://www.ieso.ca/schema"><DocBody/></Document>', "feed.format"),
    ],
)
def test_hostile_or_other_xml_is_refused(name: str, data: bytes, rule: str) -> None:
    assert refused(READERS[name], data).rule == rule


@pytest.mark.parametrize("name", XML_READERS)
def test_a_cut_report_is_refused(name: str) -> None:
    assert refused(READERS[name], recorded(name)[:-40]).rule == "feed.xml"


@pytest.mark.parametrize("name", [name for name in READERS if name.endswith("csv")])
@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "feed.format"),
        (b"\xff\xfe\x00", "feed.format"),
        (b"<html>Error-404</html>", "feed.format"),
        (b"Date,Hour,Price\n2026-07-14,1,5\n", "feed.format"),
        (b"x" * 200_000, "feed.format"),
    ],
)
def test_another_file_is_refused(name: str, data: bytes, rule: str) -> None:
    assert refused(READERS[name], data).rule == rule


@pytest.mark.parametrize("name", READERS)
def test_a_report_larger_than_any_real_one_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "BYTES_MAX", 200)
    assert refused(READERS[name], recorded(name)).rule == "feed.size"


@pytest.mark.parametrize(
    ("name", "old", "new", "rule"),
    [
        ("PUB_Demand_2026.csv", b"14,13,", b"14,0,", "feed.time"),
        ("PUB_Demand_2026.csv", b"14,13,", b"14,25,", "feed.time"),
        ("PUB_Demand_2026.csv", b"2026-07-14,13", b"2026-02-30,13", "feed.time"),
        ("PUB_Demand_2026.csv", b"2026-07-14,13", b"1026-07-14,13", "feed.time"),
        ("PUB_Demand_2026.csv", b"14,13,", b"14,14,", "feed.twice"),
        ("PUB_Demand_2026.csv", b"17010", b"nan", "feed.number"),
        ("PUB_Demand_2026.csv", b"17010", b"1e9", "feed.number"),
        ("PUB_Demand_2026.csv", b"17010", b"1000001", "feed.number"),
        ("PUB_Demand_2026.csv", b",17010", b"", "feed.format"),
        ("PUB_Demand_2026.csv", b"Created at 2026", b"Made in 2026", "feed.format"),
        ("PUB_RealtimeDemandZonal.csv", b",14,2,", b",14,13,", "feed.time"),
        ("PUB_RealtimeDemandZonal.csv", b",14,2,", b",14,1,", "feed.twice"),
        ("PUB_RealtimeTotals.csv", b" FOR 2026/07/14", b"", "feed.format"),
        ("PUB_PriceHOEPPredispOR_2024.csv", b"41.25", b"41,25", "feed.format"),
        ("PUB_PriceHOEPPredispOR_2024.csv", b"41.25", b"41.2534", "feed.number"),
        ("PUB_PriceHOEPPredispOR_2024.csv", b"41.25", b"100001", "feed.number"),
        ("PUB_RealtimeZonalEnergyPrices.xml", b">14<", b">x<", "feed.number"),
        ("PUB_RealtimeZonalEnergyPrices.xml", b"NIAGARA", b"TORONTO", "feed.twice"),
        ("PUB_RealtimeZonalEnergyPrices.xml", b"Interval>2<", b"Interval>1<", "feed.twice"),
        ("PUB_RealtimeZonalEnergyPrices.xml", b"TransactionZone", b"Zone", "feed.format"),
        ("PUB_RealtimeOntarioZonalPrice.xml", b"DeliveryHour", b"Hour", "feed.format"),
        ("PUB_RealtimeOntarioZonalPrice.xml", b"LmpCap>41.25", b"LmpCap>dear", "feed.number"),
        ("PUB_DAHourlyOntarioZonalPrice.xml", b"Hour>2<", b"Hour>1<", "feed.twice"),
        ("PUB_GenOutputbyFuelHourly.xml", b"<Hour>16<", b"<Hour>14<", "feed.twice"),
        ("PUB_GenOutputbyFuelHourly.xml", b"<Fuel>GAS<", b"<Fuel>HYDRO<", "feed.twice"),
        ("PUB_GenOutputbyFuelHourly.xml", b"<Output>9000", b"<Output>9 000", "feed.number"),
    ],
)
def test_a_wrong_value_is_refused_by_its_rule(name: str, old: bytes, new: bytes, rule: str) -> None:
    data = recorded(name)
    assert old in data
    assert refused(READERS[name], data.replace(old, new)).rule == rule


# --- the clock --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "hour", "start"),
    [
        ("2026-01-14", 14, "2026-01-14T18:00"),  # 13:00 EST
        ("2026-07-14", 14, "2026-07-14T18:00"),  # 13:00 EST too, 14:00 on clocks in Toronto
        ("2026-03-08", 3, "2026-03-08T07:00"),  # the hour that clocks in Toronto skip
        ("2026-07-14", 24, "2026-07-15T04:00"),
        ("2024-02-29", 1, "2024-02-29T05:00"),
    ],
)
def test_S09_hour_14_is_13_to_14_EST_also_in_july(day: str, hour: int, start: str) -> None:
    assert hour_start_s(day, hour, "here") == utc(start)


# --- what is read -------------------------------------------------------------------------------


def test_demand_comes_in_whole_watts_and_without_gaps() -> None:
    report = read_demand(recorded("PUB_Demand_2026.csv"))
    assert report.created_s == utc("2026-07-15T12:30:09")  # 07:30:09 EST
    first, second, third = report.demand[:3]
    assert (first.start_s, first.ontario_w, first.market_w) == (
        HOUR_14 - 3600,
        17_010_000_000,
        19_100_000_000,
    )
    assert (second.start_s, second.ontario_w) == (HOUR_14, 17_200_000_000)
    assert (third.start_s, third.ontario_w) == (HOUR_14 + 3600, None)  # not in the file
    assert report.demand[3].ontario_w is None  # empty in the file
    assert len(report.demand) == 13
    assert [d.start_s for d in report.demand] == [HOUR_14 + 3600 * i for i in range(-1, 12)]


def test_demand_by_zone_and_totals_come_by_five_minutes() -> None:
    zonal = read_zonal_demand(recorded("PUB_RealtimeDemandZonal.csv")).demand
    assert [d.start_s for d in zonal] == [HOUR_14, HOUR_14 + 300]
    assert zonal[1].zones_w["TORONTO"] == 7_110_000_000
    assert len(zonal[1].zones_w) == 10
    totals = read_totals(recorded("PUB_RealtimeTotals.csv")).demand
    assert [(d.start_s, d.market_w, d.ontario_w) for d in totals] == [
        (HOUR_14, 19_389_800_000, None),
        (HOUR_14 + 300, 19_399_300_000, None),
    ]


def test_hourly_prices_may_be_negative_thousands_or_missing() -> None:
    report = read_hoep(recorded("PUB_PriceHOEPPredispOR_2024.csv"))
    start = utc("2024-07-16T17:00")
    assert list(report.prices.items()) == [
        (start, 41_250),  # $41.25/MWh is 4.125 cents a kWh
        (start + 3_600, -5_000),
        (start + 7_200, 1_619_600),
        (start + 10_800, None),
        (start + 14_400, None),
        (start + 18_000, 30_100),
    ]
    assert (report.source, report.zone, report.seconds) == ("IESO HOEP", "ONTARIO", 3600)


def test_prices_become_the_series_of_an_hourly_tariff() -> None:
    report = read_hoep(recorded("PUB_PriceHOEPPredispOR_2024.csv"))
    series = parse_price_series(report.hourly_csv(), "hours.csv")
    assert series == {start: price for start, price in report.prices.items() if price is not None}
    niagara = read_zonal_prices(recorded("PUB_RealtimeZonalEnergyPrices.xml"))["NIAGARA"]
    assert niagara.hourly_csv() == "start,dollars_per_mwh\n2026-07-14T18:00:00Z,12.5\n"


def test_zonal_prices_come_by_five_minutes_and_zone() -> None:
    zones = read_zonal_prices(recorded("PUB_RealtimeZonalEnergyPrices.xml"))
    assert sorted(zones) == ["NIAGARA", "TORONTO"]
    toronto = zones["TORONTO"]
    assert toronto.created_s == utc("2026-07-14T18:11:02")
    assert [toronto.prices[HOUR_14 + 300 * i] for i in range(12)] == [
        *(41_250, 41_250, 41_260, -5_000, -5_000, -5_010, 30_000, 30_000),
        *(None, None, None, None),
    ]
    assert toronto.mean(HOUR_14, 900) == 41_253  # 123,760 thirds, rounded down
    assert toronto.mean(HOUR_14 + 900, 900) == -5_004  # -15,010 thirds, towards minus infinity
    assert toronto.mean(HOUR_14 + 1_800, 900) is None  # a part has no price yet
    assert toronto.mean(HOUR_14 + 3_600, 900) is None


def test_ontario_s_price_is_read_in_both_layouts() -> None:
    one = read_ontario_price(recorded("PUB_RealtimeOntarioZonalPrice.xml"))
    other = read_ontario_price(recorded("PUB_RealtimeOntarioZonalPrice_2025.xml"))
    assert one == other
    assert (one.zone, one.prices[HOUR_14], one.prices[HOUR_14 + 3300]) == ("ONTARIO", 41_250, None)


def test_day_ahead_prices_are_24_the_missing_one_none() -> None:
    report = read_day_ahead(recorded("PUB_DAHourlyOntarioZonalPrice.xml"))
    first = utc("2026-07-15T05:00")
    assert [report.prices[first + 3600 * i] for i in (0, 13, 19, 23)] == [
        21_500,
        34_500,
        None,
        44_500,
    ]
    assert len(report.prices) == 24


def test_the_fuel_mix_has_every_fuel_of_every_hour() -> None:
    report = read_fuel_mix(recorded("PUB_GenOutputbyFuelHourly.xml"))
    mix = {hour.start_s: hour for hour in report.hours}
    assert mix[HOUR_14].output_w == {  # S16's hour, in watts
        "NUCLEAR": 9_000_000_000,
        "HYDRO": 4_000_000_000,
        "GAS": 2_000_000_000,
        "WIND": 1_000_000_000,
        "SOLAR": None,
    }
    assert set(mix[HOUR_14 + 3600].output_w.values()) == {None}
    assert mix[HOUR_14 + 7200].doubtful == {"GAS"}
    assert mix[HOUR_14 + 7200].output_w["HYDRO"] is None
    assert mix[HOUR_14 + 7200].output_w["WIND"] == 0  # None is not zero
    assert len(report.hours) == 12


# --- against four recorded years ----------------------------------------------------------------


def recorded_years() -> list[dict[str, str]]:
    path = shared("data", "grid", "ieso_hourly_2020_2023.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_four_recorded_years_have_every_hour_once_on_the_clock_that_never_changes() -> None:
    rows = recorded_years()
    starts = [hour_start_s(row["date"], row["hour_ending_est"], "row") for row in rows]
    assert len(starts) == 4 * 8_760 + 24
    assert [b - a for a, b in pairwise(starts)] == [3600] * (len(starts) - 1)


def test_a_recorded_july_reads_back_as_it_was_published() -> None:
    july = [row for row in recorded_years() if row["date"].startswith("2023-07")]
    lines = [
        "\\\\Hourly Demand Report,,,",
        "\\\\Created at 2023-08-01 07:30:09,,,",
        "\\\\For 2023,,,",
    ]
    lines += ["Date,Hour,Market Demand,Ontario Demand"]
    lines += [
        f"{row['date']},{row['hour_ending_est']},{row['market_demand']},{row['ontario_demand']}"
        for row in july
    ]
    demand = read_demand("\n".join(lines).encode()).demand
    assert len(demand) == 31 * 24
    assert [d.ontario_w for d in demand] == [int(row["ontario_demand"]) * 10**6 for row in july]
    # Demand peaks in the afternoon of Toronto: reading local time as EST would move it by an hour.
    peak = max(demand, key=lambda d: d.ontario_w or 0)
    assert 15 <= (peak.start_s - utc("2023-07-01T05:00")) % 86_400 // 3600 <= 18


# --- always -----------------------------------------------------------------------------------


@law
@given(st.sampled_from(sorted(READERS)), st.data())
def test_a_damaged_report_is_read_or_refused_never_a_crash(name: str, data: st.DataObject) -> None:
    whole = bytearray(recorded(name))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        READERS[name](bytes(whole))
    except InputError as refusal:
        assert refusal.rule.startswith("feed.")
