"""Brings statements to the chain, in order, and reads the chain's events back into the store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from sourceenergy.chain.events import (
    Deposited,
    DeviceRevoked,
    ExitRequested,
    ExitServed,
    Posted,
    Vetoed,
)
from sourceenergy.chain.indexer import Indexer, Mark
from sourceenergy.errors import ChainError, Unavailable
from sourceenergy.node.onchain import OnChain
from sourceenergy.records import Statement
from sourceenergy.settlement.published import read_member
from sourceenergy.store.sqlite import Store

log = logging.getLogger("sourceenergy.poster")

_TRAIL = 64


class Poster:
    """Posts what is ready and indexes what happened; survives a chain that is away."""

    def __init__(
        self,
        store: Store,
        onchain: OnChain,
        posted: Callable[[dict[str, Any]], None],
        devices_changed: Callable[[], None],
        own_file: Callable[[int, str], bytes | None],
    ) -> None:
        self._store = store
        self._onchain = onchain
        self._posted = posted
        self._devices_changed = devices_changed
        self._own_file = own_file
        self._indexer = Indexer(onchain.rpc, onchain.manifest, onchain.clearing.address)
        self._trail: list[Mark] = []
        self.state = "starting"

    async def run(self, every_s: float = 1.0) -> None:
        """Index and post for ever; a chain that does not answer is tried again."""
        lost = False
        while True:
            try:
                if lost:
                    # The chain may have come back without its last second: send again what it lost.
                    await self._onchain.reconcile()
                    lost = False
                await self.index()
                await self.post_ready()
                await self.serve_exits()
                self.state = "up"
            except Unavailable as error:
                if not isinstance(error, ChainError) or not lost:
                    log.warning("the chain is away: %s", error)
                self.state = f"waiting: {error.message}"
                lost = True
            await asyncio.sleep(every_s)

    async def index(self) -> None:
        """Take in what happened on chain since the last look."""
        page = await self._indexer.read(self._trail)
        reread_from = page.reread_from if self._trail else 0
        if page.reread_from is not None:
            log.warning("the chain went back; reading again from block %s", page.reread_from)
            self._trail = [mark for mark in self._trail if mark.block < page.reread_from]
            await self._onchain.reconcile()
        deposits, exits = [], []
        for event in page.events:
            place = event.place
            if isinstance(event, Deposited):
                account = event.account.lower()
                row = (place.block, place.log_index, place.transaction, account, event.amount_ud)
                deposits.append(row)
            elif isinstance(event, ExitRequested):
                exits.append((event.account.lower(), place.block))
            elif isinstance(event, ExitServed):
                self._store.mark_exit_served(event.account.lower())
            elif isinstance(event, Posted):
                # One that was lost and sent again stands in another block, and opens later.
                epoch = event.statement.epoch
                self._store.mark_posted(epoch, place.block, place.transaction, event.live_at_s)
            elif isinstance(event, Vetoed):
                log.error(
                    "the guardian vetoed statements %s to %s", event.from_epoch, event.to_epoch
                )
                self._store.mark_vetoed(event.from_epoch, event.to_epoch)
            elif isinstance(event, DeviceRevoked):
                device = self._store.devices().get(event.device)
                if device is not None:
                    self._store.put_device(device._replace(revoked_at=event.at_sequence))
                    self._devices_changed()
        self._store.add_deposits(deposits, reread_from)
        self._store.add_exits(exits)
        if page.mark is not None and (not self._trail or self._trail[0] != page.mark):
            self._trail = [page.mark, *self._trail][:_TRAIL]

    async def post_ready(self) -> None:
        """Post every statement that is ready, oldest first."""
        ready = [s for s in self._store.statements(1000) if s.state == "ready"]
        for stored in reversed(ready):
            posted = await self._onchain.post(Statement(**stored.body))
            self._store.mark_posted(
                stored.epoch, posted.block, posted.transaction, posted.live_at_s
            )
            log.info("statement %s is in block %s", stored.epoch, posted.block)
            self._posted({"epoch": stored.epoch, "block": posted.block})

    async def serve_exits(self) -> None:
        """Answer requests to leave as soon as a live statement has left no balance.

        Not answered in time, a request freezes posting: the contract sees to that.
        """
        waiting = self._store.exits_to_serve()
        if not waiting:
            return
        now_s = await self._onchain.chain_time_s()
        for account, exit_epoch in waiting:
            for stored in self._store.statements(1000):
                live = stored.state == "posted" and (stored.live_at_s or now_s + 1) <= now_s
                own = self._own_file(stored.epoch, account) if live else None
                if own is not None and stored.epoch >= exit_epoch:
                    member = read_member(own)
                    await self._onchain.serve_exit(
                        stored.epoch, member.payout_leaf, member.payout_proof
                    )
                    self._store.mark_exit_served(account)
                    log.info("the exit of %s is served", account)
                    break
