"""What a trust owns and is worth; a change of value is never income."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sourceenergy.economy.household_trust.income import Distribution
from sourceenergy.errors import InputError
from sourceenergy.units import Ud


@dataclass(frozen=True, slots=True)
class Holding:
    """Units of one asset that belong to the trust, and what they cost [ud]."""

    asset: str
    units: int
    cost_ud: Ud


@dataclass(frozen=True, slots=True)
class Valuation:
    """The value of one unit on a day, as someone accountable found it [ud]."""

    asset: str
    unit_value_ud: Ud
    day: date
    method: str  # audited, appraisal, traded average …
    source: str  # who, or which record


@dataclass(frozen=True, slots=True)
class ValueLine:
    """One asset's value with the date and method it rests on [ud].

    ``change_ud`` is against the valuation before, ``unrealised_ud`` against cost; neither is
    income and neither is ever distributed.
    """

    holding: Holding
    valuation: Valuation
    value_ud: Ud
    change_ud: Ud
    unrealised_ud: Ud


@dataclass(frozen=True, slots=True)
class NetAssetValue:
    """Cash plus Σ units × last valued unit on a day [ud]."""

    day: date
    cash_ud: Ud
    lines: tuple[ValueLine, ...]

    @property
    def total_ud(self) -> Ud:
        """Everything the trust owns."""
        return Ud(self.cash_ud + sum(line.value_ud for line in self.lines))

    @property
    def unrealised_ud(self) -> Ud:
        """Value above cost (below zero: under cost), shown apart from income."""
        return Ud(sum(line.unrealised_ud for line in self.lines))


def net_asset_value(
    holdings: Sequence[Holding], valuations: Sequence[Valuation], cash_ud: int, day: date
) -> NetAssetValue:
    """The trust's value on ``day``, from the last valuation of each asset up to that day."""
    lines = []
    for holding in sorted(holdings, key=lambda one: one.asset):
        known = sorted(
            (one for one in valuations if one.asset == holding.asset and one.day <= day),
            key=lambda one: one.day,
        )
        if not known:
            raise InputError(
                f"{holding.asset} was not valued up to {day.isoformat()}",
                rule="value.missing",
                field="valuations",
                value=holding.asset,
                remedy="enter a valuation with date, method and source",
            )
        days = [one.day for one in known]
        if len(set(days)) < len(days):
            raise InputError(
                f"{holding.asset} has two values for one day",
                rule="value.twice",
                field="valuations",
                value=holding.asset,
                remedy="keep the one that corrects the other",
            )
        last = known[-1]
        value = holding.units * last.unit_value_ud
        earlier = holding.units * known[-2].unit_value_ud if len(known) > 1 else holding.cost_ud
        lines.append(
            ValueLine(holding, last, Ud(value), Ud(value - earlier), Ud(value - holding.cost_ud))
        )
    return NetAssetValue(day, Ud(cash_ud), tuple(lines))


@dataclass(frozen=True, slots=True)
class MemberView:
    """What one member of the family sees after an income [ud]: the same numbers as the ledger."""

    name: str
    own_ud: Ud
    held: bool
    trust_income_ud: Ud
    trust_value_ud: Ud
    value_change_ud: Ud  # unrealised, no income


def member_view(distribution: Distribution, worth: NetAssetValue, number: int) -> MemberView:
    """Own part, the trust's income and its value, with the change since the valuation before."""
    for part in distribution.parts:
        if part.number == number:
            return MemberView(
                part.name,
                part.amount_ud,
                part.held,
                distribution.income_ud,
                worth.total_ud,
                Ud(sum(line.change_ud for line in worth.lines)),
            )
    raise InputError(
        "no beneficiary of this trust has that number",
        rule="value.member",
        field="number",
        value=number,
        remedy="name a member of the family",
    )
