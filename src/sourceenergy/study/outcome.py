"""A scenario run on a period's data: what each member would pay, and who would pay more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InputError
from sourceenergy.market.book import ASK, BID, Book
from sourceenergy.market.prices import PRICE_RULES
from sourceenergy.market.registry import clear
from sourceenergy.settlement.intervals import IntervalInput, share_intervals
from sourceenergy.settlement.ledger import members_ledgers
from sourceenergy.settlement.money import sum_products
from sourceenergy.settlement.period import Period, interval_input
from sourceenergy.study.scenarios import Change, Scenario, cheapest_plans, scenarios, under
from sourceenergy.units import ND_PER_UD

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Outcome:
    """A scenario's result: money exact [nd] and energy [Wh], in member order.

    ``today_nd`` is what each member pays today with the grid alone, on today's plan: the bill that
    nobody may end above. ``local`` [Wh, T] is what neighbours share in each interval, at ``price``
    [ud/kWh, T], the average where trades have prices of their own.
    """

    scenario: Scenario
    given: IntervalInput
    cost_nd: tuple[int, ...]
    today_nd: tuple[int, ...]
    bought_wh: tuple[int, ...]
    sold_wh: tuple[int, ...]
    local: Ints
    price: Ints
    fees_ud: int

    @property
    def saving_nd(self) -> tuple[int, ...]:
        """Today's bill less the scenario's; negative for a loser."""
        return tuple(a - b for a, b in zip(self.today_nd, self.cost_nd, strict=True))

    @property
    def losers(self) -> tuple[int, ...]:
        """Members (by index) who would pay more than today."""
        return tuple(i for i, saved in enumerate(self.saving_nd) if saved < 0)

    @property
    def local_wh(self) -> int:
        """Energy that neighbours would share."""
        return int(self.local.sum())


def try_out(period: Period, only_plans: Sequence[str] = ()) -> list[Outcome]:
    """Run all scenarios on a period's data, the community's own rules first.

    The last one puts each member on the plan that is cheapest with the grid alone, where that is
    not another scenario already. Raises ``InputError`` where there is nothing to compare.
    """
    if not period.members or not len(period.starts_s):
        raise InputError(
            "a study needs members and intervals",
            rule="study.empty",
            field="period",
            remedy="name a span that the meter files cover",
        )
    today_nd = _alone(interval_input(period))
    chosen = scenarios(period, only_plans)
    own = chosen[0]
    bills = {own.plans[0]: today_nd} if len(set(own.plans)) == 1 else {}
    outcomes = []
    for scenario in chosen:
        outcomes.append(_run(period, scenario, today_nd))
        if scenario.change is Change.PLANS:
            bills[scenario.plans[0]] = _alone(outcomes[-1].given)
    cheapest = cheapest_plans(own.plans, bills)
    if cheapest not in {scenario.plans for scenario in chosen}:
        best = replace(own, name="plan:cheapest", change=Change.PLANS, plans=cheapest)
        outcomes.append(_run(period, best, today_nd))
    return outcomes


def _alone(given: IntervalInput) -> tuple[int, ...]:
    """What members pay with the grid alone [nd]."""
    imports = sum_products(given.imported, given.retail)
    exports = sum_products(given.exported, given.feed_in)
    return tuple(int(a) - int(b) for a, b in zip(imports, exports, strict=True))


def _run(period: Period, scenario: Scenario, today_nd: tuple[int, ...]) -> Outcome:
    if scenario.mechanism in PRICE_RULES:
        return _settled(under(period, scenario), scenario, today_nd)
    return _auctioned(interval_input(period), scenario, today_nd)


def _settled(period: Period, scenario: Scenario, today_nd: tuple[int, ...]) -> Outcome:
    given = interval_input(period)
    shared = share_intervals(given)
    ledgers, fees_ud = members_ledgers(given, shared)
    return Outcome(
        scenario,
        given,
        tuple(ledger.cost_nd for ledger in ledgers),
        today_nd,
        tuple(ledger.bought_wh + ledger.allocated_wh for ledger in ledgers),
        tuple(ledger.sold_wh + ledger.provided_wh for ledger in ledgers),
        shared.sold.sum(axis=1) + shared.provided.sum(axis=1),
        np.where(shared.traded, shared.price, scenario.internal_price),
        fees_ud,
    )


def _auctioned(given: IntervalInput, scenario: Scenario, today_nd: tuple[int, ...]) -> Outcome:
    """Nobody bids by hand: everybody's order has the own tariff for its limit."""
    book = _reserve_orders(given)
    clearing = clear(book, scenario.mechanism)
    shape = given.imported.shape
    energy, value = np.zeros((2, *shape), dtype=np.int64), np.zeros((2, *shape), dtype=np.int64)
    place = (book.side, book.market_of_order(), book.member)
    energy[place], value[place] = clearing.fills.energy, clearing.fills.value
    bought, sold = energy[BID], energy[ASK]
    rest = _alone(replace(given, imported=given.imported - bought, exported=given.exported - sold))
    local = value[BID].sum(axis=0) + bought.sum(axis=0) * given.fee - value[ASK].sum(axis=0)
    volume = sold.sum(axis=1)
    average = value[ASK].sum(axis=1) // np.maximum(volume, 1)
    return Outcome(
        scenario,
        given,
        tuple(int(a) + b for a, b in zip(local.tolist(), rest, strict=True)),
        today_nd,
        tuple(bought.sum(axis=0).tolist()),
        tuple(sold.sum(axis=0).tolist()),
        volume,
        average,
        int(volume.sum()) * given.fee // ND_PER_UD,
    )


def _reserve_orders(given: IntervalInput) -> Book:
    """One market an interval: need at retail less the fee, surplus at feed-in."""
    parts = []
    for side, energy, price in (
        (BID, given.imported, given.retail - given.fee),
        (ASK, given.exported, given.feed_in),
    ):
        t, n = np.nonzero(np.where(given.trades, energy, 0))
        parts.append((t, n, np.full(len(t), side, dtype=np.int8), price[t, n], energy[t, n]))
    market, member, side_of, prices, quantity = (
        np.concatenate(columns) for columns in zip(*parts, strict=True)
    )
    order = np.argsort(market, kind="stable")
    counts = np.bincount(market, minlength=given.imported.shape[0])
    return Book(
        member[order],
        side_of[order],
        prices[order],
        quantity[order],
        np.zeros(len(order), dtype=np.int64),
        np.concatenate([[0], np.cumsum(counts)]),
    )
