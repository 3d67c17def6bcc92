"""Money in whole cents: what is paid out, where every layer pays people."""

from __future__ import annotations

from collections.abc import Sequence

from sourceenergy.errors import InputError
from sourceenergy.units import UD_PER_CENT, Ud, split_largest_remainder

PPM = 1_000_000


def cents_down(amount_ud: int) -> Ud:
    """The whole cents in an amount [ud], rounded down."""
    return Ud(amount_ud // UD_PER_CENT * UD_PER_CENT)


def cents_down_of(amount_ud: int, part_ppm: int) -> Ud:
    """So many millionths of an amount, rounded down to the cent [ud]."""
    return cents_down(amount_ud * part_ppm // PPM)


def require_cents(amount_ud: int, field: str) -> None:
    """Refuse money below zero or with a part of a cent."""
    if amount_ud < 0 or amount_ud % UD_PER_CENT:
        raise InputError(
            "a payout is whole cents, zero or more",
            rule="cents.whole",
            field=field,
            value=amount_ud,
            remedy="keep what is below a cent for the next payout",
        )


def split_cents(total_ud: int, weights: Sequence[int]) -> list[Ud]:
    """Split whole cents by weight [ud]: largest remainder, ties to the lowest index.

    The parts are whole cents and add up to ``total_ud``, which must be whole cents too.
    """
    require_cents(total_ud, "total_ud")
    cents = split_largest_remainder(total_ud // UD_PER_CENT, weights)
    return [Ud(part * UD_PER_CENT) for part in cents]
