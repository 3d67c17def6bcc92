"""Step one: meters' records become members' energy, shared and priced interval by interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InvariantBroken
from sourceenergy.market.pool import pool, split_rows
from sourceenergy.units import ND_PER_UD

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

KEEP_BACK_UD = 2
"""A member's last 2 ud are never spent: the statement rounds energy and fee, each by up to one."""


@dataclass(frozen=True, slots=True)
class IntervalInput:
    """T intervals of N members, ready to be shared.

    ``imported``, ``exported`` [Wh, T×N]; ``trades`` [bool, T×N] False where a member sits out;
    ``retail``, ``feed_in`` [ud/kWh, T×N]; ``fee`` [ud/kWh]; ``spendable_nd`` [nd, N] or None
    where the operator collects afterwards.
    """

    imported: Ints
    exported: Ints
    trades: Flags
    retail: Ints
    feed_in: Ints
    fee: int
    mechanism: str
    spendable_nd: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class IntervalOutcome:
    """Who bought and sold what among neighbours [Wh, T×N], at which price [ud/kWh, T].

    ``feed_in`` and ``retail`` are the band the price lies in (retail before the fee); all are zero
    where nothing was shared.
    """

    bought: Ints
    sold: Ints
    traded: Flags
    price: Ints
    feed_in: Ints
    retail: Ints


def members_energy(
    energy: Ints, settles: Flags, parts: Sequence[Sequence[tuple[int, int]]], members: int
) -> Ints:
    """Energy by member [Wh, T×N] from energy by meter [Wh, T×M].

    A meter with several owners is split by their parts: largest remainder, ties to the lowest
    member number. Records that do not settle count as nothing, for nobody.
    """
    counted = np.where(settles, energy, 0)
    result = np.zeros((energy.shape[0], members), dtype=np.int64)
    for meter, owners in enumerate(parts):
        column = counted[:, meter]
        if len(owners) == 1:
            result[:, owners[0][0]] += column
            continue
        weights = np.tile(np.array([w for _, w in owners], dtype=np.int64), (len(column), 1))
        result[:, [i for i, _ in owners]] += split_rows(column, weights)
    return result


def share_intervals(given: IntervalInput) -> IntervalOutcome:
    """Share and price all intervals; checks every invariant before it answers.

    Where members pay from funds, intervals follow one another: a need is cut to what the member
    can pay at the own retail price (the most a share can cost), the rest comes from the grid.
    """
    if given.spendable_nd is None:
        outcome = _share(given, np.where(given.trades, given.imported, 0))
        check_invariants(given, outcome)
        return outcome
    left = list(given.spendable_nd)
    pieces = []
    for t in range(given.imported.shape[0]):
        one = _row(given, t)
        affordable = [
            max(0, funds - KEEP_BACK_UD * ND_PER_UD) // int(price) if price > 0 else int(need)
            for funds, price, need in zip(left, one.retail[0], one.imported[0], strict=True)
        ]
        need = np.where(one.trades, np.minimum(one.imported, np.array([affordable])), 0)
        piece = _share(one, need)
        check_invariants(one, piece)
        unit = int(piece.price[0]) + given.fee
        for i, energy in enumerate(piece.bought[0].tolist()):
            left[i] -= max(0, energy * unit)
        pieces.append(piece)
    return IntervalOutcome(
        *(
            np.concatenate([getattr(piece, name) for piece in pieces])
            for name in ("bought", "sold", "traded", "price", "feed_in", "retail")
        )
    )


def _row(given: IntervalInput, t: int) -> IntervalInput:
    cut = slice(t, t + 1)
    return IntervalInput(
        given.imported[cut],
        given.exported[cut],
        given.trades[cut],
        given.retail[cut],
        given.feed_in[cut],
        given.fee,
        given.mechanism,
        None,
    )


def _share(given: IntervalInput, need: Ints) -> IntervalOutcome:
    surplus = np.where(given.trades, given.exported, 0)
    result = pool(surplus, need, given.feed_in, given.retail - given.fee, given.mechanism)
    retail = np.where(result.traded, result.bid + given.fee, 0)
    return IntervalOutcome(
        result.bought, result.sold, result.traded, result.price, result.ask, retail
    )


def check_invariants(given: IntervalInput, outcome: IntervalOutcome) -> None:
    """Raise ``InvariantBroken``, naming invariant and interval, unless all of these hold.

    Local sold = local bought; nobody sells more than exported or buys more than imported; nobody
    trades with themselves; feed-in ≤ price ≤ price + fee ≤ retail for every trader; nobody who
    sits out trades.
    """
    bought, sold = outcome.bought, outcome.sold
    volume = sold.sum(axis=1)
    price = outcome.price[:, None]
    checks: dict[str, Any] = {
        "local sold = local bought": volume == bought.sum(axis=1),
        "energy is never negative": (np.minimum(bought, sold) >= 0).all(axis=1),
        "bought ≤ imported": (bought <= given.imported).all(axis=1),
        "sold ≤ exported": (sold <= given.exported).all(axis=1),
        "no self-trade": (bought + sold <= volume[:, None]).all(axis=1),
        "feed-in ≤ price for every seller": ((sold == 0) | (given.feed_in <= price)).all(axis=1),
        "price + fee ≤ retail for every buyer": (
            (bought == 0) | (price + given.fee <= given.retail)
        ).all(axis=1),
        "who sits out does not trade": (given.trades | (bought + sold == 0)).all(axis=1),
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
