"""The SunSpec driver against devices that lie, sleep, move, vanish, and two real captures."""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from sourceenergy.edge.drivers.base import DeviceSample, MeterDriver
from sourceenergy.edge.drivers.sunspec import Block, SunSpecDriver, plan
from sourceenergy.errors import InputError, MeterDataError, Unavailable

CAPTURES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "der" / "sunspec"
SUNS = [0x5375, 0x6E53]
END = [0xFFFF, 0]


def words(text: str, count: int) -> list[int]:
    data = text.encode().ljust(2 * count, b"\0")
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, 2 * count, 2)]


def acc(value: int) -> list[int]:
    return [value >> 16, value & 0xFFFF]


def common() -> list[int]:
    names = words("Maker", 16) + words("Model 5", 16) + [0] * 8 + words("1.0", 8) + words("42", 16)
    return [1, 66, *names, 1, 0x8000]


def meter(watts: int, imported: int, exported: int, scale: int = 0) -> list[int]:
    body = [0] * 105
    body[16], body[20] = watts & 0xFFFF, scale & 0xFFFF
    body[36:38], body[44:46], body[52] = acc(exported), acc(imported), scale & 0xFFFF
    return [203, 105, *body]


def inverter(watts: int, energy: int, number: int = 103) -> list[int]:
    body = [0] * 50
    body[12], body[13], body[22:24], body[24] = watts & 0xFFFF, 0, acc(energy), 0
    return [number, 50, *body]


def battery(watts: int, status: int, soc: int, soc_scale: int = 0) -> list[int]:
    body = [0] * 62
    body[9], body[14], body[45], body[54] = soc, status, watts & 0xFFFF, soc_scale & 0xFFFF
    return [802, 62, *body]


class Device:
    """A Modbus device whose registers a test may change while it runs."""

    def __init__(self, registers: list[int], base: int = 40_000, port: int = 0) -> None:
        self.registers, self.base, self.reads = registers, base, 0
        self.busy = False
        self.port = port or free_port()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[SunSpecDriver]:
        async def answer(
            _function: int,
            _start: int,
            _address: int,
            _count: int,
            current: list[int],
            _values: list[int] | list[bool] | None,
        ) -> ExcCodes | None:
            self.reads += 1
            current[: len(self.registers)] = self.registers
            return ExcCodes.DEVICE_BUSY if self.busy else None

        data = SimData(self.base, values=list(self.registers), datatype=DataType.REGISTERS)
        server = ModbusTcpServer(
            SimDevice(1, [data], action=answer), address=("127.0.0.1", self.port)
        )
        await server.serve_forever(background=True)
        driver = SunSpecDriver("127.0.0.1", self.port, timeout_s=1.0)
        try:
            yield driver
        finally:
            driver.close()
            await server.shutdown()  # type: ignore[no-untyped-call]


def free_port() -> int:
    for _ in range(50):
        port = random.randrange(20_000, 60_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


def sample_of(registers: list[int], base: int = 40_000) -> DeviceSample:
    async def scenario() -> DeviceSample:
        async with Device(registers, base).running() as driver:
            return await driver.sample()

    return asyncio.run(scenario())


# refusals


@pytest.mark.parametrize("registers", [[0] * 200, [0x5375, 0, 1, 66, *[0] * 200]])
def test_a_device_without_the_marker_is_refused(registers: list[int]) -> None:
    with pytest.raises(InputError, match="no SunSpec map") as refused:
        sample_of(registers)
    assert refused.value.rule == "sunspec.marker"
    assert "SunSpec is switched on" in refused.value.remedy


def test_a_device_without_a_known_model_is_refused() -> None:
    with pytest.raises(MeterDataError, match="no inverter, meter or battery"):
        sample_of(SUNS + common() + END)


def test_a_model_shorter_than_its_definition_is_refused() -> None:
    with pytest.raises(MeterDataError, match="shorter"):
        sample_of([*SUNS, *common(), 203, 40, *[0] * 40, *END])


def test_a_chain_without_end_is_refused() -> None:
    with pytest.raises(MeterDataError, match="does not end"):
        sample_of(SUNS + [64_000, 0] * 150)


def test_a_scale_factor_no_device_may_have_is_refused() -> None:
    with pytest.raises(MeterDataError, match="scale factor") as refused:
        sample_of(SUNS + common() + meter(1, 2, 3, scale=11) + END)
    assert refused.value.value == 11


def test_nobody_listening_is_unavailable() -> None:
    driver = SunSpecDriver("127.0.0.1", free_port(), timeout_s=0.5)
    with pytest.raises(Unavailable) as refused:
        asyncio.run(driver.sample())
    assert refused.value.rule == "sunspec.answer"
    assert "no other Modbus client" in refused.value.remedy


def test_a_frozen_peer_costs_its_timeout_and_no_more() -> None:
    async def scenario() -> float:
        gone = asyncio.Event()

        async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            gone.set()

        server = await asyncio.start_server(deaf, "127.0.0.1", 0)
        driver = SunSpecDriver("127.0.0.1", server.sockets[0].getsockname()[1], timeout_s=0.3)
        began = time.monotonic()
        with pytest.raises(Unavailable, match="does not answer"):
            await driver.sample()
        took = time.monotonic() - began
        await gone.wait()  # the driver has let go of the connection
        server.close()
        await server.wait_closed()
        return took

    assert 0.25 < asyncio.run(scenario()) < 0.8


def test_a_busy_device_is_unavailable_and_read_again_later() -> None:
    async def scenario() -> None:
        device = Device(SUNS + common() + meter(5, 6, 7) + END)
        async with device.running() as driver:
            device.busy = True
            with pytest.raises(Unavailable):
                await driver.sample()
            device.busy = False
            assert (await driver.sample()).imported_wh == 6

    asyncio.run(scenario())


# success


def test_a_home_with_everything_is_read_in_two_requests() -> None:
    async def scenario() -> None:
        chain = common() + inverter(4_000, 70_000) + meter(-1_500, 123_456, 65_536)
        device = Device(SUNS + chain + battery(2_000, 4, 55) + END)
        async with device.running() as driver:
            reader: MeterDriver = driver
            first = await reader.sample()
            assert first == DeviceSample(
                imported_wh=123_456,
                exported_wh=65_536,
                produced_wh=70_000,
                imported_w=0,
                exported_w=1_500,
                produced_w=4_000,
                battery_charge_w=2_000,  # it says it is charging, whatever its sign
                battery_discharge_w=0,
                battery_soc_permille=550,
                manufacturer="Maker",
                model="Model 5",
                serial="42",
            )
            before = device.reads
            assert await reader.sample() == first
            assert device.reads - before == 2

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("watts", "status", "charge", "discharge"),
    [
        (2_000, 3, 0, 2_000),
        (-2_000, 3, 0, 2_000),
        (2_000, 4, 2_000, 0),
        (-2_000, 4, 2_000, 0),
        (2_000, 0xFFFF, 0, 2_000),
        (-2_000, 0xFFFF, 2_000, 0),
        (-0x8000, 4, None, None),
    ],
)
def test_a_battery_says_its_direction_itself_or_by_its_sign(
    watts: int, status: int, charge: int | None, discharge: int | None
) -> None:
    sample = sample_of(SUNS + common() + battery(watts, status, 55) + END)
    assert (sample.battery_charge_w, sample.battery_discharge_w) == (charge, discharge)


@pytest.mark.parametrize(
    ("soc", "scale", "permille"), [(55, 0, 550), (5_567, -2, 557), (7, 1, 700)]
)
def test_charge_is_in_thousandths(soc: int, scale: int, permille: int) -> None:
    sample = sample_of(SUNS + common() + battery(0, 6, soc, scale) + END)
    assert sample.battery_soc_permille == permille


def test_none_is_not_zero() -> None:
    absent = sample_of(SUNS + common() + meter(-0x8000, 0xFFFFFFFF, 0) + END)
    assert (absent.imported_w, absent.exported_w, absent.imported_wh) == (None, None, None)
    assert absent.exported_wh == 0  # a new meter's counter
    assert (absent.produced_wh, absent.produced_w, absent.battery_soc_permille) == (None,) * 3
    unscaled = sample_of(SUNS + common() + meter(5, 6, 7, scale=-0x8000) + END)
    assert (unscaled.imported_w, unscaled.imported_wh) == (None, None)


def test_an_inverters_own_use_is_no_production() -> None:
    assert sample_of(SUNS + common() + inverter(-6, 1_000) + END).produced_w == 0


@pytest.mark.parametrize("base", [0, 40_000, 50_000])
def test_a_map_is_found_where_the_standard_allows(base: int) -> None:
    assert sample_of(SUNS + common() + meter(5, 6, 7) + END, base).imported_w == 5


def test_a_chain_may_end_without_an_end_model() -> None:
    assert sample_of(SUNS + common() + inverter(5, 6, 101)).produced_w == 5


def test_a_changed_scale_factor_counts_at_once() -> None:
    async def scenario() -> None:
        device = Device(SUNS + common() + meter(1_234, 98_765, 4_321) + END)
        async with device.running() as driver:
            whole = await driver.sample()
            assert (whole.imported_w, whole.imported_wh, whole.exported_wh) == (
                1_234,
                98_765,
                4_321,
            )
            device.registers = SUNS + common() + meter(12_340, 987_659, 43_219, scale=-1) + END
            assert await driver.sample() == whole  # a counter is rounded down
            device.registers = SUNS + common() + meter(-12, 987, 43, scale=2) + END
            rough = await driver.sample()
            assert (rough.exported_w, rough.imported_wh, rough.exported_wh) == (
                1_200,
                98_700,
                4_300,
            )

    asyncio.run(scenario())


def test_a_chain_that_moves_is_discovered_anew() -> None:
    async def scenario() -> None:
        spare = [64_001, 50, *[0] * 50]
        device = Device(SUNS + common() + spare + meter(5, 6, 7) + END)
        async with device.running() as driver:
            assert (await driver.sample()).produced_wh is None
            device.registers = SUNS + common() + meter(5, 6, 7) + inverter(8, 9) + END
            with pytest.raises(Unavailable, match="moved"):
                await driver.sample()
            assert (await driver.sample()).produced_wh == 9

    asyncio.run(scenario())


def test_the_driver_comes_back_when_the_device_does() -> None:
    async def scenario() -> None:
        device = Device(SUNS + common() + meter(5, 6, 7) + END)
        driver = SunSpecDriver("127.0.0.1", device.port, timeout_s=0.5)
        for _ in range(2):
            async with device.running():
                assert (await driver.sample()).imported_wh == 6
            with pytest.raises(Unavailable):
                await driver.sample()
        driver.close()

    asyncio.run(scenario())


def test_requests_are_as_few_as_modbus_allows() -> None:
    near, far = Block("inverter", 103, 50, 100), Block("meter", 203, 105, 152)
    assert plan([far, near]) == ((100, 107),)
    assert plan([near, replace(far, address=500)]) == ((100, 27), (500, 55))


# captures of a real inverter


def capture(name: str) -> list[int]:
    file = CAPTURES / name
    if not file.exists():
        pytest.skip("needs ../shared")
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line[:1] not in "#@"]
    return [int(word, 16) for line in lines for word in line.split()]


def test_a_real_inverter_by_day() -> None:
    sample = sample_of(capture("sma_sunnyboy36_20250518_day.regs"))
    assert (sample.manufacturer, sample.serial) == ("SMA", "3005067415")
    assert sample.produced_w == 3_680
    assert sample.produced_wh == 30_388_530
    assert (sample.imported_wh, sample.exported_wh, sample.imported_w) == (None, None, None)
    assert sample.battery_soc_permille is None


def test_a_real_inverter_by_night_has_no_power_but_its_energy() -> None:
    sample = sample_of(capture("sma_sunnyboy36_20250608_night.regs"))
    assert sample.produced_w is None
    assert sample.produced_wh == 0x2F11EA * 10 > 30_388_530


def test_a_device_of_the_newer_models_alone_is_refused() -> None:
    with pytest.raises(MeterDataError, match="no inverter, meter or battery"):
        sample_of(capture("dersec_emulated_1547_701-714.regs"))
