"""``sourceenergy up``: a whole live community on one machine, kept running."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import click
import httpx

from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.common import (
    Steps,
    data_option,
    out,
    rpc_option,
    run,
    set_up_logging,
    telling_errors,
)
from sourceenergy.cli.enrol import connect, enrol
from sourceenergy.cli.keeper import PARENT, end_leftovers, keeping
from sourceenergy.cli.world import (
    START,
    Paths,
    World,
    checkpoint_clock,
    free_ports,
    is_free,
    load_world,
    save_world,
    start_clock,
)
from sourceenergy.errors import ConfigError, Unavailable
from sourceenergy.sim.homes import HOMES
from sourceenergy.store.sqlite import Store

RESTART_S = 0.5
PARTS = ("homes", "node", "engine")


@click.command("up")
@data_option
@rpc_option
@click.option("--port", default=8000, show_default=True, help="Port of the web page and the API.")
@click.option("--homes", default=HOMES, show_default=True, type=click.IntRange(2, HOMES))
@click.option(
    "--interval-seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(1, 900),
    help="Real seconds in which a 15-minute interval passes (900: as fast as life).",
)
@click.option(
    "--delay", default=20, show_default=True, help="Seconds until a statement's payouts open."
)
@click.option("--seed", default=1, show_default=True, help="Another seed, another neighbourhood.")
@click.option("--verbose", is_flag=True, help="Log what happens, not only what goes wrong.")
@telling_errors
def up_command(
    data_dir: Path,
    rpc: str | None,
    port: int,
    homes: int,
    interval_seconds: float,
    delay: int,
    seed: int,
    verbose: bool,
) -> None:
    """Start a live, simulated community: chain, contracts, node, homes and their engines.

    Everything is kept in --data; a second start goes on where the first one stopped. Stop with
    Ctrl-C. All people, homes and money in it are simulated.
    """
    set_up_logging(verbose)
    paths = Paths(data_dir.resolve())
    world = World(
        seed, homes, int(START.timestamp()), round(900 / interval_seconds), port, 0, delay
    )
    with keeping(paths.data):
        run(_up(paths, world, rpc))


async def _up(paths: Paths, wanted: World, rpc_url: str | None) -> None:
    steps = Steps(False)
    for part in end_leftovers(paths.data):
        steps(f"ended the {part} that an `up` before this one left running")
    world = _agreed(paths, wanted)
    save_world(paths, world)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        local = None
        if rpc_url is None:
            steps("starting the local chain")
            local = await stack.enter_async_context(EmbeddedChain(paths.chain))
            rpc_url = local.url
        await _set_up(paths, world, rpc_url, local, steps)
        clock = start_clock(paths, world)
        steps(f"starting node, {world.homes} simulated homes and their engines")
        parts = _Parts(paths, rpc_url, local)
        stack.push_async_callback(parts.stop)
        parts.start()
        url = f"http://127.0.0.1:{world.http_port}"
        await _until_up(url, stop, parts)
        if not stop.is_set():
            steps(f"the page is up: {url}")
            out.print(f"\n  [bold]SourceEnergy is live at[/] {url}  (simulated; Ctrl-C stops it)\n")
        told = False
        while not stop.is_set():
            checkpoint_clock(paths, clock)
            await parts.look_after()
            if not told:
                told = await _first_statement(url, steps)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RESTART_S)
        steps("stopping")
    checkpoint_clock(paths, clock)
    steps("stopped; `sourceenergy up` goes on from here")


async def _set_up(
    paths: Paths, world: World, rpc_url: str, local: EmbeddedChain | None, steps: Steps
) -> None:
    """Make the community ready on chain; a local chain that dies meanwhile is waited for."""
    intents = Store(paths.intents)
    try:
        async with Rpc(rpc_url) as rpc:
            while True:
                try:
                    steps("contracts: deploying what is missing")
                    onchain = await connect(paths, world, rpc, local, intents)
                    steps(f"members: {world.homes} passports, devices and deposits (simulated)")
                    await enrol(paths, world, onchain)
                    return
                except Unavailable as error:
                    if local is None or error.rule != "chain.reachable":
                        raise
                    steps("the chain is away; it is started again")
                    await asyncio.sleep(RESTART_S)
    finally:
        intents.close()


def _agreed(paths: Paths, wanted: World) -> World:
    """The world to run: an existing one goes on with its own homes, on the port now asked for."""
    if not is_free(wanted.http_port):
        raise Unavailable(
            "the port is taken",
            rule="port.free",
            field="--port",
            value=wanted.http_port,
            remedy="stop the program that uses it, or choose another --port",
        )
    if not paths.world.exists():
        return replace(wanted, modbus_port=free_ports(wanted.homes))
    held = load_world(paths)
    if (held.seed, held.homes) != (wanted.seed, wanted.homes):
        raise ConfigError(
            f"{paths.data} holds another community ({held.homes} homes, seed {held.seed})",
            rule="live.same",
            field="--homes or --seed",
            value=f"{wanted.homes}, {wanted.seed}",
            remedy="use its numbers, or another --data folder",
        )
    ports_free = all(is_free(held.modbus_port + i) for i in range(held.homes))
    modbus = held.modbus_port if ports_free else free_ports(held.homes)
    return replace(held, http_port=wanted.http_port, speed=wanted.speed, modbus_port=modbus)


class _Parts:
    """The child processes: started, started again when they die, stopped together."""

    def __init__(self, paths: Paths, rpc_url: str, local: EmbeddedChain | None) -> None:
        self._paths = paths
        self._rpc_url = rpc_url
        self._local = local
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ending = asyncio.Event()

    def start(self) -> None:
        """Start all parts and keep them running."""
        for part in PARTS:
            self._tasks.append(asyncio.create_task(self._keep(part), name=part))

    async def _keep(self, part: str) -> None:
        arguments = [sys.executable, "-m", "sourceenergy", part, "--data", str(self._paths.data)]
        if part == "node":
            arguments += ["--rpc", self._rpc_url]
        log_path = self._paths.live / f"{part}.log"
        while not self._ending.is_set():
            with log_path.open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *arguments,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    env={**os.environ, "PYTHONUNBUFFERED": "1", PARENT: str(os.getpid())},
                )
            self._running[part] = process
            if self._ending.is_set():  # the stop came while it was made
                process.terminate()
            self._note()
            await process.wait()
            if not self._ending.is_set():
                await asyncio.sleep(RESTART_S)

    def _note(self) -> None:
        pids = {part: process.pid for part, process in self._running.items()}
        if self._local is not None:
            pids["chain"] = self._local.pid
        draft = self._paths.live / "pids.draft"
        draft.write_text(json.dumps(pids), encoding="utf-8")
        draft.replace(self._paths.live / "pids.json")

    async def look_after(self) -> None:
        """Note process ids (the chain's keeper restarts it by itself)."""
        self._note()

    def tail(self, part: str) -> str:
        """The last lines of a part's log."""
        log_path = self._paths.live / f"{part}.log"
        return log_path.read_text(encoding="utf-8", errors="replace")[-2000:]

    async def stop(self) -> None:
        """End all parts, politely first."""
        self._ending.set()
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        waits = [asyncio.wait_for(p.wait(), 8) for p in self._running.values()]
        await asyncio.gather(*waits, return_exceptions=True)
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _until_up(url: str, stop: asyncio.Event, parts: _Parts, most_s: float = 90) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(int(most_s / 0.25)):
            if stop.is_set():
                return
            with contextlib.suppress(httpx.HTTPError):
                if (await http.get(f"{url}/api/v1/status")).status_code == 200:
                    return
            await asyncio.sleep(0.25)
    raise Unavailable(
        f"the node did not come up in {most_s:.0f} s",
        rule="node.up",
        field="node.log",
        value=parts.tail("node")[-300:],
        remedy="read the log in the data folder",
    )


async def _first_statement(url: str, steps: Steps) -> bool:
    async with httpx.AsyncClient(trust_env=False) as http:
        with contextlib.suppress(httpx.HTTPError, ValueError, KeyError):
            answer = (await http.get(f"{url}/api/v1/statements?limit=1")).json()
            for row in answer["statements"]:
                if row["block"] is not None:
                    steps(f"statement {row['epoch']} is on chain in block {row['block']}")
                    return True
    return False
