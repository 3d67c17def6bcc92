"""Time is handed in: a clock is anything with ``now_ms``; a simulated one may run faster."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Source of UTC time in milliseconds, and of real seconds to wait for a span of it."""

    def now_ms(self) -> int:
        """UTC now [ms since 1970]."""
        ...

    def real_seconds(self, span_ms: int) -> float:
        """Real seconds that ``span_ms`` of this clock take."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """UTC now [ms since 1970]."""
        return time.time_ns() // 1_000_000

    def real_seconds(self, span_ms: int) -> float:
        """Real seconds that ``span_ms`` take: the same."""
        return span_ms / 1000


@dataclass(frozen=True)
class SimulatedClock:
    """Runs ``speed`` times as fast as life from a pair of anchors.

    All processes of a simulation share one anchor file, so that they agree on the time and go on
    agreeing after any of them is restarted.
    """

    real_anchor_ms: int
    simulated_anchor_ms: int
    speed: int

    def now_ms(self) -> int:
        """Simulated UTC now [ms since 1970]."""
        real_ms = time.time_ns() // 1_000_000
        return self.simulated_anchor_ms + (real_ms - self.real_anchor_ms) * self.speed

    def real_seconds(self, span_ms: int) -> float:
        """Real seconds that ``span_ms`` of simulated time take."""
        return span_ms / 1000 / self.speed

    def save(self, path: Path) -> None:
        """Write the anchor, whole or not at all."""
        draft = path.with_suffix(".draft")
        draft.write_text(
            json.dumps(
                {
                    "real_anchor_ms": self.real_anchor_ms,
                    "simulated_anchor_ms": self.simulated_anchor_ms,
                    "speed": self.speed,
                }
            ),
            encoding="utf-8",
        )
        draft.replace(path)


def load_clock(path: Path | None) -> Clock:
    """The simulated clock anchored in ``path``, or the machine's if there is no such file."""
    if path is None or not path.exists():
        return SystemClock()
    anchor = json.loads(path.read_text(encoding="utf-8"))
    return SimulatedClock(
        int(anchor["real_anchor_ms"]), int(anchor["simulated_anchor_ms"]), int(anchor["speed"])
    )
