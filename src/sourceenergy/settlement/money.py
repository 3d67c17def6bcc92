"""Exact money over arrays: 64 bits where they are enough, Python's integers where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InvariantBroken
from sourceenergy.units import ND_PER_UD

Ints = NDArray[np.int64]
Money = NDArray[Any]
"""int64, or object (Python's integers) where a value could pass 2⁶²; the same arithmetic."""

_SAFE = 1 << 62


def money(values: Sequence[int] | Money) -> Money:
    """Amounts as an array; exact whatever their size."""
    if isinstance(values, np.ndarray):
        return values
    listed = list(values)
    if max(map(abs, listed), default=0) < _SAFE >> 8:  # room to add up to 256 of them
        return np.array(listed, dtype=np.int64)
    return np.array(listed, dtype=object)


def exact_sum(values: Money) -> int:
    """Sum of all values, exact."""
    most = max(abs(int(values.max(initial=0))), abs(int(values.min(initial=0))))
    if values.dtype != object and most * values.size < _SAFE:
        return int(values.sum())
    return sum(values.tolist())


def sum_products(energy: Ints, prices: Ints) -> Money:
    """Column sums of energy × price [nd], exact: Python integers where 64 bits could overflow."""
    prices = np.broadcast_to(prices, energy.shape)
    most = int(np.abs(energy).max(initial=0)) * int(np.abs(prices).max(initial=0))
    if most * max(1, energy.shape[0]) < _SAFE >> 8:
        products: Money = (energy * prices).sum(axis=0)
        return products
    exact: Money = (energy.astype(object) * prices.astype(object)).sum(axis=0)
    return exact


def round_to_zero_sum(values_nd: Money) -> Money:
    """Round nano-dollars that add up to zero to micro-dollars that add up to zero.

    Each value is rounded down; the units still missing go to the largest remainders, ties to the
    lowest index. Nobody is off by a whole micro-dollar.
    """
    total = exact_sum(values_nd)
    if total:
        raise InvariantBroken(
            "credits and debits do not add up to zero",
            rule="money.conserved",
            field="values_nd",
            value=total,
            remedy="nothing was published; report this with the audit bundle",
        )
    rounded = values_nd // ND_PER_UD
    missing = -exact_sum(rounded)
    remainders = (values_nd % ND_PER_UD).astype(np.int16)
    order = np.argsort(-remainders, kind="stable")
    rounded[order[:missing]] += 1
    return rounded
