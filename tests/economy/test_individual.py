"""Who may take part, and when: the passport."""

from __future__ import annotations

from datetime import date

from sourceenergy.economy.individual import passport_end_s, sits_out
from strategies_energy import utc


def test_a_passport_is_out_from_the_first_second_of_its_last_day_utc() -> None:
    end = passport_end_s(date(2026, 6, 30))
    assert end == utc("2026-06-30T00:00")
    assert sits_out(end, end - 1) == ""
    assert "2026-06-30T00:00:00Z: renew it" in sits_out(end, end)


def test_a_passport_without_an_end_never_keeps_anyone_out() -> None:
    assert passport_end_s(None) is None
    assert sits_out(None, utc("2099-01-01T00:00")) == ""
