"""Net-metering credits: oldest first, gone after twelve months, never more than the charge."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import InputError
from sourceenergy.market.net_metering import (
    CreditLedger,
    apply,
    earn,
    expire,
    export_credit,
    last_day,
)
from strategies_energy import law

JUNE, JULY = date(2026, 6, 30), date(2026, 7, 31)
TWO = earn(earn(CreditLedger(), JUNE, 10_000_000), JULY, 4_000_000)

# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "amount"), [(JULY, -1), (JUNE, 1)])
def test_a_credit_below_zero_or_out_of_order_is_refused(day: date, amount: int) -> None:
    with pytest.raises(InputError) as refusal:
        earn(TWO, day, amount)
    assert refusal.value.rule == "credit.input"


def test_a_charge_below_zero_is_refused() -> None:
    with pytest.raises(InputError):
        apply(TWO, JULY, -1)


# --- by hand ----------------------------------------------------------------------------------


def test_S09_a_surplus_becomes_a_credit_with_its_last_day() -> None:
    # 1.200 kWh exported on-peak and 2.000 kWh off-peak, at the retail price of the time.
    amount = export_credit([1_200, 2_000], [203_000, 98_000])
    assert amount == 439_600  # 24.36 + 19.6 cents
    (credit,) = earn(CreditLedger(), JUNE, amount).credits
    assert (credit.left_ud, credit.last_day) == (439_600, date(2027, 6, 30))


@pytest.mark.parametrize(
    ("earned", "last"),
    [
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2023, 2, 28), date(2024, 2, 28)),
        (date(2026, 12, 31), date(2027, 12, 31)),
    ],
)
def test_the_last_day_is_twelve_months_on(earned: date, last: date) -> None:
    assert last_day(earned) == last


def test_the_oldest_credit_pays_first_and_the_rest_of_a_charge_is_due() -> None:
    ledger, uses, due = apply(TWO, date(2026, 8, 31), 12_000_000)
    assert [(use.earned_on, use.used_ud) for use in uses] == [
        (JUNE, 10_000_000),
        (JULY, 2_000_000),
    ]
    assert (due, ledger.balance_ud) == (0, 2_000_000)
    ledger, uses, due = apply(ledger, date(2026, 9, 30), 5_000_000)
    assert ([use.used_ud for use in uses], due, ledger.credits) == ([2_000_000], 3_000_000, ())


def test_a_credit_counts_on_its_last_day_and_is_written_off_the_day_after() -> None:
    _, _, due = apply(TWO, date(2027, 6, 30), 20_000_000)
    assert due == 6_000_000
    ledger, uses, due = apply(TWO, date(2027, 7, 1), 20_000_000)
    assert [use.earned_on for use in uses] == [JULY]
    assert (due, ledger.expired_ud) == (16_000_000, 10_000_000)
    _, gone = expire(TWO, date(2027, 7, 1))
    assert [credit.left_ud for credit in gone] == [10_000_000]


def test_a_credit_does_not_pay_a_charge_from_before_it_was_earned() -> None:
    ledger, _, due = apply(TWO, JUNE, 12_000_000)
    assert (due, ledger.balance_ud) == (2_000_000, 4_000_000)


# --- always -----------------------------------------------------------------------------------

steps = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 10**8), st.integers(0, 10**8)), max_size=12
)


@law
@given(steps)
def test_earned_is_applied_or_expired_or_left(days: list[tuple[int, int, int]]) -> None:
    ledger, earned, paid, today = CreditLedger(), 0, 0, JUNE
    for wait, amount, charge in days:
        today += timedelta(days=wait)
        ledger = earn(ledger, today, amount)
        ledger, uses, due = apply(ledger, today, charge)
        assert due + sum(use.used_ud for use in uses) == charge
        earned, paid = earned + amount, paid + charge - due
        assert ledger.applied_ud == paid
        assert earned == ledger.applied_ud + ledger.expired_ud + ledger.balance_ud
        assert all(credit.left_ud > 0 for credit in ledger.credits)
        assert all(credit.last_day >= today for credit in ledger.credits)
