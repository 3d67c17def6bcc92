"""The page on proofs says of every kind where its records are and what else anchors them."""

from __future__ import annotations

import re
from pathlib import Path

from sourceenergy.settlement.evidence import FILES, Kind

PAGE = Path(__file__).resolve().parents[2] / "docs/proof.md"
CONTRACTS = Path(__file__).resolve().parents[2] / "contracts/src"


def test_every_kind_has_its_row_with_its_file_and_contracts_that_exist() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|(.*)$", PAGE.read_text(encoding="utf-8"), re.M)
    assert [(kind, file) for kind, file, _ in rows] == [(kind, FILES[kind]) for kind in Kind]
    sources = {path.stem for path in CONTRACTS.rglob("*.sol")}
    for _, _, rest in rows:
        assert set(re.findall(r"`([A-Z]\w+)`", rest)) <= sources
