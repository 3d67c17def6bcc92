"""The chain gateway's memory of intents, kept in the node's store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from sourceenergy.chain.intents import IntentRecord, IntentState
from sourceenergy.chain.keys import SignedTransaction
from sourceenergy.store.sqlite import Store, StoredIntent


class StoredIntentLog:
    """``IntentLog`` over a ``Store``; what a method wrote is on disk when it returns."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, intent: str) -> IntentRecord | None:
        """The record of ``intent``."""
        row = self._store.intent(intent)
        return None if row is None else _record(row)

    def next_nonce(self, sender: str) -> int | None:
        """One above the sender's highest nonce; None if there is no record of the sender."""
        last = self._store.last_nonce(sender)
        return None if last is None else last + 1

    def search(self, sender: str, from_nonce: int, from_block: int) -> Sequence[IntentRecord]:
        """The sender's records that are pending, or of at least that nonce or block."""
        return [_record(row) for row in self._store.find_intents(sender, from_nonce, from_block)]

    def add(self, records: Sequence[IntentRecord]) -> bool:
        """Write all records or none; False when an intent or a nonce is taken."""
        return self._store.add_intents([_row(record) for record in records])

    def update(self, record: IntentRecord) -> None:
        """Put ``record`` in the place of the one with its intent."""
        self._store.update_intent(_row(record))


def _row(record: IntentRecord) -> StoredIntent:
    return StoredIntent(
        record.intent,
        record.sender,
        record.nonce,
        record.state.value,
        record.block,
        json.dumps(asdict(record)),
    )


def _record(row: StoredIntent) -> IntentRecord:
    body = json.loads(row.body)
    body["raws"] = tuple(SignedTransaction(*raw) for raw in body["raws"])
    body["state"] = IntentState(body["state"])
    return IntentRecord(**body)
