"""Many hashes at once: the compiled kernels, the row-by-row way and the reference agree."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_keccak import keccak256

from sourceenergy.proofs import bulk, derive_salt, merkle_levels, merkle_proof, merkle_verify
from sourceenergy.proofs.bulk import Rows, derived_salts, keccak_rows, root_of, tree, tree_proof
from strategies_energy import law

LENGTHS = (1, 32, 61, 64, 96, 135, 136, 137, 192, 271, 272, 273)
"""Around the ends of the sponge's blocks of 136 bytes, and those that our leaves have."""


def rows(count: int, length: int) -> Rows:
    return np.random.default_rng(count + length).integers(0, 256, (count, length), dtype=np.uint8)


@pytest.fixture(params=["compiled", "row by row"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both ways of hashing, whatever the number of rows."""
    if request.param == "compiled":
        pytest.importorskip("numba")
        monkeypatch.setattr(bulk, "COMPILED_FROM", 1)
        monkeypatch.setattr(bulk, "LOADED_FROM", 1)
        assert bulk._kernels_for(1) is not None
    else:
        monkeypatch.setattr(bulk, "_kernels_for", lambda rows: None)
    yield


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("length", LENGTHS)
def test_rows_have_the_hashes_of_tiny_keccak(length: int) -> None:
    given_ = rows(70, length)
    assert [row.tobytes() for row in keccak_rows(given_)] == [
        keccak256(row.tobytes()) for row in given_
    ]


@pytest.mark.usefixtures("way")
def test_columns_of_a_wider_array_hash_as_their_copy_does() -> None:
    wide = rows(200, 100)
    assert (keccak_rows(wide[::2, 10:74]) == keccak_rows(wide[::2, 10:74].copy())).all()


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("context", [("payout",), ("account", "0x" + "ab" * 20), ("x" * 70,)])
def test_salts_are_those_of_derive_salt(context: tuple[str, ...]) -> None:
    keys = rows(70, 32)
    assert [salt.tobytes() for salt in derived_salts(keys, *context)] == [
        derive_salt(key.tobytes(), *context) for key in keys
    ]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("number", [0, 1, 2, 3, 64, 65, 200, 257])
def test_trees_have_the_levels_and_proofs_of_the_reference(number: int) -> None:
    leaves = rows(number, 32)
    ours, reference = tree(leaves), merkle_levels([leaf.tobytes() for leaf in leaves])
    assert [[node.tobytes() for node in level] for level in ours] == reference
    for index in range(0, number, 7):
        assert tree_proof(ours, index) == merkle_proof(reference, index)
        assert merkle_verify(leaves[index].tobytes(), tree_proof(ours, index), root_of(ours))


@law
@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40))
def test_nodes_that_begin_alike_are_sorted_alike(leaves: list[bytes]) -> None:
    near = [bytes(24) + leaf[:8] for leaf in leaves] + leaves
    levels = tree(np.frombuffer(b"".join(near), dtype=np.uint8).reshape(-1, 32))
    assert root_of(levels) == merkle_levels(near)[-1][0].hex()


@pytest.mark.parametrize("shape", [(3, 0), (4, 1), (5, 7), (2, 64)])
def test_many_trees_side_by_side_have_the_roots_each_has_alone(shape: tuple[int, int]) -> None:
    leaves = rows(shape[0] * shape[1], 32).reshape(*shape, 32)
    assert [root.tobytes().hex() for root in bulk.roots_of_many(leaves)] == [
        root_of(tree(one)) for one in leaves
    ]


def test_without_numba_everything_is_hashed_row_by_row() -> None:
    code = """
import sys
sys.modules["numba"] = None
from sourceenergy.proofs import bulk
import numpy as np
bulk.COMPILED_FROM = 1
print(bulk.keccak_rows(np.zeros((2, 32), dtype=np.uint8))[1].tobytes().hex())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == keccak256(bytes(32)).hex()
