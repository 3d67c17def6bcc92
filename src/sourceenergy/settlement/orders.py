"""Orders and deals in settlement: what was agreed, delivered against metering.

Deals were agreed ahead (from member to member, or by a continuous book); orders of an interval are
cleared when it closes, by a mechanism of ``market.registry``, and become deals too. A deal is
delivered as far as the seller exported and the buyer imported in that interval, after what a key
allocated: who agreed to more than the meter counted has it split over the deals, in proportion
(largest remainder, ties to the earlier deal). Only what was delivered is paid; the rest of the
escrow returns. A deal whose price leaves the band between the seller's feed-in and the buyer's
retail price less the fee is void: nobody is worse off than with the grid.

What is left of production and need goes to the pool, within the limits of the member's own orders,
and then to the grid; the deals' energy is not in it, so no watt-hour is sold twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InputError
from sourceenergy.market.book import ASK, Book, Clearing
from sourceenergy.market.pairing import pair
from sourceenergy.market.pool import split_rows
from sourceenergy.market.registry import clear
from sourceenergy.units import ENERGY_MAX_WH, PRICE_MAX_UD_PER_KWH

Ints = NDArray[np.int64]

ORDER_MECHANISMS = ("uniform_price", "pay_as_bid", "continuous", "sbba")
"""Mechanisms for orders that settlement can pay: what buyers pay is what sellers receive."""
NO_LIMIT = 1 << 60


@dataclass(frozen=True, slots=True)
class PeriodOrder:
    """A member's order for one interval: side (``BID``, ``ASK``), limit [ud/kWh, before fee], Wh.

    Orders stand in the order in which they came.
    """

    start_s: int
    member: int
    side: int
    price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class PeriodDeal:
    """Energy [Wh] one member agreed to sell another in an interval, at a price [ud/kWh]."""

    start_s: int
    buyer: int
    seller: int
    energy: int
    price: int


@dataclass(frozen=True, slots=True)
class Agreed:
    """Deals of a period as columns [D]: interval number, parties, energy [Wh], price [ud/kWh].

    ``ask``, ``bid`` [ud/kWh, T×N] are the limits of members' own orders for what is left.
    """

    interval: Ints
    buyer: Ints
    seller: Ints
    energy: Ints
    price: Ints
    ask: Ints
    bid: Ints

    def cut(self, rows: slice) -> Agreed:
        """The deals of the one interval ``rows`` names, as interval 0."""
        here = self.interval == rows.start
        return Agreed(
            np.zeros(int(here.sum()), dtype=np.int64),
            self.buyer[here],
            self.seller[here],
            self.energy[here],
            self.price[here],
            self.ask[rows],
            self.bid[rows],
        )


def agreed(
    deals: Sequence[PeriodDeal],
    orders: Sequence[PeriodOrder],
    starts_s: range,
    members: int,
    mechanism: str,
) -> Agreed:
    """All deals of a period: those agreed ahead, in their order, then those its orders make.

    Raises ``InputError`` (``deal.parties``, ``deal.energy``, ``deal.interval``,
    ``order.mechanism``, and the book's own rules).
    """
    shape = (len(starts_s), members)
    ask, bid = np.full(shape, -NO_LIMIT), np.full(shape, NO_LIMIT)
    found = [(_interval(d.start_s, starts_s), *_deal(d, members)) for d in deals]
    for interval in sorted({_interval(order.start_s, starts_s) for order in orders}):
        rows = [o for o in orders if o.start_s == starts_s[interval]]
        for order in rows:
            if not 0 <= order.member < members:
                raise _refusal("order.member", "member", order.member, "name a member")
            side = (ask, np.maximum) if order.side == ASK else (bid, np.minimum)
            place = (interval, order.member)
            side[0][place] = side[1](side[0][place], order.price)
        book = Book.of([(o.member, o.side, o.price, o.quantity) for o in rows])
        found += [(interval, *deal) for deal in _deals_of(book, mechanism)]
    table = np.array(found, dtype=np.int64).reshape(-1, 5)
    interval_, buyer, seller, energy, price = table.T
    return Agreed(interval_, buyer, seller, energy, price, ask, bid)


def _deals_of(book: Book, mechanism: str) -> list[tuple[int, int, int, int]]:
    """Who buys from whom: (buyer, seller, energy [Wh], price [ud/kWh])."""
    if mechanism not in ORDER_MECHANISMS:
        raise _refusal(
            "order.mechanism", "order_mechanism", mechanism, f"use {', '.join(ORDER_MECHANISMS)}"
        )
    clearing: Clearing = clear(book, mechanism)
    if clearing.trades is not None:
        trades = clearing.trades
        columns = (trades.bid, trades.ask, trades.energy, trades.price)
    else:
        bids, asks, energy = pair(book, clearing.energy, book.price)
        columns = (bids, asks, energy, np.full(len(energy), clearing.buy_price[0]))
    return [
        (int(book.member[b]), int(book.member[a]), int(wh), int(price))
        for b, a, wh, price in zip(*columns, strict=True)
    ]


def delivered(
    given: Agreed, need: Ints, surplus: Ints, feed_in: Ints, most: Ints
) -> tuple[Ints, Ints, Ints]:
    """What of every deal was delivered [Wh, D], and by member what was bought, sold [Wh, T×N].

    ``need``, ``surplus`` [Wh, T×N] are what members can take and give; ``feed_in``, ``most``
    (retail less the fee) [ud/kWh, T×N] the band of each.
    """
    at_seller, at_buyer = (given.interval, given.seller), (given.interval, given.buyer)
    in_band = (given.price >= feed_in[at_seller]) & (given.price <= most[at_buyer])
    energy = np.where(in_band, given.energy, 0)
    energy = within(energy, given.interval, given.seller, surplus)
    energy = within(energy, given.interval, given.buyer, need)
    bought, sold = np.zeros_like(need), np.zeros_like(surplus)
    np.add.at(bought, at_buyer, energy)
    np.add.at(sold, at_seller, energy)
    return energy, bought, sold


def within(energy: Ints, interval: Ints, member: Ints, capacity: Ints) -> Ints:
    """Energy of deals [Wh, D] cut, in proportion, where a member's come to more than ``capacity``.

    ``capacity`` [Wh, intervals×N]; largest remainder, ties to the earlier deal.
    """
    total = np.zeros_like(capacity)
    np.add.at(total, (interval, member), energy)
    result = energy.copy()
    for t, i in np.argwhere(total > capacity):
        rows = np.flatnonzero((interval == t) & (member == i))
        result[rows] = split_rows(capacity[t, i : i + 1], energy[None, rows])[0]
    return result


def _interval(start_s: int, starts_s: range) -> int:
    if start_s not in starts_s:
        raise _refusal("deal.interval", "start_s", start_s, "name an interval of the period")
    return starts_s.index(start_s)


def _deal(deal: PeriodDeal, members: int) -> tuple[int, int, int, int]:
    parties = (deal.buyer, deal.seller)
    if deal.buyer == deal.seller or not all(0 <= i < members for i in parties):
        raise _refusal("deal.parties", "buyer, seller", parties, "name two different members")
    if not 0 < deal.energy <= ENERGY_MAX_WH or abs(deal.price) > PRICE_MAX_UD_PER_KWH:
        raise _refusal("deal.energy", "energy", deal.energy, "give whole Wh above zero")
    return deal.buyer, deal.seller, deal.energy, deal.price


def _refusal(rule: str, field: str, value: object, remedy: str) -> InputError:
    return InputError(
        "an order or a deal cannot be settled", rule=rule, field=field, value=value, remedy=remedy
    )
