"""The kernels' outside: nothing is loaded before it is needed, and a read-only install works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.market import kernels
from strategies_energy import law

IMPORT_ONLY = """
import sys
from sourceenergy.market.registry import ASK, BID, Book, clear
clear(Book.of([(0, BID, 9, 5), (1, ASK, 1, 5)]))
assert "numba" not in sys.modules
"""
CLEAR_LARGE = """
import numpy as np
from sourceenergy.market.kernels import share
print(*share(7, 3, 11))
"""


def python(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_small_market_neither_loads_nor_compiles_the_kernels() -> None:
    python(IMPORT_ONLY)


def test_compiled_kernels_are_kept_where_the_user_says(tmp_path: Path) -> None:
    assert python(CLEAR_LARGE, NUMBA_CACHE_DIR=str(tmp_path)).stdout == "1 10\n"
    assert list(tmp_path.rglob("kernels.share-*.nbc"))


def test_where_nothing_can_be_written_they_compile_for_the_process_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What numba does on a read-only install without a writable home: it finds no locator."""
    from numba.core import caching

    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])

    def thrice(number: int) -> int:
        return 3 * number

    assert kernels.kernel(thrice)(14) == 42


@law
@given(st.integers(2, 2**62 - 1), st.integers(0, 10**10), st.data())
def test_a_share_is_exact_beyond_64_bits(whole: int, weight: int, data: st.DataObject) -> None:
    total = data.draw(st.integers(0, whole - 1))
    assert kernels.share(total, weight, whole) == divmod(total * weight, whole)


@law
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=12))
def test_the_vote_finds_who_holds_more_than_half(fills: list[tuple[int, int]]) -> None:
    member, energy = np.array(fills).T
    member, energy = np.ascontiguousarray(member), np.ascontiguousarray(energy)
    volume = int(energy.sum()) // 2
    held = max(int(energy[member == m].sum()) for m in range(4))
    assert kernels.is_dominated(member, energy, volume) == (
        held > volume and 2 * held > sum(energy)
    )
