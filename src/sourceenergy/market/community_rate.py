"""What members owe and plants earn where a community sells its own energy at one rate.

The rule of Austria's renewable energy communities: a consumer pays the rate for the energy the
key gave them, a producer gets it for what was not left over, each member pays a fixed fee a billing
period. Exact in nano-dollars; a statement rounds once. Source: billing rules of the eegfaktura
project, checked in ``tests/market/test_market_keys_abroad.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sourceenergy.market.keys import Allocation, Ints
from sourceenergy.units import ND_PER_UD, Nd, Ud, UdPerKwh, Wh, value_nd


@dataclass(frozen=True, slots=True)
class RateBill:
    """A billing period: by member (own coverage, energy, fee), by plant (credit), and the rest.

    ``margin_nd`` is what the community keeps: energy paid less credits, without the fees.
    """

    coverage_wh: tuple[Wh, ...]
    energy_nd: tuple[Nd, ...]
    fees_nd: tuple[Nd, ...]
    credits_nd: tuple[Nd, ...]
    margin_nd: Nd


def rate_bills(
    allocations: Sequence[Allocation],
    produced_wh: Ints,
    consumer_rate: UdPerKwh,
    producer_rate: UdPerKwh,
    fee_ud: Ud,
) -> RateBill:
    """Bills of a period from what each plant gave; ``produced_wh`` [Wh, T×P] in the same order."""
    coverage = [int(x) for x in sum(a.allocated.sum(axis=0) for a in allocations)]
    energy = [value_nd(wh, consumer_rate) for wh in coverage]
    credits_nd = [
        value_nd(int(produced_wh[:, p].sum()) - int(a.surplus.sum()), producer_rate)
        for p, a in enumerate(allocations)
    ]
    return RateBill(
        tuple(Wh(wh) for wh in coverage),
        tuple(energy),
        tuple(Nd(fee_ud * ND_PER_UD) for _ in coverage),
        tuple(credits_nd),
        Nd(sum(energy) - sum(credits_nd)),
    )
