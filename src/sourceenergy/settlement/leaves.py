"""A period's leaves as columns, and the trees over them, built when they are first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sourceenergy.proofs.bulk import Rows, roots_of_many
from sourceenergy.proofs.bulk_leaves import (
    energy_leaf_rows,
    payout_leaf_rows,
    record_leaf_rows,
    rows_of_hex,
)
from sourceenergy.records import EnergyLeaf, PayoutLeaf
from sourceenergy.settlement.accounts import Accounts
from sourceenergy.settlement.columns import Columns, Ints, Meters
from sourceenergy.units import Ud, Wh

RECORDS_AT_ONCE = 1 << 18
"""Records hashed in one piece: enough to keep the kernel busy, little enough to fit in memory."""


@dataclass(frozen=True, eq=False)
class PayoutLeaves(Columns[PayoutLeaf]):
    """What every account may do with its money, with its salt [A×32]."""

    accounts: Accounts
    salts: Rows

    def __len__(self) -> int:
        """How many accounts."""
        return len(self.accounts)

    def _value(self, index: int) -> PayoutLeaf:
        a = self.accounts
        return PayoutLeaf(
            a.names[index],
            Ud(int(a.deposited_ud[index])),
            Ud(int(a.payout_ud[index])),
            Ud(int(a.balance_ud[index])),
            self.salts[index].tobytes().hex(),
        )

    def hashes(self, community: str) -> Rows:
        """``payout_leaf_hash`` of all [A×32]."""
        a = self.accounts
        columns = (a.deposited_ud, a.payout_ud, a.balance_ud)
        return payout_leaf_rows(community, rows_of_hex(a.names, 20), columns, self.salts)


@dataclass(frozen=True, eq=False)
class EnergyLeaves(Columns[EnergyLeaf]):
    """Every member's energy in the period [Wh], with key and salt [N×32]."""

    keys: Rows
    imported: Ints
    exported: Ints
    bought: Ints
    sold: Ints
    salts: Rows

    def __len__(self) -> int:
        """How many members."""
        return len(self.keys)

    def _value(self, index: int) -> EnergyLeaf:
        return EnergyLeaf(
            self.keys[index].tobytes().hex(),
            Wh(int(self.imported[index])),
            Wh(int(self.exported[index])),
            Wh(int(self.bought[index])),
            Wh(int(self.sold[index])),
            self.salts[index].tobytes().hex(),
        )

    def hashes(self) -> Rows:
        """``energy_leaf_hash`` of all [N×32]."""
        columns = (self.imported, self.exported, self.bought, self.sold)
        return energy_leaf_rows(self.keys, columns, self.salts)


def record_leaves(
    meters: Meters, starts_s: range, seconds: int, imported: Ints, exported: Ints, quality: Ints
) -> Iterator[tuple[slice, Rows]]:
    """Commitment of every meter's record [intervals×M×32], some intervals at a time."""
    step = max(1, RECORDS_AT_ONCE // max(1, len(meters)))
    starts = np.array(starts_s, dtype=np.int64)
    for first in range(0, len(starts), step):
        cut = slice(first, first + step)
        yield (
            cut,
            record_leaf_rows(
                meters.salts, starts[cut], seconds, imported[cut], exported[cut], quality[cut]
            ),
        )


def record_roots(
    meters: Meters, starts_s: range, seconds: int, imported: Ints, exported: Ints, quality: Ints
) -> list[str]:
    """Root of every interval's records, hex."""
    roots = []
    for _, leaves in record_leaves(meters, starts_s, seconds, imported, exported, quality):
        roots += [root.tobytes().hex() for root in roots_of_many(leaves)]
    return roots
