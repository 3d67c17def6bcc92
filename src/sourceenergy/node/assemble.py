"""Puts a ``Period`` together from the community's file, the store's secrets and metered records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sourceenergy.config.community_file import Community
from sourceenergy.economy.aggregated_market import meter_settles
from sourceenergy.economy.individual import passport_end_s
from sourceenergy.errors import ConfigError
from sourceenergy.node.identity import identity_of
from sourceenergy.proofs import ZERO_HASH
from sourceenergy.records import Correction, Quality, TariffPlan
from sourceenergy.settlement import VERSION
from sourceenergy.settlement.columns import Meters
from sourceenergy.settlement.incentives import require_periods
from sourceenergy.settlement.intervals import members_energy
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.orders import PeriodDeal, PeriodOrder
from sourceenergy.settlement.period import Period, PeriodMember, PeriodMeter
from sourceenergy.settlement.plants import PeriodPlant
from sourceenergy.store.sqlite import Store
from sourceenergy.units import iso_utc


@dataclass(frozen=True, slots=True)
class Records:
    """Metered energy [Wh] and quality of a span, by interval and meter [T×M]."""

    start_s: int
    end_s: int
    imported: NDArray[np.int64]
    exported: NDArray[np.int64]
    quality: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Money:
    """Where the accounts stand when a period opens; see ``Period``."""

    funded: bool
    opening: Mapping[str, AccountState]
    deposits_ud: Mapping[str, int]
    exits: frozenset[str]
    corrections: tuple[Correction, ...] = ()  # of earlier periods, taking effect in this one
    adjustments_ud: Mapping[str, int] = field(default_factory=dict)
    used_before_wh: Mapping[str, int] = field(default_factory=dict)  # in the month, for tiers


@dataclass(frozen=True, slots=True)
class Trading:
    """Orders of a period, in the order in which they came, and deals agreed ahead."""

    orders: tuple[PeriodOrder, ...] = ()
    deals: tuple[PeriodDeal, ...] = ()
    mechanism: str = "uniform_price"


NO_TRADING = Trading()


def check_tariffs(community: Community, plans: Mapping[str, TariffPlan]) -> None:
    """Refuse a community file that names a tariff plan the tariff file lacks."""
    for member in community.members:
        if member.tariff not in plans:
            raise ConfigError(
                f"member {member.id} is on an unknown tariff plan",
                rule="tariff.unknown",
                field=f"member.{member.id}.tariff",
                value=member.tariff,
                remedy=f"use one of {', '.join(sorted(plans))}, or add the plan to the file",
            )
    for one in community.incentives:
        require_periods(one, plans)


def assemble_period(
    community: Community,
    plans: Mapping[str, TariffPlan],
    accounts: Mapping[str, str],
    operator_account: str,
    store: Store,
    records: Records,
    money: Money,
    trading: Trading = NO_TRADING,
) -> Period:
    """The period as settlement and auditors see it: pseudonyms instead of ids, salts included."""
    span = f"{iso_utc(records.start_s)}/{iso_utc(records.end_s)}"
    members = []
    for member in community.members:
        identity = identity_of(store, "member", member.id, span)
        members.append(
            PeriodMember(
                identity.key,
                accounts[member.id],
                member.tariff,
                identity.salt,
                passport_end_s(member.passport_expires),
            )
        )
    meters = []
    for meter in community.meters:
        identity = identity_of(store, "meter", meter.id, span)
        meters.append(PeriodMeter(identity.key, meter.parts, meter.verified, identity.salt))
    return Period(
        version=VERSION,
        community=community.name,
        mode=community.mode,
        mechanism=community.mechanism,
        fee=community.fee,
        feed_in=community.feed_in,
        start_s=records.start_s,
        end_s=records.end_s,
        seconds=community.interval_seconds,
        members=tuple(members),
        meters=tuple(meters),
        operator_account=operator_account,
        operator_salt=identity_of(store, "operator", community.name, span).salt,
        plans=dict(plans),
        imported=records.imported,
        exported=records.exported,
        quality=records.quality,
        funded=money.funded,
        opening=dict(money.opening),
        deposits_ud=dict(money.deposits_ud),
        exits=money.exits,
        corrections=money.corrections,
        adjustments_ud=dict(money.adjustments_ud),
        used_before_wh=dict(money.used_before_wh),
        incentives=tuple(
            one
            for one in community.incentives
            if one.budget_ud and one.start_s < records.end_s and one.end_s > records.start_s
        ),
        plants=_plants(community),
        internal_price=community.internal_price,
        internal_fee=community.internal_fee,
        participation=tuple(
            (m, meter.participation)
            for m, meter in enumerate(community.meters)
            if meter.participation
        ),
        deals=trading.deals,
        orders=trading.orders,
        order_mechanism=trading.mechanism,
    )


def used_in_month_before(
    community: Community,
    plans: Mapping[str, TariffPlan],
    accounts: Mapping[str, str],
    records: Records,
) -> dict[str, int]:
    """Import of members on tiered plans [Wh] by account, from the month's ``records`` before."""
    tiered = [i for i, m in enumerate(community.members) if plans[m.tariff].tiers]
    if not tiered:
        return {}
    meters = Meters.of(
        [PeriodMeter(ZERO_HASH, m.parts, m.verified, ZERO_HASH) for m in community.meters]
    )
    accepted = np.array([meter_settles(community.mode, m.verified) for m in community.meters])
    settles = (records.quality != Quality.MISSING) & accepted
    used = members_energy(records.imported, settles, meters, len(community.members)).sum(axis=0)
    return {accounts[community.members[i].id]: int(used[i]) for i in tiered}


def month_start_s(community: Community, second: int) -> int:
    """First second of the local month in which ``second`` lies."""
    local = datetime.fromtimestamp(second, ZoneInfo(community.time_zone))
    return int(local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp())


def _plants(community: Community) -> tuple[PeriodPlant, ...]:
    """Shared plants in the order in which they serve: by priority, then by the meter's id."""
    shared = [(meter.priority, meter.id, m) for m, meter in enumerate(community.meters)]
    order = [m for _, _, m in sorted(shared) if community.meters[m].keys]
    return tuple(
        PeriodPlant(m, place, community.meters[m].keys) for place, m in enumerate(order, start=1)
    )
