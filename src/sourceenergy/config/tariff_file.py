"""Tariff files: dated plans in TOML, so that next year's prices need no code."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib import resources
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from sourceenergy.config.parsing import Strict, parse_toml
from sourceenergy.errors import ConfigError
from sourceenergy.records import TariffPlan, TariffRule, TariffVersion
from sourceenergy.units import PRICE_MAX_UD_PER_KWH, UD_PER_CENT, UdPerKwh

SHIPPED = "ontario-2025-11-01.toml"
"""Ontario's plans from 2021 to 2026, shipped with the package."""


def zone_exists(name: str) -> str:
    """The zone's name, or ``ValueError`` if the time zone database has none of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone (for example America/Toronto)") from error
    return name


TimeZone = Annotated[str, AfterValidator(zone_exists)]
Hour = Annotated[int, Field(ge=0, le=24)]


class _Rule(Strict):
    period: str
    days: Literal["all", "weekday", "weekend"] = "all"
    hours: tuple[Hour, Hour] = (0, 24)
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = tuple(range(1, 13))


class _Version(Strict):
    valid_from: date = Field(alias="from")
    valid_to: date = Field(alias="to")
    cents_per_kwh: dict[str, Decimal]


class _Holidays(Strict):
    country: str
    subdivision: str = ""
    names: tuple[str, ...]


class _Plan(Strict):
    name: str
    title: str
    time_zone: TimeZone
    source: str
    holidays: _Holidays | None = None
    rule: tuple[_Rule, ...]
    version: tuple[_Version, ...]


class _TariffFile(Strict):
    plan: tuple[_Plan, ...]


def cents_to_ud_per_kwh(cents: Decimal, field: str) -> UdPerKwh:
    """Cents per kWh to whole micro-dollars per kWh; refuses finer and absurd prices."""
    exact = cents * UD_PER_CENT
    price = int(exact)
    if exact != price or abs(price) > PRICE_MAX_UD_PER_KWH:
        raise ConfigError(
            "a price has at most four decimals of a cent and stays within 100 dollars a kWh",
            rule="tariff.price",
            field=field,
            value=cents,
            remedy="give cents per kWh, for example 9.8",
        )
    return UdPerKwh(price)


def parse_tariffs(text: str, what: str) -> dict[str, TariffPlan]:
    """All plans of a tariff file by name; refuses gaps of meaning and overlapping versions."""
    plans: dict[str, TariffPlan] = {}
    for raw in parse_toml(_TariffFile, text, what).plan:
        if raw.name in plans:
            raise _refusal("two plans of one name", raw.name, "name", raw.name)
        rules = tuple(
            TariffRule(r.period, r.days, r.hours[0] % 24, r.hours[1] % 24, frozenset(r.months))
            for r in raw.rule
        )
        versions: list[TariffVersion] = []
        for v in sorted(raw.version, key=lambda version: version.valid_from):
            if v.valid_to <= v.valid_from:
                raise _refusal("a version ends before it starts", raw.name, "to", v.valid_to)
            if versions and v.valid_from < versions[-1].valid_to:
                raise _refusal("two versions overlap", raw.name, "from", v.valid_from)
            missing = {rule.period for rule in rules} - set(v.cents_per_kwh)
            if missing:
                raise _refusal(
                    "a period has no price", raw.name, f"version {v.valid_from}", sorted(missing)
                )
            prices = {
                period: cents_to_ud_per_kwh(cents, f"plan.{raw.name}.{v.valid_from}.{period}")
                for period, cents in v.cents_per_kwh.items()
            }
            versions.append(TariffVersion(v.valid_from, v.valid_to, prices))
        free = raw.holidays or _Holidays(country="", names=())
        plans[raw.name] = TariffPlan(
            raw.name,
            raw.title,
            raw.time_zone,
            free.country,
            free.subdivision,
            frozenset(free.names),
            rules,
            tuple(versions),
            raw.source,
        )
    return plans


def shipped_tariffs() -> str:
    """Text of the tariff file that comes with the package."""
    return resources.files("sourceenergy.config").joinpath(SHIPPED).read_text(encoding="utf-8")


def _refusal(message: str, plan: str, field: str, value: object) -> ConfigError:
    return ConfigError(
        f"tariff plan {plan}: {message}",
        rule="tariff.file",
        field=f"plan.{plan}.{field}",
        value=value,
        remedy="mend the tariff file",
    )
