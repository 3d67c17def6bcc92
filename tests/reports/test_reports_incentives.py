"""An incentive is a line of its own on the statement, with its policy; sums still add up."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from pypdf import PdfReader

from audit.test_audit_checks import ANCHOR
from sourceenergy.config.tariff_file import parse_tariffs, shipped_tariffs
from sourceenergy.node.publish import Settled, prepare
from sourceenergy.proofs import ZERO_HASH
from sourceenergy.records import Incentive, IncentiveFor
from sourceenergy.reports.community_report import residuals
from sourceenergy.reports.language import Language
from sourceenergy.reports.member_statement import MemberStatement, member_statement
from sourceenergy.reports.statement_csv import statement_csv
from sourceenergy.reports.statement_json import statement_json
from sourceenergy.reports.statement_pdf import statement_pdf
from sourceenergy.settlement.bundle import read_bundle
from sourceenergy.settlement.period import settle
from sourceenergy.units import Ud, UdPerKwh
from strategies_energy import OPERATOR, a_period, account, utc

PROSUMER, CO_OP, TENANT = range(3)
SIX = utc("2026-01-15T11:00")
"""Six in the morning in Toronto on a Thursday: an hour off-peak, then an hour on-peak."""


def evening(budget_ud: int = 100_000_000) -> Settled:
    """S22: 25,000 kWh are delivered on-peak, 12 of them by the Prosumer; 5 more off-peak."""
    period = a_period(
        [[0, 0, 1_000], [0, 0, 1_000]],
        [[5_000, 0, 0], [12_000, 24_988_000, 0]],
        fee=5_000,
        start_s=SIX,
    )
    text = shipped_tariffs()
    period = replace(
        period,
        plans=parse_tariffs(text, "shipped"),
        members=tuple(replace(m, plan="ontario_time_of_use") for m in period.members),
        incentives=(
            Incentive(
                "S22-peak",
                UdPerKwh(5_000),
                Ud(budget_ud),
                SIX - 3600,
                SIX + 7200,
                IncentiveFor.DELIVERED,
                "ontario_time_of_use",
                ("on_peak",),
            ),
        ),
    )
    return prepare(period, text, ANCHOR, 1, ZERO_HASH, ("prosumer", "co-op", "tenant"))


S22 = evening()


def tell(index: int, language: Language = Language.EN, s: Settled = S22) -> MemberStatement:
    return member_statement(
        s.period,
        s.settlement,
        ANCHOR,
        s.statement,
        index,
        name=f"Home {index}",
        member_id=f"home-{index}",
        language=language,
    )


def test_who_delivered_nothing_at_peak_is_paid_nothing() -> None:
    told = tell(TENANT)
    (line,) = (one for one in told.lines if one.item == "incentive")
    assert (line.with_wh, line.with_nd) == (0, 0)
    assert "Incentives set by policy" not in _page(told)


def test_S22_the_budget_binds_on_the_statement() -> None:
    """$125 wanted, $100 paid, 0.4 ¢/kWh; the Prosumer's 12 kWh bring 4.8 ¢, policy named."""
    (paid,) = S22.settlement.incentives
    assert sum(paid.energy_wh.tolist()) == 25_000_000
    assert sum(paid.energy_wh.tolist()) * paid.incentive.rate // 1000 == 125_000_000
    assert S22.settlement.incentives_ud == 100_000_000
    assert paid.rate_paid == 4_000
    assert S22.settlement.ledgers[PROSUMER].incentive_ud == 48_000
    # The line: 12 kWh at 0.4 ¢, in every form of the statement.
    told = tell(PROSUMER)
    (line,) = (one for one in told.lines if one.item == "incentive")
    assert line.words == "Incentive, policy S22-peak"
    assert (line.with_wh, line.price_ud_per_kwh, line.with_nd) == (12_000, 4_000, -48_000_000)
    rows = {
        (row["section"], row["item"]): row
        for row in csv.DictReader(io.StringIO(statement_csv(told).decode("utf-8-sig")))
    }
    row = rows["with_community", "incentive"]
    assert float(row["quantity_kwh"]) == 12
    assert float(row["amount_cad"]) == -0.048
    assert row["text"].startswith("Incentive, policy S22-peak")
    assert float(rows["settled", "incentive"]["amount_cad"]) == 0.048
    body = json.loads(statement_json(told))
    assert body["settled_ud"]["incentive"] == 48_000
    page = _page(told)
    assert "Incentive, policy S22-peak" in page
    assert "Incentives set by policy: $0.05 to you." in page
    # The operator owes the $100, deposits them less its fees, and no cent is lost.
    ledgers, fees_ud = S22.settlement.ledgers, S22.settlement.fees_ud
    assert sum(x.net_ud for x in ledgers) + fees_ud == 100_000_000
    assert S22.settlement.closing[OPERATOR].deposited_ud == 100_000_000 - fees_ud
    assert S22.settlement.closing[account(PROSUMER)].payout_ud == ledgers[PROSUMER].net_ud
    assert set(residuals(S22.settlement).values()) == {0}
    # Anyone with the bundle comes to the same.
    files = {n.removeprefix("audit/"): d for n, d in S22.files.items() if n.startswith("audit/")}
    replayed = settle(read_bundle(files).period)
    assert replayed.payout_root(ANCHOR.community) == S22.statement.payout_root


def test_S22_a_wide_budget_pays_the_full_rate() -> None:
    wide = evening(200_000_000).settlement
    assert wide.incentives_ud == 125_000_000
    assert wide.ledgers[PROSUMER].incentive_ud == 60_000


@pytest.mark.parametrize("index", range(3))
def test_lines_and_rows_add_up_to_the_ledger(index: int) -> None:
    told, ledger = tell(index), S22.settlement.ledgers[index]
    assert told.with_nd == ledger.cost_nd
    assert told.saving_nd == ledger.saving_nd >= 0
    rows = list(csv.DictReader(io.StringIO(statement_csv(told).decode("utf-8-sig"))))
    settled = {
        r["item"]: round(float(r["amount_cad"]) * 10**6) for r in rows if r["section"] == "settled"
    }
    assert settled.pop("net") == sum(settled.values()) == ledger.net_ud


def test_in_french_it_is_an_incitatif() -> None:
    page = _page(tell(PROSUMER, Language.FR))
    assert "Incitatif, politique S22-peak" in page
    assert "Incitatifs fixés par politique" in page


def _page(statement: MemberStatement) -> str:
    text = PdfReader(io.BytesIO(statement_pdf(statement))).pages[0].extract_text()
    return " ".join(text.replace("\u00a0", " ").split())
