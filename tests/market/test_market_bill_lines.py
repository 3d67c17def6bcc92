"""A bill line by line: worked by hand, dated charges, and lines that add up to the total."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.config.tariff_file import parse_charges, parse_tariffs, shipped_tariffs
from sourceenergy.errors import ConfigError
from sourceenergy.market.bill_lines import Bill, Rounding, bill_lines, round_to_sum
from sourceenergy.records import ChargeKind
from strategies_energy import law

TORONTO = ZoneInfo("America/Toronto")
PLANS = parse_tariffs(shipped_tariffs(), "shipped")
TIERED, TIME_OF_USE = PLANS["ontario_tiered"], PLANS["ontario_time_of_use"]
UTILITY = """
[[charge]]
name = "delivery"
title = "Delivery"
kind = "delivery"
source = "made up for a test"
[[charge.version]]
from = 2021-01-01
to = 2026-01-16
dollars_per_month = "31"
cents_per_kwh = "1.5"
[[charge.version]]
from = 2026-01-16
dollars_per_month = "62"
cents_per_kwh = "1.5"
[[charge]]
name = "regulatory"
title = "Regulatory"
kind = "regulatory"
source = "made up for a test"
[[charge.version]]
from = 2021-01-01
dollars_per_month = "0.25"
cents_per_kwh = "0.7"
"""
SHIPPED = parse_charges(shipped_tariffs(), "shipped")
CHARGES = (*parse_charges(UTILITY, "utility.toml"), *SHIPPED)


def hours(first: str, last: str) -> list[int]:
    """Starts of all hours of the local days from first to last, both included."""
    start = datetime.fromisoformat(first).replace(tzinfo=TORONTO)
    end = datetime.combine(date.fromisoformat(last) + timedelta(days=1), datetime.min.time())
    return list(range(int(start.timestamp()), int(end.replace(tzinfo=TORONTO).timestamp()), 3600))


def shown(bill: Bill) -> list[tuple[str, str, int | None, float]]:
    """Kind, name, Wh and dollars of each line."""
    return [(x.kind, x.name, x.energy_wh, x.amount_ud / 1e6) for x in bill.lines]


# --- refusals ---------------------------------------------------------------------------------


def test_a_day_no_version_of_a_charge_covers_is_refused() -> None:
    starts = hours("2026-10-31", "2026-11-01")
    with pytest.raises(ConfigError) as refusal:  # the rebate of the next year is not known
        bill_lines(TIERED, SHIPPED, starts, [0] * len(starts))
    assert (refusal.value.rule, refusal.value.value) == ("tariff.gap", "2026-11-01")


# --- by hand ----------------------------------------------------------------------------------


def test_a_month_on_tiers() -> None:
    starts = hours("2025-12-01", "2025-12-31")
    imported = [2_000] * len(starts)  # 744 hours: 1,488 kWh
    bill = bill_lines(TIERED, CHARGES, starts, imported)
    # 1,000 × 12.0 + 488 × 14.2 = 189.296; delivery 31 + 22.32; regulatory 0.25 + 10.416: 253.282.
    # Rebate 23.5 % = 59.52127, HST 13 % = 32.92666; total 226.68739.
    assert shown(bill) == [
        ("energy", "tier_1", 1_000_000, 120.00),
        ("energy", "tier_2", 488_000, 69.30),
        ("delivery", "delivery", None, 31.00),
        ("delivery", "delivery", 1_488_000, 22.32),
        ("regulatory", "regulatory", None, 0.25),
        ("regulatory", "regulatory", 1_488_000, 10.41),
        ("rebate", "ontario_electricity_rebate", None, -59.52),
        ("tax", "hst", None, 32.93),
    ]
    # 69.296 and 10.416 tie for the last cent: the first line has it, and the lines make the total.
    assert bill.total_ud == 226_690_000
    exact = {line.name: line.exact_nd for line in bill.lines if line.kind in {"rebate", "tax"}}
    assert exact == {"ontario_electricity_rebate": -59_521_270_000, "hst": 32_926_660_000}


def test_the_same_month_to_the_micro_dollar() -> None:
    starts = hours("2025-12-01", "2025-12-31")
    bill = bill_lines(
        TIERED, CHARGES, starts, [2_000] * len(starts), rounding=Rounding.MICRO_DOLLAR
    )
    assert bill.total_ud == 226_687_390
    assert bill.of_kind(ChargeKind.REBATE) == -59_521_270
    assert bill.of_kind("energy") == 189_296_000


def test_a_charge_that_changes_in_a_month_counts_by_days() -> None:
    starts = hours("2026-01-01", "2026-01-31")
    bill = bill_lines(TIERED, CHARGES[:1], starts, [0] * len(starts))
    # 15 of 31 days at 31 dollars, then 16 of 31 at 62.
    assert [amount for *_, energy, amount in shown(bill) if energy is None] == [15 + 32]
    half = bill_lines(TIERED, CHARGES[:1], hours("2026-02-01", "2026-02-14"), [0] * 14 * 24)
    assert shown(half)[0][3] == 31.00  # 14 of 28 days at 62 dollars


def test_energy_comes_by_period_and_price() -> None:
    starts = hours("2025-10-31", "2025-11-03")  # the clock changes on the 2nd; prices on the 1st
    assert len(starts) == 97
    bill = bill_lines(TIME_OF_USE, (), starts, [1_000] * 97)
    assert shown(bill) == [
        ("energy", "mid_peak", 6_000, 0.73),
        ("energy", "off_peak", 12_000, 0.91),
        ("energy", "on_peak", 6_000, 0.95),
        ("energy", "mid_peak", 6_000, 0.94),
        ("energy", "off_peak", 61_000, 5.98),
        ("energy", "on_peak", 6_000, 1.22),
    ]
    assert bill.total_ud == 10_730_000
    assert sum(line.exact_nd for line in bill.lines) == 10_730_000_000


def test_the_percentage_of_a_bill_over_two_years_is_that_of_each_day() -> None:
    starts = hours("2025-10-31", "2025-11-01")
    bill = bill_lines(TIERED, SHIPPED[:1], starts, [10_000] * 48)
    # 240 kWh at 9.3 cents with 13.1 %, then 240 at 12.0 with 23.5 %.
    assert [(x.part_ppm, x.exact_nd) for x in bill.lines if x.kind == "rebate"] == [
        (131_000, -2_923_920_000),
        (235_000, -6_768_000_000),
    ]


def test_sharing_leaves_delivery_and_regulatory_charges_as_they_are() -> None:
    starts = hours("2026-01-15", "2026-01-15")
    imported, shared = [2_000] * 24, [1_500] * 24
    alone = bill_lines(TIERED, CHARGES, starts, imported)
    with_others = bill_lines(TIERED, CHARGES, starts, imported, shared)
    for kind in (ChargeKind.DELIVERY, ChargeKind.REGULATORY):
        exact = [[x.exact_nd for x in b.lines if x.kind == kind] for b in (alone, with_others)]
        assert exact[0] == exact[1]
    assert sum(x.energy_wh or 0 for x in with_others.lines if x.kind == "energy") == 12_000


# --- always -----------------------------------------------------------------------------------


@law
@given(
    st.lists(st.integers(-(10**13), 10**13), max_size=8),
    st.sampled_from([Rounding.CENT, Rounding.MICRO_DOLLAR]),
)
def test_lines_add_up_to_the_total_and_are_off_by_less_than_a_unit(
    values: list[int], unit: Rounding
) -> None:
    amounts, total = round_to_sum(values, unit)
    assert sum(amounts) == total
    assert total % unit == 0
    assert abs(total * 1000 - sum(values)) * 2 <= unit * 1000
    for amount, value in zip(amounts, values, strict=True):
        assert abs(amount * 1000 - value) < unit * 1000


@law
@given(st.lists(st.integers(0, 50_000), min_size=48, max_size=48), st.integers(0, 1_200_000))
def test_a_bill_is_its_lines_whatever_is_imported(imported: list[int], before: int) -> None:
    starts = hours("2026-01-15", "2026-01-16")
    bill = bill_lines(TIERED, CHARGES, starts, imported, used_before_wh=before)
    assert sum(line.amount_ud for line in bill.lines) == bill.total_ud
    energy = [line for line in bill.lines if line.kind == "energy"]
    assert sum(line.energy_wh or 0 for line in energy) == sum(imported)
    for line in energy:
        assert line.exact_nd == (line.energy_wh or 0) * (line.price_ud_per_kwh or 0)
    assert bill.of_kind(ChargeKind.REBATE) <= 0 <= bill.of_kind(ChargeKind.TAX)
