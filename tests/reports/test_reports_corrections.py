"""A correction on a statement: a line an earlier period, exact, in the member's own language."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from pypdf import PdfReader

from audit.test_audit_checks import ANCHOR
from settlement.test_settlement_corrections import STATEMENT, estimated, next_period, record, run
from settlement.test_settlement_orders import H1, PROSUMER, TENANT
from sourceenergy.records import Mode
from sourceenergy.reports.language import Language
from sourceenergy.reports.member_statement import MemberStatement, member_statement
from sourceenergy.reports.statement_csv import statement_csv
from sourceenergy.reports.statement_json import statement_json
from sourceenergy.reports.statement_pdf import statement_pdf
from sourceenergy.settlement.corrected import Corrected, together
from sourceenergy.settlement.period import settle
from sourceenergy.settlement.published import build_statement


def tell(index: int, language: Language = Language.EN) -> MemberStatement:
    """S10: the hour after S08, in which the tenant's 2.380 kWh take effect."""
    before = estimated()
    found = run(before, record(before, TENANT, 2_380, 0))
    period = replace(next_period(found, before), mode=Mode.SANDBOX_P2P)
    settlement = settle(period)
    statement = build_statement(settlement, period, ANCHOR, 2, STATEMENT, "00" * 32)
    return member_statement(
        period,
        settlement,
        ANCHOR,
        statement,
        index,
        name="A member",
        member_id="a-member",
        language=language,
        corrected=[Corrected(1, STATEMENT, before, found)],
    )


def page_of(statement: MemberStatement) -> str:
    text = PdfReader(io.BytesIO(statement_pdf(statement))).pages[0].extract_text()
    return " ".join(text.replace("\u00a0", " ").split())


def test_who_is_not_concerned_reads_nothing_of_it() -> None:
    told = tell(H1)
    assert (told.corrections, told.corrected_ud) == ((), 0)
    assert b"correction," not in statement_csv(told)
    assert "Correction" not in page_of(told)


@pytest.mark.parametrize(
    ("index", "energy", "fee", "now"),
    [
        (TENANT, "0.014400", "0.000600", "0.015000"),
        (PROSUMER, "-0.014400", "0.000000", "-0.014400"),
    ],
)
def test_S10_the_exact_amounts_are_in_the_table(
    index: int, energy: str, fee: str, now: str
) -> None:
    rows = csv.DictReader(io.StringIO(statement_csv(tell(index)).decode()))
    told = {(row["section"], row["item"]): row["amount_cad"] for row in rows}
    assert told["correction", "statement_1_energy"] == energy
    assert told["correction", "statement_1_fee"] == fee
    assert told["corrected", "settled_now"] == now


def test_S10_only_the_own_records_are_told() -> None:
    tenant, prosumer = (
        json.loads(statement_json(tell(i)))["corrections"][0] for i in (TENANT, PROSUMER)
    )
    assert [(r["before"][0], r["after"][0]) for r in tenant["records"]] == [(2_500, 2_380)]
    assert prosumer["records"] == []
    assert (prosumer["to_grid_wh"], prosumer["grid_nd"]) == (120, 120 * 41_250)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.EN, ("Correction of", "(statement 1)", "energy 1.44 ¢, fee 0.06 ¢")),
        (Language.FR, ("Correction du relevé 1", "énergie 1,44 ¢, frais 0,06 ¢")),
    ],
)
def test_S10_the_page_has_a_line_for_the_period(language: Language, words: tuple[str, ...]) -> None:
    page = page_of(tell(TENANT, language))
    for said in words:
        assert said in page


def test_two_runs_settle_together_and_what_cancels_is_left_out() -> None:
    before = estimated()
    there = run(before, record(before, TENANT, 2_380, 0))
    back = replace(
        there, adjustments_ud={account: -ud for account, ud in there.adjustments_ud.items()}
    )
    corrections, adjustments = together(
        Corrected(epoch, STATEMENT, before, one) for epoch, one in enumerate((there, back), start=1)
    )
    assert (len(corrections), adjustments) == (2, {})
