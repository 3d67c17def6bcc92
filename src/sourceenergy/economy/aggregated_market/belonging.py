"""Through whom a member, or a roof, counts: at every second through exactly one.

A person in a trust counts through the trust, others directly; a move splits a month at its second,
so that no watt-hour counts twice and none is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sourceenergy.errors import InputError
from sourceenergy.units import Wh, iso_utc, split_largest_remainder


@dataclass(frozen=True, slots=True)
class Belonging:
    """From ``from_s`` on (that second included) ``subject`` counts through ``owner``.

    ``subject`` is a member or a meter; who counts directly is their own owner.
    """

    subject: str
    owner: str
    from_s: int


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open span in which one owner counts [Unix s]."""

    owner: str
    start_s: int
    end_s: int


def move(moves: Sequence[Belonging], new: Belonging) -> tuple[Belonging, ...]:
    """The timeline with one more move; never before or at one already recorded."""
    earlier = [one.from_s for one in moves if one.subject == new.subject]
    if earlier and new.from_s <= max(earlier):
        raise InputError(
            "a move cannot be put before one already recorded",
            rule="belonging.order",
            field="from_s",
            value=iso_utc(new.from_s),
            remedy=f"move after {iso_utc(max(earlier))}; what was settled is corrected by a record",
        )
    return (*moves, new)


def belongs_to(moves: Sequence[Belonging], subject: str, second: int) -> str:
    """Through whom ``subject`` counts at ``second``; itself before its first move."""
    past = [one for one in moves if one.subject == subject and one.from_s <= second]
    return max(past, key=lambda one: one.from_s).owner if past else subject


def spans(moves: Sequence[Belonging], subject: str, start_s: int, end_s: int) -> tuple[Span, ...]:
    """[start_s, end_s) cut where ``subject`` changes owner: no gap, no overlap."""
    if end_s <= start_s:
        raise InputError(
            "a span ends after it starts",
            rule="belonging.span",
            field="end_s",
            value=end_s,
            remedy="give a later end",
        )
    cuts = {one.from_s for one in moves if one.subject == subject and start_s < one.from_s < end_s}
    edges = [start_s, *sorted(cuts), end_s]
    result: list[Span] = []
    for start, end in pairwise(edges):
        owner = belongs_to(moves, subject, start)
        joins = bool(result) and result[-1].owner == owner
        result.append(Span(owner, result.pop().start_s if joins else start, end))
    return tuple(result)


def split_energy(
    moves: Sequence[Belonging], subject: str, start_s: int, end_s: int, energy_wh: int
) -> tuple[tuple[str, Wh], ...]:
    """One interval's energy by owner, by seconds, largest remainder, ties to the earlier [Wh].

    For an interval in which a move falls and no register was read at its second; with one, the
    registers say it exactly.
    """
    parts = spans(moves, subject, start_s, end_s)
    energy = split_largest_remainder(energy_wh, [one.end_s - one.start_s for one in parts])
    return tuple((one.owner, Wh(part)) for one, part in zip(parts, energy, strict=True))
