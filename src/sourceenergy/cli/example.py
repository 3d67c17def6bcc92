"""``sourceenergy example``: ready-made communities to try the batch with."""

from __future__ import annotations

from pathlib import Path

import click

from sourceenergy.cli.common import out, telling_errors
from sourceenergy.reports.writing import write_tree
from sourceenergy.sim.real_homes import Choices, real_homes_community


@click.command("example")
@click.option(
    "--from",
    "source",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with Building_N.csv files of the CityLearn 2022 data set.",
)
@click.option(
    "--out",
    "folder",
    default=Path("ten-homes"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write community.toml and meters/ to.",
)
@click.option("--solar-w", default=4000, show_default=True, type=click.IntRange(0, 100_000))
@click.option("--solar-homes", default=6, show_default=True, type=click.IntRange(0, 200))
@click.option(
    "--overnight",
    "overnight",
    multiple=True,
    type=int,
    default=(2, 5, 9),
    show_default=True,
    help="Position of a home on the ultra-low overnight plan; may be repeated.",
)
@telling_errors
def example_command(
    source: Path, folder: Path, solar_w: int, solar_homes: int, overnight: tuple[int, ...]
) -> None:
    """Make a community of real homes from hourly load and solar data, ready to settle."""
    files = {path.name: path.read_bytes() for path in sorted(source.glob("Building_*.csv"))}
    choices = Choices(solar_w=solar_w, solar_homes=solar_homes, overnight_homes=overnight)
    write_tree(folder, real_homes_community(files, choices))
    out.print(f"written: {folder}/community.toml and {len(files)} meter files")
    out.print(f"now: sourceenergy settle {folder}/community.toml --from 2025-11-01 --to 2026-11-01")
