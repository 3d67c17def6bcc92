"""``sourceenergy status``: what runs, how old its data is, what is simulated or not permitted."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.table import Table

from sourceenergy.cli.common import json_option, out, run, telling_errors
from sourceenergy.sdk import NodeClient
from sourceenergy.units import iso_utc


@click.command("status")
@click.option("--node", default="http://127.0.0.1:8000", show_default=True, help="The node's URL.")
@json_option
@telling_errors
def status_command(node: str, as_json: bool) -> None:
    """Name each part with its state, the chain's block and the age of the data."""

    async def ask() -> dict[str, Any]:
        async with NodeClient(node) as client:
            return await client.status()

    status = run(ask())
    if as_json:
        click.echo(json.dumps(status))
        return
    table = Table(title=f"{status['community']}: SourceEnergy {status['version']}")
    for heading in ("part", "state", "detail"):
        table.add_column(heading)
    for part in status["parts"]:
        table.add_row(part["name"], part["state"], part["detail"])
    out.print(table)
    chain = status["chain"]
    age = status["last_reading_age_s"]
    out.print(f"mode: {status['mode']} ({status['mode_meaning']})")
    out.print(f"chain {chain['id']} at block {chain['block']}, Clearing {chain['clearing']}")
    out.print(f"newest reading: {'none yet' if age is None else f'{age:.1f} s old'}")
    if status["last_interval"]:
        out.print(f"last interval settled: {iso_utc(status['last_interval']['start_s'])}")
