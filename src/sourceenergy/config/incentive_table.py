"""``[[incentive]]``: what a policy pays for energy, and how much is left to pay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from sourceenergy.config.amounts import cents_to_ud_per_kwh, dollars_to_ud
from sourceenergy.config.parsing import Strict
from sourceenergy.errors import ConfigError
from sourceenergy.records import Incentive, IncentiveFor


class IncentiveTable(Strict):
    """``[[incentive]]``: ``budget_dollars`` is what is left of the budget for the span settled."""

    policy: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    cents_per_kwh: Annotated[Decimal, Field(gt=0)]
    budget_dollars: Annotated[Decimal, Field(ge=0)]
    earns: IncentiveFor = Field(alias="for")
    tariff: str = ""
    periods: tuple[str, ...] = ()
    valid_from: date = Field(alias="from")
    valid_to: date = Field(alias="to")


def incentives(tables: Sequence[IncentiveTable], time_zone: str) -> tuple[Incentive, ...]:
    """The incentives in order of policy and date; ``to`` is the first local day without.

    Raises ``ConfigError``: rule ``incentive.dates``, ``incentive.periods`` (periods without their
    plan, or a plan without periods), ``incentive.overlap`` (one policy pays twice at a time).
    """
    zone = ZoneInfo(time_zone)
    found = sorted((_incentive(table, zone) for table in tables), key=_order)
    for before, after in pairwise(found):
        if before.policy == after.policy and after.start_s < before.end_s:
            raise ConfigError(
                "two incentives of one policy overlap",
                rule="incentive.overlap",
                field="incentive.policy",
                value=after.policy,
                remedy="let one end where the next begins, or name the other policy",
            )
    return tuple(found)


def _order(one: Incentive) -> tuple[str, int]:
    return one.policy, one.start_s


def _incentive(table: IncentiveTable, zone: ZoneInfo) -> Incentive:
    if table.valid_to <= table.valid_from:
        raise ConfigError(
            f"the incentive of policy {table.policy} ends before it begins",
            rule="incentive.dates",
            field="incentive.to",
            value=table.valid_to,
            remedy="give the first day on which it is no longer paid",
        )
    if bool(table.tariff) != bool(table.periods) or len(set(table.periods)) < len(table.periods):
        raise ConfigError(
            f"the incentive of policy {table.policy} names periods of one tariff plan, each once",
            rule="incentive.periods",
            field="incentive.periods",
            value=list(table.periods),
            remedy='write tariff = "…" and periods = ["on_peak"], or leave out both',
        )
    start_s, end_s = (
        int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
        for day in (table.valid_from, table.valid_to)
    )
    return Incentive(
        table.policy,
        cents_to_ud_per_kwh(table.cents_per_kwh, "incentive.cents_per_kwh"),
        dollars_to_ud(table.budget_dollars, "incentive.budget_dollars"),
        start_s,
        end_s,
        table.earns,
        table.tariff,
        tuple(sorted(table.periods)),
    )
