"""Clocks: the machine's, and one that runs faster than life and is shared by a file."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sourceenergy.clock import SimulatedClock, SystemClock, load_clock


def test_without_an_anchor_the_clock_is_the_machine_s(tmp_path: Path) -> None:
    for path in (None, tmp_path / "absent.json"):
        clock = load_clock(path)
        assert isinstance(clock, SystemClock)
        assert abs(clock.now_ms() - time.time_ns() // 10**6) < 60_000
        assert clock.real_seconds(1_500) == 1.5


def test_ninety_times_as_fast_an_interval_takes_ten_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimulatedClock(real_anchor_ms=1_000, simulated_anchor_ms=50_000, speed=90)
    monkeypatch.setattr(time, "time_ns", lambda: 11_000 * 10**6)
    assert clock.now_ms() == 50_000 + 10_000 * 90
    assert clock.real_seconds(900_000) == 10


def test_whoever_reads_the_anchor_agrees_on_the_time(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    clock = SimulatedClock(1, 2, 60)
    clock.save(path)
    clock.save(path)  # again is no harm
    assert load_clock(path) == clock
    assert [file.name for file in tmp_path.iterdir()] == ["clock.json"]
