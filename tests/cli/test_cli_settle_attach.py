"""What other layers hand in: settled with, covered by the statement, verified line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from small_batch import SPAN, Ran, run, write
from small_evidence import a_ledger, a_register, settings, versions
from sourceenergy.chain.anvil import find_anvil
from sourceenergy.errors import Unavailable
from sourceenergy.settlement.evidence_attached import (
    NAMES,
    certificate_lines,
    ledger_lines,
    policy_lines,
    report_lines,
)

HANDED_IN = {
    "ledger_rows.jsonl": ledger_lines([a_ledger()]),
    "certificates.jsonl": certificate_lines(a_register()),
    "policies.jsonl": policy_lines(settings()),
    "reports.jsonl": report_lines(versions()),
}


def handed_in(folder: Path, **changed: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in HANDED_IN.items():
        (folder / name).write_bytes(changed.get(name.partition(".")[0], data))
    return folder


def settle(root: Path, *more: str | Path) -> Ran:
    return run("settle", root / "community.toml", *SPAN, "--data", root / "data", *more)


def test_another_file_a_line_that_is_none_and_a_member_s_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    folder = handed_in(tmp_path / "more")
    (folder / "notes.txt").write_text("hello")
    ran = settle(tmp_path, "--attach", folder, "--dry-run")
    assert ran.refused() == ("evidence.file", "--attach")
    (folder / "notes.txt").unlink()
    for junk, rule in (
        (b'{"parameter": "LOAN_RATE"}\n', "evidence.line"),
        (policy_lines(settings()).replace(b'"p-3"', b'"ben"'), "evidence.personal"),
        (policy_lines(settings()).replace(b'"p-3"', b'"meter-ann"'), "evidence.personal"),
    ):
        handed_in(folder, policies=junk)
        ran = settle(tmp_path, "--attach", folder, "--dry-run")
        assert ran.refused() == (rule, "policies.jsonl")
    assert not (tmp_path / "statements").exists()


def test_what_is_handed_in_is_settled_with_and_verified(tmp_path: Path) -> None:
    """Beside the community's file it is found by the span's name."""
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    write(tmp_path)
    handed_in(tmp_path / "evidence/2026-01-05")
    first = settle(tmp_path)
    assert first.status == 0, first
    again = settle(tmp_path)
    assert again.told["statement_hash"] == first.told["statement_hash"]
    files = tmp_path / "statements/2026-01-05"
    checked = ("verify", files / "public", "--audit", files / "audit", "--data", tmp_path / "data")
    told = run(*checked).told
    assert told["ok"] is True
    details = {check["name"]: check["detail"] for check in told["checks"]}
    assert details["ledger_row"] == "3 records match their commitments"
    assert details["report"] == "2 records match their commitments"
    assert set(NAMES.values()) <= details.keys()
    # Another set of evidence would be another statement of a settled period.
    (tmp_path / "evidence/2026-01-05/reports.jsonl").unlink()
    assert settle(tmp_path).refused() == ("statement.immutable", "epoch")
