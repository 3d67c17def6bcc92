"""A contract's events since the deployment, in spans that a provider answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sourceenergy.chain.contracts import artifact, decode_event
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import ChainError

_SPAN = 2000


class Logged(NamedTuple):
    """An event: its name, its values by name, the block it is in."""

    name: str
    values: dict[str, Any]
    block: int


async def logged(
    rpc: Rpc,
    manifest: Manifest,
    contract: str,
    names: Sequence[str] = (),
    indexed: Sequence[str | None] = (),
) -> list[Logged]:
    """The events of a manifest's contract, oldest first.

    ``names`` keeps those events alone, ``indexed`` those with these words (0x + 64 hex digits)
    as their first indexed values.
    """
    deployed = manifest.contracts[contract]
    shapes = artifact(deployed.contract).events
    wanted = ["0x" + topic.hex() for topic, shape in shapes.items() if shape.name in names]
    topics = [wanted or None, *indexed]
    last = await rpc.block_number()
    requests = [
        (
            "eth_getLogs",
            (
                {
                    "address": deployed.address,
                    "topics": topics,
                    "fromBlock": hex(start),
                    "toBlock": hex(min(start + _SPAN - 1, last)),
                },
            ),
        )
        for start in range(manifest.first_block, last + 1, _SPAN)
    ]
    found = []
    for answer in await rpc.batch(requests):
        if isinstance(answer, ChainError):
            raise answer
        for log in answer:
            event = decode_event(deployed.contract, log["topics"], log["data"])
            if event is not None:
                found.append(Logged(event.name, event.values, int(log["blockNumber"], 16)))
    return found


async def now_s(rpc: Rpc) -> int:
    """The second the next block has, as far as the node says; else the newest block's."""
    for which in ("pending", "latest"):
        block = await rpc.call("eth_getBlockByNumber", which, False)
        if block is not None:
            return int(block["timestamp"], 16)
    raise AssertionError("every chain has a newest block")


def word(value: int | str) -> str:
    """A number or an address as an indexed value."""
    number = int(value, 16) if isinstance(value, str) else value
    return "0x" + number.to_bytes(32, "big").hex()
