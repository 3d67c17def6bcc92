"""What a stranger reads from a chain: a community's statements, from events alone."""

from __future__ import annotations

from dataclasses import replace

from sourceenergy.chain.events import Posted, Vetoed
from sourceenergy.chain.indexer import read_events
from sourceenergy.chain.rpc import Rpc
from sourceenergy.records import PostedStatement

SPAN_BLOCKS = 5000


async def posted_statements(
    rpc: Rpc, clearing: str, community: str, first_block: int = 0
) -> list[PostedStatement]:
    """All statements of a community in order of epoch, vetoed ones marked.

    ``clearing`` is the community's own contract, which accepts no other community's statements.
    Needs a node's JSON-RPC only; nothing of the community's servers.
    """
    head = await rpc.block_number()
    events = await read_events(rpc, {clearing.lower(): "Clearing"}, first_block, head, SPAN_BLOCKS)
    found: dict[int, PostedStatement] = {}
    for event in events:
        if isinstance(event, Posted) and event.statement.community == community:
            found[event.statement.epoch] = PostedStatement(
                event.statement,
                event.statement_hash,
                event.live_at_s,
                False,
                event.place.block,
                event.place.transaction,
            )
        elif isinstance(event, Vetoed):
            for epoch in range(event.from_epoch, event.to_epoch + 1):
                if epoch in found:
                    found[epoch] = replace(found[epoch], vetoed=True)
    return [found[epoch] for epoch in sorted(found)]
