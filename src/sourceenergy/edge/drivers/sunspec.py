"""SunSpec over Modbus TCP: inverters (101 to 103), meters (201 to 204) and a battery (802).

The chain of models is discovered once a connection; each poll then reads headers, values and
scale factors of the models it knows in as few requests as Modbus allows (usually one or two), so
that a moved model is noticed and a scale factor changed by firmware is used at once. The first
model of each kind counts.

Layouts are facts of the SunSpec Alliance's model definitions (``json/model_*.json``, Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ModbusException

from sourceenergy.edge.drivers.base import DeviceSample
from sourceenergy.errors import MeterDataError, Unavailable

MARKER = (0x5375, 0x6E53)  # "SunS"
BASES = (40000, 0, 50000)  # where a map may begin, in the order the standard prefers
READ_MAX = 125  # registers a Modbus request may ask for
MODELS_MAX = 100  # a longer chain is a loop
COMMON = 1
END = 0xFFFF


class Point(NamedTuple):
    """Where a value lies in its model: offset after ID and L, type, offset of its scale factor."""

    offset: int
    kind: Literal["int16", "uint16", "acc32"]
    scale: int | None


INVERTER = {"W": Point(12, "int16", 13), "WH": Point(22, "acc32", 24)}
METER = {
    "W": Point(16, "int16", 20),
    "TotWhExp": Point(36, "acc32", 52),
    "TotWhImp": Point(44, "acc32", 52),
}
BATTERY = {
    "SoC": Point(9, "uint16", 54),
    "ChaSt": Point(14, "uint16", None),
    "W": Point(45, "int16", 61),
}
LAYOUTS: dict[int, tuple[str, dict[str, Point]]] = {
    **dict.fromkeys((101, 102, 103), ("inverter", INVERTER)),
    **dict.fromkeys((201, 202, 203, 204), ("meter", METER)),
    802: ("battery", BATTERY),
}
ABSENT = {"int16": 0x8000, "uint16": 0xFFFF, "acc32": 0xFFFFFFFF}
DISCHARGING, CHARGING = 3, 4  # model 802 ChaSt


@dataclass(frozen=True, slots=True)
class Block:
    """A known model on a device: its kind, number, length and the address of its ID register."""

    kind: str
    number: int
    length: int
    address: int

    @property
    def layout(self) -> dict[str, Point]:
        """Where its values lie."""
        return LAYOUTS[self.number][1]

    @property
    def end(self) -> int:
        """First address after the last register this driver needs."""
        last = (max(p.offset + (p.kind == "acc32"), p.scale or 0) for p in self.layout.values())
        return self.address + 2 + max(last) + 1


@dataclass(frozen=True, slots=True)
class Chain:
    """What discovery found: who the device is, its known models and how to read them."""

    manufacturer: str
    model: str
    serial: str
    blocks: tuple[Block, ...]
    reads: tuple[tuple[int, int], ...]  # address, count


class SunSpecDriver:
    """Reads one device at ``host:port``; most inverters allow one client only, so keep one driver.

    A silent device costs ``timeout_s`` and raises ``Unavailable``; the next ``sample`` connects
    and discovers anew.
    """

    def __init__(
        self, host: str, port: int = 502, *, unit: int = 1, timeout_s: float = 3.0
    ) -> None:
        self._host, self._port, self._unit, self._timeout_s = host, port, unit, timeout_s
        self._client: AsyncModbusTcpClient | None = None
        self._chain: Chain | None = None

    async def sample(self) -> DeviceSample:
        """Read now. Errors: ``Unavailable`` (retry is safe), ``MeterDataError`` (wrong device)."""
        try:
            return await self._sample()
        except BaseException as error:
            # After a fault or a cancelled request, bytes may still be under way: start afresh.
            self.close()
            if isinstance(error, (ModbusException, OSError)):
                raise self._silent(error) from error
            raise

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            self._client.close()
        self._client = self._chain = None

    async def _sample(self) -> DeviceSample:
        if self._client is None or not self._client.connected:
            self.close()
            # One try only: the engine decides when to come back, and a frozen peer must cost
            # its timeout once.
            self._client = AsyncModbusTcpClient(
                self._host, port=self._port, timeout=self._timeout_s, retries=0, reconnect_delay=0
            )
            if not await self._client.connect():
                raise self._silent("no connection")
        if self._chain is None:
            self._chain = await self._discover()
        registers: dict[int, int] = {}
        for address, count in self._chain.reads:
            values = await self._read(address, count)
            if values is None:
                raise self._moved(address)
            registers.update(enumerate(values, address))
        for block in self._chain.blocks:
            if (registers[block.address], registers[block.address + 1]) != (
                block.number,
                block.length,
            ):
                raise self._moved(block.address)
        return decode(self._chain, registers)

    async def _discover(self) -> Chain:
        """Walk the chain of models once."""
        for base in BASES:
            if await self._read(base, 2) == list(MARKER):
                break
        else:
            raise MeterDataError(
                "no SunSpec map found",
                rule="sunspec.marker",
                field="device",
                value=f"{self._host}:{self._port} unit {self._unit}",
                remedy="check the unit number and that SunSpec is switched on in the device",
            )
        identity = ("", "", "")
        blocks: dict[str, Block] = {}
        address = base + 2
        for _ in range(MODELS_MAX):
            # Some devices end their chain with an illegal address instead of an end model.
            header = await self._read(address, 2)
            if header is None or header[0] == END:
                break
            number, length = header
            if number == COMMON:
                words = await self._read(address + 2, 64)
                if words is not None:
                    identity = (_text(words[0:16]), _text(words[16:32]), _text(words[48:64]))
            elif number in LAYOUTS:
                block = Block(LAYOUTS[number][0], number, length, address)
                if block.end > address + 2 + length:
                    raise MeterDataError(
                        "a SunSpec model is shorter than its definition",
                        rule="sunspec.length",
                        field=f"model {number}",
                        value=length,
                        remedy="update the device's firmware or leave the device out",
                    )
                blocks.setdefault(block.kind, block)
            address += 2 + length
        else:
            raise MeterDataError(
                "the chain of SunSpec models does not end",
                rule="sunspec.chain",
                field="models",
                value=MODELS_MAX,
                remedy="update the device's firmware or leave the device out",
            )
        if not blocks:
            raise MeterDataError(
                "the device has no inverter, meter or battery model that this driver reads",
                rule="sunspec.models",
                field="device",
                value=f"{self._host}:{self._port}",
                remedy=f"use a device with one of the models {sorted(LAYOUTS)}",
            )
        known = tuple(blocks.values())
        return Chain(*identity, known, plan(known))

    async def _read(self, address: int, count: int) -> list[int] | None:
        """Holding registers, or None where the device says that there are none."""
        if self._client is None:
            raise self._silent("closed")
        answer = await self._client.read_holding_registers(
            address, count=count, device_id=self._unit
        )
        if answer.isError():
            code = getattr(answer, "exception_code", None)
            if code in (ExcCodes.ILLEGAL_ADDRESS, ExcCodes.ILLEGAL_VALUE):
                return None
            raise self._silent(answer)
        if len(answer.registers) != count:
            raise self._silent(f"{len(answer.registers)} of {count} registers")
        return list(answer.registers)

    def _silent(self, cause: object) -> Unavailable:
        return Unavailable(
            f"the device at {self._host}:{self._port} does not answer",
            rule="sunspec.answer",
            field="device",
            value=cause,
            remedy="check power, network and that no other Modbus client holds the device",
        )

    def _moved(self, address: int) -> Unavailable:
        return Unavailable(
            "the device's models have moved since they were discovered",
            rule="sunspec.chain",
            field="address",
            value=address,
            remedy="read again: the models are discovered anew",
        )


def plan(blocks: Sequence[Block]) -> tuple[tuple[int, int], ...]:
    """The fewest requests (address, count) that cover what is needed of ``blocks``."""
    reads: list[tuple[int, int]] = []
    for block in sorted(blocks, key=lambda b: b.address):
        if reads and block.end - reads[-1][0] <= READ_MAX:
            reads[-1] = (reads[-1][0], block.end - reads[-1][0])
        else:
            reads.append((block.address, block.end - block.address))
    return tuple(reads)


def decode(chain: Chain, registers: Mapping[int, int]) -> DeviceSample:
    """A sample from the registers of one poll, by address.

    Signs follow SunSpec: a meter's power is positive while importing. A battery's direction is
    its charge status where given, for the sign of its power differs between makes; else a
    positive power discharges. An inverter's own use at night (a few watts below zero) is no
    production.
    """
    values = {
        f"{block.kind}.{name}": _value(block, point, registers)
        for block in chain.blocks
        for name, point in block.layout.items()
    }
    grid_w = values.get("meter.W")
    produced_w = values.get("inverter.W")
    battery_w = values.get("battery.W")
    status = values.get("battery.ChaSt")
    if battery_w is not None and status in (CHARGING, DISCHARGING):
        battery_w = abs(battery_w) if status == DISCHARGING else -abs(battery_w)
    soc = next((block for block in chain.blocks if block.kind == "battery"), None)
    return DeviceSample(
        imported_wh=values.get("meter.TotWhImp"),
        exported_wh=values.get("meter.TotWhExp"),
        produced_wh=values.get("inverter.WH"),
        imported_w=None if grid_w is None else max(grid_w, 0),
        exported_w=None if grid_w is None else max(-grid_w, 0),
        produced_w=None if produced_w is None else max(produced_w, 0),
        battery_charge_w=None if battery_w is None else max(-battery_w, 0),
        battery_discharge_w=None if battery_w is None else max(battery_w, 0),
        # Percent times ten: one digit more than the unit, so one power of ten more.
        battery_soc_permille=None if soc is None else _value(soc, BATTERY["SoC"], registers, 1),
        manufacturer=chain.manufacturer,
        model=chain.model,
        serial=chain.serial,
    )


def _value(block: Block, point: Point, registers: Mapping[int, int], shift: int = 0) -> int | None:
    """One value scaled to whole units times 10**shift; None where it is not implemented.

    An accumulator is rounded down, as a counter shows what has passed; a power to the nearest
    watt. An accumulator of 0 is a count of zero: every new meter starts there.
    """
    at = block.address + 2 + point.offset
    raw = registers[at]
    if point.kind == "acc32":
        raw = raw << 16 | registers[at + 1]
    if raw == ABSENT[point.kind]:
        return None
    if point.kind == "int16" and raw > 0x7FFF:
        raw -= 0x10000
    if point.scale is None:
        return raw
    exponent = registers[block.address + 2 + point.scale]
    if exponent == ABSENT["int16"]:
        return None  # a number without its scale says nothing
    exponent -= 0x10000 if exponent > 0x7FFF else 0
    if not -10 <= exponent <= 10:
        raise MeterDataError(
            "a scale factor is outside what SunSpec allows",
            rule="sunspec.scale",
            field=f"model {block.number} offset {point.scale}",
            value=exponent,
            remedy="update the device's firmware or leave the device out",
        )
    exponent += shift
    if exponent >= 0:
        return raw * int(10**exponent)
    divisor = int(10**-exponent)
    return raw // divisor if point.kind == "acc32" else round(raw / divisor)


def _text(words: Sequence[int]) -> str:
    """A SunSpec string: bytes up to the first zero."""
    data = b"".join(word.to_bytes(2, "big") for word in words)
    return data.split(b"\0")[0].decode("utf-8", "replace").strip()
