"""How charts look, and how figures become files: the same figure gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import matplotlib.style
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from sourceenergy.reports.words import INK, PALE

_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": PALE,
    "ytick.color": PALE,
    "grid.color": "#DDE2E7",
    "grid.linewidth": 0.6,
    "pdf.fonttype": 42,  # real text, so that the page can be searched
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
}


@contextmanager
def chart_style() -> Iterator[None]:
    """The house's style, whatever the user's own settings are."""
    with matplotlib.style.context(["default", _SETTINGS], after_reset=True):
        yield


def pdf_of(figures: Sequence[Figure], title: str) -> bytes:
    """Figures as the pages of one PDF, without a date, so that the bytes repeat."""
    pdf = io.BytesIO()
    about = {"Title": title, "Creator": "SourceEnergy", "Producer": None, "CreationDate": None}
    with PdfPages(pdf, metadata=about) as pages:
        for figure in figures:
            pages.savefig(figure)
    return pdf.getvalue()


def png_of(figure: Figure) -> bytes:
    """A figure for screens, 150 pixels an inch."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=150, metadata={"Software": "SourceEnergy"})
    return png.getvalue()
