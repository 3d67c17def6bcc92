"""Eyes on the market: patterns in trades, orders and holdings that an officer must look at.

Each watcher is a pure function from records to cases; a case names its parties, the records that
show it and the reason. A case accuses nobody: an officer closes it with a finding, and the rate of
those closed without one is published.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sourceenergy.errors import InputError
from sourceenergy.units import Ud, Wh, dollars


class Pattern(StrEnum):
    """What a case is about."""

    WASH_TRADE = "wash trade"
    SPOOF = "spoof"
    STRUCTURING = "structuring"
    CONCENTRATION = "sudden concentration"


@dataclass(frozen=True, slots=True)
class Trade:
    """One executed trade; ``price`` in ud/kWh for credits, ud a unit otherwise."""

    id: str
    at_s: int
    buyer: str
    seller: str
    asset: str
    quantity: int
    price: int


@dataclass(frozen=True, slots=True)
class OrderLife:
    """One order from its placing to its end; ``cancelled_s`` is None where it was not cancelled."""

    id: str
    party: str
    asset: str
    is_buy: bool
    quantity: int
    filled: int
    placed_s: int
    cancelled_s: int | None


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment of a party [ud], for structuring."""

    id: str
    at_s: int
    party: str
    amount_ud: Ud


@dataclass(frozen=True, slots=True)
class Case:
    """What an officer gets: pattern, parties, the records as evidence, why, when."""

    pattern: Pattern
    parties: tuple[str, ...]
    evidence: tuple[str, ...]
    why: str
    at_s: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Where the watchers draw the line; published with the cases' rate of false alarm."""

    wash_within_s: int = 3600
    wash_quantity_permille: int = 900  # of the other leg, at least
    spoof_within_s: int = 60
    spoof_size_times: int = 5  # of the usual order of the asset
    structuring_ud: int = 10_000_000_000
    structuring_from_permille: int = 800  # of the threshold
    structuring_count: int = 3
    structuring_within_s: int = 7 * 86_400
    concentration_permille: int = 400  # of the supply
    concentration_rise_permille: int = 200  # since the day before


def wash_trades(
    trades: Sequence[Trade], owner_of: Mapping[str, str], watch: Watch
) -> tuple[Case, ...]:
    """Trades with oneself, by whatever accounts, and energy that goes forth and back.

    ``owner_of`` gives the person behind an account, where it is another's.
    """
    ordered = sorted(trades, key=lambda one: (one.at_s, one.id))
    sides = [tuple(owner_of.get(who, who) for who in (one.buyer, one.seller)) for one in ordered]
    by_way: dict[tuple[str, ...], list[int]] = {}
    for index, (buyer, seller) in enumerate(sides):
        by_way.setdefault((ordered[index].asset, buyer, seller), []).append(index)
    cases = []
    for index, (one, (buyer, seller)) in enumerate(zip(ordered, sides, strict=True)):
        if buyer == seller:
            parties = tuple(sorted({one.buyer, one.seller}))
            why = f"{buyer} is on both sides"
            cases.append(Case(Pattern.WASH_TRADE, parties, (one.id,), why, one.at_s))
            continue
        returns = by_way.get((one.asset, seller, buyer), [])
        for later in returns[bisect_right(returns, index) :]:
            back = ordered[later]
            if back.at_s - one.at_s > watch.wash_within_s:
                break
            small, large = sorted((one.quantity, back.quantity))
            if small * 1000 >= large * watch.wash_quantity_permille:
                why = f"{one.quantity} {one.asset} went forth and {back.quantity} came back"
                parties = tuple(sorted((buyer, seller)))
                evidence = (one.id, back.id)
                cases.append(Case(Pattern.WASH_TRADE, parties, evidence, why, back.at_s))
                break
    return tuple(cases)


def spoofs(orders: Sequence[OrderLife], trades: Sequence[Trade], watch: Watch) -> tuple[Case, ...]:
    """Large orders withdrawn unfilled within moments, while their party traded the other way."""
    sizes: dict[str, list[int]] = {}
    for one in orders:
        sizes.setdefault(one.asset, []).append(one.quantity)
    for quantities in sizes.values():
        quantities.sort()
    by_party: dict[tuple[str, str, bool], list[Trade]] = {}
    for trade in sorted(trades, key=lambda one: (one.at_s, one.id)):
        by_party.setdefault((trade.asset, trade.seller, True), []).append(trade)
        by_party.setdefault((trade.asset, trade.buyer, False), []).append(trade)
    cases = []
    for order in sorted(orders, key=lambda one: (one.placed_s, one.id)):
        if order.cancelled_s is None or order.cancelled_s - order.placed_s > watch.spoof_within_s:
            continue
        usual = _median_of_others(sizes[order.asset], order.quantity)
        if order.filled * 10 > order.quantity or order.quantity < usual * watch.spoof_size_times:
            continue
        other_way = by_party.get((order.asset, order.party, order.is_buy), [])
        last_s = order.cancelled_s + watch.spoof_within_s
        start = bisect_left(other_way, order.placed_s, key=lambda trade: trade.at_s)
        end = bisect_right(other_way, last_s, key=lambda trade: trade.at_s)
        gains = [trade.id for trade in other_way[start:end]]
        if usual and gains:
            side = "buy" if order.is_buy else "sell"
            why = (
                f"a {side} order of {order.quantity} (usual {usual}) was withdrawn after"
                f" {order.cancelled_s - order.placed_s} s while its party traded the other way"
            )
            evidence = (order.id, *gains)
            cases.append(Case(Pattern.SPOOF, (order.party,), evidence, why, order.cancelled_s))
    return tuple(cases)


def _median_of_others(quantities: Sequence[int], own: int) -> int:
    """The upper median of sorted quantities without one that is ``own``; 0 for no others."""
    middle = (len(quantities) - 1) // 2
    if len(quantities) < 2:
        return 0
    return quantities[middle + (bisect_left(quantities, own) <= middle)]


def structuring(payments: Sequence[Payment], watch: Watch) -> tuple[Case, ...]:
    """Several payments of one party, each a little below the amount that is reported."""
    low = watch.structuring_ud * watch.structuring_from_permille // 1000
    by_party: dict[str, list[Payment]] = {}
    for one in sorted(payments, key=lambda one: (one.at_s, one.id)):
        if low <= one.amount_ud < watch.structuring_ud:
            by_party.setdefault(one.party, []).append(one)
    cases = []
    for party in sorted(by_party):
        run: list[Payment] = []
        for payment in [*by_party[party], None]:
            if payment and (not run or payment.at_s - run[0].at_s <= watch.structuring_within_s):
                run.append(payment)
                continue
            if len(run) >= watch.structuring_count:
                total = sum(one.amount_ud for one in run)
                why = (
                    f"{len(run)} payments below ${dollars(watch.structuring_ud)}"
                    f" make ${dollars(total)}"
                )
                evidence = tuple(one.id for one in run)
                cases.append(Case(Pattern.STRUCTURING, (party,), evidence, why, run[-1].at_s))
                run = []
            if payment:
                since = payment.at_s - watch.structuring_within_s
                run = [*(one for one in run if one.at_s >= since), payment]
    return tuple(cases)


def concentrations(
    asset: str, before: Mapping[str, Wh], now: Mapping[str, Wh], watch: Watch, at_s: int
) -> tuple[Case, ...]:
    """Parties that hold a large part of an asset today and did not yesterday."""
    supply, earlier = sum(now.values()), sum(before.values())
    if any(held < 0 for held in (*before.values(), *now.values())):
        raise InputError(
            "holdings are zero or more",
            rule="surveillance.holding",
            field="now",
            value=asset,
            remedy="take holdings from the chain",
        )
    cases = []
    for party in sorted(now):
        part = now[party] * 1000 // supply if supply else 0
        was = before.get(party, 0) * 1000 // earlier if earlier else 0
        if part >= watch.concentration_permille and part - was >= watch.concentration_rise_permille:
            why = f"{party} holds {part} ‰ of {asset}, {was} ‰ the day before"
            cases.append(Case(Pattern.CONCENTRATION, (party,), (asset,), why, at_s))
    return tuple(cases)


def false_alarms_permille(cases: Sequence[Case], upheld: frozenset[tuple[str, ...]]) -> int:
    """Part of the cases an officer closed without a finding [10⁻³], rounded down.

    ``upheld`` are the evidences of those with one.
    """
    closed = sum(case.evidence not in upheld for case in cases)
    return closed * 1000 // len(cases) if cases else 0
