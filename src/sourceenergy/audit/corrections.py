"""Corrections proven: what they move is computed again from the bundles of what they put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sourceenergy.audit.checks import Check
from sourceenergy.errors import SourceEnergyError
from sourceenergy.records import Correction, PostedStatement
from sourceenergy.settlement.bundle import bundle_hash, read_bundle
from sourceenergy.settlement.corrected import Corrected, together
from sourceenergy.settlement.corrections import CorrectionTerms, correct
from sourceenergy.settlement.period import Period, settle

_NAME = "corrections"


def check_corrections(
    files: Mapping[str, bytes],
    earlier: Sequence[Mapping[str, bytes]],
    posted: Sequence[PostedStatement],
) -> list[Check]:
    """Whether a bundle's adjustments follow from its corrections and the periods they put right.

    ``earlier`` are audit bundles of earlier statements: all that are corrected, and all that
    corrected them before. Without any it is said that nothing was recomputed. Old corrections
    need two good signatures; whose they may be, the community's file says. Nothing where the
    bundle has no corrections.
    """
    try:
        period = read_bundle(files).period
        if not period.corrections and not period.adjustments_ud:
            return []
        if not earlier:
            return [
                Check(
                    _NAME,
                    True,
                    f"{len(period.corrections)} records of earlier periods are put right; to "
                    "compute again what that moves, give their audit folders with --earlier",
                )
            ]
        known = _on_chain(earlier, posted)
        problem = _problem(period, known)
    except SourceEnergyError as error:
        problem = str(error)
    if problem:
        return [Check(_NAME, False, problem)]
    count = len(period.corrections)
    return [Check(_NAME, True, f"{count} corrections move exactly what the statement settles")]


def _on_chain(
    earlier: Sequence[Mapping[str, bytes]], posted: Sequence[PostedStatement]
) -> list[tuple[PostedStatement, Period]]:
    """The bundles that the chain's statements name, oldest first."""
    accepted = {p.statement.bundle_hash: p for p in posted if not p.vetoed}
    found = []
    for files in earlier:
        statement = accepted.get(bundle_hash(files))
        if statement is not None:
            found.append((statement, read_bundle(files).period))
    return sorted(found, key=lambda pair: pair[0].statement.epoch)


def _problem(period: Period, known: Sequence[tuple[PostedStatement, Period]]) -> str:
    wanted = {one.statement for one in period.corrections}
    missing = wanted - {statement.hash for statement, _ in known}
    if missing:
        return f"no bundle on chain is given for the corrected statement {min(missing)[:16]}"
    noted = {one.noted_s for one in period.corrections} - {period.end_s}
    if noted:
        return f"a correction is noted at {min(noted)}, not at the period's close {period.end_s}"
    runs = []
    for number, (statement, before) in enumerate(known):
        if statement.hash in wanted:
            done = _of(statement.hash, [later for _, later in known[number + 1 :]])
            new = _of(statement.hash, [period])
            signers = {(a.public_x, a.public_y) for one in new for a in one.approvals}
            terms = CorrectionTerms(accept_estimates=True, approvers=frozenset(signers))
            run = correct(before, settle(before), statement.hash, done, new, terms)
            runs.append(Corrected(statement.statement.epoch, statement.hash, before, run))
    _, moved = together(runs)
    stated = {account: ud for account, ud in period.adjustments_ud.items() if ud}
    for account in sorted(moved.keys() | stated.keys()):
        ours, theirs = moved.get(account, 0), stated.get(account, 0)
        if ours != theirs:
            return f"account {account}: corrections move {ours} ud, the statement settles {theirs}"
    return ""


def _of(statement: str, periods: Sequence[Period]) -> tuple[Correction, ...]:
    return tuple(
        one for period in periods for one in period.corrections if one.statement == statement
    )
