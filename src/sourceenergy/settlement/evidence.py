"""Evidence: every record of a settled period as a line with its commitment, and one small index.

Ten kinds. Readings are ``records.csv`` of the audit bundle and prices ``intervals.csv`` of the
public files; orders, trades, allocations and payouts follow from the settlement; ledger rows,
certificates, policies and reports are handed in (``evidence_attached``). Beside each file stands
the list of its leaves, a line each; ``evidence.json`` has file, count and Merkle root of each kind
and the rules of the period. It is a file of the audit bundle, so the statement's hash covers it.

Leaves of this module: Keccak-256 of salt (32 bytes), kind (8) and cells (8 each; times, numbers
big-endian; pseudonyms; words padded), never 64 bytes. Payouts, prices and readings keep theirs.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sourceenergy.market.book import ASK, BID
from sourceenergy.proofs import derive_salt, keccak, merkle_root, price_leaf_hash
from sourceenergy.proofs.bulk import Rows, derived_salts, keccak_rows, root_of, tree
from sourceenergy.proofs.bulk_leaves import hex_of_rows, rows_of_hex
from sourceenergy.settlement.bundle import (
    RECORD_COLUMNS,
    RECORDS,
    SHORT,
    canonical_json,
    utc_seconds,
)
from sourceenergy.settlement.evidence_rules import rules_of
from sourceenergy.settlement.leaves import RECORDS_AT_ONCE
from sourceenergy.settlement.period import Period, Settlement
from sourceenergy.settlement.published import INTERVAL_COLUMNS, INTERVALS
from sourceenergy.units import iso_utc

EVIDENCE = "evidence.json"
POOL = "0" * SHORT
"""Stands for the pool where a trade has no second member."""


class Kind(StrEnum):
    """What a record is about; in the order in which a reader checks them."""

    READING = "reading"
    PRICE = "price"
    ORDER = "order"
    TRADE = "trade"
    ALLOCATION = "allocation"
    PAYOUT = "payout"
    LEDGER_ROW = "ledger_row"
    CERTIFICATE = "certificate"
    POLICY = "policy"
    REPORT = "report"


FILES = {
    Kind.READING: f"audit/{RECORDS}",
    Kind.PRICE: f"public/{INTERVALS}",
    Kind.ORDER: "evidence/orders.csv",
    Kind.TRADE: "evidence/trades.csv",
    Kind.ALLOCATION: "evidence/allocations.csv",
    Kind.PAYOUT: "evidence/payouts.csv",
    Kind.LEDGER_ROW: "evidence/ledger_rows.jsonl",
    Kind.CERTIFICATE: "evidence/certificates.jsonl",
    Kind.POLICY: "evidence/policies.jsonl",
    Kind.REPORT: "evidence/reports.jsonl",
}
COLUMNS = {
    Kind.READING: RECORD_COLUMNS[:-1],
    Kind.PRICE: INTERVAL_COLUMNS[:-1],
    Kind.ORDER: ("start", "member", "side", "limit_ud_per_kwh", "energy_wh", "place"),
    Kind.TRADE: (
        *("start", "buyer", "seller", "agreed_wh", "energy_wh"),
        *("price_ud_per_kwh", "fee_ud_per_kwh", "deal"),
    ),
    Kind.ALLOCATION: (
        *("start", "member", "imported_wh", "exported_wh", "bought_wh", "sold_wh"),
        *("allocated_wh", "provided_wh", "dealt_bought_wh", "dealt_sold_wh"),
    ),
    Kind.PAYOUT: ("account", "deposited_ud", "payout_ud", "balance_ud", "salt"),
}
"""Cells of a line, the commitment left out, which is the last."""
KEYS = {
    Kind.READING: ("start", "meter"),
    Kind.PRICE: ("start",),
    Kind.ORDER: ("start", "member", "place"),
    Kind.TRADE: ("start", "buyer", "seller", "deal"),
    Kind.ALLOCATION: ("start", "member"),
    Kind.PAYOUT: ("account",),
}
"""The cells by which people tell one record of a kind from another."""
SIDES = {BID: "bid", ASK: "ask"}


def list_of(kind: Kind) -> str:
    """Name of the file with a kind's leaves, one a line in the order of the records."""
    return f"evidence/{kind}.leaves"


@dataclass(frozen=True)
class Recorded:
    """A kind's file, its leaves [N×32] and their root; ``file`` is None where it is elsewhere."""

    kind: Kind
    file: bytes | None
    leaves: Rows
    root: str

    @property
    def entry(self) -> dict[str, Any]:
        """What ``evidence.json`` says of the kind."""
        return {"file": FILES[self.kind], "count": len(self.leaves), "root": self.root}

    @property
    def listed(self) -> bytes:
        """The file of leaves."""
        return "".join(f"{leaf}\n" for leaf in hex_of_rows(self.leaves)).encode()


def write_evidence(
    period: Period,
    settlement: Settlement,
    community: str,
    records: bytes,
    attached: Sequence[Recorded] = (),
) -> dict[str, bytes]:
    """The evidence's files: ``evidence.json``, a file of the bundle, and those below ``evidence/``.

    ``community`` is its id on chain, which payout leaves are bound to; ``records`` the bundle's
    ``records.csv``.
    """
    kinds = [
        recorded_readings(settlement, records),
        recorded_prices(settlement),
        *settled_records(period, settlement, community),
        *attached,
    ]
    index = {"version": 1, "rules": rules_of(period), "kinds": {k.kind: k.entry for k in kinds}}
    result = {EVIDENCE: canonical_json(index)}
    for recorded in kinds:
        if recorded.file is not None:
            result[FILES[recorded.kind]] = recorded.file
        result[list_of(recorded.kind)] = recorded.listed
    return result


def recorded_readings(settlement: Settlement, records: bytes) -> Recorded:
    """Readings, by the commitments in ``records.csv``.

    Their root is that over the intervals' record roots, which the prices hold.
    """
    root = merkle_root([bytes.fromhex(price.records_root) for price in settlement.prices])
    lines = records.decode().split("\n")[1:-1]
    return Recorded(Kind.READING, None, rows_of_hex([line[-64:] for line in lines], 32), root)


def recorded_prices(settlement: Settlement) -> Recorded:
    """Prices, by the leaves of the price tree."""
    leaves = b"".join(price_leaf_hash(price) for price in settlement.prices)
    rows = np.frombuffer(leaves, dtype=np.uint8).reshape(-1, 32)
    return Recorded(Kind.PRICE, None, rows, settlement.price_root)


def settled_records(period: Period, settlement: Settlement, community: str) -> Iterator[Recorded]:
    """Orders, trades, allocations and payouts of a settlement."""
    yield _table(Kind.ORDER, _orders(period))
    yield _table(Kind.TRADE, _trades(period, settlement))
    yield _table(Kind.ALLOCATION, _allocations(period, settlement))
    yield _payouts(settlement, community)


def member_salt(salt: str, kind: Kind) -> bytes:
    """The salt of a member's own records of a kind; ``salt`` is the member's of the period."""
    return derive_salt(bytes.fromhex(salt), kind)


def numbered_salt(operator_salt: str, kind: Kind, number: int) -> bytes:
    """The salt of a record that is no single member's: its number among those of the kind."""
    return derive_salt(bytes.fromhex(operator_salt), kind, str(number))


def line_leaf(kind: Kind, salt: bytes, cells: Sequence[str]) -> bytes:
    """Leaf of an order, a trade or an allocation from the cells of its line.

    Raises ``ValueError`` or ``struct.error`` where they are none.
    """
    body = salt + kind.encode()[:8].ljust(8, b"\0")
    for name, cell in zip(COLUMNS[kind], cells, strict=True):
        if name == "start":
            body += struct.pack(">q", utc_seconds(cell))
        elif name in {"member", "buyer", "seller"}:
            body += bytes.fromhex(cell)
        elif name == "side":
            body += cell.encode().ljust(8, b"\0")
        else:
            body += struct.pack(">q", int(cell))
    return keccak(body)


# --- columns ------------------------------------------------------------------------------------

_Block = tuple[Rows, tuple[NDArray[Any], ...]]
"""Some records of a kind: their salts [n×32] and columns, numbers [n] or eight bytes [n×8]."""


def _table(kind: Kind, blocks: Iterator[_Block]) -> Recorded:
    heading = ",".join((*COLUMNS[kind], "commitment"))
    texts, leaves = [heading.encode() + b"\n"], [np.zeros((0, 32), dtype=np.uint8)]
    line = ",".join(["%s"] * (len(COLUMNS[kind]) + 1)) + "\n"
    tag = np.frombuffer(kind.encode()[:8].ljust(8, b"\0"), dtype=np.uint8)
    times: dict[int, str] = {}
    told: dict[int, str] = {}  # few members in many lines
    for salts, columns in blocks:
        count = len(salts)
        parts = [salts, np.broadcast_to(tag, (count, 8))]
        cells: list[Any] = []
        for name, column in zip(COLUMNS[kind], columns, strict=True):
            if column.ndim == 2:
                parts.append(column)  # eight bytes already
                codes = np.ascontiguousarray(column).view(">i8").ravel().tolist()
                told |= {code: _told(name, code) for code in set(codes) - told.keys()}
                cells.append([told[code] for code in codes])
                continue
            parts.append(column.astype(">i8").view(np.uint8).reshape(count, 8))
            numbers = column.tolist()
            if name == "start":
                times |= {s: iso_utc(s) for s in set(numbers) - times.keys()}
                numbers = [times[second] for second in numbers]
            cells.append(numbers)
        leaves.append(keccak_rows(np.concatenate(parts, axis=1)))
        rows = zip(*cells, hex_of_rows(leaves[-1]), strict=True)
        texts.append("".join(map(line.__mod__, rows)).encode())
    all_leaves = np.concatenate(leaves)
    return Recorded(kind, b"".join(texts), all_leaves, root_of(tree(all_leaves)))


def _told(column: str, code: int) -> str:
    """Eight bytes as a line has them: a word, or a pseudonym."""
    data = struct.pack(">q", code)
    return data.rstrip(b"\0").decode() if column == "side" else data.hex()


def _names(period: Period) -> Rows:
    return period.member_columns.keys[:, : SHORT // 2]


def _orders(period: Period) -> Iterator[_Block]:
    if not period.orders:
        return
    table = np.array(
        [(o.start_s, o.member, o.side, o.price, o.quantity) for o in period.orders], dtype=np.int64
    )
    start, member, side, price, quantity = table.T
    words = b"".join(SIDES[s].encode().ljust(8, b"\0") for s in side.tolist())
    yield (
        derived_salts(period.member_columns.salts, Kind.ORDER)[member],
        (
            start,
            _names(period)[member],
            np.frombuffer(words, dtype=np.uint8).reshape(-1, 8),
            price,
            quantity,
            np.arange(1, len(table) + 1),
        ),
    )


def _cuts(period: Period) -> Iterator[slice]:
    step = max(1, RECORDS_AT_ONCE // max(1, len(period.members)))
    for first in range(0, len(period.starts_s), step):
        yield slice(first, first + step)


def _trades(period: Period, settlement: Settlement) -> Iterator[_Block]:
    """What the pool sold and bought, a line a member and interval; then what deals delivered."""
    outcome, names = settlement.outcome, _names(period)
    salts = derived_salts(period.member_columns.salts, Kind.TRADE)
    starts = np.array(period.starts_s, dtype=np.int64)
    for cut in _cuts(period):
        both = np.stack([outcome.bought[cut], outcome.sold[cut]], axis=2)
        t, member, side = np.nonzero(both)
        energy, nothing = both[t, member, side], np.zeros(len(t), dtype=np.int64)
        here, buys = names[member], (side == 0)[:, None]
        yield (
            salts[member],
            (
                starts[cut][t],
                np.where(buys, here, 0).astype(np.uint8),
                np.where(buys, 0, here).astype(np.uint8),
                energy,
                energy,
                outcome.price[cut][t],
                np.where(side == 0, settlement.given.fee, 0),
                nothing,
            ),
        )
    deals = settlement.given.agreed
    if deals is None or not len(deals.energy):
        return
    count = len(deals.energy)
    own = b"".join(numbered_salt(period.operator_salt, Kind.TRADE, d + 1) for d in range(count))
    yield (
        np.frombuffer(own, dtype=np.uint8).reshape(count, 32),
        (
            starts[deals.interval],
            names[deals.buyer],
            names[deals.seller],
            deals.energy,
            outcome.delivered,
            deals.price,
            np.full(count, settlement.given.fee),
            np.arange(1, count + 1),
        ),
    )


def _allocations(period: Period, settlement: Settlement) -> Iterator[_Block]:
    """How each member's energy of each interval was shared out."""
    given, outcome, names = settlement.given, settlement.outcome, _names(period)
    salts = derived_salts(period.member_columns.salts, Kind.ALLOCATION)
    starts = np.array(period.starts_s, dtype=np.int64)
    for cut in _cuts(period):
        intervals, members = given.imported[cut].shape
        energies = (
            *(given.imported, given.exported, outcome.bought, outcome.sold),
            *(outcome.allocated, outcome.provided, outcome.dealt_bought, outcome.dealt_sold),
        )
        yield (
            np.tile(salts, (intervals, 1)),
            (
                np.repeat(starts[cut], members),
                np.tile(names, (intervals, 1)),
                *(energy[cut].ravel() for energy in energies),
            ),
        )


def _payouts(settlement: Settlement, community: str) -> Recorded:
    held = settlement.payout_leaves
    leaves, a = held.hashes(community), held.accounts
    rows = zip(
        a.names,
        a.deposited_ud.tolist(),
        a.payout_ud.tolist(),
        a.balance_ud.tolist(),
        hex_of_rows(held.salts),
        hex_of_rows(leaves),
        strict=True,
    )
    heading = ",".join((*COLUMNS[Kind.PAYOUT], "commitment")) + "\n"
    text = heading + "".join("%s,%s,%s,%s,%s,%s\n" % row for row in rows)  # noqa: UP031
    return Recorded(Kind.PAYOUT, text.encode(), leaves, settlement.payout_root(community))


def read_index(data: bytes) -> dict[str, Any]:
    """``evidence.json``; ``ValueError`` where it is none."""
    index = json.loads(data)
    kinds = index["kinds"] if isinstance(index, dict) else None
    if not isinstance(kinds, dict) or index["version"] != 1:
        raise ValueError("it is no index of evidence")
    for kind, entry in kinds.items():
        if entry["file"] != FILES[Kind(kind)] or not isinstance(entry["count"], int):
            raise ValueError(f"it names another file for {kind}")
    return {**index, "kinds": {Kind(kind): entry for kind, entry in kinds.items()}}
