"""What the gateway asks the chain: where its account stands, what a call costs, receipts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sourceenergy.chain.intents import Call, IntentRecord, TransactionReceipt
from sourceenergy.chain.rpc import Reverted, Rpc, RpcError
from sourceenergy.errors import ChainError

_GAS_MOST = 1 << 24  # a transaction's limit since Osaka (EIP-7825)


class View(NamedTuple):
    """An account and the chain's head, as seen in one batch of requests."""

    nonce: int  # transactions of the account in blocks
    nonce_pending: int  # the same with those that wait
    head: int  # newest block
    base_fee_wei: int  # per gas
    tip_wei: int  # per gas, as the node suggests


async def view(rpc: Rpc, address: str) -> View:
    """Where the account and the chain stand now."""
    count, pending, block, tip = _all_well(
        await rpc.batch(
            [
                ("eth_getTransactionCount", (address, "latest")),
                ("eth_getTransactionCount", (address, "pending")),
                ("eth_getBlockByNumber", ("latest", False)),
                ("eth_maxPriorityFeePerGas", ()),
            ]
        )
    )
    return View(
        nonce=int(count, 16),
        nonce_pending=int(pending, 16),
        head=int(block["number"], 16),
        base_fee_wei=int(block.get("baseFeePerGas", "0x0"), 16),
        tip_wei=int(tip, 16),
    )


async def estimate(rpc: Rpc, sender: str, calls: Sequence[Call]) -> list[int]:
    """Gas to allow each call, with a margin; raises Reverted for one that would be refused."""
    # "pending", so that the block time is that of the next block, not of the last one
    answers = await rpc.batch(
        [("eth_estimateGas", (_request(sender, call), "pending")) for call in calls]
    )
    for call, answer in zip(calls, answers, strict=True):
        if isinstance(answer, Reverted):
            raise Reverted(answer.reason, call.intent) from answer
    return [min(int(gas, 16) * 13 // 10 + 10_000, _GAS_MOST) for gas in _all_well(answers)]


async def receipts(rpc: Rpc, records: Sequence[IntentRecord]) -> list[Mapping[str, Any] | None]:
    """For each record the receipt of whichever of its signed forms was mined."""
    hashes = [(i, raw.hash) for i, record in enumerate(records) for raw in record.raws]
    answers = await rpc.batch([("eth_getTransactionReceipt", (h,)) for _, h in hashes])
    found: list[Mapping[str, Any] | None] = [None] * len(records)
    for (index, _), answer in zip(hashes, _all_well(answers), strict=True):
        if answer is not None:
            found[index] = answer
    return found


async def revert_reason(rpc: Rpc, record: IntentRecord, block: int) -> str:
    """Why a mined call was refused, by asking again on the state before and in its block."""
    for at in (hex(block - 1), hex(block)):
        try:
            await rpc.call("eth_call", _request(record.sender, record.call), at)
        except Reverted as error:
            return str(error.reason)
        except RpcError:
            continue  # the node has forgotten that state
    return "its reason can no longer be had"


def readable(intent: str, receipt: Mapping[str, Any]) -> TransactionReceipt:
    """A node's receipt in our terms."""
    return TransactionReceipt(
        intent=intent,
        transaction=str(receipt["transactionHash"]),
        block=int(receipt["blockNumber"], 16),
        block_hash=str(receipt["blockHash"]),
        gas_used=int(receipt["gasUsed"], 16),
        contract=receipt.get("contractAddress"),
    )


def _request(sender: str, call: Call) -> dict[str, str]:
    request = {"from": sender, "data": "0x" + call.data.hex(), "value": hex(call.value_wei)}
    return request | ({"to": call.to} if call.to else {})


def _all_well(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, ChainError):
            raise answer
    return answers
