"""Simulated devices: what an independent SunSpec reader finds on the wire."""

import asyncio
import json
import random
import socket
from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from sourceenergy.edge.drivers.base import DeviceSample
from sourceenergy.edge.drivers.sunspec import SunSpecDriver
from sourceenergy.errors import Unavailable
from sourceenergy.sim.devices import MODELS, TYPES, registers, serve_homes
from sourceenergy.sim.homes import community
from sourceenergy.sim.model import HomeModel
from sourceenergy.sim.weather import Weather

SEED = 7
START_S = 1_783_468_800  # 2026-07-08T00:00Z
NOON_MS = (START_S + 17 * 3600) * 1000
NIGHT_MS = (START_S + 30 * 3600) * 1000
SPECS = community(SEED)
BATTERY = next(home for home in SPECS if home.battery_wh)
TENANT = next(home for home in SPECS if not home.solar_w)


class HandClock:
    """A clock that stands where it is put."""

    def __init__(self, utc_ms: int) -> None:
        self.utc_ms = utc_ms

    def now_ms(self) -> int:
        return self.utc_ms

    def real_seconds(self, span_ms: int) -> float:
        return span_ms / 1000


def free_ports(count: int) -> int:
    """First of ``count`` ports in a row that nobody listens on."""
    for _ in range(50):
        base = random.randrange(20_000, 60_000)
        try:
            for port in range(base, base + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")


def oracle(port: int) -> dict[int, dict[str, Any]]:
    """Every model at a port as pysunspec2 decodes it."""
    device = SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=port, timeout=5)
    try:
        device.scan()
        return {
            number: {name: point.cvalue for name, point in models[0].points.items()}
            for number, models in device.models.items()
            if isinstance(number, int)
        }
    finally:
        device.close()


@pytest.mark.parametrize("number", sorted(MODELS))
def test_layouts_are_those_of_the_official_definitions(number: int) -> None:
    official = resources.files("sunspec2") / "models" / "json" / f"model_{number}.json"
    names = {"u16": "uint16", "i16": "int16", "e16": "enum16", "sf": "sunssf", "acc": "acc32"}
    names |= {"u32": "uint32", "b32": "bitfield32", "pad": "pad"}
    points = json.loads(official.read_text(encoding="utf-8"))["group"]["points"][2:]
    ours = [
        (name, names.get(kind, "string"), int(kind[1:]) if kind not in TYPES else None)
        for name, kind in MODELS[number].points
    ]
    assert ours == [
        (point["name"], point["type"], point["size"] if point["type"] == "string" else None)
        for point in points
    ]


def test_a_taken_port_is_refused_by_name() -> None:
    async def scenario() -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with pytest.raises(Unavailable, match="cannot listen") as refused:
                async with serve_homes(
                    [TENANT], HandClock(NOON_MS), port, seed=SEED, start_s=START_S
                ):
                    pass
            assert refused.value.value == port

    asyncio.run(scenario())


def test_an_independent_reader_sees_the_model_by_day_and_by_night() -> None:
    sky = Weather(SEED)
    truth: Callable[[int], Any] = HomeModel(BATTERY, sky, START_S).state

    async def scenario() -> None:
        clock = HandClock(NOON_MS)
        base = free_ports(2)
        async with serve_homes([BATTERY, TENANT], clock, base, seed=SEED, start_s=START_S) as ports:
            assert ports == {BATTERY.id: base, TENANT.id: base + 1}
            day = await asyncio.to_thread(oracle, base)
            tenant = await asyncio.to_thread(oracle, base + 1)
            clock.utc_ms = NIGHT_MS
            night = await asyncio.to_thread(oracle, base)

        now = truth(NOON_MS)
        assert sorted(day) == [1, 103, 203, 802]
        assert day[1]["Mn"] == "SourceEnergy (simulated)"
        assert day[1]["SN"] == f"SIM-{BATTERY.id}"
        assert day[103]["W"] == now.produced_w > 0
        assert day[103]["WH"] == now.produced_wh > 0
        assert day[103]["Hz"] == 60
        assert day[103]["PhVphA"] == 120
        assert day[103]["St"] == 4
        assert day[103]["DCW"] > now.produced_w
        assert day[203]["W"] == now.imported_w - now.exported_w
        assert day[203]["TotWhImp"] == now.imported_wh
        assert day[203]["TotWhExp"] == now.exported_wh
        assert day[802]["SoC"] == pytest.approx((now.soc_permille or 0) / 10)
        assert day[802]["W"] == now.discharge_w - now.charge_w
        assert day[802]["WHRtg"] == 13_500

        later = truth(NIGHT_MS)
        assert [night[103][name] for name in ("W", "Hz", "St", "DCW")] == [None] * 4
        assert night[103]["WH"] == later.produced_wh > now.produced_wh
        assert night[203]["TotWhImp"] == later.imported_wh

        assert sorted(tenant) == [1, 203]
        assert tenant[203]["W"] > 0

    asyncio.run(scenario())


def test_our_own_driver_reads_the_model_back() -> None:
    truth = HomeModel(BATTERY, Weather(SEED), START_S).state

    async def scenario() -> None:
        clock = HandClock(NOON_MS)
        port = free_ports(1)
        async with serve_homes([BATTERY], clock, port, seed=SEED, start_s=START_S):
            driver = SunSpecDriver("127.0.0.1", port)
            for utc_ms in (NOON_MS, NIGHT_MS):
                clock.utc_ms = utc_ms
                now = truth(utc_ms)
                assert await driver.sample() == DeviceSample(
                    imported_wh=now.imported_wh,
                    exported_wh=now.exported_wh,
                    produced_wh=now.produced_wh,
                    imported_w=now.imported_w,
                    exported_w=now.exported_w,
                    produced_w=now.produced_w or None,
                    battery_charge_w=now.charge_w,
                    battery_discharge_w=now.discharge_w,
                    battery_soc_permille=now.soc_permille,
                    manufacturer="SourceEnergy (simulated)",
                    model="Simulated home",
                    serial=f"SIM-{BATTERY.id}",
                )
            driver.close()

    asyncio.run(scenario())


def test_a_map_is_the_same_bytes_for_the_same_instant() -> None:
    maps = [
        registers(BATTERY, HomeModel(BATTERY, Weather(SEED), START_S).state(NOON_MS))
        for _ in range(2)
    ]
    assert maps[0] == maps[1]
    assert maps[0][:3] == [0x5375, 0x6E53, 1]
    assert maps[0][-2:] == [0xFFFF, 0]
    assert all(0 <= word <= 0xFFFF for word in maps[0])
