"""The operator's report: residuals of zero, one row a member, one chart page."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from sourceenergy.errors import InvariantBroken
from sourceenergy.metering.intervals import Completeness
from sourceenergy.records import Mode
from sourceenergy.reports.community_chart import community_chart
from sourceenergy.reports.community_report import (
    MemberLabel,
    community_csv,
    community_json,
    community_report,
)
from sourceenergy.reports.language import ENGLISH
from sourceenergy.reports.member_statement import member_statement
from sourceenergy.reports.statement_pdf import statement_pdf
from sourceenergy.reports.words import nearest_cent

Settle = Callable[..., Any]
NAMES = ["Amira Osei", "$5 & co $6", "=SUM(A1)"]
LABELS = [MemberLabel(f"home-{i}", name) for i, name in enumerate(NAMES, start=1)]


def words_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_a_residual_is_refused_by_name(street: Any) -> None:
    forged = dataclasses.replace(street.settlement, fees_ud=street.settlement.fees_ud + 1)
    with pytest.raises(InvariantBroken) as caught:
        community_report(street.period, forged, street.anchor, street.statement)
    assert (caught.value.field, caught.value.value) == ("settled_money_ud", 1)


def test_the_json_holds_totals_roots_residuals_and_members(street: Any) -> None:
    span = (street.period.start_s, street.period.start_s + 3600)
    lacking = Completeness("m-1", 720, 719, 0, 0, 1, (span,))
    body = json.loads(
        community_json(community_report(*street, labels=LABELS, completeness=[lacking]))
    )
    totals, members = body["totals"], body["members"]
    assert set(body["residuals"].values()) == {0}
    assert totals["imported_wh"] == sum(m["imported_wh"] for m in members) == 30 * 24_300
    assert totals["local_wh"] == 30 * 5 * 900
    assert totals["need_met_locally_permille"] == 185  # 4,500 of 24,300 Wh a day
    assert totals["saving_nd"] == sum(m["saving_nd"] for m in members)
    assert totals["grid_only_nd"] - totals["cost_nd"] == totals["saving_nd"]
    assert sum(m["net_ud"] for m in members) + totals["fees_ud"] == 0
    assert body["roots"]["payout"] == street.statement.payout_root
    assert body["statement_hash"].startswith("0x")
    assert body["completeness"][0]["missing_spans"] == [
        ["2026-01-15T05:00:00Z", "2026-01-15T06:00:00Z"]
    ]
    assert body["quality"]["measured"] == 3 * 720
    low, average, high = (
        body["prices_ud_per_kwh"][f"local_{word}"] for word in ("lowest", "average", "highest")
    )
    assert 41_250 <= low <= average <= high <= 203_000 - 5_000
    assert [m["name"] for m in members] == NAMES


def test_without_names_members_are_numbers(street: Any) -> None:
    report = community_report(*street)
    body = json.loads(community_json(report))
    assert [m["name"] for m in body["members"]] == ["Member 1", "Member 2", "Member 3"]
    assert "Member 2" in words_of(community_chart(report).pdf)


def test_the_csv_has_one_exact_row_a_member(street: Any) -> None:
    data = community_csv(community_report(*street, labels=LABELS)).decode()
    rows = list(csv.DictReader(io.StringIO(data)))
    assert [row["member"] for row in rows] == ["home-1", "home-2", "home-3"]
    assert rows[2]["name"] == "'=SUM(A1)"
    for row in rows:
        alone, cost = Decimal(row["cost_grid_alone_cad"]), Decimal(row["cost_with_community_cad"])
        assert alone - cost == Decimal(row["saving_cad"]) >= 0


def test_the_chart_page_is_labelled(street: Any) -> None:
    page = community_chart(community_report(*street, labels=LABELS))
    assert len(PdfReader(io.BytesIO(page.pdf)).pages) == 1
    assert page.png.startswith(b"\x89PNG")
    text = words_of(page.pdf)
    saved = sum(x.saving_nd for x in street.settlement.ledgers)
    for words in (
        "Maple Street",
        "15 January 2026 to 13 February 2026",
        "Mode: Credit allocation",
        "Energy by day",
        "kWh",
        "¢/kWh",
        "local hour",
        "CAD",
        "18.5 %",
        ENGLISH.money(nearest_cent(saved)),
        "Amira Osei",
        "$5 & co $6",
        "feed-in",
        "Meter data of the members",
    ):
        assert words in text
    assert "SIMULATED" not in text


def test_a_simulation_and_a_dry_run_are_labelled(settled: Settle) -> None:
    case = settled([[1000, 500]], [[0, 800]], mode=Mode.SIMULATION)
    report = community_report(*case, posted=False)
    text = words_of(community_chart(report).pdf)
    assert "SIMULATED · DRY RUN" in text
    assert "Simulated homes" in text
    assert json.loads(community_json(report))["simulated"] is True


@pytest.mark.parametrize(
    "case",
    [
        {"imported": [[0, 0]], "exported": [[0, 0]]},
        {"imported": [[500, 0]] * 30, "exported": [[0, 900]] * 30, "feed_in": -60_000, "day": -1},
        {"imported": [[10] * 60] * 2, "exported": [[0] * 60] * 2},
        {"imported": [[500, 0]] * 24 * 60, "exported": [[0, 900]] * 24 * 60},
    ],
    ids=["nothing happened", "negative prices", "sixty homes", "two months"],
)
def test_any_community_makes_a_page(settled: Settle, case: dict[str, Any]) -> None:
    report = community_report(*settled(**case))
    page = community_chart(report)
    assert len(PdfReader(io.BytesIO(page.pdf)).pages) == 1
    assert json.loads(community_json(report))["residuals"]


def test_the_same_report_gives_the_same_bytes(street: Any) -> None:
    first, second = (community_report(*street, labels=LABELS) for _ in range(2))
    assert community_json(first) == community_json(second)
    assert community_csv(first) == community_csv(second)
    assert community_chart(first) == community_chart(second)


def test_bytes_do_not_depend_on_the_process(settled: Settle) -> None:
    """Another process with another hash seed and time zone writes the same."""
    program = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1])\n"
        "from small_street import build\n"
        "from sourceenergy.reports.community_report import community_report\n"
        "from sourceenergy.reports.community_chart import community_chart\n"
        "from sourceenergy.reports.member_statement import member_statement\n"
        "from sourceenergy.reports.statement_pdf import statement_pdf\n"
        "case = build([[900, 100]] * 30, [[0, 700]] * 30)\n"
        "page = community_chart(community_report(*case))\n"
        "one = member_statement(*case, 0, name='Zoë', member_id='z')\n"
        "for data in (page.pdf, page.png, statement_pdf(one)):\n"
        "    print(hashlib.sha256(data).hexdigest())\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", program, str(Path(__file__).parents[1])],
        env=os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Kolkata"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    case = settled([[900, 100]] * 30, [[0, 700]] * 30)
    page = community_chart(community_report(*case))
    period, settlement, anchor, statement = case
    one = member_statement(period, settlement, anchor, statement, 0, name="Zoë", member_id="z")
    here = [hashlib.sha256(x).hexdigest() for x in (page.pdf, page.png, statement_pdf(one))]
    assert other == here
