"""What a transaction is meant to do, and the durable log of it that the store keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from sourceenergy.chain.keys import SignedTransaction
from sourceenergy.errors import ChainError, InvariantBroken


class Call(NamedTuple):
    """A transaction wanted: ``intent`` names it once and for all; ``to`` None makes a contract.

    ``data`` is the call data; ``value_wei`` the ether sent along [wei].
    """

    intent: str
    to: str | None
    data: bytes
    value_wei: int = 0


class IntentState(StrEnum):
    """Where an intent stands: sent or about to be, carried out, or refused in its block."""

    PENDING = "pending"
    MINED = "mined"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class IntentRecord:
    """One intent with its nonce and every signed form of it, the newest last.

    All forms share the nonce, so that the chain takes one of them at most.
    """

    intent: str  # unique
    sender: str  # 0x + 40 hex digits, lower case
    nonce: int  # unique per sender
    to: str | None
    data: str  # 0x hex
    value_wei: int
    raws: tuple[SignedTransaction, ...]
    state: IntentState = IntentState.PENDING
    transaction: str | None = None  # hash of the form that was mined
    block: int | None = None
    error: str | None = None  # why the chain refused it

    @property
    def call(self) -> Call:
        """What was asked for."""
        return Call(self.intent, self.to, bytes.fromhex(self.data[2:]), self.value_wei)


class IntentLog(Protocol):
    """Durable memory of intents: what a method wrote outlives a power cut once it returned."""

    def find(self, intent: str) -> IntentRecord | None:
        """The record of ``intent``."""
        ...

    def next_nonce(self, sender: str) -> int | None:
        """One above the sender's highest nonce; None if there is no record of the sender."""
        ...

    def search(self, sender: str, from_nonce: int, from_block: int) -> Sequence[IntentRecord]:
        """The sender's records that may need a look, ascending by nonce.

        Those that are pending *or* have a nonce of at least ``from_nonce`` *or* a block of at
        least ``from_block``.
        """
        ...

    def add(self, records: Sequence[IntentRecord]) -> bool:
        """Write all of ``records`` in one transaction, or none.

        None, and False is returned, when one of their intents or one of their (sender, nonce)
        pairs is there already.
        """
        ...

    def update(self, record: IntentRecord) -> None:
        """Put ``record`` in the place of the one with its intent."""
        ...


def untried(recall: Callable[[str], IntentRecord | None], base: str) -> str:
    """The key under which to try: ``base``, with a number where the chain refused it before.

    What was refused in its block did nothing, so another try needs another key.
    """
    key, number = base, 0
    while (record := recall(key)) is not None and record.state is IntentState.FAILED:
        number += 1
        key = f"{base}:{number}"
    return key


class TransactionReceipt(NamedTuple):
    """A carried-out intent: its transaction, block, gas, and the contract it made, if any."""

    intent: str
    transaction: str
    block: int
    block_hash: str
    gas_used: int
    contract: str | None


class IntentFailed(ChainError):
    """The chain took the transaction and refused what it does; the intent is used up."""

    def __init__(self, record: IntentRecord) -> None:
        super().__init__(
            f"the transaction was refused on chain: {record.error}",
            rule="intent.failed",
            field=record.intent,
            value=record.transaction,
            remedy="mend the cause, then ask again under a new intent key",
        )
        self.record = record


class ForeignTransaction(InvariantBroken):
    """Something else sent a transaction from the gateway's account."""

    def __init__(self, sender: str, nonce: int, transaction: str | None, intent: str = "") -> None:
        super().__init__(
            f"a transaction of {sender} with nonce {nonce} is not ours"
            + (f"; it took the place of {intent}" if intent else ""),
            rule="gateway.only_sender",
            field="nonce",
            value=transaction or nonce,
            remedy="let nothing else use this key; check what that transaction did, then give the "
            "gateway a new key or restore its log of intents",
        )


def check_same(known: Call, call: Call) -> None:
    """Refuse an intent key that was used for another call."""
    if known._replace(to=_lower(known.to)) != call._replace(to=_lower(call.to)):
        raise InvariantBroken(
            "an intent key was used for another call",
            rule="intent.once",
            field="intent",
            value=call.intent,
            remedy="give every wanted effect a key of its own",
        )


def _lower(address: str | None) -> str | None:
    return address.lower() if address else None
