"""Through whom a member or a roof counts, second by second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.economy.aggregated_market.belonging import (
    Belonging,
    Span,
    belongs_to,
    move,
    spans,
    split_energy,
)
from sourceenergy.errors import InputError
from strategies_energy import law, utc

MOVE = utc("2026-03-15T14:20")  # 15 March, 10:20 in Toronto (daylight time)
ROOF = move((), Belonging("roof of trustee A", "H1", MOVE))
MARCH = (utc("2026-03-01T05:00"), utc("2026-04-01T04:00"))


@pytest.mark.parametrize("second", [MOVE, MOVE - 1])
def test_a_move_cannot_be_put_into_the_past(second: int) -> None:
    with pytest.raises(InputError) as refusal:
        move(ROOF, Belonging("roof of trustee A", "C1", second))
    assert refusal.value.rule == "belonging.order"


def test_a_span_ends_after_it_starts() -> None:
    with pytest.raises(InputError):
        spans(ROOF, "roof of trustee A", MOVE, MOVE)


def test_S12_up_to_1020_it_counts_to_her_and_after_to_H1_never_both() -> None:
    roof = "roof of trustee A"
    assert belongs_to(ROOF, roof, MOVE - 1) == roof
    assert belongs_to(ROOF, roof, MOVE) == "H1"
    start, end = MARCH
    assert spans(ROOF, roof, start, end) == (Span(roof, start, MOVE), Span("H1", MOVE, end))


def test_S12_a_quarter_hour_with_the_move_in_it_is_split_by_seconds() -> None:
    start = utc("2026-03-15T14:15")
    parts = split_energy(ROOF, "roof of trustee A", start, start + 900, 1_000)
    assert parts == (("roof of trustee A", 333), ("H1", 667))
    after = split_energy(ROOF, "roof of trustee A", start + 900, start + 1800, 7)
    assert after == (("H1", 7),)


def test_others_moves_change_nothing() -> None:
    assert belongs_to(ROOF, "tenant", MOVE + 1) == "tenant"


def test_moving_out_and_back_is_kept_in_order() -> None:
    moves = move(ROOF, Belonging("roof of trustee A", "roof of trustee A", MOVE + 100))
    parts = spans(moves, "roof of trustee A", MOVE - 10, MOVE + 200)
    assert [one.owner for one in parts] == ["roof of trustee A", "H1", "roof of trustee A"]


@law
@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.sampled_from(["H1", "H2", "roof"])), max_size=6,
        unique_by=lambda one: one[0],
    ),
    st.integers(0, 40),
    st.integers(1, 40),
    st.integers(0, 10**9),
)  # fmt: skip
def test_every_second_and_every_watt_hour_has_one_owner(
    drawn: list[tuple[int, str]], start: int, length: int, energy_wh: int
) -> None:
    moves: tuple[Belonging, ...] = ()
    for second, owner in sorted(drawn):
        moves = move(moves, Belonging("roof", owner, second))
    cut = spans(moves, "roof", start, start + length)
    covered = [(second, one.owner) for one in cut for second in range(one.start_s, one.end_s)]
    assert covered == [
        (second, belongs_to(moves, "roof", second)) for second in range(start, start + length)
    ]
    assert spans(tuple(reversed(moves)), "roof", start, start + length) == cut
    parts = split_energy(moves, "roof", start, start + length, energy_wh)
    assert sum(part for _, part in parts) == energy_wh
