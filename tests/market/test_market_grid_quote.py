"""S09: sell to the grid at the zonal price, buy at the tariff; stale, missing, unsigned prices."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from sourceenergy import proofs
from sourceenergy.config.tariff_file import parse_tariffs, shipped_tariffs
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.market.grid_quote import (
    GridPrice,
    Side,
    accept_order,
    accept_price,
    feed_digest,
    quote_purchase,
    quote_sale,
    settled_price,
)
from sourceenergy.records import Mode
from sourceenergy.units import UdPerKwh
from strategies_energy import utc

PLAN = parse_tariffs(shipped_tariffs(), "shipped")["ontario_time_of_use"]
ZONE, SOURCE = "TORONTO", "IESO RealtimeZonalEnergyPrices"
NOON = utc("2026-01-15T17:00")
FEED, STRANGER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
FEEDS = {SOURCE: FEED.public_key()}
PRICE = GridPrice(UdPerKwh(41_250), ZONE, SOURCE, NOON)  # $41.25/MWh
NEGATIVE = replace(PRICE, price=UdPerKwh(-5_000))  # -$5.00/MWh


def signed(price: GridPrice, key: ec.EllipticCurvePrivateKey = FEED) -> str:
    der = key.sign(feed_digest(price), ec.ECDSA(Prehashed(hashes.SHA256())))
    return proofs.p256_low_s(*decode_dss_signature(der))


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "signature", "rule"),
    [
        (PRICE, "", "feed.unsigned"),
        (PRICE, "00" * 64, "feed.unsigned"),
        (PRICE, signed(PRICE, STRANGER), "feed.unsigned"),
        (replace(PRICE, price=UdPerKwh(41_251)), signed(PRICE), "feed.unsigned"),
        (replace(PRICE, observed_s=NOON + 1), signed(PRICE), "feed.unsigned"),
        (replace(PRICE, source="a stranger"), signed(PRICE), "feed.unsigned"),
    ],
)
def test_S09_a_price_from_an_unsigned_feed_is_refused(
    price: GridPrice, signature: str, rule: str
) -> None:
    with pytest.raises(InputError) as refusal:
        accept_price(price, signature, FEEDS, ZONE, NOON)
    assert refusal.value.rule == rule


@pytest.mark.parametrize(
    ("price", "rule"),
    [
        (replace(PRICE, zone="NIAGARA"), "feed.zone"),
        (replace(PRICE, observed_s=NOON + 61), "feed.time"),
        (replace(PRICE, price=UdPerKwh(10**8 + 1)), "feed.price"),
    ],
)
def test_S09_a_price_of_another_zone_or_from_the_future_is_refused(
    price: GridPrice, rule: str
) -> None:
    with pytest.raises(InputError) as refusal:
        accept_price(price, signed(price), FEEDS, ZONE, NOON + 60)
    assert refusal.value.rule == rule


def test_S09_orders_on_a_price_older_than_15_minutes_are_refused() -> None:
    quote = quote_sale(Mode.SANDBOX_P2P, 1_200, PRICE, NOON + 900)
    assert accept_order(quote) is quote
    late = quote_sale(Mode.SANDBOX_P2P, 1_200, PRICE, NOON + 901)
    with pytest.raises(NotPermitted) as refusal:
        accept_order(late)
    assert (refusal.value.rule, refusal.value.value) == ("grid.stale", 901)


def test_S09_no_cash_sale_is_offered_where_exports_become_credits() -> None:
    with pytest.raises(NotPermitted) as refusal:
        quote_sale(Mode.CREDIT_ALLOCATION, 1_200, PRICE, NOON)
    assert refusal.value.rule == "grid.mode"


def test_there_is_no_quote_for_no_energy_or_without_any_price() -> None:
    with pytest.raises(InputError) as refusal:
        quote_sale(Mode.SANDBOX_P2P, 0, PRICE, NOON)
    assert refusal.value.rule == "grid.energy"
    with pytest.raises(InputError) as refusal:
        quote_sale(Mode.SANDBOX_P2P, 1_200, None, NOON)
    assert refusal.value.rule == "grid.price"


# --- S09 --------------------------------------------------------------------------------------


def test_S09_a_sale_and_a_purchase_with_source_zone_time_and_age() -> None:
    assert accept_price(PRICE, signed(PRICE), FEEDS, ZONE, NOON + 120) is PRICE
    sale = quote_sale(Mode.SANDBOX_P2P, 1_200, PRICE, NOON + 120)
    assert (sale.side, sale.amount_nd) == (Side.SELL, 49_500_000)  # 4.95 cents
    assert (sale.price.source, sale.price.zone) == (SOURCE, ZONE)
    assert (sale.price.observed_s, sale.age_s, sale.stale, sale.warnings) == (NOON, 120, False, ())

    on_peak = utc("2026-01-15T13:00")  # 08:00 in Toronto
    purchase = quote_purchase(PLAN, 2_000, ZONE, on_peak)
    assert (purchase.side, purchase.amount_nd) == (Side.BUY, 406_000_000)  # 40.6 cents
    assert purchase.price.source.startswith("Ontario time-of-use: Ontario Energy Board")
    assert (purchase.price.zone, purchase.price.observed_s, purchase.age_s) == (ZONE, on_peak, 0)


def test_S09_a_sale_at_a_negative_price_costs_and_warns_before() -> None:
    quote = quote_sale(Mode.SANDBOX_P2P, 1_000, NEGATIVE, NOON)
    assert quote.amount_nd == -5_000_000  # half a cent
    assert quote.warnings == (
        "the price is negative: selling would cost 0.50 ¢; curtail or store instead",
    )
    with pytest.raises(NotPermitted) as refusal:
        accept_order(quote)
    assert refusal.value.rule == "grid.negative"
    assert accept_order(quote, accepts_negative=True) is quote


def test_S09_the_last_good_price_is_shown_as_stale() -> None:
    quote = quote_sale(Mode.SANDBOX_P2P, 1_200, PRICE, NOON + 600)
    assert (quote.stale, quote.age_s) == (True, 600)
    assert quote.warnings == ("stale: last good price, 10 min old",)


def test_S09_a_settlement_without_a_price_takes_the_tariff_and_says_so() -> None:
    tariff, name = UdPerKwh(50_000), "feed-in tariff"
    there = settled_price({NOON: PRICE}, NOON, tariff, name, ZONE)
    assert (there.price, there.fallback, there.observed_s) == (41_250, False, NOON)
    missing = settled_price({NOON: PRICE}, NOON + 900, tariff, name, ZONE)
    assert (missing.price, missing.source, missing.fallback) == (50_000, name, True)
    assert missing.observed_s is None
