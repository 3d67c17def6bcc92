"""The indexer: every event once, in order, and nothing kept of a chain that went back."""

import pytest

from sourceenergy.chain.contracts import Contract, statement_values
from sourceenergy.chain.events import (
    BucketSet,
    Deposited,
    Minted,
    Opened,
    PassportIssued,
    Posted,
    Transferred,
)
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.indexer import Indexer
from sourceenergy.chain.keys import Account, quorum_proof
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.rpc import Rpc
from sourceenergy.proofs import ZERO_HASH, community_id, statement_hash
from sourceenergy.records import Statement
from sourceenergy.units import Ud, Wh

pytestmark = pytest.mark.anyio

VERIFIERS = [Account(bytes([n]) * 32) for n in (11, 12, 13)]
MEMBER = "0x" + "44" * 20
EXPIRY = 4_000_000_000
SET_AT_FIRST = [BucketSet]
"""The reserve's bucket, and passports of the contracts that hold credits and certificates."""


async def _issue(gateway: Gateway, manifest: Manifest, *members: int) -> None:
    passport = manifest.contract("Passport")
    for n in members:
        data = passport.encode("issue", f"0x{n:040x}", 2, EXPIRY, 124)
        await gateway.send(f"passport {n}", passport.address, data)


async def test_at_first_there_is_only_what_the_deployment_set(rpc: Rpc, manifest: Manifest) -> None:
    page = await Indexer(rpc, manifest).read()
    assert [type(event) for event in page.events] == SET_AT_FIRST
    assert page.reread_from is None
    assert page.mark is not None
    again = await Indexer(rpc, manifest).read([page.mark])
    assert (again.events, again.mark, again.reread_from) == ((), page.mark, None)


async def test_a_community_is_read_back_as_it_was_written(
    rpc: Rpc, gateway: Gateway, manifest: Manifest, operator: Account
) -> None:
    start = (await Indexer(rpc, manifest).read()).mark
    assert start is not None
    factory, currency = manifest.contract("ClearingFactory"), manifest.contract("Currency")
    verifier = manifest.contracts["QuorumVerifier"].address
    terms = ("Sunny Street", operator.address, operator.address, verifier, 60, 3600)
    await gateway.send("open", factory.address, factory.encode("open", *terms))
    clearing = Contract("Clearing", await rpc.read(factory, "clearingOf", "Sunny Street"))
    community = community_id(manifest.chain_id, clearing.address, "Sunny Street")
    assert await rpc.read(clearing, "community") == community
    statement = Statement(
        community, 1, 900, 1800, ZERO_HASH, "01" * 32, "02" * 32, "03" * 32, "04" * 32,
        Wh(5), Wh(6), Wh(7), Ud(50), Ud(20), Ud(30),
    )  # fmt: skip
    hashed = statement_hash(manifest.chain_id, clearing.address, statement)
    proof = quorum_proof(bytes.fromhex(hashed), VERIFIERS[:2])
    for intent, contract, function, arguments in (
        ("bucket", currency, "setBucket", (operator.address, 1000)),
        ("mint", currency, "mint", (operator.address, 100)),
        ("approve", currency, "approve", (clearing.address, 100)),
        ("passport", manifest.contract("Passport"), "issue", (MEMBER, 2, EXPIRY, 124)),
        ("deposit", clearing, "deposit", (MEMBER, 50)),
        ("post", clearing, "post", (statement_values(statement), proof)),
    ):
        await gateway.send(intent, contract.address, contract.encode(function, *arguments))

    page = await Indexer(rpc, manifest, clearing.address, span=3).read([start])
    assert [type(event) for event in page.events if not isinstance(event, Transferred)] == [
        Opened, BucketSet, Minted, PassportIssued, Deposited, Posted,
    ]  # fmt: skip
    moved = [event.amount_ud for event in page.events if isinstance(event, Transferred)]
    assert moved == [100, 50]
    opened = next(event for event in page.events if isinstance(event, Opened))
    assert (opened.community, opened.clearing) == (community, clearing.address)
    assert (opened.name, opened.delay_s) == ("Sunny Street", 60)
    deposited = next(event for event in page.events if isinstance(event, Deposited))
    assert (deposited.account, deposited.amount_ud) == (MEMBER, 50)
    posted = page.events[-1]
    assert isinstance(posted, Posted)
    assert (posted.statement, posted.statement_hash) == (statement, hashed)
    block = await rpc.call("eth_getBlockByNumber", hex(posted.place.block), False)
    assert posted.live_at_s == int(block["timestamp"], 16) + 60
    assert posted.place.block_hash == block["hash"]


async def test_pages_together_hold_every_event_once(
    rpc: Rpc, gateway: Gateway, manifest: Manifest
) -> None:
    indexer, seen = Indexer(rpc, manifest), list[str]()
    start = (await indexer.read()).mark
    trail = [start] if start else []
    assert trail
    for members in ((1, 2), (), (3,), (4, 5, 6)):
        await _issue(gateway, manifest, *members)
        page = await indexer.read(trail)
        assert page.reread_from is None
        assert page.mark is not None
        trail.insert(0, page.mark)
        seen += [event.account for event in page.events if isinstance(event, PassportIssued)]
    assert seen == [f"0x{n:040x}" for n in range(1, 7)]


async def test_only_deep_enough_blocks_are_read(
    rpc: Rpc, gateway: Gateway, manifest: Manifest
) -> None:
    await _issue(gateway, manifest, 1)
    indexer = Indexer(rpc, manifest, confirmations=3)
    assert (await indexer.read()).events == ()
    await rpc.call("anvil_mine", "0x2")
    assert len((await indexer.read()).events) == len(SET_AT_FIRST) + 1


@pytest.mark.parametrize("undo", ["anvil_rollback", "anvil_reorg"])
async def test_a_chain_that_went_back_says_from_where_to_read_again(
    rpc: Rpc, gateway: Gateway, manifest: Manifest, undo: str
) -> None:
    indexer = Indexer(rpc, manifest)
    start = (await indexer.read()).mark
    await _issue(gateway, manifest, 1)
    kept = (await indexer.read()).mark
    await _issue(gateway, manifest, 2, 3)
    lost = (await indexer.read()).mark
    assert start is not None and kept is not None and lost is not None
    await rpc.call(undo, 2, *([[]] if undo == "anvil_reorg" else []))

    page = await indexer.read([lost, kept, start])
    assert page.reread_from == kept.block + 1
    assert page.events == ()

    await gateway.reconcile()
    page = await indexer.read([lost, kept, start])
    assert page.reread_from == kept.block + 1
    assert [event.account for event in page.events if isinstance(event, PassportIssued)] == [
        f"0x{n:040x}" for n in (2, 3)
    ]
    page = await indexer.read([lost])  # a reader that remembers too little reads all again
    assert page.reread_from == manifest.first_block
    assert len(page.events) == len(SET_AT_FIRST) + 3
