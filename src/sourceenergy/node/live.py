"""What the community does right now: sums of the newest readings, by the home's meter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sourceenergy.clock import Clock
from sourceenergy.records import Reading

STALE_MS = 30 * 60_000
"""A home whose newest reading is older does not count as reporting [ms of its clock]."""


@dataclass(frozen=True, slots=True)
class Power:
    """Power of one home or of all [W]; nothing is signed."""

    produced_w: int
    consumed_w: int
    imported_w: int
    exported_w: int


def power_of(reading: Reading) -> Power:
    """A home's power: what it uses is what it makes and draws less what it gives and stores."""
    produced = reading.produced_w or 0
    charge, discharge = reading.battery_charge_w or 0, reading.battery_discharge_w or 0
    consumed = produced + reading.imported_w + discharge - reading.exported_w - charge
    return Power(produced, max(0, consumed), reading.imported_w, reading.exported_w)


class LiveView:
    """Newest reading of each meter, in memory only."""

    def __init__(self, clock: Clock, homes: int) -> None:
        self._clock = clock
        self._homes = homes
        self._newest: dict[str, Reading] = {}

    def notice(self, meter: str, reading: Reading) -> None:
        """Take a meter's newest reading."""
        self._newest[meter] = reading

    @property
    def newest_ms(self) -> int | None:
        """Time of the newest reading of all [UTC ms]."""
        return max((r.utc_ms for r in self._newest.values()), default=None)

    def snapshot(self, simulated: bool, price: Mapping[str, object] | None) -> dict[str, object]:
        """Community power as the API shows it; ``shared_w`` is what stays among neighbours."""
        now_ms = self._clock.now_ms()
        powers = [
            power_of(reading)
            for reading in self._newest.values()
            if now_ms - reading.utc_ms < STALE_MS
        ]
        total = Power(
            sum(p.produced_w for p in powers),
            sum(p.consumed_w for p in powers),
            sum(p.imported_w for p in powers),
            sum(p.exported_w for p in powers),
        )
        return {
            "utc_ms": now_ms,
            "simulated": simulated,
            "homes_reporting": len(powers),
            "homes": self._homes,
            **asdict(total),
            "shared_w": min(total.imported_w, total.exported_w),
            "price": price,
        }
