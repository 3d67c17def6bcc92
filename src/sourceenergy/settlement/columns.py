"""Members and meters of a period as columns: what a million of them are settled by.

A period may be made of ``PeriodMember`` and ``PeriodMeter`` values or of these columns, which read
like sequences of the same values; ``of`` turns the first into the second.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Self, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from sourceenergy.proofs.bulk import Rows
from sourceenergy.proofs.bulk_leaves import hex_of_rows, rows_of_hex

Ints = NDArray[np.int64]
Value = TypeVar("Value")

NEVER_S = 1 << 62
"""End of a passport that has none."""


class Columns(Sequence[Value], Generic[Value]):
    """A sequence of small values held as arrays: made one by one only for who looks at one."""

    @abstractmethod
    def _value(self, index: int) -> Value:
        """The value at a place from 0 on."""

    @overload
    def __getitem__(self, index: int) -> Value: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Value]: ...
    def __getitem__(self, index: int | slice) -> Value | Sequence[Value]:
        """One value, or those of a slice."""
        if isinstance(index, slice):
            return [self._value(i) for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._value(index % len(self))

    def __iter__(self) -> Iterator[Value]:
        """All values in order."""
        return map(self._value, range(len(self)))

    def __eq__(self, other: object) -> bool:
        """The same values in the same order, however they are held."""
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class PeriodMember:
    """A member under a pseudonym; ``salt`` (32 bytes, hex) hides the leaves of this period.

    ``passport_end_s``: first second at which the member may no longer trade, None if open.
    """

    key: str  # pseudonym, 64 hex digits
    account: str
    plan: str
    salt: str
    passport_end_s: int | None


@dataclass(frozen=True, slots=True)
class PeriodMeter:
    """A meter under a pseudonym, its owners' parts (member index, weight) and its salt."""

    key: str  # pseudonym, 64 hex digits
    parts: tuple[tuple[int, int], ...]
    verified: bool
    salt: str


@dataclass(frozen=True, eq=False)
class Members(Columns[PeriodMember]):
    """N members: ``keys``, ``salts`` [N×32], account names, ``plan`` numbers into ``plans``.

    ``passport_end_s`` [N] is ``NEVER_S`` where there is no end.
    """

    keys: Rows
    names: list[str]  # accounts, 0x and 40 hex digits
    plans: tuple[str, ...]
    plan: Ints
    salts: Rows
    passport_end_s: Ints

    @classmethod
    def of(cls, members: Sequence[PeriodMember]) -> Self:
        """The columns of ``members``; themselves if they are columns already."""
        if isinstance(members, cls):
            return members
        plans = tuple(sorted({m.plan for m in members}))
        number = {plan: i for i, plan in enumerate(plans)}
        ends = [NEVER_S if m.passport_end_s is None else m.passport_end_s for m in members]
        return cls(
            rows_of_hex([m.key for m in members], 32),
            [m.account for m in members],
            plans,
            np.array([number[m.plan] for m in members], dtype=np.int64),
            rows_of_hex([m.salt for m in members], 32),
            np.array(ends, dtype=np.int64),
        )

    @cached_property
    def accounts(self) -> Rows:
        """The accounts' addresses [N×20]."""
        return rows_of_hex(self.names, 20)

    def __len__(self) -> int:
        """How many members."""
        return len(self.names)

    def _value(self, index: int) -> PeriodMember:
        end = int(self.passport_end_s[index])
        return PeriodMember(
            self.keys[index].tobytes().hex(),
            self.names[index],
            self.plans[self.plan[index]],
            self.salts[index].tobytes().hex(),
            None if end == NEVER_S else end,
        )

    def columns(self) -> Iterator[tuple[str, str, str, str, int | None]]:
        """Key, account, plan, salt and end of every member, in bulk."""
        ends = (None if end == NEVER_S else end for end in self.passport_end_s.tolist())
        plans = (self.plans[i] for i in self.plan.tolist())
        return zip(
            hex_of_rows(self.keys), self.names, plans, hex_of_rows(self.salts), ends, strict=True
        )


@dataclass(frozen=True, eq=False)
class Meters(Columns[PeriodMeter]):
    """M meters: ``keys``, ``salts`` [M×32], ``verified`` [M]; owners as columns.

    Meter m belongs to ``owner[first[m]:first[m + 1]]``, by the weights at the same places.
    """

    keys: Rows
    first: Ints
    owner: Ints
    weight: Ints
    verified: NDArray[np.bool_]
    salts: Rows

    @classmethod
    def of(cls, meters: Sequence[PeriodMeter]) -> Self:
        """The columns of ``meters``; themselves if they are columns already."""
        if isinstance(meters, cls):
            return meters
        parts = [part for meter in meters for part in meter.parts]
        return cls(
            rows_of_hex([m.key for m in meters], 32),
            np.cumsum([0, *(len(m.parts) for m in meters)], dtype=np.int64),
            np.array([i for i, _ in parts], dtype=np.int64),
            np.array([w for _, w in parts], dtype=np.int64),
            np.array([m.verified for m in meters], dtype=np.bool_),
            rows_of_hex([m.salt for m in meters], 32),
        )

    def __len__(self) -> int:
        """How many meters."""
        return len(self.keys)

    def parts(self, index: int) -> tuple[tuple[int, int], ...]:
        """Owners of a meter (member index, weight)."""
        cut = slice(int(self.first[index]), int(self.first[index + 1]))
        return tuple(zip(self.owner[cut].tolist(), self.weight[cut].tolist(), strict=True))

    def _value(self, index: int) -> PeriodMeter:
        return PeriodMeter(
            self.keys[index].tobytes().hex(),
            self.parts(index),
            bool(self.verified[index]),
            self.salts[index].tobytes().hex(),
        )
