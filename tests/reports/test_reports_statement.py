"""A member's statement: what it says, that it adds up, and that paper and CSV agree."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from sourceenergy.errors import InvariantBroken
from sourceenergy.records import Mode, Quality
from sourceenergy.reports.language import ENGLISH
from sourceenergy.reports.member_statement import MemberStatement, member_statement
from sourceenergy.reports.statement_csv import intervals_csv, statement_csv
from sourceenergy.reports.statement_pdf import statement_pdf
from sourceenergy.reports.words import cents_that_add_up, exact_cad

Settle = Callable[..., Any]


def text_of(pdf: bytes) -> str:
    reader = PdfReader(io.BytesIO(pdf))
    return "\n".join(page.extract_text() for page in reader.pages)


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def amounts(rows: list[dict[str, str]], section: str) -> dict[str, Decimal]:
    """Amounts of a section; items that occur twice (a tariff changed) are summed."""
    found: dict[str, Decimal] = {}
    for row in rows:
        if row["section"] == section:
            found[row["item"]] = found.get(row["item"], Decimal(0)) + Decimal(row["amount_cad"])
    return found


def tell(case: Any, index: int = 0, **more: Any) -> MemberStatement:
    known = {"name": f"Home {index + 1}", "member_id": f"home-{index + 1}"} | more
    period, settlement, anchor, statement = case
    return member_statement(period, settlement, anchor, statement, index, **known)


def test_lines_that_miss_the_ledger_are_refused(street: Any) -> None:
    ledgers = list(street.settlement.ledgers)
    ledgers[0] = dataclasses.replace(ledgers[0], grid_only_nd=ledgers[0].grid_only_nd + 1)
    forged = street._replace(
        settlement=dataclasses.replace(street.settlement, ledgers=tuple(ledgers))
    )
    with pytest.raises(InvariantBroken, match="do not add up") as caught:
        tell(forged)
    assert caught.value.value == -1


def test_a_buyer_reads_what_neighbours_and_grid_cost(street: Any) -> None:
    buyer = tell(street, 1)
    lines = {line.item: line for line in buyer.lines}
    assert lines["neighbours_bought"].with_wh == 30 * 5 * 900
    assert lines["grid_on_peak"].with_wh == 30 * 7 * 900
    assert lines["grid_on_peak"].alone_wh == 30 * 12 * 900
    assert lines["grid_on_peak"].alone_nd == 30 * 12 * 900 * 203_007
    assert lines["grid_on_peak"].billed_by == "utility"
    assert lines["platform_fee"].with_nd == 30 * 5 * 900 * 5_000
    assert (buyer.span, buyer.days) == ("15 January 2026 to 13 February 2026", 30)
    assert buyer.saving_nd == street.settlement.ledgers[1].saving_nd > 0


def test_the_pdf_says_totals_saving_proof_and_what_is_left_out(street: Any) -> None:
    for index in (0, 1):
        s = tell(street, index, verify_command="sourceenergy verify http://node.example")
        pdf = statement_pdf(s)
        text = text_of(pdf)
        assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
        for words in (
            ENGLISH.money(s.with_cents[1]),
            ENGLISH.money(s.alone_cents[1]),
            ENGLISH.money(s.saving_cents),
            "Maple Street",
            f"Home {index + 1}",
            "Mode: Credit allocation",
            s.statement_hash,
            s.account,
            s.anchor.community,
            "epoch 3",
            "sourceenergy verify http://node.example",
            "720 meter values: 720 measured.",
            "Delivery, regulatory charges, tax and the",
        ):
            assert words in text
        assert "SIMULATED" not in text
        assert "DRY RUN" not in text


def test_simulation_and_dry_run_are_said_aloud(settled: Settle) -> None:
    case = settled([[1000, 500]], [[0, 800]], mode=Mode.SIMULATION)
    text = text_of(statement_pdf(tell(case, posted=False)))
    assert "SIMULATED" in text
    assert "DRY RUN" in text
    rows = {row["item"]: row["text"] for row in table(statement_csv(tell(case, posted=False)))}
    assert rows["simulated"] == "yes"
    assert rows["posted_on_chain"] == "no, a dry run"
    real = settled([[1000, 500]], [[0, 800]])
    assert "SIMULATED" in text_of(statement_pdf(tell(real, simulated=True)))


def test_estimated_replaced_and_missing_values_are_marked(settled: Settle) -> None:
    quality = [[Quality.ESTIMATED], [Quality.REPLACED], [Quality.MISSING], [Quality.MEASURED]]
    s = tell(settled([[100], [200], [300], [400]], [[0]] * 4, quality=quality))
    assert s.quality == dict.fromkeys(Quality, 1)
    assert [i.quality for i in s.intervals] == [row[0] for row in quality]
    text = text_of(statement_pdf(s)).replace("\n", " ")
    assert "4 meter values: 1 measured, 1 replaced, 1 estimated, 1 missing." in text
    assert "Missing values count as nothing and were not settled." in text
    assert [row["quality"] for row in table(intervals_csv(s))][:2] == ["estimated", "replaced"]
    assert s.ledger.imported_wh == 700


def test_a_change_of_tariff_within_the_period_gives_a_line_each(settled: Settle) -> None:
    case = settled([[1000]] * 48, [[0]] * 48, changes_on=date(2026, 1, 16))
    lines = [line for line in tell(case).lines if line.item == "grid_on_peak"]
    assert [(x.price_ud_per_kwh, x.with_wh) for x in lines] == [
        (203_000, 12_000),
        (213_000, 12_000),
    ]


def test_a_day_of_25_hours_has_25_rows_and_one_day(settled: Settle) -> None:
    case = settled([[100]] * 25, [[0]] * 25, start="2026-11-01T00:00:00-04:00")
    s = tell(case)
    local = [row["local_time"] for row in table(intervals_csv(s))]
    assert (s.span, s.days, len(local)) == ("1 November 2026", 1, 25)
    assert local[1:3] == ["2026-11-01T01:00-04:00", "2026-11-01T01:00-05:00"]
    assert len(s.chart) == 25


def test_part_of_a_day_is_named_by_its_hours(settled: Settle) -> None:
    s = tell(settled([[100]] * 2, [[0]] * 2, start="2026-01-15T06:00:00-05:00", seconds=900))
    assert s.span == "15 January 2026, 06:00 to 06:30"


def test_negative_prices_turn_costs_into_earnings(settled: Settle) -> None:
    case = settled([[1000, 0]], [[0, 600]], feed_in=-60_000, day=-20_000, night=-20_000, fee=0)
    s = tell(case)
    assert s.with_nd < 0
    assert s.saving_nd >= 0
    assert ENGLISH.money(s.with_cents[1]) in text_of(statement_pdf(s))
    assert amounts(table(statement_csv(s)), "with_community")["total"] < 0


def test_a_member_without_energy_gets_a_statement_of_zeros(street: Any) -> None:
    s = tell(street, 2)
    assert (s.with_nd, s.alone_nd, s.saving_nd) == (0, 0, 0)
    text = text_of(statement_pdf(s))
    assert "$0.00" in text
    assert "Nothing is owed either way." in text


def test_a_member_without_a_meter_gets_a_statement(settled: Settle) -> None:
    case = settled([[100, 0]], [[0, 0]])
    period = dataclasses.replace(
        case.period,
        meters=case.period.meters[:1],
        imported=case.period.imported[:, :1],
        exported=case.period.exported[:, :1],
        quality=case.period.quality[:, :1],
    )
    s = tell(case._replace(period=period), 1)
    assert (s.meters, s.quality) == (0, {})
    assert "no values" in text_of(statement_pdf(s))
    assert table(intervals_csv(s))[0]["quality"] == ""


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Ünal 🏡👩‍👩‍👧",
        "مريم الخطيب",
        "שלום כהן 12",
        "山田太郎",
        "<b>&amp; </para>",
        "line\nbreak\x00\t",
        "=HYPERLINK(1)",
        "x" * 500,
        "",
        "\ud83d",
    ],
)
def test_any_name_makes_a_page(street: Any, name: str) -> None:
    s = tell(street, 0, name=name)
    pdf = statement_pdf(s)
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1
    assert ENGLISH.money(s.with_cents[1]) in text_of(pdf)
    if "\ud83d" not in name:
        assert statement_csv(s).startswith(b"section,item,")


def test_a_name_is_no_formula_in_a_spreadsheet(street: Any) -> None:
    rows = table(statement_csv(tell(street, 0, name="=1+1")))
    assert next(row["text"] for row in rows if row["item"] == "name") == "'=1+1"


def test_the_same_statement_gives_the_same_bytes(street: Any) -> None:
    first, second = tell(street), tell(street)
    assert first == second
    assert statement_pdf(first) == statement_pdf(second)
    assert statement_csv(first) == statement_csv(second)
    assert intervals_csv(first) == intervals_csv(second)


def test_lines_in_cents_add_up_to_the_rounded_total() -> None:
    third = 3_333_333  # a third of a cent [nd]
    assert cents_that_add_up([third, third, third + 1]) == ([0, 0, 1], 1)
    assert cents_that_add_up([]) == ([], 0)


@given(st.lists(st.integers(-(10**13), 10**13), max_size=12))
def test_no_line_is_off_by_a_whole_cent(values: list[int]) -> None:
    cents, total = cents_that_add_up(values)
    assert sum(cents) == total
    assert abs(total * 10**7 - sum(values)) <= 10**7 // 2
    for cent, value in zip(cents, values, strict=True):
        assert abs(cent * 10**7 - value) < 10**7


energy = st.integers(0, 20_000)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(energy, energy, energy, energy), min_size=1, max_size=8),
    fee=st.sampled_from([0, 1, 5_000]),
    feed_in=st.integers(-100_000, 150_000),
    day=st.integers(-50_000, 400_000),
)
def test_statements_always_add_up(
    settled: Settle, rows: list[tuple[int, ...]], fee: int, feed_in: int, day: int
) -> None:
    case = settled(
        [row[:2] for row in rows],
        [row[2:] for row in rows],
        start="2026-01-15T05:00:00-05:00",
        fee=fee,
        feed_in=feed_in,
        day=day,
    )
    for index, ledger in enumerate(case.settlement.ledgers):
        s = tell(case, index)
        data = table(statement_csv(s))
        for section, total_nd in (
            ("with_community", ledger.cost_nd),
            ("grid_alone", ledger.grid_only_nd),
        ):
            found = amounts(data, section)
            total = found.pop("total")
            assert sum(found.values(), Decimal(0)) == total == Decimal(exact_cad(total_nd))
        money_ud = amounts(data, "settled")
        assert money_ud.pop("net") * 10**6 == ledger.net_ud
        assert sum(money_ud.values()) * 10**6 == ledger.net_ud
        for row in data:  # by hand: quantity × price is the amount, exactly
            if row["quantity_kwh"] and "average" not in row["text"]:
                product = Decimal(row["quantity_kwh"]) * Decimal(row["price_cad_per_kwh"])
                assert abs(product) == abs(Decimal(row["amount_cad"]))
        assert s.saving_nd == ledger.saving_nd >= 0
        assert sum(s.with_cents[0]) == s.with_cents[1]
        hours = table(intervals_csv(s))
        assert sum(int(row["imported_wh"]) for row in hours) == ledger.imported_wh
        assert sum(int(row["bought_wh"]) for row in hours) == ledger.bought_wh
        assert sum(b.bought_wh + b.from_grid_wh for b in s.chart) == ledger.imported_wh
        assert sum(b.sold_wh + b.to_grid_wh for b in s.chart) == ledger.exported_wh
