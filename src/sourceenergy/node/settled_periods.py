"""What was settled, kept beside the store: each statement's audit bundle, and what is put right.

The bundle is the whole input of a settlement, and its hash is in the statement: what is read back
is known to be what was settled, and is settled again by the same function as an auditor does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sourceenergy.errors import VerificationFailed
from sourceenergy.node.publish import Settled
from sourceenergy.records import Correction
from sourceenergy.reports.writing import write_tree
from sourceenergy.settlement.bundle import PERIOD, RECORDS, TARIFFS, bundle_hash, read_bundle
from sourceenergy.settlement.evidence import EVIDENCE
from sourceenergy.settlement.period import Period
from sourceenergy.store.sqlite import Store, StoredStatement

_NAMES = (PERIOD, RECORDS, TARIFFS, EVIDENCE)
ALL = 1_000_000


@dataclass(frozen=True)
class SettledPeriod:
    """A settled period as its audit bundle holds it."""

    epoch: int
    hash: str
    period: Period


def keep_bundle(store: Store, settled: Settled) -> None:
    """Keep a statement's audit bundle; done before the statement is remembered."""
    files = {name: settled.files[f"audit/{name}"] for name in _NAMES}
    write_tree(_folder(store, settled.statement.epoch), files)


def settled_period(store: Store, held: StoredStatement) -> SettledPeriod | None:
    """What a statement settled; None where an earlier version kept no bundle.

    Raises ``VerificationFailed`` (``settled.kept``) where the bundle is not the statement's.
    """
    folder = _folder(store, held.epoch)
    # A statement of before there was evidence names no file of it.
    files = {name: (folder / name).read_bytes() for name in _NAMES if (folder / name).is_file()}
    if not files:
        return None
    if bundle_hash(files) != held.body["bundle_hash"]:
        raise VerificationFailed(
            f"the kept audit bundle of statement {held.epoch} is not the one it was settled from",
            rule="settled.kept",
            field="bundle_hash",
            value=str(folder),
            remedy="copy the audit folder of its statements there",
        )
    return SettledPeriod(held.epoch, held.hash, read_bundle(files).period)


def settled_before(store: Store, epoch: int) -> tuple[list[SettledPeriod], list[int]]:
    """All settled periods before ``epoch``, oldest first, and epochs that have no bundle kept."""
    found, without = [], []
    for held in reversed(store.statements(ALL)):
        if held.epoch >= epoch or held.state == "vetoed":
            continue
        period = settled_period(store, held)
        if period is None:
            without.append(held.epoch)
        else:
            found.append(period)
    return found, without


def told_not_kept(epochs: Sequence[int]) -> list[str]:
    """What people are told of settled periods whose bundles are not kept; one note for all."""
    if not epochs:
        return []
    which = f"statement {epochs[0]}"
    if len(epochs) > 1:
        which = f"{len(epochs)} statements from {epochs[0]} to {epochs[-1]}"
    return [f"no audit bundle is kept of {which}: those records are not compared"]


def corrections_before(of: str, periods: Sequence[SettledPeriod]) -> tuple[Correction, ...]:
    """All corrections of the statement with that hash which some periods brought, in order."""
    return tuple(
        one for later in periods for one in later.period.corrections if one.statement == of
    )


def _folder(store: Store, epoch: int) -> Path:
    return store.path.parent / "settled" / f"{epoch:06d}"
