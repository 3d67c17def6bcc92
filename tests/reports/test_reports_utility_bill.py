"""The utility's bill beside a statement: by hand, in both languages, on one page."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from typing import Any

from pypdf import PdfReader

from sourceenergy.config.tariff_file import parse_charges
from sourceenergy.records import TariffTier, TariffVersion
from sourceenergy.reports.language import Language, Wording
from sourceenergy.reports.member_statement import MemberStatement, member_statement
from sourceenergy.reports.statement_csv import statement_csv
from sourceenergy.reports.statement_json import statement_json
from sourceenergy.reports.statement_pdf import statement_pdf
from sourceenergy.reports.words import nearest_cent
from sourceenergy.settlement.period import settle
from sourceenergy.units import ND_PER_UD, UdPerKwh, Wh

CHARGES = """
[[charge]]
name = "wires"
title = "Wires"
kind = "delivery"
source = "made up"
[[charge.version]]
from = 2020-01-01
cents_per_kwh = "2.0"

[[charge]]
name = "rebate"
title = "Rebate of the province"
kind = "rebate"
source = "made up"
[[charge.version]]
from = 2020-01-01
percent = "23.5"

[[charge]]
name = "hst"
title = "HST"
kind = "tax"
source = "made up"
[[charge.version]]
from = 2020-01-01
percent = "13"
"""


def _tell(case: Any, index: int, language: Language = Language.EN) -> MemberStatement:
    period, settlement, anchor, statement = case
    return member_statement(
        period,
        settlement,
        anchor,
        statement,
        index,
        name="Home",
        member_id=f"home-{index + 1}",
        language=language,
        charges=parse_charges(CHARGES, "charges"),
    )


def test_without_charges_there_is_no_bill_and_the_page_says_what_is_left_out(street: Any) -> None:
    period, settlement, anchor, statement = street
    plain = member_statement(
        period, settlement, anchor, statement, 1, name="Home", member_id="home-2"
    )
    assert plain.bill is None
    assert json.loads(statement_json(plain))["utility_bill"] is None
    assert b"not_included" in statement_csv(plain)


def test_X04_the_bill_can_be_followed_by_hand(street: Any) -> None:
    """648 kWh, 135 of them from neighbours by day: 513 stay with the utility."""
    bill = _tell(street, 1).bill
    assert bill is not None
    rows = {row.item: (row.with_ud, row.alone_ud) for row in bill.rows}
    grid = (189 * 203_007 + 324 * 98_003, 324 * 203_007 + 324 * 98_003)
    wires = 648 * 20_000
    assert rows["energy"] == tuple(round(x, -4) for x in grid)
    assert rows["delivery_wires"] == (wires, wires)
    for (with_ud, alone_ud), percent in ((rows["rebate_rebate"], -23.5), (rows["tax_hst"], 13)):
        assert abs(with_ud - (grid[0] + wires) * percent / 100) <= 10_000
        assert abs(alone_ud - (grid[1] + wires) * percent / 100) <= 10_000
    assert bill.with_ud == sum(row.with_ud for row in bill.rows)
    assert bill.alone_ud == sum(row.alone_ud for row in bill.rows)
    ledger = street.settlement.ledgers[1]
    assert bill.all_with_ud == bill.with_ud - ledger.net_ud
    assert bill.saving_ud == bill.alone_ud - bill.all_with_ud


def test_a_seller_is_credited_for_what_the_grid_took(street: Any) -> None:
    bill = _tell(street, 0).bill
    assert bill is not None
    ledger = street.settlement.ledgers[0]
    left = round(ledger.grid_export_nd / 10**7) * 10_000
    assert bill.all_with_ud == bill.with_ud - left - ledger.net_ud


def test_delivery_is_the_same_with_and_without_neighbours(street: Any) -> None:
    for index in range(3):
        bill = _tell(street, index).bill
        assert bill is not None
        for row in bill.rows:
            if row.item.startswith("delivery"):
                assert row.with_ud == row.alone_ud


def test_page_and_csv_show_it_in_both_languages(street: Any) -> None:
    for language in Language:
        told = _tell(street, 1, language)
        assert told.bill is not None
        assert json.loads(statement_json(told))["utility_bill"]["with_ud"] == told.bill.with_ud
        say = Wording(language)
        reader = PdfReader(io.BytesIO(statement_pdf(told)))
        assert len(reader.pages) == 1
        text = reader.pages[0].extract_text()
        assert say("bill.title") in text
        assert say.plain(told.bill.with_ud // 10_000) in text
        saved = say.money(nearest_cent(told.bill.saving_ud * ND_PER_UD))
        assert " ".join(saved.split()) in " ".join(text.split())
        rows = list(csv.DictReader(io.StringIO(statement_csv(told).decode())))
        total = next(r for r in rows if (r["section"], r["item"]) == ("bill_grid_alone", "total"))
        assert int(total["amount_cad"].replace(".", "")) == told.bill.alone_ud


def test_a_tiered_plan_names_the_tier_of_each_interval(settled: Any) -> None:
    """600 Wh an hour for 30 days: the threshold of 300 kWh is passed in hour 500."""
    case = settled([[600]] * 720, [[0]] * 720, start="2026-01-01T00:00:00-05:00")
    tiers = (
        TariffTier("tier_1", frozenset(range(1, 13)), Wh(300_000)),
        TariffTier("tier_2", frozenset(range(1, 13)), None),
    )
    prices = {"tier_1": UdPerKwh(120_000), "tier_2": UdPerKwh(142_000)}
    version = TariffVersion(date(2020, 1, 1), date(2030, 1, 1), prices)
    low = replace(case.period.plans["low"], rules=(), tiers=tiers, versions=(version,))
    period = replace(case.period, plans={"low": low})
    settlement = settle(period)
    told = member_statement(
        period,
        settlement,
        case.anchor,
        case.statement,
        0,
        name="Home",
        member_id="home-1",
        charges=parse_charges(CHARGES, "charges"),
    )
    lines = {line.item: line.with_wh for line in told.lines}
    assert (lines["grid_tier_1"], lines["grid_tier_2"]) == (300_000, 132_000)
    assert told.bill is not None
    energy = next(row for row in told.bill.rows if row.item == "energy")
    assert energy.with_ud == round(300 * 120_000 + 132 * 142_000, -4)
