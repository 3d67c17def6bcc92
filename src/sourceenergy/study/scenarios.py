"""Which rules to compare: a scenario changes the mechanism or the tariff plans, not both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sourceenergy.errors import ConfigError, InputError
from sourceenergy.market.prices import PRICE_RULES
from sourceenergy.market.tariffs import prices_at
from sourceenergy.settlement.intervals import IntervalInput, IntervalOutcome, share_intervals
from sourceenergy.settlement.ledger import Ledgers, MemberLedger, members_ledgers
from sourceenergy.settlement.period import Period, interval_input


@dataclass(frozen=True, slots=True)
class Scenario:
    """Rules to try: ``mechanism``, and one tariff plan a member (in member order)."""

    name: str
    title: str
    mechanism: str
    plans: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """A scenario's result; money is exact [nd], in member order.

    ``today_nd`` is what each member pays today with the grid alone, on today's plan: the bill that
    nobody may end above. ``grid_only_nd`` is the same on the scenario's plan.
    """

    scenario: Scenario
    given: IntervalInput
    shared: IntervalOutcome
    ledgers: tuple[MemberLedger, ...]
    today_nd: tuple[int, ...]
    fees_ud: int

    @property
    def cost_nd(self) -> tuple[int, ...]:
        """What each member pays in the scenario."""
        return tuple(ledger.cost_nd for ledger in self.ledgers)

    @property
    def grid_only_nd(self) -> tuple[int, ...]:
        """What each would pay on the scenario's plan without the community."""
        return tuple(ledger.grid_only_nd for ledger in self.ledgers)

    @property
    def saving_nd(self) -> tuple[int, ...]:
        """Today's bill less the scenario's; negative for a loser."""
        return tuple(a - b for a, b in zip(self.today_nd, self.cost_nd, strict=True))

    @property
    def losers(self) -> tuple[int, ...]:
        """Members (by index) who would pay more than today."""
        return tuple(i for i, saved in enumerate(self.saving_nd) if saved < 0)

    @property
    def local_wh(self) -> int:
        """Energy that neighbours would share."""
        return sum(ledger.sold_wh for ledger in self.ledgers)


def scenarios(period: Period) -> list[Scenario]:
    """Every mechanism on today's plans; then each plan for all; then the cheapest plan for each.

    Plans that do not cover the period are left out, as are those that change nothing.
    """
    today = tuple(member.plan for member in period.members)
    names = [period.mechanism, *(m for m in PRICE_RULES if m != period.mechanism)]
    result = [Scenario(m, f"{m}, today's plans", m, today) for m in names]
    usable = [name for name in sorted(period.plans) if _covers(period, name)]
    for name in usable:
        if set(today) != {name}:
            title = f"everybody on {name}"
            result.append(Scenario(f"all:{name}", title, period.mechanism, (name,) * len(today)))
    cheapest = _cheapest(period, usable)
    if cheapest != today and cheapest not in {s.plans for s in result}:
        result.append(
            Scenario(
                "cheapest", "each on the plan that is cheapest alone", period.mechanism, cheapest
            )
        )
    return result


def try_out(period: Period, chosen: Sequence[Scenario]) -> list[Outcome]:
    """Run scenarios on a period's data; raises ``InputError`` where there is nothing to compare."""
    if not period.members or not len(period.starts_s):
        raise InputError(
            "a study needs members and intervals",
            rule="study.empty",
            field="period",
            remedy="name a span that the meter files cover",
        )
    today_nd = tuple(ledger.grid_only_nd for ledger in _settled(period)[2])
    outcomes = []
    for scenario in chosen:
        given, shared, ledgers, fees_ud = _settled(_under(period, scenario))
        outcomes.append(Outcome(scenario, given, shared, tuple(ledgers), today_nd, fees_ud))
    return outcomes


def _under(period: Period, scenario: Scenario) -> Period:
    members = tuple(
        replace(member, plan=plan)
        for member, plan in zip(period.members, scenario.plans, strict=True)
    )
    return replace(period, mechanism=scenario.mechanism, members=members)


def _settled(
    period: Period,
) -> tuple[IntervalInput, IntervalOutcome, Ledgers, int]:
    given = interval_input(period)
    shared = share_intervals(given)
    ledgers, fees_ud = members_ledgers(given, shared)
    return given, shared, ledgers, fees_ud


def _covers(period: Period, plan: str) -> bool:
    try:
        prices_at(period.plans[plan], period.starts_s)
    except ConfigError:
        return False
    return True


def _cheapest(period: Period, plans: Sequence[str]) -> tuple[str, ...]:
    """For each member the plan with the lowest bill from the grid alone; ties to today's plan."""
    today = [member.plan for member in period.members]
    bills = {}
    for plan in plans:
        whole = Scenario(plan, plan, period.mechanism, (plan,) * len(today))
        bills[plan] = [ledger.grid_only_nd for ledger in _settled(_under(period, whole))[2]]
    return tuple(
        min(plans, key=lambda plan: (bills[plan][i], plan != today[i], plan), default=today[i])
        for i in range(len(today))
    )
