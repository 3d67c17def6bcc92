"""What all IESO reports have in common: their clock, their numbers, and how one is refused.

The IESO's clock is Eastern Standard Time all year and its hours are named by their end: "hour
14" is 13:00 to 14:00 EST, in July as in January (18:00 to 19:00 UTC). Interval 1 to 12 of an hour
are its five-minute parts. Power and energy are in MW and MWh, prices in dollars per MWh.

Every refusal is an ``InputError`` with a rule of its own: ``feed.size``, ``feed.xml``,
``feed.format``, ``feed.time``, ``feed.twice``, ``feed.number``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container
from datetime import UTC, datetime
from decimal import Decimal

from sourceenergy.errors import InputError
from sourceenergy.units import PRICE_MAX_UD_PER_KWH, UdPerKwh

EST_BEHIND_UTC_S = 5 * 3600
HOUR_S, INTERVAL_S = 3600, 300
W_PER_MW = 1_000_000
UD_PER_KWH_PER_DOLLAR_PER_MWH = 1_000
BYTES_MAX = 64 * 1024 * 1024
"""Largest report that is read; a year of generation by fuel has about 6 MB."""
SPAN_MAX = 106_000
"""Most times a report covers: a leap year of five-minute intervals, and a little."""
POWER_MAX_W = 10**12
"""Largest power in a report: a terawatt; more is a unit error."""

_NUMBER = re.compile(r"[+-]?(\d{1,12}|\d{1,3}(,\d{3}){1,3})(\.\d{1,6})?", re.ASCII)
_DAY = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})", re.ASCII)
_WHOLE = re.compile(r"\d{1,4}", re.ASCII)


def refusal(rule: str, message: str, field: str, value: object) -> InputError:
    """An ``InputError`` of a report reader."""
    return InputError(
        message, rule=rule, field=field, value=value, remedy="get the report again from the IESO"
    )


def text_of(data: bytes, what: str) -> str:
    """A report's text. Refuses what is too large or is no UTF-8."""
    check_size(data, what)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refusal("feed.format", "the report is no text", what, data[:20]) from error


def check_size(data: bytes, what: str) -> None:
    """Refuse a report that is larger than any real one."""
    if len(data) > BYTES_MAX:
        raise refusal("feed.size", "the report is too large to be one", what, len(data))


def hour_start_s(day: str, hour: str | int, field: str) -> int:
    """First second (UTC) of an hour named by its end, 1 to 24, on a day of the IESO's clock."""
    match = _DAY.fullmatch(day.strip())
    number = whole(str(hour), field)
    if match is None or not 1 <= number <= 24:
        raise refusal("feed.time", "an hour is a day and 1 to 24", field, f"{day} {hour}")
    try:
        midnight = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
    except ValueError as error:
        raise refusal("feed.time", "there is no such day", field, day) from error
    return int(midnight.timestamp()) + EST_BEHIND_UTC_S + (number - 1) * HOUR_S


def interval_start_s(hour_s: int, interval: str, field: str) -> int:
    """First second (UTC) of interval 1 to 12 of an hour."""
    number = whole(interval, field)
    if not 1 <= number <= HOUR_S // INTERVAL_S:
        raise refusal("feed.time", "an hour has the intervals 1 to 12", field, interval)
    return hour_s + (number - 1) * INTERVAL_S


def once(seen: Container[int], start_s: int, field: str) -> None:
    """Refuse a time that a report gives twice."""
    if start_s in seen:
        raise refusal("feed.twice", "a time has two values", field, start_s)


def without_gaps(found: Collection[int], seconds: int, what: str) -> range:
    """All starts from the first found to the last. Refuses dates too far apart for one report."""
    if not found:
        return range(0)
    span = range(min(found), max(found) + seconds, seconds)
    if len(span) > SPAN_MAX:
        raise refusal("feed.time", "the report's dates are too far apart", what, len(span))
    return span


def est_s(text: str, field: str) -> int:
    """A moment of the IESO's clock, written without an offset, in UTC seconds."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError as error:
        raise refusal("feed.time", "this is no time", field, text) from error
    if moment.tzinfo is not None:
        return int(moment.timestamp())
    return int(moment.replace(tzinfo=UTC).timestamp()) + EST_BEHIND_UTC_S


def whole(text: str, field: str) -> int:
    """A small whole number of zero or more."""
    if not _WHOLE.fullmatch(text.strip()):
        raise refusal("feed.number", "this is no whole number", field, text)
    return int(text.strip())


def power_w(megawatts: str | None, field: str) -> int | None:
    """MW as written to whole watts; None where nothing is written."""
    return _scaled(megawatts, W_PER_MW, POWER_MAX_W, field)


def price_ud_per_kwh(dollars_per_mwh: str | None, field: str) -> UdPerKwh | None:
    """Dollars per MWh as written to whole micro-dollars per kWh; None where nothing is written."""
    scaled = _scaled(dollars_per_mwh, UD_PER_KWH_PER_DOLLAR_PER_MWH, PRICE_MAX_UD_PER_KWH, field)
    return None if scaled is None else UdPerKwh(scaled)


def _scaled(text: str | None, factor: int, most: int, field: str) -> int | None:
    if text is None or not text.strip():
        return None
    if not _NUMBER.fullmatch(text.strip()):
        raise refusal("feed.number", "this is no number", field, text)
    exact = Decimal(text.strip().replace(",", "")) * factor
    if exact != int(exact) or abs(exact) > most:
        raise refusal("feed.number", "this number is too fine or too large", field, text)
    return int(exact)
