"""Names in any script on paper: the font, its gaps, and writing from right to left.

The font is DejaVu Sans, which comes with matplotlib. It lacks emoji and East Asian scripts; what
it lacks is shown as one question mark, so that a name never stops a statement. ReportLab draws
characters one after another from the left, so Arabic is joined and right-to-left text put in
visual order here.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

import matplotlib
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD, MONO = "SourceEnergySans", "SourceEnergySans-Bold", "SourceEnergyMono"
_FILES = {REGULAR: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf", MONO: "DejaVuSansMono.ttf"}
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_TATWEEL = "\u0640"


@lru_cache(maxsize=1)
def register_fonts() -> frozenset[int]:
    """Make the fonts known to ReportLab; returns the characters that all of them have."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    known = None
    for name, file in _FILES.items():
        font = TTFont(name, str(folder / file))
        pdfmetrics.registerFont(font)
        if name != MONO:
            has = frozenset(font.face.charToGlyph)
            known = has if known is None else known & has
    assert known is not None
    return known


def legible(text: str, most: int = 80) -> str:
    """Text in reading order that the font can show, on one line, cut to ``most`` characters.

    What the font lacks becomes ``?``, a run of it one ``?``; invisible characters go.
    """
    known = register_fonts()
    shown: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if character.isspace() or category == "Cc":
            character = " "  # noqa: PLW2901 - a line break would leave its place on the page
        elif category == "Cf" or "\ufe00" <= character <= "\ufe0f":
            continue
        elif ord(character) not in known:
            if shown[-1:] == ["?"]:
                continue
            character = "?"  # noqa: PLW2901
        shown.append(character)
    line = " ".join("".join(shown).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def drawn(text: str, most: int = 80) -> str:
    """``legible`` text in the order in which characters are drawn from the left."""
    line = legible(text, most)
    if not any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in line):
        return line
    return _visual(_joined(line))


@lru_cache(maxsize=1)
def _arabic_forms() -> dict[tuple[str, str], str]:
    """Unicode's own table of joined shapes: (form, letters) to the shaped character."""
    forms: dict[tuple[str, str], str] = {}
    for code in range(0xFE80, 0xFEFD):
        kind, *letters = unicodedata.decomposition(chr(code)).split()
        forms[kind.strip("<>"), "".join(chr(int(letter, 16)) for letter in letters)] = chr(code)
    return forms


def _joined(text: str) -> str:
    forms, known = _arabic_forms(), register_fonts()

    def joins_next(letters: str) -> bool:
        return ("initial", letters) in forms or letters == _TATWEEL

    def joins_before(letters: str) -> bool:
        return ("final", letters) in forms or letters == _TATWEEL

    units: list[str] = []  # letters; lam and alef that follow one another are one
    for character in text:
        if units and units[-1] == "\u0644" and ("isolated", "\u0644" + character) in forms:
            units[-1] += character
        else:
            units.append(character)
    shaped = []
    spoken = [i for i, unit in enumerate(units) if unicodedata.category(unit[0]) != "Mn"]
    before = dict(zip(spoken[1:], spoken, strict=False))
    after = {a: b for b, a in before.items()}
    for i, unit in enumerate(units):
        from_before = i in before and joins_next(units[before[i]]) and joins_before(unit)
        to_next = i in after and joins_next(unit) and joins_before(units[after[i]])
        kind = ("medial" if to_next else "final") if from_before else ""
        kind = kind or ("initial" if to_next else "isolated")
        form = forms.get((kind, unit), unit)
        shaped.append(form if all(ord(c) in known for c in form) else unit)
    return "".join(shaped)


def _visual(text: str) -> str:
    """Enough of the Unicode bidirectional algorithm for a name: runs, numbers, brackets."""
    clusters: list[str] = []
    for character in text:
        if clusters and unicodedata.combining(character):
            clusters[-1] += character
        else:
            clusters.append(character)
    kinds = [_direction(cluster[0]) for cluster in clusters]
    base = next((kind for kind in kinds if kind in "RL"), "L")
    kinds = ["L" if kind == "N" else kind for kind in kinds]  # numbers run left to right
    for i, kind in enumerate(kinds):
        if kind == "-":
            left = next((k for k in kinds[i::-1] if k in "RL"), base)
            right = next((k for k in kinds[i:] if k in "RL"), base)
            kinds[i] = left if left == right else base
    runs: list[tuple[str, list[str]]] = []
    for kind, cluster in zip(kinds, clusters, strict=True):
        if not runs or runs[-1][0] != kind:
            runs.append((kind, []))
        runs[-1][1].append(cluster)
    if base == "R":
        runs.reverse()
    return "".join(
        "".join(reversed([c.translate(_MIRRORED) for c in run]) if kind == "R" else run)
        for kind, run in runs
    )


def _direction(character: str) -> str:
    kind = unicodedata.bidirectional(character)
    if kind in {"R", "AL"}:
        return "R"
    if kind == "L":
        return "L"
    return "N" if kind in {"EN", "AN"} else "-"
