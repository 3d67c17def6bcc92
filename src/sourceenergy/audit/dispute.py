"""A dispute bundle: one member's records of a span with everything that proves them, as one file.

What is public is in it whole. Of the settlement it has the member's own lines with their salts and
proofs only; the audit bundle is there by the hashes of its files, so that rules and roots lead to
the hash in the statement while nothing of other members can be read. ``dispute_checks`` verifies
it without a network; a chain is asked for one thing alone, whether it holds the statement.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from sourceenergy.audit.dispute_words import readme
from sourceenergy.audit.signed import SignedDevice
from sourceenergy.errors import InputError, VerificationFailed
from sourceenergy.proofs import merkle_levels, multi_proofs
from sourceenergy.proofs.bulk import Rows, tree, tree_proof
from sourceenergy.proofs.bulk_leaves import rows_of_hex
from sourceenergy.sdk import segment_to_json
from sourceenergy.settlement.bundle import PERIOD, RECORDS, SHORT, TARIFFS, canonical_json
from sourceenergy.settlement.evidence import (
    EVIDENCE,
    FILES,
    Kind,
    list_of,
    member_salt,
    numbered_salt,
)
from sourceenergy.settlement.evidence_rules import own_places
from sourceenergy.settlement.published import INTERVALS, STATEMENT
from sourceenergy.units import iso_utc

OWN_KINDS = (Kind.ORDER, Kind.TRADE, Kind.ALLOCATION)
INDEX, README, PROOF, BUNDLE = "index.json", "README.txt", "proof.json", "bundle.json"
READINGS, LINES, SIGNED = "readings.json", "records.json", "signed_readings.json"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
MOST_BYTES = 1 << 30
"""No dispute bundle unpacks to more."""


def build_dispute(
    files: Mapping[str, bytes],
    proof: bytes,
    span_s: tuple[int, int],
    signed: Sequence[SignedDevice],
    posted: Mapping[str, Any] | None,
    language: str,
) -> dict[str, bytes]:
    """The bundle's files of the member whose own file is ``proof``, for [from, to) of ``span_s``.

    ``files`` are those of the settled period (``audit/…``, ``public/…``, ``evidence/…``);
    ``posted`` says block, transaction and time where the statement is on chain.
    """
    head = json.loads(files[f"audit/{PERIOD}"])
    key = json.loads(proof)["energy_leaf"]["member_key"]
    number = next(i for i, m in enumerate(head["members"]) if m["key"] == key)
    statement = json.loads(files[f"public/{STATEMENT}"])["statement"]
    if not statement["start_s"] <= span_s[0] < span_s[1] <= statement["end_s"]:
        raise InputError(
            "the statement is not of this span",
            rule="dispute.span",
            field="from",
            value=f"{iso_utc(span_s[0])} to {iso_utc(span_s[1])}",
            remedy=f"it covers {iso_utc(statement['start_s'])} to {iso_utc(statement['end_s'])};"
            " make one bundle for each statement",
        )
    audit = {n.removeprefix("audit/"): d for n, d in files.items() if n.startswith("audit/")}
    if EVIDENCE not in audit:
        raise InputError(
            "the period was settled without evidence",
            rule="dispute.evidence",
            field=EVIDENCE,
            remedy="hand out the member's proof.json and the audit bundle instead",
        )
    own = {
        STATEMENT: files[f"public/{STATEMENT}"],
        INTERVALS: files[f"public/{INTERVALS}"],
        PROOF: proof,
        BUNDLE: canonical_json({n: hashlib.sha256(d).hexdigest() for n, d in audit.items()}),
        EVIDENCE: audit[EVIDENCE],
        TARIFFS: audit[TARIFFS],
        READINGS: canonical_json(_readings(head, number, audit[RECORDS], span_s)),
        LINES: canonical_json(_own_lines(head, number, files, span_s)),
    }
    if signed:
        own[SIGNED] = canonical_json([_device(device) for device in signed])
    own[README] = readme(language, own, span_s, statement["epoch"]).encode()
    index = {
        "version": 1,
        "member": key,
        "member_number": number + 1,
        "from": iso_utc(span_s[0]),
        "to": iso_utc(span_s[1]),
        "epoch": statement["epoch"],
        "posted": dict(posted) if posted else None,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in own.items()},
    }
    return {INDEX: canonical_json(index), **own}


def _in_span(line: str, span_s: tuple[int, int]) -> bool:
    # ISO times in UTC stand in the order of time.
    return iso_utc(span_s[0]) <= line[:20] < iso_utc(span_s[1])


def _readings(
    head: dict[str, Any], number: int, records: bytes, span_s: tuple[int, int]
) -> dict[str, Any]:
    """The member's meters and their records, each with its proof to the interval's root."""
    meters = []
    elsewhere = {int(entry["meter"]) for entry in head.get("participation", ())}
    for place, meter in enumerate(head["meters"]):
        weights = dict(meter["parts"])
        if number in weights:
            meters.append(
                {
                    "key": meter["key"][:SHORT],
                    "salt": meter["salt"],
                    "part": [weights[number], sum(weights.values())],
                    "verified": meter["verified"],
                    "elsewhere": place in elsewhere,
                }
            )
    mine = {meter["key"] for meter in meters}
    places = {meter["key"][:SHORT]: i for i, meter in enumerate(head["meters"])}
    rows: dict[str, list[str]] = {}
    for line in records.decode().split("\n")[1:-1]:
        if _in_span(line, span_s):
            rows.setdefault(line[:20], []).append(line)
    found = []
    for lines in rows.values():
        levels = tree(rows_of_hex([line[-64:] for line in lines], 32))
        for line in lines:
            meter = line.split(",", 2)[1]
            if meter in mine:
                found.append({"line": line, "proof": tree_proof(levels, places[meter])})
    return {"meters": meters, "records": found}


def _own_lines(
    head: dict[str, Any], number: int, files: Mapping[str, bytes], span_s: tuple[int, int]
) -> dict[str, Any]:
    """The member's orders, trades and allocations with their salts, proven together by kind.

    And the member's places in the keys of shared plants.
    """
    member = head["members"][number]
    name = member["key"][:SHORT]
    result: dict[str, Any] = {"keys": own_places(head, number)}
    for kind in OWN_KINDS:
        lines = files[FILES[kind]].decode().split("\n")[1:-1]
        wanted = {
            i: line
            for i, line in enumerate(lines)
            if name in line.split(",")[1:3] and _in_span(line, span_s)
        }
        salts = {}
        for i, line in wanted.items():
            deal = int(line.split(",")[7]) if kind is Kind.TRADE else 0
            salts[i] = (
                numbered_salt(head["operator"]["salt"], kind, deal)
                if deal
                else member_salt(member["salt"], kind)
            ).hex()
        leaves = rows_of_hex(files[list_of(kind)].decode().split(), 32)
        result[kind] = {
            "records": [{"line": line, "salt": salts[i]} for i, line in wanted.items()],
            "proofs": _multiproofs(leaves, list(wanted)),
        }
    return result


def _multiproofs(leaves: Rows, wanted: list[int]) -> list[dict[str, Any]]:
    if not wanted:
        return []
    place = {index: i for i, index in enumerate(wanted)}
    levels = merkle_levels([row.tobytes() for row in leaves])
    return [
        {
            "records": [place[index] for index in proof.indices],
            "proof": list(proof.proof),
            "flags": [int(flag) for flag in proof.flags],
        }
        for proof in multi_proofs(levels, wanted)
    ]


def _device(held: SignedDevice) -> dict[str, Any]:
    return {
        "meter": held.meter,
        "device": held.device,
        "public_x": f"{held.public_x:064x}",
        "public_y": f"{held.public_y:064x}",
        "segments": [segment_to_json(segment) for segment in held.segments],
        "not_settled": sorted(held.not_settled),
    }


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip that is the same, byte for byte, for the same files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.external_attr = 0o644 << 16
            info.create_system = 3
            archive.writestr(info, files[name], zipfile.ZIP_DEFLATED)
    return target.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    """The files of a zip; raises ``VerificationFailed`` where it is none, or far too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise ValueError("it unpacks to more than a dispute bundle can hold")
            if len({entry.filename for entry in entries}) < len(entries):
                raise ValueError("a file stands in it twice")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, RuntimeError) as error:
        raise VerificationFailed(
            f"the dispute bundle cannot be read: {error}",
            rule="dispute.readable",
            field="dispute",
            remedy="ask for the file again",
        ) from error
