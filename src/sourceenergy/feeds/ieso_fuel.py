"""Generation by fuel: the hourly report of the transmission-connected plants.

Report read: ``GenOutputbyFuelHourly/PUB_GenOutputbyFuelHourly*.xml``. Plants inside a distributor's
network, such as most rooftops, are not in it. None is not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from sourceenergy.feeds.report_xml import children, needed, read_xml_report, text_at
from sourceenergy.feeds.reports import HOUR_S, hour_start_s, once, power_w, refusal, without_gaps

GOOD_QUALITY = "0"


@dataclass(frozen=True, slots=True)
class FuelMix:
    """Output by fuel [W] in the hour from ``start_s``; ``doubtful`` fuels the IESO itself marks."""

    start_s: int
    output_w: dict[str, int | None]
    doubtful: frozenset[str]


@dataclass(frozen=True, slots=True)
class FuelReport:
    """When a report was made (UTC seconds), and its hours from first to last without a gap."""

    created_s: int
    hours: tuple[FuelMix, ...]


def read_fuel_mix(data: bytes, what: str = "PUB_GenOutputbyFuelHourly") -> FuelReport:
    """Output by fuel of every hour; a fuel or an hour that the file leaves out is None.

    Raises ``InputError`` (see ``reports``).
    """
    created_s, body = read_xml_report(data, what)
    found: dict[int, FuelMix] = {}
    for daily in children(body, "DailyData"):
        day = needed(daily, "Day", what)
        for hourly in children(daily, "HourlyData"):
            hour = needed(hourly, "Hour", what)
            place = f"{what} {day} hour {hour}"
            start = hour_start_s(day, hour, place)
            once(found, start, place)
            found[start] = _mix(start, hourly, place)
    if not found:
        raise refusal("feed.format", "the report has no hour", what, "")
    fuels = sorted({fuel for mix in found.values() for fuel in mix.output_w})
    return FuelReport(
        created_s,
        tuple(
            _all_fuels(found.get(start), start, fuels)
            for start in without_gaps(found, HOUR_S, what)
        ),
    )


def _mix(start: int, hourly: Element, place: str) -> FuelMix:
    output: dict[str, int | None] = {}
    doubtful = set()
    for total in children(hourly, "FuelTotal"):
        fuel = needed(total, "Fuel", place).upper()
        if fuel in output:
            raise refusal("feed.twice", "a fuel comes twice", place, fuel)
        output[fuel] = power_w(text_at(total, "EnergyValue", "Output"), f"{place} {fuel}")
        if text_at(total, "EnergyValue", "OutputQuality") not in {GOOD_QUALITY, None}:
            doubtful.add(fuel)
    return FuelMix(start, output, frozenset(doubtful))


def _all_fuels(mix: FuelMix | None, start: int, fuels: list[str]) -> FuelMix:
    known = {} if mix is None else mix.output_w
    return FuelMix(
        start,
        {fuel: known.get(fuel) for fuel in fuels},
        frozenset() if mix is None else mix.doubtful,
    )
