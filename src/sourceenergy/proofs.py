"""Hashes, signatures' digests, Merkle trees and leaf encodings; pure, shared by all who check.

Two hash functions, each where its verifier has it cheaply: SHA-256 for what devices sign (secure
elements and RIP-7212/EIP-7951 verifiers work on it), Keccak-256 for what the chain checks.
Merkle trees hash sorted pairs (commutative, as OpenZeppelin's ``MerkleProof`` expects); an odd
node moves up unchanged.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Sequence
from dataclasses import astuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from tiny_keccak import keccak256 as _keccak256

from sourceenergy.errors import InputError
from sourceenergy.records import (
    EnergyLeaf,
    IntervalPrice,
    MeterInterval,
    PayoutLeaf,
    Reading,
    Receipt,
    Statement,
)

ZERO_HASH = "00" * 32

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def keccak(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it (32 bytes)."""
    return bytes(_keccak256(data))


# --- Merkle ---------------------------------------------------------------------------------


def merkle_levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """All levels of the tree over ``leaves`` (32 bytes each), leaves first, root last.

    An empty tree has the zero hash for its root.
    """
    level = list(leaves) or [bytes(32)]
    levels = [level]
    while len(level) > 1:
        above = [
            _keccak256(a + b if a < b else b + a)
            for a, b in zip(level[0::2], level[1::2], strict=False)
        ]
        if len(level) % 2:
            above.append(level[-1])
        level = above
        levels.append(level)
    return levels


def merkle_root(leaves: Sequence[bytes]) -> str:
    """Root of the tree over ``leaves`` as 64 hex digits."""
    return bytes(merkle_levels(leaves)[-1][0]).hex()


def merkle_proof(levels: Sequence[Sequence[bytes]], index: int) -> list[str]:
    """Sibling hashes from leaf ``index`` to the root, hex."""
    proof = []
    for level in levels[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            proof.append(bytes(level[sibling]).hex())
        index //= 2
    return proof


def merkle_verify(leaf: bytes, proof: Sequence[str], root: str) -> bool:
    """Does ``leaf`` lead through ``proof`` to ``root``?"""
    node = leaf
    for sibling_hex in proof:
        sibling = bytes.fromhex(sibling_hex)
        node = _keccak256(node + sibling if node < sibling else sibling + node)
    return node.hex() == root.removeprefix("0x")


# --- encodings of the chain (Solidity's abi.encode of static words) --------------------------


def _word(value: int | str | bytes | bool) -> bytes:
    if isinstance(value, str):
        return bytes.fromhex(value.removeprefix("0x")).rjust(32, b"\0")
    if isinstance(value, bytes):
        return value.rjust(32, b"\0")
    return int(value).to_bytes(32, "big", signed=value < 0)


def payout_leaf_hash(community: str, leaf: PayoutLeaf) -> bytes:
    """``Clearing``'s leaf: keccak256(keccak256(abi.encode(community, leaf…)))."""
    words = (
        community,
        leaf.account,
        leaf.deposited_ud,
        leaf.payout_ud,
        leaf.balance_ud,
        leaf.salt,
    )
    return keccak(keccak(b"".join(_word(word) for word in words)))


def statement_hash(chain_id: int, clearing: str, statement: Statement) -> str:
    """``Clearing``'s hash of a statement: bound to chain and contract, 64 hex digits."""
    words = (chain_id, clearing, *astuple(statement))
    return keccak(b"".join(_word(word) for word in words)).hex()


def community_id(chain_id: int, clearing: str, name: str) -> str:
    """``Clearing``'s id of a community: keccak256(abi.encode(chain, contract, keccak(name)))."""
    words = (_word(chain_id), _word(clearing), keccak(name.encode()))
    return "0x" + keccak(b"".join(words)).hex()


def device_id(public_x: int, public_y: int) -> str:
    """``Devices``' id of a device: keccak256(abi.encode(x, y)) of its first P-256 key."""
    return "0x" + keccak(public_x.to_bytes(32, "big") + public_y.to_bytes(32, "big")).hex()


# --- our own leaves: fixed-length, never 64 bytes, so a leaf can't pass for a node ------------


def derive_salt(key: bytes, *context: str) -> bytes:
    """A salt for one purpose from a member's or meter's secret key (HMAC-SHA-256, RFC 2104)."""
    return hmac.new(key, "\x1f".join(context).encode(), hashlib.sha256).digest()


def record_leaf_hash(salt: bytes, record: MeterInterval) -> bytes:
    """Commitment to one meter's record of one interval (salt of the meter, 32 bytes)."""
    return bytes(
        _keccak256(
            salt
            + struct.pack(
                ">qiqqB",
                record.start_s,
                record.seconds,
                record.imported_wh,
                record.exported_wh,
                record.quality,
            )
        )
    )


def price_leaf_hash(price: IntervalPrice) -> bytes:
    """Leaf of the price tree: one public interval record."""
    return keccak(
        struct.pack(
            ">qi?qqqq",
            price.start_s,
            price.seconds,
            price.local,
            price.price,
            price.feed_in,
            price.retail,
            price.fee,
        )
        + bytes.fromhex(price.records_root)
    )


def energy_leaf_hash(leaf: EnergyLeaf) -> bytes:
    """Leaf of the pool tree: one member's energy in the period."""
    return keccak(
        bytes.fromhex(leaf.member_key)
        + struct.pack(
            ">qqqq",
            leaf.imported_wh,
            leaf.exported_wh,
            leaf.local_bought_wh,
            leaf.local_sold_wh,
        )
        + bytes.fromhex(leaf.salt)
    )


# --- readings and receipts --------------------------------------------------------------------

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
