"""Published tables: the price rules' closed forms, and cases in which other markets failed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from sourceenergy.market.pool import pool
from sourceenergy.market.prices import PRICE_RULES, blended_pair
from strategies_energy import row, shared

ROUNDING_UD = 1  # a local price is a whole ud/kWh, rounded down


def table(name: str) -> list[dict[str, Any]]:
    text = shared("vectors", name).read_text(encoding="utf-8")
    cases: list[dict[str, Any]] = json.loads(text, parse_float=Decimal)["cases"]
    return cases


@pytest.mark.parametrize("mechanism", ["pool_mmr", "pool_sdr"])
def test_both_price_rules_meet_their_closed_form(mechanism: str) -> None:
    for case in table("mmr_sdr_closed_form.json"):
        feed_in, retail = int(case["feed_in"] * 10**6), int(case["retail"] * 10**6)
        supply, demand = int(case["supply"] * 1000), int(case["demand"] * 1000)
        expected = case[mechanism.removeprefix("pool_")]
        ask, bid = row(feed_in, feed_in), row(retail, retail)
        result = pool(row(supply, 0), row(0, demand), ask, bid, mechanism)
        # With no supply the pool has no price; the table gives the one a first watt-hour would get.
        local = int(result.price[0]) if supply else at_no_supply(mechanism, feed_in, retail, demand)
        sell, buy = blended_pair(local, feed_in, retail, supply, demand)
        assert abs(sell - float(expected["sell"] * 10**6)) <= ROUNDING_UD, case
        assert abs(buy - float(expected["buy"] * 10**6)) <= ROUNDING_UD, case


def at_no_supply(mechanism: str, feed_in: int, retail: int, demand: int) -> int:
    scalars = (np.array([x]) for x in (feed_in, retail, 0, demand))
    return int(PRICE_RULES[mechanism](*scalars)[0])


@pytest.mark.parametrize("mechanism", ["pool_mmr", "pool_sdr"])
def test_money_leaves_no_residual_in_any_case_of_the_table(mechanism: str) -> None:
    for case in table("mmr_sdr_closed_form.json"):
        feed_in, retail = int(case["feed_in"] * 10**6), int(case["retail"] * 10**6)
        roofs = [int(case["supply"] * 1000) * share // 10 for share in (1, 2, 7)]
        homes = [int(case["demand"] * 1000) * share // 10 for share in (3, 3, 4)]
        supply, demand = row(*roofs, 0, 0, 0), row(0, 0, 0, *homes)
        ask, bid = np.full((1, 6), feed_in), np.full((1, 6), retail)
        result = pool(supply, demand, ask, bid, mechanism)
        price = int(result.price[0])
        pay = [b * price + (d - b) * retail for b, d in pairs(result.bought, demand)]
        get = [s * price + (e - s) * feed_in for s, e in pairs(result.sold, supply)]
        grid_import_wh = int((demand - result.bought).sum())
        grid_export_wh = int((supply - result.sold).sum())
        assert sum(pay) - sum(get) - grid_import_wh * retail + grid_export_wh * feed_in == 0
        assert min(grid_import_wh, grid_export_wh) == 0


def pairs(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> list[tuple[int, int]]:
    return list(zip(first[0].tolist(), second[0].tolist(), strict=True))


def test_the_pool_shares_what_other_markets_lose_or_invent() -> None:
    """Orders read as members: a bid is a need with that retail price, an offer a feed-in."""
    cases = [case for case in table("peer_deviations.json") if "must_volume" in case]
    assert len(cases) == 4
    for case in cases:
        orders = [*case["bids"], *case["offers"]]
        bids = len(case["bids"])
        energy = [int(quantity) for _, quantity, _ in orders]
        price = [int(Decimal(price) * 100_000) for _, _, price in orders]
        result = pool(
            row(*[0] * bids, *energy[bids:]),
            row(*energy[:bids], *[0] * (len(orders) - bids)),
            row(*price),
            row(*price),
            "pool_mmr",
        )
        assert int(result.sold.sum()) == int(result.bought.sum()) == case["must_volume"], case
        bought = result.bought[0].tolist()
        for user, wanted in needs(case).items():
            got = sum(b for b, order in zip(bought, orders, strict=True) if order[0] == user)
            assert got == wanted, (user, case)


def needs(case: dict[str, Any]) -> dict[str, int]:
    """What each buyer must get where the table lists the trades."""
    wanted: dict[str, int] = {}
    for buyer, _, quantity in case.get("must_trades", []):
        wanted[buyer] = wanted.get(buyer, 0) + quantity
    return wanted
