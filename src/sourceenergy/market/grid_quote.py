"""The grid as the other party: sell at the zonal price of the minute, buy at the tariff.

A price always comes with where it is from, for which zone, when it was observed and how old it is.
It counts only if it is signed by a known feed for the community's own zone. When the feed falls
silent the last good price is shown as stale; after 15 minutes orders to the grid are refused; a
settlement takes the tariff in its place and says so. Where exports earn bill credits
(``credit_allocation``), no cash sale is offered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from cryptography.hazmat.primitives.asymmetric import ec

from sourceenergy import proofs
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.market.tariffs import price_at
from sourceenergy.records import Mode, TariffPlan
from sourceenergy.units import (
    ND_PER_UD,
    PRICE_MAX_UD_PER_KWH,
    Nd,
    UdPerKwh,
    dollars,
    iso_utc,
    value_nd,
)

FRESH_S = 300
"""How long a price is the price of now: the market clears every five minutes."""
ORDER_AGE_MAX_S = 900
"""Oldest price an order to the grid may rest on."""


class Side(Enum):
    """Which way energy goes."""

    SELL = "sell"
    BUY = "buy"


@dataclass(frozen=True, slots=True)
class GridPrice:
    """The grid's price of a kWh in a zone, as a feed observed it (``observed_s``, UTC seconds)."""

    price: UdPerKwh
    zone: str
    source: str
    observed_s: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What an amount of energy costs or brings now, and on what that rests.

    ``amount_nd``: what the member receives (sell) or pays (buy); negative where a sale costs.
    """

    side: Side
    energy_wh: int
    amount_nd: Nd
    price: GridPrice
    age_s: int
    stale: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettledPrice:
    """The price an interval is settled at; ``fallback`` where the tariff stands in."""

    price: UdPerKwh
    source: str
    zone: str
    observed_s: int | None
    fallback: bool


def feed_digest(price: GridPrice) -> bytes:
    """What a feed signs: SHA-256 over the price and everything that comes with it."""
    words = ["SourceEnergy grid price 1", price.source, price.zone, price.observed_s, price.price]
    return hashlib.sha256(json.dumps(words).encode()).digest()


def accept_price(
    price: GridPrice,
    signature: str,
    feeds: Mapping[str, ec.EllipticCurvePublicKey],
    zone: str,
    now_s: int,
) -> GridPrice:
    """The price, if a known feed signed it for this zone (P-256, r and s as 128 hex digits).

    Raises ``InputError``: rule ``feed.unsigned`` without a valid signature of the named source,
    ``feed.zone`` for another zone's price, ``feed.time`` for one from the future, ``feed.price``
    for one in a wrong unit.
    """
    key = feeds.get(price.source)
    if key is None or not proofs.p256_verify(key, signature, feed_digest(price)):
        raise InputError(
            "a grid price is signed by a feed the community knows",
            rule="feed.unsigned",
            field="signature",
            value=price.source,
            remedy="register the feed's key, or let the feed sign",
        )
    if price.zone != zone:
        raise InputError(
            "this is the price of another zone",
            rule="feed.zone",
            field="zone",
            value=price.zone,
            remedy=f"subscribe to the feed of {zone}",
        )
    if price.observed_s > now_s:
        raise InputError(
            "this price was observed in the future",
            rule="feed.time",
            field="observed_s",
            value=iso_utc(price.observed_s),
            remedy="check the feed's clock",
        )
    if abs(price.price) > PRICE_MAX_UD_PER_KWH:
        raise InputError(
            "a price stays within 100 dollars a kWh",
            rule="feed.price",
            field="price",
            value=price.price,
            remedy="give micro-dollars per kWh: dollars per MWh times 1,000",
        )
    return price


def quote_sale(mode: Mode, energy_wh: int, last: GridPrice | None, now_s: int) -> Quote:
    """What the grid pays for energy now, at the last good price, however old: for the screen.

    Raises ``NotPermitted`` (rule ``grid.mode``) where exports earn bill credits instead,
    ``InputError`` (rule ``grid.price``) where there never was a price.
    """
    if mode is Mode.CREDIT_ALLOCATION:
        raise NotPermitted(
            "in this mode exported energy becomes a credit on the bill; nothing is sold for cash",
            rule="grid.mode",
            field="mode",
            value=mode,
            remedy="see the credit and its last day on the statement",
        )
    if last is None:
        raise InputError(
            "no grid price has arrived yet",
            rule="grid.price",
            field="price",
            remedy="wait for the feed",
        )
    age_s = now_s - last.observed_s
    amount = value_nd(_energy(energy_wh), last.price)
    stale = age_s >= FRESH_S
    warnings = []
    if stale:
        warnings.append(f"stale: last good price, {age_s // 60} min old")
    if amount < 0:
        cents = dollars(100 * -amount // ND_PER_UD, 2)
        warnings.append(
            f"the price is negative: selling would cost {cents} ¢; curtail or store instead"
        )
    return Quote(Side.SELL, energy_wh, amount, last, age_s, stale, tuple(warnings))


def quote_purchase(
    plan: TariffPlan, energy_wh: int, zone: str, now_s: int, used_wh: int | None = None
) -> Quote:
    """What the grid charges for energy now: the tariff in force at this minute.

    ``used_wh``, the month's import so far, is needed by a plan with tiers.
    """
    price, _ = price_at(plan, now_s, used_wh)
    source = f"{plan.title}: {plan.source}"
    return Quote(
        Side.BUY,
        energy_wh,
        value_nd(_energy(energy_wh), price),
        GridPrice(price, zone, source, now_s),
        0,
        False,
        (),
    )


def accept_order(quote: Quote, accepts_negative: bool = False) -> Quote:
    """The quote, if an order may rest on it.

    Raises ``NotPermitted``: rule ``grid.stale`` for a price older than 15 minutes,
    ``grid.negative`` for a sale that would cost, unless the member said so.
    """
    if quote.age_s > ORDER_AGE_MAX_S:
        raise NotPermitted(
            "the grid price is older than 15 minutes",
            rule="grid.stale",
            field="age_s",
            value=quote.age_s,
            remedy="wait for the feed; energy still flows and is settled at the tariff",
        )
    if quote.amount_nd < 0 and not accepts_negative:
        raise NotPermitted(
            "this sale would cost money",
            rule="grid.negative",
            field="price",
            value=quote.price.price,
            remedy="curtail or store, or confirm that you want to pay",
        )
    return quote


def settled_price(
    prices: Mapping[int, GridPrice], start_s: int, tariff: UdPerKwh, tariff_source: str, zone: str
) -> SettledPrice:
    """The price [ud/kWh] to settle the interval at ``start_s``: the feed's, else the tariff's.

    ``prices`` are accepted prices by the interval's start; ``tariff`` is the feed-in tariff for
    energy sold.
    """
    price = prices.get(start_s)
    if price is None:
        return SettledPrice(tariff, tariff_source, zone, None, True)
    return SettledPrice(price.price, price.source, price.zone, price.observed_s, False)


def _energy(energy_wh: int) -> int:
    if energy_wh <= 0:
        raise InputError(
            "an order is for some energy",
            rule="grid.energy",
            field="energy_wh",
            value=energy_wh,
            remedy="give watt-hours above zero",
        )
    return energy_wh
