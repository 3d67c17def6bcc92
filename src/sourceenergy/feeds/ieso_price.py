"""Prices: zonal prices of the market since May 2025, and Ontario's hourly price before.

Reports read: ``RealtimeZonalEnergyPrices`` (five-minute, by zone), ``RealtimeOntarioZonalPrice``
(five-minute, all of Ontario), ``DAHourlyOntarioZonalPrice`` (day-ahead, hourly, all of Ontario) and
``PriceHOEPPredispOR`` (``HOEP``, hourly, until April 2025). Prices may be negative. None is a price
that is not published (yet); None is not zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from xml.etree.ElementTree import Element

from sourceenergy.feeds.report_csv import read_csv_report
from sourceenergy.feeds.report_xml import children, needed, read_xml_report, text_at
from sourceenergy.feeds.reports import (
    HOUR_S,
    INTERVAL_S,
    UD_PER_KWH_PER_DOLLAR_PER_MWH,
    hour_start_s,
    interval_start_s,
    once,
    price_ud_per_kwh,
    refusal,
    without_gaps,
)
from sourceenergy.units import UdPerKwh, iso_utc

ONTARIO = "ONTARIO"
_DAY_AND_HOUR = re.compile(r"(?:For\s+)?(\d{4}-\d{2}-\d{2})(?:\s*-\s*Hour\s+(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class PriceReport:
    """Prices of one zone [ud/kWh] by their start, each for ``seconds``, without a gap."""

    source: str
    zone: str
    created_s: int
    seconds: int
    prices: Mapping[int, UdPerKwh | None]

    def mean(self, start_s: int, seconds: int) -> UdPerKwh | None:
        """Mean price of a span, rounded down; None unless every part of it has a price."""
        first = start_s - start_s % self.seconds
        parts = [self.prices.get(start) for start in range(first, start_s + seconds, self.seconds)]
        known = [price for price in parts if price is not None]
        return UdPerKwh(sum(known) // len(known)) if len(known) == len(parts) else None

    def hourly_csv(self) -> str:
        """The prices by the hour, as the series of an hourly tariff plan reads them.

        Five-minute prices come as the hour's mean; an hour without a price has an empty cell.
        """
        lines = ["start,dollars_per_mwh"]
        hours = sorted({start - start % HOUR_S for start in self.prices})
        for hour in hours:
            price = self.mean(hour, HOUR_S)
            shown = "" if price is None else str(Decimal(price) / UD_PER_KWH_PER_DOLLAR_PER_MWH)
            lines.append(f"{iso_utc(hour)},{shown}")
        return "\n".join(lines) + "\n"


def read_zonal_prices(
    data: bytes, what: str = "PUB_RealtimeZonalEnergyPrices"
) -> dict[str, PriceReport]:
    """The hour's twelve prices of every zone, by zone's name (``TORONTO``, …)."""
    created_s, body = read_xml_report(data, what)
    hour = hour_start_s(
        needed(body, "DELIVERYDATE", what), needed(body, "DELIVERYHOUR", what), what
    )
    reports: dict[str, PriceReport] = {}
    for element in children(body, "ZonalPrices", "TransactionZone"):
        zone = needed(element, "ZoneName", what).partition(":")[0].upper()
        place = f"{what} {zone}"
        if zone in reports:
            raise refusal("feed.twice", "a zone comes twice", place, zone)
        pairs = (
            (needed(e, "Interval", place), text_at(e, "ZonalPrice"))
            for e in children(element, "IntervalPrice")
        )
        reports[zone] = PriceReport(
            "IESO RealtimeZonalEnergyPrices",
            zone,
            created_s,
            INTERVAL_S,
            _five_minutes(hour, pairs, place),
        )
    if not reports:
        raise refusal("feed.format", "the report has no zone", what, "")
    return reports


def read_ontario_price(data: bytes, what: str = "PUB_RealtimeOntarioZonalPrice") -> PriceReport:
    """The hour's twelve prices of all of Ontario, in either of the two layouts seen."""
    created_s, body = read_xml_report(data, what)
    written = _DAY_AND_HOUR.fullmatch(needed(body, "DeliveryDate", what))
    hour = text_at(body, "DeliveryHour") or (written and written[2])
    if written is None or hour is None:
        raise refusal("feed.format", "the report has no day and hour", what, "")
    start = hour_start_s(written[1], hour, what)
    pairs = [
        (needed(e, "Interval", what), text_at(e, "LmpCap")) for e in children(body, "ZonalPrice")
    ] or list(_numbered(body))
    prices = _five_minutes(start, pairs, what)
    return PriceReport("IESO RealtimeOntarioZonalPrice", ONTARIO, created_s, INTERVAL_S, prices)


def read_day_ahead(data: bytes, what: str = "PUB_DAHourlyOntarioZonalPrice") -> PriceReport:
    """Tomorrow's 24 prices of all of Ontario."""
    created_s, body = read_xml_report(data, what)
    day = needed(body, "DeliveryDate", what)
    prices: dict[int, UdPerKwh | None] = {
        hour_start_s(day, hour, what): None for hour in range(1, 25)
    }
    seen: set[int] = set()
    for element in children(body, "HourlyPriceComponents"):
        hour = needed(element, "PricingHour", what)
        start = hour_start_s(day, hour, what)
        once(seen, start, what)
        seen.add(start)
        prices[start] = price_ud_per_kwh(text_at(element, "ZonalPrice"), f"{what} hour {hour}")
    if not seen:
        raise refusal("feed.format", "the report has no hour", what, "")
    return PriceReport("IESO DAHourlyOntarioZonalPrice", ONTARIO, created_s, HOUR_S, prices)


def read_hoep(data: bytes, what: str = "PUB_PriceHOEPPredispOR") -> PriceReport:
    """Ontario's hourly energy price, May 2002 to April 2025."""
    report = read_csv_report(data, what, ("DATE", "HOUR", "HOEP"))
    found: dict[int, UdPerKwh | None] = {}
    for place, row in report.rows:
        start = hour_start_s(row["DATE"], row["HOUR"], place)
        once(found, start, place)
        found[start] = price_ud_per_kwh(row["HOEP"], place)
    prices = {start: found.get(start) for start in without_gaps(found, HOUR_S, what)}
    return PriceReport("IESO HOEP", ONTARIO, report.created_s, HOUR_S, prices)


def _numbered(body: Element) -> Iterable[tuple[str, str | None]]:
    """Interval and price of the layout that numbers its elements; the first block has the price."""
    for block in children(body, "RealTimePriceComponents"):
        if text_at(block, "OntarioZonalPrice") == "Zonal Price":
            for number in range(1, 13):
                name = (f"OntarioZonalPriceInterval{number}", f"Interval{number}")
                yield str(number), text_at(block, *name)


def _five_minutes(
    hour_s: int, pairs: Iterable[tuple[str, str | None]], place: str
) -> dict[int, UdPerKwh | None]:
    prices: dict[int, UdPerKwh | None] = dict.fromkeys(range(hour_s, hour_s + HOUR_S, INTERVAL_S))
    seen: set[int] = set()
    for interval, price in pairs:
        start = interval_start_s(hour_s, interval, place)
        once(seen, start, place)
        seen.add(start)
        prices[start] = price_ud_per_kwh(price, f"{place} interval {interval}")
    if not seen:
        raise refusal("feed.format", "the report has no interval", place, "")
    return prices
