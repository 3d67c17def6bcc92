"""Leaves of many records or members at once: the bytes of ``leaves``, packed into one matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sourceenergy.proofs.bulk import Rows, keccak_rows

Ints = NDArray[np.int64]
_AT_ONCE = 1 << 15


def rows_of_hex(texts: Sequence[str], size: int) -> Rows:
    """Hex texts of ``size`` bytes each, with or without 0x, as uint8 [N×size]."""
    data = bytes.fromhex("".join([text.removeprefix("0x") for text in texts]))
    return np.frombuffer(data, dtype=np.uint8).reshape(len(texts), size)


def hex_of_rows(rows: Rows) -> Iterator[str]:
    """Every row as hex digits."""
    step = 2 * rows.shape[1]
    for first in range(0, len(rows), _AT_ONCE):
        text = rows[first : first + _AT_ONCE].tobytes().hex()
        yield from (text[at : at + step] for at in range(0, len(text), step))


def _packed(*columns: tuple[NDArray[Any], str], count: int) -> Rows:
    """Columns of numbers, each in its big-endian type, side by side [count×bytes]."""
    packed = np.empty(count, dtype=[(str(i), kind) for i, (_, kind) in enumerate(columns)])
    for i, (values, _) in enumerate(columns):
        packed[str(i)] = values
    return packed.view(np.uint8).reshape(count, -1)


def record_leaf_rows(
    salts: Rows, starts_s: Ints, seconds: int, imported: Ints, exported: Ints, quality: Ints
) -> Rows:
    """``record_leaf_hash`` of T intervals of M meters, uint8 [T×M×32].

    ``salts`` [M×32]; ``starts_s`` [T]; energy [Wh] and quality [T×M].
    """
    shape = imported.shape
    count = imported.size
    numbers = _packed(
        (np.repeat(starts_s, shape[1]), ">i8"),
        (np.broadcast_to(np.int64(seconds), count), ">i4"),
        (imported.ravel(), ">i8"),
        (exported.ravel(), ">i8"),
        (quality.ravel(), "u1"),
        count=count,
    )
    rows = np.empty((*shape, 32 + numbers.shape[1]), dtype=np.uint8)
    rows[:, :, :32] = salts
    rows[:, :, 32:] = numbers.reshape(*shape, -1)
    return keccak_rows(rows.reshape(count, -1)).reshape(*shape, 32)


def energy_leaf_rows(keys: Rows, energies: Sequence[Ints], salts: Rows) -> Rows:
    """``energy_leaf_hash`` of N members [N×32]: ``energies`` are its columns in order [Wh]."""
    numbers = _packed(*((energy, ">i8") for energy in energies), count=len(keys))
    return keccak_rows(np.concatenate([keys, numbers, salts], axis=1))


def payout_leaf_rows(
    community: str, accounts: Rows, amounts: Sequence[NDArray[Any]], salts: Rows
) -> Rows:
    """``payout_leaf_hash`` of N accounts [N×20]: amounts are deposited, payout, balance [ud]."""
    count = len(accounts)
    rows = np.zeros((count, 6, 32), dtype=np.uint8)
    rows[:, 0] = np.frombuffer(bytes.fromhex(community.removeprefix("0x")), dtype=np.uint8)
    rows[:, 1, 12:] = accounts
    for place, values in enumerate(amounts, start=2):
        rows[:, place] = _words(values)
    rows[:, 5] = salts
    return keccak_rows(keccak_rows(rows.reshape(count, -1)))


def _words(values: NDArray[Any]) -> Rows:
    """Whole numbers as Solidity's words [N×32]; Python's integers where 64 bits are too few."""
    if values.dtype == object:
        data = b"".join(int(value).to_bytes(32, "big", signed=value < 0) for value in values)
        return np.frombuffer(data, dtype=np.uint8).reshape(-1, 32)
    words = np.where(values < 0, np.uint8(0xFF), np.uint8(0))[:, None].repeat(32, axis=1)
    words[:, 24:] = values.astype(">i8").view(np.uint8).reshape(-1, 8)
    return words
