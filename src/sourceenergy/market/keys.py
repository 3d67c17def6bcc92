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

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import ConfigError, InputError
from sourceenergy.market.pool import split_rows
from sourceenergy.records import AllocationKey, KeyKind, KeyVersion
from sourceenergy.units import iso_utc

Ints = NDArray[np.int64]
PPM = 1_000_000


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


def checked_key(key: AllocationKey, field: str = "key") -> AllocationKey:
    """The key itself, or ``ConfigError`` (rule ``key.shares`` or ``key.classes``)."""
    shares, classes = key.shares_ppm, key.classes
    if len(shares) != len(classes) or any(share < 0 for share in shares) or sum(shares) > PPM:
        raise ConfigError(
            "a key's shares are zero or more, one for each member, and together at most 100 %",
            rule="key.shares",
            field=field,
            value=sum(shares),
            remedy="lower a share",
        )
    by_share = key.kind in {KeyKind.STATIC, KeyKind.HYBRID}
    if by_share != any(shares):
        raise ConfigError(
            f"a {key.kind} key {'needs' if by_share else 'has no'} shares",
            rule="key.shares",
            field=field,
            value=sum(shares),
            remedy="give shares to a static or hybrid key and to no other",
        )
    used = {number for number in classes if number}
    fits = {
        KeyKind.STATIC: not used,
        KeyKind.DYNAMIC: used == {1},
        KeyKind.HYBRID: used == {1},
        KeyKind.CASCADE: bool(used) and min(used) >= 1,
    }[key.kind]
    if not fits or any(number < 0 for number in classes):
        raise ConfigError(
            f"these priority classes do not make a {key.kind} key",
            rule="key.classes",
            field=field,
            value=sorted(set(classes)),
            remedy="classes count from 1; only a cascade has more than one, a static key none",
        )
    return key


def allocate(key: AllocationKey, produced_wh: Ints, use_wh: Ints) -> Allocation:
    """Split ``produced_wh`` [Wh, T] by ``key`` among members who used ``use_wh`` [Wh, T×N].

    Raises ``InputError`` (rule ``key.input``) for negative energy or arrays that do not fit.
    """
    checked_key(key)
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
    begins = np.array([version.from_s for version in versions], dtype=np.int64)
    which = np.searchsorted(begins, np.asarray(starts_s, dtype=np.int64), side="right") - 1
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
    return (*versions, KeyVersion(new.from_s, checked_key(new.key)))


def check_appended(
    before: Sequence[KeyVersion], after: Sequence[KeyVersion], settled_until_s: int
) -> None:
    """Refuse (rule ``key.past``) versions that read differently for what is settled already.

    ``before`` were in force when it was settled, ``after`` are of the file as it is now.
    """
    for version in sorted(
        {v for v in (*before, *after) if v not in before or v not in after},
        key=lambda v: v.from_s,
    ):
        if version.from_s < settled_until_s:
            raise _past(version.from_s, "put the old versions back and append a new one")


def participating(energy_wh: Ints, factors_ppm: Sequence[int]) -> Ints:
    """One meter's energy [Wh, T] by the communities it takes part in [Wh, T×C].

    ``factors_ppm`` are its participation factors, together at most 100 %; what they leave open
    stays outside every community. Largest remainder, so that no watt-hour counts twice. Raises
    ``ConfigError`` (rule ``key.participation``).
    """
    check_participation(factors_ppm)
    shares = np.array([*factors_ppm, PPM - sum(factors_ppm)], dtype=np.int64)
    weights = np.broadcast_to(shares, (len(energy_wh), len(shares)))
    return split_rows(energy_wh, weights)[:, :-1]


COMMUNITIES_MOST = 5
"""Most communities one meter may take part in (Austria's rule, and ours)."""


def check_participation(factors_ppm: Sequence[int], field: str = "participation") -> None:
    """Refuse (rule ``key.participation``) factors over 100 %, or more than five communities."""
    if any(factor < 0 for factor in factors_ppm) or sum(factors_ppm) > PPM:
        raise ConfigError(
            "a meter's participation factors are zero or more and together at most 100 %",
            rule="key.participation",
            field=field,
            value=sum(factors_ppm),
            remedy="lower a factor",
        )
    if len(factors_ppm) > COMMUNITIES_MOST:
        raise ConfigError(
            f"a meter takes part in at most {COMMUNITIES_MOST} communities",
            rule="key.participation",
            field=field,
            value=len(factors_ppm),
            remedy="leave a community",
        )


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
