"""A guardian stops a statement before it is live: the span is settled anew, and paid once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from small_batch import SPAN, run, write
from sourceenergy.chain.anvil import find_anvil
from sourceenergy.chain.contracts import Contract
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.keys import open_account
from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.chain import chain_at
from sourceenergy.errors import Unavailable
from sourceenergy.node.intent_log import StoredIntentLog
from sourceenergy.node.onchain import LOCAL_WEI
from sourceenergy.settlement.published import PublicPeriod, read_public
from sourceenergy.store.sqlite import Store


def public_of(folder: Path) -> PublicPeriod:
    return read_public({p.name: p.read_bytes() for p in (folder / "public").iterdir()})


async def veto(data: Path, public: PublicPeriod) -> None:
    """What a guardian does who does not believe a statement."""
    guardian = open_account(data / "chain/keys", "guardian")
    clearing = Contract("Clearing", public.anchor.clearing)
    log = Store(data / "chain/guardian.sqlite")
    async with chain_at(None, data) as (url, chain), Rpc(url) as rpc:
        assert chain is not None
        await chain.fund(guardian.address, LOCAL_WEI)
        call = clearing.encode("veto", public.statement.epoch)
        await Gateway(rpc, guardian, StoredIntentLog(log)).send("veto", clearing.address, call)
    log.close()


async def funds_ud(data: Path, public: PublicPeriod) -> int:
    """What the community holds [ud]."""
    clearing = Contract("Clearing", public.anchor.clearing)
    async with chain_at(None, data) as (url, _), Rpc(url) as rpc:
        return int(await rpc.read(clearing, "funds"))


def test_what_the_guardian_vetoed_is_settled_anew_and_collected_once(tmp_path: Path) -> None:
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    write(tmp_path / "street")
    data, first, second = tmp_path / "data", tmp_path / "first", tmp_path / "second"
    settle = ("settle", tmp_path / "street/community.toml", *SPAN, "--data", data, "--out")
    ran = run(*settle, first)
    assert ran.status == 0, ran
    asyncio.run(veto(data, public_of(first)))

    stopped = run("verify", first / "public", "--data", data)
    assert stopped.status == 1
    assert "vetoed" in str(stopped.told)
    # Its files stay as evidence: the span is settled anew into another folder.
    assert run(*settle, first).refused() == ("statement.immutable", "--out")

    ran = run(*settle, second)
    assert ran.status == 0, ran
    ours = public_of(second)
    assert ours.statement.epoch == 2, "a vetoed statement has used its epoch"
    assert asyncio.run(funds_ud(data, ours)) == ours.statement.deposits_ud, "collected twice"
    assert run("verify", second / "public", "--audit", second / "audit", "--data", data).status == 0
    assert run(*settle, second).status == 0
    assert public_of(second).hash == ours.hash
