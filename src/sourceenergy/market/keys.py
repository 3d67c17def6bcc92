"""Allocation keys: which member gets how much of what a shared plant produced.

Four keys, pure functions over whole watt-hours, for all intervals at once:

=========  =====================================================================================
static     fixed shares; what a member does not use is not passed on
dynamic    pro rata to use
hybrid     static first, then what is left by remaining need, until nothing can be shared
cascade    priority classes one after the other, each pro rata to use
=========  =====================================================================================

Laws, whatever the key: nobody gets more than they used in the interval; nothing is allocated that
was not produced; allocated and surplus add up to the production exactly; member numbers (columns)
decide ties and nothing else. A dynamic, hybrid or cascade key leaves a surplus only where all who
take part are served in full.

Rounding: each split is largest remainder, ties to the lowest member number; the share that a
static key leaves open takes part in the split as if it were a last member. Complexity: O(T·N log N)
for each class. Sources: ``docs/keys.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import ConfigError, InputError
from sourceenergy.market.pool import split_rows
from sourceenergy.records import PPM, AllocationKey, KeyVersion, ParticipationVersion
from sourceenergy.units import iso_utc

Ints = NDArray[np.int64]
Version = TypeVar("Version", KeyVersion, ParticipationVersion)


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a plant gave: ``allocated`` [Wh, T×N] to members, ``surplus`` [Wh, T] to the grid."""

    allocated: Ints
    surplus: Ints


@dataclass(frozen=True, slots=True)
class Plant:
    """A shared plant: its id, its place in the order of plants (lowest first), its dated keys."""

    id: str
    priority: int
    versions: tuple[KeyVersion, ...]


def allocate(key: AllocationKey, produced_wh: Ints, use_wh: Ints) -> Allocation:
    """Split ``produced_wh`` [Wh, T] by ``key`` among members who used ``use_wh`` [Wh, T×N].

    Raises ``InputError``: ``key.input`` for arrays that do not fit, ``energy.sign`` below zero.
    """
    _check_energy(produced_wh, use_wh, len(key.classes))
    allocated = np.zeros_like(use_wh)
    left = produced_wh
    if any(key.shares_ppm):
        shares = np.array([*key.shares_ppm, PPM - sum(key.shares_ppm)], dtype=np.int64)
        weights = np.broadcast_to(shares, (len(produced_wh), len(shares)))
        allocated = np.minimum(split_rows(produced_wh, weights)[:, :-1], use_wh)
        left = produced_wh - allocated.sum(axis=1)
    classes = np.array(key.classes, dtype=np.int64)
    for number in sorted(set(key.classes) - {0}):
        need = np.where(classes == number, use_wh - allocated, 0)
        given = split_rows(np.minimum(left, need.sum(axis=1)), need)
        allocated = allocated + given
        left = left - given.sum(axis=1)
    return Allocation(allocated, left)


def allocate_dated(
    versions: Sequence[KeyVersion], starts_s: Sequence[int], produced_wh: Ints, use_wh: Ints
) -> Allocation:
    """``allocate`` with the key that holds at each interval's start (UTC seconds, [T])."""
    which = _versions_at([version.from_s for version in versions], starts_s)
    if (which < 0).any():
        key_at(versions, starts_s[int(np.argmin(which))])  # refuses, naming the interval
    allocated, surplus = np.zeros_like(use_wh), np.zeros_like(produced_wh)
    for index in np.unique(which):
        rows = which == index
        part = allocate(versions[index].key, produced_wh[rows], use_wh[rows])
        allocated[rows], surplus[rows] = part.allocated, part.surplus
    return Allocation(allocated, surplus)


def allocate_plants(
    plants: Sequence[Plant], starts_s: Sequence[int], produced_wh: Ints, use_wh: Ints
) -> list[Allocation]:
    """Several plants one after the other: each serves the use that the plants before it left.

    ``produced_wh`` [Wh, T×P]. Plants go by priority, then by id, whatever order they are given
    in; the result is in the order given.
    """
    left = use_wh
    result: dict[int, Allocation] = {}
    for p in sorted(range(len(plants)), key=lambda i: (plants[i].priority, plants[i].id)):
        result[p] = allocate_dated(plants[p].versions, starts_s, produced_wh[:, p], left)
        left = left - result[p].allocated
    return [result[p] for p in range(len(plants))]


def key_at(versions: Sequence[KeyVersion], start_s: int) -> AllocationKey:
    """The key that holds for the interval starting at ``start_s`` (UTC seconds).

    Raises ``ConfigError`` (rule ``key.gap``) before the first version.
    """
    for version in reversed(versions):
        if version.from_s <= start_s:
            return version.key
    raise ConfigError(
        f"no allocation key holds at {iso_utc(start_s)}",
        rule="key.gap",
        field="key_version.from",
        value=iso_utc(start_s),
        remedy="settle from the first version on, or date it earlier before anything is settled",
    )


def with_version(
    versions: Sequence[KeyVersion], new: KeyVersion, settled_until_s: int
) -> tuple[KeyVersion, ...]:
    """The versions and a new one. Keys are appended, never changed backwards in time.

    ``settled_until_s`` is the first second not settled yet. Raises ``ConfigError`` (rule
    ``key.past``) for a version that would touch what is settled or precede another.
    """
    first = max([settled_until_s, *(version.from_s + 1 for version in versions)])
    if new.from_s < first:
        raise _past(new.from_s, f"let the new key hold from {iso_utc(first)} or later")
    return (*versions, new)


def check_appended(
    before: Sequence[Version], after: Sequence[Version], settled_until_s: int
) -> None:
    """Refuse (rule ``key.past``) versions that read differently for what is settled already.

    ``before`` were in force when it was settled, ``after`` are of the file as it is now; keys, or
    participation factors.
    """
    changed = [v.from_s for v in before if v not in after]
    changed += [v.from_s for v in after if v not in before]
    if changed and min(changed) < settled_until_s:
        raise _past(min(changed), "put the old versions back and append a new one")


def participating(energy_wh: Ints, factors_ppm: Sequence[int]) -> Ints:
    """One meter's energy [Wh, T] by the communities it takes part in [Wh, T×C].

    ``factors_ppm`` are its participation factors, together at most 1,000,000; what they leave
    open stays outside every community. Largest remainder, ties to the first, so that no watt-hour
    counts twice.
    """
    shares = np.array([*factors_ppm, PPM - sum(factors_ppm)], dtype=np.int64)
    weights = np.broadcast_to(shares, (len(energy_wh), len(shares)))
    return split_rows(energy_wh, weights)[:, :-1]


def participating_dated(
    versions: Sequence[ParticipationVersion],
    community: str,
    starts_s: Sequence[int],
    energy_wh: Ints,
) -> Ints:
    """The part of a meter's energy that counts in one community [Wh, T].

    Before the first version, and without any, all of it does. Every community that knows the same
    versions finds its own part, and the parts of all add up to no more than the meter's energy.
    """
    result = energy_wh.copy()
    which = _versions_at([version.from_s for version in versions], starts_s)
    for index, version in enumerate(versions):
        rows = which == index
        names = [name for name, _ in version.factors_ppm]
        parts = participating(energy_wh[rows], [factor for _, factor in version.factors_ppm])
        result[rows] = parts[:, names.index(community)] if community in names else 0
    return result


def _versions_at(from_s: Sequence[int], starts_s: Sequence[int]) -> Ints:
    """Index of the version that holds at each start [T]; -1 before the first."""
    begins = np.array(from_s, dtype=np.int64)
    which: Ints = np.searchsorted(begins, np.asarray(starts_s, dtype=np.int64), side="right") - 1
    return which


def _check_energy(produced_wh: Ints, use_wh: Ints, members: int) -> None:
    if use_wh.shape != (len(produced_wh), members):
        raise InputError(
            "use has one row for each interval and one column for each member of the key",
            rule="key.input",
            field="use_wh",
            value=use_wh.shape,
            remedy=f"give {len(produced_wh)} rows of {members}",
        )
    if (produced_wh < 0).any() or (use_wh < 0).any():
        raise InputError(
            "energy is never negative",
            rule="energy.sign",
            field="produced_wh or use_wh",
            value=int(min(produced_wh.min(initial=0), use_wh.min(initial=0))),
            remedy="use the import and the export register",
        )


def _past(from_s: int, remedy: str) -> ConfigError:
    return ConfigError(
        "an allocation key is never changed backwards in time",
        rule="key.past",
        field="key_version.from",
        value=iso_utc(from_s),
        remedy=remedy,
    )
