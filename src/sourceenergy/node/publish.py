"""From a period to its statement: settle, write the files, remember it, post it.

Batch and live node share this. Each step can be repeated: the same period gives the same bytes,
the same statement and the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sourceenergy.errors import NotPermitted
from sourceenergy.proofs import ZERO_HASH, statement_hash
from sourceenergy.records import Statement
from sourceenergy.settlement.bundle import RECORDS, bundle_hash, write_bundle
from sourceenergy.settlement.corrected import Corrected
from sourceenergy.settlement.evidence import EVIDENCE, Recorded, write_evidence
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import Period, Settlement, settle
from sourceenergy.settlement.published import Anchor, build_statement, write_member, write_public
from sourceenergy.store.sqlite import Store, StoredStatement
from sourceenergy.units import iso_utc


@dataclass(frozen=True)
class Settled:
    """A settled period with its statement and files (paths with / in them)."""

    period: Period
    settlement: Settlement
    statement: Statement
    hash: str
    files: dict[str, bytes]
    corrected: tuple[Corrected, ...] = ()  # earlier periods whose corrections take effect here


def prepare(
    period: Period,
    tariffs_text: str,
    anchor: Anchor,
    epoch: int,
    previous: str,
    member_ids: tuple[str, ...],
    attached: Sequence[Recorded] = (),
    corrected: tuple[Corrected, ...] = (),
) -> Settled:
    """Settle a period and make everything that is published of it; pure.

    ``attached`` is evidence of other layers, which the statement's hash then covers too;
    ``corrected`` are the runs whose corrections and adjustments are in the period.
    """
    settlement = settle(period)
    bundle = write_bundle(period, tariffs_text)
    evidence = write_evidence(period, settlement, anchor.community, bundle[RECORDS], attached)
    bundle[EVIDENCE] = evidence.pop(EVIDENCE)
    statement = build_statement(settlement, period, anchor, epoch, previous, bundle_hash(bundle))
    files = {f"audit/{name}": data for name, data in bundle.items()} | evidence
    public = write_public(period, settlement, anchor, statement)
    files |= {f"public/{name}": data for name, data in public.items()}
    for index, member in enumerate(member_ids):
        files[f"members/{member}/proof.json"] = write_member(
            period, settlement, anchor, statement, index
        )
    digest = statement_hash(anchor.chain_id, anchor.clearing, statement)
    return Settled(period, settlement, statement, digest, files, corrected)


def remember(store: Store, settled: Settled) -> StoredStatement:
    """Keep a statement before it is posted; refuses to put another in its place."""
    held = kept(store, settled)
    if held is None:
        closing = {account: state.columns for account, state in settled.settlement.closing.items()}
        epoch = settled.statement.epoch
        store.add_statement(epoch, asdict(settled.statement), settled.hash, closing)
        held = store.statement(epoch)
        assert held is not None
    return held


def kept(store: Store, settled: Settled) -> StoredStatement | None:
    """The statement as it is kept, None if it is new; refuses one that differs from the kept."""
    epoch = settled.statement.epoch
    held = store.statement(epoch)
    if held is not None and held.hash != settled.hash:
        raise NotPermitted(
            f"the period from {iso_utc(settled.statement.start_s)} was settled before,"
            " with another result",
            rule="statement.immutable",
            field="epoch",
            value=epoch,
            remedy="a settled period is corrected by a later statement, never replaced",
        )
    return held


def accounts_of(closing: Mapping[str, list[int]]) -> dict[str, AccountState]:
    """Account states from the store's form."""
    return {account: AccountState(*values) for account, values in closing.items()}


def opening_of(before: StoredStatement | None) -> tuple[dict[str, AccountState], str]:
    """Where a period's accounts start and what its statement points at."""
    if before is None:
        return {}, ZERO_HASH
    return accounts_of(before.closing), before.hash
