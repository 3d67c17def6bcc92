"""After a veto the operator's next statement builds on what still stands, by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from sourceenergy.chain.anvil import EmbeddedChain, find_anvil
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.keys import open_account
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import Unavailable
from sourceenergy.node.intent_log import StoredIntentLog
from sourceenergy.node.onchain import LOCAL_WEI, OnChain, Terms
from sourceenergy.proofs import ZERO_HASH, payout_leaf_hash
from sourceenergy.records import PayoutLeaf, PostedStatement, Statement
from sourceenergy.store.sqlite import Store
from sourceenergy.units import Ud, Wh

pytestmark = pytest.mark.anyio

MEMBER = "0x" + "44" * 20
DELAY_S = 3600


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def post(onchain: OnChain, epoch: int, previous: str, payout_ud: int) -> PostedStatement:
    """One member has 1000 ud, of which this much is for payout."""
    community = onchain.anchor.community
    leaf = PayoutLeaf(MEMBER, Ud(1000), Ud(payout_ud), Ud(1000 - payout_ud), "05" * 32)
    return await onchain.post(
        Statement(
            community, epoch, 900 * payout_ud, 900 * payout_ud + 900, previous,
            payout_leaf_hash(community, leaf).hex(), "02" * 32, "03" * 32, "04" * 32,
            Wh(5), Wh(6), Wh(7), Ud(1000), Ud(payout_ud), Ud(1000 - payout_ud),
        )
    )  # fmt: skip


@pytest.mark.parametrize("first_void", [3, 2, 1])
async def test_the_next_statement_builds_on_the_last_that_stands(
    tmp_path: Path, first_void: int
) -> None:
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    (tmp_path / "chain").mkdir()
    store = Store(tmp_path / "intents.sqlite")
    async with EmbeddedChain(tmp_path / "chain") as chain, Rpc(chain.url) as rpc:
        terms = Terms(DELAY_S, 2 * DELAY_S)
        onchain = await OnChain.connect(rpc, tmp_path / "chain", store, "Elm Street", terms, chain)
        await onchain.issue_passports([MEMBER])
        await onchain.deposit("first", {MEMBER: 1000})
        hashes = [ZERO_HASH]
        for epoch in (1, 2, 3):
            hashes.append((await post(onchain, epoch, hashes[-1], epoch)).hash)

        guardian = open_account(tmp_path / "chain/keys", "guardian")
        await chain.fund(guardian.address, LOCAL_WEI)
        clearing = onchain.clearing
        await Gateway(rpc, guardian, StoredIntentLog(store)).send(
            "veto", clearing.address, clearing.encode("veto", first_void)
        )
        head = await rpc.read(clearing, "head")
        assert (head["epoch"], head["isVoid"]) == (first_void - 1, True)

        fourth = await post(onchain, 4, hashes[first_void - 1], first_void)
        head = await rpc.read(clearing, "head")
        assert (head["epoch"], head["isVoid"]) == (4, False)
        assert head["hash"] == "0x" + fourth.hash
        posted = await onchain.posted()
        assert [s.statement.epoch for s in posted if s.vetoed] == list(range(first_void, 4))
        again = await post(onchain, 4, hashes[first_void - 1], first_void)
        assert again == fourth, "posted once"
    store.close()
