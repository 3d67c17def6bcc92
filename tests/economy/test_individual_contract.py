"""A consumer contract goes through every step, waits, and can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.individual.contract import (
    ONTARIO,
    Contract,
    Stage,
    acknowledge,
    bill,
    cancel,
    confirm,
    deliver_copy,
    disclose,
    require_active,
    rules_at,
)
from sourceenergy.errors import InputError, NotPermitted
from strategies_energy import law

DOLLAR = 1_000_000
DAY_0 = date(2026, 1, 15)


def after(days: int) -> date:
    return DAY_0 + timedelta(days=days)


OFFERED = Contract("tenant", ONTARIO)
DISCLOSED = disclose(OFFERED, "plain text")
COPIED = deliver_copy(DISCLOSED, "contract v1", DAY_0)
ACKNOWLEDGED = acknowledge(COPIED, "contract v1", DAY_0)
ACTIVE = confirm(ACKNOWLEDGED, after(10))
BILLED = bill(ACTIVE, after(60))


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("contract", [OFFERED, DISCLOSED, COPIED, ACKNOWLEDGED])
def test_X08_nothing_is_traded_before_the_contract_is_active(contract: Contract) -> None:
    with pytest.raises(NotPermitted) as refusal:
        require_active(contract)
    assert refusal.value.rule == "contract.active"
    with pytest.raises(NotPermitted):
        bill(contract, DAY_0)


def test_X08_no_step_is_left_out_or_taken_twice() -> None:
    wrong: tuple[Callable[[], Contract], ...] = (
        lambda: deliver_copy(OFFERED, "contract v1", DAY_0),
        lambda: acknowledge(DISCLOSED, "contract v1", DAY_0),
        lambda: confirm(COPIED, after(10)),
        lambda: disclose(DISCLOSED, "plain text"),
        lambda: confirm(ACTIVE, after(10)),
        lambda: disclose(OFFERED, ""),
    )
    for step in wrong:
        with pytest.raises(NotPermitted) as refusal:
            step()
        assert refusal.value.rule == "contract.order"


def test_X08_what_is_acknowledged_is_the_copy_that_was_delivered() -> None:
    for text, day in (("contract v2", DAY_0), ("contract v1", after(-1))):
        with pytest.raises(NotPermitted) as refusal:
            acknowledge(COPIED, text, day)
        assert refusal.value.rule == "contract.copy"


@pytest.mark.parametrize("days", [0, 9, 46])
def test_X08_confirmed_after_the_wait_and_before_it_lapses(days: int) -> None:
    with pytest.raises(NotPermitted) as refusal:
        confirm(ACKNOWLEDGED, after(days))
    assert refusal.value.rule == "contract.wait"


def test_a_contract_ends_once() -> None:
    with pytest.raises(NotPermitted):
        cancel(cancel(ACTIVE, after(20), 0).contract, after(21), 0)


# --- success ----------------------------------------------------------------------------------


def test_X08_disclosure_copy_acknowledgement_wait_active() -> None:
    assert (ACTIVE.stage, ACTIVE.active_on) == (Stage.ACTIVE, after(10))
    require_active(ACTIVE)
    assert confirm(ACKNOWLEDGED, after(45)).stage is Stage.ACTIVE


@pytest.mark.parametrize(("days", "free"), [(0, True), (10, True), (11, False), (59, False)])
def test_S24_cancellation_is_free_in_the_first_10_days(days: int, free: bool) -> None:
    ended = cancel(ACTIVE, after(days), 25 * DOLLAR)
    assert (ended.free, ended.refund_ud) == (free, 25 * DOLLAR if free else 0)
    assert ended.contract.stage is Stage.CANCELLED
    assert ended.ends_on == after(days if free else days + 30)


@pytest.mark.parametrize(("days", "free"), [(60, True), (90, True), (91, False)])
def test_S24_and_up_to_30_days_after_the_first_bill_where_the_rules_say_so(
    days: int, free: bool
) -> None:
    assert cancel(BILLED, after(days), DOLLAR).free is free
    elsewhere = replace(BILLED, rules=replace(ONTARIO, first_bill_days=0))
    assert cancel(elsewhere, after(days), DOLLAR).free is False


def test_a_second_bill_opens_no_second_time() -> None:
    assert bill(BILLED, after(120)) == BILLED


@pytest.mark.parametrize("contract", [OFFERED, DISCLOSED, COPIED, ACKNOWLEDGED])
def test_before_it_is_active_it_is_left_for_free(contract: Contract) -> None:
    assert cancel(contract, after(40), DOLLAR).refund_ud == DOLLAR


def test_later_rules_hold_for_later_contracts_and_unknown_places_get_the_kindest() -> None:
    later = replace(ONTARIO, valid_from=date(2027, 1, 1), free_days=20)
    abroad = replace(ONTARIO, place="XX", first_bill_days=60, wait_days=14, notice_days=10)
    assert rules_at([later, ONTARIO], "CA-ON", DAY_0) == ONTARIO
    assert rules_at([later, ONTARIO], "CA-ON", date(2027, 1, 1)) == later
    kindest = rules_at([ONTARIO, abroad], "YY", DAY_0)
    assert (kindest.first_bill_days, kindest.wait_days, kindest.notice_days) == (60, 14, 10)
    with pytest.raises(InputError):
        rules_at([later], "CA-ON", DAY_0)


@law
@given(st.integers(-5, 200), st.integers(0, 10**9))
def test_what_is_refunded_is_all_or_nothing_and_notice_is_never_shorter(
    days: int, paid_ud: int
) -> None:
    ended = cancel(BILLED, after(days), paid_ud)
    assert ended.refund_ud == (paid_ud if ended.free else 0)
    assert (ended.ends_on - after(days)).days == (0 if ended.free else 30)
