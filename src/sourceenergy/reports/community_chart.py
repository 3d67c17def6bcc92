"""The community's period on one page: energy, prices, savings; PDF and PNG."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sourceenergy.reports.chart_style import chart_style, pdf_of, png_of
from sourceenergy.reports.community_report import CommunityReport
from sourceenergy.reports.language import ENGLISH
from sourceenergy.reports.lettering import legible
from sourceenergy.reports.words import (
    ALERT,
    EXPORTED,
    GRID,
    INK,
    PALE,
    PRICE,
    SHARED,
    nearest_cent,
    statement_id,
)
from sourceenergy.units import ND_PER_UD, UD_PER_CENT, UD_PER_DOLLAR

_NAMED_MOST = 30
"""More members than this are bars in order of saving, without names."""


@dataclass(frozen=True)
class ChartPage:
    """One page, twice: for printing and for a screen (1650 by 1275 pixels)."""

    pdf: bytes
    png: bytes


def community_chart(report: CommunityReport) -> ChartPage:
    """The chart page; the same report gives the same bytes (with the same matplotlib)."""
    with chart_style():
        figure = _page(report)
        pdf = pdf_of([figure], f"Energy community, {report.span}")
        return ChartPage(pdf, png_of(figure))


def _page(report: CommunityReport) -> Figure:
    figure = Figure(figsize=(11, 8.5))
    grid = figure.add_gridspec(
        2, 2, left=0.075, right=0.965, top=0.715, bottom=0.115, hspace=0.42, wspace=0.42
    )
    _heading(figure, report)
    _energy(figure.add_subplot(grid[0, :]), report)
    _prices(figure.add_subplot(grid[1, 0]), report)
    _savings(figure.add_subplot(grid[1, 1]), report)
    _source(figure, report)
    return figure


def _heading(figure: Figure, r: CommunityReport) -> None:
    name = legible(r.period.community)
    size = 17 if len(name) <= 50 else 12.5
    figure.text(0.035, 0.945, name, size=size, weight="bold")
    figure.text(0.035, 0.917, f"{r.span}  ({r.local.time_zone})", size=9.5, color=PALE)
    badge = " · ".join(
        word for word in (r.label, "" if r.posted else "DRY RUN, not posted on chain") if word
    )
    if badge:
        figure.text(0.965, 0.97, badge, size=13, weight="bold", color=ALERT, ha="right")
    mode = f"Mode: {ENGLISH.mode(r.period.mode)}"
    figure.text(0.965, 0.917, mode, size=9.5, color=PALE, ha="right")
    s = r.settlement
    facts = (
        (f"{s.local_wh / 1e6:,.2f} MWh", "shared between neighbours"),
        (
            _share(s.local_wh, s.imported_wh),
            "self-sufficiency: share of the\nimports that neighbours met",
        ),
        (_share(s.local_wh, s.exported_wh), "of what members exported\nwas used by neighbours"),
        (
            ENGLISH.money(nearest_cent(r.saving_nd)),
            f"saved by {len(r.members)} members\nagainst the grid",
        ),
        (ENGLISH.money(nearest_cent(s.fees_ud * ND_PER_UD)), "platform fees"),
    )
    for i, (number, words) in enumerate(facts):
        x = 0.035 + i * 0.192
        figure.text(x, 0.848, number, size=16, weight="bold", color="#00775A")
        figure.text(x, 0.838, words, size=8, color=INK, va="top", linespacing=1.25)


def _share(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.1f} %" if whole else "–"


def _energy(axes: Axes, r: CommunityReport) -> None:
    given, outcome = r.settlement.given, r.settlement.outcome
    shared = np.array(r.grouping.sums(outcome.from_members.sum(axis=1)))
    taken = np.array(r.grouping.sums(given.imported.sum(axis=1))) - shared
    fed = np.array(r.grouping.sums(given.exported.sum(axis=1))) - shared
    most = max(int((shared + taken).max(initial=0)), int(fed.max(initial=0)))
    unit, scale = ("MWh", 1e6) if most >= 5 * 10**6 else ("kWh", 1e3)
    x = np.arange(len(shared))
    axes.bar(x, shared / scale, 0.74, color=SHARED, label="shared between neighbours")
    axes.bar(x, taken / scale, 0.74, shared / scale, color=GRID, label="imported from the grid")
    axes.bar(x, -fed / scale, 0.74, color=EXPORTED, label="exported to the grid (below zero)")
    axes.axhline(0, color=INK, linewidth=0.8)
    every = -(-len(x) // 24)
    axes.set_xticks(x[::every], [r.grouping.labels[i] for i in x[::every]])
    axes.tick_params(length=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):,.10g}")
    axes.set_xlim(-0.6, len(x) - 0.4)
    axes.set_ylabel(unit)
    axes.grid(axis="y")
    axes.set_title(f"Energy by {r.grouping.unit}", pad=18)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, borderaxespad=0.1)


def _prices(axes: Axes, r: CommunityReport) -> None:
    given, outcome = r.settlement.given, r.settlement.outcome
    hours = r.local.hours
    volume = outcome.bought.sum(axis=1)
    retail, feed_in, local, buyers = (np.full(24, np.nan) for _ in range(4))
    for hour in range(24):
        rows = hours == hour
        if not rows.any():
            continue
        retail[hour] = given.retail[rows].mean()
        feed_in[hour] = given.feed_in[rows].mean()
        if volume[rows].sum():
            local[hour] = np.average(outcome.price[rows], weights=volume[rows])
            buyers[hour] = local[hour] + given.fee
    edges = np.arange(25)
    for values, words, colour, width, style in (
        (retail, "retail, mean of members", GRID, 1.6, "-"),
        (buyers, "local, buyers pay (fee included)", PRICE, 1.1, (0, (4, 2))),
        (local, "local, sellers get", PRICE, 2.4, "-"),
        (feed_in, "feed-in", EXPORTED, 1.6, "-"),
    ):
        axes.stairs(
            values / UD_PER_CENT,
            edges,
            baseline=None,
            color=colour,
            linewidth=width,
            linestyle=style,
            label=words,
        )
    if not volume.any():
        axes.text(0.5, 0.5, "no energy was shared", transform=axes.transAxes, ha="center")
    axes.set_xlim(0, 24)
    axes.set_xticks(range(0, 25, 3), [f"{hour:02d}:00" for hour in range(0, 25, 3)])
    lowest = float(np.nanmin(np.concatenate([feed_in, local, retail]))) / UD_PER_CENT
    highest = float(np.nanmax(np.concatenate([feed_in, buyers, retail]))) / UD_PER_CENT
    room = max(1.0, highest - min(0.0, lowest))
    axes.set_ylim(min(0.0, lowest - room * 0.05), highest + room * 0.45)
    axes.set_ylabel("¢/kWh")
    axes.set_xlabel("local hour")
    axes.grid(axis="y")
    axes.set_title("Prices over the average day")
    axes.legend(loc="upper left", ncols=2, frameon=False, fontsize=7.5)


def _savings(axes: Axes, r: CommunityReport) -> None:
    saved = [m.ledger.saving_nd / (ND_PER_UD * UD_PER_DOLLAR) for m in r.members]
    many = len(saved) > _NAMED_MOST
    if many:
        saved.sort(reverse=True)
    place = np.arange(len(saved))
    axes.barh(place, saved, 0.72, color=SHARED)
    axes.invert_yaxis()
    axes.set_title("Saving by member, against the grid alone")
    axes.set_xlabel("CAD")
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    most = max([*saved, 0.01])
    axes.set_xlim(0, most * 1.16)
    if many:
        axes.set_ylabel("members, in order of saving")
        axes.set_yticks([])
        return
    size = 8.0 if len(saved) <= 14 else 6.0
    labels = [legible(m.label.name, 22) for m in r.members]
    axes.set_yticks(place, labels, size=size, color=INK)
    for y, (value, member) in enumerate(zip(saved, r.members, strict=True)):
        words = ENGLISH.money(nearest_cent(member.ledger.saving_nd))
        axes.text(value + most * 0.012, y, words, va="center", size=size - 0.5)


def _source(figure: Figure, r: CommunityReport) -> None:
    counts = f"{len(r.period.meters)} meters, {len(r.period.starts_s):,} intervals of "
    real = "Simulated homes" if r.label else "Meter data of the members"
    lines = (
        f"Source: {real}; {counts}{r.period.seconds // 60} min; settlement version "
        f"{r.period.version}, mechanism {r.period.mechanism}. Energy and money residuals: 0.",
        "Electricity only: delivery, regulatory charges, tax and rebate are not included. What a "
        "home uses of its own generation stays behind its meter and is not counted.",
        f"Epoch {r.statement.epoch}, statement {statement_id(r.anchor, r.statement)}",
    )
    figure.text(0.035, 0.022, "\n".join(lines), size=6.8, color=PALE, linespacing=1.4)
