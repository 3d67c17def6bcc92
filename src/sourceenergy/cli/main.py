"""``sourceenergy``: the entry point that gathers the commands."""

from __future__ import annotations

import click

from sourceenergy import __version__
from sourceenergy.cli.live import engine_command, homes_command, node_command
from sourceenergy.cli.settle import settle_command
from sourceenergy.cli.status import status_command
from sourceenergy.cli.up import up_command
from sourceenergy.cli.verify import verify_command
from sourceenergy.cli.withdraw import withdraw_command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Software for energy communities: meter data in, shared energy, exact money, proof out.

    Start with `sourceenergy up` (a live, simulated community) or settle a month of meter files
    with `sourceenergy settle community.toml --from 2026-01-01 --to 2026-02-01`.
    """


for command in (
    up_command,
    settle_command,
    verify_command,
    withdraw_command,
    status_command,
    node_command,
    engine_command,
    homes_command,
):
    main.add_command(command)
