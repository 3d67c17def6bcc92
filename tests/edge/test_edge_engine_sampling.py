"""From a look at the devices to a stored, chained, signed reading, on clocks set by hand."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sourceenergy import proofs
from sourceenergy.clock import SimulatedClock
from sourceenergy.edge.drivers.base import DeviceSample
from sourceenergy.edge.engine import Engine
from sourceenergy.edge.outbox import Outbox
from sourceenergy.edge.settings import EngineConfig, load_engine_config
from sourceenergy.edge.signer import KeySigner, create_key
from sourceenergy.errors import ConfigError, MeterDataError, Unavailable
from sourceenergy.records import ClockState, Reading, ReadingFlag
from sourceenergy.sdk import NodeClient
from sourceenergy.units import Wh

NOON_MS = 1_767_225_600_000  # a whole number of hours
MINUTE = 60_000
SAMPLE = DeviceSample(
    imported_wh=1000,
    exported_wh=50,
    produced_wh=700,
    imported_w=240,
    exported_w=0,
    produced_w=None,  # asleep: no power, still a register
    battery_charge_w=0,
    battery_discharge_w=100,
    battery_soc_permille=505,
    manufacturer="Maker",
    model="Three",
    serial="1",
)
GONE = Unavailable("no answer", rule="sunspec.silent")


class HandClock:
    """Both clocks of a device, moved by hand; each look takes no time."""

    def __init__(self) -> None:
        self.utc_ms = NOON_MS
        self.monotonic = 5_000_000_000

    def now_ms(self) -> int:
        return self.utc_ms

    def real_seconds(self, span_ms: int) -> float:
        return span_ms / 1000

    def monotonic_ns(self) -> int:
        return self.monotonic

    def pass_ms(self, span_ms: int, *, step_ms: int = 0) -> None:
        """Let time pass, and set the UTC clock by ``step_ms`` besides."""
        self.utc_ms += span_ms + step_ms
        self.monotonic += span_ms * 1_000_000


class Home:
    """Devices that show what they are told to."""

    def __init__(self) -> None:
        self.shows: DeviceSample | Exception = SAMPLE
        self.closed = False

    async def sample(self) -> DeviceSample:
        if isinstance(self.shows, Exception):
            raise self.shows
        return self.shows

    def close(self) -> None:
        self.closed = True


class Bench:
    """One engine on a bench, restarted at will; its node is never reached."""

    def __init__(self, folder: Path, signer: KeySigner, **settings: object) -> None:
        self.config = EngineConfig(
            home="home-01",
            host="127.0.0.1",
            port=1,
            key=folder / "device.pem",
            data=folder,
            node_url="http://127.0.0.1:9",
            node_key=(signer.public_x, signer.public_y),
            **settings,  # type: ignore[arg-type]
        )
        self.signer = signer
        self.clock = HandClock()
        self.home = Home()
        self.start()

    def start(self) -> None:
        self.outbox = Outbox(self.config.data / "outbox.sqlite", self.signer.device)
        client = NodeClient(self.config.node_url, self.config.node_key)
        self.engine = Engine(
            self.config,
            self.home,
            self.signer,
            self.outbox,
            client,
            self.clock,
            monotonic_ns=self.clock.monotonic_ns,
        )

    def restart(self) -> None:
        asyncio.run(self.engine.aclose())
        self.start()

    def look(self, shows: DeviceSample | Exception = SAMPLE) -> Reading | None:
        self.home.shows = shows
        return asyncio.run(self.engine.sample_once())

    def reading(self, shows: DeviceSample = SAMPLE) -> Reading:
        reading = self.look(shows)
        assert reading is not None
        return reading


@pytest.fixture
def signer(tmp_path: Path) -> KeySigner:
    return create_key(tmp_path / "device.pem")


@pytest.fixture
def bench(tmp_path: Path, signer: KeySigner) -> Iterator[Bench]:
    made = Bench(tmp_path, signer, solar=True, battery=True)
    yield made
    asyncio.run(made.engine.aclose())


# --- refusals


@pytest.mark.parametrize(
    "silence",
    [
        GONE,
        MeterDataError("no meter", rule="sunspec.models"),
        TimeoutError(),
        replace(SAMPLE, imported_wh=None),
        replace(SAMPLE, exported_wh=None),
    ],
)
def test_a_silent_meter_makes_no_reading_and_is_logged_once(
    bench: Bench, caplog: pytest.LogCaptureFixture, silence: DeviceSample | Exception
) -> None:
    caplog.set_level(logging.INFO, "sourceenergy.edge")
    for _ in range(3):
        assert bench.look(silence) is None
    assert bench.outbox.tail().sequence == 0
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    bench.reading()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "Maker Three 1" in caplog.text


def test_a_device_that_never_answers_is_given_up(tmp_path: Path, signer: KeySigner) -> None:
    class Frozen(Home):
        async def sample(self) -> DeviceSample:
            await asyncio.sleep(60)
            raise AssertionError("not reached")

    bench = Bench(tmp_path, signer, device_timeout_real_s=0.01)
    bench.home = Frozen()
    bench.restart()
    assert bench.look() is None
    asyncio.run(bench.engine.aclose())


def test_polls_that_pass_by_the_ends_of_intervals_are_refused(bench: Bench) -> None:
    for poll_s in (0, 7, 1000):
        with pytest.raises(ConfigError) as refused:
            replace(bench.config, poll_s=poll_s)
        assert (refused.value.rule, refused.value.value) == ("engine.poll", poll_s)


# --- success


def test_a_reading_holds_what_the_devices_showed(bench: Bench) -> None:
    reading = bench.reading()
    assert reading == Reading(
        device=bench.signer.device,
        sequence=1,
        boot_id=reading.boot_id,
        utc_ms=NOON_MS,
        clock=ClockState.SYNCED,
        clock_uncertainty_ms=1,
        monotonic_ns=5_000_000_000,
        imported_wh=Wh(1000),
        exported_wh=Wh(50),
        produced_wh=Wh(700),
        imported_w=240,
        exported_w=0,
        produced_w=None,
        battery_charge_w=0,
        battery_discharge_w=100,
        battery_soc_permille=505,
        flags=0,
        previous=proofs.ZERO_HASH,
    )


def test_silent_inverter_and_battery_are_flagged_only_where_there_are_such(
    bench: Bench, tmp_path: Path, signer: KeySigner
) -> None:
    without = replace(SAMPLE, produced_wh=None, battery_soc_permille=None)
    reading = bench.reading(without)
    assert reading.flags == ReadingFlag.INVERTER_SILENT | ReadingFlag.BATTERY_SILENT
    assert reading.produced_wh is None  # None is not zero
    asyncio.run(bench.engine.aclose())
    tenant = Bench(tmp_path / "tenant", signer)
    assert tenant.reading(without).flags == 0
    asyncio.run(tenant.engine.aclose())


def test_registers_are_continued_over_restarts(bench: Bench) -> None:
    bench.reading()
    bench.restart()
    bench.clock.pass_ms(MINUTE)
    glitch = bench.reading(replace(SAMPLE, imported_wh=1))
    assert (glitch.imported_wh, glitch.flags) == (1000, ReadingFlag.REGISTER_GLITCH)
    bench.restart()
    bench.clock.pass_ms(MINUTE)
    back = bench.reading(replace(SAMPLE, imported_wh=1004))
    assert (back.imported_wh, back.flags) == (1004, 0)


def test_a_new_meter_makes_no_energy(bench: Bench) -> None:
    bench.reading()
    seen = []
    for imported_wh in (3, 5, 9, 12):
        bench.clock.pass_ms(MINUTE)
        reading = bench.reading(replace(SAMPLE, imported_wh=imported_wh))
        seen.append((reading.imported_wh, reading.flags))
    glitch, restarted = ReadingFlag.REGISTER_GLITCH, ReadingFlag.METER_RESTARTED
    assert seen == [(1000, glitch), (1000, glitch), (1006, restarted), (1009, 0)]


def test_segments_end_at_their_length_and_at_the_interval(
    tmp_path: Path, signer: KeySigner
) -> None:
    bench = Bench(tmp_path, signer, segment_readings=3, interval_s=300)
    for _ in range(8):  # minutes 0 to 7: the interval ends at minute 5
        bench.reading()
        bench.clock.pass_ms(MINUTE)
    segments = bench.outbox.unsent(100)
    assert [[r.sequence for r in s.readings] for s in segments] == [[1], [2, 3, 4], [5, 6]]
    key = proofs.p256_public_key(signer.public_x, signer.public_y)
    for segment in segments:
        head = bytes.fromhex(proofs.reading_hash(segment.readings[-1]))
        assert proofs.p256_verify(key, segment.signature, head)
    bench.look(GONE)  # what waits for company is sent when the meter falls silent
    assert [r.sequence for r in bench.outbox.unsent(100)[-1].readings] == [7, 8]
    asyncio.run(bench.engine.aclose())


# --- clocks


@pytest.mark.parametrize("step_ms", [-3_600_000, -2_500, 2_500, 86_400_000])
def test_a_stepped_clock_is_flagged_once_and_makes_no_energy(bench: Bench, step_ms: int) -> None:
    bench.reading()
    bench.clock.pass_ms(MINUTE, step_ms=step_ms)
    stepped = bench.reading(replace(SAMPLE, imported_wh=1004))
    assert stepped.clock is ClockState.STEPPED
    assert (stepped.flags, stepped.imported_wh) == (ReadingFlag.CLOCK_STEPPED, 1004)
    bench.clock.pass_ms(MINUTE)
    after = bench.reading(replace(SAMPLE, imported_wh=1008))
    assert (after.clock, after.flags) == (ClockState.SYNCED, 0)


def test_a_small_correction_of_the_clock_is_none(bench: Bench) -> None:
    bench.reading()
    bench.clock.pass_ms(MINUTE, step_ms=-1_500)
    assert bench.reading().flags == 0


def test_a_clock_found_behind_after_a_restart_is_flagged(bench: Bench) -> None:
    bench.reading()
    bench.restart()
    bench.clock.utc_ms -= 600_000
    reading = bench.reading(replace(SAMPLE, imported_wh=3000))
    assert reading.clock is ClockState.STEPPED
    assert reading.imported_wh == 3000  # how long it was off is unknown: taken for energy


def test_a_clock_never_set_is_told(bench: Bench) -> None:
    bench.clock.utc_ms = 946_684_800_000  # 2000-01-01
    assert bench.reading().clock is ClockState.UNSYNCED


def test_a_fast_clock_is_not_taken_for_a_stepped_one(tmp_path: Path, signer: KeySigner) -> None:
    bench = Bench(tmp_path, signer)
    real = itertools.count(1_000_000_000, 1_000_000)  # each look at it takes a millisecond

    class Fast(HandClock):
        def now_ms(self) -> int:
            return NOON_MS + next(real) // 1_000_000 * 90

        def real_seconds(self, span_ms: int) -> float:
            return span_ms / 1000 / 90

        def monotonic_ns(self) -> int:
            return next(real)

    bench.clock = Fast()
    bench.restart()
    assert [bench.reading().clock for _ in range(20)] == [ClockState.SYNCED] * 20
    asyncio.run(bench.engine.aclose())


def test_readings_fall_just_after_whole_multiples_of_the_poll(
    tmp_path: Path, signer: KeySigner
) -> None:
    async def run(bench: Bench, clock: SimulatedClock) -> None:
        stop = asyncio.Event()
        client = NodeClient(bench.config.node_url, bench.config.node_key)
        engine = Engine(bench.config, bench.home, signer, bench.outbox, client, clock)
        task = asyncio.create_task(engine.run(stop))
        while bench.outbox.tail().sequence < 5:
            await asyncio.sleep(0.02)
        stored = [r for segment in bench.outbox.unsent(100) for r in segment.readings]
        stop.set()
        await task
        assert bench.home.closed
        readings_fall_on(stored)

    def readings_fall_on(stored: Sequence[Reading]) -> None:
        for before, after in itertools.pairwise(stored):
            assert after.utc_ms // MINUTE > before.utc_ms // MINUTE
        # 100 ms of real time at this speed; the machine may be busy.
        assert min(reading.utc_ms % MINUTE for reading in stored) < 20_000

    bench = Bench(tmp_path, signer, segment_readings=1)
    anchor_ms = time.time_ns() // 1_000_000
    asyncio.run(run(bench, SimulatedClock(anchor_ms, NOON_MS + 30_000, 600)))


# --- settings

TOML = """
home = "home-01"
key = "keys/home-01.pem"
data = "home-01"
clock = "../clock.json"
poll_s = 180
[device]
host = "127.0.0.1"
port = 5021
solar = true
[node]
url = "http://127.0.0.1:8000"
public_x = "0x0a"
public_y = "0xff"
"""


def test_settings_are_read_with_files_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "engine.toml"
    path.write_text(TOML)
    config = load_engine_config(path)
    assert config == EngineConfig(
        home="home-01",
        host="127.0.0.1",
        port=5021,
        solar=True,
        key=tmp_path / "keys/home-01.pem",
        data=tmp_path / "home-01",
        clock=tmp_path / "../clock.json",
        poll_s=180,
        node_url="http://127.0.0.1:8000",
        node_key=(10, 255),
    )


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("port = 5021", "port = 70000", "device.port"),
        ("port = 5021", "prot = 5021", "device.prot"),
        ('host = "127.0.0.1"', "", "device.host"),
        ('public_x = "0x0a"', 'public_x = "10"', "node.public_x"),
        ("poll_s = 180", "poll_s = 181", "poll_s"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, old: str, new: str, field: str) -> None:
    path = tmp_path / "engine.toml"
    path.write_text(TOML.replace(old, new))
    with pytest.raises(ConfigError) as refused:
        load_engine_config(path)
    assert refused.value.field == field


def test_missing_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        load_engine_config(tmp_path / "none.toml")
    assert refused.value.rule == "engine.settings"
