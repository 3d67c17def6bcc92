"""Demand: the hourly report (``PUB_Demand``), by zone, and the five-minute totals.

Reports read: ``Demand/PUB_Demand*.csv``; ``RealtimeDemandZonal/PUB_RealtimeDemandZonal*.csv``;
``RealtimeTotals/PUB_RealtimeTotals.csv``. None is a value that is not published (yet); None is not
zero.
"""

from __future__ import annotations

from dataclasses import dataclass

from sourceenergy.feeds.report_csv import read_csv_report
from sourceenergy.feeds.reports import (
    HOUR_S,
    INTERVAL_S,
    hour_start_s,
    interval_start_s,
    once,
    power_w,
    refusal,
    without_gaps,
)

_NO_ZONES = {"DATE", "HOUR", "INTERVAL", "ONTARIO DEMAND", "ZONES TOTAL", "DIFF"}


@dataclass(frozen=True, slots=True)
class Demand:
    """Average demand [W] from ``start_s`` for ``seconds``: Ontario's own, with exports, by zone.

    ``market_w`` counts exports too; it is None where a report has Ontario's demand only.
    """

    start_s: int
    seconds: int
    ontario_w: int | None
    market_w: int | None
    zones_w: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class DemandReport:
    """When a report was made (UTC seconds), and its demand from first to last without a gap."""

    created_s: int
    demand: tuple[Demand, ...]


def read_demand(data: bytes, what: str = "PUB_Demand") -> DemandReport:
    """The hourly demand of Ontario; an hour the file leaves out comes as None.

    Raises ``InputError`` (see ``reports``); an hour given twice has rule ``feed.twice``.
    """
    report = read_csv_report(data, what, ("DATE", "HOUR", "MARKET DEMAND", "ONTARIO DEMAND"))
    found: dict[int, Demand] = {}
    for place, row in report.rows:
        start = hour_start_s(row["DATE"], row["HOUR"], place)
        once(found, start, place)
        ontario = power_w(row["ONTARIO DEMAND"], place)
        market = power_w(row["MARKET DEMAND"], place)
        found[start] = Demand(start, HOUR_S, ontario, market, {})
    return DemandReport(report.created_s, _whole(found, HOUR_S, what))


def read_zonal_demand(data: bytes, what: str = "PUB_RealtimeDemandZonal") -> DemandReport:
    """Five-minute demand of Ontario and of each of its zones."""
    report = read_csv_report(data, what, ("DATE", "HOUR", "INTERVAL", "ONTARIO DEMAND"))
    found: dict[int, Demand] = {}
    for place, row in report.rows:
        hour = hour_start_s(row["DATE"], row["HOUR"], place)
        start = interval_start_s(hour, row["INTERVAL"], place)
        once(found, start, place)
        zones = {name: power_w(cell, place) for name, cell in row.items() if name not in _NO_ZONES}
        ontario = power_w(row["ONTARIO DEMAND"], place)
        found[start] = Demand(start, INTERVAL_S, ontario, None, zones)
    return DemandReport(report.created_s, _whole(found, INTERVAL_S, what))


def read_totals(data: bytes, what: str = "PUB_RealtimeTotals") -> DemandReport:
    """Five-minute total load of the market, exports included, of the day the report is for."""
    report = read_csv_report(data, what, ("HOUR", "INTERVAL", "TOTAL LOAD"))
    if report.day is None:
        raise refusal("feed.format", "the report does not say for which day it is", what, "")
    found: dict[int, Demand] = {}
    for place, row in report.rows:
        hour = hour_start_s(report.day, row["HOUR"], place)
        start = interval_start_s(hour, row["INTERVAL"], place)
        once(found, start, place)
        found[start] = Demand(start, INTERVAL_S, None, power_w(row["TOTAL LOAD"], place), {})
    return DemandReport(report.created_s, _whole(found, INTERVAL_S, what))


def _whole(found: dict[int, Demand], seconds: int, what: str) -> tuple[Demand, ...]:
    """All times from first to last; what the report leaves out is None."""
    zones = {zone for demand in found.values() for zone in demand.zones_w}
    return tuple(
        found.get(start) or Demand(start, seconds, None, None, dict.fromkeys(sorted(zones)))
        for start in without_gaps(found, seconds, what)
    )
