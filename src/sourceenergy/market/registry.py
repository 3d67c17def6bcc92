"""All market mechanisms by name, and the one way to run them.

::

    book = Book.of([(0, BID, 140_000, 2_500), (1, ASK, 110_000, 3_000)])
    clearing = clear(book, "uniform_price", Rules(k_ppm=500_000))
    clearing.energy          # [Wh] per order
    clearing.fills.value     # [nd] per order: what a bid pays before the fee, what an ask receives
    clearing.buy_price       # [ud/kWh] per market

``clear`` is a pure function of its arguments and checks every invariant before it answers.
``docs/mechanisms.md`` compares the mechanisms; a test holds it to this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from sourceenergy.errors import InputError
from sourceenergy.market import continuous, network, pairing, pooling, reduction, rounds, uniform
from sourceenergy.market.book import ASK, BID, Book, Clearing, Fills, Trades
from sourceenergy.market.invariants import check
from sourceenergy.market.rules import Network, Round, Rules

__all__ = [
    "ASK",
    "BID",
    "MECHANISMS",
    "Book",
    "Clearing",
    "Fills",
    "Mechanism",
    "Network",
    "Round",
    "Rules",
    "Trades",
    "clear",
]


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A mechanism and what it promises.

    ``rational``: nobody trades against their limit. ``most``: no one price would let more energy
    change hands. ``balanced``: buyers pay exactly what sellers receive. ``truthful``: with one
    order each, all of one size, nobody gains by a false price.
    """

    run: Callable[[Book, Rules], Clearing]
    rational: bool = True
    most: bool = True
    balanced: bool = True
    truthful: bool = False


MECHANISMS = MappingProxyType(
    {
        "pool_mmr": Mechanism(pooling.pool_mmr),
        "pool_sdr": Mechanism(pooling.pool_sdr),
        "pool_csdr": Mechanism(pooling.pool_csdr),
        "bill_sharing": Mechanism(pooling.bill_sharing, rational=False),
        "uniform_price": Mechanism(uniform.uniform_price),
        "pay_as_bid": Mechanism(pairing.pay_as_bid),
        "mcafee": Mechanism(reduction.mcafee, most=False, balanced=False, truthful=True),
        "sbba": Mechanism(reduction.sbba, most=False, truthful=True),
        "continuous": Mechanism(continuous.continuous, most=False),
        "rounds": Mechanism(rounds.rounds, most=False),
        "network": Mechanism(network.network, most=False),
    }
)
"""By the name a community file or an order book gives."""


def clear(book: Book, mechanism: str = "uniform_price", rules: Rules | None = None) -> Clearing:
    """Clear every market of the book.

    Raises ``InputError`` (rule ``mechanism.unknown``) for a name not in ``MECHANISMS`` and
    ``InvariantBroken`` where a result fails its own check.
    """
    known = MECHANISMS.get(mechanism)
    if known is None:
        raise InputError(
            "unknown mechanism",
            rule="mechanism.unknown",
            field="mechanism",
            value=mechanism,
            remedy=f"use one of {', '.join(sorted(MECHANISMS))}",
        )
    return check(known.run(book, rules or Rules()), known.rational, known.most)
