"""``sourceenergy study``: a community's own data under other rules, before it chooses."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from sourceenergy.cli.common import Steps, err, json_option, out, telling_errors
from sourceenergy.cli.span import local_span
from sourceenergy.economy.community.carbon import AverageFactor, MarginalFactor
from sourceenergy.errors import InputError
from sourceenergy.node.assemble import Money, assemble_period
from sourceenergy.node.batch import Loaded, load
from sourceenergy.records import Mode
from sourceenergy.reports.language import ENGLISH
from sourceenergy.reports.words import nearest_cent
from sourceenergy.reports.writing import write_tree
from sourceenergy.settlement.period import Period
from sourceenergy.store.sqlite import Store
from sourceenergy.study.charts import study_pages
from sourceenergy.study.measures import ONTARIO_AVERAGE, GridCarbon
from sourceenergy.study.outcome import try_out
from sourceenergy.study.report import Study, measures, study_csv, study_json, study_of, title
from sourceenergy.units import kwh


@click.command("study")
@click.argument("community", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "start", required=True, help="First local day, for example 2025-11-01.")
@click.option("--to", "end", required=True, help="Day after the last one, for example 2026-11-01.")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the report [default: study/FROM beside the file].",
)
@click.option(
    "--plan",
    "plans",
    multiple=True,
    help="A tariff plan to try for everybody; may be repeated [default: all of the tariff file].",
)
@click.option(
    "--carbon-g-per-kwh",
    type=Decimal,
    help="Grams of CO₂e a kWh from the grid stands for [default: Ontario's average of 2022, 38].",
)
@click.option("--carbon-basis", type=click.Choice(["average", "marginal"]), default="average")
@click.option("--carbon-year", type=int, help="Year of that figure.")
@click.option("--carbon-source", default="", help="Where that figure is from; shown beside it.")
@json_option
@telling_errors
def study_command(
    community: Path,
    start: str,
    end: str,
    folder: Path | None,
    plans: tuple[str, ...],
    carbon_g_per_kwh: Decimal | None,
    carbon_basis: str,
    carbon_year: int | None,
    carbon_source: str,
    as_json: bool,
) -> None:
    """Compare mechanisms, keys and tariff plans on a community's own data; nothing is settled.

    COMMUNITY is the same file that `sourceenergy settle` takes. Each scenario is held against what
    every member pays today with the grid alone, and whoever would pay more is named: the check to
    make before anybody is moved into a scheme. Written are study.pdf (to show members), its pages
    as PNG, study.csv (a row a member and scenario) and study.json.
    """
    steps = Steps(as_json)
    carbon: GridCarbon = ONTARIO_AVERAGE
    if carbon_g_per_kwh is not None:
        milligrams = int(carbon_g_per_kwh * 1000)
        kind = AverageFactor if carbon_basis == "average" else MarginalFactor
        carbon = kind(milligrams, carbon_year or 0, carbon_source, "as given to the study")
    span = local_span(community, start, end)
    loaded = load(community, *span, steps)
    for warning in loaded.warnings:
        err.print(f"[yellow]note:[/] {escape(warning)}")
    period = _period(loaded)
    steps(f"trying scenarios on {len(period.starts_s):,} intervals")
    study = study_of(
        period,
        try_out(period, _known(plans, period)),
        names=[member.name for member in loaded.community.members],
        time_zone=loaded.community.time_zone,
        carbon=carbon,
        simulated=loaded.community.mode is Mode.SIMULATION,
    )
    steps("drawing")
    pages = study_pages(study)
    target = folder or community.parent / "study" / start
    files = {"study.json": study_json(study), "study.csv": study_csv(study), "study.pdf": pages.pdf}
    files |= {f"page-{i}.png": png for i, png in enumerate(pages.png, start=1)}
    write_tree(target, files)
    if as_json:
        click.echo(json.dumps(json.loads(files["study.json"])))
        return
    _show(study, target)


def _known(plans: tuple[str, ...], period: Period) -> tuple[str, ...]:
    for plan in plans:
        if plan not in period.plans:
            raise InputError(
                "no such tariff plan",
                rule="tariff.unknown",
                field="--plan",
                value=plan,
                remedy=f"use one of {', '.join(sorted(period.plans))}",
            )
    return plans


def _period(loaded: Loaded) -> Period:
    """The span as a period; its pseudonyms are thrown away, since nothing is published."""
    accounts = {m.id: f"0x{i:040x}" for i, m in enumerate(loaded.community.members, start=1)}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "study.sqlite")
        try:
            period = assemble_period(
                loaded.community,
                loaded.plans,
                accounts,
                "0x" + "00" * 20,
                store,
                loaded.records,
                Money(False, {}, {}, frozenset()),
            )
        finally:
            store.close()
    return replace(period, plans=dict(loaded.plans))


def _show(study: Study, target: Path) -> None:
    table = Table(title=f"{escape(study.period.community)}: {study.span}")
    for heading in ("scenario", "saved", "better", "worse", "worst", "shared kWh", "Gini"):
        table.add_column(heading, justify="left" if heading == "scenario" else "right")
    for o in study.outcomes:
        m = measures(study, o)
        gini = m["gini_of_savings_permille"]
        table.add_row(
            f"[bold]{escape(title(study, o.scenario))}[/]"
            if o is study.best
            else escape(title(study, o.scenario)),
            ENGLISH.money(nearest_cent(sum(o.saving_nd))),
            str(m["members_better"]),
            f"[red]{len(o.losers)}[/]" if o.losers else "0",
            ENGLISH.money(nearest_cent(min(o.saving_nd))),
            kwh(o.local_wh),
            "–" if gini is None else f"{gini / 1000:.2f}",
        )
    out.print(table)
    for o in study.outcomes:
        if o.losers:
            names = ", ".join(study.names[i] for i in o.losers[:12])
            more = f" and {len(o.losers) - 12} more" if len(o.losers) > 12 else ""
            out.print(f"{escape(title(study, o.scenario))}: would pay more: {escape(names)}{more}")
    best = study.best
    if best is None:
        out.print("In every scenario somebody would pay more than today.")
    else:
        out.print(f"Most saved with nobody worse off: {escape(title(study, best.scenario))}")
    out.print(f"files: {target}")
