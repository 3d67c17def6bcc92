"""Keccak-256 and Merkle trees of sorted pairs, as OpenZeppelin's ``MerkleProof`` expects.

Pairs are hashed smaller first; an odd node moves up unchanged. ``bulk`` does the same over arrays.
"""

from __future__ import annotations

from collections.abc import Sequence

from tiny_keccak import keccak256 as _keccak256

ZERO_HASH = "00" * 32


def keccak(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it (32 bytes)."""
    return bytes(_keccak256(data))


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
