"""The triage of static analysis: nothing unexplained, nothing stale, no line numbers."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def analysis() -> ModuleType:
    spec = importlib.util.spec_from_file_location("analysis", ROOT / "scripts/analysis.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def finding(detector: str, contract: str, function: str, line: int = 1) -> dict[str, Any]:
    parent = {"type": "contract", "name": contract, "type_specific_fields": {}}
    element = {
        "type": "function",
        "name": function,
        "source_mapping": {"lines": [line]},
        "type_specific_fields": {"parent": parent},
    }
    return {"check": detector, "impact": "High", "description": "found", "elements": [element]}


def kept(detector: str, *where: str, reason: str = "It is meant.") -> dict[str, Any]:
    return {"kept": [{"detector": detector, "where": list(where), "reason": reason}]}


def test_a_finding_without_a_reason_is_named(analysis: ModuleType) -> None:
    (wrong,) = analysis.unexplained([finding("reentrancy", "Fund", "claim")], {})
    assert wrong == "not explained: High reentrancy at Fund.claim: found"


def test_a_reason_for_another_function_or_detector_explains_nothing(analysis: ModuleType) -> None:
    found = [finding("reentrancy", "Fund", "claim")]
    assert len(analysis.unexplained(found, kept("reentrancy", "Fund.invest"))) == 2
    assert len(analysis.unexplained(found, kept("timestamp", "Fund.claim"))) == 2


def test_a_reason_whose_finding_is_gone_is_stale(analysis: ModuleType) -> None:
    (wrong,) = analysis.unexplained([], kept("reentrancy", "Fund.claim"))
    assert wrong == "stale: reentrancy at Fund.claim is explained and no longer found"


def test_an_empty_reason_is_none(analysis: ModuleType) -> None:
    triage = kept("reentrancy", "Fund.claim", reason=" ")
    (wrong,) = analysis.unexplained([finding("reentrancy", "Fund", "claim")], triage)
    assert wrong == "reentrancy has an entry without a reason"


def test_a_place_explained_twice_is_named(analysis: ModuleType) -> None:
    triage = kept("reentrancy", "Fund.claim", "Fund.claim")
    (wrong,) = analysis.unexplained([finding("reentrancy", "Fund", "claim")], triage)
    assert wrong == "reentrancy at Fund.claim is explained twice"


def test_lines_do_not_matter(analysis: ModuleType) -> None:
    found = [finding("reentrancy", "Fund", "claim", line) for line in (7, 70)]
    assert analysis.unexplained(found, kept("reentrancy", "Fund.claim")) == []
    assert analysis.unexplained(found, kept("reentrancy", "*")) == []


def test_the_triage_gives_a_sentence_for_each() -> None:
    triage = tomllib.loads((ROOT / "contracts/slither.triage.toml").read_text(encoding="utf-8"))
    for entry in triage["kept"]:
        assert entry["where"] and entry["reason"].endswith(".") and len(entry["reason"]) > 20
