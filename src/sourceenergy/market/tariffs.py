"""Retail tariffs: which price and period holds at a local time.

A plan is a list of dated versions; a version is prices by period name and rules that say when a
period holds. The first rule that matches decides. Local time is the plan's own zone, so days of
23 and 25 hours come out by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as holiday_calendars

from sourceenergy.errors import ConfigError
from sourceenergy.records import TariffPlan, TariffRule
from sourceenergy.units import UdPerKwh, iso_utc


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


def price_at(plan: TariffPlan, start_s: int) -> tuple[UdPerKwh, str]:
    """Price [ud/kWh] and period name of the interval that starts at ``start_s`` (UTC seconds).

    Raises ``ConfigError`` (rule ``tariff.gap``) where no version or no rule covers that time.
    """
    local = datetime.fromtimestamp(start_s, ZoneInfo(plan.time_zone))
    day = local.date()
    holiday = day in _holidays(
        plan.holidays_country, plan.holidays_subdivision, plan.holiday_names, day.year
    )
    for version in plan.versions:
        if version.valid_from <= day < version.valid_to:
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
    covered = ", ".join(f"{v.valid_from} to {v.valid_to}" for v in plan.versions)
    raise ConfigError(
        f"tariff {plan.name} has no version for {day}",
        rule="tariff.gap",
        field=f"tariff.{plan.name}.version",
        value=str(day),
        remedy=f"add the version in force to the tariff file (it covers {covered})",
    )


def prices_at(plan: TariffPlan, starts_s: Sequence[int]) -> list[tuple[UdPerKwh, str]]:
    """``price_at`` for many interval starts."""
    return [price_at(plan, start) for start in starts_s]
