"""From the outbox to the node's receipt: in order, once, however often either side is away."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sourceenergy import proofs, sdk
from sourceenergy.clock import SimulatedClock
from sourceenergy.edge.drivers.base import DeviceSample
from sourceenergy.edge.engine import Engine, open_engine, run_engines
from sourceenergy.edge.settings import EngineConfig
from sourceenergy.edge.signer import KeySigner, create_key, load_or_create_key
from sourceenergy.errors import (
    ConfigError,
    ReadingRefused,
    SourceEnergyError,
    Unavailable,
    VerificationFailed,
)
from sourceenergy.records import Reading, Receipt, Segment

Serve = Callable[..., AbstractContextManager[str]]
NOON_MS = 1_767_225_600_000


class WireNode:
    """A small node on the real wire: checks keys, signatures and chains, keeps what it takes.

    ``refuse`` names sequences that break a rule here, and how often; with ``forgiving`` the chain
    may go on without them.
    """

    def __init__(self, folder: Path) -> None:
        self.signer = create_key(folder / "node.pem")
        self.receipt_signer: KeySigner = self.signer
        self.devices: dict[str, KeySigner] = {}
        self.taken: dict[str, list[Reading]] = {}
        self.refuse: dict[int, int] = {}
        self.forgiving = False
        self.posts = 0
        self.app = Starlette(routes=[Route("/api/v1/readings", self.readings, methods=["POST"])])

    async def readings(self, request: Request) -> JSONResponse:
        self.posts += 1
        body = await request.json()
        receipts: dict[str, Receipt] = {}
        refused = []
        for item in body["segments"]:
            segment = sdk.segment_from_json(item)
            try:
                receipts[segment.device] = self.take(segment)
            except SourceEnergyError as error:
                sequence = segment.readings[0].sequence
                refused.append(sdk.refusal_of(segment.device, sequence, error))
        return JSONResponse(
            {
                "receipts": [sdk.receipt_to_json(receipt) for receipt in receipts.values()],
                "refused": [sdk.refusal_to_json(refusal) for refusal in refused],
            }
        )

    def take(self, segment: Segment) -> Receipt:
        device = self.devices[segment.device]
        head = proofs.reading_hash(segment.readings[-1])
        key = proofs.p256_public_key(device.public_x, device.public_y)
        assert proofs.p256_verify(key, segment.signature, bytes.fromhex(head))
        taken = self.taken.setdefault(segment.device, [])
        for reading in segment.readings:
            if self.refuse.get(reading.sequence, 0) > 0:
                self.refuse[reading.sequence] -= 1
                raise ReadingRefused(
                    "more than the home can use", rule="reading.jump", field="imported_wh", value=9
                )
        for reading in segment.readings:
            last = taken[-1].sequence if taken else 0
            if reading.sequence <= last:
                assert reading in taken, "the same sequence with other content"
                continue
            if reading.sequence != last + 1 and not self.forgiving:
                raise ReadingRefused(
                    "earlier readings first",
                    rule="reading.sequence.gap",
                    field="sequence",
                    value=last + 1,
                )
            if not self.forgiving:
                previous = proofs.reading_hash(taken[-1]) if taken else proofs.ZERO_HASH
                assert reading.previous == previous
            taken.append(reading)
        unsigned = Receipt(segment.device, segment.readings[-1].sequence, head, "")
        signature = self.receipt_signer.sign(proofs.receipt_digest(unsigned))
        return Receipt(unsigned.device, unsigned.sequence, unsigned.head, signature)

    def sequences(self, device: str) -> list[int]:
        return [reading.sequence for reading in self.taken.get(device, [])]


class Home:
    """A meter that counts one watt-hour a look."""

    def __init__(self, _: object = None) -> None:
        self.imported_wh = 1000

    async def sample(self) -> DeviceSample:
        self.imported_wh += 1
        return DeviceSample(
            imported_wh=self.imported_wh,
            exported_wh=0,
            produced_wh=None,
            imported_w=60,
            exported_w=0,
            produced_w=None,
            battery_charge_w=None,
            battery_discharge_w=None,
            battery_soc_permille=None,
            manufacturer="Maker",
            model="Three",
            serial="1",
        )

    def close(self) -> None:
        """Nothing to let go of."""


@pytest.fixture
def node(tmp_path: Path) -> WireNode:
    return WireNode(tmp_path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def settings(folder: Path, node: WireNode, port: int, name: str = "home-01") -> EngineConfig:
    """An engine of a home that polls every 50 ms, known to the node."""
    clock = folder / "clock.json"
    if not clock.exists():
        SimulatedClock(time.time_ns() // 1_000_000, NOON_MS, 1200).save(clock)
    config = EngineConfig(
        home=name,
        host="127.0.0.1",
        port=1,
        key=folder / f"{name}.pem",
        data=folder / name,
        node_url=f"http://127.0.0.1:{port}",
        node_key=(node.signer.public_x, node.signer.public_y),
        clock=clock,
        segment_readings=2,
        retry_first_real_s=0.02,
        retry_most_real_s=0.1,
    )
    signer = load_or_create_key(config.key)
    node.devices[signer.device] = signer
    return config


class Filled:
    """An engine with ``count`` readings in its outbox, driven one step at a time."""

    def __init__(self, config: EngineConfig, count: int) -> None:
        self.engine: Engine = open_engine(config, Home)
        self.outbox = self.engine._outbox
        self.device = self.engine._signer.device
        self.more(count)

    def more(self, count: int) -> None:
        async def fill() -> None:
            for _ in range(count):
                await self.engine.sample_once()
            self.engine.seal()

        asyncio.run(fill())

    def forward(self) -> bool | None:
        """One try, on a connection of its own as each has a loop of its own."""

        async def once() -> bool | None:
            config = self.engine.config
            async with sdk.NodeClient(config.node_url, config.node_key) as client:
                self.engine._client = client
                return await self.engine.forward_once()

        return asyncio.run(once())

    def close(self) -> None:
        asyncio.run(self.engine.aclose())


async def until(done: Callable[[], bool], within_s: float = 8.0) -> None:
    async with asyncio.timeout(within_s):
        while not done():
            await asyncio.sleep(0.01)


# --- refusals


def test_a_receipt_that_the_node_did_not_sign_lets_nothing_go(
    serve: Serve, node: WireNode, tmp_path: Path
) -> None:
    node.receipt_signer = create_key(tmp_path / "other.pem")
    port = free_port()
    home = Filled(settings(tmp_path, node, port), 5)
    with serve(node.app, port):
        with pytest.raises(VerificationFailed) as refused:
            home.forward()
        assert refused.value.rule == "receipt.signature"
        assert home.outbox.acknowledged() == 0
        node.receipt_signer = node.signer
        assert home.forward() is True
    assert home.outbox.acknowledged() == 5
    assert node.sequences(home.device) == [1, 2, 3, 4, 5]
    home.close()


def test_a_node_that_is_away_costs_nothing(node: WireNode, tmp_path: Path) -> None:
    home = Filled(settings(tmp_path, node, free_port()), 3)
    with pytest.raises(Unavailable) as refused:
        home.forward()
    assert refused.value.rule == "node.reachable"
    assert [r.sequence for s in home.outbox.unsent(9) for r in s.readings] == [1, 2, 3]
    home.close()


def test_a_refused_segment_does_not_block_the_others(
    serve: Serve, node: WireNode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    node.forgiving = True
    node.refuse = {3: 99}
    port = free_port()
    home = Filled(settings(tmp_path, node, port), 6)
    with serve(node.app, port):
        for _ in range(3):
            home.forward()
            home.more(2)
        home.forward()
    assert home.outbox.unsent(99) == []
    assert 3 not in node.sequences(home.device)
    assert node.sequences(home.device)[-1] == 12
    [(first, last, reason)] = home.outbox.refusals()
    assert first <= 3 <= last
    assert reason["rule"] == "reading.jump"
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "more than the home can use" in errors[0].message
    home.close()


def test_a_refused_segment_that_the_chain_needs_is_sent_until_it_is_taken(
    serve: Serve, node: WireNode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    node.refuse = {3: 4}  # mended after four tries
    port = free_port()
    home = Filled(settings(tmp_path, node, port), 8)
    progress = []
    with serve(node.app, port):
        for _ in range(12):
            progress.append(home.forward())
    assert node.sequences(home.device) == list(range(1, 9))
    assert home.outbox.refusals() == []
    assert False in progress, "without progress the engine must wait before it tries again"
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    home.close()


def test_a_node_that_lost_what_it_gave_receipts_for_is_named(
    serve: Serve, node: WireNode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    home = Filled(settings(tmp_path, node, port), 4)
    with serve(node.app, port):
        assert home.forward() is True
        node.taken.clear()
        home.more(2)
        assert home.forward() is False
        assert home.forward() is False
    told = [
        record.message for record in caplog.records if "restore the node's store" in record.message
    ]
    assert len(told) == 1
    assert [r.sequence for s in home.outbox.unsent(9) for r in s.readings] == [5, 6]
    home.close()


# --- success


def test_all_is_delivered_in_order_once_when_the_node_goes_and_comes(
    serve: Serve, node: WireNode, tmp_path: Path
) -> None:
    port = free_port()
    config = settings(tmp_path, node, port)
    device = load_or_create_key(config.key).device

    async def live() -> None:
        stop = asyncio.Event()
        engine = open_engine(config, Home)
        outbox = engine._outbox
        task = asyncio.create_task(engine.run(stop))
        await until(lambda: outbox.tail().sequence >= 5)
        assert node.posts == 0
        for _ in range(2):  # the node is away, comes back, goes again
            due = outbox.tail().sequence
            with serve(node.app, port):
                await until(lambda due=due: outbox.acknowledged() >= due + 3)  # type: ignore[misc]
            held = outbox.acknowledged()
            await until(lambda held=held: outbox.tail().sequence >= held + 4)  # type: ignore[misc]
        stop.set()
        await task

    asyncio.run(live())
    sequences = node.sequences(device)
    assert sequences == list(range(1, len(sequences) + 1))
    assert len(sequences) >= 10


def test_what_a_killed_engine_stored_but_did_not_sign_is_signed_at_the_next_start(
    serve: Serve, node: WireNode, tmp_path: Path
) -> None:
    port = free_port()
    config = settings(tmp_path, node, port)

    async def sample(count: int) -> None:
        engine = open_engine(config, Home)
        for _ in range(count):
            await engine.sample_once()
        await engine.aclose()

    class Frozen(Home):
        async def sample(self) -> DeviceSample:
            await asyncio.Event().wait()
            raise AssertionError("not reached")

    async def live() -> None:
        engine = open_engine(config, Frozen)
        outbox = engine._outbox
        with serve(node.app, port):
            stop = asyncio.Event()
            task = asyncio.create_task(engine.run(stop))
            await until(lambda: outbox.acknowledged() == 2)
            stop.set()
            await task

    asyncio.run(sample(2))  # the first seals itself, the second waits for company
    asyncio.run(live())
    device = load_or_create_key(config.key).device
    assert node.sequences(device) == [1, 2]


def test_pauses_double_up_to_the_most_and_differ_by_chance(node: WireNode, tmp_path: Path) -> None:
    config = settings(tmp_path, node, 9)
    home = Filled(config, 0)
    home.engine._random = Random(5)
    pauses = [home.engine._pause_s(failures) for failures in range(40)]
    wholes = [min(0.02 * 2**failures, 0.1) for failures in range(40)]
    assert all(whole / 2 <= pause <= whole for pause, whole in zip(pauses, wholes, strict=True))
    assert len(set(pauses[5:])) > 30
    home.close()


# --- many engines


def test_engines_of_many_homes_run_in_one_process_until_sigterm(
    serve: Serve, node: WireNode, tmp_path: Path
) -> None:
    port = free_port()
    configs = [settings(tmp_path, node, port, f"home-{number:02}") for number in range(1, 5)]

    async def live() -> None:
        running = asyncio.create_task(run_engines(configs, Home))
        await until(lambda: all(len(node.sequences(device)) >= 4 for device in node.devices))
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(running, 2)

    with serve(node.app, port):
        asyncio.run(live())
    for device in node.devices:
        sequences = node.sequences(device)
        assert sequences == list(range(1, len(sequences) + 1))


def test_one_wrong_setting_stops_all_engines_before_any_starts(
    node: WireNode, tmp_path: Path
) -> None:
    configs = [settings(tmp_path, node, 9, name) for name in ("home-01", "home-02")]
    configs[1].key.chmod(0o644)
    with pytest.raises(ConfigError) as refused:
        asyncio.run(run_engines(configs, Home))
    assert refused.value.rule == "key.permissions"
    open_again = Filled(configs[0], 1)  # its outbox was let go
    assert open_again.outbox.tail().sequence == 1
    open_again.close()


def test_an_engine_that_fails_for_good_leaves_the_others_running(
    serve: Serve, node: WireNode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Home):
        async def sample(self) -> DeviceSample:
            raise ConfigError("the driver's settings are wrong", rule="driver.settings")

    port = free_port()
    configs = [settings(tmp_path, node, port, name) for name in ("home-01", "home-02")]
    good = load_or_create_key(configs[1].key).device

    async def live() -> None:
        stop = asyncio.Event()
        driver = {"home-01": Broken, "home-02": Home}
        running = asyncio.create_task(
            run_engines(configs, lambda config: driver[config.home](), stop=stop)
        )
        await until(lambda: len(node.sequences(good)) >= 4)
        stop.set()
        await running

    with serve(node.app, port), pytest.raises(ConfigError):
        asyncio.run(live())
    [record] = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert "home-01: stopped for good" in record.message


def test_a_segment_travels_with_numbers_for_enums_and_null_for_what_is_absent(
    node: WireNode, tmp_path: Path
) -> None:
    home = Filled(settings(tmp_path, node, 9), 1)
    [segment] = home.outbox.unsent(1)
    told = json.loads(json.dumps(sdk.segment_to_json(segment)))
    assert set(told) == {"device", "signature", "readings"}
    assert told["readings"][0]["clock"] == 0
    assert told["readings"][0]["produced_wh"] is None
    home.close()
