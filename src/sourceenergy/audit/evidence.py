"""Checks of a period's evidence: every record of every kind, the first that differs by its name.

Files are named as ``settle`` writes them, folder included. Where the replay of the bundle came out
as the statement on chain has it, derivable kinds are compared with it, cell by cell; everything
else is compared with the list of its leaves, and that with the root in ``evidence.json``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sourceenergy.audit.attached import kept_rules
from sourceenergy.audit.checks import Check, Replay
from sourceenergy.audit.lines import SENSELESS, Comparison, Salts
from sourceenergy.proofs import merkle_root
from sourceenergy.proofs.bulk import Rows, root_of, roots_of_many, tree
from sourceenergy.proofs.bulk_leaves import rows_of_hex
from sourceenergy.settlement.bundle import PERIOD, RECORDS, SHORT, TARIFFS, write_bundle
from sourceenergy.settlement.evidence import (
    COLUMNS,
    EVIDENCE,
    FILES,
    Kind,
    Recorded,
    list_of,
    read_index,
    recorded_prices,
    recorded_readings,
    settled_records,
)
from sourceenergy.settlement.evidence_attached import ATTACHED
from sourceenergy.settlement.evidence_rules import rules_of
from sourceenergy.settlement.published import INTERVALS, PublicPeriod, write_public

EVIDENCE_FILES = tuple(
    name for kind in Kind for name in (FILES[kind], list_of(kind)) if name.startswith("evidence/")
)
"""What is read of the folder ``evidence``."""


def check_evidence(
    files: Mapping[str, bytes],
    public: PublicPeriod,
    replay: Replay | None,
    progress: Callable[[str], None] = lambda text: None,
) -> list[Check]:
    """One check a kind, in order, each naming the first record that differs.

    ``files``: bundle, public files and evidence. A bundle without evidence has nothing to check.
    """
    if f"audit/{EVIDENCE}" not in files:
        return []
    if not any(name.startswith("evidence/") for name in files):
        detail = "the bundle names evidence, and none is at hand: give its folder with --evidence"
        return [Check("evidence", False, detail)]
    try:
        index = read_index(files[f"audit/{EVIDENCE}"])
        salts = salts_of(files[f"audit/{PERIOD}"], public.anchor.community)
    except SENSELESS as error:
        return [Check("evidence", False, f"{EVIDENCE} or {PERIOD} cannot be read: {error}")]
    lacking = [kind for kind in Kind if kind not in index["kinds"] and kind not in ATTACHED]
    if lacking:
        return [Check("evidence", False, f"{EVIDENCE} says nothing of kind {lacking[0]}")]
    expected = _expected(replay, public) if replay is not None and replay.same else {}
    checks = []
    for kind in Kind:
        if kind in index["kinds"]:
            progress(f"checking records of kind {kind}")
            problem = _problem(kind, files, index["kinds"][kind], expected.get(kind), salts)
            count = index["kinds"][kind]["count"]
            good = f"{count} records match their commitments"
            if kind in expected:
                good += " and the replay"
            checks.append(Check(kind.value, not problem, problem or good))
        elif FILES[kind] in files:
            detail = f"nobody committed to {FILES[kind]}: {EVIDENCE} does not name it"
            checks.append(Check(kind.value, False, detail))
    if replay is not None:
        told = _same_rules(index["rules"], rules_of(replay.period))
        checks.append(Check("rules", not told, told or "the rules are those the bundle settles by"))
    return checks


def salts_of(period: bytes, community: str) -> Salts:
    """The salts in ``period.json``; raises one of ``SENSELESS`` where it holds none."""
    head: dict[str, Any] = json.loads(period)
    return Salts(
        {m["key"][:SHORT]: m["salt"] for m in head["members"]},
        {m["key"][:SHORT]: m["salt"] for m in head["meters"]},
        head["operator"]["salt"],
        int(head["interval_seconds"]),
        community,
    )


def _expected(replay: Replay, public: PublicPeriod) -> dict[Kind, Recorded]:
    """What a replay that agrees with the chain says every derivable record must be."""
    period, settlement = replay.period, replay.settlement
    records = write_bundle(period, "")[RECORDS]
    prices = write_public(period, settlement, public.anchor, public.statement)[INTERVALS]
    readings = recorded_readings(settlement, records)
    known = [
        Recorded(Kind.READING, records, readings.leaves, readings.root),
        Recorded(Kind.PRICE, prices, recorded_prices(settlement).leaves, settlement.price_root),
        *settled_records(period, settlement, public.anchor.community),
    ]
    return {recorded.kind: recorded for recorded in known}


def _problem(
    kind: Kind,
    files: Mapping[str, bytes],
    entry: Mapping[str, Any],
    expected: Recorded | None,
    salts: Salts,
) -> str:
    data, listed = files.get(FILES[kind]), files.get(list_of(kind))
    for name, found in ((FILES[kind], data), (list_of(kind), listed)):
        if found is None:
            return f"the file {name} is not there"
    assert data is not None
    assert listed is not None
    if expected is not None and data == expected.file and listed == expected.listed:
        return "" if entry == expected.entry else _other_root(kind)
    lines = data.decode(errors="replace").split("\n")
    leaves = listed.decode(errors="replace").removesuffix("\n").split("\n") if listed else []
    if kind in COLUMNS:
        heading = ",".join((*COLUMNS[kind], "commitment"))
        if lines.pop(0) != heading:
            return f"{FILES[kind]} line 1: the heading is not {heading}"
    if lines and lines[-1] == "":
        lines.pop()
    given = None
    if expected is not None and expected.file is not None:
        given = expected.file.decode().split("\n")[1:-1]
    problem = Comparison(kind, lines, leaves, given, salts).first_problem()
    if problem:
        return problem
    try:
        root = _root(kind, rows_of_hex(leaves, 32), lines)
    except SENSELESS:
        return f"{list_of(kind)} holds a leaf that is none"
    if (len(leaves), root) != (entry["count"], entry["root"]):
        return _other_root(kind)
    try:
        return kept_rules(kind, lines)
    except SENSELESS as error:
        return f"{FILES[kind]} holds a record that is none: {error}"


def _other_root(kind: Kind) -> str:
    return f"the records lead to another root than {EVIDENCE} has for kind {kind}"


def _root(kind: Kind, leaves: Rows, lines: list[str]) -> str:
    if kind is not Kind.READING:
        return root_of(tree(leaves))
    intervals = len({line.partition(",")[0] for line in lines})
    roots = roots_of_many(leaves.reshape(intervals, -1, 32))
    return merkle_root([root.tobytes() for root in roots])


def _same_rules(stated: Any, ours: dict[str, Any]) -> str:
    if not isinstance(stated, dict):
        return f"{EVIDENCE} holds no rules"
    for name in sorted({*stated, *ours}):
        if stated.get(name) != ours.get(name):
            return f"{name} is {stated.get(name)}, the bundle settles by {ours.get(name)}"
    return ""


BUNDLE_FILES = (PERIOD, RECORDS, TARIFFS, EVIDENCE)
"""What is read of the folder ``audit``."""
