"""docs/mechanisms.md says of each mechanism what the registry promises; none is undescribed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sourceenergy.market.prices import PRICE_RULES
from sourceenergy.market.registry import MECHANISMS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "mechanisms.md").read_text("utf-8")
ROWS = {
    cells[0].strip("`"): cells[1:]
    for line in PAGE.splitlines()
    if line.startswith("| `")
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
}


def test_the_page_and_the_registry_name_the_same_mechanisms() -> None:
    assert list(ROWS) == list(MECHANISMS)
    assert set(PRICE_RULES) < set(MECHANISMS)


@pytest.mark.parametrize("name", MECHANISMS)
def test_the_page_promises_what_is_checked_on_every_run(name: str) -> None:
    _, balanced, not_worse, truthful, _, _ = ROWS[name]
    promise = MECHANISMS[name]
    assert (balanced == "yes") == promise.balanced
    assert (not_worse == "yes") == promise.rational
    assert (truthful == "yes") == promise.truthful


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_mechanism_says_what_it_is(name: str) -> None:
    text = MECHANISMS[name].run.__doc__ or ""
    for word in ("Mechanism", "Paper", "rice rule", "ie rule", "roperties", "omplexity"):
        assert word in text, word
    author = re.split(r" and | \d{4}", ROWS[name][-1])[0]
    assert author in text, author
