"""``sourceenergy``: the entry point that gathers the commands."""

from __future__ import annotations

from importlib import import_module

import click

from sourceenergy import __version__

COMMANDS = {
    "up": ("sourceenergy.cli.up", "up_command"),
    "deploy": ("sourceenergy.cli.deploy", "deploy_command"),
    "power": ("sourceenergy.cli.power", "power_command"),
    "council": ("sourceenergy.cli.council", "council_command"),
    "settle": ("sourceenergy.cli.settle", "settle_command"),
    "correct": ("sourceenergy.cli.correct", "correct_command"),
    "verify": ("sourceenergy.cli.verify", "verify_command"),
    "dispute": ("sourceenergy.cli.dispute", "dispute_command"),
    "withdraw": ("sourceenergy.cli.withdraw", "withdraw_command"),
    "status": ("sourceenergy.cli.status", "status_command"),
    "forecast": ("sourceenergy.cli.forecast", "forecast_command"),
    "study": ("sourceenergy.cli.study", "study_command"),
    "inspect": ("sourceenergy.cli.inspect", "inspect_command"),
    "example": ("sourceenergy.cli.example", "example_command"),
    "node": ("sourceenergy.cli.node", "node_command"),
    "homes": ("sourceenergy.cli.homes", "homes_command"),
    "engine": ("sourceenergy.cli.engine", "engine_command"),
}


class _Commands(click.Group):
    """Loads a command's module when it is used, so that each starts fast and installs alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        command = getattr(import_module(place[0]), place[1])
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Software for energy communities: meter data in, shared energy, exact money, proof out.

    Start with `sourceenergy up` (a live, simulated community) or settle a month of meter files
    with `sourceenergy settle community.toml --from 2026-01-01 --to 2026-02-01`.
    """
