"""The stabilisation fund's rule: when it buys, how much, and where it stops.

Mirrors ``StabilisationFund``: it buys energy credits at the market's price while that is at least
15 % below the week's average, a fifth of what it held that morning each day, and never touches a
quarter of the most it ever had. The backing reserve is another pot: nothing moves between them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sourceenergy.errors import NotPermitted
from sourceenergy.units import Ud, UdPerKwh, dollars

BAND_PERCENT = 85
"""It buys at this part of the week's average price or less."""
DAILY_PERCENT = 20
"""Most of what was held at the day's first use that goes out in a day (UTC)."""
FLOOR_PERCENT = 25
"""Part of the most ever held that is never spent."""
DAY_S = 86_400
WH_PER_KWH = 1000


@dataclass(frozen=True, slots=True)
class Fund:
    """The pot [ud]: what it holds, the most it ever had, and what it spent on its last day."""

    held_ud: Ud
    high_water_ud: Ud
    day: int = -1  # days since 1970 of the last use
    day_start_ud: int = 0
    day_spent_ud: int = 0


@dataclass(frozen=True, slots=True)
class Support:
    """One use of the fund, recorded and told to everyone."""

    at_s: int
    amount_wh: int
    paid_ud: Ud
    price_ud_per_kwh: UdPerKwh
    average_ud_per_kwh: UdPerKwh
    left_ud: Ud


def feed(fund: Fund, amount_ud: int) -> Fund:
    """The fund with a levy more."""
    held = fund.held_ud + amount_ud
    return replace(fund, held_ud=Ud(held), high_water_ud=Ud(max(held, fund.high_water_ud)))


def band_down(average_ud_per_kwh: int) -> UdPerKwh:
    """The price at or below which the fund buys [ud/kWh]."""
    return UdPerKwh(average_ud_per_kwh * BAND_PERCENT // 100)


def floor_up(fund: Fund) -> Ud:
    """What is never spent [ud]."""
    return Ud(-(-max(fund.held_ud, fund.high_water_ud) * FLOOR_PERCENT // 100))


def available(fund: Fund, now_s: int) -> Ud:
    """What may still be spent on the day of ``now_s`` [ud]."""
    used = fund.day == now_s // DAY_S
    cap = (fund.day_start_ud if used else fund.held_ud) * DAILY_PERCENT // 100
    left = max(0, cap - (fund.day_spent_ud if used else 0))
    return Ud(min(left, max(0, fund.held_ud - floor_up(fund))))


def support(
    fund: Fund,
    amount_wh: int,
    price_ud_per_kwh: int,
    average_ud_per_kwh: int,
    now_s: int,
    insider: bool = False,
) -> tuple[Fund, Support]:
    """Buys ``amount_wh`` at the market's price, or refuses by the published rule."""
    band = band_down(average_ud_per_kwh)
    if insider:
        raise NotPermitted(
            "no support for who decides about it",
            rule="stabilisation.insider",
            field="account",
            value="insider",
            remedy="sell on the exchange",
        )
    if price_ud_per_kwh <= 0 or average_ud_per_kwh <= 0 or price_ud_per_kwh > band:
        raise NotPermitted(
            "the price is within its band: the fund does not buy",
            rule="stabilisation.band",
            field="price_ud_per_kwh",
            value=price_ud_per_kwh,
            remedy=f"it buys at {band} ud/kWh or less",
        )
    paid = amount_wh * price_ud_per_kwh // WH_PER_KWH
    most = available(fund, now_s)
    if not 0 < paid <= most:
        raise NotPermitted(
            f"the fund may spend ${dollars(most)} more today",
            rule="stabilisation.limit",
            field="paid_ud",
            value=paid,
            remedy="offer less, or tomorrow; the floor is never spent",
        )
    today = now_s // DAY_S
    start = fund.day_start_ud if fund.day == today else fund.held_ud
    spent = (fund.day_spent_ud if fund.day == today else 0) + paid
    after = Fund(
        Ud(fund.held_ud - paid),
        Ud(max(fund.high_water_ud, fund.held_ud)),
        today,
        Ud(start),
        Ud(spent),
    )
    use = Support(
        now_s,
        amount_wh,
        Ud(paid),
        UdPerKwh(price_ud_per_kwh),
        UdPerKwh(average_ud_per_kwh),
        after.held_ud,
    )
    return after, use
