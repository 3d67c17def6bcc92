"""A member asks the contract to leave: the node pays out the balance and answers in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from small_community import NOON_S, Home, ScriptedClock, a_place, community, enrol, homes, node_key
from sourceenergy.chain.anvil import EmbeddedChain, find_anvil
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.keys import open_account
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import Unavailable
from sourceenergy.node.identity import member_accounts
from sourceenergy.node.intent_log import StoredIntentLog
from sourceenergy.node.onchain import LOCAL_WEI, OnChain, Terms
from sourceenergy.node.service import Node
from sourceenergy.store.sqlite import Store

pytestmark = pytest.mark.anyio

DEPOSIT_UD = 5_000_000


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Street:
    """A node on a real chain, its homes, and Ben's own hand on the chain."""

    node: Node
    homes: dict[str, Home]
    clock: ScriptedClock
    ben: Gateway

    def live(self, from_s: int, to_s: int) -> None:
        """Ann gives 100 Wh in five minutes, Ben draws 60 and Cleo 90."""
        for at_s in range(from_s, to_s + 1, 300):
            n = (at_s - NOON_S) // 300
            ann, ben, cleo = self.homes.values()
            ann.read(at_s, 5000, 100 * n)
            ben.read(at_s, 5000 + 60 * n)
            cleo.read(at_s, 5000 + 90 * n)
        self.clock.at_ms = to_s * 1000
        self.node.take([home.segment() for home in self.homes.values()])


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    intents = Store(tmp_path / "chain/intents.sqlite")
    async with EmbeddedChain(tmp_path / "chain") as chain, Rpc(chain.url) as rpc:
        onchain = await OnChain.connect(
            rpc, tmp_path / "chain", intents, "Elm Street", Terms(delay_s=1), chain
        )
        keys = tmp_path / "chain/keys"
        accounts = member_accounts(community(), keys)
        operator = onchain.operator.account.address.lower()
        await onchain.issue_passports([*accounts.values(), operator])
        await onchain.deposit("start", dict.fromkeys(accounts.values(), DEPOSIT_UD))
        ben = open_account(keys, "member-ben")
        await chain.fund(ben.address, LOCAL_WEI)
        neighbours = homes()
        store = Store(tmp_path / "live/node.sqlite")
        enrol(store, neighbours)
        clock = ScriptedClock(NOON_S * 1000)
        place = a_place(neighbours, anchor=onchain.anchor, accounts=accounts, operator=operator)
        node = Node(store, place, clock, node_key(), onchain, tmp_path / "live", {})
        await node.start()
        try:
            await until(lambda: node.poster.state == "up")
            yield Street(node, neighbours, clock, Gateway(rpc, ben, StoredIntentLog(intents)))
        finally:
            await node.stop()
    intents.close()


async def until(holds: Callable[[], bool], most_s: float = 30) -> None:
    async with asyncio.timeout(most_s):
        while not holds():
            await asyncio.sleep(0.05)


async def test_who_asks_to_leave_gets_the_whole_balance_and_an_answer(street: Street) -> None:
    node, onchain = street.node, street.node.onchain
    account = node.place.accounts["ben"]
    span_s = node.place.commit_intervals * node.place.community.interval_seconds

    street.live(NOON_S, NOON_S + span_s)
    await until(lambda: node.store.statement(1) is not None)
    await street.ben.send("leave", onchain.clearing.address, onchain.clearing.encode("requestExit"))
    await until(lambda: node.store.all_exits() == [account])

    # The period that is open may still share with Ben; the next one pays him out.
    for epoch in (2, 3, 4):
        before_s = NOON_S + (epoch - 1) * span_s
        street.live(before_s + 300, before_s + span_s)
        await until(lambda n=epoch: node.store.statement(n) is not None)  # type: ignore[misc]
        await asyncio.sleep(1.2)  # the delay of one second passes on the chain's clock
    await until(lambda: node.store.exits_to_serve() == [])

    left = node.store.statement(4)
    assert left is not None
    deposited, payout, balance = left.closing[account]
    assert (deposited, balance) == (DEPOSIT_UD, 0)
    assert 0 < payout < DEPOSIT_UD  # what he had, less what he bought
    assert await onchain.balance_ud(account) == payout
    exit_of = await onchain.rpc.read(onchain.clearing, "exitOf", account)
    assert next(iter(exit_of.values())) == 0, "the contract still waits for an answer"


async def test_who_has_left_is_served_by_the_grid_alone(street: Street) -> None:
    node, onchain = street.node, street.node.onchain
    span_s = node.place.commit_intervals * node.place.community.interval_seconds
    await street.ben.send("leave", onchain.clearing.address, onchain.clearing.encode("requestExit"))
    await until(lambda: node.store.all_exits() == [node.place.accounts["ben"]])
    street.live(NOON_S, NOON_S + span_s)
    await until(lambda: node.store.statement(1) is not None)
    for _, result in node.store.intervals(NOON_S, NOON_S + span_s):
        assert result["bought"]["ben"] == 0
        assert result["bought"]["cleo"] > 0
