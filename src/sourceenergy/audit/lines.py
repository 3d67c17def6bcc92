"""Lines of evidence: what one commits to, what people call it, and which is the first that differs.

A file is compared with the list of its leaves, or, where a replay says what every line must be,
with those lines. What differs is told apart: altered, added, missing, twice, out of its place.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sourceenergy.economy.community.certificates import Lot
from sourceenergy.economy.community.report import Version
from sourceenergy.proofs import payout_leaf_hash, price_leaf_hash, record_leaf_hash
from sourceenergy.records import PayoutLeaf
from sourceenergy.settlement.bundle import record_of_line
from sourceenergy.settlement.evidence import (
    COLUMNS,
    KEYS,
    POOL,
    Kind,
    line_leaf,
    member_salt,
    numbered_salt,
)
from sourceenergy.settlement.evidence_attached import (
    READERS,
    Row,
    attached_leaf,
    row_of,
)
from sourceenergy.settlement.published import price_of_line
from sourceenergy.units import Ud, iso_utc

SENSELESS = (
    *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    *(struct.error, RecursionError),
)
"""What values of a wrong type or size lead to; the files are anyone's and may hold anything."""


@dataclass(frozen=True)
class Salts:
    """Secrets of a period by pseudonym (hex), and what else a leaf is bound to."""

    members: Mapping[str, str]
    meters: Mapping[str, str]
    operator: str
    seconds: int
    community: str  # id on chain


def leaf_of(kind: Kind, line: str, number: int, salts: Salts) -> bytes:
    """Leaf of a line, its commitment left out; ``number`` counts the kind's records from 1.

    Raises one of ``SENSELESS`` where the line is none.
    """
    if kind not in COLUMNS:
        return attached_leaf(kind, salts.operator, number, _row(line)[0])
    if kind is Kind.READING:
        record, _ = record_of_line(line, salts.seconds)
        return record_leaf_hash(bytes.fromhex(salts.meters[record.meter]), record)
    if kind is Kind.PRICE:
        return price_leaf_hash(price_of_line(line)[0])
    *cells, _ = line.split(",")
    if kind is Kind.PAYOUT:
        account, *amounts, salt = cells
        deposited, payout, balance = (Ud(int(amount)) for amount in amounts)
        leaf = PayoutLeaf(account, deposited, payout, balance, salt)
        return payout_leaf_hash(salts.community, leaf)
    named = dict(zip(COLUMNS[kind], cells, strict=True))
    if int(named.get("deal", 0)):
        return line_leaf(kind, numbered_salt(salts.operator, kind, int(named["deal"])), cells)
    owner = named["buyer" if named["buyer"] != POOL else "seller"] if "buyer" in named else None
    return line_leaf(kind, member_salt(salts.members[owner or named["member"]], kind), cells)


def commitment_of(kind: Kind, line: str) -> str:
    """The commitment a line states, whatever it is worth."""
    if kind in COLUMNS:
        return line.rpartition(",")[2]
    try:
        return _row(line)[1]
    except SENSELESS:
        return ""


def name_of(kind: Kind, line: str) -> str:
    """What people call a record: its kind and by what it is told from others of the kind."""
    word = kind.replace("_", " ")
    try:
        if kind in COLUMNS:
            cells = dict(zip((*COLUMNS[kind], "commitment"), line.split(","), strict=True))
            told = ", ".join(
                cells[key] if key == "start" else f"{key} {cells[key]}" for key in KEYS[kind]
            )
            return f"{word} {told}"
        row = _row(line)[0]
        value = READERS[kind](row)
    except SENSELESS:
        return word
    if isinstance(value, Lot):
        return f"{word} serials {value.first}-{value.last}"
    if isinstance(value, Version):
        report = value.report
        span = f"{iso_utc(report.start_s)} to {iso_utc(report.end_s)}"
        return f"{word} of {report.community}, {span}, version {value.number}"
    if kind is Kind.LEDGER_ROW:
        return f"{word} {row['number']} of trust {row['trust']}"
    return f"{word} {row['parameter']} from {iso_utc(row['from_s'])} (policy {row['policy_id']})"


def rows_of(kind: Kind, lines: Sequence[str]) -> list[Row]:
    """The records of a kind that was handed in, commitments left out."""
    return [_row(line)[0] for line in lines]


def _row(line: str) -> tuple[Row, str]:
    row = row_of(line)
    return row, str(row.pop("commitment"))


@dataclass(frozen=True)
class Comparison:
    """A kind's lines as they are found, the listed leaves (hex), and what a replay says of them.

    ``expected`` are the lines as they must be, None without a replay.
    """

    kind: Kind
    lines: Sequence[str]
    listed: Sequence[str]
    expected: Sequence[str] | None
    salts: Salts

    def first_problem(self) -> str:
        """The first record that differs and how; empty where none does."""
        wanted = self.listed if self.expected is None else self.expected
        places: dict[str, int] = {}
        for i, text in enumerate(wanted):
            places.setdefault(text, i)
        for i, line in enumerate(self.lines):
            found = self._identity(line, i, places)
            if i >= len(wanted) or found != wanted[i]:
                return self._difference(i, line, found, wanted, places)
            if self.expected is not None and self.listed[i : i + 1] != [self._stated(line)]:
                return f"{self._name(line)}: leaf {i + 1} of the list is not its leaf"
        if len(self.lines) < len(wanted):
            return self._missing(len(self.lines))
        if len(self.listed) > len(wanted):
            return f"the list has {len(self.listed)} leaves, the file {len(self.lines)} records"
        return ""

    def _identity(self, line: str, i: int, places: Mapping[str, int]) -> str:
        """What a line is known by: itself, or its leaf where the line leads to it."""
        if self.expected is not None:
            return line
        stated = self._stated(line)
        leads = self._computed(line, places.get(stated, i) + 1) == stated
        return stated if leads else ""

    def _difference(
        self, i: int, line: str, found: str, wanted: Sequence[str], places: Mapping[str, int]
    ) -> str:
        place = f"(line {i + 1 + (self.kind in COLUMNS)})"
        follows = self.lines[i + 1 : i + 2]
        if found in places:
            if places[found] < i:
                return f"{self._name(line)} stands there a second time {place}"
            if any(self._stands_for(other, wanted[i]) for other in self.lines[i + 1 :]):
                return f"{self._name(line)} is out of its place {place}"
            return self._missing(i)
        if i >= len(wanted) or (follows and self._stands_for(follows[0], wanted[i])):
            return f"{self._name(line)} was added: nobody committed to it {place}"
        return self._altered(i, line)

    def _stands_for(self, line: str, wanted: str) -> bool:
        return wanted == (line if self.expected is not None else self._stated(line))

    def _altered(self, i: int, line: str) -> str:
        stated, computed = self._stated(line), self._computed(line, i + 1)
        if computed is None:
            why = "cannot be read"
        elif computed != stated:
            why = "is not what was committed to"
        elif self.listed[i : i + 1] != [stated]:
            why = "has a commitment that is not in the list"
        else:
            why = "was altered, and its commitments with it"
        if self.expected is None:
            return f"{self._name(line)} {why}"
        true = self.expected[i]
        columns = COLUMNS[self.kind]
        for column, given, replayed in zip(columns, line.split(","), true.split(","), strict=False):
            if given != replayed:
                return f"{self._name(true)} {why}: {column} is {given}, replays as {replayed}"
        return f"{self._name(true)} {why}"

    def _missing(self, i: int) -> str:
        if self.expected is not None:
            return f"{self._name(self.expected[i])} is missing"
        after = f", after {self._name(self.lines[i - 1])}" if i else ""
        return f"{self.kind.replace('_', ' ')} number {i + 1} is missing{after}"

    def _name(self, line: str) -> str:
        return name_of(self.kind, line)

    def _stated(self, line: str) -> str:
        return commitment_of(self.kind, line)

    def _computed(self, line: str, number: int) -> str | None:
        try:
            return leaf_of(self.kind, line, number, self.salts).hex()
        except SENSELESS:
            return None
