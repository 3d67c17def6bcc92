"""A series of hourly prices as CSV: ``start`` and ``cents_per_kwh`` or ``dollars_per_mwh``."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sourceenergy.config.amounts import cents_to_ud_per_kwh, dollars_per_mwh_to_ud_per_kwh
from sourceenergy.errors import ConfigError
from sourceenergy.units import UdPerKwh

HOUR_S = 3600
UNITS: dict[str, Callable[[Decimal, str], UdPerKwh]] = {
    "cents_per_kwh": cents_to_ud_per_kwh,
    "dollars_per_mwh": dollars_per_mwh_to_ud_per_kwh,
}


def parse_price_series(text: str, field: str) -> dict[int, UdPerKwh]:
    """Prices [ud/kWh] by the start of their hour (UTC seconds); an empty cell is a missing hour.

    Raises ``ConfigError`` (rule ``tariff.series``) for a wrong header, a time without an offset or
    off the hour, an hour given twice, or what is no price.
    """
    try:
        rows = list(csv.reader(text.strip().splitlines()))
    except csv.Error as error:
        raise _refusal(f"this is no CSV: {error}", field, "") from error
    header = [cell.strip() for cell in rows[0]] if rows else []
    if len(header) != 2 or header[0] != "start" or header[1] not in UNITS:
        raise _refusal(
            "the first line names the columns: start, and cents_per_kwh or dollars_per_mwh",
            field,
            ",".join(header),
        )
    to_price = UNITS[header[1]]
    series: dict[int, UdPerKwh] = {}
    seen: set[int] = set()
    for number, cells in enumerate(rows[1:], start=2):
        place = f"{field} line {number}"
        if len(cells) != 2:
            raise _refusal("a line has a time and a price", place, ",".join(cells))
        start_s = _hour(cells[0].strip(), place)
        if start_s in seen:
            raise _refusal("an hour has two prices", place, cells[0])
        seen.add(start_s)
        if cells[1].strip():
            series[start_s] = to_price(_decimal(cells[1].strip(), place), place)
    return series


def _hour(text: str, place: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _refusal("this is no time", place, text) from error
    if moment.tzinfo is None:
        raise _refusal("a time has its offset, for example Z or -05:00", place, text)
    seconds = moment.timestamp()
    if seconds % HOUR_S:
        raise _refusal("a price holds for an hour that starts on the hour", place, text)
    return int(seconds)


def _decimal(text: str, place: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise _refusal("this is no price", place, text) from error
    if not value.is_finite():
        raise _refusal("this is no price", place, text)
    return value


def _refusal(message: str, field: str, value: object) -> ConfigError:
    return ConfigError(
        message, rule="tariff.series", field=field, value=value, remedy="mend the price series"
    )
