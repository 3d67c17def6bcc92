"""A register at a moment between two readings of it: taken to rise evenly, rounded down."""

from __future__ import annotations


def register_at(before: tuple[int, int], after: tuple[int, int], at_ms: int) -> int:
    """Register [Wh] at ``at_ms`` from the (time [ms], register [Wh]) at or before, and after it."""
    (first_ms, low), (last_ms, high) = before, after
    span_ms = last_ms - first_ms
    return low if not span_ms else low + (high - low) * (at_ms - first_ms) // span_ms
