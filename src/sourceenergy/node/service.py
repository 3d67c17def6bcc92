"""The node: one object that holds the parts together and answers the API's questions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sourceenergy import __version__
from sourceenergy.clock import Clock, SimulatedClock
from sourceenergy.config.community_file import Meter
from sourceenergy.economy.aggregated_market import MEANING
from sourceenergy.edge.signer import Signer
from sourceenergy.errors import ConfigError, InputError
from sourceenergy.market.tariffs import price_at
from sourceenergy.node.cycle import Cycle, Place
from sourceenergy.node.ingest import Ingest
from sourceenergy.node.live import STALE_MS, LiveView
from sourceenergy.node.onchain import OnChain
from sourceenergy.node.poster import Poster
from sourceenergy.records import Mode, Quality, Receipt, Segment
from sourceenergy.reports.writing import write_tree
from sourceenergy.sdk import Refusal
from sourceenergy.store.sqlite import Store
from sourceenergy.units import nd_to_ud_down

log = logging.getLogger("sourceenergy.node")

SERIES = 96
_SUMMED = (
    "imported_wh",
    "exported_wh",
    "produced_wh",
    "consumed_wh",
    "local_bought_wh",
    "local_sold_wh",
)
_PUBLIC = re.compile(r"statement\.json|intervals\.csv")


@dataclass(frozen=True)
class HomeFacts:
    """What people may know of a home: its roof and battery."""

    name: str
    solar_w: int
    battery_wh: int


class Node:
    """A live community node."""

    def __init__(
        self,
        store: Store,
        place: Place,
        clock: Clock,
        signer: Signer,
        onchain: OnChain,
        data_dir: Path,
        homes: dict[str, HomeFacts],
    ) -> None:
        self.store = store
        self.place = place
        self.clock = clock
        self.signer = signer
        self.onchain = onchain
        self.data_dir = data_dir
        self._homes = homes
        self.live_view = LiveView(clock, len(place.meters))
        self.ingest = Ingest(store, signer, clock, self.live_view.notice)
        self.cycle = Cycle(store, place, clock, self._write_files)
        self.poster = Poster(
            store, onchain, self._posted, self.ingest.reload_devices, self._own_file
        )
        self._problem = ""
        self._listeners: set[asyncio.Queue[dict[str, Any]]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def simulated(self) -> bool:
        """Is this community simulated?"""
        return self.place.community.mode is Mode.SIMULATION

    # --- running ---

    async def start(self) -> None:
        """Start closing intervals and posting statements."""
        self._tasks = [
            asyncio.create_task(self._close_intervals(), name="cycle"),
            asyncio.create_task(self.poster.run(), name="poster"),
            asyncio.create_task(self._tell_live(), name="live"),
        ]
        for task in self._tasks:
            task.add_done_callback(_report_death)

    async def stop(self) -> None:
        """Stop all tasks; what was accepted is on disk."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.store.close()

    async def _close_intervals(self) -> None:
        while True:
            try:
                closed = self.cycle.step()
            except ConfigError as error:
                # Without a price nothing can be settled, but readings are still taken and kept.
                if not self._problem:
                    log.critical("intervals are not settled: %s", error)
                self._problem = str(error)
                await asyncio.sleep(5)
                continue
            self._problem = ""
            if closed is None:
                await asyncio.sleep(0.2)
            else:
                self._tell({"kind": "interval", "data": _series_row(closed["start_s"], closed)})
                await asyncio.sleep(0)

    async def _tell_live(self) -> None:
        while True:
            await asyncio.sleep(1)
            if self._listeners:
                self._tell({"kind": "live", "data": self._snapshot()})

    def _write_files(self, epoch: int, files: dict[str, bytes]) -> Path:
        folder = self.data_dir / "statements" / f"{epoch:06d}"
        write_tree(folder, files)
        return folder

    def _own_file(self, epoch: int, account: str) -> bytes | None:
        """A member's own file of a statement, by account."""
        for member, held in self.place.accounts.items():
            path = self.data_dir / "statements" / f"{epoch:06d}" / "members" / member / "proof.json"
            if held == account and path.is_file():
                return path.read_bytes()
        return None

    def _posted(self, row: dict[str, Any]) -> None:
        self._tell({"kind": "statement", "data": row})

    def _tell(self, message: dict[str, Any]) -> None:
        for queue in self._listeners:
            if queue.full():  # a listener that does not keep up misses messages, not the node
                continue
            queue.put_nowait(message)

    @contextlib.asynccontextmanager
    async def listen(self) -> AsyncIterator[asyncio.Queue[dict[str, Any]]]:
        """A queue of what happens, while the context lasts."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(100)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    # --- questions ---

    def take(self, segments: Sequence[Segment]) -> tuple[list[Receipt], list[Refusal]]:
        """Take readings; see ``Ingest.take``."""
        return self.ingest.take(segments)

    async def status(self) -> dict[str, Any]:
        """Parts, versions, ages, and what is live, simulated or not permitted."""
        community = self.place.community
        last = self.store.last_interval()
        newest = self.live_view.newest_ms
        block: int | None = None
        with contextlib.suppress(Exception):
            block = await self.onchain.rpc.block_number()
        speed = self.clock.speed if isinstance(self.clock, SimulatedClock) else 1
        age_s, fresh = None, False
        if newest is not None:
            age_s = max(0.0, self.clock.real_seconds(self.clock.now_ms() - newest))
            fresh = self.clock.now_ms() - newest < STALE_MS
        return {
            "version": __version__,
            "mode": community.mode.value,
            "mode_meaning": MEANING[community.mode],
            "simulated": self.simulated,
            "community": community.name,
            "time_zone": community.time_zone,
            "chain": {
                "id": self.onchain.anchor.chain_id,
                "block": block,
                "clearing": self.onchain.anchor.clearing,
                "community": self.onchain.anchor.community,
                "rpc": self.onchain.rpc.shown,
            },
            "clock": {"utc_ms": self.clock.now_ms(), "speed": speed},
            "interval_seconds": community.interval_seconds,
            "members": len(community.members),
            "last_interval": None if last is None else {"start_s": last},
            "last_reading_age_s": age_s,
            "readings": self.store.count_readings(),
            "node_public_key": {
                "x": f"{self.signer.public_x:064x}",
                "y": f"{self.signer.public_y:064x}",
            },
            "parts": [
                {
                    "name": "Energy Contracts",
                    "state": "up" if block is not None else "away",
                    "detail": self._problem or self.poster.state,
                },
                {
                    "name": "DER Engine",
                    "state": "up" if fresh else "no new readings",
                    "detail": "simulated homes" if self.simulated else "homes",
                },
                {"name": "Prosumer", "state": "up", "detail": "served by this node"},
            ],
        }

    def _snapshot(self) -> dict[str, Any]:
        return self.live_view.snapshot(self.simulated, self._price_now())

    def live(self) -> dict[str, Any]:
        """Power now, price now, and the last closed intervals."""
        last = self.store.last_interval()
        seconds = self.place.community.interval_seconds
        rows = []
        if last is not None:
            rows = self.store.intervals(last - (SERIES - 1) * seconds, last + seconds)
        return {**self._snapshot(), "series": [_series_row(start, row) for start, row in rows]}

    def _price_now(self) -> dict[str, Any] | None:
        last = self.store.last_interval()
        if last is None:
            return None
        community = self.place.community
        ((start, row),) = self.store.intervals(last, last + 1)
        plan = self.place.plans[community.members[0].tariff]
        retail, period = price_at(plan, start, used_wh=0)  # of a plan with tiers, the first
        local = row["price"] if row["traded"] else None
        return {
            "local_ud_per_kwh": local,
            "buy_ud_per_kwh": None if local is None else local + row["fee"],
            "sell_ud_per_kwh": local,
            "fee_ud_per_kwh": row["fee"],
            # The band the price was made in; where nothing was shared, the first member's plan.
            "retail_ud_per_kwh": row["retail"] if row["traded"] else retail,
            "feed_in_ud_per_kwh": row["feed_in"] if row["traded"] else community.feed_in,
            "interval_start_s": start,
            "period": period,
        }

    def statements(self, limit: int) -> list[dict[str, Any]]:
        """The newest statements and where they stand."""
        now_s = datetime.now(UTC).timestamp()
        rows = []
        for held in self.store.statements(limit):
            state = held.state
            if state == "posted" and held.live_at_s is not None:
                state = "live" if now_s >= held.live_at_s else "pending"
            rows.append(
                {
                    "epoch": held.epoch,
                    "start_s": held.body["start_s"],
                    "end_s": held.body["end_s"],
                    "hash": held.hash,
                    "block": held.block,
                    "transaction": held.tx,
                    "state": state,
                    "live_at_s": held.live_at_s,
                    "imported_wh": held.body["imported_wh"],
                    "exported_wh": held.body["exported_wh"],
                    "local_wh": held.body["local_wh"],
                    "payouts_ud": held.body["payouts_ud"],
                    "balances_ud": held.body["balances_ud"],
                }
            )
        return rows

    def homes(self) -> list[dict[str, Any]]:
        """The homes of a simulated community; in a real one this is nobody's business."""
        return [
            {
                "id": meter.id,
                "name": facts.name,
                "solar_w": facts.solar_w,
                "battery_wh": facts.battery_wh,
                "tariff": self._member_of(meter).tariff,
                "simulated": self.simulated,
            }
            for meter in self.place.community.meters
            if (facts := self._homes.get(meter.id)) is not None
        ]

    def _member_of(self, meter: Meter) -> Any:
        return self.place.community.members[meter.parts[0][0]]

    def home_day(self, home: str, day: date | None) -> dict[str, Any]:
        """One home's local day, interval by interval, with its money [ud]."""
        meters = {meter.id: meter for meter in self.place.community.meters}
        if home not in meters or not self.simulated:
            raise InputError(
                "no such home",
                rule="home.unknown",
                field="home",
                value=home,
                remedy="ask /api/v1/homes for the ids",
            )
        zone = ZoneInfo(self.place.community.time_zone)
        if day is None:
            day = datetime.fromtimestamp(self.clock.now_ms() / 1000, zone).date()
        if not 1970 <= day.year <= 9998:
            raise InputError(
                "no such day",
                rule="date.range",
                field="date",
                value=day,
                remedy="ask for a day from 1970 on",
            )
        start_s, end_s = (
            int(datetime.combine(midnight, datetime.min.time(), zone).timestamp())
            for midnight in (day, day + timedelta(days=1))
        )
        results = dict(self.store.intervals(start_s, end_s))
        member = self._member_of(meters[home]).id
        feed_in = self.place.community.feed_in
        rows = []
        totals = dict.fromkeys(_SUMMED, 0)
        paid_nd = earned_nd = saving_nd = 0
        facts = self._homes.get(home)
        battery = facts is not None and facts.battery_wh > 0
        for record, produced in self.store.records(start_s, end_s):
            if record.meter != home:
                continue
            result = results[record.start_s]
            bought, sold = result["bought"][member], result["sold"][member]
            missing = record.quality is Quality.MISSING
            made = produced if produced is not None else 0
            # A battery's energy is not metered, so a battery home's own use is not known.
            known = not missing and not battery
            consumed = made + record.imported_wh - record.exported_wh if known else None
            row = {
                "start_s": record.start_s,
                "imported_wh": record.imported_wh,
                "exported_wh": record.exported_wh,
                "produced_wh": produced,
                "consumed_wh": consumed,
                "local_bought_wh": bought,
                "local_sold_wh": sold,
                "quality": record.quality.name.lower(),
                "price_ud_per_kwh": result["price"] if result["traded"] else None,
            }
            rows.append(row)
            for name in totals:
                totals[name] += int(row[name] or 0)
            retail = result["retail_by_member"][member]
            paid_nd += bought * (result["price"] + result["fee"])
            earned_nd += sold * result["price"]
            saving_nd += bought * (retail - result["price"] - result["fee"])
            saving_nd += sold * (result["price"] - feed_in)
        return {
            "home": home,
            "date": day.isoformat(),
            "timezone": zone.key,
            "interval_seconds": self.place.community.interval_seconds,
            "intervals": rows,
            "totals": {
                **totals,
                "consumed_wh": None if battery else totals["consumed_wh"],
                "paid_ud": nd_to_ud_down(paid_nd),
                "earned_ud": nd_to_ud_down(earned_nd),
                "saving_ud": nd_to_ud_down(saving_nd),
            },
        }

    def public_file(self, epoch: int, name: str) -> bytes:
        """A public file of a statement."""
        path = self.data_dir / "statements" / f"{epoch:06d}" / "public" / name
        # The name first: what a stranger sends never reaches the file system unchecked.
        if not _PUBLIC.fullmatch(name) or not path.is_file():
            raise InputError(
                "no such public file",
                rule="public.file",
                field="name",
                value=f"{epoch}/{name}",
                remedy="ask for statement.json or intervals.csv of a settled epoch",
            )
        return path.read_bytes()


def _series_row(start_s: int, row: dict[str, Any]) -> dict[str, Any]:
    produced, imported, exported = row["produced_wh"], row["imported_wh"], row["exported_wh"]
    return {
        "start_s": start_s,
        "imported_wh": imported,
        "exported_wh": exported,
        "local_wh": row["local_wh"],
        "produced_wh": produced,
        "consumed_wh": max(0, produced + imported - exported),
        "price_ud_per_kwh": row["price"] if row["traded"] else None,
    }


def _report_death(task: asyncio.Task[None]) -> None:
    """A task of the node never ends by itself: say so and end the process, to be started anew."""
    if task.cancelled() or task.exception() is None:
        return
    log.critical("the node's %s stopped", task.get_name(), exc_info=task.exception())
    asyncio.get_running_loop().call_soon(_end)


def _end() -> None:
    raise SystemExit(1)
