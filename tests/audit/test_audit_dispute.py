"""A dispute bundle: verifies without a network, holds one member's data, names what was altered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from small_community import NOON_S, QUARTER_S, Street
from small_evidence import ANCHOR, HOUR, NAMES, all_kinds
from sourceenergy.audit.dispute import build_dispute, unzipped, zipped
from sourceenergy.audit.dispute_checks import check_dispute
from sourceenergy.audit.signed import SignedDevice, record_problem, signature_problem
from sourceenergy.errors import InputError, VerificationFailed
from sourceenergy.proofs import statement_hash
from sourceenergy.records import PostedStatement
from sourceenergy.settlement.bundle import canonical_json, read_bundle
from sourceenergy.units import Wh
from strategies_energy import NEW_YEAR

SETTLED = all_kinds()
SPAN = (NEW_YEAR, NEW_YEAR + 3 * HOUR)
POSTED = {"block": 12, "transaction": "0x" + "ab" * 32, "live_at_s": NEW_YEAR}


def a_dispute(member: str = "ben", span: tuple[int, int] = SPAN) -> dict[str, bytes]:
    proof = SETTLED.files[f"members/{member}/proof.json"]
    return build_dispute(SETTLED.files, proof, span, [], POSTED, "en")


def failures(files: dict[str, bytes]) -> dict[str, str]:
    return {c.name: c.detail for c in check_dispute(files, None) if not c.ok}


def edited(name: str, change: Callable[[Any], None]) -> dict[str, bytes]:
    """The bundle with one file changed, and the index made to fit, as a forger would."""
    files = a_dispute()
    body = json.loads(files[name])
    change(body)
    files[name] = canonical_json(body)
    return packed_anew(files)


def packed_anew(files: dict[str, bytes]) -> dict[str, bytes]:
    index = json.loads(files["index.json"])
    index["files"] = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in files.items()
        if name in index["files"]
    }
    return files | {"index.json": canonical_json(index)}


def more(line: str, column: int) -> str:
    cells = line.split(",")
    cells[column] = str(int(cells[column]) + 1)
    return ",".join(cells)


# --- refusals -------------------------------------------------------------------------------------


def test_a_span_the_statement_does_not_cover_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        a_dispute(span=(NEW_YEAR - HOUR, NEW_YEAR))
    assert refused.value.rule == "dispute.span"


def test_what_is_no_zip_or_cut_in_half_cannot_be_read() -> None:
    data = zipped(a_dispute())
    for junk in (b"", b"PK", data[: len(data) // 2], b"x" * 100):
        with pytest.raises(VerificationFailed, match="cannot be read"):
            unzipped(junk)


@pytest.mark.parametrize("name", sorted(set(a_dispute()) - {"README.txt"}))
def test_a_file_that_is_not_there_is_named_or_makes_it_unreadable(name: str) -> None:
    files = a_dispute()
    del files[name]
    with pytest.raises(VerificationFailed):
        check_dispute(files, None)


# --- altered --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(a_dispute()) - {"index.json"}))
def test_a_file_that_was_changed_after_packing_is_named(name: str) -> None:
    files = a_dispute()
    files[name] += b"\n"
    assert failures(files)["files"] == f"{name} is not as it was packed"


def test_a_reading_is_named() -> None:
    def change(body: Any) -> None:
        body["records"][1]["line"] = more(body["records"][1]["line"], 2)

    found = failures(edited("readings.json", change))
    assert found["reading"].startswith("reading 2026-01-01T06:00:00Z, meter ")
    assert "imported_wh is 400, the meters counted 401" in found["metered"]


def test_a_reading_left_out_is_named() -> None:
    found = failures(edited("readings.json", lambda body: body["records"].pop(1)))
    assert found["reading"].endswith("is missing")


@pytest.mark.parametrize(
    ("kind", "column"), [("order", 3), ("trade", 4), ("trade", 5), ("allocation", 4)]
)
def test_an_order_a_trade_an_allocation_is_named(kind: str, column: int) -> None:
    def change(body: Any) -> None:
        record = body[kind]["records"][0]
        record["line"] = more(record["line"], column)

    found = failures(edited("records.json", change))
    assert found[kind].startswith(f"{kind} 2026-01-01T")
    assert found[kind].endswith("is not what was committed to")


def test_an_allocation_or_a_trade_left_out_is_named() -> None:
    def drop(kind: str) -> Callable[[Any], None]:
        def change(body: Any) -> None:
            body[kind] = {"records": [], "proofs": []}

        return change

    found = failures(edited("records.json", drop("allocation")))
    assert found["agreement"] == "allocation 2026-01-01T05:00:00Z is missing"
    assert "come to (0, 0, 0, 0) Wh" in failures(edited("records.json", drop("trade")))["agreement"]


@pytest.mark.parametrize(("field", "value"), [("share_ppm", 600_001), ("class", 1)])
def test_another_share_of_a_key_is_named(field: str, value: int) -> None:
    def change(body: Any) -> None:
        assert body["keys"][0]["share_ppm"] == 600_000
        body["keys"][0][field] = value

    found = failures(edited("records.json", change))
    assert found["keys"].startswith("key of plant ")
    assert found["keys"].endswith("is not what was committed to")
    found = failures(edited("records.json", lambda body: body["keys"].pop()))
    assert found["keys"].endswith("from 2026-01-01T06:00:00Z: the member's place is missing")


def test_another_salt_and_a_proof_of_something_else_are_named() -> None:
    def salt(body: Any) -> None:
        body["allocation"]["records"][2]["salt"] = "11" * 32

    def proof(body: Any) -> None:
        body["allocation"]["proofs"][0]["proof"][0] = "11" * 32

    assert "T07:00:00Z" in failures(edited("records.json", salt))["allocation"]
    assert "do not lead to the root" in failures(edited("records.json", proof))["allocation"]
    unproven = edited("records.json", lambda body: body["allocation"]["proofs"].clear())
    assert failures(unproven)["allocation"].endswith("has no proof")


@pytest.mark.parametrize("name", ["evidence.json", "tariffs.toml"])
def test_other_rules_do_not_lead_to_the_statement(name: str) -> None:
    files = a_dispute()
    files[name] = files[name].replace(b"5000", b"4000").replace(b"cents", b"cents ")
    assert (
        failures(packed_anew(files))["bundle hash"] == f"{name} is not the one of the audit bundle"
    )


def test_an_amount_is_named() -> None:
    def change(body: Any) -> None:
        body["money_ud"]["bought"] -= 1

    assert {"money", "own bill"} & set(failures(edited("proof.json", change)))


def test_a_price_is_named() -> None:
    files = a_dispute()
    lines = files["intervals.csv"].decode().split("\n")
    lines[1] = more(lines[1], 3)
    files["intervals.csv"] = "\n".join(lines).encode()
    assert "2026-01-01T05:00:00Z" in failures(packed_anew(files))["prices"]


def test_a_statement_the_chain_has_otherwise_is_named() -> None:
    other = replace(SETTLED.statement, local_wh=SETTLED.statement.local_wh + 1)  # type: ignore[arg-type]
    hash_ = statement_hash(ANCHOR.chain_id, ANCHOR.clearing, other)
    checks = check_dispute(a_dispute(), [PostedStatement(other, hash_, 0, False, 1, "0x")])
    (bad,) = [check for check in checks if not check.ok]
    assert bad.name == "statement on chain"


# --- agreed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("member", NAMES)
def test_S10_X19_a_dispute_bundle_verifies_without_a_network(member: str) -> None:
    files = unzipped(zipped(a_dispute(member)))
    assert failures(files) == {}
    assert {"reading", "order", "trade", "allocation", "rules", "own bill"} <= {
        check.name for check in check_dispute(files, None)
    }
    told = {check.name: check.detail for check in check_dispute(files, None)}
    assert told["statement"].endswith("2026-01-01T05:00:00Z to 2026-01-01T08:00:00Z")
    posted = PostedStatement(SETTLED.statement, SETTLED.hash, 0, False, 12, "0x")
    assert all(check.ok for check in check_dispute(files, [posted]))


def test_the_same_dispute_is_the_same_file_byte_for_byte() -> None:
    assert zipped(a_dispute()) == zipped(a_dispute())


def test_of_other_members_there_are_hashes_only() -> None:
    """Neither their accounts, energies, meters nor salts; a partner in a deal by pseudonym."""
    text = b"".join(a_dispute("cleo").values()).decode()
    period = SETTLED.period
    for i in (0, 1):
        for secret in (
            *(period.members[i].salt, period.members[i].account, period.members[i].key),
            *(period.meters[i].salt, period.meters[i].key[:16]),
        ):
            assert secret not in text
    assert period.operator_salt not in text
    assert period.members[2].key in text


def test_it_says_in_plain_words_what_it_is_in_both_languages() -> None:
    proof = SETTLED.files["members/ben/proof.json"]
    for language, word in (("en", "names the first record"), ("fr", "nomme le premier")):
        files = build_dispute(SETTLED.files, proof, SPAN, [], None, language)
        text = files["README.txt"].decode()
        assert word in text
        assert all(name in text for name in set(files) - {"README.txt", "index.json"})


# --- signed readings ------------------------------------------------------------------------------


def a_street(tmp_path: Path) -> Street:
    """Two quarters of an hour of live readings, settled by the node."""
    street = Street(tmp_path)
    for minute in range(0, 36, 5):
        at_s = NOON_S + 60 * minute + 7
        street.homes["ann"].read(at_s - 14, 1_000, 5_000 + 40 * minute, 6_000 + 40 * minute)
        street.homes["ben"].read(at_s - 14, 2_000 + 20 * minute)
        street.homes["cleo"].read(at_s - 14, 3_000 + 10 * minute)
    street.at(NOON_S + 2 * QUARTER_S + 300)
    street.send()
    street.steps()
    return street


def held(street: Street, name: str = "ann") -> SignedDevice:
    home = street.homes[name]
    bundle = read_bundle(street.files(1, "audit")).period
    meter = bundle.meters[list(street.homes).index(name)].key[:16]
    key = home.key
    return SignedDevice(
        meter, home.device, key.public_x, key.public_y, (home.segment(),), frozenset()
    )


def test_a_reading_altered_after_signing_is_named(tmp_path: Path) -> None:
    street = a_street(tmp_path)
    good = held(street)
    assert signature_problem(good) == ""
    readings = list(good.segments[0].readings)
    last = len(readings)
    readings[-1] = street.homes["ann"].altered(last, exported_wh=9)
    forged = replace(good.segments[0], readings=tuple(readings))
    assert "are not signed by its key" in signature_problem(replace(good, segments=(forged,)))
    readings[2] = street.homes["ann"].altered(3, exported_wh=9)
    forged = replace(good.segments[0], readings=tuple(readings))
    said = signature_problem(replace(good, segments=(forged,)))
    assert said.startswith("reading 4 of device 0x")
    assert "does not follow reading 3" in said
    stranger = street.homes["ben"].key
    other = replace(good, public_x=stranger.public_x, public_y=stranger.public_y)
    assert "are not signed by its key" in signature_problem(other)


def test_a_record_that_does_not_follow_from_the_readings_is_named(tmp_path: Path) -> None:
    street = a_street(tmp_path)
    good = held(street)
    (record, *_) = [r for r, _ in street.store.records(NOON_S, NOON_S + QUARTER_S)]
    assert record_problem(good, [record]) == ""
    said = record_problem(good, [record._replace(exported_wh=Wh(record.exported_wh + 1))])
    assert f"exported_wh is {record.exported_wh + 1}, the signed readings count" in said
    late = record._replace(start_s=NOON_S + 40 * QUARTER_S)
    assert "no signed readings around" in record_problem(good, [late])
