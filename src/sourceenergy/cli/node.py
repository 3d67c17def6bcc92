"""``sourceenergy node``: the community node's process."""

from __future__ import annotations

from pathlib import Path

import click
import uvicorn

from sourceenergy.api.app import create_app
from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.common import data_option, rpc_option, run, set_up_logging, telling_errors
from sourceenergy.cli.enrol import connect
from sourceenergy.cli.keeper import end_with_parent
from sourceenergy.cli.world import (
    COMMIT_INTERVALS,
    GRACE_S,
    Paths,
    load_community,
    load_world,
    specs_of,
)
from sourceenergy.clock import load_clock
from sourceenergy.edge.signer import load_or_create_key
from sourceenergy.node.cycle import Place
from sourceenergy.node.identity import member_accounts
from sourceenergy.node.service import HomeFacts, Node
from sourceenergy.store.sqlite import Store


@click.command("node")
@data_option
@rpc_option
@click.option("--verbose", is_flag=True, help="Log what happens, not only what goes wrong.")
@telling_errors
def node_command(data_dir: Path, rpc: str | None, verbose: bool) -> None:
    """Run the node of the live community alone; `up` starts it together with all else."""
    end_with_parent()
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
