"""Certificates: one for each metered kWh, in one hand at a time, claimed once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.community.certificates import (
    EXPORT_COLUMNS,
    Register,
    Status,
    export_rows,
    issue,
    offer,
    retire,
    sell,
    withdraw_offer,
)
from sourceenergy.errors import InputError, NotPermitted
from strategies_energy import law, utc

DAY = 86_400
START = utc("2026-01-01T05:00")


def issued(energy_wh: int = 1_250_700, day: int = 0, register: Register | None = None) -> Register:
    start = START + day * DAY
    return issue(register or Register(), "roof", True, start, start + DAY, energy_wh, "C1")


def bought_by_tenant() -> Register:
    return sell(offer(issued(), 1, 1_000, "C1"), 1, 1_000, "C1", "tenant")


RETIRED = retire(bought_by_tenant(), 1, 1_000, "tenant", "tenant", "flat 2026", START + 9 * DAY)


def refused(rule: str, act: Any, *arguments: Any) -> None:
    with pytest.raises(NotPermitted) as refusal:
        act(*arguments)
    assert refusal.value.rule == rule


# --- refusals ---------------------------------------------------------------------------------


def test_S16_no_certificates_from_an_unverified_meter() -> None:
    refused("certificate.meter", issue, Register(), "roof", False, START, START + DAY, 5_000, "C1")


@pytest.mark.parametrize("shift", [0, -DAY + 1, DAY - 1])
def test_S16_no_time_is_issued_twice(shift: int) -> None:
    start = START + shift
    refused("certificate.once", issue, issued(), "roof", True, start, start + DAY, 1_000, "C1")


@pytest.mark.parametrize(("length", "energy_wh"), [(0, 1_000), (-1, 1_000), (DAY, -1)])
def test_a_span_has_length_and_energy(length: int, energy_wh: int) -> None:
    with pytest.raises(InputError):
        issue(Register(), "roof", True, START, START + length, energy_wh, "C1")


@pytest.mark.parametrize(("first", "last"), [(0, 1), (2, 1), (1, 1_251)])
def test_serials_that_were_never_issued(first: int, last: int) -> None:
    with pytest.raises(InputError) as refusal:
        offer(issued(), first, last, "C1")
    assert refusal.value.rule == "certificate.serials"


def test_S16_a_second_retirement_a_resale_and_a_reissue_are_refused() -> None:
    refused("certificate.held", retire, RETIRED, 1, 1_000, "tenant", "tenant", "again", START)
    refused("certificate.held", retire, RETIRED, 1_000, 1_000, "tenant", "someone", "", START)
    refused("certificate.held", offer, RETIRED, 500, 500, "tenant")
    refused("certificate.offered", sell, RETIRED, 1, 1, "tenant", "neighbour")
    refused("certificate.once", issue, RETIRED, "roof", True, START, START + DAY, 1_000_000, "C1")


def test_S16_what_is_offered_is_locked() -> None:
    offered = offer(issued(), 1, 1_000, "C1")
    refused("certificate.held", retire, offered, 1_000, 1_001, "C1", "C1", "", START)
    refused("certificate.held", offer, offered, 1, 1, "C1")
    free = withdraw_offer(offered, 1, 1_000, "C1")
    assert all(lot.status is Status.HELD for lot in free.lots)


def test_nobody_sells_or_retires_what_is_anothers() -> None:
    refused("certificate.held", retire, bought_by_tenant(), 1, 1_001, "tenant", "tenant", "", 0)
    refused("certificate.offered", sell, issued(), 1, 1, "C1", "tenant")  # was not offered


def test_a_retirement_names_who_claims_it() -> None:
    with pytest.raises(InputError):
        retire(issued(), 1, 1, "C1", "", "", START)


# --- S16 --------------------------------------------------------------------------------------


def test_S16_one_certificate_a_metered_kWh_and_the_rest_is_carried() -> None:
    register = issued(1_250_700)
    assert (register.issued, register.rest_of("roof")) == (1_250, 700)
    register = issued(299, 1, register)
    assert (register.issued, register.rest_of("roof")) == (1_250, 999)
    register = issued(1, 2, register)
    assert (register.issued, register.rest_of("roof")) == (1_251, 0)
    assert register.lots[-1].first == register.lots[-1].last == 1_251


def test_the_rest_stays_at_its_meter() -> None:
    register = issue(issued(999), "other roof", True, START, START + DAY, 1, "C1")
    assert (register.issued, register.rest_of("roof"), register.rest_of("other roof")) == (
        0,
        999,
        1,
    )


def test_S16_retired_once_with_beneficiary_and_serials() -> None:
    first, rest = RETIRED.lots
    assert (first.first, first.last, first.status) == (1, 1_000, Status.RETIRED)
    assert (first.beneficiary, first.energy_wh) == ("tenant", 1_000_000)
    assert (rest.first, rest.last, rest.holder, rest.status) == (1_001, 1_250, "C1", Status.HELD)


def test_S16_export_in_a_registrys_layout() -> None:
    retired, held = export_rows(RETIRED)
    assert tuple(retired) == EXPORT_COLUMNS
    assert retired["serial_last"] == "1000"
    assert retired["retired_at"] == "2026-01-10T05:00:00Z"
    assert (held["status"], held["retired_at"], held["energy_kwh"]) == ("held", "", "250")


# --- always -----------------------------------------------------------------------------------

acts = st.lists(
    st.tuples(
        st.sampled_from(["offer", "withdraw", "sell", "retire"]),
        st.integers(1, 12),
        st.integers(0, 6),
        st.sampled_from(["C1", "tenant"]),
    ),
    max_size=12,
)


@law
@given(st.lists(st.integers(0, 3_500), max_size=5), acts)
def test_every_serial_is_in_one_hand_and_retired_at_most_once(
    energies: list[int], wanted: list[tuple[str, int, int, str]]
) -> None:
    register = Register()
    for day, energy in enumerate(energies):
        register = issued(energy, day, register)
    assert register.issued * 1_000 + register.rest_of("roof") == sum(energies)
    retired: set[int] = set()
    for verb, first, more, holder in wanted:
        last = first + more
        try:
            if verb == "offer":
                register = offer(register, first, last, holder)
            elif verb == "withdraw":
                register = withdraw_offer(register, first, last, holder)
            elif verb == "sell":
                register = sell(register, first, last, holder, "tenant")
            else:
                register = retire(register, first, last, holder, holder, "", START)
                assert retired.isdisjoint(range(first, last + 1))
                retired |= set(range(first, last + 1))
        except (InputError, NotPermitted):
            continue
    serials = [serial for lot in register.lots for serial in range(lot.first, lot.last + 1)]
    assert serials == list(range(1, register.issued + 1))
    now = {
        serial
        for lot in register.lots
        if lot.status is Status.RETIRED
        for serial in range(lot.first, lot.last + 1)
    }
    assert now == retired
