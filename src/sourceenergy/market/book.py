"""Orders and what came of them: the records every market mechanism takes and gives.

A ``Book`` is a table of orders in columns, one row an order, many markets in one table: orders
``offsets[s]:offsets[s + 1]`` belong to market ``s`` (one community in one interval) and meet only
each other. A ``Clearing`` is aligned with it, row by row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InputError
from sourceenergy.market.rules import Rules
from sourceenergy.units import ENERGY_MAX_WH, PRICE_MAX_UD_PER_KWH

Ints = NDArray[np.int64]
Sides = NDArray[np.int8]
Flags = NDArray[np.bool_]

BID, ASK = 0, 1
"""Sides of an order: who wants to buy, who wants to sell."""


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Orders in columns, all of one length but the last.

    ``member`` number, ``side`` (``BID``, ``ASK``), limit ``price`` [ud/kWh, before the fee],
    ``quantity`` [Wh], ``time`` (sequence; lower came earlier), and where each market begins and
    ends (``offsets``; one market where left out). The columns become read-only.

    Raises ``InputError`` (``book.shape``, ``book.side``, ``book.price``, ``book.quantity``,
    ``book.member``, ``book.offsets``) for what is no order book.
    """

    member: Ints
    side: Sides
    price: Ints
    quantity: Ints
    time: Ints
    offsets: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        """Freeze the columns and refuse what is outside the units."""
        for name in ("member", "side", "price", "quantity", "time", "offsets"):
            kind = np.int8 if name == "side" else np.int64
            column = np.ascontiguousarray(getattr(self, name))
            if column.dtype != kind:
                if column.size and not np.can_cast(column.dtype, np.int64):
                    _refuse("book.shape", name, column.dtype, "give whole numbers")
                column = column.astype(kind)
            column = column.view()
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        orders = self.price.size
        if not self.offsets.size:
            object.__setattr__(self, "offsets", _frozen(np.array([0, orders])))
        for name in ("member", "side", "price", "quantity", "time"):
            if getattr(self, name).shape != (orders,):
                _refuse("book.shape", name, getattr(self, name).shape, "give columns of one length")
        _check_offsets(self.offsets, orders)
        _within("book.side", "side", self.side, BID, ASK)
        _within("book.price", "price", self.price, -PRICE_MAX_UD_PER_KWH, PRICE_MAX_UD_PER_KWH)
        _within("book.quantity", "quantity", self.quantity, 0, ENERGY_MAX_WH)
        _within("book.member", "member", self.member, 0, 2**62)

    @classmethod
    def of(cls, orders: Iterable[tuple[int, int, int, int]]) -> Book:
        """One market from rows (member, side, price [ud/kWh], quantity [Wh]), earliest first."""
        rows = np.array(list(orders), dtype=np.int64).reshape(-1, 4)
        member, side, price, quantity = rows.T
        return cls(member, side.astype(np.int8), price, quantity, np.arange(len(rows)))

    @property
    def orders(self) -> int:
        """How many orders all markets have together."""
        return int(self.price.size)

    @property
    def markets(self) -> int:
        """How many markets the book holds."""
        return int(self.offsets.size) - 1

    def market(self, number: int) -> Book:
        """One market alone; its columns are views."""
        first, last = int(self.offsets[number]), int(self.offsets[number + 1])
        here = slice(first, last)
        return Book(
            self.member[here],
            self.side[here],
            self.price[here],
            self.quantity[here],
            self.time[here],
        )

    def market_of_order(self) -> Ints:
        """The market each order belongs to [n]."""
        return np.repeat(np.arange(self.markets), np.diff(self.offsets))

    def take(self, rows: Ints, offsets: Ints | None = None) -> Book:
        """The orders at ``rows``, in that order, as a book of its own."""
        return Book(
            self.member[rows],
            self.side[rows],
            self.price[rows],
            self.quantity[rows],
            self.time[rows],
            np.array([0, len(rows)]) if offsets is None else offsets,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Fills:
    """Per order ``energy`` [Wh] and its exact ``value`` [nd], before the fee.

    The value is what a bid pays and what an ask receives.
    """

    energy: Ints
    value: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """Who traded with whom, one entry a trade.

    Rows of the book (``bid``, ``ask``), ``energy`` [Wh] delivered, the ``price`` [ud/kWh] the
    seller receives and, where lines lose some of it, the energy ``sent`` [Wh]; otherwise what is
    sent is delivered and the buyer pays the same price.
    """

    bid: Ints
    ask: Ints
    energy: Ints
    price: Ints
    sent: Ints | None = None

    def __len__(self) -> int:
        """How many trades."""
        return int(self.energy.size)


@dataclass(frozen=True, slots=True, eq=False)
class Clearing:
    """What a mechanism decided for every market of a book.

    Per order ``energy`` [Wh] and, where orders of a market have prices of their own,
    ``own_value`` [nd]. Per market ``volume`` [Wh] bought, ``buy_price`` and ``sell_price``
    [ud/kWh; zero where nothing traded; averages rounded down where trades have prices of their
    own] and ``surplus`` [nd]: what buyers pay more than sellers receive. It belongs to the
    community and is zero but for ``mcafee``. ``trades`` where the mechanism itself pairs orders;
    ``pairing.pair`` names partners for the others.

    Only ``rounds`` tells ``by_round`` [Wh, rounds × orders]; only ``network`` tells per market
    what lines ``lost`` [Wh] and what buyers pay for them, ``charges`` [nd].
    """

    book: Book
    mechanism: str
    rules: Rules
    energy: Ints
    volume: Ints
    buy_price: Ints
    sell_price: Ints
    surplus: Ints
    own_value: Ints | None = None
    trades: Trades | None = None
    by_round: Ints | None = None
    lost: Ints | None = None
    charges: Ints | None = None

    @property
    def fills(self) -> Fills:
        """Energy and exact value per order."""
        if self.own_value is not None:
            return Fills(self.energy, self.own_value)
        market, side = self.book.market_of_order(), self.book.side
        price = np.where(side == BID, self.buy_price[market], self.sell_price[market])
        return Fills(self.energy, self.energy * price)

    @property
    def left(self) -> Ints:
        """What each order still wants [Wh, n]."""
        return self.book.quantity - self.energy


def reserved(book: Book, rules: Rules) -> Ints:
    """Limit prices of a book with the reserve prices applied [ud/kWh, n]."""
    return rules.reserved(book.price, book.side == ASK)


def exact_sum(values: Ints) -> int:
    """Sum without overflow, however many values [same unit]."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def _check_offsets(offsets: Ints, orders: int) -> None:
    rising = offsets.size >= 2 and not (np.diff(offsets) < 0).any()
    if not rising or offsets[0] != 0 or offsets[-1] != orders:
        _refuse("book.offsets", "offsets", offsets.tolist(), "begin at 0, end at the order count")


def _frozen(column: Ints) -> Ints:
    column.flags.writeable = False
    return column


def _within(rule: str, name: str, column: Ints | Sides, low: int, high: int) -> None:
    if column.size:
        least, most = int(column.min()), int(column.max())
        if least < low or most > high:
            _refuse(rule, name, least if least < low else most, f"give {low} to {high}")


def _refuse(rule: str, name: str, value: object, remedy: str) -> None:
    raise InputError(
        "this is no order book",
        rule=rule,
        field=name,
        value=value,
        remedy=remedy,
    )
