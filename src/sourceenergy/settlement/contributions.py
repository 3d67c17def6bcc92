"""The pool of an interval: what individuals, trusts and entities contribute, each Wh once.

A contribution is one contributor's energy and need of an interval, signed by its key, over a tree
of its sources (the members or meters behind it). Refused, and listed with the rule: one that is not
signed by its contributor, comes a second time, does not add up to its sources, or counts a source
that another contribution counts already. One that arrives after the close is no refusal: it waits
for the correction run, a pool of its own with the next run number.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from sourceenergy.economy.aggregated_market.cascade import Contributor, ReceiverClass
from sourceenergy.errors import InputError
from sourceenergy.proofs import (
    keccak,
    merkle_levels,
    merkle_proof,
    merkle_root,
    merkle_verify,
    p256_public_key,
    p256_verify,
)
from sourceenergy.units import Wh, iso_utc


@dataclass(frozen=True, slots=True)
class Source:
    """A member's or meter's part of a contribution [Wh], salted; ``key`` is its pseudonym."""

    key: str  # 64 hex digits
    energy_wh: Wh
    need_wh: Wh
    salt: str  # 64 hex digits


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one contributor puts into the pool of an interval, and needs from it [Wh]."""

    kind: ReceiverClass
    key: str  # the contributor's pseudonym, 64 hex digits
    number: int  # in its class
    account: str
    start_s: int
    seconds: int
    energy_wh: Wh
    need_wh: Wh
    sources: tuple[Source, ...]
    signature: str  # P-256, r ‖ s, low s, 128 hex digits


@dataclass(frozen=True, slots=True)
class Arrived:
    """A contribution and when it came [Unix s]."""

    contribution: Contribution
    at_s: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A contribution that is not in the pool, and the rule that keeps it out."""

    contribution: Contribution
    rule: str


@dataclass(frozen=True, slots=True)
class EnergyPool:
    """One large energy asset: the interval's token, class totals [Wh] and root.

    ``run`` counts from 0; a correction run holds only what came late, under the same token.
    """

    start_s: int
    seconds: int
    run: int
    energy_wh: dict[ReceiverClass, Wh]
    need_wh: dict[ReceiverClass, Wh]
    root: str
    contributions: tuple[Contribution, ...]
    refused: tuple[Refused, ...]
    late: tuple[Contribution, ...]

    @property
    def token(self) -> str:
        """Id of the pool's one token, 64 hex digits; the same in every run."""
        return keccak(
            b"SourceEnergy pool v1\0" + struct.pack(">qi", self.start_s, self.seconds)
        ).hex()

    @property
    def total_wh(self) -> Wh:
        """All classes' energy [Wh]."""
        return Wh(sum(self.energy_wh.values()))

    @property
    def total_need_wh(self) -> Wh:
        """All classes' need [Wh]."""
        return Wh(sum(self.need_wh.values()))


@dataclass(frozen=True, slots=True)
class PoolPath:
    """From one source's watt-hours through its contributor to the pool."""

    source: Source
    source_proof: tuple[str, ...]
    contribution: Contribution  # without its sources
    sources_root: str
    contribution_proof: tuple[str, ...]


def source_leaf(source: Source) -> bytes:
    """Leaf of a contribution's tree (80 bytes hashed)."""
    return keccak(
        bytes.fromhex(source.key)
        + struct.pack(">qq", source.energy_wh, source.need_wh)
        + bytes.fromhex(source.salt)
    )


def sources_root(contribution: Contribution) -> str:
    """Root over a contribution's sources, in order of their keys."""
    return merkle_root([source_leaf(source) for source in _in_order(contribution)])


def contribution_leaf(contribution: Contribution, root: str) -> bytes:
    """Leaf of the pool's tree (100 bytes hashed); ``root`` is that of the sources."""
    return keccak(_body(contribution, root))


def contribution_digest(contribution: Contribution) -> bytes:
    """What the contributor signs (32 bytes)."""
    body = _body(contribution, sources_root(contribution))
    return hashlib.sha256(b"SourceEnergy contribution v1\0" + body).digest()


def _body(contribution: Contribution, root: str) -> bytes:
    return (
        struct.pack(">B", contribution.kind)
        + bytes.fromhex(contribution.key)
        + struct.pack(
            ">qiqq",
            contribution.start_s,
            contribution.seconds,
            contribution.energy_wh,
            contribution.need_wh,
        )
        + bytes.fromhex(root)
    )


def _in_order(contribution: Contribution) -> list[Source]:
    return sorted(contribution.sources, key=lambda source: source.key)


def pool_interval(
    start_s: int,
    seconds: int,
    closes_s: int,
    arrived: Sequence[Arrived],
    keys: Mapping[str, tuple[int, int]],
    before: Sequence[EnergyPool] = (),
) -> EnergyPool:
    """Pool an interval's contributions; the order in which they are given does not matter.

    ``closes_s``: end of the grace; ``keys``: contributors' P-256 keys; ``before``: earlier runs of
    this pool and other pools of the interval, whose sources count already.
    """
    counted = {
        source.key
        for pool in before
        if pool.start_s < start_s + seconds and start_s < pool.start_s + pool.seconds
        for contribution in pool.contributions
        for source in contribution.sources
    }
    accepted: list[Contribution] = []
    refused: list[Refused] = []
    late: list[Contribution] = []
    runs = [pool for pool in before if (pool.start_s, pool.seconds) == (start_s, seconds)]
    known = {contribution.key for pool in runs for contribution in pool.contributions}
    for one in sorted(arrived, key=lambda a: (a.at_s, a.contribution.kind, a.contribution.key)):
        contribution = one.contribution
        rule = _broken_rule(contribution, (start_s, seconds), keys, known, counted)
        if rule:
            refused.append(Refused(contribution, rule))
            continue
        known.add(contribution.key)
        counted |= {source.key for source in contribution.sources}
        (accepted if one.at_s < closes_s else late).append(contribution)
    accepted.sort(key=lambda c: (c.kind, c.key))
    return EnergyPool(
        start_s,
        seconds,
        len(runs),
        _by_class(accepted, "energy_wh"),
        _by_class(accepted, "need_wh"),
        merkle_root([contribution_leaf(c, sources_root(c)) for c in accepted]),
        tuple(accepted),
        tuple(refused),
        tuple(sorted(late, key=lambda c: (c.kind, c.key))),
    )


def _broken_rule(
    contribution: Contribution,
    interval: tuple[int, int],
    keys: Mapping[str, tuple[int, int]],
    known: Collection[str],
    counted: AbstractSet[str],
) -> str:
    """Name of the first rule a contribution breaks, empty if none."""
    sources = contribution.sources
    names = [source.key for source in sources]
    if (contribution.start_s, contribution.seconds) != interval:
        return "pool.interval"
    if min(contribution.energy_wh, contribution.need_wh, *(s.energy_wh for s in sources)) < 0:
        return "pool.energy"
    for total, parts in (
        (contribution.energy_wh, [source.energy_wh for source in sources]),
        (contribution.need_wh, [source.need_wh for source in sources]),
    ):
        if sum(parts) != total:
            return "pool.sum"
    public = keys.get(contribution.key)
    digest = contribution_digest(contribution)
    if public is None or not p256_verify(p256_public_key(*public), contribution.signature, digest):
        return "pool.signature"
    if contribution.key in known:
        return "pool.duplicate"
    if len(set(names)) < len(names) or not counted.isdisjoint(names):
        return "pool.counted"
    return ""


def _by_class(contributions: Sequence[Contribution], field: str) -> dict[ReceiverClass, Wh]:
    totals = dict.fromkeys(ReceiverClass, 0)
    for contribution in contributions:
        totals[contribution.kind] += getattr(contribution, field)
    return {kind: Wh(total) for kind, total in totals.items()}


def pool_path(pool: EnergyPool, source_key: str) -> PoolPath:
    """The way from a source's watt-hours to the pool; ``InputError`` if it is not in it."""
    for index, contribution in enumerate(pool.contributions):
        sources = _in_order(contribution)
        for place, source in enumerate(sources):
            if source.key == source_key:
                inner = merkle_levels([source_leaf(s) for s in sources])
                outer = merkle_levels(
                    [contribution_leaf(c, sources_root(c)) for c in pool.contributions]
                )
                return PoolPath(
                    source,
                    tuple(merkle_proof(inner, place)),
                    replace(contribution, sources=()),
                    sources_root(contribution),
                    tuple(merkle_proof(outer, index)),
                )
    raise InputError(
        "nothing of this source is in the pool",
        rule="pool.source",
        field="source_key",
        value=source_key[:16],
        remedy=f"look in another run of the pool of {iso_utc(pool.start_s)}",
    )


def check_path(path: PoolPath, root: str) -> bool:
    """Do the source's watt-hours lead to the pool's root?"""
    inside = merkle_verify(source_leaf(path.source), path.source_proof, path.sources_root)
    leaf = contribution_leaf(path.contribution, path.sources_root)
    return inside and merkle_verify(leaf, path.contribution_proof, root)


def adds_up(pool: EnergyPool) -> bool:
    """Are totals and root those of the listed contributions? Not if one is taken out or changed."""
    contributions = pool.contributions
    return (
        pool.energy_wh == _by_class(contributions, "energy_wh")
        and pool.need_wh == _by_class(contributions, "need_wh")
        and pool.root == merkle_root([contribution_leaf(c, sources_root(c)) for c in contributions])
    )


def contributors(pool: EnergyPool) -> dict[ReceiverClass, list[Contributor]]:
    """The pool's contributors as the revenue cascade takes them, without their members."""
    found: dict[ReceiverClass, list[Contributor]] = {kind: [] for kind in ReceiverClass}
    for c in pool.contributions:
        found[c.kind].append(Contributor(c.number, c.account, c.energy_wh))
    return found
