"""The one door for transactions: nonces, fees, replacement, depth; never twice for one intent.

The order is fixed: estimate (a call that would revert is refused and uses no nonce), sign, write
nonce and signed bytes durably, send. After any crash the same bytes are sent again, and a nonce
takes effect once, so an intent does too. What the chain refused in a block has used its nonce:
that intent stays failed; another try needs a new intent key.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sourceenergy.chain.intents import (
    Call,
    ForeignTransaction,
    IntentFailed,
    IntentLog,
    IntentRecord,
    IntentState,
    TransactionReceipt,
    check_same,
)
from sourceenergy.chain.keys import Account, Transaction, decode_transaction
from sourceenergy.chain.rpc import Reverted, Rpc
from sourceenergy.chain.view import View, estimate, readable, receipts, revert_reason, view
from sourceenergy.errors import ChainError, InvariantBroken, NotPermitted, Unavailable

_log = logging.getLogger(__name__)

_POLL_FIRST_S, _POLL_MOST_S = 0.02, 1.0
_RESEND_FIRST_S, _RESEND_MOST_S = 1.0, 15.0
_NO_BLOCK = 1 << 62
_GONE_POLLS = 5  # a nonce used without a receipt of ours, so often in a row, is foreign


class Gateway:
    """Sends the transactions of one account.

    ``confirmations`` is the depth of a block at which its receipts count (1: the newest block);
    ``replace_after_s`` how long one fee may wait [s]; ``wait_s`` how long a caller waits at most
    [s]; ``fee_max_wei`` the most ever paid for one gas [wei].
    """

    def __init__(
        self,
        rpc: Rpc,
        account: Account,
        log: IntentLog,
        *,
        confirmations: int = 1,
        replace_after_s: float = 30.0,
        wait_s: float = 120.0,
        fee_max_wei: int = 10**12,
        reorg_depth: int = 64,
    ) -> None:
        self.rpc = rpc
        self.account = account
        self._log = log
        self._confirmations = confirmations
        self._replace_after_s = replace_after_s
        self._wait_s = wait_s
        self._fee_max_wei = fee_max_wei
        self._reorg_depth = reorg_depth
        self._turn = asyncio.Lock()
        self._chain_id: int | None = None
        self._refusals: dict[str, str] = {}

    async def send(
        self, intent: str, to: str | None, data: bytes, value_wei: int = 0
    ) -> TransactionReceipt:
        """Have one call carried out, once; see ``send_many``."""
        (receipt,) = await self.send_many([Call(intent, to, data, value_wei)])
        return receipt

    async def send_many(self, calls: Sequence[Call]) -> list[TransactionReceipt]:
        """Have calls that do not depend on each other carried out, once each, in their order.

        Each is tried against the chain as it is before any is sent. Raises Reverted when one
        would be refused (then none is sent and no nonce used), IntentFailed when one was refused
        in its block, Unavailable when the wait is over: the same call again goes on waiting.
        """
        records = await self._enter(calls)
        return await self._settle(records)

    def knows(self, intent: str) -> bool:
        """Is there a record of that intent?"""
        return self._log.find(intent) is not None

    def recall(self, intent: str) -> IntentRecord | None:
        """What the log has of that intent."""
        return self._log.find(intent)

    async def reconcile(self) -> list[str]:
        """Bring log and chain together after a start; the intents that were sent again.

        Checks every pending and recently mined intent, sends again what the chain has lost (it
        may have been rolled back), and raises ForeignTransaction if our nonce was used elsewhere.
        With several accounts use ``reconcile_all``.
        """
        async with self._turn:
            look = await view(self.rpc, self.account.address)
            await self._check_foreign(look)
            records = self._log.search(
                self.account.address, look.nonce, max(0, look.head - self._reorg_depth)
            )
            passed = [record for record in records if record.nonce < look.nonce]
            for record, receipt in zip(passed, await receipts(self.rpc, passed), strict=True):
                if receipt is None:
                    raise await self._foreign(record.nonce, record.intent)
                await self._note(record, receipt, look.head)
            return await self._send_again(look)

    # --- entering: from a wish to signed bytes in the log and on their way -------------------

    async def _enter(self, calls: Sequence[Call]) -> list[IntentRecord]:
        wanted = {call.intent: call for call in calls}
        for call in calls:
            check_same(wanted[call.intent], call)
        async with self._turn:
            while True:
                found = {i: record for i in wanted if (record := self._log.find(i)) is not None}
                for record in found.values():
                    check_same(record.call, wanted[record.intent])
                    self._check_sender(record)
                new = [call for intent, call in wanted.items() if intent not in found]
                if new:
                    try:
                        fresh = await self._sign_new(new)
                    except Reverted:
                        if any(self.knows(call.intent) for call in new):
                            continue  # another gateway did it meanwhile, so that it cannot be again
                        raise
                    if not self._log.add(fresh):
                        continue  # another gateway was quicker: look again, with later nonces
                    with contextlib.suppress(Unavailable):  # it is in the log: sent again later
                        await self._broadcast(fresh)
                    found |= {record.intent: record for record in fresh}
                return [found[call.intent] for call in calls]

    async def _sign_new(self, calls: Sequence[Call]) -> list[IntentRecord]:
        look = await view(self.rpc, self.account.address)
        await self._check_foreign(look)
        nonce = self._log.next_nonce(self.account.address)
        if nonce is None:
            nonce = look.nonce_pending  # a key with a history of its own starts after it
        elif look.nonce_pending < nonce:
            # the chain has lost some of ours: without them the estimate below would be wrong
            await self._send_again(look)
        gases = await estimate(self.rpc, self.account.address, calls)
        fee_wei = self._fee(look)
        records = []
        for offset, (call, gas) in enumerate(zip(calls, gases, strict=True)):
            transaction = Transaction(
                await self._id(),
                nonce + offset,
                look.tip_wei,
                fee_wei,
                gas,
                call.to,
                call.value_wei,
                call.data,
            )
            records.append(
                IntentRecord(
                    intent=call.intent,
                    sender=self.account.address,
                    nonce=nonce + offset,
                    to=call.to,
                    data="0x" + call.data.hex(),
                    value_wei=call.value_wei,
                    raws=(self.account.sign_transaction(transaction),),
                )
            )
        return records

    async def _broadcast(self, records: Sequence[IntentRecord]) -> None:
        answers = await self.rpc.batch(
            [("eth_sendRawTransaction", (record.raws[-1].raw,)) for record in records]
        )
        for record, answer in zip(records, answers, strict=True):
            self._refusals.pop(record.intent, None)
            if isinstance(answer, ChainError) and not _is_known_already(answer):
                # the wait goes on: a higher fee or more funds may follow; a timeout names it
                self._refusals[record.intent] = answer.message

    # --- settling: until the receipt lies deep enough --------------------------------------

    async def _settle(self, records: Sequence[IntentRecord]) -> list[TransactionReceipt]:
        now = asyncio.get_running_loop().time
        deadline, resend_at = now() + self._wait_s, now() + _RESEND_FIRST_S
        resend_s, pause_s = _RESEND_FIRST_S, _POLL_FIRST_S
        intents = [record.intent for record in records]
        fee_since = dict.fromkeys(intents, now())
        gone = dict.fromkeys(intents, 0)
        done: dict[str, TransactionReceipt] = {}
        failed: list[IntentRecord] = []
        silent: Unavailable | None = None
        while True:
            waiting = [self._again(r) for r in records if r.intent not in done]
            try:
                look = await view(self.rpc, self.account.address)
                found = await receipts(self.rpc, waiting)
                for record, receipt in zip(waiting, found, strict=True):
                    if receipt is not None:
                        settled = await self._note(record, receipt, look.head)
                        if settled is not None:
                            done[record.intent] = readable(record.intent, receipt)
                            failed += [settled] if settled.error else []
                    elif record.nonce < look.nonce:
                        gone[record.intent] += 1
                        if gone[record.intent] >= _GONE_POLLS:
                            raise await self._foreign(record.nonce, record.intent)
                    elif await self._outbid(record, look, now() - fee_since[record.intent]):
                        fee_since[record.intent] = now()
                if len(done) == len(gone):
                    if failed:
                        raise IntentFailed(failed[0])
                    return [done[intent] for intent in intents]
                if now() >= resend_at:
                    async with self._turn:
                        await self._send_again(await view(self.rpc, self.account.address))
                    resend_s = min(2 * resend_s, _RESEND_MOST_S)
                    resend_at = now() + resend_s
                silent = None
            except ChainError:
                raise
            except Unavailable as error:
                silent = error  # the chain may be on its way up again
            if now() >= deadline:
                raise silent or self._still_waiting(waiting)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _POLL_MOST_S)

    def _again(self, record: IntentRecord) -> IntentRecord:
        """The record as the log has it now: others may have outbid or settled it."""
        return self._log.find(record.intent) or record

    async def _note(
        self, record: IntentRecord, receipt: Mapping[str, Any], head: int
    ) -> IntentRecord | None:
        """Write down a receipt that lies deep enough; None while it does not."""
        block, transaction = int(receipt["blockNumber"], 16), str(receipt["transactionHash"])
        if head - block + 1 < self._confirmations:
            return None
        if int(receipt["status"], 16) == 1:
            state, error = IntentState.MINED, None
        else:
            state = IntentState.FAILED
            error = record.error or await revert_reason(self.rpc, record, block)
        settled = replace(record, state=state, transaction=transaction, block=block, error=error)
        if settled != record:
            self._log.update(settled)
        return settled

    async def _outbid(self, record: IntentRecord, look: View, waited_s: float) -> bool:
        """Sign the same nonce anew with a higher fee, when the last one is too low or too old."""
        too_low = look.base_fee_wei > decode_transaction(record.raws[-1].raw).max_fee_wei
        if not too_low and waited_s < self._replace_after_s:
            return False
        async with self._turn:
            latest = self._again(record)
            if latest.raws != record.raws:
                return True  # another waiter of the same intent did it
            raised = self._raised(latest, look)
            if raised is None:
                return False
            await self._broadcast([raised])
        return True

    def _raised(self, record: IntentRecord, look: View) -> IntentRecord | None:
        """``record`` with one more signed form, a higher fee, written to the log; None at the cap.

        Nodes take a replacement only when both its fees rise by an eighth or more.
        """
        last = decode_transaction(record.raws[-1].raw)
        tip_wei = max(_an_eighth_more(last.tip_wei), look.tip_wei)
        max_fee_wei = max(_an_eighth_more(last.max_fee_wei), 2 * look.base_fee_wei + tip_wei)
        if max_fee_wei > self._fee_max_wei:
            _log.warning("%s waits: a gas would cost up to %d wei", record.intent, max_fee_wei)
            return None
        signed = self.account.sign_transaction(
            last._replace(tip_wei=tip_wei, max_fee_wei=max_fee_wei)
        )
        raised = replace(record, raws=(*record.raws, signed))
        self._log.update(raised)
        _log.info("%s is sent with a higher fee: %d wei a gas", record.intent, max_fee_wei)
        return raised

    # --- what the chain says -------------------------------------------------------------

    async def _send_again(self, look: View) -> list[str]:
        """Send, lowest nonce first, every logged transaction the chain does not have."""
        sent = []
        for record in self._log.search(self.account.address, look.nonce_pending, _NO_BLOCK):
            if record.nonce < look.nonce_pending:
                continue  # in a block or waiting for one
            lost = self._reopened(record)
            if decode_transaction(lost.raws[-1].raw).max_fee_wei < look.base_fee_wei:
                lost = self._raised(lost, look) or lost
            if lost.block is not None and not await self._still_good(lost):
                break
            await self._broadcast([lost])
            sent.append(lost.intent)
        return sent

    def _reopened(self, record: IntentRecord) -> IntentRecord:
        """``record`` as pending; one that was mined keeps its block, to remember that it was."""
        if record.state is IntentState.PENDING:
            return record
        _log.warning("the chain has lost %s; it is sent again", record.intent)
        block = record.block if record.state is IntentState.MINED else None
        lost = replace(record, state=IntentState.PENDING, transaction=None, block=block, error=None)
        self._log.update(lost)
        return lost

    async def _still_good(self, lost: IntentRecord) -> bool:
        """Would a transaction that once succeeded do so again?

        If not, it builds on another account's that is lost too: sent now it would fail for good,
        so it waits until that account's gateway has brought its own back.
        """
        try:
            await estimate(self.rpc, self.account.address, [lost.call])
        except Reverted as error:
            self._refusals[lost.intent] = f"it builds on something lost: {error.reason}"
            _log.warning("%s waits: %s", lost.intent, self._refusals[lost.intent])
            return False
        return True

    def _fee(self, look: View) -> int:
        # twice the base fee outlasts six full blocks in a row
        fee_wei = 2 * look.base_fee_wei + look.tip_wei
        if fee_wei > self._fee_max_wei:
            raise NotPermitted(
                "gas costs more than the gateway may pay",
                rule="gateway.fee_max",
                field="fee_max_wei",
                value=fee_wei,
                remedy="wait for a quieter chain or raise the limit",
            )
        return fee_wei

    async def _check_foreign(self, look: View) -> None:
        ours = self._log.next_nonce(self.account.address)
        if ours is not None and look.nonce > ours:
            raise await self._foreign(ours)

    def _check_sender(self, record: IntentRecord) -> None:
        if record.sender != self.account.address:
            raise InvariantBroken(
                "an intent belongs to another account",
                rule="intent.sender",
                field=record.intent,
                value=record.sender,
                remedy="send it through that account's gateway, or choose another key",
            )

    def _still_waiting(self, records: Sequence[IntentRecord]) -> Unavailable:
        first = records[0].intent
        cause = self._refusals.get(first, "no block has it yet")
        return Unavailable(
            f"{len(records)} transaction(s) still wait after {self._wait_s:g} s: {cause}",
            rule="gateway.wait",
            field="intent",
            value=first,
            remedy="ask for the same intent again: it goes on waiting and is never sent twice",
        )

    async def _foreign(self, nonce: int, intent: str = "") -> ForeignTransaction:
        transaction = None
        with contextlib.suppress(Unavailable):  # not every node can look a nonce up
            found = await self.rpc.call(
                "eth_getTransactionBySenderAndNonce", self.account.address, hex(nonce)
            )
            transaction = found["hash"] if found else None
        return ForeignTransaction(self.account.address, nonce, transaction, intent)

    async def _id(self) -> int:
        if self._chain_id is None:
            self._chain_id = await self.rpc.chain_id()
        return self._chain_id


def _an_eighth_more(fee_wei: int) -> int:
    return fee_wei + fee_wei // 8 + 1


def _is_known_already(error: ChainError) -> bool:
    text = error.message.lower()
    known = ("already known", "already imported", "nonce too low", "alreadyknown")
    return any(words in text for words in known)


async def reconcile_all(gateways: Sequence[Gateway]) -> list[str]:
    """``reconcile`` accounts that build on each other; the intents that were sent again.

    Call it after every start of the chain (``EmbeddedChain.restarts`` counts them).
    """
    sent: list[str] = []
    while True:
        now = [intent for gateway in gateways for intent in await gateway.reconcile()]
        if not now:
            return sent
        sent += now
