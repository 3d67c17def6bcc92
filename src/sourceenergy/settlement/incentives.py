"""Incentives of a period: which energy earns, and what each member is paid by the economy's rule.

The operator's account pays: what members get more, the operator gets less. Rounding is that of
``economy.central_bank.incentives`` (and of ``Incentives`` on chain): each part down, what is left
stays with the operator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sourceenergy.economy.central_bank import incentives as rule
from sourceenergy.errors import InputError
from sourceenergy.market.tariffs import prices_at
from sourceenergy.records import Incentive, IncentiveFor, TariffPlan
from sourceenergy.settlement.intervals import IntervalInput, IntervalOutcome
from sourceenergy.settlement.money import Money, money
from sourceenergy.units import UdPerKwh

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class IncentivePaid:
    """An incentive as paid: every member's energy that earned [Wh, N] and money [ud, N]."""

    incentive: Incentive
    energy_wh: Ints
    amount_ud: Money
    rate_paid: UdPerKwh  # rounded down; below the incentive's where the budget binds


def plan_periods(plan: TariffPlan) -> frozenset[str]:
    """Names of the periods that depend on the time alone; none under tiers and hourly series."""
    if plan.tiers or plan.series is not None:
        return frozenset()
    return frozenset(one.period for one in plan.rules)


def require_periods(one: Incentive, plans: Mapping[str, TariffPlan]) -> None:
    """Refuse periods that the plan does not have, or a plan that is not there."""
    if not one.periods:
        return
    known = plan_periods(plans[one.tariff]) if one.tariff in plans else frozenset()
    unknown = sorted(set(one.periods) - known)
    if unknown:
        raise InputError(
            f"the incentive of policy {one.policy} names a period that its tariff plan lacks",
            rule="incentive.period",
            field="incentive.periods",
            value=f"{one.tariff}: {unknown[0]}",
            remedy=f"use periods by time of a plan of the tariff file: {', '.join(sorted(known))}"
            if known
            else "name a plan of the tariff file whose prices go by the time",
        )


def pay_incentives(
    incentives: Sequence[Incentive],
    plans: Mapping[str, TariffPlan],
    accounts: Sequence[str],
    starts_s: range,
    funded: bool,
    given: IntervalInput,
    outcome: IntervalOutcome,
) -> tuple[IncentivePaid, ...]:
    """What each incentive pays in the period; only intervals in which a member may trade earn.

    Raises ``InputError``: rule ``incentive.funded`` where members pay from funds (the operator then
    has no account that is filled afterwards), ``incentive.period`` for an unknown tariff period.
    """
    if funded:
        refuse_incentives(incentives)
    return tuple(_paid(one, plans, accounts, starts_s, given, outcome) for one in incentives)


def refuse_incentives(incentives: Sequence[Incentive]) -> None:
    """Refuse incentives where members pay from funds (rule ``incentive.funded``)."""
    if incentives:
        raise InputError(
            "an incentive cannot be paid where members pay from funds",
            rule="incentive.funded",
            field="incentive.policy",
            value=incentives[0].policy,
            remedy="settle by the batch (sourceenergy settle), where the operator collects",
        )


def _paid(
    one: Incentive,
    plans: Mapping[str, TariffPlan],
    accounts: Sequence[str],
    starts_s: range,
    given: IntervalInput,
    outcome: IntervalOutcome,
) -> IncentivePaid:
    require_periods(one, plans)
    starts = np.array(starts_s, dtype=np.int64)
    rows = (starts >= one.start_s) & (starts < one.end_s)
    if one.periods:
        names = [name for _, name in prices_at(plans[one.tariff], starts_s)]
        rows &= np.isin(names, list(one.periods))
    earning = given.exported if one.earns is IncentiveFor.DELIVERED else outcome.to_members
    energy: Ints = np.where(rows[:, None] & given.trades, earning, 0).sum(axis=0)
    end_s = starts_s.stop
    result = rule.settle(
        rule.Programme(
            1, one.policy, one.earns.value, one.rate, one.budget_ud, starts_s.start, end_s
        ),
        [
            rule.Earned(number, account, energy_wh)
            for number, (account, energy_wh) in enumerate(
                zip(accounts, energy.tolist(), strict=True)
            )
        ],
        end_s,
    )
    return IncentivePaid(
        one,
        energy,
        money([line.amount_ud for line in result.lines]),
        result.rate_paid_ud_per_kwh,
    )
