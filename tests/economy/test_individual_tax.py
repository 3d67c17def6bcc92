"""Tax papers: who charges what, who is warned in time, what goes on which slip."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.individual.tax import (
    SMALL_SUPPLIER_UD,
    Income,
    Paid,
    SlipRow,
    Supplied,
    Watch,
    invoice_nearest,
    quarter_of,
    slip_rows,
    watch_threshold,
)
from sourceenergy.errors import InputError
from sourceenergy.units import Ud
from strategies_energy import law

DOLLAR, CENT = 1_000_000, 10_000


def test_an_invoice_is_zero_or_more() -> None:
    with pytest.raises(InputError):
        invoice_nearest("C1", True, -1)


def test_S24_C1_invoices_100_and_13_HST_and_the_prosumer_none() -> None:
    co_op = invoice_nearest("C1", True, 100 * DOLLAR)
    assert (co_op.net_ud, co_op.hst_ud, co_op.total_ud) == (100 * DOLLAR, 13 * DOLLAR, 113 * DOLLAR)
    assert invoice_nearest("prosumer", False, 100 * DOLLAR).total_ud == 100 * DOLLAR


@pytest.mark.parametrize(
    ("net_ud", "hst_ud"),
    [(0, 0), (CENT, 0), (4 * CENT, CENT), (50 * CENT, 7 * CENT), (150 * CENT, 20 * CENT)],
)
def test_HST_is_to_the_nearest_cent_half_a_cent_up(net_ud: int, hst_ud: int) -> None:
    assert invoice_nearest("C1", True, net_ud).hst_ud == hst_ud


def year(*quarters: int, before: int = 2026) -> list[Supplied]:
    """One sale in the middle of each quarter of the year, in dollars."""
    return [
        Supplied(date(before, 2 + 3 * i, 15), Ud(dollars * DOLLAR))
        for i, dollars in enumerate(quarters)
    ]


@pytest.mark.parametrize(
    ("quarters", "state"),
    [
        ((7_375, 7_375, 7_375, 7_375), Watch.WARN),  # $29,500
        ((6_000, 6_000, 7_000, 7_000), Watch.BELOW),
        ((2_000, 2_000, 2_000, 15_000), Watch.WARN),  # another like the last would cross
        ((7_500, 7_500, 7_500, 7_500), Watch.WARN),  # at the threshold, not above it
        ((7_500, 7_500, 7_500, 7_501), Watch.CROSSED_IN_FOUR),
        ((0, 0, 0, 30_001), Watch.CROSSED_IN_ONE),
        ((0, 0, 0, 0), Watch.BELOW),
    ],
)
def test_S24_the_watch_of_30000_dollars(quarters: tuple[int, ...], state: Watch) -> None:
    found = watch_threshold(year(*quarters), date(2026, 12, 31))
    assert found.watch is state
    assert found.total_ud == sum(quarters) * DOLLAR


def test_only_the_last_four_quarters_up_to_the_day_count() -> None:
    sales = [*year(9_000, 9_000, 9_000, 9_000, before=2025), *year(1_000, 1_000)]
    found = watch_threshold(sales, date(2026, 4, 30))
    assert found.quarters_ud == (9_000 * DOLLAR, 9_000 * DOLLAR, 1_000 * DOLLAR, 0)
    assert quarter_of(date(2026, 1, 1)) == quarter_of(date(2025, 12, 31)) + 1


@law
@given(st.lists(st.integers(0, 20_000), min_size=4, max_size=4), st.data())
def test_who_crosses_with_a_quarter_like_before_was_warned_a_quarter_ahead(
    quarters: list[int], data: st.DataObject
) -> None:
    coming = data.draw(st.integers(0, max(quarters)))
    now = watch_threshold(year(*quarters, before=2025), date(2025, 12, 31))
    later = watch_threshold([*year(*quarters, before=2025), *year(coming)], date(2026, 3, 31))
    if now.total_ud <= SMALL_SUPPLIER_UD < later.total_ud:
        assert now.watch is Watch.WARN


# --- slips ------------------------------------------------------------------------------------


def paid(kind: Income, dollars: int, month: int = 6, who: str = "H1", **more: Any) -> Paid:
    return Paid(who, date(more.get("year", 2026), month, 12), kind, Ud(dollars * DOLLAR))


def test_S24_60_dollars_of_bond_interest_go_on_a_slip() -> None:
    assert slip_rows([paid(Income.INTEREST, 25), paid(Income.INTEREST, 35, 12)], 2026) == (
        SlipRow("H1", 2026, Income.INTEREST, Ud(60 * DOLLAR), "T5 box 13"),
    )


def test_below_50_dollars_there_is_a_line_and_no_slip() -> None:
    (row,) = slip_rows([paid(Income.INTEREST, 49)], 2026)
    assert row.slip == ""
    (row,) = slip_rows([paid(Income.INTEREST, 50)], 2026)
    assert row.slip == "T5 box 13"


def test_S24_net_metering_credits_are_not_cash_income() -> None:
    rows = slip_rows([paid(Income.NET_METERING_CREDIT, 400), paid(Income.ENERGY_SALE, 90)], 2026)
    assert [(row.kind, row.slip) for row in rows] == [(Income.ENERGY_SALE, "")]


def test_a_year_is_the_local_year_and_payments_are_zero_or_more() -> None:
    assert slip_rows([paid(Income.INTEREST, 60, year=2025)], 2026) == ()
    with pytest.raises(InputError):
        slip_rows([paid(Income.INTEREST, -1)], 2026)


@law
@given(
    st.lists(
        st.builds(
            paid, st.sampled_from(Income), st.integers(0, 99), st.integers(1, 12),
            st.sampled_from(["H1", "tenant"]),
        )
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_the_rows_are_all_cash_paid_whatever_the_order(payments: list[Paid], rng: Any) -> None:
    rows = slip_rows(payments, 2026)
    cash = [one for one in payments if one.kind is not Income.NET_METERING_CREDIT]
    assert sum(row.amount_ud for row in rows) == sum(one.amount_ud for one in cash)
    mixed = list(payments)
    rng.shuffle(mixed)
    assert slip_rows(mixed, 2026) == rows
