"""Roll-up: members' energy through whom they count, households and communities, each Wh once.

A member counts through one owner at every second: themselves, a trust, an entity. Where a move
falls inside an interval the interval's energy is split by seconds (largest remainder, ties to the
earlier owner), so that no watt-hour counts twice and none is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sourceenergy.economy.aggregated_market.belonging import Belonging, spans, split_energy
from sourceenergy.economy.aggregated_market.cascade import ReceiverClass
from sourceenergy.units import Wh

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class OwnerEnergy:
    """Energy that counts through one owner, by interval [Wh, T], and whose it is [Wh] by member."""

    owner: str
    energy: Ints
    parts: dict[str, Ints]


def rolled_up(
    energy: Ints,
    members: Sequence[str],
    moves: Sequence[Belonging],
    starts_s: Sequence[int],
    seconds: int,
) -> dict[str, OwnerEnergy]:
    """Members' energy [Wh, T×N] by the owner through whom it counts, owners in order of name.

    Works the same for what was made and for what was used. The sum of all owners is the sum of all
    members, in every interval.
    """
    found: dict[str, dict[str, Ints]] = {}
    starts = np.asarray(starts_s, dtype=np.int64)
    first_s, end_s = int(starts[0]), int(starts[-1]) + seconds
    for i, member in enumerate(members):
        mine: dict[str, Ints] = {}
        # Intervals inside which the member moved, not at their edges.
        inside = np.zeros(len(starts), dtype=np.bool_)
        for one in moves:
            if one.subject == member and first_s < one.from_s < end_s:
                inside |= (starts < one.from_s) & (one.from_s < starts + seconds)
        for span in spans(moves, member, first_s, end_s):
            whole = (starts >= span.start_s) & (starts < span.end_s) & ~inside
            part = np.where(whole, energy[:, i], 0)
            mine[span.owner] = mine.get(span.owner, 0) + part
        for t in np.flatnonzero(inside).tolist():
            begin = int(starts[t])
            for owner, wh in split_energy(moves, member, begin, begin + seconds, int(energy[t, i])):
                mine[owner][t] += wh
        for owner, part in mine.items():
            found.setdefault(owner, {})[member] = part
    return {
        owner: OwnerEnergy(owner, np.sum(list(parts.values()), axis=0), parts)
        for owner, parts in sorted(found.items())
    }


def class_totals(
    owners: Mapping[str, OwnerEnergy], kinds: Mapping[str, ReceiverClass]
) -> dict[ReceiverClass, Wh]:
    """Energy of all intervals by class [Wh]; who is in ``kinds`` not is an individual."""
    totals = dict.fromkeys(ReceiverClass, 0)
    for name, owner in owners.items():
        totals[kinds.get(name, ReceiverClass.INDIVIDUAL)] += int(owner.energy.sum())
    return {kind: Wh(total) for kind, total in totals.items()}
