"""Multiproofs in OpenZeppelin's format: any leaves of any tree, with few hashes.

``contracts/test/vectors/multiproof.json`` is also read by forge (test/unit/Multiproof.t.sol), which
holds the same proofs to OpenZeppelin's ``MerkleProof``.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sourceenergy.errors import InputError
from sourceenergy.proofs import MultiProof, keccak, merkle_levels, multi_proofs, multi_verify
from strategies_energy import law

VECTORS = Path(__file__).resolve().parents[2] / "contracts/test/vectors/multiproof.json"
CASES = (
    *((8, (0, 1)), (8, (1, 4, 5, 7)), (8, tuple(range(8))), (1, (0,)), (2, (1,))),
    *((3, (0, 2)), (5, (0, 4)), (6, (0, 4)), (7, (2, 3, 6)), (10, (0, 8)), (11, (0, 5, 9, 10))),
)


def leaves(number: int) -> list[bytes]:
    return [keccak(f"leaf {i}".encode()) for i in range(number)]


def vectors() -> dict[str, Any]:
    """The committed file, as this code makes it."""
    cases = []
    for number, indices in CASES:
        levels = merkle_levels(leaves(number))
        for proof in multi_proofs(levels, indices):
            cases.append(
                {
                    "tree": number,
                    "indices": list(proof.indices),
                    "root": "0x" + levels[-1][0].hex(),
                    "leaves": ["0x" + leaves(number)[i].hex() for i in proof.indices],
                    "proof": ["0x" + text for text in proof.proof],
                    "flags": list(proof.flags),
                }
            )
    about = "Multiproofs that OpenZeppelin's MerkleProof and Python must both accept; leaf i is "
    return {"about": about + 'keccak256("leaf i").', "count": len(cases), "cases": cases}


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("indices", [[], [8], [-1], [0, 99]])
def test_a_leaf_that_is_not_there_cannot_be_proved(indices: list[int]) -> None:
    with pytest.raises(InputError) as refused:
        multi_proofs(merkle_levels(leaves(8)), indices)
    assert refused.value.rule == "multiproof.leaf"


def test_what_does_not_fit_proves_nothing() -> None:
    tree = leaves(8)
    levels = merkle_levels(tree)
    root = levels[-1][0].hex()
    (proof,) = multi_proofs(levels, [1, 4])
    given_ = [tree[i] for i in proof.indices]
    assert multi_verify(given_, proof, root)
    assert not multi_verify(given_[::-1], proof, root)
    assert not multi_verify(given_[:1], proof, root)
    assert not multi_verify([], MultiProof((), (root,), ()), root)
    assert not multi_verify(given_, replace(proof, proof=proof.proof[1:]), root)
    assert not multi_verify(given_, replace(proof, flags=(True, *proof.flags[1:])), root)
    assert not multi_verify(given_, replace(proof, flags=(*proof.flags[:-1], False)), root)
    assert not multi_verify([tree[0], *given_[1:]], proof, root)
    assert not multi_verify([tree[0]], MultiProof((0,), (), (True,)), root)


# --- success ----------------------------------------------------------------------------------


def test_neighbours_need_no_hash_of_each_other() -> None:
    (proof,) = multi_proofs(merkle_levels(leaves(8)), [0, 1])
    assert (len(proof.proof), proof.flags) == (2, (True, False, False))


def test_a_whole_tree_needs_no_hashes() -> None:
    (proof,) = multi_proofs(merkle_levels(leaves(8)), range(8))
    assert (proof.proof, proof.flags) == ((), (True,) * 7)


def test_a_leaf_far_nearer_to_the_root_has_a_proof_of_its_own() -> None:
    apart = multi_proofs(merkle_levels(leaves(10)), [0, 8])
    assert [proof.indices for proof in apart] == [(0,), (8,)]
    together = multi_proofs(merkle_levels(leaves(6)), [0, 4])
    assert [proof.indices for proof in together] == [(0, 4)]


def test_the_vectors_are_those_this_code_makes() -> None:
    assert json.loads(VECTORS.read_text()) == vectors()


# --- always -----------------------------------------------------------------------------------


@law
@given(st.data(), st.integers(1, 70))
def test_any_leaves_of_any_tree_are_proved(data: st.DataObject, number: int) -> None:
    wanted = data.draw(st.sets(st.integers(0, number - 1), min_size=1))
    tree = leaves(number)
    levels = merkle_levels(tree)
    root = levels[-1][0].hex()
    proofs = multi_proofs(levels, wanted)
    assert sorted(i for proof in proofs for i in proof.indices) == sorted(wanted)
    for proof in proofs:
        assert multi_verify([tree[i] for i in proof.indices], proof, root)
        assert not multi_verify([keccak(tree[i]) for i in proof.indices], proof, root)
    if number & (number - 1) == 0:
        assert len(proofs) == 1
