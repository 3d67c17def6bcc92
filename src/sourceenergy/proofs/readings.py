"""Readings and receipts: their canonical bytes, and the one accepted form of a P-256 signature."""

from __future__ import annotations

import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from sourceenergy.errors import InputError
from sourceenergy.records import Correction, Reading, Receipt

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_ABSENT = -(1 << 62)


def reading_hash(reading: Reading) -> str:
    """SHA-256 of a reading's canonical bytes, 64 hex digits; covers every field."""

    def optional(value: int | None) -> int:
        return _ABSENT if value is None else value

    body = (
        b"SourceEnergy reading v1\0"
        + bytes.fromhex(reading.device.removeprefix("0x"))
        + bytes.fromhex(reading.boot_id)
        + bytes.fromhex(reading.previous)
        + struct.pack(
            ">QqBIQqqqqqqqqqI",
            reading.sequence,
            reading.utc_ms,
            reading.clock,
            reading.clock_uncertainty_ms,
            reading.monotonic_ns,
            reading.imported_wh,
            reading.exported_wh,
            optional(reading.produced_wh),
            reading.imported_w,
            reading.exported_w,
            optional(reading.produced_w),
            optional(reading.battery_charge_w),
            optional(reading.battery_discharge_w),
            optional(reading.battery_soc_permille),
            reading.flags,
        )
    )
    return hashlib.sha256(body).hexdigest()


def receipt_digest(receipt: Receipt) -> bytes:
    """What the node signs when it takes readings (32 bytes)."""
    return hashlib.sha256(
        b"SourceEnergy receipt v1\0"
        + bytes.fromhex(receipt.device.removeprefix("0x"))
        + struct.pack(">Q", receipt.sequence)
        + bytes.fromhex(receipt.head)
    ).digest()


def correction_digest(correction: Correction) -> bytes:
    """What people sign who approve a correction, and its id (32 bytes): all but the approvals."""
    reason = correction.reason.encode()
    return hashlib.sha256(
        b"SourceEnergy correction v1\0"
        + bytes.fromhex(correction.statement)
        + bytes.fromhex(correction.meter)
        + struct.pack(
            ">qqqBqqBq",
            correction.start_s,
            *correction.before,
            *correction.after,
            correction.noted_s,
        )
        + struct.pack(">I", len(reason))
        + reason
    ).digest()


def p256_public_key(public_x: int, public_y: int) -> ec.EllipticCurvePublicKey:
    """A P-256 key from its coordinates; refuses a point that is not on the curve."""
    try:
        return ec.EllipticCurvePublicNumbers(public_x, public_y, ec.SECP256R1()).public_key()
    except ValueError as error:
        raise InputError(
            "not a P-256 public key",
            rule="p256.point",
            field="public_x",
            value=hex(public_x),
            remedy="give x and y as the device prints them",
        ) from error


def p256_verify(key: ec.EllipticCurvePublicKey, signature_hex: str, digest: bytes) -> bool:
    """Is ``signature_hex`` (r ‖ s, low s) the key's signature of the 32-byte ``digest``?

    High-s twins are refused, so that a signature has one form only.
    """
    try:
        raw = bytes.fromhex(signature_hex)
    except ValueError:
        return False
    if len(raw) != 64:
        return False
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    if not (0 < r < _P256_ORDER and 0 < s <= _P256_ORDER // 2):
        return False
    try:
        key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature:
        return False
    return True


def p256_low_s(r: int, s: int) -> str:
    """The one accepted form of a P-256 signature: r ‖ min(s, n − s), 128 hex digits."""
    return f"{r:064x}{min(s, _P256_ORDER - s):064x}"
