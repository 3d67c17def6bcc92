"""Tariff files: dated plans and charges in TOML, so that next year's prices need no code.

A plan has rules by the local hour, or tiers by the month's use, or a series of hourly prices. A
file names the series by ``prices_file``; ``inline_series`` puts its text in, so that the tariff
text that an audit bundle holds is whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib import resources
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from sourceenergy.config.amounts import cents_to_ud_per_kwh, dollars_to_ud, percent_to_ppm
from sourceenergy.config.parsing import Strict, parse_toml
from sourceenergy.config.price_series import parse_price_series
from sourceenergy.errors import ConfigError
from sourceenergy.records import (
    BillCharge,
    ChargeKind,
    ChargeVersion,
    TariffPlan,
    TariffRule,
    TariffTier,
    TariffVersion,
)
from sourceenergy.units import WH_PER_KWH, UdPerKwh

SHIPPED = "ontario-2025-11-01.toml"
"""Ontario's plans, rebate and tax from 2021 to 2026, shipped with the package."""

SERIES_PRICES = ("adder",)
"""Prices that every version of a plan with a series has; ``fallback`` is optional."""


def zone_exists(name: str) -> str:
    """The zone's name, or ``ValueError`` if the time zone database has none of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone (for example America/Toronto)") from error
    return name


TimeZone = Annotated[str, AfterValidator(zone_exists)]
Hour = Annotated[int, Field(ge=0, le=24)]
Months = tuple[Annotated[int, Field(ge=1, le=12)], ...]
ALL_MONTHS: Months = tuple(range(1, 13))


class _Rule(Strict):
    period: str
    days: Literal["all", "weekday", "weekend"] = "all"
    hours: tuple[Hour, Hour] = (0, 24)
    months: Months = ALL_MONTHS


class _Tier(Strict):
    period: str
    months: Months = ALL_MONTHS
    up_to_kwh: Annotated[int, Field(ge=1, le=10**7)] | None = None


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
    rule: tuple[_Rule, ...] = ()
    tier: tuple[_Tier, ...] = ()
    prices_file: str | None = None
    prices_csv: str | None = None
    version: tuple[_Version, ...]


class _ChargeVersion(Strict):
    valid_from: date = Field(alias="from")
    valid_to: date | None = Field(alias="to", default=None)
    dollars_per_month: Decimal = Decimal(0)
    cents_per_kwh: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)


class _Charge(Strict):
    name: str
    title: str
    kind: ChargeKind
    source: str
    version: tuple[_ChargeVersion, ...] = Field(min_length=1)


class _TariffFile(Strict):
    plan: tuple[_Plan, ...] = ()
    charge: tuple[_Charge, ...] = ()


def parse_tariffs(text: str, what: str) -> dict[str, TariffPlan]:
    """All plans of a tariff file by name; refuses gaps of meaning and overlapping versions."""
    plans: dict[str, TariffPlan] = {}
    file = parse_toml(_TariffFile, text, what)
    if not file.plan:
        raise ConfigError(
            f"{what} has no plan",
            rule="tariff.file",
            field="plan",
            value=what,
            remedy="add a [[plan]]",
        )
    for raw in file.plan:
        if raw.name in plans:
            raise _refusal("two plans of one name", raw.name, "name", raw.name)
        if bool(raw.rule) + bool(raw.tier) + bool(raw.prices_csv or raw.prices_file) != 1:
            raise _refusal(
                "a plan has either rules, or tiers, or a series of prices",
                raw.name,
                "rule",
                len(raw.rule),
            )
        if raw.prices_file is not None:
            raise _refusal(
                "the price series was not read in", raw.name, "prices_file", raw.prices_file
            )
        rules = tuple(
            TariffRule(r.period, r.days, r.hours[0] % 24, r.hours[1] % 24, frozenset(r.months))
            for r in raw.rule
        )
        tiers = tuple(
            TariffTier(
                t.period,
                frozenset(t.months),
                None if t.up_to_kwh is None else t.up_to_kwh * WH_PER_KWH,
            )
            for t in raw.tier
        )
        periods = {rule.period for rule in rules} | {tier.period for tier in tiers}
        versions = _versions(raw, periods or set(SERIES_PRICES))
        _check_tiers(raw.name, tiers, versions)
        free = raw.holidays or _Holidays(country="", names=())
        plans[raw.name] = TariffPlan(
            raw.name,
            raw.title,
            raw.time_zone,
            free.country,
            free.subdivision,
            frozenset(free.names),
            rules,
            versions,
            raw.source,
            tiers,
            None
            if raw.prices_csv is None
            else parse_price_series(raw.prices_csv, f"plan.{raw.name}.prices_csv"),
        )
    return plans


def parse_charges(text: str, what: str) -> tuple[BillCharge, ...]:
    """All charges of a tariff file: delivery, regulatory, rebate and tax lines of a bill."""
    charges: list[BillCharge] = []
    for raw in parse_toml(_TariffFile, text, what).charge:
        if any(charge.name == raw.name for charge in charges):
            raise _refusal("two charges of one name", raw.name, "name", raw.name, "charge")
        by_part = raw.kind in {ChargeKind.REBATE, ChargeKind.TAX}
        versions: list[ChargeVersion] = []
        for v in sorted(raw.version, key=lambda version: version.valid_from):
            field = f"charge.{raw.name}.{v.valid_from}"
            if v.valid_to is not None and v.valid_to <= v.valid_from:
                raise _refusal(
                    "a version ends before it starts", raw.name, "to", v.valid_to, "charge"
                )
            end = versions[-1].valid_to if versions else v.valid_from
            if end is None or v.valid_from < end:
                raise _refusal("two versions overlap", raw.name, "from", v.valid_from, "charge")
            if by_part and (v.dollars_per_month or v.cents_per_kwh):
                raise _refusal(
                    "a rebate or tax is a percentage", raw.name, "percent", v.percent, "charge"
                )
            if v.percent and not by_part:
                raise _refusal(
                    "a delivery or regulatory charge is money a month or for each kWh",
                    raw.name,
                    "percent",
                    v.percent,
                    "charge",
                )
            versions.append(
                ChargeVersion(
                    v.valid_from,
                    v.valid_to,
                    dollars_to_ud(v.dollars_per_month, f"{field}.dollars_per_month"),
                    cents_to_ud_per_kwh(v.cents_per_kwh, f"{field}.cents_per_kwh"),
                    percent_to_ppm(v.percent, f"{field}.percent"),
                )
            )
        charges.append(BillCharge(raw.name, raw.title, raw.kind, raw.source, tuple(versions)))
    return tuple(charges)


def shipped_tariffs() -> str:
    """Text of the tariff file that comes with the package."""
    return resources.files("sourceenergy.config").joinpath(SHIPPED).read_text(encoding="utf-8")


_PRICES_FILE = re.compile(
    r"""^([ \t]*)prices_file[ \t]*=[ \t]*["']([^"'\n]*)["'][ \t]*(?:\#.*)?$""", re.MULTILINE
)


def inline_series(text: str, read: Callable[[str], str]) -> str:
    """The tariff text with every ``prices_file = "…"`` replaced by the file's own text.

    ``read`` gives the text of a file named there. Raises ``ConfigError`` (rule ``tariff.series``)
    for a text that could not stand inside the file.
    """

    def inlined(match: re.Match[str]) -> str:
        series = read(match[2])
        if "'''" in series:
            raise ConfigError(
                "a price series is a CSV of times and prices",
                rule="tariff.series",
                field="prices_file",
                value=match[2],
                remedy="give start and price, separated by a comma",
            )
        return f"{match[1]}prices_csv = '''\n{series}'''"

    return _PRICES_FILE.sub(inlined, text)


def _versions(raw: _Plan, periods: set[str]) -> tuple[TariffVersion, ...]:
    versions: list[TariffVersion] = []
    for v in sorted(raw.version, key=lambda version: version.valid_from):
        if v.valid_to <= v.valid_from:
            raise _refusal("a version ends before it starts", raw.name, "to", v.valid_to)
        if versions and v.valid_from < versions[-1].valid_to:
            raise _refusal("two versions overlap", raw.name, "from", v.valid_from)
        missing = periods - set(v.cents_per_kwh)
        if missing:
            raise _refusal(
                "a period has no price", raw.name, f"version {v.valid_from}", sorted(missing)
            )
        prices: dict[str, UdPerKwh] = {
            period: cents_to_ud_per_kwh(cents, f"plan.{raw.name}.{v.valid_from}.{period}")
            for period, cents in v.cents_per_kwh.items()
        }
        versions.append(TariffVersion(v.valid_from, v.valid_to, prices))
    return tuple(versions)


def _check_tiers(
    plan: str, tiers: tuple[TariffTier, ...], versions: tuple[TariffVersion, ...]
) -> None:
    """Each month's tiers rise in bound and never fall in price, and the last has no bound."""
    for month in ALL_MONTHS if tiers else ():
        mine = [tier for tier in tiers if month in tier.months]
        bounds = [tier.up_to_wh for tier in mine]
        rising = [bound for bound in bounds if bound is not None]
        if bounds != [*sorted(set(rising)), None]:
            raise _refusal("a month's tiers rise and the last is open", plan, "tier", month)
        for version in versions:
            prices = [version.prices[tier.period] for tier in mine]
            if prices != sorted(prices):
                raise _refusal(
                    "tiers that get cheaper with use are not supported: what a shared kWh saves "
                    "would depend on the rest of the month",
                    plan,
                    f"version {version.valid_from}",
                    prices,
                )


def _refusal(message: str, name: str, field: str, value: object, kind: str = "plan") -> ConfigError:
    return ConfigError(
        f"tariff {kind} {name}: {message}",
        rule="tariff.file",
        field=f"{kind}.{name}.{field}",
        value=value,
        remedy="mend the tariff file",
    )
