"""What every driver gives the engine: one look at a home's devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DeviceSample:
    """One look at a home's devices; None where there is no such device or it did not say.

    Registers are cumulative [Wh], powers unsigned [W], the battery's charge is in thousandths.
    None is not zero: an inverter asleep has no power to report and still has its energy register.
    """

    imported_wh: int | None
    exported_wh: int | None
    produced_wh: int | None
    imported_w: int | None
    exported_w: int | None
    produced_w: int | None
    battery_charge_w: int | None
    battery_discharge_w: int | None
    battery_soc_permille: int | None
    manufacturer: str
    model: str
    serial: str


class MeterDriver(Protocol):
    """Reads one home's devices."""

    async def sample(self) -> DeviceSample:
        """Read now. ``Unavailable``: no answer, retry; ``MeterDataError``: not usable."""
        ...

    def close(self) -> None:
        """Let go of the connection; a later ``sample`` opens it again."""
        ...
