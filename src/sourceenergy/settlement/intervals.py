"""Step one: meters' records become members' energy, shared and priced interval by interval."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InvariantBroken
from sourceenergy.market.pool import pool, split_rows
from sourceenergy.settlement.columns import Meters
from sourceenergy.settlement.orders import Agreed, delivered
from sourceenergy.settlement.plants import SharedPlants, share_plants
from sourceenergy.units import ND_PER_UD

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

KEEP_BACK_UD = 2
"""A member's last 2 ud are never spent: the statement rounds energy and fee, each by up to one."""


@dataclass(frozen=True, slots=True)
class IntervalInput:
    """T intervals of N members, ready to be shared.

    ``imported``, ``exported`` [Wh, T×N]; ``trades`` [bool, T×N] False where a member sits out;
    ``retail``, ``feed_in`` [ud/kWh, T×N]; ``fee`` [ud/kWh]; ``spendable_nd`` [nd, N] (Python's
    integers where 64 bits are too few) or None where the operator collects afterwards; ``plants``
    that a key shares, whose energy is in their owners' ``exported``; ``agreed`` deals.
    """

    imported: Ints
    exported: Ints
    trades: Flags
    retail: Ints
    feed_in: Ints
    fee: int
    mechanism: str
    spendable_nd: NDArray[Any] | None
    plants: SharedPlants | None = None
    agreed: Agreed | None = None


@dataclass(frozen=True, slots=True)
class IntervalOutcome:
    """Who bought and sold what among neighbours [Wh, T×N], at which price [ud/kWh, T].

    ``feed_in`` and ``retail`` are the band the price lies in (retail before the fee); all are zero
    where nothing was shared. ``allocated`` [Wh, T×N] is what a key gave a member from the shared
    plants, ``provided`` what a plant's owner gave for it; ``dealt_bought``, ``dealt_sold`` [Wh,
    T×N] what was delivered of deals, ``delivered`` [Wh, D] by deal.
    """

    bought: Ints
    sold: Ints
    traded: Flags
    price: Ints
    feed_in: Ints
    retail: Ints
    allocated: Ints
    provided: Ints
    dealt_bought: Ints
    dealt_sold: Ints
    delivered: Ints

    @property
    def from_members(self) -> Ints:
        """All that came from other members: pool, deals, plants [Wh, T×N]."""
        return self.bought + self.dealt_bought + self.allocated

    @property
    def to_members(self) -> Ints:
        """All that went to other members: pool, deals, plants [Wh, T×N]."""
        return self.sold + self.dealt_sold + self.provided


def members_energy(energy: Ints, settles: Flags, meters: Meters, members: int) -> Ints:
    """Energy by member [Wh, T×N] from energy by meter [Wh, T×M].

    A meter with several owners is split by their parts: largest remainder, ties to the lowest
    member number. Records that do not settle count as nothing, for nobody.
    """
    counted = np.where(settles, energy, 0)
    result = np.zeros((energy.shape[0], members), dtype=np.int64)
    owners = np.diff(meters.first)
    for number in np.flatnonzero(np.bincount(owners)).tolist():
        columns = np.flatnonzero(owners == number)
        places = meters.first[columns][:, None] + np.arange(number)
        held = counted[:, columns]
        if number > 1:
            weights = np.tile(meters.weight[places], (len(energy), 1))
            held = split_rows(held.ravel(), weights).reshape(len(energy), -1)
        _add_columns(result, meters.owner[places].ravel(), held)
    return result


def _add_columns(result: Ints, to: Ints, held: Ints) -> None:
    """Add each column of ``held`` to the column of ``result`` it belongs to."""
    if np.bincount(to).max(initial=0) <= 1:
        result[:, to] += held
        return
    order = np.argsort(to, kind="stable")
    to = to[order]
    first = np.flatnonzero(np.diff(to, prepend=-1))
    result[:, to[first]] += np.add.reduceat(held[:, order], first, axis=1)


def share_intervals(given: IntervalInput) -> IntervalOutcome:
    """Share and price all intervals; checks every invariant before it answers.

    Where members pay from funds, intervals follow one another: a need is cut to what the member
    can pay at the own retail price (the most a share can cost), the rest comes from the grid.
    """
    if given.spendable_nd is None:
        outcome = _share(given, np.where(given.trades, given.imported, 0))
        check_invariants(given, outcome)
        return outcome
    left = given.spendable_nd
    internal = 0 if given.plants is None else given.plants.price + given.plants.fee
    pieces = []
    for t in range(given.imported.shape[0]):
        one = _row(given, t)
        prices, needs = one.retail[0], one.imported[0]
        funds = np.maximum(left - KEEP_BACK_UD * ND_PER_UD, 0)
        affordable = np.where(prices > 0, funds // np.maximum(prices, 1), needs)
        need = np.where(one.trades, np.minimum(needs, affordable).astype(np.int64), 0)
        piece = _share(one, need)
        check_invariants(one, piece)
        # What was cut to the funds cannot cost more than they are, so no product overflows.
        unit = max(0, int(piece.price[0]) + given.fee)
        left = left - piece.bought[0].astype(left.dtype) * unit
        left = left - piece.allocated[0].astype(left.dtype) * internal
        if one.agreed is not None:
            np.subtract.at(left, one.agreed.buyer, _cost(one.agreed, piece, given.fee))
        pieces.append(piece)
    result = IntervalOutcome(
        *(
            np.concatenate([getattr(piece, field.name) for piece in pieces])
            for field in fields(IntervalOutcome)
        )
    )
    if given.agreed is None:
        return result
    # Intervals gave their deals one after the other; the deals stand in their own order.
    by_deal = np.empty_like(result.delivered)
    by_deal[np.argsort(given.agreed.interval, kind="stable")] = result.delivered
    return replace(result, delivered=by_deal)


def _cost(deals: Agreed, piece: IntervalOutcome, fee: int) -> Ints:
    """What each deal's buyer pays for what was delivered [nd, D]; never less than nothing."""
    return piece.delivered * np.maximum(deals.price + fee, 0)


def _row(given: IntervalInput, t: int) -> IntervalInput:
    cut = slice(t, t + 1)
    return replace(
        given,
        imported=given.imported[cut],
        exported=given.exported[cut],
        trades=given.trades[cut],
        retail=given.retail[cut],
        feed_in=given.feed_in[cut],
        spendable_nd=None,
        plants=None if given.plants is None else given.plants.cut(cut),
        agreed=None if given.agreed is None else given.agreed.cut(cut),
    )


def _share(given: IntervalInput, wanted: Ints) -> IntervalOutcome:
    """Plants by their keys, then deals, then the pool; each with what is left by those before."""
    nothing = np.zeros_like(wanted)
    allocated, provided, dealt_bought, dealt_sold = nothing, nothing, nothing, nothing
    delivered_wh = np.zeros(0, dtype=np.int64)
    if given.plants is not None:
        allocated, provided = share_plants(
            given.plants, wanted, given.trades, given.retail, given.feed_in
        )
    need = wanted - allocated
    surplus = np.where(given.trades, given.exported - provided, 0)
    ask, bid = given.feed_in, given.retail - given.fee
    if given.agreed is not None:
        delivered_wh, dealt_bought, dealt_sold = delivered(given.agreed, need, surplus, ask, bid)
        need, surplus = need - dealt_bought, surplus - dealt_sold
        ask, bid = np.maximum(ask, given.agreed.ask), np.minimum(bid, given.agreed.bid)
    result = pool(surplus, need, ask, bid, given.mechanism)
    retail = np.where(result.traded, result.bid + given.fee, 0)
    return IntervalOutcome(
        result.bought,
        result.sold,
        result.traded,
        result.price,
        result.ask,
        retail,
        allocated,
        provided,
        dealt_bought,
        dealt_sold,
        delivered_wh,
    )


def check_invariants(given: IntervalInput, outcome: IntervalOutcome) -> None:
    """Raise ``InvariantBroken``, naming invariant and interval, unless all of these hold.

    Local sold = local bought, provided = allocated; nobody sells and provides more than exported,
    or buys and is allocated more than imported; nobody trades with themselves; feed-in ≤ price ≤
    price + fee ≤ retail for every trader; nobody who sits out trades.
    """
    bought, sold = outcome.bought, outcome.sold
    allocated, provided = outcome.allocated, outcome.provided
    dealt_bought, dealt_sold = outcome.dealt_bought, outcome.dealt_sold
    taken, given_away = outcome.from_members, outcome.to_members
    volume = sold.sum(axis=1)
    price = outcome.price[:, None]
    checks: dict[str, Any] = {
        "local sold = local bought": volume == bought.sum(axis=1),
        "provided = allocated": provided.sum(axis=1) == allocated.sum(axis=1),
        "energy is never negative": (np.minimum(bought, sold) >= 0).all(axis=1)
        & (np.minimum(allocated, provided) >= 0).all(axis=1),
        "deals: sold = bought": dealt_sold.sum(axis=1) == dealt_bought.sum(axis=1),
        "bought + allocated + dealt ≤ imported": (taken <= given.imported).all(axis=1),
        "sold + provided + dealt ≤ exported": (given_away <= given.exported).all(axis=1),
        "no self-trade": (bought + sold <= volume[:, None]).all(axis=1),
        "feed-in ≤ price for every seller": ((sold == 0) | (given.feed_in <= price)).all(axis=1),
        "price + fee ≤ retail for every buyer": (
            (bought == 0) | (price + given.fee <= given.retail)
        ).all(axis=1),
        "who sits out does not trade": (given.trades | (taken + given_away == 0)).all(axis=1),
    }
    for invariant, holds in checks.items():
        if not holds.all():
            raise InvariantBroken(
                f"settlement broke its own rule: {invariant}",
                rule=invariant,
                field="interval number",
                value=int(np.flatnonzero(~holds)[0]),
                remedy="nothing was published; report this with the audit bundle",
            )
