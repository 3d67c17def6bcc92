"""Two clocks side by side: UTC, which may be set, and the monotonic one, which only runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sourceenergy.clock import Clock

STEP_MS = 2_000
"""A clock that leaves the monotonic one by more was stepped [ms of the clock]."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One look at both clocks: UTC [ms], monotonic [ns], and how far apart they were read [ns]."""

    utc_ms: int
    monotonic_ns: int
    spread_ns: int


class Watch:
    """Reads the UTC clock and the monotonic one together, to tell a stepped clock from time."""

    def __init__(self, clock: Clock, monotonic_ns: Callable[[], int]) -> None:
        self._clock = clock
        self._monotonic_ns = monotonic_ns
        self._ms_per_ns = 1 / clock.real_seconds(1_000) / 1_000_000

    def look(self) -> Moment:
        """Now; the closest pair of three, as the process may be put aside between the two."""
        best: Moment | None = None
        for _ in range(3):
            before = self._monotonic_ns()
            utc_ms = self._clock.now_ms()
            spread = self._monotonic_ns() - before
            if best is None or spread < best.spread_ns:
                best = Moment(utc_ms, before + spread // 2, spread)
        assert best is not None
        return best

    def span_ms(self, since: Moment, now: Moment) -> int:
        """Time of the clock between two looks by the monotonic clock [ms], steps left out."""
        return round((now.monotonic_ns - since.monotonic_ns) * self._ms_per_ns)

    def stepped(self, since: Moment, now: Moment) -> bool:
        """Did the clock go another way than time, by more than the looks' own error?"""
        drift_ms = abs(now.utc_ms - since.utc_ms - self.span_ms(since, now))
        # A clock of whole real milliseconds is off by one at each end.
        error_ns = since.spread_ns + now.spread_ns + 2_000_000
        return drift_ms > STEP_MS + error_ns * self._ms_per_ns
