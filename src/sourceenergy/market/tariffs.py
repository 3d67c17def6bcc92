"""Retail tariffs: which price and period holds at a local time, or at a month's use.

A plan is a list of dated versions; a version is prices by period name. Rules say when a period
holds (the first that matches decides), or tiers until which use of the local month, or a series of
hourly prices stands in for both. Local time is the plan's own zone, so days of 23 and 25 hours come
out by themselves.

**What a shared kWh is compared with.** Under rules and series: the price of its interval. Under
tiers: the price of the tier in which the interval *begins*, counting everything the member
imported in the month, shared or not. So the comparison does not depend on how energy is allocated.
Tiers never get cheaper with use (a tariff file in which they do is refused); what is shared takes
the dearest energy of the interval off the bill, so a member saves at least what is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as holiday_calendars

from sourceenergy.errors import ConfigError, InputError
from sourceenergy.records import TariffPlan, TariffRule, TariffTier, TariffVersion
from sourceenergy.units import UdPerKwh, iso_utc

HOUR_S = 3600
SPOT, ADDER, FALLBACK = "spot", "adder", "fallback"
"""Of a plan with a price series: the period, and the names of its two prices in a version."""


def rule_holds(rule: TariffRule, local: datetime, holiday: bool) -> bool:
    """Is the rule in force at this local time?"""
    if local.month not in rule.months:
        return False
    free = holiday or local.weekday() >= 5
    if (rule.days == "weekday" and free) or (rule.days == "weekend" and not free):
        return False
    if rule.from_hour < rule.to_hour:
        return rule.from_hour <= local.hour < rule.to_hour
    return local.hour >= rule.from_hour or local.hour < rule.to_hour


@lru_cache(maxsize=64)
def _holidays(country: str, subdivision: str, names: frozenset[str], year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    calendar = holiday_calendars.country_holidays(
        country, subdiv=subdivision or None, years=[year], categories=("public", "optional")
    )
    named = sorted(day for day, text in calendar.items() if names & set(text.split("; ")))
    free = set(named)
    for day in named:
        # One that falls on a weekend moves to the next working day that is not a holiday itself.
        moved = day
        while day.weekday() >= 5 and (moved.weekday() >= 5 or moved in free):
            moved += timedelta(days=1)
        free.add(moved)
    return frozenset(free)


@dataclass(frozen=True, slots=True)
class PricedEnergy:
    """Part of an interval's energy that has one price: index of the interval, and what it costs."""

    index: int
    period: str
    price: UdPerKwh
    energy_wh: int


def price_at(plan: TariffPlan, start_s: int, used_wh: int | None = None) -> tuple[UdPerKwh, str]:
    """Price [ud/kWh] and period name of the interval that starts at ``start_s`` (UTC seconds).

    ``used_wh`` is what the member imported in the local month before; a plan with tiers needs it
    (the price is then that of the next watt-hour), others take no notice of it.

    Raises ``ConfigError``: rule ``tariff.gap`` where no version, rule or hour of the series covers
    that time, ``tariff.tiered`` where a plan with tiers is asked without the use.
    """
    local = datetime.fromtimestamp(start_s, ZoneInfo(plan.time_zone))
    version = _version_at(plan, local.date())
    if plan.series is not None:
        return _series_price(plan, version, start_s)
    if plan.tiers:
        tier = _tier_at(plan, local.month, _needed(plan, used_wh))
        return version.prices[tier.period], tier.period
    day = local.date()
    holiday = day in _holidays(
        plan.holidays_country, plan.holidays_subdivision, plan.holiday_names, day.year
    )
    for rule in plan.rules:
        if rule_holds(rule, local, holiday):
            return version.prices[rule.period], rule.period
    raise ConfigError(
        f"tariff {plan.name} has no price for {iso_utc(start_s)}",
        rule="tariff.gap",
        field=f"tariff.{plan.name}.rules",
        value=local.isoformat(),
        remedy="add a rule that covers this hour",
    )


def prices_at(
    plan: TariffPlan, starts_s: Sequence[int], used_wh: Sequence[int] | None = None
) -> list[tuple[UdPerKwh, str]]:
    """``price_at`` for many interval starts; a plan with tiers needs the use before each."""
    if used_wh is None:
        return [price_at(plan, start) for start in starts_s]
    return [price_at(plan, start, used) for start, used in zip(starts_s, used_wh, strict=True)]


def retail_prices(
    plan: TariffPlan, starts_s: Sequence[int], imported_wh: Sequence[int], used_before_wh: int = 0
) -> list[UdPerKwh]:
    """What a shared kWh is compared with, by interval [ud/kWh, T] (see the module).

    ``imported_wh`` [T] is all that the member imported, ``used_before_wh`` what they imported in
    the local month of the first interval before it.
    """
    used = used_in_month(plan, starts_s, imported_wh, used_before_wh)
    return [price for price, _ in prices_at(plan, starts_s, used)]


def used_in_month(
    plan: TariffPlan, starts_s: Sequence[int], imported_wh: Sequence[int], used_before_wh: int = 0
) -> list[int]:
    """Import since the start of the local month before each interval [Wh, T]."""
    zone = ZoneInfo(plan.time_zone)
    used, before, month = [], used_before_wh, None
    for start, energy in zip(starts_s, imported_wh, strict=True):
        local = datetime.fromtimestamp(start, zone)
        if month not in {None, (local.year, local.month)}:
            before = 0
        month = (local.year, local.month)
        used.append(before)
        before += energy
    return used


def priced_energy(
    plan: TariffPlan,
    starts_s: Sequence[int],
    imported_wh: Sequence[int],
    shared_wh: Sequence[int] | None = None,
    used_before_wh: int = 0,
) -> list[PricedEnergy]:
    """What the grid bills: each interval's import less what was shared, by price, exactly.

    An interval that crosses a threshold comes in two parts (or more). ``shared_wh`` [T] is taken
    off the end of the interval's energy, which is its dearest part. Raises ``InputError`` (rule
    ``energy.shared``) where more was shared than imported.
    """
    shared = [0] * len(imported_wh) if shared_wh is None else shared_wh
    used = used_in_month(plan, starts_s, imported_wh, used_before_wh)
    zone = ZoneInfo(plan.time_zone)
    parts: list[PricedEnergy] = []
    for t, (start, total, off, begin) in enumerate(
        zip(starts_s, imported_wh, shared, used, strict=True)
    ):
        if not 0 <= off <= total:
            raise InputError(
                "shared energy is part of the import",
                rule="energy.shared",
                field=f"shared_wh[{t}]",
                value=off,
                remedy="share no more than was imported in the interval",
            )
        position, end = begin, begin + total - off
        while position < end:
            price, period = price_at(plan, start, position)
            upto = end
            if plan.tiers:
                month = datetime.fromtimestamp(start, zone).month
                bound = _tier_at(plan, month, position).up_to_wh
                upto = end if bound is None else min(end, bound)
            parts.append(PricedEnergy(t, period, price, upto - position))
            position = upto
    return parts


def tiers_at(plan: TariffPlan, day: date) -> list[tuple[int | None, UdPerKwh]]:
    """A local day's tiers: use at which each ends [Wh], None for the last, and its price."""
    version = _version_at(plan, day)
    return [
        (tier.up_to_wh, version.prices[tier.period])
        for tier in plan.tiers
        if day.month in tier.months
    ]


def _version_at(plan: TariffPlan, day: date) -> TariffVersion:
    for version in plan.versions:
        if version.valid_from <= day < version.valid_to:
            return version
    covered = ", ".join(f"{v.valid_from} to {v.valid_to}" for v in plan.versions)
    raise ConfigError(
        f"tariff {plan.name} has no version for {day}",
        rule="tariff.gap",
        field=f"tariff.{plan.name}.version",
        value=str(day),
        remedy=f"add the version in force to the tariff file (it covers {covered})",
    )


def _tier_at(plan: TariffPlan, month: int, used_wh: int) -> TariffTier:
    for tier in plan.tiers:
        if month in tier.months and (tier.up_to_wh is None or used_wh < tier.up_to_wh):
            return tier
    raise ConfigError(  # a tariff file with such a plan is refused when it is read
        f"tariff {plan.name} has no tier for month {month}",
        rule="tariff.gap",
        field=f"tariff.{plan.name}.tiers",
        value=used_wh,
        remedy="add a tier without a bound",
    )


def _needed(plan: TariffPlan, used_wh: int | None) -> int:
    if used_wh is None:
        raise ConfigError(
            f"the price of tariff {plan.name} depends on the month's use",
            rule="tariff.tiered",
            field=f"tariff.{plan.name}",
            value=plan.name,
            remedy="ask for retail_prices with the member's import",
        )
    return used_wh


def _series_price(plan: TariffPlan, version: TariffVersion, start_s: int) -> tuple[UdPerKwh, str]:
    spot = (plan.series or {}).get(start_s - start_s % HOUR_S)
    if spot is not None:
        return UdPerKwh(spot + version.prices[ADDER]), SPOT
    if FALLBACK in version.prices:
        return version.prices[FALLBACK], FALLBACK
    raise ConfigError(
        f"the price series of tariff {plan.name} has no price for {iso_utc(start_s)}",
        rule="tariff.gap",
        field=f"tariff.{plan.name}.prices",
        value=iso_utc(start_s),
        remedy="add the hour to the series, or a fallback price to the version",
    )
