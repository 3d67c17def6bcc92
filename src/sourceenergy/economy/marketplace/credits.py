"""Energy credits: one unit is a metered watt-hour of one season, and ends with it.

A credit is used up at delivery; what is left at the season's end is cashed out at the feed-in
price, which was put aside when the credit was made (as ``EnergyCredit`` does on chain).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud, UdPerKwh, Wh, iso_utc

WH_PER_KWH = 1000
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Season:
    """When credits of a season can be made, traded and delivered, and what ends them."""

    name: str
    start_s: int
    end_s: int
    feed_in_ud_per_kwh: UdPerKwh

    def __post_init__(self) -> None:
        """Refuse a season without a length or a price that backs its credits."""
        if self.end_s <= self.start_s or self.feed_in_ud_per_kwh <= 0:
            raise InputError(
                "a season has a length and a feed-in price above zero",
                rule="credit.season",
                field="end_s",
                value=self.end_s,
                remedy="set start, end and feed-in",
            )


@dataclass(frozen=True, slots=True)
class Limits:
    """Against speculation: most a party may hold, and buy within 24 hours [Wh]."""

    position_most_wh: Wh
    daily_most_wh: Wh


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase of credits, for the daily limit."""

    at_s: int
    energy_wh: Wh


def require_in_season(season: Season, second: int) -> None:
    """Refuse making, trading or delivering credits outside their season."""
    if not season.start_s <= second < season.end_s:
        raise NotPermitted(
            f"credits of {season.name} are valid up to {iso_utc(season.end_s)}",
            rule="credit.out_of_season",
            field="second",
            value=iso_utc(second),
            remedy="after the end they are cashed out at feed-in",
        )


def backing_up(season: Season, supply_wh: int) -> Ud:
    """What is put aside for all credits of a season, rounded up [ud]."""
    return Ud(-(-supply_wh * season.feed_in_ud_per_kwh // WH_PER_KWH))


def deliver(season: Season, balance_wh: int, used_wh: int, second: int) -> Wh:
    """The balance after credits were used up by metered consumption."""
    require_in_season(season, second)
    if not 0 <= used_wh <= balance_wh:
        raise NotPermitted(
            "credits are delivered as far as there are any",
            rule="credit.balance",
            field="used_wh",
            value=used_wh,
            remedy=f"{balance_wh} Wh of credits are left; the rest comes from the grid",
        )
    return Wh(balance_wh - used_wh)


def cash_out_down(season: Season, balance_wh: int, second: int) -> Ud:
    """What is paid for credits left after the season, rounded down [ud]; refused before its end."""
    if second < season.end_s:
        raise NotPermitted(
            "credits are cashed out after their season",
            rule="credit.season_runs",
            field="second",
            value=iso_utc(second),
            remedy=f"from {iso_utc(season.end_s)} on; sell them before",
        )
    return Ud(balance_wh * season.feed_in_ud_per_kwh // WH_PER_KWH)


def require_limits(
    limits: Limits, held_wh: int, bought: Sequence[Bought], energy_wh: int, now_s: int
) -> None:
    """Refuse a purchase above the position limit, or above the limit of the last 24 hours.

    A purchase exactly 24 hours ago still counts.
    """
    if held_wh + energy_wh > limits.position_most_wh:
        raise NotPermitted(
            "nobody holds more credits than the position limit",
            rule="credit.position",
            field="energy_wh",
            value=held_wh + energy_wh,
            remedy=f"at most {limits.position_most_wh} Wh",
        )
    day = sum(one.energy_wh for one in bought if now_s - DAY_S <= one.at_s <= now_s)
    if day + energy_wh > limits.daily_most_wh:
        raise NotPermitted(
            "nobody buys more credits within 24 hours than the daily limit",
            rule="credit.daily",
            field="energy_wh",
            value=day + energy_wh,
            remedy=f"at most {limits.daily_most_wh - day} Wh more now",
        )
