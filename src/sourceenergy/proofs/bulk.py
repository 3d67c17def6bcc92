"""Keccak-256 and Merkle trees over whole arrays: the same hashes, many at a time.

Rows are uint8 arrays [N×bytes]. Where there are many and numba is installed, a compiled kernel
hashes them; everywhere else tiny-keccak does, row by row. Both give the same bytes, and trees are
those of ``merkle``. Not imported by what must run without NumPy.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tiny_keccak import keccak256

Rows = NDArray[np.uint8]

COMPILED_FROM = 1 << 18
"""Fewer rows than this are hashed sooner than the kernels are loaded (1.4 s)."""
LOADED_FROM = 64
"""The same once they are loaded."""
_RATE = 136
_AT_ONCE = 1 << 15
"""Rows padded at a time: a copy that stays in the cache."""


class _Kernels(NamedTuple):
    """The compiled loops, and what they must be handed."""

    sponge: Callable[..., None]
    keccak_rounds: Any
    hmac_sha256: Callable[..., None]
    sha256_start: Any
    sha256_rounds: Any
    message_max: int


@cache
def _kernels() -> _Kernels | None:
    try:
        from sourceenergy.proofs import hmac_kernel, keccak_kernel
    except ImportError:  # no numba on this machine
        return None
    return _Kernels(
        keccak_kernel.sponge,
        keccak_kernel.ROUNDS,
        hmac_kernel.hmac_sha256,
        hmac_kernel.START,
        hmac_kernel.ROUNDS,
        hmac_kernel.MESSAGE_MAX,
    )


def _kernels_for(rows: int) -> _Kernels | None:
    """The kernels where so many rows are worth them."""
    least = LOADED_FROM if _kernels.cache_info().currsize else COMPILED_FROM
    return _kernels() if rows >= least else None


def keccak_rows(rows: Rows) -> Rows:
    """Keccak-256 of every row: uint8 [N×bytes] in, at least one byte each; uint8 [N×32] out."""
    count, length = rows.shape
    kernels = _kernels_for(count)
    if kernels is None:
        messages = np.ascontiguousarray(rows).view(f"V{length}").ravel().tolist()
        digests = b"".join(map(keccak256, messages))
        return np.frombuffer(digests, dtype=np.uint8).reshape(count, 32)
    width = length // _RATE * _RATE + _RATE
    padded = np.zeros((min(count, _AT_ONCE), width), dtype=np.uint8)
    padded[:, length] = 1
    padded[:, -1] |= 0x80
    words = padded.view("<u8")
    result = np.empty((count, 4), dtype="<u8")
    for first in range(0, count, _AT_ONCE):
        part = rows[first : first + _AT_ONCE]
        padded[: len(part), :length] = part
        kernels.sponge(words[: len(part)], kernels.keccak_rounds, result[first : first + len(part)])
    return result.view(np.uint8)


def derived_salts(keys: Rows, *context: str) -> Rows:
    """``derive_salt`` of every key [N×32] for one purpose, uint8 [N×32]."""
    message = "\x1f".join(context).encode()
    kernels = _kernels_for(len(keys))
    if kernels is None or len(message) > kernels.message_max:
        listed = np.ascontiguousarray(keys).view("V32").ravel().tolist()
        digests = b"".join([hmac.digest(key, message, "sha256") for key in listed])
        return np.frombuffer(digests, dtype=np.uint8).reshape(-1, 32)
    bits = (64 + len(message)) * 8  # the key's block comes before it
    block = (message + b"\x80").ljust(56, b"\0") + bits.to_bytes(8, "big")
    result = np.empty((len(keys), 8), dtype=np.uint32)
    kernels.hmac_sha256(
        np.ascontiguousarray(keys).view(">u4").astype(np.uint32),
        np.frombuffer(block, dtype=">u4").astype(np.uint32),
        kernels.sha256_start,
        kernels.sha256_rounds,
        result,
    )
    return result.astype(">u4").view(np.uint8)


def hash_pairs(left: Rows, right: Rows) -> Rows:
    """Parents of nodes [N×32]: each pair sorted, then hashed."""
    a, b = (np.ascontiguousarray(side).view(">u8") for side in (left, right))
    differs = a != b
    first = differs.argmax(axis=1)[:, None]  # the first of four words that differs decides
    swap = np.take_along_axis(a, first, axis=1) > np.take_along_axis(b, first, axis=1)
    pairs = np.empty((len(left), 64), dtype=np.uint8)
    pairs[:, :32] = np.where(swap, right, left)
    pairs[:, 32:] = np.where(swap, left, right)
    return keccak_rows(pairs)


def tree(leaves: Rows) -> list[Rows]:
    """All levels over ``leaves`` [N×32], leaves first; the same tree as ``merkle_levels``."""
    level = leaves if len(leaves) else np.zeros((1, 32), dtype=np.uint8)
    levels = [level]
    while len(level) > 1:
        even = len(level) // 2 * 2
        above = hash_pairs(level[0:even:2], level[1:even:2])
        level = np.concatenate([above, level[even:]]) if even < len(level) else above
        levels.append(level)
    return levels


def tree_proof(levels: Sequence[Rows], index: int) -> list[str]:
    """Sibling hashes from leaf ``index`` to the root, hex."""
    proof = []
    for level in levels[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            proof.append(level[sibling].tobytes().hex())
        index //= 2
    return proof


def root_of(levels: Sequence[Rows]) -> str:
    """Root of a tree as 64 hex digits."""
    return str(levels[-1][0].tobytes().hex())


def roots_of_many(leaves: Rows) -> Rows:
    """Roots [T×32] of T trees of N leaves each, ``leaves`` [T×N×32], hashed side by side."""
    level = leaves
    if not level.shape[1]:
        return np.zeros((level.shape[0], 32), dtype=np.uint8)
    while level.shape[1] > 1:
        even = level.shape[1] // 2 * 2
        pairs = (level[:, side:even:2].reshape(-1, 32) for side in (0, 1))
        above = hash_pairs(*pairs).reshape(len(level), even // 2, 32)
        level = np.concatenate([above, level[:, even:]], axis=1)
    return level[:, 0]
