"""The processes of a live community: the node, the simulated homes, the engines."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click
import uvicorn

from sourceenergy.api.app import create_app
from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.common import data_option, rpc_option, run, set_up_logging, telling_errors
from sourceenergy.cli.world import (
    COMMIT_INTERVALS,
    DEPOSIT_UD,
    GRACE_S,
    Paths,
    World,
    engine_configs,
    engine_key,
    load_community,
    load_world,
    specs_of,
)
from sourceenergy.clock import load_clock
from sourceenergy.edge.engine import run_engines
from sourceenergy.edge.settings import load_engine_config
from sourceenergy.edge.signer import load_or_create_key
from sourceenergy.node.cycle import Place
from sourceenergy.node.identity import member_accounts
from sourceenergy.node.onchain import OnChain, Terms
from sourceenergy.node.service import HomeFacts, Node
from sourceenergy.sim.devices import serve_homes
from sourceenergy.store.sqlite import Store, StoredDevice


async def connect(
    paths: Paths, world: World, rpc: Rpc, local: EmbeddedChain | None, intents: Store
) -> OnChain:
    """The live community's place on chain, made ready."""
    community, _, _ = load_community(paths)
    terms = Terms(delay_s=world.delay_s)
    return await OnChain.connect(rpc, paths.chain, intents, community.name, terms, local)


async def enrol(paths: Paths, world: World, onchain: OnChain) -> None:
    """Passports, devices and first deposits of the simulated members; safe to repeat."""
    community, _, _ = load_community(paths)
    accounts = member_accounts(community, paths.chain / "keys")
    await onchain.issue_passports([*accounts.values(), onchain.operator.account.address])
    store = Store(paths.store)
    try:
        registry = {}
        known = store.devices()
        for home in specs_of(world):
            key = engine_key(paths, home.id)
            registry[key.device] = (key.public_x, key.public_y, accounts[home.id])
            if key.device not in known:
                store.put_device(
                    StoredDevice(key.device, home.id, key.public_x, key.public_y, None)
                )
        await onchain.register_devices(registry)
    finally:
        store.close()
    await onchain.deposit(f"start:{community.name}", dict.fromkeys(accounts.values(), DEPOSIT_UD))


@click.command("node")
@data_option
@rpc_option
@click.option("--verbose", is_flag=True, help="Log what happens, not only what goes wrong.")
@telling_errors
def node_command(data_dir: Path, rpc: str | None, verbose: bool) -> None:
    """Run the node of the live community alone; `up` starts it together with all else."""
    set_up_logging(verbose)
    run(_serve(Paths(data_dir), rpc))


async def _serve(paths: Paths, rpc_url: str | None) -> None:
    world = load_world(paths)
    community, plans, tariffs_text = load_community(paths)
    intents = Store(paths.intents)
    local = None
    if rpc_url is None:
        local = EmbeddedChain(paths.chain)
        await local.start()
        rpc_url = local.url
    async with Rpc(rpc_url) as rpc:
        onchain = await connect(paths, world, rpc, local, intents)
        store = Store(paths.store)
        place = Place(
            community,
            plans,
            tariffs_text,
            member_accounts(community, paths.chain / "keys"),
            onchain.operator.account.address.lower(),
            onchain.anchor,
            {device.meter: device.device for device in store.devices().values()},
            COMMIT_INTERVALS,
            GRACE_S,
        )
        node = Node(
            store,
            place,
            load_clock(paths.clock),
            load_or_create_key(paths.node_key),
            onchain,
            paths.live,
            {h.id: HomeFacts(h.name, h.solar_w, h.battery_wh) for h in specs_of(world)},
        )
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(node),
                host="127.0.0.1",
                port=world.http_port,
                log_level="warning",
                timeout_graceful_shutdown=2,
            )
        )
        await server.serve()
    intents.close()


@click.command("homes")
@data_option
@telling_errors
def homes_command(data_dir: Path) -> None:
    """Serve the simulated homes' inverters, meters and batteries (SunSpec over Modbus TCP)."""
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


@click.command("engine")
@data_option
@click.option(
    "--config",
    "config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings of one real home's engine (TOML). Without it: all simulated homes of --data.",
)
@click.option("--home", "only", multiple=True, help="Only this simulated home; may be repeated.")
@click.option("--verbose", is_flag=True, help="Log what happens, not only what goes wrong.")
@telling_errors
def engine_command(
    data_dir: Path, config: Path | None, only: tuple[str, ...], verbose: bool
) -> None:
    """Run the DER Engine: read the devices, sign, store and forward until receipted."""
    set_up_logging(verbose)
    if config is not None:
        run(run_engines([load_engine_config(config)]))
        return
    paths = Paths(data_dir)
    run(run_engines(engine_configs(paths, load_world(paths), only)))
