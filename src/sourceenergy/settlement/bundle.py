"""The audit bundle: a period's inputs as plain files, pseudonymous and salted, and back.

Three files: ``period.json`` (terms, members, meters, opening accounts), ``records.csv`` (one line
a meter and interval, with its commitment) and ``tariffs.toml``. Their hash is in the statement;
``read_bundle`` names the first record that does not match its commitment.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from sourceenergy.config.tariff_file import parse_tariffs
from sourceenergy.errors import ConfigError, VerificationFailed
from sourceenergy.proofs import keccak, record_leaf_hash
from sourceenergy.records import MeterInterval, Mode, Quality
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import Period, PeriodMember, PeriodMeter, record_leaves
from sourceenergy.units import UdPerKwh, Wh, iso_utc

PERIOD, RECORDS, TARIFFS = "period.json", "records.csv", "tariffs.toml"
_COLUMNS = ("start", "meter", "imported_wh", "exported_wh", "quality", "commitment")
SHORT = 16
"""Hex digits of a pseudonym used in ``records.csv`` and in messages."""


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys, one form for one value, ending in a newline."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1)
    return (text + "\n").encode()


def write_bundle(period: Period, tariffs_text: str) -> dict[str, bytes]:
    """The bundle's files by name; the same period gives the same bytes."""
    head = {
        "version": period.version,
        "community": period.community,
        "mode": period.mode.value,
        "mechanism": period.mechanism,
        "fee_ud_per_kwh": period.fee,
        "feed_in_ud_per_kwh": period.feed_in,
        "start": iso_utc(period.start_s),
        "end": iso_utc(period.end_s),
        "interval_seconds": period.seconds,
        "funded": period.funded,
        "operator": {"account": period.operator_account, "salt": period.operator_salt},
        "members": [
            {
                "key": m.key,
                "account": m.account,
                "plan": m.plan,
                "salt": m.salt,
                "passport_end": None if m.passport_end_s is None else iso_utc(m.passport_end_s),
            }
            for m in period.members
        ],
        "meters": [
            {
                "key": m.key,
                "parts": [list(part) for part in m.parts],
                "verified": m.verified,
                "salt": m.salt,
            }
            for m in period.meters
        ],
        "opening": {
            account: [s.deposited_ud, s.payout_ud, s.balance_ud]
            for account, s in period.opening.items()
        },
        "deposits_ud": period.deposits_ud,
        "exits": sorted(period.exits),
    }
    lines = [",".join(_COLUMNS)]
    names = [meter.key[:SHORT] for meter in period.meters]
    imported, exported = period.imported.tolist(), period.exported.tolist()
    quality = period.quality.tolist()
    for t, (start, leaves) in enumerate(zip(period.starts_s, record_leaves(period), strict=True)):
        when = iso_utc(start)
        for m, name in enumerate(names):
            word = Quality(quality[t][m]).name.lower()
            lines.append(
                f"{when},{name},{imported[t][m]},{exported[t][m]},{word},{leaves[m].hex()}"
            )
    return {
        PERIOD: canonical_json(head),
        RECORDS: ("\n".join(lines) + "\n").encode(),
        TARIFFS: tariffs_text.encode(),
    }


def bundle_hash(files: Mapping[str, bytes]) -> str:
    """Hash of a bundle as the statement carries it: Keccak-256 over names and SHA-256 of files."""
    body = b"".join(
        name.encode() + b"\0" + hashlib.sha256(files[name]).digest() for name in sorted(files)
    )
    return keccak(body).hex()


@dataclass(frozen=True)
class BundleRead:
    """A bundle read back: its period and every record that misses its own commitment."""

    period: Period
    altered: tuple[str, ...]


def read_bundle(files: Mapping[str, bytes]) -> BundleRead:
    """Parse a bundle's files; raises ``VerificationFailed`` where a file is cut or malformed."""
    for name in (PERIOD, RECORDS, TARIFFS):
        if name not in files:
            raise _broken(name, "the file is not in the bundle")
    try:
        head: dict[str, Any] = json.loads(files[PERIOD])
        period = _period(head, files[TARIFFS].decode())
    except (KeyError, TypeError, ValueError, UnicodeDecodeError, ConfigError) as error:
        raise _broken(PERIOD, f"cannot be read: {error}") from error
    return _with_records(period, files[RECORDS])


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _period(head: dict[str, Any], tariffs: str) -> Period:
    start_s, end_s = _seconds(head["start"]), _seconds(head["end"])
    seconds = int(head["interval_seconds"])
    meters = tuple(
        PeriodMeter(
            m["key"], tuple((int(i), int(w)) for i, w in m["parts"]), bool(m["verified"]), m["salt"]
        )
        for m in head["meters"]
    )
    shape = (len(range(start_s, end_s, seconds)), len(meters))
    return Period(
        version=head["version"],
        community=head["community"],
        mode=Mode(head["mode"]),
        mechanism=head["mechanism"],
        fee=UdPerKwh(int(head["fee_ud_per_kwh"])),
        feed_in=UdPerKwh(int(head["feed_in_ud_per_kwh"])),
        start_s=start_s,
        end_s=end_s,
        seconds=seconds,
        members=tuple(
            PeriodMember(
                m["key"],
                m["account"],
                m["plan"],
                m["salt"],
                None if m["passport_end"] is None else _seconds(m["passport_end"]),
            )
            for m in head["members"]
        ),
        meters=meters,
        operator_account=head["operator"]["account"],
        operator_salt=head["operator"]["salt"],
        plans=parse_tariffs(tariffs, TARIFFS),
        imported=np.zeros(shape, dtype=np.int64),
        exported=np.zeros(shape, dtype=np.int64),
        quality=np.full(shape, Quality.MISSING, dtype=np.int64),
        funded=bool(head["funded"]),
        opening={a: AccountState(*(int(x) for x in s)) for a, s in head["opening"].items()},
        deposits_ud={a: int(x) for a, x in head["deposits_ud"].items()},
        exits=frozenset(head["exits"]),
    )


def _with_records(period: Period, data: bytes) -> BundleRead:
    column = {meter.key[:SHORT]: i for i, meter in enumerate(period.meters)}
    salts = [bytes.fromhex(meter.salt) for meter in period.meters]
    row_of = {start: t for t, start in enumerate(period.starts_s)}
    altered = []
    seen = 0
    reader = csv.reader(io.StringIO(data.decode("utf-8", errors="replace")))
    if tuple(next(reader, ())) != _COLUMNS:
        raise _broken(f"{RECORDS} line 1", "the heading is not that of a bundle")
    for number, row in enumerate(reader, start=2):
        try:
            when, name, imported, exported, word, commitment = row
            start = _seconds(when)
            t, m = row_of[start], column[name]
            quality = Quality[word.upper()]
            record = MeterInterval(
                name, start, period.seconds, Wh(int(imported)), Wh(int(exported)), quality
            )
        except (ValueError, KeyError) as error:
            raise _broken(f"{RECORDS} line {number}", f"cannot be read: {error}") from error
        if record_leaf_hash(salts[m], record).hex() != commitment:
            altered.append(
                f"meter {name}, interval {when}: {imported} Wh imported, {exported} Wh exported "
                f"({word}) is not what was committed to"
            )
        period.imported[t, m], period.exported[t, m] = record.imported_wh, record.exported_wh
        period.quality[t, m] = quality
        seen += 1
    if seen != period.quality.size:
        raise _broken(
            RECORDS, f"has {seen} records, {period.quality.size} are needed (the file was cut?)"
        )
    return BundleRead(period, tuple(altered))


def _broken(what: str, message: str) -> VerificationFailed:
    return VerificationFailed(
        f"audit bundle: {what} {message}",
        rule="bundle.readable",
        field=what,
        remedy="ask the community for the bundle again and compare its hash",
    )
