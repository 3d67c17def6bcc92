"""Allocations as CSV: one line for each interval, plant and member, and one for the grid."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from sourceenergy.market.keys import Allocation, Ints, Plant
from sourceenergy.units import iso_utc

COLUMNS = ("interval_start", "plant", "key", "key_from", "receiver", "use_wh", "allocated_wh")
GRID = "grid"
"""Receiver of the surplus; its line has no use."""


def allocations_csv(
    plants: Sequence[Plant],
    allocations: Sequence[Allocation],
    members: Sequence[str],
    starts_s: Sequence[int],
    use_wh: Ints,
) -> str:
    """What every plant gave to whom, with the key that decided it; lines end with a newline.

    ``allocations`` are those of ``plants``, in the same order; ``members`` name the columns of
    ``use_wh`` [Wh, T×N], the use before any plant served it. The lines of one interval and plant
    add up to its production. Same input, same bytes.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    use = use_wh.tolist()
    tables = [(a.allocated.tolist(), a.surplus.tolist()) for a in allocations]
    for t, start in enumerate(starts_s):
        for plant, (allocated, surplus) in zip(plants, tables, strict=True):
            version = max((v for v in plant.versions if v.from_s <= start), key=lambda v: v.from_s)
            head = (iso_utc(start), plant.id, version.key.kind, iso_utc(version.from_s))
            for member, used, given in zip(members, use[t], allocated[t], strict=True):
                writer.writerow((*head, member, used, given))
            writer.writerow((*head, GRID, "", surplus[t]))
    return out.getvalue()
