"""Merkle trees of sorted pairs: every leaf is proved, nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.proofs import (
    ZERO_HASH,
    keccak,
    merkle_levels,
    merkle_proof,
    merkle_root,
    merkle_verify,
)
from strategies_energy import law

leaves_drawn = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def leaves(number: int) -> list[bytes]:
    return [keccak(f"leaf {i}".encode()) for i in range(number)]


def pair(one: bytes, other: bytes) -> bytes:
    return keccak(min(one, other) + max(one, other))


def test_keccak_is_ethereum_s_not_the_standard_s() -> None:
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


# --- refusals ---------------------------------------------------------------------------------


def test_a_leaf_is_not_proved_by_another_s_proof() -> None:
    levels = merkle_levels(leaves(8))
    root = merkle_root(leaves(8))
    assert not merkle_verify(leaves(8)[0], merkle_proof(levels, 5), root)


def test_a_proof_cut_short_or_drawn_out_proves_nothing() -> None:
    levels, root = merkle_levels(leaves(8)), merkle_root(leaves(8))
    proof = merkle_proof(levels, 3)
    assert not merkle_verify(leaves(8)[3], proof[:-1], root)
    assert not merkle_verify(leaves(8)[3], [*proof, ZERO_HASH], root)


def test_a_proof_of_the_old_root_does_not_hold_for_the_new_one() -> None:
    proof = merkle_proof(merkle_levels(leaves(8)), 3)
    assert not merkle_verify(leaves(8)[3], proof, merkle_root(leaves(9)))


# --- success ----------------------------------------------------------------------------------


def test_a_tree_of_nothing_has_the_zero_root_and_a_tree_of_one_its_leaf() -> None:
    assert merkle_root([]) == ZERO_HASH
    assert merkle_root(leaves(1)) == leaves(1)[0].hex()


def test_an_odd_node_moves_up_unchanged() -> None:
    a, b, c = leaves(3)
    assert merkle_root([a, b, c]) == pair(pair(a, b), c).hex()
    assert merkle_proof(merkle_levels([a, b, c]), 2) == [pair(a, b).hex()]


@pytest.mark.parametrize("number", range(1, 34))
def test_every_leaf_of_every_tree_is_proved(number: int) -> None:
    tree = leaves(number)
    levels, root = merkle_levels(tree), merkle_root(tree)
    for index, leaf in enumerate(tree):
        proof = merkle_proof(levels, index)
        assert merkle_verify(leaf, proof, root)
        assert merkle_verify(leaf, proof, "0x" + root)
        assert len(proof) <= (number - 1).bit_length()


# --- always -----------------------------------------------------------------------------------


@law
@given(leaves_drawn, st.data())
def test_one_changed_bit_of_a_leaf_changes_the_root(tree: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(tree) - 1))
    bit = data.draw(st.integers(0, 255))
    changed = (int.from_bytes(tree[index], "big") ^ (1 << bit)).to_bytes(32, "big")
    other = [*tree[:index], changed, *tree[index + 1 :]]
    assert merkle_root(other) != merkle_root(tree)
    proof = merkle_proof(merkle_levels(tree), index)
    assert not merkle_verify(changed, proof, merkle_root(tree))


@law
@given(leaves_drawn)
def test_no_inner_node_was_a_leaf(tree: list[bytes]) -> None:
    levels = merkle_levels(tree)
    assert [len(level) for level in levels[1:]] == [(len(x) + 1) // 2 for x in levels[:-1]]
    assert len(levels[-1]) == 1
