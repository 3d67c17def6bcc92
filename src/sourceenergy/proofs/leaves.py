"""Hashes of leaves, statements and ids: the chain's encoding and our own.

``Clearing`` hashes Solidity's abi.encode of static words. Our own leaves have a fixed length that
is never 64 bytes, so a leaf can't pass for a node. ``bulk_leaves`` does the same over arrays.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import astuple

from tiny_keccak import keccak256 as _keccak256

from sourceenergy.proofs.merkle import keccak
from sourceenergy.records import EnergyLeaf, IntervalPrice, MeterInterval, PayoutLeaf, Statement


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
