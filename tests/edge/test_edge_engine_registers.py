"""Register continuity: glitches cost nothing, swaps make no energy, rollovers lose none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.edge.registers import (
    ACC32_END_WH,
    SLACK_WH,
    Limits,
    RegisterState,
    SiteRegisters,
    advance,
    advance_site,
    start,
)
from sourceenergy.records import ReadingFlag

MINUTE = 60_000
LIMITS = Limits(max_w=24_000)  # at most 400 Wh a minute; plausible is 490
GLITCH = ReadingFlag.REGISTER_GLITCH
RESTARTED = ReadingFlag.METER_RESTARTED


def follow(*values: int, limits: Limits = LIMITS, every_ms: int = MINUTE) -> list[tuple[int, int]]:
    """Site register and flags after each value a meter shows."""
    state = start(values[0])
    seen = [(state.site_wh, 0)]
    for value in values[1:]:
        state, flags = advance(state, value, every_ms, limits)
        seen.append((state.site_wh, int(flags)))
    return seen


def test_plausible_is_a_fifth_more_than_the_site_can_do() -> None:
    assert LIMITS.plausible_wh(MINUTE) == 480 + SLACK_WH
    assert LIMITS.plausible_wh(0) == LIMITS.plausible_wh(-MINUTE) == SLACK_WH


@pytest.mark.parametrize(
    ("shown", "site"),
    [
        # what the meter shows            the site register, and its flags
        ([1000, 1100, 1300], [(1000, 0), (1100, 0), (1300, 0)]),
        # a dip of one that recovers
        ([1000, 999, 1001], [(1000, 0), (1000, GLITCH), (1001, 0)]),
        # a dip of two that stays: it costs nothing and counts on from the old value
        (
            [1000, 998, 998, 998, 998, 1003],
            [(1000, 0), (1000, GLITCH), (1000, GLITCH), (1000, GLITCH), (1000, GLITCH), (1003, 0)],
        ),
        # one poll of zero, as inverters do at dawn
        ([50_000, 0, 50_020], [(50_000, 0), (50_000, GLITCH), (50_020, 0)]),
        # one poll of nonsense upwards
        ([50_000, 900_000, 50_020], [(50_000, 0), (50_000, GLITCH), (50_020, 0)]),
        # two odd polls that do not continue each other
        ([50_000, 70, 20, 50_020], [(50_000, 0), (50_000, GLITCH), (50_000, GLITCH), (50_020, 0)]),
        # a new meter: what it counts from its first poll on is energy
        (
            [50_000, 3, 10, 30, 130],
            [(50_000, 0), (50_000, GLITCH), (50_000, GLITCH), (50_027, RESTARTED), (50_127, 0)],
        ),
        # a register rescaled by ten: the jump is nobody's energy
        (
            [50_000, 500_000, 500_100, 500_200, 500_300],
            [(50_000, 0), (50_000, GLITCH), (50_000, GLITCH), (50_200, RESTARTED), (50_300, 0)],
        ),
        # across the end of a 32-bit register
        (
            [ACC32_END_WH - 100, 150, 250],
            [(ACC32_END_WH - 100, 0), (ACC32_END_WH + 150, RESTARTED), (ACC32_END_WH + 250, 0)],
        ),
        # near the end, but too far for one poll: a restart, not a rollover
        (
            [ACC32_END_WH - 100, 5_000, 5_000, 5_000],
            [
                (ACC32_END_WH - 100, 0),
                (ACC32_END_WH - 100, GLITCH),
                (ACC32_END_WH - 100, GLITCH),
                (ACC32_END_WH - 100, RESTARTED),
            ],
        ),
        # a 64-bit register passes 2^32 and goes on
        (
            [ACC32_END_WH - 100, ACC32_END_WH + 100],
            [(ACC32_END_WH - 100, 0), (ACC32_END_WH + 100, 0)],
        ),
    ],
)
def test_case(shown: list[int], site: list[tuple[int, int]]) -> None:
    assert follow(*shown) == site


def test_after_a_long_silence_a_large_rise_is_plausible() -> None:
    state, flags = advance(start(1000), 1000 + 24_000 * 8, 8 * 60 * MINUTE, LIMITS)
    assert (state.site_wh, flags) == (193_000, 0)


def test_time_waited_through_glitches_counts_towards_the_next_rise() -> None:
    # Three minutes at full power, the first two polls lost to a glitch: all of it is counted.
    assert follow(10_000, 3, 1, 11_200)[-1] == (11_200, 0)


def test_a_silent_inverter_keeps_its_register_and_its_time() -> None:
    site, flags = advance_site(None, 10, 20, 1000, elapsed_ms=0, limits=LIMITS)
    site, flags = advance_site(site, 10, 20, None, elapsed_ms=MINUTE, limits=LIMITS)
    assert (site.produced, flags) == (RegisterState(1000, 1000, waited_ms=MINUTE), 0)
    site, flags = advance_site(site, 10, 20, 1900, elapsed_ms=MINUTE, limits=LIMITS)
    assert (site.produced, flags) == (start(1900), 0)


def test_an_inverter_seen_late_starts_where_it_stands() -> None:
    site, _ = advance_site(None, 10, 20, None, elapsed_ms=0, limits=LIMITS)
    site, flags = advance_site(site, 10, 20, 7_000, elapsed_ms=MINUTE, limits=LIMITS)
    assert (site, flags) == (SiteRegisters(start(10), start(20), start(7_000)), 0)


def test_flags_of_all_registers_come_together() -> None:
    site = SiteRegisters(start(1000), start(ACC32_END_WH - 1), start(1000))
    site, flags = advance_site(site, 999, 3, 1001, elapsed_ms=MINUTE, limits=LIMITS)
    assert flags == GLITCH | RESTARTED
    assert [site.imported.site_wh, site.exported.site_wh] == [1000, ACC32_END_WH + 3]


values = st.one_of(
    st.integers(0, 2_000),
    st.integers(0, 1 << 34),
    st.integers(ACC32_END_WH - 2_000, ACC32_END_WH + 2_000),
)
steps = st.lists(st.tuples(values, st.integers(-MINUTE, 60 * MINUTE)), max_size=60)


@given(values, steps)
def test_whatever_a_meter_shows_the_register_never_falls_nor_gains_more_than_the_site_can(
    first: int, shown: list[tuple[int, int]]
) -> None:
    state = start(first)
    most_wh = first
    for value, elapsed_ms in shown:
        before = state.site_wh
        state, _ = advance(state, value, elapsed_ms, LIMITS)
        most_wh += LIMITS.plausible_wh(elapsed_ms) + 1  # the one is what rounding down left
        assert before <= state.site_wh <= most_wh


@given(
    st.integers(0, ACC32_END_WH - 1),
    st.lists(st.integers(0, 400), min_size=2, max_size=40),
    st.data(),
)
def test_single_glitches_cost_nothing_over_all(
    first: int, gains: list[int], data: st.DataObject
) -> None:
    """A true register with odd values between good ones ends where the true one does."""
    true_wh, state, after_glitch = first, start(first), True
    for gain in gains:
        true_wh += gain
        shown_wh = true_wh % ACC32_END_WH
        if not after_glitch and data.draw(st.booleans()):
            odd_wh = data.draw(values)
            # A value that could well be true is no glitch, whatever it is.
            after_glitch = (odd_wh - shown_wh + 1_000) % ACC32_END_WH > 2_000
            shown_wh = odd_wh if after_glitch else shown_wh
        else:
            after_glitch = False
        state, _ = advance(state, shown_wh, MINUTE, LIMITS)
    state, _ = advance(state, true_wh % ACC32_END_WH, MINUTE, LIMITS)
    assert state.site_wh == true_wh
