"""``sourceenergy homes``: the simulated homes' devices."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click

from sourceenergy.cli.common import data_option, run, set_up_logging, telling_errors
from sourceenergy.cli.keeper import end_with_parent
from sourceenergy.cli.world import Paths, load_world, specs_of
from sourceenergy.clock import load_clock
from sourceenergy.sim.devices import serve_homes


@click.command("homes")
@data_option
@telling_errors
def homes_command(data_dir: Path) -> None:
    """Serve the simulated homes' inverters, meters and batteries (SunSpec over Modbus TCP)."""
    end_with_parent()
    set_up_logging(False)
    paths = Paths(data_dir)
    world = load_world(paths)

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with serve_homes(
            specs_of(world),
            load_clock(paths.clock),
            world.modbus_port,
            seed=world.seed,
            start_s=world.start_s,
        ):
            await stop.wait()

    run(serve())
