"""What a community decides about its market."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InputError
from sourceenergy.units import PRICE_MAX_UD_PER_KWH

Ints = NDArray[np.int64]
PPM = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """Who may meet in a round: orders whose labels are equal and not negative.

    ``buyers`` and ``sellers`` are labels by member number: a household, a street, 0 for everybody,
    −1 for who does not take part.
    """

    name: str
    buyers: Ints
    sellers: Ints

    @classmethod
    def alike(cls, name: str, labels: Ints) -> Round:
        """Members meet those with their own label: a household, a transformer, a street."""
        return cls(name, labels, labels)

    @classmethod
    def chosen(cls, name: str, buyers: NDArray[np.bool_], sellers: NDArray[np.bool_]) -> Round:
        """Some buyers meet some sellers: who wants green energy, who makes it."""
        return cls(name, np.where(buyers, 0, -1), np.where(sellers, 0, -1))


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """What lines cost and lose between zones.

    ``zone`` by member number; ``fee`` [ud per kWh delivered] and ``loss_ppm`` (part of what is
    sent that does not arrive), zones of buyers × zones of sellers.
    """

    zone: Ints
    fee: Ints
    loss_ppm: Ints

    def __post_init__(self) -> None:
        """Refuse tables that do not fit together and lines that pay or lose everything."""
        zones = (self.fee.shape[0], self.fee.shape[0])
        if not self.fee.shape == self.loss_ppm.shape == zones:
            _refuse("rules.network", "loss_ppm", self.loss_ppm.shape, f"give {zones} like the fees")
        if self.zone.size and not 0 <= self.zone.min() <= self.zone.max() < zones[0]:
            _refuse("rules.network", "zone", self.zone.tolist(), f"give 0 to {zones[0] - 1}")
        if self.fee.size and not 0 <= self.fee.min() <= self.fee.max() <= PRICE_MAX_UD_PER_KWH:
            _refuse("rules.network", "fee", self.fee.tolist(), "give fees of zero or more")
        if self.loss_ppm.size and not 0 <= self.loss_ppm.min() <= self.loss_ppm.max() < PPM:
            _refuse("rules.network", "loss_ppm", self.loss_ppm.tolist(), "give 0 to 999,999")


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What a community decides about its market; every mechanism reads what it needs.

    - ``price_rule``: ``clearing`` takes prices at which nobody left over would still trade;
      ``marginal`` takes the range from the dearest accepted ask to the cheapest accepted bid.
    - ``k_ppm``: where in that range the price lies; 0 is its lower end, which favours buyers.
    - ``margin``: how orders at the margin share what is left: ``pro_rata`` or ``time``.
    - ``floor``, ``cap`` [ud/kWh]: reserve prices. Nobody sells below the floor or buys above the
      cap: an ask below the floor stands as the floor, a bid above the cap as the cap.
    - ``leader``: in ``sbba`` the side that loses a trade where one must be given up.
    - ``rounds``: in ``rounds`` who may meet first, second, …
    - ``network``: in ``network`` what lines cost and lose.
    """

    price_rule: str = "clearing"
    k_ppm: int = PPM // 2
    margin: str = "pro_rata"
    floor: int = -PRICE_MAX_UD_PER_KWH
    cap: int = PRICE_MAX_UD_PER_KWH
    leader: str = "buyers"
    rounds: tuple[Round, ...] = ()
    network: Network | None = None

    def __post_init__(self) -> None:
        """Refuse rules that name nothing."""
        _one_of("price_rule", self.price_rule, ("clearing", "marginal"))
        _one_of("margin", self.margin, ("pro_rata", "time"))
        _one_of("leader", self.leader, ("buyers", "sellers"))
        if not 0 <= self.k_ppm <= PPM:
            _refuse("rules.k", "k_ppm", self.k_ppm, "give 0 to 1,000,000")
        if not -PRICE_MAX_UD_PER_KWH <= self.floor <= self.cap <= PRICE_MAX_UD_PER_KWH:
            _refuse("rules.reserve", "floor", self.floor, "give a floor not above the cap")

    def between(self, low: Ints, high: Ints) -> Ints:
        """The price ``k_ppm`` of the way from ``low`` to ``high``, rounded down [ud/kWh]."""
        return low + (high - low) * self.k_ppm // PPM

    def reserved(self, price: Ints, is_ask: NDArray[np.bool_]) -> Ints:
        """Limit prices with the reserve prices applied [ud/kWh, n].

        Asks are no lower than the floor, bids no higher than the cap.
        """
        if self.floor == -PRICE_MAX_UD_PER_KWH and self.cap == PRICE_MAX_UD_PER_KWH:
            return price
        return np.where(is_ask, np.maximum(price, self.floor), np.minimum(price, self.cap))


def of_members(name: str, labels: Ints, member: Ints) -> Ints:
    """The label of each order's member; ``InputError`` (``rules.members``) where one has none."""
    if member.size and int(member.max()) >= labels.size:
        _refuse("rules.members", name, int(member.max()), "give one for every member number")
    result: Ints = labels[member]
    return result


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        _refuse(f"rules.{name}", name, value, f"use one of {', '.join(known)}")


def _refuse(rule: str, name: str, value: object, remedy: str) -> None:
    raise InputError("this is no market rule", rule=rule, field=name, value=value, remedy=remedy)
