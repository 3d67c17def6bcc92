"""The chain a command works on: any JSON-RPC address, or the local one of the data folder."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.cli.keeper import is_kept


@contextlib.asynccontextmanager
async def chain_at(
    rpc: str | None, data_dir: Path
) -> AsyncIterator[tuple[str, EmbeddedChain | None]]:
    """The chain to use: ``rpc``, or the local one, started if it does not run already."""
    if rpc:
        yield rpc, None
        return
    chain = EmbeddedChain(data_dir / "chain")
    (data_dir / "chain").mkdir(parents=True, exist_ok=True)
    ran_before = chain.alive
    await chain.start()
    try:
        yield chain.url, chain
    finally:
        if not ran_before and not is_kept(data_dir):
            await chain.stop()
