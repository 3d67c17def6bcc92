"""When one more kilowatt-hour costs least: the signal behind "a good time to use".

What one more kWh costs a home in an interval depends on who would have had it: while the home
itself has surplus it costs the feed-in that is missed; while neighbours have some left, the local
price and the fee; otherwise the retail price. The signal compares an interval with its own day, so
that a dear day still has its best hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sourceenergy.errors import InputError
from sourceenergy.units import UdPerKwh


class Source(StrEnum):
    """Where one more kWh would come from."""

    OWN = "own"
    NEIGHBOURS = "neighbours"
    GRID = "grid"


class Signal(StrEnum):
    """What to tell a member."""

    GOOD = "good"
    NORMAL = "normal"
    AVOID = "avoid"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of one interval: the home's and the community's net energy [Wh].

    Net is exported less imported, so it has a sign here: it is a forecast, never metered energy.
    ``retail``, ``feed_in``, ``local`` (before the fee) and ``fee`` are prices [ud/kWh].
    """

    start_s: int
    home_net_wh: int
    community_net_wh: int
    retail: UdPerKwh
    feed_in: UdPerKwh
    local: UdPerKwh
    fee: UdPerKwh


@dataclass(frozen=True, slots=True)
class Advice:
    """An interval's signal: what one more kWh costs there [ud/kWh] and where it comes from."""

    start_s: int
    signal: Signal
    cost: UdPerKwh
    source: Source


def good_times(outlooks: Sequence[Outlook]) -> tuple[Advice, ...]:
    """Advice for each interval of a day.

    *Good* is the cheapest third of the day's span of costs, *avoid* the dearest; where all cost
    the same, all are normal. Raises ``InputError`` for no intervals.
    """
    if not outlooks:
        raise InputError(
            "no intervals to advise on",
            rule="forecast.outlook",
            field="outlooks",
            remedy="give a day's intervals",
        )
    costs = [_one_more(outlook) for outlook in outlooks]
    low, high = min(c for c, _ in costs), max(c for c, _ in costs)
    return tuple(
        Advice(outlook.start_s, _signal(cost, low, high), cost, source)
        for outlook, (cost, source) in zip(outlooks, costs, strict=True)
    )


def _one_more(o: Outlook) -> tuple[UdPerKwh, Source]:
    if o.home_net_wh > 0:
        missed = max(o.feed_in, o.local) if o.community_net_wh < 0 else o.feed_in
        return UdPerKwh(missed), Source.OWN
    neighbour = o.local + o.fee
    if o.community_net_wh > 0 and neighbour < o.retail:
        return UdPerKwh(neighbour), Source.NEIGHBOURS
    return o.retail, Source.GRID


def _signal(cost: int, low: int, high: int) -> Signal:
    if low == high:
        return Signal.NORMAL
    if 3 * (cost - low) <= high - low:
        return Signal.GOOD
    return Signal.AVOID if 3 * (high - cost) < high - low else Signal.NORMAL
