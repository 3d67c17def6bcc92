"""Which rules to compare: a scenario changes mechanism, key or tariff plans, one at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sourceenergy.errors import ConfigError
from sourceenergy.market.prices import PRICE_RULES
from sourceenergy.market.tariffs import prices_at
from sourceenergy.records import PPM, AllocationKey, KeyKind, KeyVersion
from sourceenergy.settlement.period import Period, interval_input
from sourceenergy.settlement.plants import PeriodPlant
from sourceenergy.units import UdPerKwh, split_largest_remainder

AUCTIONS = ("uniform_price", "pay_as_bid", "mcafee")
"""Mechanisms that take orders; nobody has bid, so tariffs give the reserve prices."""
BILL_SHARING = "bill_sharing"


class Change(StrEnum):
    """What a scenario changes against the community's own rules."""

    NOTHING = "nothing"
    MECHANISM = "mechanism"
    KEY = "key"
    PLANS = "plans"


@dataclass(frozen=True, slots=True)
class Scenario:
    """Rules to try: ``mechanism``, one tariff plan a member (in member order), and shared plants.

    ``plants`` and ``internal_price`` [ud/kWh] are those of ``Period``; none where the pool shares
    everything.
    """

    name: str
    change: Change
    mechanism: str
    plans: tuple[str, ...]
    plants: tuple[PeriodPlant, ...] = ()
    internal_price: UdPerKwh = UdPerKwh(0)  # noqa: RUF009
    key: KeyKind | None = None


def scenarios(period: Period, only_plans: Sequence[str] = ()) -> list[Scenario]:
    """The community's own rules first; then every mechanism, key and tariff plan in their place.

    ``only_plans`` names the plans to try; all of the tariff file where it is empty. Plans that do
    not cover the period are left out, as are tiered ones where it begins within a month.
    """
    today = tuple(member.plan for member in period.members)
    own = Scenario(
        period.mechanism,
        Change.NOTHING,
        period.mechanism,
        today,
        period.plants,
        period.internal_price,
    )
    pools = [m for m in PRICE_RULES if m != period.mechanism]
    result = [own]
    result += [replace(own, name=m, change=Change.MECHANISM, mechanism=m) for m in pools]
    if not period.plants:  # auctions and bill sharing know no plants
        result += [Scenario(m, Change.MECHANISM, m, today) for m in (*AUCTIONS, BILL_SHARING)]
    result += _with_keys(period, own)
    result += _with_plans(period, own, only_plans or sorted(period.plans))
    return result


def under(period: Period, scenario: Scenario) -> Period:
    """The period as it would be under a scenario that settlement itself can run."""
    members = [
        replace(member, plan=plan)
        for member, plan in zip(period.members, scenario.plans, strict=True)
    ]
    return replace(
        period,
        mechanism=scenario.mechanism,
        members=members,
        plants=scenario.plants,
        internal_price=scenario.internal_price,
    )


def _with_keys(period: Period, own: Scenario) -> list[Scenario]:
    """Each kind of key for the shared plants; where there are none, for every roof's surplus.

    Then all members have equal shares, and a kWh costs the middle between feed-in and the lowest
    retail price of the period, less the fee.
    """
    plants = own.plants or tuple(
        PeriodPlant(m, place, ()) for place, m in enumerate(_exporting(period), start=1)
    )
    if not plants:
        return []
    price = own.internal_price if own.plants else _middle(period)
    kinds = {version.key.kind for plant in own.plants for version in plant.versions}
    result = []
    for kind in (KeyKind.STATIC, KeyKind.DYNAMIC, KeyKind.HYBRID):
        if kinds != {kind}:
            keyed = tuple(replace(plant, versions=_as(kind, plant, period)) for plant in plants)
            result.append(
                replace(
                    own,
                    name=f"key:{kind}",
                    change=Change.KEY,
                    plants=keyed,
                    internal_price=price,
                    key=kind,
                )
            )
    return result


def _exporting(period: Period) -> list[int]:
    return [m for m in range(len(period.meters)) if period.exported[:, m].any()]


def _middle(period: Period) -> UdPerKwh:
    lowest = min(
        min(price for price, _ in prices_at(period.plans[plan], period.starts_s))
        for plan in {member.plan for member in period.members}
        if not period.plans[plan].tiers
    )
    return UdPerKwh(max(period.feed_in, (period.feed_in + lowest - period.fee) // 2))


def _as(kind: KeyKind, plant: PeriodPlant, period: Period) -> tuple[KeyVersion, ...]:
    """A plant's versions as keys of another kind; shares that a kind needs and lacks are equal."""
    count = len(period.members)
    equal = tuple(split_largest_remainder(PPM, [1] * count))
    versions = plant.versions or (
        KeyVersion(period.start_s, AllocationKey(KeyKind.STATIC, equal, (0,) * count)),
    )
    result = []
    for version in versions:
        shares = version.key.shares_ppm if any(version.key.shares_ppm) else equal
        classes = tuple(int(bool(c)) for c in version.key.classes)
        everyone = classes if any(classes) else (1,) * count
        result.append(
            KeyVersion(
                version.from_s,
                AllocationKey(
                    kind,
                    (0,) * count if kind is KeyKind.DYNAMIC else shares,
                    (0,) * count if kind is KeyKind.STATIC else everyone,
                ),
            )
        )
    return tuple(result)


def _with_plans(period: Period, own: Scenario, names: Sequence[str]) -> list[Scenario]:
    result = []
    for name in names:
        if set(own.plans) != {name} and _covers(period, name):
            plans = (name,) * len(own.plans)
            result.append(replace(own, name=f"plan:{name}", change=Change.PLANS, plans=plans))
    return result


def _covers(period: Period, plan: str) -> bool:
    members = [replace(member, plan=plan) for member in period.members]
    try:
        interval_input(replace(period, members=members))
    except ConfigError:
        return False
    return True


def cheapest_plans(today: Sequence[str], bills_nd: Mapping[str, Sequence[int]]) -> tuple[str, ...]:
    """For each member the plan with the lowest bill; ties to today's, then to the first name."""
    return tuple(
        min(sorted(bills_nd), key=lambda plan: (bills_nd[plan][i], plan != own), default=own)
        for i, own in enumerate(today)
    )
