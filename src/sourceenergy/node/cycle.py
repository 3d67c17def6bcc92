"""The interval cycle: close each interval once, settle it, and each commit period after it.

Nothing here waits for the chain: a statement is kept in the store first and posted by another
task, so that metering goes on while a chain is away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sourceenergy.clock import Clock
from sourceenergy.config.community_file import Community
from sourceenergy.node.assemble import (
    Money,
    Records,
    assemble_period,
    month_start_s,
    used_in_month_before,
)
from sourceenergy.node.boundary import metered
from sourceenergy.node.publish import Settled, accounts_of, opening_of, prepare, remember
from sourceenergy.records import MeterInterval, Quality, TariffPlan
from sourceenergy.settlement.incentives import refuse_incentives
from sourceenergy.settlement.intervals import share_intervals
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import interval_input
from sourceenergy.settlement.published import Anchor
from sourceenergy.store.sqlite import Store, StoredPeriod
from sourceenergy.units import Wh, iso_utc

log = logging.getLogger("sourceenergy.cycle")


@dataclass(frozen=True)
class Place:
    """What a live community is made of; fixed while the node runs."""

    community: Community
    plans: Mapping[str, TariffPlan]
    tariffs_text: str
    accounts: Mapping[str, str]
    operator_account: str
    anchor: Anchor
    meters: Mapping[str, str]  # meter id -> device id
    commit_intervals: int
    grace_s: int


class Cycle:
    """Closes intervals of one community in order, each exactly once."""

    def __init__(
        self,
        store: Store,
        place: Place,
        clock: Clock,
        write_files: Callable[[int, dict[str, bytes]], Path],
    ) -> None:
        refuse_incentives(place.community.incentives)
        self._store = store
        self._place = place
        self._clock = clock
        self._write_files = write_files
        self._seconds = place.community.interval_seconds
        self._started_s = clock.now_ms() // 1000

    def step(self) -> dict[str, Any] | None:
        """Close the next interval if its readings are in or its grace is over; its result.

        A period that is complete but not settled (the node was stopped in between) comes first.
        """
        self._finish_period()
        start_s = self._next_start()
        if start_s is None or not self._ready(start_s + self._seconds):
            return None
        period = self._period_of(start_s)
        records = [self._metered(meter, start_s) for meter in sorted(self._place.meters)]
        result = self._share(period, start_s, records)
        self._store.add_interval(start_s, self._seconds, period.epoch, records, result)
        self._finish_period()
        return {"start_s": start_s, **result}

    # --- which interval, and when ---

    def _next_start(self) -> int | None:
        last = self._store.last_interval()
        if last is not None:
            return last + self._seconds
        firsts = [self._store.first_usable(d) for d in self._place.meters.values()]
        seen = [first.utc_ms for first in firsts if first is not None]
        everyone = len(seen) == len(firsts)
        if not seen or not (
            everyone or self._clock.now_ms() > min(seen) + self._place.grace_s * 1000
        ):
            return None
        return -(-max(seen) // (self._seconds * 1000)) * self._seconds

    def _ready(self, end_s: int) -> bool:
        if self._clock.now_ms() < end_s * 1000:
            return False
        # A node that was away gives the homes time to send what they kept meanwhile.
        awaited_s = max(end_s, self._started_s) + self._place.grace_s
        if self._clock.now_ms() >= awaited_s * 1000:
            return True
        lasts = (self._store.last_usable(device) for device in self._place.meters.values())
        return all(last is not None and last.utc_ms >= end_s * 1000 for last in lasts)

    def _metered(self, meter: str, start_s: int) -> tuple[MeterInterval, int | None]:
        device = self._place.meters[meter]
        record, produced = metered(self._store, device, meter, start_s, self._seconds)
        if record.quality is Quality.ESTIMATED and not self._place.community.accept_estimates:
            missing = MeterInterval(meter, start_s, self._seconds, Wh(0), Wh(0), Quality.MISSING)
            return missing, None
        return record, produced

    # --- periods ---

    def _period_of(self, start_s: int) -> StoredPeriod:
        last = self._store.last_period()
        if last is not None and start_s < last.end_s:
            return last
        before = self._store.last_accepted()
        opening, _ = opening_of(before)
        epoch = 1 if last is None else last.epoch + 1
        period = StoredPeriod(
            epoch,
            start_s,
            start_s + self._place.commit_intervals * self._seconds,
            {a: [s.deposited_ud, s.payout_ud, s.balance_ud] for a, s in opening.items()},
            self._store.new_deposits(),
            self._store.all_exits(),
        )
        self._store.open_period(period)
        return period

    def _finish_period(self) -> None:
        period = self._store.last_period()
        last = self._store.last_interval()
        if period is None or last is None or last + self._seconds < period.end_s:
            return
        if self._store.statement(period.epoch) is not None:
            return
        records = self._store.records(period.start_s, period.end_s)
        settled = self._prepare(period, [record for record, _ in records])
        # Files first: a statement that is remembered always has its files.
        self._write_files(period.epoch, settled.files)
        remember(self._store, settled)
        log.info(
            "statement %s settled: %s Wh shared until %s",
            period.epoch,
            settled.statement.local_wh,
            iso_utc(period.end_s),
        )

    def _prepare(self, period: StoredPeriod, records: list[MeterInterval]) -> Settled:
        _, previous = opening_of(self._store.last_accepted())
        return prepare(
            assemble_period(
                self._place.community,
                self._place.plans,
                self._place.accounts,
                self._place.operator_account,
                self._store,
                self._arrays(period.start_s, period.end_s, records),
                self._money(period),
            ),
            self._place.tariffs_text,
            self._place.anchor,
            period.epoch,
            previous,
            tuple(member.id for member in self._place.community.members),
        )

    def _money(self, period: StoredPeriod) -> Money:
        opening: dict[str, AccountState] = accounts_of(period.opening)
        community, plans = self._place.community, self._place.plans
        used = {}
        if any(plans[member.tariff].tiers for member in community.members):
            month = month_start_s(community, period.start_s)
            held = [record for record, _ in self._store.records(month, period.start_s)]
            before = self._arrays(month, period.start_s, held)
            used = used_in_month_before(community, plans, self._place.accounts, before)
        return Money(True, opening, period.deposits, frozenset(period.exits), used_before_wh=used)

    def _arrays(self, start_s: int, end_s: int, records: list[MeterInterval]) -> Records:
        column = {meter.id: i for i, meter in enumerate(self._place.community.meters)}
        shape = ((end_s - start_s) // self._seconds, len(column))
        imported = np.zeros(shape, dtype=np.int64)
        exported = np.zeros(shape, dtype=np.int64)
        quality = np.full(shape, Quality.MISSING, dtype=np.int64)
        for record in records:
            t, m = (record.start_s - start_s) // self._seconds, column[record.meter]
            imported[t, m], exported[t, m] = record.imported_wh, record.exported_wh
            quality[t, m] = record.quality
        return Records(start_s, end_s, imported, exported, quality)

    def _share(
        self, period: StoredPeriod, start_s: int, fresh: list[tuple[MeterInterval, int | None]]
    ) -> dict[str, Any]:
        """Share the period so far, as its settlement will; the last interval's result."""
        held = [record for record, _ in self._store.records(period.start_s, start_s)]
        records = self._arrays(
            period.start_s, start_s + self._seconds, [*held, *(record for record, _ in fresh)]
        )
        sofar = assemble_period(
            self._place.community,
            self._place.plans,
            self._place.accounts,
            self._place.operator_account,
            self._store,
            records,
            self._money(period),
        )
        given = interval_input(sofar)
        outcome = share_intervals(given)
        produced = [energy for _, energy in fresh if energy is not None]
        imported, exported = int(given.imported[-1].sum()), int(given.exported[-1].sum())
        ids = [member.id for member in self._place.community.members]
        return {
            "traded": bool(outcome.traded[-1]),
            "price": int(outcome.price[-1]),
            "feed_in": int(outcome.feed_in[-1]),
            "retail": int(outcome.retail[-1]),
            "fee": self._place.community.fee,
            "imported_wh": imported,
            "exported_wh": exported,
            "local_wh": int(outcome.sold[-1].sum()),
            "produced_wh": sum(produced),
            "bought": dict(zip(ids, outcome.bought[-1].tolist(), strict=True)),
            "sold": dict(zip(ids, outcome.sold[-1].tolist(), strict=True)),
            "retail_by_member": dict(zip(ids, given.retail[-1].tolist(), strict=True)),
        }
