"""Amounts as people write them, decimals in text, to whole micro-dollars and parts per million."""

from __future__ import annotations

from decimal import Decimal

from sourceenergy.errors import ConfigError
from sourceenergy.units import PRICE_MAX_UD_PER_KWH, UD_PER_CENT, UD_PER_DOLLAR, Ud, UdPerKwh

PPM_PER_PERCENT = 10_000
UD_PER_KWH_PER_DOLLAR_PER_MWH = 1_000
MONTH_MAX_UD = 10**12
"""Most a charge may be in a month: a million dollars; more is a unit error."""


def cents_to_ud_per_kwh(cents: Decimal, field: str) -> UdPerKwh:
    """Cents per kWh to whole micro-dollars per kWh; refuses finer and absurd prices."""
    return UdPerKwh(
        _whole(
            cents * UD_PER_CENT,
            PRICE_MAX_UD_PER_KWH,
            "a price has at most four decimals of a cent and stays within 100 dollars a kWh",
            field,
            cents,
            "give cents per kWh, for example 9.8",
        )
    )


def dollars_per_mwh_to_ud_per_kwh(dollars: Decimal, field: str) -> UdPerKwh:
    """Dollars per MWh to whole micro-dollars per kWh: times 1,000, exactly."""
    return UdPerKwh(
        _whole(
            dollars * UD_PER_KWH_PER_DOLLAR_PER_MWH,
            PRICE_MAX_UD_PER_KWH,
            "a price has at most three decimals of a dollar and stays within 100,000 dollars a MWh",
            field,
            dollars,
            "give dollars per MWh, for example 41.25",
        )
    )


def dollars_to_ud(dollars: Decimal, field: str) -> Ud:
    """Dollars to whole micro-dollars; refuses finer and absurd amounts."""
    return Ud(
        _whole(
            dollars * UD_PER_DOLLAR,
            MONTH_MAX_UD,
            "an amount has at most six decimals of a dollar and stays within a million dollars",
            field,
            dollars,
            "give dollars, for example 31.47",
        )
    )


def percent_to_ppm(percent: Decimal, field: str) -> int:
    """Percent (0 to 100) to whole parts per million; refuses finer ones."""
    ppm = percent * PPM_PER_PERCENT
    if percent < 0:
        raise _refusal("a percentage is zero or more", field, percent, "leave out its sign")
    return _whole(
        ppm,
        100 * PPM_PER_PERCENT,
        "a percentage has at most four decimals and is at most 100",
        field,
        percent,
        "give percent, for example 23.5",
    )


def _whole(exact: Decimal, most: int, message: str, field: str, value: object, remedy: str) -> int:
    whole = int(exact)
    if exact != whole or abs(whole) > most:
        raise _refusal(message, field, value, remedy)
    return whole


def _refusal(message: str, field: str, value: object, remedy: str) -> ConfigError:
    return ConfigError(message, rule="tariff.price", field=field, value=value, remedy=remedy)
