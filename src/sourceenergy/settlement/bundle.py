"""The audit bundle: a period's inputs as plain files, pseudonymous and salted, and back.

Three files: ``period.json`` (terms, members, meters, opening accounts), ``records.csv`` (one line
a meter and interval, with its commitment) and ``tariffs.toml``. Their hash is in the statement;
``read_bundle`` names the first record that does not match its commitment.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np

from sourceenergy.config.tariff_file import parse_tariffs
from sourceenergy.errors import ConfigError, VerificationFailed
from sourceenergy.proofs import keccak, record_leaf_hash
from sourceenergy.proofs.bulk_leaves import hex_of_rows
from sourceenergy.records import MeterInterval, Mode, Quality, TariffPlan
from sourceenergy.settlement.bundle_terms import optional_terms, read_optional_terms
from sourceenergy.settlement.leaves import record_leaves
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import Period, PeriodMember, PeriodMeter
from sourceenergy.units import UdPerKwh, Wh, iso_utc

PERIOD, RECORDS, TARIFFS = "period.json", "records.csv", "tariffs.toml"
RECORD_COLUMNS = ("start", "meter", "imported_wh", "exported_wh", "quality", "commitment")
AT_ONCE = 4_000
"""Entries or lines written at a time: little enough to stay in the cache."""
SHORT = 16
"""Hex digits of a pseudonym used in ``records.csv`` and in messages."""


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys, one form for one value, ending in a newline."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1)
    return (text + "\n").encode()


def write_bundle(period: Period, tariffs_text: str) -> dict[str, bytes]:
    """The bundle's files by name; the same period gives the same bytes."""
    head: dict[str, Any] = {
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
        "members": [],
        "meters": [],
        "opening": {},
        "deposits_ud": period.deposits_ud,
        "exits": sorted(period.exits),
    }
    head |= optional_terms(period)
    rest = canonical_json(head)
    pieces: list[bytes] = []
    # The long lists are written by hand, as the encoder would: it is slow for a million homes.
    for name, brackets, entries in (
        ("members", b"[]", _member_entries),
        ("meters", b"[]", _meter_entries),
        ("opening", b"{}", _opening_entries),
    ):
        before, empty, rest = rest.partition(b'\n "%s": %s' % (name.encode(), brackets))
        listed = _joined(entries(period), ",\n  ")
        if listed:
            pieces += [before, empty[:-1], b"\n  ", *listed, b"\n ", empty[-1:]]
        else:
            pieces += [before, empty]
    return {
        PERIOD: b"".join([*pieces, rest]),
        RECORDS: b"".join(_joined(_record_lines(period), "\n")) + b"\n",
        TARIFFS: tariffs_text.encode(),
    }


def _joined(entries: Iterator[str], between: str) -> list[bytes]:
    """Entries as UTF-8, joined; a piece at a time, so that they are never all held as texts."""
    pieces: list[bytes] = []
    while piece := list(islice(entries, AT_ONCE)):
        text = between.join(piece)
        pieces.append((between + text if pieces else text).encode())
    return pieces


def _member_entries(period: Period) -> Iterator[str]:
    members = period.member_columns
    plans = {plan: json.dumps(plan, ensure_ascii=False) for plan in members.plans}
    for key, account, plan, salt, end in members.columns():
        yield (
            f'{{\n   "account": "{account}",\n   "key": "{key}",\n   "passport_end": '
            f'{"null" if end is None else json.dumps(iso_utc(end))},\n   "plan": {plans[plan]},\n'
            f'   "salt": "{salt}"\n  }}'
        )


def _meter_entries(period: Period) -> Iterator[str]:
    meters = period.meter_columns
    owners = zip(meters.owner.tolist(), meters.weight.tolist(), strict=True)
    columns = zip(
        hex_of_rows(meters.keys),
        np.diff(meters.first).tolist(),
        meters.verified.tolist(),
        hex_of_rows(meters.salts),
        strict=True,
    )
    for key, number, verified, salt in columns:
        parts = ",\n    ".join(
            [f"[\n     {i},\n     {w}\n    ]" for i, w in islice(owners, number)]
        )
        yield (
            f'{{\n   "key": "{key}",\n   "parts": [\n    {parts}\n   ],\n   "salt": "{salt}",\n'
            f'   "verified": {"true" if verified else "false"}\n  }}'
        )


def _opening_entries(period: Period) -> Iterator[str]:
    for account, state in sorted(period.opening.items()):
        yield f'"{account}": [\n   ' + ",\n   ".join(map(str, state.columns)) + "\n  ]"


def _record_lines(period: Period) -> Iterator[str]:
    names = [key[:SHORT] for key in hex_of_rows(period.meter_columns.keys)]
    words = [quality.name.lower() for quality in Quality]
    yield ",".join(RECORD_COLUMNS)
    for cut, leaves in record_leaves(
        period.meter_columns,
        period.starts_s,
        period.seconds,
        period.imported,
        period.exported,
        period.quality,
    ):
        for t, start in enumerate(period.starts_s[cut]):
            when = iso_utc(start)
            columns = zip(
                names,
                period.imported[cut][t].tolist(),
                period.exported[cut][t].tolist(),
                period.quality[cut][t].tolist(),
                hex_of_rows(leaves[t]),
                strict=True,
            )
            for name, imported, exported, quality, leaf in columns:
                yield f"{when},{name},{imported},{exported},{words[quality]},{leaf}"


def bundle_hash(files: Mapping[str, bytes]) -> str:
    """Hash of a bundle as the statement carries it: Keccak-256 over names and SHA-256 of files."""
    return hash_of_digests({name: hashlib.sha256(files[name]).digest() for name in files})


def hash_of_digests(digests: Mapping[str, bytes]) -> str:
    """``bundle_hash`` from the SHA-256 of every file, for who may not see them all."""
    return keccak(b"".join(n.encode() + b"\0" + digests[n] for n in sorted(digests))).hex()


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
        plans = parse_tariffs(files[TARIFFS].decode(), TARIFFS)
        if not plans:
            raise ValueError("it names no plan")
    except (ValueError, ConfigError) as error:
        raise _broken(TARIFFS, f"cannot be read: {error}") from error
    records = files[RECORDS].decode(errors="replace").removesuffix("\n").split("\n")
    try:
        head: dict[str, Any] = json.loads(files[PERIOD])
        period = _period(head, plans, len(records) - 1)
    except (
        *(KeyError, TypeError, ValueError, AttributeError, OverflowError),
        ConfigError,
    ) as error:
        raise _broken(PERIOD, f"cannot be read: {error}") from error
    return _with_records(period, records)


def utc_seconds(text: str) -> int:
    """Unix seconds of an ISO time; ``ValueError`` unless it is one and names its zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:  # it would be read in this machine's zone
        raise ValueError(f"a time needs its zone: {text}")
    return int(moment.timestamp())


def _hex(text: str, size: int) -> str:
    if len(bytes.fromhex(text.removeprefix("0x"))) != size:
        raise ValueError(f"not {size} bytes: {text}")
    return text


def _owners(parts: Sequence[Sequence[int]], members: int) -> tuple[tuple[int, int], ...]:
    owners = tuple((int(i), int(w)) for i, w in parts)
    if not owners or any(not (0 <= i < members and w > 0) for i, w in owners):
        raise ValueError(f"parts of no member: {parts}")
    return owners


def _period(head: dict[str, Any], plans: dict[str, TariffPlan], records: int) -> Period:
    start_s, end_s = utc_seconds(head["start"]), utc_seconds(head["end"])
    seconds = int(head["interval_seconds"])
    meters = tuple(
        PeriodMeter(
            _hex(m["key"], 32),
            _owners(m["parts"], len(head["members"])),
            bool(m["verified"]),
            _hex(m["salt"], 32),
        )
        for m in head["meters"]
    )
    for m in head["members"]:
        if m["plan"] not in plans:
            raise ValueError(f"no such plan: {m['plan']}")
    shape = (len(range(start_s, end_s, seconds)), len(meters))
    if shape[0] * shape[1] != records:  # before any memory is taken for them
        raise _broken(
            RECORDS,
            f"has {records} records, {shape[0] * shape[1]} are needed (the file was cut?)",
        )
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
                _hex(m["key"], 32),
                _hex(m["account"], 20),
                m["plan"],
                _hex(m["salt"], 32),
                None if m["passport_end"] is None else utc_seconds(m["passport_end"]),
            )
            for m in head["members"]
        ),
        meters=meters,
        operator_account=_hex(head["operator"]["account"], 20),
        operator_salt=_hex(head["operator"]["salt"], 32),
        plans=plans,
        imported=np.zeros(shape, dtype=np.int64),
        exported=np.zeros(shape, dtype=np.int64),
        quality=np.full(shape, Quality.MISSING, dtype=np.int64),
        funded=bool(head["funded"]),
        opening={a: AccountState(*(int(x) for x in s)) for a, s in head["opening"].items()},
        deposits_ud={a: int(x) for a, x in head["deposits_ud"].items()},
        exits=frozenset(head["exits"]),
        **read_optional_terms(head, len(meters), len(head["members"])),
    )


def _with_records(period: Period, lines: Sequence[str]) -> BundleRead:
    column = {meter.key[:SHORT]: i for i, meter in enumerate(period.meters)}
    salts = [bytes.fromhex(meter.salt) for meter in period.meters]
    row_of = {start: t for t, start in enumerate(period.starts_s)}
    seen = np.zeros(period.quality.shape, dtype=np.bool_)
    altered = []
    if lines[0] != ",".join(RECORD_COLUMNS):
        raise _broken(f"{RECORDS} line 1", "the heading is not that of a bundle")
    for number, line in enumerate(lines[1:], start=2):
        try:
            record, commitment = record_of_line(line, period.seconds)
            t, m = row_of[record.start_s], column[record.meter]
        except (ValueError, KeyError, OverflowError) as error:
            raise _broken(f"{RECORDS} line {number}", f"cannot be read: {error}") from error
        if record_leaf_hash(salts[m], record).hex() != commitment:
            name, when = record.meter, iso_utc(record.start_s)
            altered.append(
                f"meter {name}, interval {when}: {record.imported_wh} Wh imported, "
                f"{record.exported_wh} Wh exported ({record.quality.name.lower()}) "
                "is not what was committed to"
            )
        elif seen[t, m]:
            name, when = record.meter, iso_utc(record.start_s)
            altered.append(f"meter {name}, interval {when}: a second record (line {number})")
        period.imported[t, m], period.exported[t, m] = record.imported_wh, record.exported_wh
        period.quality[t, m] = record.quality
        seen[t, m] = True
    return BundleRead(period, tuple(altered))


def record_of_line(line: str, seconds: int) -> tuple[MeterInterval, str]:
    """A line of ``records.csv``: the record and its commitment.

    Raises ``ValueError``, ``KeyError`` or ``OverflowError`` where it is none.
    """
    when, name, imported, exported, word, commitment = line.split(",")
    energies = (_energy(imported), _energy(exported))
    quality = Quality[word.upper()]
    return MeterInterval(name, utc_seconds(when), seconds, *energies, quality), commitment


def _energy(text: str) -> Wh:
    value = int(text)
    if abs(value) >= 1 << 62:
        raise ValueError(f"no meter counts that much: {text[:40]}")
    return Wh(value)


def _broken(what: str, message: str) -> VerificationFailed:
    return VerificationFailed(
        f"audit bundle: {what} {message}",
        rule="bundle.readable",
        field=what,
        remedy="ask the community for the bundle again and compare its hash",
    )
