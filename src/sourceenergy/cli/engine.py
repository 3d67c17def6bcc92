"""``sourceenergy engine``: the DER Engine's process, one home or many."""

from __future__ import annotations

from pathlib import Path

import click

from sourceenergy.cli.common import data_option, run, set_up_logging, telling_errors
from sourceenergy.cli.keeper import end_with_parent
from sourceenergy.edge.engine import run_engines
from sourceenergy.edge.settings import load_engine_config


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
    end_with_parent()
    set_up_logging(verbose)
    if config is not None:
        run(run_engines([load_engine_config(config)]))
        return
    # A Pi installs only the `edge` extra; the simulation needs more.
    from sourceenergy.cli.world import Paths, engine_configs, load_world

    paths = Paths(data_dir)
    run(run_engines(engine_configs(paths, load_world(paths), only)))
