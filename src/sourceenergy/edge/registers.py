"""Register continuity: what a meter shows becomes a count that never falls and never leaps.

A site register starts at what the meter shows and then follows these rules, in this order, where
*plausible* is 1.2 times what the site's largest power moves in the time since the last good
value, plus 10 Wh:

1. a rise that is plausible is energy;
2. a fall across the register's end (2^32 Wh) that is a plausible rise modulo that end is a
   rollover: energy, flagged ``METER_RESTARTED``;
3. a fall of at most 2 Wh is a glitch: the last value is held, flagged ``REGISTER_GLITCH``;
4. any other value is held the same way, until three polls in a row continue each other plausibly:
   then the meter was swapped, reset or rescaled and the count goes on from the first of the three
   (``METER_RESTARTED``). What lies between the old value and the new start is nobody's energy.

A single odd value therefore costs nothing: the next good one is compared with the last good one.
Pure: time comes in as a span.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sourceenergy.records import ReadingFlag

DIP_MOST_WH = 2
SLACK_WH = 10
RESTART_POLLS = 3
ACC32_END_WH = 1 << 32


@dataclass(frozen=True, slots=True)
class Limits:
    """What a register can do: largest power [W], and where it starts anew at zero [Wh]."""

    max_w: int
    end_wh: int = ACC32_END_WH

    def plausible_wh(self, elapsed_ms: int) -> int:
        """Most energy one direction may count in ``elapsed_ms`` [Wh]."""
        return self.max_w * max(elapsed_ms, 0) * 6 // (5 * 3_600_000) + SLACK_WH


@dataclass(frozen=True, slots=True)
class RegisterState:
    """One register: ``site_wh`` goes out, ``raw_wh`` is the last good value of the meter.

    ``waited_ms`` is the time since that value; ``odd_first_wh`` … ``odd_polls`` the values that
    do not follow from it but perhaps from each other.
    """

    site_wh: int
    raw_wh: int
    waited_ms: int = 0
    odd_first_wh: int = 0
    odd_last_wh: int = 0
    odd_polls: int = 0


def start(raw_wh: int) -> RegisterState:
    """First sight of a register [Wh]: the site's count begins where the meter's stands."""
    return RegisterState(site_wh=raw_wh, raw_wh=raw_wh)


def advance(
    state: RegisterState, raw_wh: int, elapsed_ms: int, limits: Limits
) -> tuple[RegisterState, int]:
    """The next value ``raw_wh``, ``elapsed_ms`` after the one before: new state and flags.

    ``raw_wh`` must be zero or more; flags are bits of ``ReadingFlag``. Never raises.
    """
    elapsed_ms = max(elapsed_ms, 0)
    waited_ms = state.waited_ms + elapsed_ms
    plausible_wh = limits.plausible_wh(waited_ms)
    gain_wh = raw_wh - state.raw_wh
    if 0 <= gain_wh <= plausible_wh:
        return RegisterState(state.site_wh + gain_wh, raw_wh), 0
    if raw_wh < state.raw_wh < limits.end_wh:
        around_wh = gain_wh + limits.end_wh
        if around_wh <= plausible_wh:
            return RegisterState(state.site_wh + around_wh, raw_wh), ReadingFlag.METER_RESTARTED
    if -DIP_MOST_WH <= gain_wh < 0:
        held = RegisterState(state.site_wh, state.raw_wh, waited_ms)
        return held, ReadingFlag.REGISTER_GLITCH

    step_wh = raw_wh - state.odd_last_wh
    if state.odd_polls and 0 <= step_wh <= limits.plausible_wh(elapsed_ms):
        first_wh, polls = state.odd_first_wh, state.odd_polls + 1
    else:
        first_wh, polls = raw_wh, 1
    if polls >= RESTART_POLLS:
        site_wh = state.site_wh + raw_wh - first_wh
        return RegisterState(site_wh, raw_wh), ReadingFlag.METER_RESTARTED
    held = replace(
        state, waited_ms=waited_ms, odd_first_wh=first_wh, odd_last_wh=raw_wh, odd_polls=polls
    )
    return held, ReadingFlag.REGISTER_GLITCH


@dataclass(frozen=True, slots=True)
class SiteRegisters:
    """A home's registers: the meter's two, and the inverter's where there is one."""

    imported: RegisterState
    exported: RegisterState
    produced: RegisterState | None = None


def advance_site(
    site: SiteRegisters | None,
    imported_wh: int,
    exported_wh: int,
    produced_wh: int | None,
    *,
    elapsed_ms: int,
    limits: Limits,
) -> tuple[SiteRegisters, int]:
    """All registers of one poll [Wh]: new state and the flags of any of them.

    A silent inverter (None) keeps its state and its waiting time.
    """
    if site is None:
        produced = None if produced_wh is None else start(produced_wh)
        return SiteRegisters(start(imported_wh), start(exported_wh), produced), 0
    imported, flags = advance(site.imported, imported_wh, elapsed_ms, limits)
    exported, more = advance(site.exported, exported_wh, elapsed_ms, limits)
    flags |= more
    produced = site.produced
    if produced_wh is None:
        if produced is not None:
            produced = replace(produced, waited_ms=produced.waited_ms + max(elapsed_ms, 0))
    elif produced is None:
        produced = start(produced_wh)
    else:
        produced, more = advance(produced, produced_wh, elapsed_ms, limits)
        flags |= more
    return SiteRegisters(imported, exported, produced), int(flags)
