"""The embedded store: SQLite in WAL mode with full synchronisation, through apsw.

A method that returned has its rows on disk: ``synchronous=FULL`` lost nothing in simulated power
cuts where ``NORMAL`` did. One process writes; others may read.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from sourceenergy.errors import Unavailable
from sourceenergy.records import MeterInterval, Quality
from sourceenergy.store.schema import SCHEMA, VERSION
from sourceenergy.units import Wh

NOT_FOR_SETTLEMENT = 1 << 16
"""Bit of ``StoredReading.flags``: kept, but no interval is settled from it."""


class StoredReading(NamedTuple):
    """A reading's place and registers [Wh]; ``flags`` are the reading's and the node's own."""

    sequence: int
    utc_ms: int
    hash: str
    imported_wh: int
    exported_wh: int
    flags: int
    body: str


class StoredDevice(NamedTuple):
    """A device that may report for a meter."""

    device: str
    meter: str
    x: int
    y: int
    revoked_at: int | None


class StoredPeriod(NamedTuple):
    """A commit period as it was opened; money maps are by account [ud]."""

    epoch: int
    start_s: int
    end_s: int
    opening: dict[str, list[int]]
    deposits: dict[str, int]
    exits: list[str]


class StoredStatement(NamedTuple):
    """A statement and how far it came: ready, posted or vetoed."""

    epoch: int
    body: dict[str, Any]
    hash: str
    closing: dict[str, list[int]]
    state: str
    block: int | None
    tx: str | None
    live_at_s: int | None


class StoredIntent(NamedTuple):
    """An intent's row; ``body`` is the gateway's own record, JSON."""

    intent: str
    sender: str
    nonce: int
    state: str
    block: int | None
    body: str


@dataclass(frozen=True, slots=True)
class _Failure:
    message: str
    remedy: str


_FAILURES = {
    apsw.FullError: _Failure("the disk is full", "free some space; nothing was lost"),
    apsw.ReadOnlyError: _Failure("the store is read-only", "give the process write permission"),
    apsw.CantOpenError: _Failure("the store cannot be opened", "check the path and permissions"),
    apsw.CorruptError: _Failure("the store is damaged", "restore the last backup"),
    apsw.NotADBError: _Failure("the file is not a store", "name another file"),
    apsw.BusyError: _Failure("another process writes the store", "stop the other node"),
}


class Store:
    """A node's durable memory in one SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._failures():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = apsw.Connection(str(path))
            self._db.set_busy_timeout(5000)
            self._db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
            self._migrate()

    def close(self) -> None:
        """Close the file; what was written stays."""
        self._db.close()

    def _migrate(self) -> None:
        with self._db:
            found = self._one("PRAGMA user_version")
            if found == (0,):
                self._db.execute(SCHEMA)
                self._db.execute(f"PRAGMA user_version={VERSION}")
            elif found != (VERSION,):
                version = found[0] if found else None
                raise Unavailable(
                    f"the store has schema {version}, this version needs {VERSION}",
                    rule="store.version",
                    field=str(self.path),
                    remedy="use the version of SourceEnergy that wrote it",
                )

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except tuple(_FAILURES) as error:
            failure = _FAILURES[type(error)]
            raise Unavailable(
                failure.message,
                rule="store.available",
                field=str(self.path),
                remedy=failure.remedy,
            ) from error
        except (apsw.IOError, OSError) as error:
            raise Unavailable(
                f"the store cannot be written: {error}",
                rule="store.available",
                field=str(self.path),
                remedy="check the disk",
            ) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen together or not at all, and are on disk at the end."""
        with self._failures(), self._db:
            yield

    def _all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._failures():
            return list(self._db.execute(sql, values))

    def _one(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        rows = self._all(sql, *values)
        return rows[0] if rows else None

    # --- settings and secrets ---

    def meta(self, key: str) -> str | None:
        """A remembered setting."""
        row = self._one("SELECT value FROM meta WHERE key=?", key)
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Remember a setting."""
        self._all("INSERT OR REPLACE INTO meta VALUES (?,?)", key, value)

    def secret(self, subject: str) -> bytes:
        """The subject's salt key (32 bytes), made on first use."""
        self._all("INSERT OR IGNORE INTO secrets VALUES (?,?)", subject, secrets.token_bytes(32))
        row = self._one("SELECT key FROM secrets WHERE subject=?", subject)
        assert row is not None
        return bytes(row[0])

    def known_secret(self, subject: str) -> bytes | None:
        """The subject's salt key, or None; unlike ``secret`` it makes none."""
        row = self._one("SELECT key FROM secrets WHERE subject=?", subject)
        return None if row is None else bytes(row[0])

    # --- devices and readings ---

    def put_device(self, device: StoredDevice) -> None:
        """Register a device, or bring its row up to date with the chain."""
        self._all(
            "INSERT OR REPLACE INTO devices VALUES (?,?,?,?,?)",
            device.device,
            device.meter,
            f"{device.x:064x}",
            f"{device.y:064x}",
            device.revoked_at,
        )

    def devices(self) -> dict[str, StoredDevice]:
        """All registered devices by id."""
        return {
            row[0]: StoredDevice(row[0], row[1], int(row[2], 16), int(row[3], 16), row[4])
            for row in self._all("SELECT device, meter, x, y, revoked_at FROM devices")
        }

    _READING = "SELECT sequence, utc_ms, hash, imported_wh, exported_wh, flags, body FROM readings"

    def last_reading(self, device: str) -> StoredReading | None:
        """The newest reading of a device."""
        row = self._one(f"{self._READING} WHERE device=? ORDER BY sequence DESC LIMIT 1", device)
        return None if row is None else StoredReading(*row)

    def last_usable(self, device: str) -> StoredReading | None:
        """The newest reading of a device that may be settled from."""
        row = self._one(
            f"{self._READING} WHERE device=? AND flags<{NOT_FOR_SETTLEMENT}"
            " ORDER BY sequence DESC LIMIT 1",
            device,
        )
        return None if row is None else StoredReading(*row)

    def first_usable(self, device: str) -> StoredReading | None:
        """The oldest reading of a device that may be settled from."""
        row = self._one(
            f"{self._READING} WHERE device=? AND flags<{NOT_FOR_SETTLEMENT}"
            " ORDER BY sequence LIMIT 1",
            device,
        )
        return None if row is None else StoredReading(*row)

    def reading(self, device: str, sequence: int) -> StoredReading | None:
        """The reading with that sequence."""
        row = self._one(f"{self._READING} WHERE device=? AND sequence=?", device, sequence)
        return None if row is None else StoredReading(*row)

    def add_segment(self, device: str, readings: Sequence[StoredReading], signature: str) -> None:
        """Add readings and the signature over the last one, together; none may be there yet."""
        with self.transaction():
            self._db.executemany(
                "INSERT INTO readings VALUES (?,?,?,?,?,?,?,?)",
                [
                    (
                        device,
                        r.sequence,
                        r.utc_ms,
                        r.hash,
                        r.imported_wh,
                        r.exported_wh,
                        r.flags,
                        r.body,
                    )
                    for r in readings
                ],
            )
            self._db.execute(
                "INSERT INTO signatures VALUES (?,?,?)", (device, readings[-1].sequence, signature)
            )

    def bracket(self, device: str, at_ms: int) -> tuple[StoredReading, StoredReading] | None:
        """The last usable reading at or before ``at_ms`` and the first at or after it; or None."""
        before = self._one(
            f"{self._READING} WHERE device=? AND utc_ms<=? AND flags<{NOT_FOR_SETTLEMENT}"
            " ORDER BY utc_ms DESC, sequence DESC LIMIT 1",
            device,
            at_ms,
        )
        after = self._one(
            f"{self._READING} WHERE device=? AND utc_ms>=? AND flags<{NOT_FOR_SETTLEMENT}"
            " ORDER BY utc_ms, sequence LIMIT 1",
            device,
            at_ms,
        )
        if before is None or after is None:
            return None
        return StoredReading(*before), StoredReading(*after)

    def segments(self, device: str, first: int, last: int) -> list[tuple[list[StoredReading], str]]:
        """Signed runs of a device's readings that hold sequences ``first`` to ``last``."""
        ends = self._all(
            "SELECT sequence, signature FROM signatures WHERE device=? ORDER BY sequence", device
        )
        runs, before = [], 0
        for end, signature in ends:
            if end >= first and before < last:
                rows = self._all(
                    f"{self._READING} WHERE device=? AND sequence>? AND sequence<=?"
                    " ORDER BY sequence",
                    *(device, before, end),
                )
                runs.append(([StoredReading(*row) for row in rows], str(signature)))
            before = end
        return runs

    def count_readings(self) -> int:
        """How many readings are held."""
        row = self._one("SELECT count(*) FROM readings")
        return int(row[0]) if row else 0

    def add_refusal(
        self, received_ms: int, device: str, sequence: int | None, rule: str, message: str
    ) -> None:
        """Keep a refusal."""
        self._all(
            "INSERT INTO refusals (received_ms, device, sequence, rule, message)"
            " VALUES (?,?,?,?,?)",
            received_ms,
            device,
            sequence,
            rule,
            message,
        )

    def refusals(self, limit: int = 100) -> list[tuple[int, str, int | None, str, str]]:
        """The newest refusals: when [ms], device, sequence, rule, message."""
        rows = self._all(
            "SELECT received_ms, device, sequence, rule, message FROM refusals"
            " ORDER BY id DESC LIMIT ?",
            limit,
        )
        return [(int(r[0]), str(r[1]), r[2], str(r[3]), str(r[4])) for r in rows]

    # --- intervals and periods ---

    def open_period(self, period: StoredPeriod) -> None:
        """Fix what a period starts from, and mark the exits that it serves."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO periods VALUES (?,?,?,?,?,?)",
                (
                    period.epoch,
                    period.start_s,
                    period.end_s,
                    json.dumps(period.opening),
                    json.dumps(period.deposits),
                    json.dumps(period.exits),
                ),
            )
            self._db.execute("UPDATE exits SET epoch=? WHERE epoch IS NULL", (period.epoch,))

    def period(self, epoch: int) -> StoredPeriod | None:
        """The period with that epoch."""
        row = self._one("SELECT * FROM periods WHERE epoch=?", epoch)
        return None if row is None else _period(row)

    def last_period(self) -> StoredPeriod | None:
        """The newest period, open or settled."""
        row = self._one("SELECT * FROM periods ORDER BY epoch DESC LIMIT 1")
        return None if row is None else _period(row)

    def add_interval(
        self,
        start_s: int,
        seconds: int,
        epoch: int,
        records: Sequence[tuple[MeterInterval, int | None]],
        result: Mapping[str, Any],
    ) -> None:
        """Close an interval: its records (with energy produced, if known) and its result."""
        with self.transaction():
            self._db.execute(
                "INSERT INTO intervals VALUES (?,?,?,?)",
                (start_s, seconds, epoch, json.dumps(result)),
            )
            self._db.executemany(
                "INSERT INTO records VALUES (?,?,?,?,?,?)",
                [
                    (start_s, r.meter, r.imported_wh, r.exported_wh, produced, int(r.quality))
                    for r, produced in records
                ],
            )

    def records(self, start_s: int, end_s: int) -> list[tuple[MeterInterval, int | None]]:
        """Records of closed intervals that start in [start_s, end_s), with energy produced."""
        rows = self._all(
            "SELECT r.meter, r.start_s, i.seconds, imported_wh, exported_wh, quality, produced_wh"
            " FROM records r JOIN intervals i ON i.start_s=r.start_s"
            " WHERE r.start_s>=? AND r.start_s<? ORDER BY r.start_s, r.meter",
            start_s,
            end_s,
        )
        return [
            (
                MeterInterval(str(m), int(s), int(n), Wh(int(a)), Wh(int(b)), Quality(int(q))),
                produced,
            )
            for m, s, n, a, b, q, produced in rows
        ]

    def intervals(self, start_s: int, end_s: int) -> list[tuple[int, dict[str, Any]]]:
        """Results of closed intervals that start in [start_s, end_s)."""
        rows = self._all(
            "SELECT start_s, result FROM intervals WHERE start_s>=? AND start_s<? ORDER BY start_s",
            start_s,
            end_s,
        )
        return [(int(start), json.loads(result)) for start, result in rows]

    def last_interval(self) -> int | None:
        """Start of the newest closed interval."""
        row = self._one("SELECT max(start_s) FROM intervals")
        return None if row is None or row[0] is None else int(row[0])

    # --- statements ---

    def add_statement(
        self, epoch: int, body: Mapping[str, Any], hash_: str, closing: Mapping[str, Sequence[int]]
    ) -> None:
        """Keep a statement that is ready to be posted."""
        self._all(
            "INSERT INTO statements VALUES (?,?,?,?,'ready',NULL,NULL,NULL)",
            epoch,
            json.dumps(body),
            hash_,
            json.dumps(closing),
        )

    def mark_posted(self, epoch: int, block: int, tx: str, live_at_s: int) -> None:
        """Note where and when a statement stands on chain."""
        self._all(
            "UPDATE statements SET state='posted', block=?, tx=?, live_at_s=? WHERE epoch=?"
            " AND state<>'vetoed'",
            block,
            tx,
            live_at_s,
            epoch,
        )

    def mark_vetoed(self, from_epoch: int, to_epoch: int) -> None:
        """Note that the guardian voided these statements."""
        self._all(
            "UPDATE statements SET state='vetoed' WHERE epoch BETWEEN ? AND ?",
            from_epoch,
            to_epoch,
        )

    def statements(self, limit: int = 20) -> list[StoredStatement]:
        """Statements, newest first."""
        rows = self._all("SELECT * FROM statements ORDER BY epoch DESC LIMIT ?", limit)
        return [_statement(row) for row in rows]

    def statement(self, epoch: int) -> StoredStatement | None:
        """The statement of an epoch."""
        row = self._one("SELECT * FROM statements WHERE epoch=?", epoch)
        return None if row is None else _statement(row)

    def last_accepted(self) -> StoredStatement | None:
        """The newest statement that was not vetoed."""
        row = self._one(
            "SELECT * FROM statements WHERE state<>'vetoed' ORDER BY epoch DESC LIMIT 1"
        )
        return None if row is None else _statement(row)

    # --- what the indexer read ---

    def add_deposits(
        self, rows: Sequence[tuple[int, int, str, str, int]], from_block: int | None = None
    ) -> None:
        """Keep deposits seen on chain: block, log index, transaction, account, amount [ud].

        ``from_block``: the chain was read again from there, so what was kept of it is void.
        """
        with self.transaction():
            if from_block is not None:
                self._db.execute("DELETE FROM deposits WHERE block>=?", (from_block,))
            self._db.executemany(
                "INSERT OR IGNORE INTO deposits (block, log_index, tx, account, amount_ud)"
                " VALUES (?,?,?,?,?)",
                rows,
            )

    def new_deposits(self) -> dict[str, int]:
        """Deposits that no period counts yet, by account [ud].

        All that was ever deposited less what is counted: a deposit that moved to another block or
        transaction, because the chain went back, is still counted once.
        """
        rows = self._all("SELECT account, sum(amount_ud) FROM deposits GROUP BY account")
        counted = self._counted_deposits()
        return {
            str(account): int(total) - counted.get(account, 0)
            for account, total in rows
            if int(total) > counted.get(account, 0)
        }

    def _counted_deposits(self) -> dict[str, int]:
        last = self.last_period()
        if last is None:
            return {}
        held = self.statement(last.epoch)
        if held is not None and held.state == "vetoed":
            accepted = self.last_accepted()
            return {} if accepted is None else {a: v[0] for a, v in accepted.closing.items()}
        counted = {account: values[0] for account, values in last.opening.items()}
        for account, amount in last.deposits.items():
            counted[account] = counted.get(account, 0) + amount
        return counted

    def add_exits(self, rows: Sequence[tuple[str, int]]) -> None:
        """Keep exit requests seen on chain: account, block."""
        with self.transaction():
            self._db.executemany("INSERT OR IGNORE INTO exits (account, block) VALUES (?,?)", rows)

    def new_exits(self) -> list[str]:
        """Accounts whose exit no period serves yet."""
        rows = self._all("SELECT account FROM exits WHERE epoch IS NULL ORDER BY account")
        return [str(row[0]) for row in rows]

    def exits_to_serve(self) -> list[tuple[str, int]]:
        """Accounts whose exit the chain does not know as served: account, period of the exit."""
        rows = self._all("SELECT account, epoch FROM exits WHERE epoch IS NOT NULL AND served=0")
        return [(str(account), int(epoch)) for account, epoch in rows]

    def mark_exit_served(self, account: str) -> None:
        """Note that the chain knows an exit as served."""
        self._all("UPDATE exits SET served=1 WHERE account=?", account)

    def all_exits(self) -> list[str]:
        """Every account that ever asked to leave."""
        return [str(row[0]) for row in self._all("SELECT account FROM exits ORDER BY account")]

    # --- intents of the chain gateway ---

    _INTENT = "SELECT intent, sender, nonce, state, block, body FROM intents"

    def intent(self, intent: str) -> StoredIntent | None:
        """The row of an intent."""
        row = self._one(f"{self._INTENT} WHERE intent=?", intent)
        return None if row is None else StoredIntent(*row)

    def last_nonce(self, sender: str) -> int | None:
        """The sender's highest nonce."""
        row = self._one("SELECT max(nonce) FROM intents WHERE sender=?", sender)
        return None if row is None or row[0] is None else int(row[0])

    def find_intents(self, sender: str, from_nonce: int, from_block: int) -> list[StoredIntent]:
        """The sender's intents that are pending, or at least of that nonce or block."""
        rows = self._all(
            f"{self._INTENT} WHERE sender=? AND (state='pending' OR nonce>=? OR block>=?)"
            " ORDER BY nonce",
            sender,
            from_nonce,
            from_block,
        )
        return [StoredIntent(*row) for row in rows]

    def add_intents(self, rows: Sequence[StoredIntent]) -> bool:
        """Add all rows, or none and return False if an intent or a nonce is taken."""
        try:
            with self.transaction():
                self._db.executemany("INSERT INTO intents VALUES (?,?,?,?,?,?)", rows)
        except apsw.ConstraintError:
            return False
        return True

    def update_intent(self, row: StoredIntent) -> None:
        """Put a row in the place of the one with its intent."""
        self._all(
            "UPDATE intents SET state=?, block=?, body=? WHERE intent=?",
            row.state,
            row.block,
            row.body,
            row.intent,
        )


def _period(row: tuple[Any, ...]) -> StoredPeriod:
    return StoredPeriod(
        int(row[0]),
        int(row[1]),
        int(row[2]),
        json.loads(row[3]),
        json.loads(row[4]),
        json.loads(row[5]),
    )


def _statement(row: tuple[Any, ...]) -> StoredStatement:
    return StoredStatement(
        int(row[0]),
        json.loads(row[1]),
        str(row[2]),
        json.loads(row[3]),
        str(row[4]),
        row[5],
        row[6],
        row[7],
    )
