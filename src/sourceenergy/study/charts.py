"""The study's pages: the comparison, every member in every scenario, the day, the words."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sourceenergy.reports.chart_style import chart_style, pdf_of, png_of
from sourceenergy.reports.language import ENGLISH
from sourceenergy.reports.lettering import legible
from sourceenergy.reports.words import ALERT, EXPORTED, GRID, INK, PALE, PRICE, SHARED
from sourceenergy.reports.words import nearest_cent as cents
from sourceenergy.study.report import Study, measures, title
from sourceenergy.study.scenarios import BILL_SHARING, Change
from sourceenergy.units import ND_PER_UD, UD_PER_CENT, UD_PER_DOLLAR

_ND_PER_DOLLAR = ND_PER_UD * UD_PER_DOLLAR
_NAMED_MOST = 40
"""More members than this are one dot each instead of a row each."""
_SIZE = (11, 8.5)


@dataclass(frozen=True)
class StudyPages:
    """All pages as a PDF, and each as a PNG."""

    pdf: bytes
    png: tuple[bytes, ...]


def study_pages(study: Study) -> StudyPages:
    """Draw the study; the same study gives the same bytes (with the same matplotlib)."""
    with chart_style():
        figures = [_comparison(study), _members(study), _day(study)]
        return StudyPages(
            pdf_of(figures, f"Energy community study, {study.span}"),
            tuple(png_of(figure) for figure in figures),
        )


def _page(study: Study, title: str) -> Figure:
    figure = Figure(figsize=_SIZE)
    figure.text(0.035, 0.94, title, size=17, weight="bold")
    name = legible(study.period.community, 60)
    figure.text(0.035, 0.912, f"{name}, {study.span} ({study.local.time_zone})", color=PALE)
    if study.label:
        figure.text(0.965, 0.945, study.label, size=13, weight="bold", color=ALERT, ha="right")
    figure.text(
        0.035,
        0.03,
        "A what-if on the community's own meter data: nothing was settled. Electricity prices and "
        "the community's fee only; delivery, rebate and tax are not counted.",
        size=6.8,
        color=PALE,
    )
    return figure


def _comparison(study: Study) -> Figure:
    figure = _page(study, "What would each rule mean for us?")
    figure.text(0.035, 0.855, fill(_headline(study), 118), size=11, va="top", linespacing=1.4)
    heading = (
        "Scenario",
        "All save\ntogether",
        "Better\noff",
        "Worse\noff",
        "Worst\nchange",
        "Shared\nMWh",
        "Imports met\nlocally",
        "Gini of\nsavings",
    )
    rows = []
    for number, o in enumerate(study.outcomes, start=1):
        m = measures(study, o)
        gini, met = m["gini_of_savings_permille"], m["self_sufficiency_permille"]
        rows.append(
            (
                f"{number}  {title(study, o.scenario)}",
                ENGLISH.money(cents(sum(o.saving_nd))),
                str(m["members_better"]),
                str(m["members_worse"]),
                ENGLISH.money(cents(min(o.saving_nd))),
                f"{o.local_wh / 1e6:,.2f}",
                "–" if met is None else f"{met / 10:.1f} %",
                "–" if gini is None else f"{gini / 1000:.2f}",
            )
        )
    axes = figure.add_axes((0.035, 0.40, 0.93, 0.36))
    axes.axis("off")
    table = axes.table(
        cellText=rows,
        colLabels=heading,
        colWidths=(0.37, *(0.09,) * 7),
        cellLoc="right",
        loc="upper center",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(8.2)
    height = min(0.115, 1.0 / (len(rows) + 1.5))
    for (row, column), box in table.get_celld().items():
        box.set_edgecolor("#DDE2E7")
        box.set_height(height * (1.5 if row == 0 else 1))
        if column == 0:
            box.get_text().set_horizontalalignment("left")
        if row == 0:
            box.get_text().set_fontweight("bold")
        elif study.outcomes[row - 1] is study.best:
            box.set_facecolor("#E3F4EC")
        elif study.outcomes[row - 1].losers:
            box.get_text().set_color(ALERT if column in (3, 4) else INK)
    _words(figure, study)
    return figure


def _headline(study: Study) -> str:
    best, own = study.best, study.outcomes[0]
    if best is None:
        return "In every scenario somebody would pay more than today: keep today's rules."
    saved = ENGLISH.money(cents(sum(best.saving_nd)))
    text = (
        f"Of the {len(study.outcomes)} scenarios, “{title(study, best.scenario)}” saves "
        f"most without making anybody pay more than today: {saved} for {len(study.names)} members."
    )
    if best is not own:
        text += f" Today's rules save {ENGLISH.money(cents(sum(own.saving_nd)))}."
    bad = [o for o in study.outcomes if o.losers]
    if bad:
        text += (
            f" In {len(bad)} of the scenarios members would lose; they are named on the next page "
            "and would have to agree first."
        )
    return text


def _words(figure: Figure, study: Study) -> None:
    milligrams = measures(study, study.outcomes[0])["carbon_of_grid_import_mg"] or 0
    factor = study.carbon
    lines = (
        "Members save: today's bill from the grid alone, on today's plans, less the bill in the "
        "scenario, fee included. Worse off: members whose bill would rise; a scheme that has any "
        "is not switched on for them.",
        "Imports met by neighbours: shared energy as a part of all imports (self-sufficiency of "
        "the community beyond each home's own roof).",
        "Gini of savings: 0 when all save the same amount, near 1 when one member gets everything.",
        "Carbon: sharing moves money, not electrons, so it is the same in every scenario that "
        f"shares the same energy. Under today's rules the imports from outside the community stand "
        f"for {milligrams / 1e6:,.0f} kg CO₂e ({factor.basis} factor {factor.mg_per_kwh / 1000:g} "
        f"g/kWh, {factor.year}; {factor.source}).",
    )
    y = 0.335
    for line in lines:
        wrapped = fill(line, 150)
        figure.text(0.035, y, wrapped, size=8.2, va="top", color=INK, linespacing=1.35)
        y -= 0.019 * (wrapped.count("\n") + 1) + 0.012


def _members(study: Study) -> Figure:
    figure = _page(study, "Who gains, who loses")
    saved = np.array([[x / _ND_PER_DOLLAR for x in o.saving_nd] for o in study.outcomes]).T
    titles = [
        f"{number}  {fill(title(study, o.scenario), 26)}"
        for number, o in enumerate(study.outcomes, start=1)
    ]
    if len(study.names) > _NAMED_MOST:
        _dots(figure.add_axes((0.09, 0.24, 0.86, 0.62)), saved, titles)
        return figure
    axes = figure.add_axes((0.12, 0.10, 0.80, 0.62))
    most = max(float(np.abs(saved).max(initial=0)), 0.01)
    axes.imshow(saved, cmap="BrBG", vmin=-most, vmax=most, aspect="auto")
    axes.xaxis.tick_top()
    axes.set_xticks(
        range(len(titles)),
        titles,
        size=7.2,
        color=INK,
        rotation=40,
        ha="left",
        rotation_mode="anchor",
    )
    axes.set_yticks(range(len(study.names)), [legible(n, 22) for n in study.names], color=INK)
    axes.tick_params(length=0)
    for (row, column), value in np.ndenumerate(saved):
        dollars = round(abs(value))
        amount = f"−{dollars:,}" if value < 0 else f"{dollars:,}"
        dark = abs(value) > most * 0.6
        axes.text(
            column,
            row,
            f"{amount}▼" if value < 0 else amount,
            ha="center",
            va="center",
            size=8 if len(study.names) <= 20 else 6.5,
            color="white" if dark else INK,
            weight="bold" if value < 0 else "normal",
        )
    figure.text(
        0.035,
        0.065,
        "What each member saves against today's bill from the grid alone [$]; ▼ pays more.",
        size=8,
    )
    return figure


def _dots(
    axes: Axes, saved: np.ndarray[tuple[int, int], np.dtype[np.float64]], titles: list[str]
) -> None:
    for column in range(saved.shape[1]):
        values = np.sort(saved[:, column])
        x = column + (np.arange(len(values)) / max(1, len(values) - 1) - 0.5) * 0.7
        colours = [ALERT if value < 0 else SHARED for value in values]
        axes.scatter(x, values, s=7, c=colours)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xticks(
        range(len(titles)),
        titles,
        size=7.2,
        color=INK,
        rotation=40,
        ha="right",
        rotation_mode="anchor",
    )
    axes.set_ylabel("saving against today [CAD], one dot a member, in order")
    axes.grid(axis="y")


def _day(study: Study) -> Figure:
    figure = _page(study, "The average day")
    hours = np.array(study.local.hours)
    own = study.outcomes[0]
    top = figure.add_axes((0.075, 0.52, 0.89, 0.32))
    shared, taken, fed = (np.zeros(24) for _ in range(3))
    days = max(1, study.local.days)
    volume = own.local
    for hour in range(24):
        rows = hours == hour
        shared[hour] = volume[rows].sum() / days / 1e3
        taken[hour] = own.given.imported[rows].sum() / days / 1e3 - shared[hour]
        fed[hour] = own.given.exported[rows].sum() / days / 1e3 - shared[hour]
    x = np.arange(24)
    top.bar(x, shared, 0.8, color=SHARED, label="shared between neighbours")
    top.bar(x, taken, 0.8, shared, color=GRID, label="imported from the grid")
    top.bar(x, -fed, 0.8, color=EXPORTED, label="exported to the grid (below zero)")
    top.axhline(0, color=INK, linewidth=0.8)
    top.set_ylabel("kWh a day")
    top.set_title("Energy by local hour, all members")
    bottom = figure.add_axes((0.075, 0.11, 0.89, 0.30))
    priced = (Change.NOTHING, Change.MECHANISM)
    for number, o in enumerate(
        o
        for o in study.outcomes
        if o.scenario.change in priced and o.scenario.mechanism != BILL_SHARING
    ):
        local = np.full(24, np.nan)
        for hour in range(24):
            rows = hours == hour
            if o.local[rows].sum():
                local[hour] = np.average(o.price[rows], weights=o.local[rows])
        bottom.step(
            x,
            local / UD_PER_CENT,
            where="mid",
            color=(PRICE, SHARED, "#CC79A7", "#D55E00", INK, "#56B4E9", EXPORTED)[number % 7],
            linestyle=("-", "--", "-.", ":")[number % 4],
            label=title(study, o.scenario),
        )
    retail = [own.given.retail[hours == hour].mean() / UD_PER_CENT for hour in range(24)]
    bottom.step(x, retail, where="mid", color=GRID, label="retail, mean of members")
    bottom.set_ylabel("¢/kWh")
    bottom.set_title("Local price by mechanism, on today's plans")
    for axes in (top, bottom):
        axes.set_xlim(-0.6, 23.6)
        axes.set_xticks(range(0, 24, 3), [f"{hour:02d}:00" for hour in range(0, 24, 3)])
        axes.grid(axis="y")
        axes.legend(loc="upper left", ncols=3, frameon=False, fontsize=7.5)
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + (high - low) * 0.2)
    return figure
