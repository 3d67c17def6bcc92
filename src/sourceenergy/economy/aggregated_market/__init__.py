"""Layer 3, the aggregated market: what each operating mode lets meters and members do."""

from __future__ import annotations

from sourceenergy.errors import NotPermitted
from sourceenergy.records import Mode

SALE_MODES = (Mode.COMMUNITY_SHARING, Mode.SANDBOX_P2P)
"""Modes in which shared energy is trade, so that meter law applies (approved, verified, sealed)."""

MEANING = {
    Mode.SIMULATION: "simulated homes and money; nothing here is real trade",
    Mode.CREDIT_ALLOCATION: "members share bill credits for metered surplus (net metering)",
    Mode.COMMUNITY_SHARING: "members share energy under community-energy rules",
    Mode.SANDBOX_P2P: "members trade energy under a regulator's sandbox",
}


def meter_settles(mode: Mode, verified: bool) -> bool:
    """May this meter's energy settle? An unverified one is informational where energy is sold."""
    return verified or mode not in SALE_MODES


def require_orders_permitted(mode: Mode) -> None:
    """Orders between members need the sandbox; everywhere else the pool shares by itself."""
    if mode not in (Mode.SANDBOX_P2P, Mode.SIMULATION):
        raise NotPermitted(
            f"orders between members are not permitted in mode {mode.value}",
            rule="mode.orders",
            field="community.mode",
            value=mode.value,
            remedy="Ontario allows credit allocation; a sandbox licence opens sandbox_p2p",
        )
