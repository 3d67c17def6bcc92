"""The engine's durable memory: readings from the meter until the node's signed receipt.

One SQLite file a device (WAL, synchronous=FULL: every commit is on the disk before it returns).
A reading and the register state it came from are one transaction, made *before* its hash is
signed, so no sequence can ever be signed twice with different content. The file belongs to one
engine at a time. Errors: ``Unavailable`` while the disk is full, read-only or taken, with nothing
half done; ``InputError`` for a file of another device or a damaged one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import apsw

from sourceenergy import proofs
from sourceenergy.edge.registers import RegisterState, SiteRegisters
from sourceenergy.errors import InputError, InvariantBroken, Unavailable, VerificationFailed
from sourceenergy.records import Reading, Segment
from sourceenergy.sdk import VerifiedReceipt, reading_from_json, reading_to_json

_SCHEMA = """
CREATE TABLE IF NOT EXISTS device(
    id TEXT PRIMARY KEY, acknowledged INTEGER NOT NULL, registers TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS reading(
    sequence INTEGER PRIMARY KEY, hash TEXT NOT NULL, body TEXT NOT NULL, signature TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS refusal(
    last INTEGER PRIMARY KEY, first INTEGER NOT NULL,
    reason TEXT NOT NULL, set_aside INTEGER NOT NULL
) STRICT;
"""
_RETRYABLE = (
    apsw.FullError,
    apsw.ReadOnlyError,
    apsw.IOError,
    apsw.CantOpenError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.PermissionsError,
)


@dataclass(frozen=True, slots=True)
class Tail:
    """The last reading's sequence, hash [64 hex digits] and time; 0, zeros and None at first."""

    sequence: int
    hash: str
    utc_ms: int | None


class Outbox:
    """The readings of ``device`` in the file ``path``, which is made if there is none."""

    def __init__(self, path: Path, device: str) -> None:
        self._path = path
        self._device = device
        with self._guarded():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = apsw.Connection(str(path))
            try:
                self._open()
            except BaseException:
                self._db.close()
                raise

    def _open(self) -> None:
        # Exclusive: a second engine on this file would fork the device's chain.
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        with self._db:
            self._db.execute(_SCHEMA)
            owner = self._db.execute("SELECT id FROM device").get
            if owner is None:
                self._db.execute("INSERT INTO device VALUES (?, 0, '')", (self._device,))
            elif owner != self._device:
                raise InputError(
                    "the outbox holds another device's readings",
                    rule="outbox.device",
                    field="data",
                    value=owner,
                    remedy="give each device a data folder and a key of its own",
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def tail(self) -> Tail:
        """What the next reading follows: its sequence is one more, ``previous`` the hash."""
        with self._guarded():
            row = self._db.execute(
                "SELECT hash, body FROM reading ORDER BY sequence DESC LIMIT 1"
            ).get
        if row is None:
            return Tail(0, proofs.ZERO_HASH, None)
        reading = self._reading(*row)
        return Tail(reading.sequence, row[0], reading.utc_ms)

    def registers(self) -> SiteRegisters | None:
        """Register state of the last reading, None before the first."""
        with self._guarded():
            text = self._db.execute("SELECT registers FROM device").get
        return _registers_from(json.loads(text)) if text else None

    def append(self, reading: Reading, registers: SiteRegisters) -> str:
        """Store the next reading and its register state for good; its hash.

        Raises ``InvariantBroken`` unless it is this device's and follows the tail.
        """
        digest = proofs.reading_hash(reading)
        with self._guarded(), self._db:
            tail = self.tail()
            if (reading.device, reading.sequence, reading.previous) != (
                self._device,
                tail.sequence + 1,
                tail.hash,
            ):
                raise InvariantBroken(
                    "a reading that does not follow the last one was not stored",
                    rule="outbox.chain",
                    field="sequence",
                    value=reading.sequence,
                    remedy=f"build on the tail: {tail.sequence} {tail.hash}",
                )
            self._db.execute(
                "INSERT INTO reading VALUES (?, ?, ?, NULL)",
                (reading.sequence, digest, json.dumps(reading_to_json(reading))),
            )
            self._db.execute("UPDATE device SET registers = ?", (json.dumps(asdict(registers)),))
        return digest

    def unsealed(self) -> int:
        """How many of the last readings no signature covers yet."""
        with self._guarded():
            count: int = self._db.execute(
                "SELECT count(*) FROM reading WHERE sequence > (SELECT max(0, acknowledged,"
                " coalesce((SELECT max(sequence) FROM reading WHERE signature IS NOT NULL), 0))"
                " FROM device)"
            ).get
        return count

    def seal(self, sequence: int, signature: str) -> None:
        """Keep the signature over reading ``sequence``: it ends a segment, ready to be sent."""
        with self._guarded(), self._db:
            self._db.execute(
                "UPDATE reading SET signature = ? WHERE sequence = ? AND signature IS NULL",
                (signature, sequence),
            )

    def unsent(self, limit: int) -> list[Segment]:
        """Sealed segments without a receipt, oldest first; those set aside are left out.

        About ``limit`` readings, but one whole segment at least.
        """
        segments: list[Segment] = []
        pending: list[Reading] = []
        count = 0
        with self._guarded():
            rows = self._db.execute(
                "SELECT hash, body, signature, coalesce(set_aside, 0) FROM reading"
                " LEFT JOIN refusal ON last = sequence"
                " WHERE sequence > (SELECT acknowledged FROM device) ORDER BY sequence"
            )
            for digest, body, signature, set_aside in rows:
                pending.append(self._reading(digest, body))
                if signature is None:
                    continue
                if not set_aside:
                    segments.append(Segment(self._device, tuple(pending), signature))
                    count += len(pending)
                pending = []
                if count >= limit:
                    break
            rows.close(True)
        return segments

    def acknowledge(self, receipt: VerifiedReceipt) -> int:
        """Let go of what the node holds for good; how many readings that is.

        The last reading stays, as the next one's previous, and so do refused ones, as evidence.
        Raises ``VerificationFailed`` if the receipt is for a reading that is not ours: nothing is
        let go then.
        """
        with self._guarded(), self._db:
            acknowledged: int = self._db.execute("SELECT acknowledged FROM device").get
            if receipt.device == self._device and receipt.sequence <= acknowledged:
                return 0  # an old receipt, delivered once more
            head = self._db.execute(
                "SELECT hash FROM reading WHERE sequence = ?", (receipt.sequence,)
            ).get
            if receipt.device != self._device or head != receipt.head:
                raise VerificationFailed(
                    "the node gave a receipt for a reading that was never made here",
                    rule="receipt.head",
                    field="receipt.head",
                    value=receipt.head,
                    remedy="revoke the device: its key may be used elsewhere",
                )
            self._db.execute("UPDATE device SET acknowledged = ?", (receipt.sequence,))
            self._db.execute(
                "DELETE FROM refusal WHERE last <= ? AND NOT set_aside", (receipt.sequence,)
            )
            self._db.execute(
                "DELETE FROM reading WHERE sequence < ? AND NOT EXISTS"
                " (SELECT 1 FROM refusal WHERE sequence BETWEEN first AND last)",
                (receipt.sequence,),
            )
        return receipt.sequence - acknowledged

    def acknowledged(self) -> int:
        """Sequence up to which the node gave receipts."""
        with self._guarded():
            sequence: int = self._db.execute("SELECT acknowledged FROM device").get
        return sequence

    def set_aside(self, segment: Segment, reason: Mapping[str, str]) -> bool:
        """Keep a refused segment and why, and send it no more; True if the reason is new."""
        first, last = segment.readings[0].sequence, segment.readings[-1].sequence
        text = json.dumps(dict(reason), sort_keys=True)
        with self._guarded(), self._db:
            before = self._db.execute("SELECT reason FROM refusal WHERE last = ?", (last,)).get
            self._db.execute("REPLACE INTO refusal VALUES (?, ?, ?, 1)", (last, first, text))
        return bool(before != text)

    def send_again(self, sequence: int) -> bool:
        """Take up again what was set aside from ``sequence`` on: the node's chain needs it.

        False if the reading is gone, because the node gave a receipt for it before.
        """
        with self._guarded(), self._db:
            if sequence <= self._db.execute("SELECT acknowledged FROM device").get:
                return False
            self._db.execute("UPDATE refusal SET set_aside = 0 WHERE last >= ?", (sequence,))
        return True

    def refusals(self) -> list[tuple[int, int, dict[str, str]]]:
        """Refused segments: first and last sequence, and the node's words."""
        with self._guarded():
            rows = self._db.execute("SELECT first, last, reason FROM refusal ORDER BY first")
            return [(first, last, json.loads(reason)) for first, last, reason in rows]

    def _reading(self, digest: str, body: str) -> Reading:
        reading = reading_from_json(json.loads(body))
        if proofs.reading_hash(reading) != digest:
            raise self._damaged(f"reading {reading.sequence} does not match its hash")
        return reading

    def _damaged(self, cause: object) -> InputError:
        return InputError(
            f"the outbox is damaged: {cause}",
            rule="outbox.damaged",
            field="data",
            value=self._path,
            remedy="keep the file, revoke the device at its last sequence, make a new key",
        )

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """The store's failures as ours; a transaction inside is rolled back by then."""
        try:
            yield
        except (*_RETRYABLE, OSError) as error:
            taken = isinstance(error, (apsw.BusyError, apsw.LockedError))
            raise Unavailable(
                "another engine has the outbox"
                if taken
                else f"the outbox cannot be written: {error}",
                rule="outbox.taken" if taken else "outbox.writable",
                field="data",
                value=self._path,
                remedy="stop the other engine"
                if taken
                else "free space on the disk or make the folder writable; it goes on by itself",
            ) from error
        except (apsw.NotADBError, apsw.CorruptError) as error:
            raise self._damaged(error) from error


def _registers_from(raw: Mapping[str, Any]) -> SiteRegisters:
    produced = raw["produced"]
    return SiteRegisters(
        RegisterState(**raw["imported"]),
        RegisterState(**raw["exported"]),
        None if produced is None else RegisterState(**produced),
    )
