"""Multiproofs: many leaves under one root with few hashes, in OpenZeppelin's format.

``MerkleProof.multiProofVerify`` takes nodes from one queue, first the leaves, then the hashes it
made: each flag says whether a node's sibling is the next of the queue or the next of ``proof``.
That works for leaves of one depth, or of two that follow one another, the deeper first. Because an
odd node moves up unchanged, the last leaves of a tree may lie nearer to the root than that; they
get a multiproof of their own. A tree of 2ⁿ leaves needs one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sourceenergy.errors import InputError
from sourceenergy.proofs.merkle import keccak


@dataclass(frozen=True, slots=True)
class MultiProof:
    """A proof of several leaves: their numbers in the order to hand them in, hashes and flags."""

    indices: tuple[int, ...]
    proof: tuple[str, ...]  # 64 hex digits each
    flags: tuple[bool, ...]


def multi_proofs(levels: Sequence[Sequence[bytes]], indices: Iterable[int]) -> list[MultiProof]:
    """Multiproofs that together prove the leaves ``indices`` of the tree ``levels``.

    Raises ``InputError`` for a leaf that is not in the tree and where nothing is to be proved.
    """
    wanted = sorted(set(indices), reverse=True)
    if not wanted or wanted[0] >= len(levels[0]) or wanted[-1] < 0:
        raise InputError(
            "no such leaf in the tree",
            rule="multiproof.leaf",
            field="indices",
            value=wanted[0] if wanted else None,
            remedy=f"name leaves from 0 to {len(levels[0]) - 1}",
        )
    places = [_place(levels, index) for index in wanted]
    groups: list[list[int]] = []
    deepest = -1
    # From left to right leaves never get deeper, so equal depths are neighbours.
    for position in range(len(wanted) - 1, -1, -1):
        depth = places[position][0]
        if not groups or depth < deepest - 1:
            groups.append([])
            deepest = depth
        groups[-1].append(position)
    return [
        _proof_of(levels, [(wanted[p], *places[p]) for p in _deeper_first(group, places)])
        for group in groups
    ]


def _deeper_first(group: Sequence[int], places: Sequence[tuple[int, int, int]]) -> list[int]:
    """Deepest first; among equals from right to left, as their parents will follow them."""
    return sorted(group, key=lambda position: (-places[position][0], position))


def _place(levels: Sequence[Sequence[bytes]], index: int) -> tuple[int, int, int]:
    """Depth below the root, level and number in it at which leaf ``index`` is first paired."""
    level, number = _paired(levels, 0, index)
    depth, above, at = 0, level, number
    while above < len(levels) - 1:
        depth += 1
        above, at = _paired(levels, above + 1, at // 2)
    return depth, level, number


def _paired(levels: Sequence[Sequence[bytes]], level: int, number: int) -> tuple[int, int]:
    """Where a node lies after moving up past the levels at which it has no sibling."""
    while level < len(levels) - 1 and number ^ 1 >= len(levels[level]):
        level, number = level + 1, number // 2
    return level, number


def _proof_of(
    levels: Sequence[Sequence[bytes]], leaves: Sequence[tuple[int, int, int, int]]
) -> MultiProof:
    queue = [(level, number) for _, _, level, number in leaves]
    proof, flags = [], []
    taken = 0
    while queue[taken][0] < len(levels) - 1:
        level, number = queue[taken]
        sibling = (level, number ^ 1)
        taken += 1
        together = taken < len(queue) and queue[taken] == sibling
        if together:
            taken += 1
        else:
            proof.append(bytes(levels[level][number ^ 1]).hex())
        flags.append(together)
        queue.append(_paired(levels, level + 1, number // 2))
    return MultiProof(tuple(leaf for leaf, *_ in leaves), tuple(proof), tuple(flags))


def multi_verify(leaves: Sequence[bytes], proof: MultiProof, root: str) -> bool:
    """Do ``leaves``, in the proof's order, lead to ``root``? What does not fit proves nothing."""
    if len(leaves) + len(proof.proof) != len(proof.flags) + 1 or not leaves:
        return False
    if sum(not flag for flag in proof.flags) != len(proof.proof):
        return False
    queue = list(leaves)
    siblings = iter(proof.proof)
    taken = 0
    for flag in proof.flags:
        if taken + flag >= len(queue):
            return False
        node = queue[taken]
        sibling = queue[taken + 1] if flag else bytes.fromhex(next(siblings))
        taken += 1 + flag
        queue.append(keccak(node + sibling if node < sibling else sibling + node))
    return queue[-1].hex() == root.removeprefix("0x")
