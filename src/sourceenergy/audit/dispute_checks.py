"""Checks of a dispute bundle: all without a network, but whether the statement is on chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sourceenergy.audit.checks import (
    Check,
    check_member,
    check_member_prices,
    check_prices,
    same_as_chain,
)
from sourceenergy.audit.dispute import (
    BUNDLE,
    INDEX,
    LINES,
    OWN_KINDS,
    PROOF,
    READINGS,
    SIGNED,
)
from sourceenergy.audit.lines import SENSELESS, commitment_of, name_of
from sourceenergy.audit.signed import SignedDevice, record_problem, signature_problem
from sourceenergy.economy.aggregated_market import meter_settles
from sourceenergy.errors import SourceEnergyError, VerificationFailed
from sourceenergy.proofs import (
    MultiProof,
    merkle_verify,
    multi_verify,
    record_leaf_hash,
    statement_hash,
)
from sourceenergy.records import MeterInterval, Mode, PostedStatement, Quality
from sourceenergy.sdk import segment_from_json
from sourceenergy.settlement.bundle import (
    SHORT,
    TARIFFS,
    hash_of_digests,
    record_of_line,
    utc_seconds,
)
from sourceenergy.settlement.evidence import COLUMNS, EVIDENCE, Kind, line_leaf, read_index
from sourceenergy.settlement.evidence_rules import key_leaf
from sourceenergy.settlement.published import (
    INTERVALS,
    STATEMENT,
    MemberFile,
    PublicPeriod,
    read_member,
    read_public,
)
from sourceenergy.units import iso_utc

NOT_ASKED = "statement on chain"
"""The one check that needs a chain."""


def public_of(files: Mapping[str, bytes]) -> PublicPeriod:
    """The public part of a dispute bundle; raises ``VerificationFailed``."""
    return read_public({name: files[name] for name in (STATEMENT, INTERVALS) if name in files})


def check_dispute(
    files: Mapping[str, bytes], posted: Sequence[PostedStatement] | None
) -> list[Check]:
    """All checks in order; ``posted`` are the chain's statements, None without a chain.

    Raises ``VerificationFailed`` where a file is missing or cannot be read.
    """
    try:
        index: dict[str, Any] = json.loads(files[INDEX])
        damaged = [
            name
            for name, digest in index["files"].items()
            if hashlib.sha256(files.get(name, b"")).hexdigest() != digest
        ]
        public, own = public_of(files), read_member(files[PROOF])
        span_s = (utc_seconds(index["from"]), utc_seconds(index["to"]))
        checks = [_told("files", f"{damaged[0]} is not as it was packed" if damaged else "")]
        checks += _statement(public, own, posted, f"{index['from']} to {index['to']}")
        checks += check_prices(public)
        checks.append(_told("bundle hash", _bundle(files, public)))
        known = read_index(files[EVIDENCE])
        lines = json.loads(files[LINES])
        checks.append(_told("rules", _rules(known["rules"], public)))
        checks.append(_told("keys", _keys(known["rules"].get("keys", []), lines["keys"])))
        readings, seconds = json.loads(files[READINGS]), int(known["rules"]["interval_seconds"])
        records = [record_of_line(entry["line"], seconds)[0] for entry in readings["records"]]
        checks.append(_told("reading", _readings(readings, public, span_s, records)))
        for kind in OWN_KINDS:
            problem = _lines(kind, lines[kind], known["kinds"][kind]["root"])
            checks.append(_told(kind.value, problem))
        mode = Mode(known["rules"]["mode"])
        checks.append(_told("metered", _metered(readings, records, lines, mode)))
        checks.append(_told("agreement", _agreement(own, lines, public, span_s)))
        if SIGNED in files:
            checks.append(_told("signatures", _signed(files[SIGNED], records)))
        stated = PostedStatement(public.statement, public.hash, 0, False, 0, "")
        checks += check_member(own, [stated]) + check_member_prices(own, public)
    except SENSELESS as error:
        raise VerificationFailed(
            f"the dispute bundle lacks something or holds what makes no sense: {error!r}",
            rule="dispute.readable",
            field="dispute",
            remedy="ask for the file again",
        ) from error
    return checks


def _told(name: str, problem: str, good: str = "as it must be") -> Check:
    return Check(name, not problem, problem or good)


def _statement(
    public: PublicPeriod, own: MemberFile, posted: Sequence[PostedStatement] | None, span: str
) -> list[Check]:
    anchor = public.anchor
    digest = statement_hash(anchor.chain_id, anchor.clearing, public.statement)
    same = digest == public.hash == own.statement_hash
    told = "" if same else f"its hash is {digest}, the files say {public.hash}"
    member = own.energy_leaf.member_key[:SHORT]
    good = f"statement {public.statement.epoch}, {digest}; member {member}, {span}"
    checks = [_told("statement", told, good)]
    return checks if posted is None else [*checks, same_as_chain(public, posted)]


def _bundle(files: Mapping[str, bytes], public: PublicPeriod) -> str:
    digests = {name: bytes.fromhex(text) for name, text in json.loads(files[BUNDLE]).items()}
    for name in (EVIDENCE, TARIFFS):
        if hashlib.sha256(files[name]).digest() != digests.get(name):
            return f"{name} is not the one of the audit bundle"
    if hash_of_digests(digests) != public.statement.bundle_hash:
        return "the hashes do not lead to the one in the statement"
    return ""


def _rules(rules: Mapping[str, Any], public: PublicPeriod) -> str:
    if rules["mechanism"] != public.mechanism:
        return f"mechanism is {rules['mechanism']}, the statement has {public.mechanism}"
    for price in public.prices:
        if price.local and price.fee != rules["fee_ud_per_kwh"]:
            return f"fee {iso_utc(price.start_s)} is {price.fee}, not {rules['fee_ud_per_kwh']}"
    return ""


def _keys(rules: Sequence[Mapping[str, Any]], places: Sequence[Mapping[str, Any]]) -> str:
    """Are the member's shares and classes those of the keys in the rules?"""
    own = {(place["meter"], place["from"]): place for place in places}
    for rule in rules:
        where = f"key of plant {rule['meter']} from {rule['from']}"
        place = own.get((rule["meter"], rule["from"]))
        if place is None:
            return f"{where}: the member's place is missing"
        leaf = key_leaf(
            bytes.fromhex(place["salt"]),
            *(place["meter"], utc_seconds(place["from"]), place["share_ppm"], place["class"]),
        )
        if not merkle_verify(leaf, place["proof"], rule["root"]):
            return (
                f"{where}: share {place['share_ppm']} ppm, class {place['class']} is not what was"
                " committed to"
            )
    return ""


# --- records --------------------------------------------------------------------------------------


def _readings(
    readings: Mapping[str, Any],
    public: PublicPeriod,
    span_s: tuple[int, int],
    records: Sequence[MeterInterval],
) -> str:
    salts = {meter["key"]: bytes.fromhex(meter["salt"]) for meter in readings["meters"]}
    prices = {price.start_s: price for price in public.prices}
    seen = set()
    for record, entry in zip(records, readings["records"], strict=True):
        line = entry["line"]
        name = name_of(Kind.READING, line)
        leaf = record_leaf_hash(salts[record.meter], record)
        if leaf.hex() != commitment_of(Kind.READING, line):
            return f"{name} is not what was committed to"
        if not merkle_verify(leaf, entry["proof"], prices[record.start_s].records_root):
            return f"{name} does not lead to the interval's root"
        seen.add((record.start_s, record.meter))
    for start_s in prices:
        for meter in salts:
            if span_s[0] <= start_s < span_s[1] and (start_s, meter) not in seen:
                return f"reading {iso_utc(start_s)}, meter {meter} is missing"
    return ""


def _lines(kind: Kind, given: Mapping[str, Any], root: str) -> str:
    leaves = []
    for entry in given["records"]:
        *cells, stated = entry["line"].split(",")
        leaf = line_leaf(kind, bytes.fromhex(entry["salt"]), cells)
        if leaf.hex() != stated:
            return f"{name_of(kind, entry['line'])} is not what was committed to"
        leaves.append(leaf)
    proven: set[int] = set()
    for raw in given["proofs"]:
        indices = tuple(int(i) for i in raw["records"])
        proof = MultiProof(indices, tuple(raw["proof"]), tuple(bool(f) for f in raw["flags"]))
        if not multi_verify([leaves[i] for i in indices], proof, root):
            first = name_of(kind, given["records"][min(indices)]["line"])
            return f"{first} and those proven with it do not lead to the root"
        proven |= set(indices)
    unproven = sorted(set(range(len(leaves))) - proven)
    if unproven:
        return f"{name_of(kind, given['records'][unproven[0]]['line'])} has no proof"
    return ""


def _metered(
    readings: Mapping[str, Any],
    records: Sequence[MeterInterval],
    lines: Mapping[str, Any],
    mode: Mode,
) -> str:
    """Are allocations made of what the meters counted? A share of a meter is exact to the Wh.

    Not checked where part of a meter's energy counts in another community.
    """
    meters = {meter["key"]: meter for meter in readings["meters"]}
    if any(meter["elsewhere"] for meter in meters.values()):
        return ""
    least: dict[tuple[int, int], int] = {}
    most: dict[tuple[int, int], int] = {}
    for record in records:
        meter = meters[record.meter]
        if record.quality is Quality.MISSING or not meter_settles(mode, meter["verified"]):
            continue
        part, whole = meter["part"]
        for side, energy in enumerate((record.imported_wh, record.exported_wh)):
            place = (record.start_s, side)
            least[place] = least.get(place, 0) + energy * part // whole
            most[place] = most.get(place, 0) - (-energy * part // whole)
    for entry in lines[Kind.ALLOCATION]["records"]:
        start, _, *energies = entry["line"].split(",")[:-1]
        for side, column in enumerate(("imported_wh", "exported_wh")):
            place, said = (utc_seconds(start), side), int(energies[side])
            if not least.get(place, 0) <= said <= most.get(place, 0):
                name = name_of(Kind.ALLOCATION, entry["line"])
                return f"{name}: {column} is {said}, the meters counted {most.get(place, 0)}"
    return ""


def _agreement(
    own: MemberFile, lines: Mapping[str, Any], public: PublicPeriod, span_s: tuple[int, int]
) -> str:
    """Do allocations say what the member's own file bills, and trades what was allocated?"""
    name = own.energy_leaf.member_key[:SHORT]
    allocated = {}
    for entry in lines[Kind.ALLOCATION]["records"]:
        cells = entry["line"].split(",")[:-1]
        if cells[1] != name:
            return f"{name_of(Kind.ALLOCATION, entry['line'])} is another member's"
        allocated[utc_seconds(cells[0])] = [int(cell) for cell in cells[2:]]
    columns = COLUMNS[Kind.ALLOCATION][2:]
    for row in own.intervals:
        if not span_s[0] <= row.start_s < span_s[1]:
            continue
        where = f"allocation {iso_utc(row.start_s)}"
        if row.start_s not in allocated:
            return f"{where} is missing"
        for column, billed, said in zip(columns, row[1:], allocated[row.start_s], strict=True):
            if billed != said:
                return f"{where}: {column} is {said}, the bill has {billed}"
    return _trades(name, lines, allocated, {p.start_s: p.price for p in public.prices})


def _trades(
    name: str, lines: Mapping[str, Any], allocated: Mapping[int, list[int]], prices: dict[int, int]
) -> str:
    traded = dict.fromkeys(allocated, (0, 0, 0, 0))
    for entry in lines[Kind.TRADE]["records"]:
        start, buyer, _, _, energy, price, _, deal = entry["line"].split(",")[:-1]
        start_s = utc_seconds(start)
        place = 2 * bool(int(deal)) + (buyer != name)
        sums = list(traded[start_s])
        sums[place] += int(energy)
        traded[start_s] = (sums[0], sums[1], sums[2], sums[3])
        if not int(deal) and int(price) != prices[start_s]:
            told = name_of(Kind.TRADE, entry["line"])
            return f"{told}: price is {price}, the interval's is {prices[start_s]}"
    for start_s, row in allocated.items():
        wanted = (row[2], row[3], row[6], row[7])
        if traded[start_s] != wanted:
            return f"trades {iso_utc(start_s)} come to {traded[start_s]} Wh, allocated was {wanted}"
    return ""


def _signed(data: bytes, records: Sequence[MeterInterval]) -> str:
    for raw in json.loads(data):
        try:
            held = SignedDevice(
                raw["meter"],
                raw["device"],
                int(raw["public_x"], 16),
                int(raw["public_y"], 16),
                tuple(segment_from_json(segment) for segment in raw["segments"]),
                frozenset(int(number) for number in raw["not_settled"]),
            )
            problem = signature_problem(held)
        except SourceEnergyError as error:
            return str(error)
        own = [record for record in records if record.meter == held.meter]
        if not own:
            return f"device {held.device} is of meter {held.meter}, of which there is no reading"
        problem = problem or record_problem(held, own)
        if problem:
            return problem
    return ""
