"""Read the contracts' events back from the chain, and notice when the chain went back.

The reader keeps a trail: marks (block number and hash) of how far it has read, newest first. A
chain that was rolled back or reorganised no longer has the newest marks; what was read above
the newest mark it still has is void and read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sourceenergy.chain.contracts import decode_event
from sourceenergy.chain.events import EVENTS, ChainEvent, Place, readable
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import ChainError, Unavailable

_TRIES = 5


class Mark(NamedTuple):
    """A block that was read to its end."""

    block: int
    block_hash: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one look brought.

    Drop everything at ``reread_from`` and above before taking ``events``, when it is not None:
    the chain went back. ``mark`` goes to the front of the trail (None: nothing was read yet).
    """

    events: tuple[ChainEvent, ...]
    mark: Mark | None
    reread_from: int | None


class Indexer:
    """Reads the events of one set of contracts.

    ``clearing`` is a community's own contract, read with those of the manifest; ``confirmations``
    the depth of the newest block read (1: the head itself); ``span`` the most blocks asked for at
    once.
    """

    def __init__(
        self,
        rpc: Rpc,
        manifest: Manifest,
        clearing: str | None = None,
        confirmations: int = 1,
        span: int = 2000,
    ) -> None:
        self._rpc = rpc
        self._first_block = manifest.first_block
        self._names = {
            deployed.address.lower(): name
            for name, deployed in manifest.contracts.items()
            if any(key[0] == name for key in EVENTS)
        }
        if clearing is not None:
            self._names[clearing.lower()] = "Clearing"
        self._confirmations = confirmations
        self._span = span

    async def read(self, trail: Sequence[Mark] = ()) -> Page:
        """Everything after the newest mark of ``trail`` the chain still has, in chain order.

        Raises Unavailable when the chain does not answer or will not stand still.
        """
        for _ in range(_TRIES):
            kept = await still_there(self._rpc, trail)
            went_back = bool(trail) and kept != trail[0]
            start = kept.block + 1 if kept else self._first_block
            last = await self._rpc.block_number() - self._confirmations + 1
            reread = start if went_back else None
            if last < start:
                return Page((), kept, reread)
            before = await block_hash(self._rpc, last)
            events = await read_events(self._rpc, self._names, start, last, self._span)
            after = await block_hash(self._rpc, last)
            # both ends unchanged: no reorganisation happened under our hands
            same_start = kept is None or await block_hash(self._rpc, kept.block) == kept.block_hash
            if before is not None and before == after and same_start:
                return Page(tuple(events), Mark(last, before), reread)
        raise Unavailable(
            "the chain reorganised again and again while it was read",
            rule="indexer.still",
            field="rpc",
            value=self._rpc.shown,
            remedy="read it with more confirmations",
        )


async def still_there(rpc: Rpc, trail: Sequence[Mark]) -> Mark | None:
    """The first mark of ``trail`` (newest first) that the chain still has."""
    for mark in trail:
        if await block_hash(rpc, mark.block) == mark.block_hash:
            return mark
    return None


async def block_hash(rpc: Rpc, block: int) -> str | None:
    """Hash of the block with that number; None above the head."""
    found = await rpc.call("eth_getBlockByNumber", hex(block), False)
    return str(found["hash"]) if found else None


async def read_events(
    rpc: Rpc, names: Mapping[str, str], start: int, last: int, span: int
) -> list[ChainEvent]:
    """Events of the contracts in ``names`` (address to name) in blocks ``start`` … ``last``."""
    events: list[ChainEvent] = []
    for first in range(start, last + 1, span):
        logs = await rpc.call(
            "eth_getLogs",
            {
                "fromBlock": hex(first),
                "toBlock": hex(min(first + span - 1, last)),
                "address": sorted(names),
            },
        )
        for log in logs:
            event = _event(names, log)
            if event is not None:
                events.append(event)
    return sorted(events, key=lambda event: (event.place.block, event.place.log_index))


def _event(names: Mapping[str, str], log: Mapping[str, Any]) -> ChainEvent | None:
    name = names.get(str(log["address"]).lower())
    if name is None:
        raise ChainError(
            "the node sent a log nobody asked for",
            rule="indexer.address",
            field="address",
            value=log["address"],
            remedy="use another node",
        )
    decoded = decode_event(name, log["topics"], log["data"])
    if decoded is None:
        return None
    place = Place(
        block=int(log["blockNumber"], 16),
        block_hash=str(log["blockHash"]),
        transaction=str(log["transactionHash"]),
        log_index=int(log["logIndex"], 16),
    )
    return readable(name, decoded, place)
