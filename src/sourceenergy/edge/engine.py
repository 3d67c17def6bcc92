"""The DER Engine of one home: looks at the devices, signs what it saw, hands it to the node.

Two tasks that share only the outbox: *sampling* turns a look at the devices into a stored, chained
and signed reading at every multiple of the poll period; *forwarding* sends sealed segments until
the node's signed receipt is there. Either goes on while the other waits, for as long as it takes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import signal
import time
from collections.abc import Callable, Sequence
from random import Random

from sourceenergy.clock import Clock, load_clock
from sourceenergy.edge.drivers.base import DeviceSample, MeterDriver
from sourceenergy.edge.outbox import Outbox
from sourceenergy.edge.registers import Limits, advance_site
from sourceenergy.edge.settings import EngineConfig
from sourceenergy.edge.signer import Signer, load_or_create_key
from sourceenergy.edge.watch import Moment, Watch
from sourceenergy.errors import MeterDataError, SourceEnergyError, Unavailable
from sourceenergy.records import ClockState, Reading, ReadingFlag, Segment
from sourceenergy.sdk import NodeClient, Refusal
from sourceenergy.units import Wh

log = logging.getLogger("sourceenergy.edge")

SANE_UTC_MS = 1_577_836_800_000
"""2020-01-01: a clock before it was never set (a Pi has no clock battery)."""
UNKNOWN_SPAN_MS = 86_400_000
"""Time assumed since the last reading when a restart finds the clock behind it: a day."""
GAP_RULE = "reading.sequence.gap"


class Engine:
    """One home's engine. It owns what it is given and closes it when ``run`` ends."""

    def __init__(
        self,
        config: EngineConfig,
        driver: MeterDriver,
        signer: Signer,
        outbox: Outbox,
        client: NodeClient,
        clock: Clock,
        *,
        random: Random | None = None,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        boot_id: str | None = None,
    ) -> None:
        self.config = config
        self._driver = driver
        self._signer = signer
        self._outbox = outbox
        self._client = client
        self._clock = clock
        self._random = random or Random()  # noqa: S311 (spreads retries, guards nothing)
        self._watch = Watch(clock, monotonic_ns)
        self._boot_id = boot_id or secrets.token_hex(16)
        self._limits = Limits(config.max_w, config.register_end_wh)
        self._last: Moment | None = None
        self._sealed = asyncio.Event()
        self._said: dict[str, str] = {}

    async def run(self, stop: asyncio.Event | None = None) -> None:
        """Sample and forward until ``stop`` is set or the task is cancelled, then close all.

        Every failure that waiting can cure is waited for; anything else ends the run.
        """
        tasks = [
            asyncio.create_task(self._sample_forever(), name=f"{self.config.home} sampling"),
            asyncio.create_task(self._forward_forever(), name=f"{self.config.home} forwarding"),
        ]
        if stop is not None:
            tasks.append(asyncio.create_task(_raise_when(stop)))
        try:
            await asyncio.gather(*tasks)
        except _Stopped:
            log.info("%s: stopped", self.config.home)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.aclose()

    async def aclose(self) -> None:
        """Let go of devices, node and outbox; readings stay in the outbox until the next start."""
        self._driver.close()
        await self._client.aclose()
        self._outbox.close()

    # -- sampling

    async def _sample_forever(self) -> None:
        while True:
            await self._until_next_poll()
            try:
                await self.sample_once()
            except Unavailable as error:  # the disk: no reading was made, the next may be
                self._say("store", error.rule, str(error))

    async def _until_next_poll(self) -> None:
        period_ms = self.config.poll_s * 1000
        due_ms = (self._clock.now_ms() // period_ms + 1) * period_ms
        # Never early, so that a reading falls just after its boundary; a clock that was set back
        # meanwhile must not hold the engine for hours.
        while 0 < (left_ms := due_ms - self._clock.now_ms()) <= period_ms:  # noqa: ASYNC110
            await asyncio.sleep(self._clock.real_seconds(left_ms))

    async def sample_once(self) -> Reading | None:
        """Look at the devices and store one signed reading; None while the meter is silent.

        Raises ``Unavailable`` if the outbox cannot be written: then nothing was made.
        """
        before = self._watch.look()
        try:
            async with asyncio.timeout(self.config.device_timeout_real_s * 4):
                sample = await self._driver.sample()
        except (Unavailable, MeterDataError, TimeoutError) as error:
            self._silent(str(error))
            return None
        if sample.imported_wh is None or sample.exported_wh is None:
            self._silent("it has no energy registers")
            return None
        self._say("meter", "", f"answers ({sample.manufacturer} {sample.model} {sample.serial})")
        reading = self._store(sample, before, self._watch.look())
        self._say("store", "", "writes again")
        return reading

    def _silent(self, words: str) -> None:
        self._say("meter", "silent", words or "no answer in time")
        self.seal()  # what waits for company may wait long

    def _store(self, sample: DeviceSample, before: Moment, after: Moment) -> Reading:
        """Continue registers and chain, store, and only then sign."""
        assert sample.imported_wh is not None
        assert sample.exported_wh is not None
        tail = self._outbox.tail()
        # The devices were read somewhere between the two looks: the middle, give or take half.
        half_ms = max(self._watch.span_ms(before, after), 0) // 2
        now = Moment(max(before.utc_ms + half_ms, 0), after.monotonic_ns, after.spread_ns)
        clock, flags = ClockState.SYNCED, 0
        if self._last is None:
            elapsed_ms = now.utc_ms - (now.utc_ms if tail.utc_ms is None else tail.utc_ms)
            if elapsed_ms < 0:
                clock, flags = ClockState.STEPPED, ReadingFlag.CLOCK_STEPPED
                elapsed_ms = UNKNOWN_SPAN_MS
        else:
            elapsed_ms = self._watch.span_ms(self._last, after)
            if self._watch.stepped(self._last, after):
                clock, flags = ClockState.STEPPED, ReadingFlag.CLOCK_STEPPED
        if now.utc_ms < SANE_UTC_MS:
            clock = ClockState.UNSYNCED
        if self.config.solar and sample.produced_wh is None:
            flags |= ReadingFlag.INVERTER_SILENT
        if self.config.battery and sample.battery_soc_permille is None:
            flags |= ReadingFlag.BATTERY_SILENT
        site, more = advance_site(
            self._outbox.registers(),
            sample.imported_wh,
            sample.exported_wh,
            sample.produced_wh,
            elapsed_ms=elapsed_ms,
            limits=self._limits,
        )
        flags |= more
        self._say("flags", names := _names(flags), names or "all well again")
        reading = Reading(
            device=self._signer.device,
            sequence=tail.sequence + 1,
            boot_id=self._boot_id,
            utc_ms=now.utc_ms,
            clock=clock,
            clock_uncertainty_ms=half_ms + 1,
            monotonic_ns=after.monotonic_ns,
            imported_wh=Wh(site.imported.site_wh),
            exported_wh=Wh(site.exported.site_wh),
            produced_wh=None
            if sample.produced_wh is None or site.produced is None
            else Wh(site.produced.site_wh),
            imported_w=sample.imported_w or 0,
            exported_w=sample.exported_w or 0,
            produced_w=sample.produced_w,
            battery_charge_w=sample.battery_charge_w,
            battery_discharge_w=sample.battery_discharge_w,
            battery_soc_permille=sample.battery_soc_permille,
            flags=int(flags),
            previous=tail.hash,
        )
        self._outbox.append(reading, site)
        self._last = after
        interval_ms = self.config.interval_s * 1000
        if tail.utc_ms is None or reading.utc_ms // interval_ms != tail.utc_ms // interval_ms:
            self.seal()  # the node waits for it to close the interval
        elif self._outbox.unsealed() >= self.config.segment_readings:
            self.seal()
        return reading

    def seal(self) -> None:
        """Sign the head of what is stored and not yet signed, and have it sent."""
        if self._outbox.unsealed():
            tail = self._outbox.tail()
            self._outbox.seal(tail.sequence, self._signer.sign(bytes.fromhex(tail.hash)))
            self._sealed.set()

    # -- forwarding

    async def _forward_forever(self) -> None:
        failures = 0
        first = True
        while True:
            try:
                if first:
                    self.seal()  # what a killed engine had stored and not signed
                    first = False
                self._sealed.clear()
                progress = await self.forward_once()
            except SourceEnergyError as error:
                self._say("node", error.rule, str(error))
                progress = False
            if progress is None:
                failures = 0
                await self._sealed.wait()
            elif progress:
                failures = 0
            else:
                await asyncio.sleep(self._pause_s(failures))
                failures = min(failures + 1, 32)

    def _pause_s(self, failures: int) -> float:
        """Real seconds to wait after ``failures`` in a row: doubling, half of it by chance."""
        whole = min(self.config.retry_first_real_s * (1 << failures), self.config.retry_most_real_s)
        return whole * self._random.uniform(0.5, 1.0)

    async def forward_once(self) -> bool | None:
        """Send what is due once: did the node take any of it? None if nothing is due.

        Raises ``Unavailable`` (node, disk), ``VerificationFailed`` (a receipt that is not the
        node's or not of our readings: nothing is let go), or the node's refusal of the message.
        """
        segments = self._outbox.unsent(self.config.batch_readings)
        if not segments:
            return None
        result = await self._client.submit(segments)
        taken = sum(self._outbox.acknowledge(receipt) for receipt in result.receipts)
        gaps = [refusal for refusal in result.refused if refusal.rule == GAP_RULE]
        set_aside = [
            self._set_aside(refusal, segments) for refusal in result.refused if refusal not in gaps
        ]
        for refusal in gaps:
            self._fill_gap(refusal)
        if taken and not result.refused:
            self._say("node", "", "takes readings")
        return taken > 0 or (any(set_aside) and not gaps)

    def _set_aside(self, refusal: Refusal, segments: Sequence[Segment]) -> bool:
        for segment in segments:
            if segment.readings[0].sequence <= refusal.sequence <= segment.readings[-1].sequence:
                reason = {
                    name: getattr(refusal, name)
                    for name in ("error", "message", "rule", "field", "value", "remedy")
                }
                if self._outbox.set_aside(segment, reason):
                    log.error(
                        "%s: the node refused readings %d to %d: %s",
                        self.config.home,
                        segment.readings[0].sequence,
                        segment.readings[-1].sequence,
                        json.dumps(reason, ensure_ascii=False),
                    )
                return True
        self._say("node", "confused", f"it refused reading {refusal.sequence}, never sent to it")
        return False

    def _fill_gap(self, refusal: Refusal) -> None:
        """The node's chain needs an earlier reading first, even one it refused before."""
        expected = int(refusal.value) if re.fullmatch(r"[0-9]{1,19}", refusal.value) else 0
        if expected > self._outbox.tail().sequence:
            words = f"it holds readings up to {expected - 1}: the outbox here is an old copy"
        elif self._outbox.send_again(expected):
            return
        else:
            words = (
                f"it asks for reading {refusal.value}, after a receipt for"
                f" {self._outbox.acknowledged()}: restore the node's store"
            )
        self._say("node", GAP_RULE, words)

    def _say(self, part: str, trouble: str, words: str) -> None:
        """Log in ``words`` that a part's ``trouble`` began or, with none, ended: once a change."""
        before = self._said.get(part)
        if before == trouble:
            return
        self._said[part] = trouble
        if trouble:
            log.warning("%s: %s: %s", self.config.home, part, words)
        elif before is not None or part == "meter":
            log.info("%s: %s: %s", self.config.home, part, words)


def _names(flags: int) -> str:
    return ", ".join(flag.name for flag in ReadingFlag if flags & flag)


class _Stopped(Exception):
    """The wish to stop, as it travels through ``gather``."""


async def _raise_when(stop: asyncio.Event) -> None:
    await stop.wait()
    raise _Stopped


# --- many engines ------------------------------------------------------------------------------


def _sunspec(config: EngineConfig) -> MeterDriver:
    # Imported here, so that an engine with other drivers needs no Modbus library.
    from sourceenergy.edge.drivers.sunspec import SunSpecDriver

    return SunSpecDriver(
        config.host, config.port, unit=config.unit, timeout_s=config.device_timeout_real_s
    )


def open_engine(
    config: EngineConfig, driver_of: Callable[[EngineConfig], MeterDriver] = _sunspec
) -> Engine:
    """An engine with the key, outbox, node and clock its settings name.

    Raises ``ConfigError`` (key, settings), ``InputError`` and ``Unavailable`` (outbox).
    """
    signer = load_or_create_key(config.key)
    clock = load_clock(config.clock)
    client = NodeClient(config.node_url, config.node_key)
    driver = driver_of(config)
    outbox = Outbox(config.data / "outbox.sqlite", signer.device)
    return Engine(config, driver, signer, outbox, client, clock)


async def run_engines(
    configs: Sequence[EngineConfig],
    driver_of: Callable[[EngineConfig], MeterDriver] = _sunspec,
    *,
    stop: asyncio.Event | None = None,
) -> None:
    """Run an engine for each of ``configs`` in this process until SIGTERM, SIGINT or ``stop``.

    All are opened before any starts, so wrong settings stop everything at once.
    One that fails for good (``SourceEnergyError``) leaves the others running and is raised at the
    end.
    """
    stop = stop or asyncio.Event()
    engines: list[Engine] = []
    try:
        for config in configs:
            engines.append(open_engine(config, driver_of))
    except BaseException:
        for engine in engines:
            await engine.aclose()
        raise
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        failures = await asyncio.gather(*(_run_alone(engine, stop) for engine in engines))
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
    for failure in failures:
        if failure is not None:
            raise failure


async def _run_alone(engine: Engine, stop: asyncio.Event) -> SourceEnergyError | None:
    try:
        await engine.run(stop)
    except SourceEnergyError as error:
        log.critical("%s: stopped for good: %s", engine.config.home, error)
        return error
    return None
