"""What must hold of every clearing, checked on every run before anyone sees the result.

- energy: what is sold is what is bought and lost, per market; no order gets less than nothing or
  more than it asked for;
- money: what buyers pay is what sellers, lines and the community receive, to the nano-dollar;
- limits: no bid pays above its price, no ask receives below it (where the mechanism promises so);
- volume: no one price would let more energy change hands (where the mechanism promises the most);
- partners: nobody's two sides exceed the volume, so that all can be paired with others.
"""

from __future__ import annotations

import numpy as np

from sourceenergy.errors import InvariantBroken
from sourceenergy.market.book import ASK, BID, Clearing, Ints, Trades, exact_sum, reserved
from sourceenergy.market.rationing import dominant_member
from sourceenergy.market.uniform import FAST_FROM, energy_by_price


def check(clearing: Clearing, rational: bool, most: bool, fast: bool | None = None) -> Clearing:
    """The clearing, or ``InvariantBroken`` with the rule that failed.

    Large books with one price a market are checked by a kernel (``fast``; by itself the size
    decides) that looks at every order anew.
    """
    large = clearing.book.orders >= FAST_FROM if fast is None else fast
    if large and clearing.own_value is None:
        _by_kernel(clearing, rational, most)
    else:
        _one_by_one(clearing, rational, most)
    _money(clearing)
    return clearing


def _by_kernel(clearing: Clearing, rational: bool, most: bool) -> None:
    from sourceenergy.market import kernels

    book = clearing.book
    price = reserved(book, clearing.rules)
    prices = clearing.buy_price, clearing.sell_price
    broken = kernels.audit_markets(book, price, clearing.energy, clearing.volume, *prices)
    _hold("fill.order", not (broken & kernels.FILL).any(), "fills")
    _hold("energy.conserved", not (broken & kernels.ENERGY).any(), "energy")
    _hold("limit.kept", not rational or not (broken & kernels.LIMIT).any(), "prices")
    _hold("trade.self", not (broken & kernels.SELF).any(), "members")
    if most:
        for number in np.flatnonzero(broken & kernels.CROSSED):
            _most(clearing, price, int(number))


def _one_by_one(clearing: Clearing, rational: bool, most: bool) -> None:
    book, energy = clearing.book, clearing.energy
    _hold("fill.order", not ((energy < 0) | (energy > book.quantity)).any(), "fills")
    bought = _per_market(clearing, np.where(book.side == BID, energy, 0))
    sold = _per_market(clearing, np.where(book.side == ASK, energy, 0))
    lost = 0 if clearing.lost is None else clearing.lost
    _hold("energy.conserved", (bought + lost == sold).all(), "energy")
    _hold("energy.conserved", (bought == clearing.volume).all(), "volume")
    if rational:
        _limits(clearing)
    if clearing.lost is None:
        _partners(clearing)
    if clearing.trades is not None:
        _trades(clearing, clearing.trades)
    if most:
        _volume(clearing)


def _money(clearing: Clearing) -> None:
    if clearing.own_value is None:
        margin = clearing.buy_price - clearing.sell_price
        apart = np.flatnonzero((margin != 0) | (clearing.surplus != 0))
        paid = [int(clearing.volume[s]) * int(margin[s]) for s in apart]
        _hold("money.conserved", paid == clearing.surplus[apart].tolist(), "surplus")
        return
    value, bid = clearing.own_value, clearing.book.side == BID
    residual = exact_sum(value[bid]) - exact_sum(value[~bid]) - exact_sum(clearing.surplus)
    residual -= 0 if clearing.charges is None else exact_sum(clearing.charges)
    _hold("money.conserved", residual == 0, "value")


def _limits(clearing: Clearing) -> None:
    book, got = clearing.book, clearing.energy > 0
    energy, value = clearing.energy[got], clearing.fills.value[got]
    worth = energy * reserved(book, clearing.rules)[got]
    bids = book.side[got] == BID
    _hold("limit.kept", (value[bids] <= worth[bids]).all(), "bids")
    _hold("limit.kept", (value[~bids] >= worth[~bids]).all(), "asks")


def _partners(clearing: Clearing) -> None:
    book = clearing.book
    for number in range(book.markets):
        here = slice(int(book.offsets[number]), int(book.offsets[number + 1]))
        volume = int(clearing.volume[number])
        held = dominant_member(book.member[here], clearing.energy[here], volume)
        _hold("trade.self", held < 0, f"member {held}")


def _trades(clearing: Clearing, trades: Trades) -> None:
    """Named partners are two, and their energy is that of their orders."""
    member = clearing.book.member
    _hold("trade.self", (member[trades.bid] != member[trades.ask]).all(), "trades")
    energy = np.zeros(clearing.book.orders, dtype=np.int64)
    np.add.at(energy, trades.bid, trades.energy)
    np.add.at(energy, trades.ask, trades.energy if trades.sent is None else trades.sent)
    _hold("energy.conserved", (energy == clearing.energy).all(), "trades")


def _volume(clearing: Clearing) -> None:
    """No one price would let more energy pass between different members.

    Certain where the dearest bid left over lies below the cheapest ask left over; counted anew
    where not.
    """
    book, left = clearing.book, clearing.left
    price = reserved(book, clearing.rules)
    for number in range(book.markets):
        here = slice(int(book.offsets[number]), int(book.offsets[number + 1]))
        rest = left[here] > 0
        bids, asks = rest & (book.side[here] == BID), rest & (book.side[here] == ASK)
        if not bids.any() or not asks.any():
            continue
        if price[here][bids].max() >= price[here][asks].min():
            _most(clearing, price, number)


def _most(clearing: Clearing, price: Ints, number: int) -> None:
    book = clearing.book
    here = slice(int(book.offsets[number]), int(book.offsets[number + 1]))
    most = int(energy_by_price(book.market(number), price[here])[1].max())
    _hold("volume.most", int(clearing.volume[number]) >= most, f"market {number}")


def _per_market(clearing: Clearing, energy: Ints) -> Ints:
    sums = np.concatenate([[0], np.cumsum(energy)])
    result: Ints = sums[clearing.book.offsets[1:]] - sums[clearing.book.offsets[:-1]]
    return result


def _hold(rule: str, holds: object, field: str) -> None:
    if not holds:
        raise InvariantBroken(
            "a clearing failed its check and was not used",
            rule=rule,
            field=field,
            remedy="report it with the orders of the interval",
        )
