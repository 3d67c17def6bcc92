"""Records of other layers against their own rules, and against what their contracts hold.

The contracts' values are handed in, as anyone reads them from a node: the roots of
``HouseholdTrust``, the supply of ``Certificates``, the settings of ``Policy``, the hashes of
``ImpactReports``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sourceenergy.audit.checks import Check
from sourceenergy.audit.lines import SENSELESS, name_of, rows_of
from sourceenergy.economy.central_bank.policy import BOUNDS, Parameter, Setting
from sourceenergy.economy.community.certificates import Lot, Status
from sourceenergy.economy.community.report import Version, report_hash, verify_versions
from sourceenergy.economy.household_trust.ledger import Ledger, SealedEntry
from sourceenergy.errors import VerificationFailed
from sourceenergy.settlement.evidence import FILES, Kind
from sourceenergy.settlement.evidence_attached import (
    ATTACHED,
    ledger_row_of,
    lot_of,
    setting_of,
    version_of,
)


def kept_rules(kind: Kind, lines: Sequence[str]) -> str:
    """The first record that breaks the rules of its kind, however it was committed to."""
    if kind not in ATTACHED:
        return ""
    rows = rows_of(kind, lines)
    if kind is Kind.LEDGER_ROW:
        return _numbered([ledger_row_of(row) for row in rows])
    if kind is Kind.CERTIFICATE:
        return _serials([lot_of(row) for row in rows], lines)
    if kind is Kind.POLICY:
        return _within_bounds([setting_of(row) for row in rows], lines)
    return _versions([version_of(row) for row in rows])


def _numbered(rows: Sequence[tuple[str, SealedEntry]]) -> str:
    last: dict[str, int] = {}
    for trust, entry in rows:
        if entry.number != last.get(trust, 0) + 1:
            return f"ledger row {entry.number} of trust {trust} follows row {last.get(trust, 0)}"
        last[trust] = entry.number
    return ""


def _serials(lots: Sequence[Lot], lines: Sequence[str]) -> str:
    due = 1
    for lot, line in zip(lots, lines, strict=True):
        name = name_of(Kind.CERTIFICATE, line)
        if lot.first != due or lot.last < lot.first:
            return f"{name}: serial {due} is due (each is issued once, and held once)"
        retired = lot.status is Status.RETIRED
        if retired != bool(lot.beneficiary):
            return f"{name}: {lot.status}, claimed by {lot.beneficiary or 'nobody'}"
        due = lot.last + 1
    return ""


def _within_bounds(settings: Sequence[Setting], lines: Sequence[str]) -> str:
    last: dict[Parameter, Setting] = {}
    for one, line in zip(settings, lines, strict=True):
        bounds, before = BOUNDS[one.parameter], last.get(one.parameter)
        name = name_of(Kind.POLICY, line)
        if not bounds.least <= one.value <= bounds.most:
            return f"{name}: {one.value} is not between {bounds.least} and {bounds.most}"
        if before is not None and abs(one.value - before.value) > bounds.step:
            return f"{name}: from {before.value} to {one.value} is more than {bounds.step}"
        if before is not None and one.from_s <= before.from_s:
            return f"{name}: it holds from before the one it follows"
        last[one.parameter] = one
    return ""


def _versions(versions: Sequence[Version]) -> str:
    periods: dict[tuple[str, int, int], list[Version]] = {}
    for version in versions:
        r = version.report
        periods.setdefault((r.community, r.start_s, r.end_s), []).append(version)
    try:
        for group in periods.values():
            verify_versions(group)
    except VerificationFailed as error:
        return f"report of {group[0].report.community}: {error.message}"
    return ""


def check_anchors(files: Mapping[str, bytes], anchors: Mapping[str, Any]) -> list[Check]:
    """Evidence against values read from the contracts, each by the record that differs.

    ``anchors`` may hold ``ledger_roots`` by trust, ``certificates`` (``issued_wh``,
    ``retired_wh``), ``policies`` (each ``parameter``, ``value``, ``from_s``) and ``reports``, the
    hashes in order. What it does not hold is not checked.
    """
    checks = []
    for name, kind, check in (
        ("ledger_roots", Kind.LEDGER_ROW, ledger_roots_differ),
        ("certificates", Kind.CERTIFICATE, certificates_differ),
        ("policies", Kind.POLICY, policies_differ),
        ("reports", Kind.REPORT, reports_differ),
    ):
        if name not in anchors:
            continue
        lines = files.get(FILES[kind], b"").decode(errors="replace").splitlines()
        try:
            problem = check(lines, anchors[name])
        except SENSELESS as error:
            problem = f"cannot be compared: {error}"
        good = "as the contract holds it"
        checks.append(Check(f"{kind.replace('_', ' ')} on chain", not problem, problem or good))
    return checks


def ledger_roots_differ(lines: Sequence[str], roots: Mapping[str, str]) -> str:
    """The first trust whose rows do not lead to the root ``HouseholdTrust`` anchors."""
    rows = [ledger_row_of(row) for row in rows_of(Kind.LEDGER_ROW, lines)]
    for trust, root in sorted(roots.items()):
        own = Ledger(trust, tuple(entry for name, entry in rows if name == trust))
        if own.root != root.removeprefix("0x"):
            return f"the rows of trust {trust} lead to {own.root}, anchored is {root}"
    return ""


def certificates_differ(lines: Sequence[str], supply: Mapping[str, int]) -> str:
    """Do all lots, and the retired ones, come to what ``Certificates`` issued and retired [Wh]?"""
    lots = [lot_of(row) for row in rows_of(Kind.CERTIFICATE, lines)]
    issued = sum(lot.energy_wh for lot in lots)
    retired = sum(lot.energy_wh for lot in lots if lot.status is Status.RETIRED)
    for name, ours in (("issued_wh", issued), ("retired_wh", retired)):
        if ours != supply[name]:
            return f"{name} is {ours} by the lots, {supply[name]} on chain"
    return ""


def policies_differ(lines: Sequence[str], settings: Sequence[Mapping[str, Any]]) -> str:
    """The first setting that ``Policy`` has otherwise, or does not have."""
    ours = [setting_of(row) for row in rows_of(Kind.POLICY, lines)]
    theirs = {(one["parameter"], one["from_s"]): one["value"] for one in settings}
    for one, line in zip(ours, lines, strict=True):
        value = theirs.pop((one.parameter.name, one.from_s), None)
        if value != one.value:
            return f"{name_of(Kind.POLICY, line)}: value is {one.value}, on chain {value}"
    return f"{next(iter(theirs))[0]} on chain is not among them" if theirs else ""


def reports_differ(lines: Sequence[str], hashes: Sequence[str]) -> str:
    """The first report whose hash ``ImpactReports`` does not hold in its place."""
    versions = [version_of(row) for row in rows_of(Kind.REPORT, lines)]
    for i, (version, line) in enumerate(zip(versions, lines, strict=True)):
        digest = report_hash(version.report)
        if i >= len(hashes) or hashes[i].removeprefix("0x") != digest:
            there = hashes[i] if i < len(hashes) else "nothing"
            return f"{name_of(Kind.REPORT, line)}: its hash is {digest}, on chain {there}"
    return (
        f"{len(hashes) - len(versions)} on chain are not among them"
        if hashes[len(versions) :]
        else ""
    )
