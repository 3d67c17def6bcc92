"""The dynamic price: what a kWh is worth in the next interval, from published inputs.

::

    scarce = grid + |grid| · demand_weight · (demand − normal) / normal
    blend  = scarce · (1 − traded_weight) + traded · traded_weight
    price  = blend, within floor and cap, at most one step from the price before

``blend`` is one division, rounded down. Where too few trade for the marketplace's average to
count (``traded_ud_per_kwh`` is zero), ``traded_weight`` is zero; the average itself counts no
lower than the floor and no higher than the cap. More demand never lowers the price, whatever the
sign of the grid's price.

``contracts/src/libraries/DynamicPrice.sol`` is the same in the same integers; both are held to
``contracts/test/vectors/dynamic_price.json``. Complexity: O(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from sourceenergy.errors import InputError
from sourceenergy.units import PRICE_MAX_UD_PER_KWH, UdPerKwh

PPM = 1_000_000
DEMAND_WEIGHT_MOST_PPM = 5_000_000
TRADED_WEIGHT_MOST_PPM = 500_000
PARTIES_FEWEST = 5
"""Fewest parties whose trades count."""


class PriceFlag(IntFlag):
    """What held a price, or what it was made without; the contract's bits."""

    STALE = 1
    FALLBACK = 2
    UNTRADED = 4
    FLOORED = 8
    CAPPED = 16
    STEPPED = 32


@dataclass(frozen=True, slots=True)
class PriceInputs:
    """What was observed: the grid's zonal price, its demand, and the marketplace's average."""

    grid_ud_per_kwh: int
    demand_w: int
    traded_ud_per_kwh: int = 0


@dataclass(frozen=True, slots=True)
class PricePolicy:
    """What governance decides; the contract's bounds in code hold here too."""

    normal_w: int
    floor_ud_per_kwh: int
    cap_ud_per_kwh: int
    step_ud_per_kwh: int
    demand_weight_ppm: int
    traded_weight_ppm: int

    def __post_init__(self) -> None:
        """Refuse what the contract would refuse."""
        most = PRICE_MAX_UD_PER_KWH
        _within("normal_w", self.normal_w, 1, 2**64 - 1)
        _within("floor_ud_per_kwh", self.floor_ud_per_kwh, 1, most)
        _within("cap_ud_per_kwh", self.cap_ud_per_kwh, self.floor_ud_per_kwh, most)
        _within("step_ud_per_kwh", self.step_ud_per_kwh, 1, most)
        _within("demand_weight_ppm", self.demand_weight_ppm, 0, DEMAND_WEIGHT_MOST_PPM)
        _within("traded_weight_ppm", self.traded_weight_ppm, 0, TRADED_WEIGHT_MOST_PPM)


def dynamic_price(
    inputs: PriceInputs, policy: PricePolicy, before_ud_per_kwh: int
) -> tuple[UdPerKwh, PriceFlag]:
    """Price [ud/kWh] after ``before_ud_per_kwh``, and what held it.

    Raises ``InputError`` (rule ``price.input``) for inputs no contract would accept.
    """
    _within("grid_ud_per_kwh", inputs.grid_ud_per_kwh, -PRICE_MAX_UD_PER_KWH, PRICE_MAX_UD_PER_KWH)
    _within("demand_w", inputs.demand_w, 1, 2**64 - 1)
    _within("traded_ud_per_kwh", inputs.traded_ud_per_kwh, 0, PRICE_MAX_UD_PER_KWH)
    flags = PriceFlag(0) if inputs.traded_ud_per_kwh else PriceFlag.UNTRADED
    blended = blend_down(inputs, policy)
    price = _clamp(blended, policy.floor_ud_per_kwh, policy.cap_ud_per_kwh)
    if blended < price:
        flags |= PriceFlag.FLOORED
    elif blended > price:
        flags |= PriceFlag.CAPPED
    stepped = _toward(before_ud_per_kwh, price, policy.step_ud_per_kwh)
    if stepped != price:
        flags |= PriceFlag.STEPPED
    # Inside already, unless floor or cap have moved past the price before.
    return UdPerKwh(_clamp(stepped, policy.floor_ud_per_kwh, policy.cap_ud_per_kwh)), flags


def blend_down(inputs: PriceInputs, policy: PricePolicy) -> int:
    """The price before floor, cap and step [ud/kWh], rounded down (towards minus infinity)."""
    weight, traded = 0, 0
    if inputs.traded_ud_per_kwh:
        weight = policy.traded_weight_ppm
        traded = _clamp(inputs.traded_ud_per_kwh, policy.floor_ud_per_kwh, policy.cap_ud_per_kwh)
    grid, normal = inputs.grid_ud_per_kwh, policy.normal_w
    excess = inputs.demand_w - normal
    scarce = grid * normal * PPM + abs(grid) * policy.demand_weight_ppm * excess
    blended = scarce * (PPM - weight) + traded * weight * normal * PPM
    return blended // (normal * PPM * PPM)


def fallback_price(
    last_ud_per_kwh: int, tariff_ud_per_kwh: int, policy: PricePolicy, steps: int
) -> UdPerKwh:
    """Price [ud/kWh] after ``steps`` intervals without inputs, on its way to the tariff."""
    target = _clamp(tariff_ud_per_kwh, policy.floor_ud_per_kwh, policy.cap_ud_per_kwh)
    return UdPerKwh(_toward(last_ud_per_kwh, target, steps * policy.step_ud_per_kwh))


def _toward(start: int, target: int, most: int) -> int:
    return _clamp(target, start - most, start + most)


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InputError(
            f"{name} must be from {low} to {high}",
            rule="price.input",
            field=name,
            value=value,
            remedy="check its unit",
        )
