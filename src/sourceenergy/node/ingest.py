"""Readings in: who sent them, do they follow, are they signed; then stored, then receipted.

What is refused is kept with its rule. What is held already is receipted again, so that an engine
that never got its receipt can send once more. A reading whose clock or registers make no sense is
kept (it is part of the device's chain) but marked, and no interval is ever settled from it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence

from sourceenergy.clock import Clock
from sourceenergy.edge.signer import Signer
from sourceenergy.errors import ReadingRefused, SourceEnergyError
from sourceenergy.proofs import (
    ZERO_HASH,
    p256_public_key,
    p256_verify,
    reading_hash,
    receipt_digest,
)
from sourceenergy.records import Reading, Receipt, Segment
from sourceenergy.sdk import Refusal, reading_to_json, refusal_of
from sourceenergy.store.sqlite import NOT_FOR_SETTLEMENT, Store, StoredDevice, StoredReading
from sourceenergy.units import ENERGY_MAX_WH

log = logging.getLogger("sourceenergy.ingest")

AHEAD_MS = 5 * 60_000
"""A reading this far ahead of the node's clock is not settled from [ms]."""


class Ingest:
    """Takes segments into the store; ``notice`` hears of each device's newest reading."""

    def __init__(
        self,
        store: Store,
        signer: Signer,
        clock: Clock,
        notice: Callable[[str, Reading], None] = lambda meter, reading: None,
    ) -> None:
        self._store = store
        self._signer = signer
        self._clock = clock
        self._notice = notice
        self._devices = store.devices()

    def reload_devices(self) -> None:
        """Read the registered devices again, after the chain changed them."""
        self._devices = self._store.devices()

    def take(self, segments: Sequence[Segment]) -> tuple[list[Receipt], list[Refusal]]:
        """Take what can be taken: a receipt or a refusal for every segment."""
        receipts, refused = [], []
        for segment in segments:
            try:
                receipts.append(self._take(segment))
            except SourceEnergyError as error:
                sequence = segment.readings[0].sequence
                known = segment.device in self._devices
                log.warning("refused %s from %s: %s", sequence, segment.device[:10], error.rule)
                if known:
                    self._store.add_refusal(
                        self._clock.now_ms(), segment.device, sequence, error.rule, error.message
                    )
                refused.append(refusal_of(segment.device, sequence, error))
        return receipts, refused

    def _take(self, segment: Segment) -> Receipt:
        device = self._known(segment)
        hashes = [reading_hash(reading) for reading in segment.readings]
        _check_signature(device, segment.signature, hashes[-1])
        last = self._store.last_reading(segment.device)
        held = 0 if last is None else last.sequence
        first = segment.readings[0].sequence
        if first > held + 1:
            raise ReadingRefused(
                f"readings {held + 1} to {first - 1} are missing",
                rule="reading.sequence.gap",
                field="sequence",
                value=held + 1,
                remedy="send from the sequence in value",
            )
        self._check_no_other_history(segment, hashes, held)
        fresh = [
            (reading, hash_)
            for reading, hash_ in zip(segment.readings, hashes, strict=True)
            if reading.sequence > held
        ]
        if fresh:
            _check_chained(fresh, ZERO_HASH if last is None else last.hash)
            rows = self._marked(fresh, last)
            self._store.add_segment(segment.device, rows, segment.signature)
            self._notice(device.meter, fresh[-1][0])
        return self._receipt(segment.device, segment.readings[-1].sequence, hashes[-1])

    def _known(self, segment: Segment) -> StoredDevice:
        device = self._devices.get(segment.device)
        if device is None:
            raise ReadingRefused(
                "no such device is registered",
                rule="device.unknown",
                field="device",
                value=segment.device,
                remedy="have the operator register the device's key",
            )
        newest = segment.readings[-1].sequence
        if device.revoked_at is not None and newest > device.revoked_at:
            raise ReadingRefused(
                "the device was revoked",
                rule="device.revoked",
                field="sequence",
                value=newest,
                remedy=f"readings up to {device.revoked_at} count; register a new device",
            )
        return device

    def _check_no_other_history(self, segment: Segment, hashes: Sequence[str], held: int) -> None:
        for reading, hash_ in zip(segment.readings, hashes, strict=True):
            if reading.sequence > held:
                return
            stored = self._store.reading(segment.device, reading.sequence)
            if stored is None or stored.hash != hash_:
                raise ReadingRefused(
                    "the device sent another reading under this sequence before",
                    rule="reading.equivocation",
                    field="sequence",
                    value=reading.sequence,
                    remedy="the first one stands; have the device's key replaced",
                )

    def _marked(
        self, fresh: Sequence[tuple[Reading, str]], last: StoredReading | None
    ) -> list[StoredReading]:
        """Rows for the store; those that must not be settled from are marked, with a refusal."""
        now_ms = self._clock.now_ms()
        usable = last
        if last is not None and last.flags & NOT_FOR_SETTLEMENT:
            usable = self._store.last_usable(fresh[0][0].device)
        rows = []
        for reading, hash_ in fresh:
            problem = ""
            if reading.utc_ms > now_ms + AHEAD_MS:
                problem = "reading.clock.ahead"
            elif usable is not None and reading.utc_ms <= usable.utc_ms:
                problem = "reading.clock.back"
            elif usable is not None and (
                reading.imported_wh < usable.imported_wh or reading.exported_wh < usable.exported_wh
            ):
                problem = "register.backwards"
            elif usable is not None and (
                max(
                    reading.imported_wh - usable.imported_wh,
                    reading.exported_wh - usable.exported_wh,
                )
                > ENERGY_MAX_WH
            ):
                problem = "energy.range"
            row = StoredReading(
                reading.sequence,
                reading.utc_ms,
                hash_,
                reading.imported_wh,
                reading.exported_wh,
                reading.flags | (NOT_FOR_SETTLEMENT if problem else 0),
                json.dumps(reading_to_json(reading), separators=(",", ":")),
            )
            if problem:
                self._store.add_refusal(
                    now_ms, reading.device, reading.sequence, problem, "kept, but not settled from"
                )
            else:
                usable = row
            rows.append(row)
        return rows

    def _receipt(self, device: str, sequence: int, head: str) -> Receipt:
        unsigned = Receipt(device, sequence, head, "")
        return Receipt(device, sequence, head, self._signer.sign(receipt_digest(unsigned)))


def _check_signature(device: StoredDevice, signature: str, head: str) -> None:
    key = p256_public_key(device.x, device.y)
    if not p256_verify(key, signature, bytes.fromhex(head)):
        raise ReadingRefused(
            "the signature is not that of the device's key",
            rule="reading.signature",
            field="signature",
            value=signature,
            remedy="sign the last reading's hash with the registered key, low s",
        )


def _check_chained(fresh: Sequence[tuple[Reading, str]], before: str) -> None:
    for reading, hash_ in fresh:
        if reading.previous != before:
            raise ReadingRefused(
                "the reading does not point at the one before it",
                rule="reading.chain",
                field="previous",
                value=reading.previous,
                remedy=f"the reading before sequence {reading.sequence} has hash {before}",
            )
        before = hash_
