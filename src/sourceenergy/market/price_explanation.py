"""Why this price: the record a price was made from, what is in force now, and every step of it.

A price is made for the next interval from observations that are signed and fresh, together with the
time-weighted average of the marketplace (``make_record``). It holds while nothing new arrives: past
``fresh_for_s`` it is flagged stale, past ``held_for_s`` it walks to the tariff, at most one step an
interval (``price_in_force``), so that it is never zero and never jumps. ``explain`` gives the
formula, the inputs with source and age, the weights, each step and each bound that held it; who
computes the steps by hand gets the same price to the micro-dollar (six decimals of a dollar a kWh).

The rules and integers are those of ``contracts/src/market/Tariff.sol``. Complexity: O(1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction

from sourceenergy.errors import InputError
from sourceenergy.market.dynamic_price import (
    PARTIES_FEWEST,
    PPM,
    PriceFlag,
    PriceInputs,
    PricePolicy,
    blend_down,
    dynamic_price,
    fallback_price,
)
from sourceenergy.units import PRICE_MAX_UD_PER_KWH, UdPerKwh, iso_utc

FORMULA = (
    "scarce = grid + |grid| × demand weight × (demand − normal) / normal; "
    "blend = scarce × (1 − traded weight) + traded × traded weight, rounded down; "
    "price = blend, within floor and cap, at most one step from the price before"
)
FALLBACK_FORMULA = (
    "no fresh inputs: from the last good price to the tariff, one step an interval, within floor "
    "and cap"
)


@dataclass(frozen=True, slots=True)
class Observed:
    """One observation: what, from whom, when (UTC seconds), and who signed it."""

    value: int
    source: str
    observed_s: int
    signed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traded:
    """The marketplace's time-weighted average [ud/kWh] of so many parties, at the window's end."""

    average_ud_per_kwh: int
    parties: int
    as_of_s: int
    source: str


@dataclass(frozen=True, slots=True)
class PriceTimes:
    """Length of an interval, and how long inputs count as fresh and a price is held [s]."""

    interval_s: int
    fresh_for_s: int
    held_for_s: int


@dataclass(frozen=True, slots=True)
class PriceRecord:
    """All that the price of ``interval`` (number of intervals since 1970) was made from."""

    interval: int
    grid: Observed
    demand: Observed
    tariff: Observed
    traded: Traded | None
    traded_refused: str  # why the marketplace's average does not count; empty where it does
    policy: PricePolicy
    before_ud_per_kwh: int
    price_ud_per_kwh: int
    flags: PriceFlag

    @property
    def observed_s(self) -> int:
        """When its oldest input was observed."""
        return min(self.grid.observed_s, self.demand.observed_s, self.tariff.observed_s)

    @property
    def inputs(self) -> PriceInputs:
        """The numbers that went into the formula."""
        return PriceInputs(self.grid.value, self.demand.value, _counted(self))


@dataclass(frozen=True, slots=True)
class ExplainedInput:
    """An input as shown: its value with unit, source, time and age; ``counts`` or why not."""

    name: str
    value: int
    unit: str
    source: str
    observed: str
    age_s: int
    counts: bool
    note: str


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """One step of the calculation: its words, the exact result, and whether a bound held it."""

    name: str
    calculation: str
    exact: str  # a fraction in ud/kWh
    result_ud_per_kwh: int
    held: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything behind the price in force [ud/kWh]."""

    interval_start: str
    price_ud_per_kwh: int
    flags: tuple[str, ...]
    formula: str
    inputs: tuple[ExplainedInput, ...]
    weights_ppm: dict[str, int]
    bounds_ud_per_kwh: dict[str, int]
    steps: tuple[ExplainedStep, ...]

    def as_dict(self) -> dict[str, object]:
        """The same for programs."""
        return asdict(self)


def time_weighted_average(prices: Sequence[tuple[int, int]], start_s: int, end_s: int) -> UdPerKwh:
    """Mean of a price over [start_s, end_s), each counting as long as it stood, rounded down.

    ``prices`` are (since when, price) in order of time, the first no later than ``start_s``.
    """
    if not prices or prices[0][0] > start_s or start_s >= end_s:
        raise InputError(
            "an average needs a price from the start of its window on",
            rule="price.window",
            field="prices",
            value=len(prices),
            remedy="give the price that stood when the window began",
        )
    total = 0
    ends = [since for since, _ in prices[1:]] + [end_s]
    for (since, price), until in zip(prices, ends, strict=True):
        total += price * max(0, min(until, end_s) - max(since, start_s))
    return UdPerKwh(total // (end_s - start_s))


def make_record(
    grid: Observed,
    demand: Observed,
    tariff: Observed,
    traded: Traded | None,
    policy: PricePolicy,
    times: PriceTimes,
    before_ud_per_kwh: int,
    now_s: int,
    quorum: int = 1,
) -> PriceRecord:
    """The price of the next interval and all it was made from.

    Raises ``InputError``: rule ``price.unsigned`` for an input that fewer than ``quorum`` signed,
    ``price.stale`` for one that is older than ``fresh_for_s`` or from the future, ``price.input``
    for one in a wrong unit. A marketplace of too few parties, or too old, does not count.
    """
    for name, observed in (("grid", grid), ("demand", demand), ("tariff", tariff)):
        if len(set(observed.signed_by)) < quorum:
            raise InputError(
                "a price input counts only with its signatures",
                rule="price.unsigned",
                field=name,
                value=observed.source,
                remedy=f"let {quorum} reporters sign it",
            )
        if not 0 <= now_s - observed.observed_s <= times.fresh_for_s:
            raise InputError(
                "a price input is fresh and not from the future",
                rule="price.stale",
                field=name,
                value=iso_utc(observed.observed_s),
                remedy="wait for the feed; the last good price holds meanwhile",
            )
    unpriced = PriceRecord(
        now_s // times.interval_s + 1,
        grid,
        demand,
        tariff,
        traded,
        "" if traded is None else _why_not(traded, times, now_s),
        policy,
        before_ud_per_kwh,
        before_ud_per_kwh,
        PriceFlag(0),
    )
    price, flags = dynamic_price(unpriced.inputs, policy, before_ud_per_kwh)
    return replace(unpriced, price_ud_per_kwh=price, flags=flags)


def price_in_force(
    record: PriceRecord, times: PriceTimes, interval: int
) -> tuple[UdPerKwh, PriceFlag]:
    """Price and flags of an interval from the record's own on, with nothing new since."""
    if interval < record.interval:
        raise InputError(
            "this record makes no price for an interval before it",
            rule="price.interval",
            field="interval",
            value=interval,
            remedy="take the record before it",
        )
    flags = record.flags
    if interval * times.interval_s > record.observed_s + times.fresh_for_s:
        flags |= PriceFlag.STALE
    steps = _fallback_steps(record, times, interval)
    if not steps:
        return UdPerKwh(record.price_ud_per_kwh), flags
    price = fallback_price(record.price_ud_per_kwh, record.tariff.value, record.policy, steps)
    return price, PriceFlag.STALE | PriceFlag.FALLBACK


def explain(record: PriceRecord, times: PriceTimes, now_s: int) -> Explanation:
    """Why the price of now is what it is: formula, inputs, weights, ages, steps, bounds.

    Before the record's own interval begins: the price it announced for that interval.
    """
    interval = max(now_s // times.interval_s, record.interval)
    price, flags = price_in_force(record, times, interval)
    policy = record.policy
    steps = _fallback_steps(record, times, interval)
    return Explanation(
        iso_utc(interval * times.interval_s),
        price,
        tuple(flag.name or "" for flag in PriceFlag if flag in flags),
        FALLBACK_FORMULA if steps else FORMULA,
        _inputs(record, times, now_s),
        {
            "demand weight": policy.demand_weight_ppm,
            "traded weight": policy.traded_weight_ppm if _counted(record) else 0,
        },
        {
            "floor": policy.floor_ud_per_kwh,
            "cap": policy.cap_ud_per_kwh,
            "step": policy.step_ud_per_kwh,
        },
        (*_steps(record), *(_walk(record, steps, price) if steps else ())),
    )


def _fallback_steps(record: PriceRecord, times: PriceTimes, interval: int) -> int:
    """Intervals the price has been on its way to the tariff; zero while it is held."""
    first = (record.observed_s + times.held_for_s) // times.interval_s + 1
    first = max(first, record.interval + 1)
    return max(0, interval + 1 - first)


def _counted(record: PriceRecord) -> int:
    """The marketplace's average as the formula takes it: zero where it does not count."""
    if record.traded is None or record.traded_refused:
        return 0
    return record.traded.average_ud_per_kwh


def _why_not(traded: Traded, times: PriceTimes, now_s: int) -> str:
    if traded.parties < PARTIES_FEWEST:
        return f"fewer than {PARTIES_FEWEST} parties"
    if not 0 <= now_s - traded.as_of_s <= times.fresh_for_s:
        return "not fresh"
    if not 0 < traded.average_ud_per_kwh <= PRICE_MAX_UD_PER_KWH:
        return "no price"
    return ""


def _inputs(record: PriceRecord, times: PriceTimes, now_s: int) -> tuple[ExplainedInput, ...]:
    shown = [
        _input(name, unit, observed, now_s, times, note)
        for name, unit, observed, note in (
            ("grid", "ud/kWh", record.grid, ""),
            ("demand", "W", record.demand, f"normal {record.policy.normal_w} W"),
            ("tariff", "ud/kWh", record.tariff, "counts when the feed is silent"),
        )
    ]
    traded = record.traded
    if traded is not None:
        why_not = record.traded_refused
        note = f"{traded.parties} parties, time-weighted"
        shown.append(
            ExplainedInput(
                "traded",
                traded.average_ud_per_kwh,
                "ud/kWh",
                traded.source,
                iso_utc(traded.as_of_s),
                now_s - traded.as_of_s,
                not why_not,
                f"{note}; does not count: {why_not}" if why_not else note,
            )
        )
    return tuple(shown)


def _input(
    name: str, unit: str, observed: Observed, now_s: int, times: PriceTimes, note: str
) -> ExplainedInput:
    age_s = now_s - observed.observed_s
    stale = f"stale: {age_s // 60} min old" if age_s > times.fresh_for_s else ""
    return ExplainedInput(
        name,
        observed.value,
        unit,
        observed.source,
        iso_utc(observed.observed_s),
        age_s,
        name != "tariff" or age_s > times.held_for_s,
        "; ".join(text for text in (note, stale) if text),
    )


def _steps(record: PriceRecord) -> tuple[ExplainedStep, ...]:
    """The record's price, step by step."""
    policy, inputs = record.policy, record.inputs
    grid, normal = inputs.grid_ud_per_kwh, policy.normal_w
    scarce = grid + Fraction(
        abs(grid) * policy.demand_weight_ppm * (inputs.demand_w - normal), PPM * normal
    )
    weight = policy.traded_weight_ppm if inputs.traded_ud_per_kwh else 0
    low, high = policy.floor_ud_per_kwh, policy.cap_ud_per_kwh
    traded = min(max(inputs.traded_ud_per_kwh, low), high) if weight else 0
    blend = scarce * Fraction(PPM - weight, PPM) + traded * Fraction(weight, PPM)
    blended = blend_down(inputs, policy)
    clamped = min(max(blended, low), high)
    before = record.before_ud_per_kwh
    return (
        ExplainedStep(
            "scarce",
            f"{grid} + {abs(grid)} × {policy.demand_weight_ppm}/{PPM} × "
            f"({inputs.demand_w} − {normal}) / {normal}",
            str(scarce),
            scarce.numerator // scarce.denominator,
            False,
        ),
        ExplainedStep(
            "blend",
            f"{scarce} × {PPM - weight}/{PPM} + {traded} × {weight}/{PPM}, rounded down",
            str(blend),
            blended,
            bool(weight) and traded != inputs.traded_ud_per_kwh,
        ),
        ExplainedStep(
            "floor and cap",
            f"{blended} within {low} and {high}",
            str(clamped),
            clamped,
            clamped != blended,
        ),
        ExplainedStep(
            "step limit",
            f"{clamped}, at most {policy.step_ud_per_kwh} from {before}",
            str(record.price_ud_per_kwh),
            record.price_ud_per_kwh,
            PriceFlag.STEPPED in record.flags,
        ),
    )


def _walk(record: PriceRecord, steps: int, price: int) -> tuple[ExplainedStep, ...]:
    policy = record.policy
    return (
        ExplainedStep(
            "fallback",
            f"from {record.price_ud_per_kwh} to the tariff {record.tariff.value}, {steps} × "
            f"{policy.step_ud_per_kwh}, within {policy.floor_ud_per_kwh} and "
            f"{policy.cap_ud_per_kwh}",
            str(price),
            price,
            price != record.tariff.value,
        ),
    )
