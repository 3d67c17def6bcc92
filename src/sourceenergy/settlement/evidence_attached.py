"""Evidence that is handed in: ledger rows, certificates, policies and reports of other layers.

One JSON object a line, sorted keys, as the writers below make them. Ledger rows keep the leaf
their family anchors (``entry_leaf``); no wrap is among them, as it names who reads. The others are
hashed with salt and kind; a report's own hash (``report_hash``) stands in its line besides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from sourceenergy.economy.central_bank.policy import Parameter, Setting
from sourceenergy.economy.community.benefit import Group, Job, Table
from sourceenergy.economy.community.certificates import Lot, Register, Status
from sourceenergy.economy.community.report import ImpactReport, Version
from sourceenergy.economy.household_trust.ledger import Ledger, SealedEntry, entry_leaf
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.proofs import keccak, merkle_root
from sourceenergy.settlement.evidence import FILES, Kind, Recorded, numbered_salt

ATTACHED = (Kind.LEDGER_ROW, Kind.CERTIFICATE, Kind.POLICY, Kind.REPORT)
NAMES = {FILES[kind].removeprefix("evidence/"): kind for kind in ATTACHED}
"""What the files are called in the folder in which a community hands them in."""
Row = dict[str, Any]


def canonical_line(row: Mapping[str, Any]) -> str:
    """One form for one record."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(f"{canonical_line(row)}\n" for row in rows).encode()


def ledger_lines(ledgers: Sequence[Ledger]) -> bytes:
    """The rows of household ledgers as they are handed in: ciphertext, without anyone's key."""
    return _lines(
        {
            "trust": ledger.trust,
            "number": entry.number,
            "key_commitment": entry.key_commitment,
            "ciphertext": entry.ciphertext,
        }
        for ledger in ledgers
        for entry in ledger.entries
    )


def certificate_lines(register: Register) -> bytes:
    """The lots of a register, by serial."""
    return _lines(asdict(lot) for lot in register.lots)


def policy_lines(settings: Sequence[Setting]) -> bytes:
    """Settings in the order in which they were made."""
    return _lines({**asdict(one), "parameter": one.parameter.name} for one in settings)


def report_lines(versions: Sequence[Version]) -> bytes:
    """Versions of impact reports; those of one period in order."""
    return _lines(asdict(version) for version in versions)


def ledger_row_of(row: Row) -> tuple[str, SealedEntry]:
    """A trust and its row; ``ValueError`` where it is none, as with all readers here."""
    number, commitment, sealed = int(row["number"]), row["key_commitment"], row["ciphertext"]
    if len(bytes.fromhex(commitment)) != 32 or set(row) != {
        *("trust", "number", "key_commitment", "ciphertext")
    }:
        raise ValueError("no row of a ledger")
    return str(row["trust"]), SealedEntry(number, commitment, sealed, ())


def lot_of(row: Row) -> Lot:
    """A lot of certificates."""
    return Lot(**{**row, "status": Status(row["status"])})


def setting_of(row: Row) -> Setting:
    """A setting of a policy."""
    if row["parameter"] not in Parameter.__members__:
        raise ValueError(f"no such parameter: {row['parameter']}")
    return Setting(**{**row, "parameter": Parameter[row["parameter"]]})


def version_of(row: Row) -> Version:
    """A version of a report."""
    body: Row = dict(row["report"])
    table = body["benefit"]
    groups = tuple(Group(**{**g, "groups": tuple(g["groups"])}) for g in table["groups"])
    body |= {name: tuple(body[name]) for name in ("claims", "carbon_factors")}
    body["benefit"] = Table(groups, table["members"], table["total_ud"])
    body["jobs"] = tuple(Job(**job) for job in body["jobs"])
    report = ImpactReport(**body)
    return Version(**{**row, "report": report})


READERS: dict[Kind, Callable[[Row], object]] = {
    Kind.LEDGER_ROW: ledger_row_of,
    Kind.CERTIFICATE: lot_of,
    Kind.POLICY: setting_of,
    Kind.REPORT: version_of,
}


def row_of(line: str) -> Row:
    """A line's object; ``ValueError`` unless it is one."""
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("a line holds one JSON object")
    return row


def attached_leaf(kind: Kind, operator_salt: str, number: int, row: Row) -> bytes:
    """Leaf of the ``number``-th record of a kind (from 1), its commitment left out."""
    if kind is Kind.LEDGER_ROW:
        return entry_leaf(*ledger_row_of(row))
    salt = numbered_salt(operator_salt, kind, number)
    body = canonical_line(row).encode()
    return keccak(salt + kind.encode()[:8].ljust(8, b"\0") + keccak(body))


def attach(kind: Kind, data: bytes, operator_salt: str, private: frozenset[str]) -> Recorded:
    """A file as it was handed in, committed to record by record.

    ``private`` are names that may not stand in it: members and meters by their own ids. Raises
    ``InputError`` (``evidence.line``) and ``NotPermitted`` (``evidence.personal``).
    """
    leaves, lines = [], []
    name = FILES[kind].removeprefix("evidence/")
    for number, line in enumerate(data.decode().splitlines(), start=1):
        try:
            row = row_of(line)
            READERS[kind](row)
            leaf = attached_leaf(kind, operator_salt, number, row)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise InputError(
                f"{name} line {number} is no {kind.replace('_', ' ')}: {error}",
                rule="evidence.line",
                field=name,
                value=line[:60],
                remedy="write the file with the functions of settlement.evidence_attached",
            ) from error
        for text in _texts(row):
            if text in private:
                raise NotPermitted(
                    f"{name} line {number} names a member or a meter",
                    rule="evidence.personal",
                    field=name,
                    value=text,
                    remedy="use accounts, devices or pseudonyms",
                )
        leaves.append(leaf)
        lines.append(canonical_line({**row, "commitment": leaf.hex()}) + "\n")
    rows = np.frombuffer(b"".join(leaves), dtype=np.uint8).reshape(-1, 32)
    return Recorded(kind, "".join(lines).encode(), rows, merkle_root(leaves))


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
