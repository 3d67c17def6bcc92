"""Shared plants: a key gives members what a plant exported while they used energy.

What is allocated nets a member's own use of the interval and never more; what nobody takes stays
with the plant's owners, by their parts, for the pool and then the grid. Each watt-hour counts once:
a member's import is bought + allocated + grid, an owner's export sold + provided + grid.

Price rule: an allocated kWh costs the community's ``price`` to the owners and its ``fee`` to the
operator. A price of zero says that the plant is its members' own: who was allocated energy is
compared with having sold it to the grid. Any other price must be at least the feed-in, so that no
owner is worse off for providing. Who could not gain from an allocated kWh (own retail price below
what it costs, or, where it is free, below feed-in) is not served; the key then sees no use there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InputError
from sourceenergy.market.keys import Plant, allocate_plants
from sourceenergy.market.pool import split_rows
from sourceenergy.records import KeyVersion
from sourceenergy.units import UdPerKwh

Ints = NDArray[np.int64]

FREE = UdPerKwh(0)
"""Internal price of a plant that is its members' own, and the fee where there is none."""


@dataclass(frozen=True, slots=True)
class PeriodPlant:
    """A shared plant of a period: its meter (index), its place in the order, its dated keys."""

    meter: int
    priority: int
    versions: tuple[KeyVersion, ...]


@dataclass(frozen=True, slots=True)
class SharedPlants:
    """Plants ready to be shared: keys, owners' energy and what an allocated kWh costs [ud/kWh].

    ``owned`` [Wh, T×owners], one for each plant, is its export split among ``owners`` (indices).
    """

    plants: tuple[Plant, ...]
    owners: tuple[tuple[int, ...], ...]
    owned: tuple[Ints, ...]
    starts_s: tuple[int, ...]
    price: int
    fee: int

    def cut(self, rows: slice) -> SharedPlants:
        """The same plants for some of the intervals."""
        owned = tuple(energy[rows] for energy in self.owned)
        return replace(self, owned=owned, starts_s=self.starts_s[rows])


def shared_plants(
    plants: Sequence[PeriodPlant],
    parts: Sequence[tuple[tuple[int, int], ...]],
    exported: Ints,
    starts_s: Sequence[int],
    price: int,
    fee: int,
) -> SharedPlants:
    """Plants of a period: ``parts`` of their owners, what they ``exported`` [Wh, T×P]."""
    owned = []
    for p, owners in enumerate(parts):
        weights = np.array([weight for _, weight in owners], dtype=np.int64)
        owned.append(split_rows(exported[:, p], np.tile(weights, (len(exported), 1))))
    return SharedPlants(
        tuple(Plant(str(plant.meter), plant.priority, plant.versions) for plant in plants),
        tuple(tuple(i for i, _ in owners) for owners in parts),
        tuple(owned),
        tuple(starts_s),
        price,
        fee,
    )


def share_plants(
    given: SharedPlants, wanted: Ints, trades: NDArray[np.bool_], retail: Ints, feed_in: Ints
) -> tuple[Ints, Ints]:
    """What members are allocated, and what owners provide for it [Wh, T×N].

    ``wanted`` [Wh, T×N] is the most each may take; owners who sit out (``trades``) provide nothing.
    """
    floor = feed_in if given.price == 0 else given.price
    use = np.where(floor + given.fee <= retail, wanted, 0)
    owned = [
        np.where(trades[:, owners], energy, 0)
        for owners, energy in zip(given.owners, given.owned, strict=True)
    ]
    produced = np.stack([energy.sum(axis=1) for energy in owned], axis=1)
    allocated, provided = np.zeros_like(wanted), np.zeros_like(wanted)
    results = allocate_plants(given.plants, given.starts_s, produced, use)
    for result, owners, energy in zip(results, given.owners, owned, strict=True):
        allocated += result.allocated
        provided[:, owners] += energy - split_rows(result.surplus, energy)
    return allocated, provided


def require_internal_price(price: int, fee: int, feed_in: int) -> None:
    """Refuse a price at which an owner would lose by providing, and fees below zero."""
    if fee < 0 or (price != 0 and price < feed_in):
        raise InputError(
            "an allocated kWh costs nothing (the plant is its members' own) or at least the "
            "feed-in, and its fee is zero or more",
            rule="internal_price.band",
            field="internal_price" if fee >= 0 else "internal_fee",
            value=price if fee >= 0 else fee,
            remedy=f"set it to zero or to {feed_in} ud/kWh or more",
        )
