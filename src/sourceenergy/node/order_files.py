"""Orders and deals as CSV files: who wishes to buy or sell, and what two members agreed.

====================== ==========================================================================
column                 meaning
====================== ==========================================================================
``start``              start of the interval, as in meter files: ISO 8601 with an offset or Z;
                       without one, local time of the community
``member``, ``side``   orders: the member's id; ``buy`` or ``sell``
``buyer``, ``seller``  deals: two members' ids
``energy_kwh``         energy of the interval (or ``energy_wh``), above zero, to the whole Wh
``price_cents_per_kwh``  limit or price before the fee; a deal's may be below zero
====================== ==========================================================================

Orders count in the order of their rows. Rows of other spans are left alone, so that one file may
grow for ever.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from sourceenergy.config.amounts import cents_to_ud_per_kwh
from sourceenergy.config.community_file import Community
from sourceenergy.economy.aggregated_market import require_orders_permitted
from sourceenergy.errors import ConfigError, InputError
from sourceenergy.market.book import ASK, BID
from sourceenergy.metering.local_time import unix_seconds
from sourceenergy.node.assemble import NO_TRADING, Trading
from sourceenergy.settlement.orders import ORDER_MECHANISMS, PeriodDeal, PeriodOrder
from sourceenergy.units import ENERGY_MAX_WH

_ENERGY = {"energy_kwh": 1000, "energy_wh": 1}
_PRICE = "price_cents_per_kwh"
_SIDES = {"buy": BID, "sell": ASK}
Refuse = Callable[[str, str, object, str], InputError]


def load_trading(community: Community, folder: Path, start_s: int, end_s: int) -> Trading:
    """Orders and deals of [start_s, end_s) from the files that the community's file names.

    Raises ``NotPermitted`` (``mode.orders``) where the mode does not allow them, ``ConfigError``
    (``order.mechanism``) and ``InputError`` (``order_file.*``, with line and column).
    """
    if not community.orders_file and not community.deals_file:
        return NO_TRADING
    require_orders_permitted(community.mode)
    if community.order_mechanism not in ORDER_MECHANISMS:
        raise ConfigError(
            "orders cannot be settled by this mechanism",
            rule="order.mechanism",
            field="orders.mechanism",
            value=community.order_mechanism,
            remedy=f"use {', '.join(ORDER_MECHANISMS)}",
        )
    rows = _Rows(community, folder, start_s, end_s)
    orders = tuple(
        PeriodOrder(at_s, row.member("member"), row.side(), row.price(least=0), row.energy())
        for at_s, row in rows.of(community.orders_file, ("member", "side"))
    )
    deals = []
    for at_s, row in rows.of(community.deals_file, ("buyer", "seller")):
        buyer, seller = row.member("buyer"), row.member("seller")
        if buyer == seller:
            raise row.refusal("member", "seller", row["seller"], "name two different members")
        deals.append(PeriodDeal(at_s, buyer, seller, row.energy(), row.price()))
    return Trading(orders, tuple(deals), community.order_mechanism)


class _Row:
    """One row of a file: its values, or the refusal that names its line."""

    def __init__(self, cells: Mapping[str, str], members: Mapping[str, int], refuse: Refuse):
        self._cells, self._members, self.refusal = cells, members, refuse

    def __getitem__(self, column: str) -> str:
        return self._cells[column].strip()

    def member(self, column: str) -> int:
        """Index of the member a cell names."""
        if self[column] not in self._members:
            raise self.refusal("member", column, self[column], "give the id of a member")
        return self._members[self[column]]

    def side(self) -> int:
        if self["side"].lower() not in _SIDES:
            raise self.refusal("side", "side", self["side"], "write buy or sell")
        return _SIDES[self["side"].lower()]

    def energy(self) -> int:
        """Energy [Wh]."""
        column = next(name for name in _ENERGY if name in self._cells)
        exact = self._number(column) * _ENERGY[column]
        if exact != int(exact) or not 0 < exact <= ENERGY_MAX_WH:
            raise self.refusal("energy", column, self[column], "give whole Wh above zero")
        return int(exact)

    def price(self, least: int | None = None) -> int:
        """Price [ud/kWh]."""
        cents = self._number(_PRICE)
        if least is not None and cents < least:
            raise self.refusal("price", _PRICE, cents, "an order's limit is zero or more")
        try:
            return cents_to_ud_per_kwh(cents, _PRICE)
        except ConfigError as error:
            raise self.refusal("price", _PRICE, cents, error.remedy or "mend it") from error

    def _number(self, column: str) -> Decimal:
        try:
            value = Decimal(self[column])
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or abs(value.adjusted()) > 30:
            raise self.refusal("number", column, self[column], "write a number such as 2.5")
        return value


class _Rows:
    """Reads the rows of one span from a community's files."""

    def __init__(self, community: Community, folder: Path, start_s: int, end_s: int) -> None:
        self._folder, self._span = folder, (start_s, end_s)
        self._zone, self._seconds = ZoneInfo(community.time_zone), community.interval_seconds
        self._members = {member.id: i for i, member in enumerate(community.members)}

    def of(self, name: str, columns: tuple[str, ...]) -> Iterator[tuple[int, _Row]]:
        """Start of the interval [s] and row, in the file's order; none without a file."""
        if not name:
            return
        try:
            text = (self._folder / name).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"the file {name} cannot be read: {error}",
                rule="file.readable",
                field=name,
                value=self._folder / name,
                remedy="check the name, the permissions and that it is UTF-8",
            ) from error
        lines = csv.reader(io.StringIO(text))
        try:
            heading = [cell.strip().lower() for cell in next(lines, [])]
            self._check_heading(name, heading, columns)
            for cells in lines:
                if any(cell.strip() for cell in cells):
                    row = self._row(name, lines.line_num, heading, cells)
                    at_s = self._start_s(row)
                    if self._span[0] <= at_s < self._span[1]:
                        yield at_s, row
        except csv.Error as error:
            refuse = _refusing(name, lines.line_num)
            raise refuse("row", "row", str(error), "write plain CSV") from error

    def _check_heading(self, name: str, heading: list[str], columns: tuple[str, ...]) -> None:
        energy = [column for column in heading if column in _ENERGY]
        needed = {"start", *columns, _PRICE}
        known = len(energy) == 1 and set(heading) == needed | set(energy)
        if not known or len(heading) != len(set(heading)):
            remedy = f"name the columns {', '.join(('start', *columns))}, energy_kwh, {_PRICE}"
            raise _refusing(name, 1)("column", "heading", ",".join(heading), remedy)

    def _row(self, name: str, line: int, heading: list[str], cells: list[str]) -> _Row:
        refuse = _refusing(name, line)
        if len(cells) != len(heading):
            raise refuse("row", "row", ",".join(cells), f"give {len(heading)} cells")
        return _Row(dict(zip(heading, cells, strict=True)), self._members, refuse)

    def _start_s(self, row: _Row) -> int:
        try:
            moment = datetime.fromisoformat(row["start"])
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self._zone)
                if moment.utcoffset() != moment.replace(fold=1).utcoffset():
                    raise ValueError("clocks skip this time, or show it twice")
            at_s = unix_seconds(moment)
        except (ValueError, OverflowError, InputError) as error:
            remedy = "write a time such as 2026-01-15T18:00Z or 2026-01-15T13:00-05:00"
            raise row.refusal("time", "start", row["start"], remedy) from error
        if at_s % self._seconds:
            remedy = f"intervals of {self._seconds // 60} minutes begin on the hour"
            raise row.refusal("interval", "start", row["start"], remedy)
        return at_s


def _refusing(name: str, line: int) -> Refuse:
    def refusal(rule: str, column: str, value: object, remedy: str) -> InputError:
        return InputError(
            f"{name} line {line}: {column} cannot be used",
            rule=f"order_file.{rule}",
            field=f"{name} line {line}, {column}",
            value=value,
            remedy=remedy,
        )

    return refusal
