"""The gateway: each intent takes effect once, whatever dies or rises in between."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from chain.conftest import SqliteIntentLog
from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.chain.contracts import Contract, artifact
from sourceenergy.chain.create2 import making
from sourceenergy.chain.gateway import Gateway, reconcile_all
from sourceenergy.chain.intents import (
    Call,
    ForeignTransaction,
    IntentFailed,
    IntentLog,
    IntentRecord,
    IntentState,
)
from sourceenergy.chain.keys import Account, Transaction, decode_transaction
from sourceenergy.chain.rpc import Reverted, Rpc
from sourceenergy.errors import InvariantBroken, NotPermitted, Unavailable

pytestmark = pytest.mark.anyio

MEMBER = "0x" + "33" * 20


async def _balance(rpc: Rpc, address: str = MEMBER) -> int:
    return int(await rpc.call("eth_getBalance", address, "latest"), 16)


async def _nonce(rpc: Rpc, account: Account) -> int:
    return int(await rpc.call("eth_getTransactionCount", account.address, "latest"), 16)


def _foreign(account: Account, nonce: int) -> str:
    return account.sign_transaction(
        Transaction(31337, nonce, 10**9, 10**11, 21_000, "0x" + "99" * 20, 1, b"")
    ).raw


# --- refusals -----------------------------------------------------------------------------------


async def test_a_call_that_would_revert_is_refused_by_name_and_uses_no_nonce(
    rpc: Rpc, gateway: Gateway, operator: Account, log: IntentLog
) -> None:
    stranger = Account(b"\x02" * 32)
    made = await gateway.send(
        "make manager", None, artifact("AccessManager").creation(stranger.address)
    )
    passport = await gateway.send("make", None, artifact("Passport").creation(made.contract))
    contract = Contract("Passport", str(passport.contract))
    issue = contract.encode("issue", MEMBER, 2, 4_000_000_000, 124)

    with pytest.raises(Reverted) as refused:
        await gateway.send("issue passport", contract.address, issue)
    assert str(refused.value.reason) == f"AccessManagedUnauthorized(caller={operator.address})"
    assert refused.value.field == "issue passport"
    assert log.find("issue passport") is None
    assert await _nonce(rpc, operator) == 2

    with pytest.raises(Reverted):  # one bad call stops its whole batch
        await gateway.send_many([Call("pay", MEMBER, b"", 5), Call("bad", contract.address, issue)])
    assert log.find("pay") is None


async def test_an_intent_key_used_for_another_call_is_refused(gateway: Gateway) -> None:
    await gateway.send("pay", MEMBER, b"", 5)
    with pytest.raises(InvariantBroken) as refused:
        await gateway.send("pay", MEMBER, b"", 6)
    assert refused.value.rule == "intent.once"
    with pytest.raises(InvariantBroken):
        await gateway.send_many([Call("pay 2", MEMBER, b"", 1), Call("pay 2", MEMBER, b"", 2)])


async def test_an_intent_of_another_account_is_refused(
    rpc: Rpc, gateway: Gateway, log: IntentLog
) -> None:
    await gateway.send("pay", MEMBER, b"", 5)
    with pytest.raises(InvariantBroken) as refused:
        await Gateway(rpc, Account(b"\x02" * 32), log).send("pay", MEMBER, b"", 5)
    assert refused.value.rule == "intent.sender"


async def test_gas_above_the_limit_is_not_paid(rpc: Rpc, operator: Account, log: IntentLog) -> None:
    with pytest.raises(NotPermitted) as refused:
        await Gateway(rpc, operator, log, fee_max_wei=5).send("pay", MEMBER, b"", 5)
    assert refused.value.rule == "gateway.fee_max"
    assert log.find("pay") is None


async def test_a_foreign_transaction_is_named(
    rpc: Rpc, gateway: Gateway, operator: Account
) -> None:
    await gateway.send("pay", MEMBER, b"", 5)
    foreign = await rpc.call("eth_sendRawTransaction", _foreign(operator, 1))
    with pytest.raises(ForeignTransaction) as refused:
        await gateway.send("pay again", MEMBER, b"", 5)
    assert refused.value.value == foreign
    with pytest.raises(ForeignTransaction):
        await gateway.reconcile()


async def test_a_nonce_taken_by_another_transaction_is_named(
    chain: EmbeddedChain, rpc: Rpc, gateway: Gateway, operator: Account
) -> None:
    await rpc.call("evm_setAutomine", False)
    waiting = asyncio.create_task(gateway.send("pay", MEMBER, b"", 5))
    await asyncio.sleep(0.2)
    foreign = await rpc.call("eth_sendRawTransaction", _foreign(operator, 0))
    await rpc.call("evm_mine")
    with pytest.raises(ForeignTransaction) as refused:
        await waiting
    assert (refused.value.value, refused.value.field) == (foreign, "nonce")


async def test_a_mined_intent_whose_place_another_transaction_took_is_named(
    rpc: Rpc, gateway: Gateway, operator: Account
) -> None:
    await gateway.send("pay", MEMBER, b"", 5)
    await rpc.call("anvil_rollback", 1)
    foreign = await rpc.call("eth_sendRawTransaction", _foreign(operator, 0))
    with pytest.raises(ForeignTransaction, match="took the place of pay") as refused:
        await gateway.reconcile()
    assert refused.value.value == foreign


async def test_what_its_block_refuses_stays_failed_with_the_reason(
    rpc: Rpc, gateway: Gateway, operator: Account, log: IntentLog
) -> None:
    made = await gateway.send(
        "make manager", None, artifact("AccessManager").creation(operator.address)
    )
    passport = await gateway.send("make", None, artifact("Passport").creation(made.contract))
    manager = Contract("AccessManager", str(made.contract))
    contract = Contract("Passport", str(passport.contract))
    give_up = manager.encode("renounceRole", 0, operator.address)
    issue = contract.encode("issue", MEMBER, 2, 4_000_000_000, 124)
    await rpc.call("evm_setAutomine", False)
    both = asyncio.create_task(
        gateway.send_many(
            [
                Call("give up", manager.address, give_up),
                Call("issue", contract.address, issue),  # allowed now, not after the first
            ]
        )
    )
    await asyncio.sleep(0.2)
    await rpc.call("evm_mine")
    with pytest.raises(IntentFailed, match="AccessManagedUnauthorized"):
        await both
    with pytest.raises(IntentFailed):
        await gateway.send("issue", contract.address, issue)
    states = [record.state for record in log.search(operator.address, 2, 0)][-2:]
    assert states == [IntentState.MINED, IntentState.FAILED]


# --- success ------------------------------------------------------------------------------------


async def test_an_intent_asked_for_again_is_the_same_transaction(
    rpc: Rpc, gateway: Gateway, operator: Account
) -> None:
    first = await gateway.send("pay", MEMBER, b"", 5)
    assert await gateway.send("pay", MEMBER, b"", 5) == first
    many = await asyncio.gather(*(gateway.send("pay more", MEMBER, b"", 5) for _ in range(8)))
    assert len(set(many)) == 1
    assert await _balance(rpc) == 10
    assert await _nonce(rpc, operator) == 2


async def test_two_gateways_of_one_account_share_its_nonces_in_order(
    rpc: Rpc, operator: Account, log: IntentLog
) -> None:
    gateways = [Gateway(rpc, operator, log, wait_s=20) for _ in range(2)]
    await asyncio.gather(
        *(gateways[n % 2].send(f"pay {n // 2}", MEMBER, b"", 1) for n in range(20)),
        *(gateways[n % 2].send(f"pay own {n}", MEMBER, b"", 1) for n in range(10)),
    )
    records = log.search(operator.address, 0, 0)
    assert [record.nonce for record in records] == list(range(20))
    assert {record.state for record in records} == {IntentState.MINED}
    assert [record.block for record in records] == sorted(record.block or 0 for record in records)
    assert await _balance(rpc) == 20


async def test_a_batch_is_carried_out_in_its_order(rpc: Rpc, gateway: Gateway) -> None:
    receipts = await gateway.send_many([Call(f"pay {n}", MEMBER, b"", n) for n in range(30)])
    assert [receipt.intent for receipt in receipts] == [f"pay {n}" for n in range(30)]
    assert await _balance(rpc) == sum(range(30))


async def test_a_receipt_counts_at_its_depth_only(
    rpc: Rpc, operator: Account, log: IntentLog
) -> None:
    deep = Gateway(rpc, operator, log, confirmations=3, wait_s=20)
    waiting = asyncio.create_task(deep.send("pay", MEMBER, b"", 5))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    assert await _balance(rpc) == 5
    await rpc.call("anvil_mine", "0x2")
    assert (await waiting).intent == "pay"


async def test_a_risen_fee_is_outbid_with_the_same_nonce(
    rpc: Rpc, gateway: Gateway, operator: Account, log: IntentLog
) -> None:
    await rpc.call("evm_setAutomine", False)
    waiting = asyncio.create_task(gateway.send("pay", MEMBER, b"", 5))
    await asyncio.sleep(0.2)
    record = log.find("pay")
    assert record is not None
    first = decode_transaction(record.raws[0].raw)
    await rpc.call("anvil_setNextBlockBaseFeePerGas", hex(2 * first.max_fee_wei))
    await rpc.call("evm_mine")  # a dear block without ours
    await asyncio.sleep(1.2)
    await rpc.call("evm_mine")
    receipt = await waiting
    record = log.find("pay")
    assert record is not None
    last = decode_transaction(record.raws[-1].raw)
    assert len(record.raws) == 2
    assert receipt.transaction == record.raws[-1].hash
    assert last.nonce == first.nonce == 0
    assert last.max_fee_wei >= first.max_fee_wei * 9 // 8
    assert last.tip_wei >= first.tip_wei * 9 // 8
    assert await _balance(rpc) == 5


async def test_a_fee_that_waited_too_long_is_outbid(
    rpc: Rpc, operator: Account, log: IntentLog
) -> None:
    quick = Gateway(rpc, operator, log, replace_after_s=0.2, wait_s=0.8)
    await rpc.call("evm_setAutomine", False)
    with pytest.raises(Unavailable) as over:  # the wait ends, the intent does not
        await quick.send("pay", MEMBER, b"", 5)
    assert over.value.rule == "gateway.wait"
    record = log.find("pay")
    assert record is not None
    assert len(record.raws) > 1
    await rpc.call("evm_mine")
    receipt = await quick.send("pay", MEMBER, b"", 5)
    assert receipt.transaction in {raw.hash for raw in record.raws}
    assert await _balance(rpc) == 5


# --- what is always true: once, whatever happens --------------------------------------------------


async def test_a_chain_killed_between_send_and_receipt_mines_the_intent_once(
    chain: EmbeddedChain, rpc: Rpc, gateway: Gateway, operator: Account
) -> None:
    await gateway.send("pay 0", MEMBER, b"", 1)
    await rpc.call("evm_setAutomine", False)
    waiting = asyncio.create_task(gateway.send("pay 1", MEMBER, b"", 1))
    await asyncio.sleep(0.1)
    assert await _balance(rpc) == 1
    os.kill(chain.pid, signal.SIGKILL)  # its keeper starts it again, mining at once as at first
    await waiting
    assert await gateway.send("pay 1", MEMBER, b"", 1) == waiting.result()
    assert await _balance(rpc) == 2
    assert await _nonce(rpc, operator) == 2


async def test_a_node_that_died_before_sending_goes_on_from_its_log(
    rpc: Rpc, gateway: Gateway, operator: Account, log: IntentLog
) -> None:
    """The record is written before the bytes leave: as if killed right between the two."""
    await gateway.send("pay 0", MEMBER, b"", 1)
    known = log.find("pay 0")
    assert known is not None
    signed = operator.sign_transaction(
        decode_transaction(known.raws[0].raw)._replace(nonce=1, value_wei=7)
    )
    assert log.add(
        [replace(known, intent="pay 1", nonce=1, value_wei=7, raws=(signed,), block=None,
                 state=IntentState.PENDING, transaction=None)]
    )  # fmt: skip

    after = Gateway(rpc, operator, log, wait_s=20)
    assert await after.reconcile() == ["pay 1"]
    receipt = await after.send("pay 1", MEMBER, b"", 7)
    assert receipt.transaction == signed.hash
    assert await _balance(rpc) == 8
    assert await after.reconcile() == []


@pytest.mark.parametrize("undo", ["anvil_rollback", "anvil_reorg"])
async def test_what_a_chain_has_lost_is_sent_again(
    rpc: Rpc, gateway: Gateway, operator: Account, undo: str
) -> None:
    receipts = [await gateway.send(f"pay {n}", MEMBER, b"", 1) for n in range(4)]
    await rpc.call(undo, 3, *([[]] if undo == "anvil_reorg" else []))
    assert await _balance(rpc) == 1

    assert await gateway.reconcile() == ["pay 1", "pay 2", "pay 3"]
    again = [await gateway.send(f"pay {n}", MEMBER, b"", 1) for n in range(4)]
    assert [r.transaction for r in again] == [r.transaction for r in receipts]
    assert await _balance(rpc) == 4
    assert await _nonce(rpc, operator) == 4


async def test_a_new_call_brings_back_what_the_chain_has_lost_first(
    rpc: Rpc, gateway: Gateway, operator: Account
) -> None:
    made = await gateway.send(
        "make manager", None, artifact("AccessManager").creation(operator.address)
    )
    passport = await gateway.send("make", None, artifact("Passport").creation(made.contract))
    contract = Contract("Passport", str(passport.contract))
    issue = contract.encode("issue", MEMBER, 2, 4_000_000_000, 124)
    await gateway.send("issue", contract.address, issue)
    await rpc.call("anvil_rollback", 1)
    # without the passport this would be refused as NoPassport
    await gateway.send("freeze", contract.address, contract.encode("setFrozen", MEMBER, True))
    assert (await rpc.read(contract, "passportOf", MEMBER))["frozen"] is True


async def test_accounts_that_build_on_each_other_come_back_in_any_order(
    chain: EmbeddedChain,
    rpc: Rpc,
    gateway: Gateway,
    operator: Account,
    log: IntentLog,
) -> None:
    issuer = Gateway(rpc, Account(b"\x02" * 32), log, wait_s=20)
    await chain.fund(issuer.account.address, 10**18)
    made = await gateway.send(
        "make manager", None, artifact("AccessManager").creation(operator.address)
    )
    passport = await gateway.send("make", None, artifact("Passport").creation(made.contract))
    manager = Contract("AccessManager", str(made.contract))
    contract = Contract("Passport", str(passport.contract))
    grant = manager.encode("grantRole", 0, issuer.account.address, 0)
    await gateway.send("grant", manager.address, grant)
    issue = contract.encode("issue", MEMBER, 2, 4_000_000_000, 124)
    await issuer.send("issue", contract.address, issue)
    await rpc.call("anvil_rollback", 2)

    assert await issuer.reconcile() == []  # alone it would fail for good, so it waits
    assert await reconcile_all([issuer, gateway]) == ["grant", "issue"]
    assert await rpc.read(contract, "isAllowed", MEMBER, 2) is True
    await issuer.send("issue", contract.address, issue)
    states = [log.find(intent) for intent in ("grant", "issue")]
    assert [record.state for record in states if record] == [IntentState.MINED] * 2


async def test_what_cannot_be_written_down_is_not_sent(
    rpc: Rpc, gateway: Gateway, operator: Account, log: IntentLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(records: object) -> bool:
        raise OSError(28, "no space left")

    monkeypatch.setattr(log, "add", disk_full)
    with pytest.raises(OSError, match="no space"):
        await gateway.send("pay", MEMBER, b"", 5)
    assert await _balance(rpc) == 0
    assert int(await rpc.call("eth_getTransactionCount", operator.address, "pending"), 16) == 0


async def test_a_chain_that_does_not_answer_uses_up_nothing(
    operator: Account, log: IntentLog
) -> None:
    async with Rpc("http://127.0.0.1:9", timeout_s=0.5) as nobody:
        with pytest.raises(Unavailable):
            await Gateway(nobody, operator, log).send("pay", MEMBER, b"", 5)
    assert log.find("pay") is None


class LateLog(SqliteIntentLog):
    """A log as a process sees it that looked an instant before another one wrote."""

    missed = False

    def find(self, intent: str) -> IntentRecord | None:
        if not self.missed:
            self.missed = True
            return None
        return super().find(intent)


async def test_what_another_gateway_did_between_look_and_try_is_found(
    rpc: Rpc, operator: Account, gateway: Gateway, tmp_path: Path
) -> None:
    """The second of two that ask at once is refused by the contract: it is done already."""
    once = making("made once", bytes.fromhex("60006000f3"))
    first = await gateway.send(once.intent, once.to, once.data)
    late = Gateway(rpc, operator, LateLog(tmp_path / "intents.sqlite"), wait_s=20)
    assert await late.send(once.intent, once.to, once.data) == first
    with pytest.raises(Reverted):
        await late.send("another intent", once.to, once.data)
