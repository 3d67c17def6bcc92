"""The continuous order book: deals ahead of delivery, as orders come in.

Price-time priority: an incoming order meets the best resting orders, the earlier first, at the
resting order's price; what is left rests until it is filled, cancelled or expired. A member who
would meet an own resting order withdraws the older one instead of trading with themselves. Each
event costs O(log n), spread over the life of the orders it fills or withdraws.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from sourceenergy.errors import InputError
from sourceenergy.market.book import ASK, BID, Book, Clearing, Ints, Trades, reserved
from sourceenergy.market.pairing import with_trades
from sourceenergy.market.rules import Rules


@dataclass(frozen=True, slots=True)
class Order:
    """A wish to trade.

    ``number`` (unique), ``member``, ``side``, limit ``price`` [ud/kWh], ``quantity`` [Wh], and
    the time from which on it no longer holds (None: never).
    """

    number: int
    member: int
    side: int
    price: int
    quantity: int
    expires: int | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """Two orders met: their numbers, ``energy`` [Wh] and ``price`` [ud/kWh]."""

    bid: int
    ask: int
    energy: int
    price: int


class OrderBook:
    """One product's resting orders, for example the next delivery hour of a community.

    Deterministic: the same events in the same order give the same deals. Time is a number handed
    in with every event and never falls.
    """

    def __init__(self) -> None:
        self._heaps: tuple[list[tuple[int, int, int]], ...] = ([], [])
        self._expiries: list[tuple[int, int]] = []
        self._orders: dict[int, Order] = {}
        self._left: dict[int, int] = {}
        self._arrived = 0
        self._now = 0

    def place(self, order: Order, now: int) -> list[Deal]:
        """Take in an order; the deals it makes at once.

        Raises ``InputError`` for a number used before (``order.number``), a quantity below 1 Wh
        (``order.quantity``), an order already expired (``order.expired``) or a clock that runs
        backwards (``order.time``).
        """
        if order.number in self._orders:
            _refuse("order.number", "number", order.number, "number each order once")
        if order.quantity < 1:
            _refuse("order.quantity", "quantity", order.quantity, "order at least 1 Wh")
        if order.expires is not None and order.expires <= now:
            _refuse("order.expired", "expires", order.expires, "let the order hold for a while")
        self.expire(now)
        self._orders[order.number] = order
        self._left[order.number] = order.quantity
        deals = self._meet(order)
        if order.number in self._left:
            self._arrived += 1
            worse = order.price if order.side == ASK else -order.price
            heappush(self._heaps[order.side], (worse, self._arrived, order.number))
            if order.expires is not None:
                heappush(self._expiries, (order.expires, order.number))
        return deals

    def cancel(self, number: int, now: int) -> int:
        """Withdraw what is left of an order [Wh]; 0 if nothing of it rests any more."""
        self.expire(now)
        return self._left.pop(number, 0)

    def expire(self, now: int) -> list[int]:
        """Withdraw orders whose time is up; their numbers."""
        if now < self._now:
            _refuse("order.time", "now", now, f"give a time from {self._now} on")
        self._now = now
        gone = []
        while self._expiries and self._expiries[0][0] <= now:
            number = heappop(self._expiries)[1]
            if self._left.pop(number, 0):
                gone.append(number)
        return gone

    def left(self, number: int) -> int:
        """What of an order still rests [Wh]."""
        return self._left.get(number, 0)

    def best(self, side: int) -> int | None:
        """Best resting price of a side [ud/kWh]; None where nothing rests."""
        top = self._top(side)
        return None if top is None else top.price

    def _meet(self, order: Order) -> list[Deal]:
        deals: list[Deal] = []
        while order.number in self._left:
            other = self._top(1 - order.side)
            if other is None:
                break
            bid, ask = (order, other) if order.side == BID else (other, order)
            if bid.price < ask.price:
                break
            if other.member == order.member:
                del self._left[other.number]
                continue
            energy = min(self._left[order.number], self._left[other.number])
            for number in (order.number, other.number):
                self._left[number] -= energy
                if not self._left[number]:
                    del self._left[number]
            deals.append(Deal(bid.number, ask.number, energy, other.price))
        return deals

    def _top(self, side: int) -> Order | None:
        heap = self._heaps[side]
        while heap and heap[0][2] not in self._left:
            heappop(heap)
        return self._orders[heap[0][2]] if heap else None


def continuous(book: Book, rules: Rules) -> Clearing:
    """Orders meet one by one, in the order of their time.

    Mechanism: continuous double auction with price-time priority (``OrderBook``).
    Paper: Friedman, "The double auction market institution: a survey", in Friedman and Rust (ed.),
    The Double Auction Market, 1993.
    Price rule: the price of the order that was there first.
    Tie rule: equal prices by time; orders of one time by member number, then side, price and
    quantity. A member's older order is withdrawn where it would meet the own new one.
    Properties: budget balanced, individually rational; not truthful and not always the most
    energy: who comes early may take a partner whom a later order needed.
    Complexity: O(log n) per order.
    """
    price = reserved(book, rules)
    deals: list[Deal] = []
    for first, last in zip(book.offsets[:-1].tolist(), book.offsets[1:].tolist(), strict=True):
        rows = np.arange(first, last)
        columns = (book.quantity, price, book.side, book.member, book.time)
        ranked = rows[np.lexsort(tuple(column[first:last] for column in columns))]
        market = OrderBook()
        for row in ranked.tolist():
            if book.quantity[row]:
                order = Order(
                    row,
                    int(book.member[row]),
                    int(book.side[row]),
                    int(price[row]),
                    int(book.quantity[row]),
                )
                deals += market.place(order, 0)
    bid, ask, energy, paid = (
        np.array([getattr(deal, name) for deal in deals], dtype=np.int64)
        for name in ("bid", "ask", "energy", "price")
    )
    return with_trades(
        book,
        "continuous",
        rules,
        _filled(book, bid, ask, energy),
        Trades(bid, ask, energy, paid),
    )


def _filled(book: Book, bid: Ints, ask: Ints, energy: Ints) -> Ints:
    filled = np.zeros(book.orders, dtype=np.int64)
    np.add.at(filled, bid, energy)
    np.add.at(filled, ask, energy)
    return filled


def _refuse(rule: str, field: str, value: object, remedy: str) -> None:
    raise InputError("the order is refused", rule=rule, field=field, value=value, remedy=remedy)
