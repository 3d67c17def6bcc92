"""Evidence of all ten kinds: whatever is altered, added, left out or moved is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from small_evidence import (
    ANCHOR,
    ANCHORS,
    PRIVATE,
    a_ledger,
    a_register,
    a_trading_period,
    all_kinds,
    settings,
    versions,
)
from sourceenergy.audit.attached import check_anchors
from sourceenergy.audit.checks import replay_bundle
from sourceenergy.audit.dispute import build_dispute
from sourceenergy.audit.dispute_checks import check_dispute
from sourceenergy.audit.evidence import check_evidence, salts_of
from sourceenergy.audit.lines import leaf_of
from sourceenergy.errors import InputError, NotPermitted, VerificationFailed
from sourceenergy.node.publish import prepare
from sourceenergy.proofs import ZERO_HASH
from sourceenergy.proofs.bulk import root_of, tree
from sourceenergy.proofs.bulk_leaves import rows_of_hex
from sourceenergy.settlement.bundle import bundle_hash, canonical_json, write_bundle
from sourceenergy.settlement.evidence import COLUMNS, FILES, Kind, list_of
from sourceenergy.settlement.evidence_attached import (
    attach,
    canonical_line,
    certificate_lines,
    policy_lines,
    report_lines,
)
from sourceenergy.settlement.period import Period
from sourceenergy.settlement.published import read_public
from strategies_energy import FLAT_TARIFFS, law_of_periods, periods

SETTLED = all_kinds()
FILES_OF = {n: d for n, d in SETTLED.files.items() if not n.startswith("members/")}
SALTS = salts_of(FILES_OF["audit/period.json"], ANCHOR.community)
DERIVED = (Kind.PRICE, Kind.ORDER, Kind.TRADE, Kind.ALLOCATION, Kind.PAYOUT)
CELLS = {
    Kind.READING: "imported_wh",
    Kind.PRICE: "price",
    Kind.ORDER: "limit_ud_per_kwh",
    Kind.TRADE: "energy_wh",
    Kind.ALLOCATION: "bought_wh",
    Kind.PAYOUT: "payout_ud",
    Kind.LEDGER_ROW: "key_commitment",
    Kind.CERTIFICATE: "holder",
    Kind.POLICY: "value",
    Kind.REPORT: "reason",
}
"""One cell of each kind that somebody might like to alter."""


def files() -> dict[str, bytes]:
    """The true files, to be spoilt."""
    return dict(FILES_OF)


def failures(given: dict[str, bytes]) -> dict[str, str]:
    """What evidence alone says, by kind; the replay is that of the bundle as it is given."""
    public = read_public({n: given[f"public/{n}"] for n in ("statement.json", "intervals.csv")})
    bundle = {n.removeprefix("audit/"): d for n, d in given.items() if n.startswith("audit/")}
    _, replay = replay_bundle(bundle, public)
    checks = check_evidence(given, public, replay)
    return {check.name: check.detail for check in checks if not check.ok}


def lines_of(given: dict[str, bytes], kind: Kind) -> list[str]:
    return given[FILES[kind]].decode().split("\n")[:-1]


def put(given: dict[str, bytes], kind: Kind, lines: list[str]) -> dict[str, bytes]:
    given[FILES[kind]] = ("\n".join(lines) + "\n").encode()
    return given


def altered(kind: Kind, line: str) -> str:
    """The line with its cell another; the commitment stays."""
    if kind not in COLUMNS:
        row = json.loads(line)
        old = row[CELLS[kind]]
        row[CELLS[kind]] = old + 1 if isinstance(old, int) else other(old)
        return canonical_line(row)
    cells = line.split(",")
    place = COLUMNS[kind].index(CELLS[kind])
    cells[place] = str(int(cells[place]) + 1)
    return ",".join(cells)


def other(text: str) -> str:
    return text[:-1] + ("0" if text[-1:] != "0" else "1")


def committed(kind: Kind, line: str, number: int) -> str:
    """The line with a commitment made to fit, as only who has the salts can."""
    leaf = leaf_of(kind, line, number, SALTS).hex()
    if kind not in COLUMNS:
        return canonical_line({**json.loads(line), "commitment": leaf})
    return line.rpartition(",")[0] + "," + leaf


def at(kind: Kind, number: int) -> int:
    """Where the ``number``-th record stands among the lines."""
    return number - 1 + (kind in COLUMNS)


def listed_anew(given: dict[str, bytes], kind: Kind) -> dict[str, bytes]:
    """List and root made to fit the lines."""
    lines = lines_of(given, kind)[kind in COLUMNS :]
    leaves = [
        line.rpartition(",")[2] if kind in COLUMNS else json.loads(line)["commitment"]
        for line in lines
    ]
    given[list_of(kind)] = "".join(f"{leaf}\n" for leaf in leaves).encode()
    index = json.loads(given["audit/evidence.json"])
    index["kinds"][kind]["root"] = root_of(tree(rows_of_hex(leaves, 32)))
    given["audit/evidence.json"] = canonical_json(index)
    return given


# --- altered --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
def test_ten_tampers_are_each_named_by_kind(kind: Kind) -> None:
    given = files()
    lines = lines_of(given, kind)
    lines[at(kind, 2)] = altered(kind, lines[at(kind, 2)])
    found = failures(put(given, kind, lines))
    assert set(found) == {kind}
    assert found[kind].startswith(kind.replace("_", " "))
    assert "is not what was committed to" in found[kind]


@pytest.mark.parametrize("kind", DERIVED)
def test_where_the_replay_tells_the_cell_is_named_with_both_values(kind: Kind) -> None:
    given = files()
    lines = lines_of(given, kind)
    true = dict(zip(COLUMNS[kind], lines[at(kind, 2)].split(","), strict=False))[CELLS[kind]]
    lines[at(kind, 2)] = altered(kind, lines[at(kind, 2)])
    found = failures(put(given, kind, lines))[kind]
    assert found.endswith(f": {CELLS[kind]} is {int(true) + 1}, replays as {true}")


@pytest.mark.parametrize("kind", Kind)
def test_a_commitment_made_to_fit_is_not_in_the_list(kind: Kind) -> None:
    given = files()
    lines = lines_of(given, kind)
    lines[at(kind, 2)] = committed(kind, altered(kind, lines[at(kind, 2)]), 2)
    found = failures(put(given, kind, lines))
    assert set(found) == {kind}
    assert "has a commitment that is not in the list" in found[kind]


@pytest.mark.parametrize("kind", DERIVED)
def test_with_list_and_root_made_to_fit_the_replay_names_it(kind: Kind) -> None:
    given = files()
    lines = lines_of(given, kind)
    lines[at(kind, 2)] = committed(kind, altered(kind, lines[at(kind, 2)]), 2)
    given = listed_anew(put(given, kind, lines), kind)
    bundle = {n.removeprefix("audit/"): d for n, d in given.items() if n.startswith("audit/")}
    assert bundle_hash(bundle) != SETTLED.statement.bundle_hash
    found = failures(given)
    assert set(found) == {kind}
    assert "was altered, and its commitments with it" in found[kind]
    assert f"{CELLS[kind]} is" in found[kind]


@pytest.mark.parametrize("kind", [k for k in Kind if k not in COLUMNS])
def test_with_list_and_root_made_to_fit_a_handed_in_kind_is_anothers_bundle(kind: Kind) -> None:
    """Nobody but the chain can tell: of the bundle, and of the contract's own value."""
    given = files()
    lines = lines_of(given, kind)
    lines[at(kind, 2)] = committed(kind, altered(kind, lines[at(kind, 2)]), 2)
    given = listed_anew(put(given, kind, lines), kind)
    bundle = {n.removeprefix("audit/"): d for n, d in given.items() if n.startswith("audit/")}
    assert bundle_hash(bundle) != SETTLED.statement.bundle_hash


@pytest.mark.parametrize("kind", Kind)
def test_a_leaf_changed_in_the_list_is_named(kind: Kind) -> None:
    given = files()
    leaves = given[list_of(kind)].decode().split("\n")
    leaves[1] = other(leaves[1])
    given[list_of(kind)] = "\n".join(leaves).encode()
    found = failures(given)
    assert set(found) == {kind}
    assert "list" in found[kind]


@pytest.mark.parametrize("kind", [Kind.ORDER, Kind.TRADE, Kind.ALLOCATION])
def test_a_member_s_other_salt_is_no_replay_of_the_statement(kind: Kind) -> None:
    given = files()
    head = json.loads(given["audit/period.json"])
    head["members"][1]["salt"] = other(head["members"][1]["salt"])
    given["audit/period.json"] = json.dumps(head).encode()
    found = failures(given)
    assert "is not what was committed to" in found[kind]
    assert head["members"][1]["key"][:16] in found[kind]


# --- lines ----------------------------------------------------------------------------------------


def removed(lines: list[str], i: int) -> list[str]:
    return lines[:i] + lines[i + 1 :]


def doubled(lines: list[str], i: int) -> list[str]:
    return [*lines[: i + 1], lines[i], *lines[i + 1 :]]


def swapped(lines: list[str], i: int) -> list[str]:
    return [*lines[: i - 1], lines[i], lines[i - 1], *lines[i + 1 :]]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (removed, "is missing"),
        (doubled, "stands there a second time"),
        (swapped, "is out of its place"),
        (lambda lines, i: lines[:i], "is missing"),  # cut
    ],
)
def test_a_line_removed_doubled_swapped_or_cut_is_named(
    kind: Kind, change: Callable[[list[str], int], list[str]], said: str
) -> None:
    given = put(files(), kind, change(lines_of(files(), kind), at(kind, 2)))
    assert said in failures(given)[kind]


@pytest.mark.parametrize("kind", Kind)
def test_a_line_added_is_named(kind: Kind) -> None:
    lines = lines_of(files(), kind)
    new = committed(kind, altered(kind, lines[at(kind, 2)]), 3)
    given = put(files(), kind, [*lines[: at(kind, 3)], new, *lines[at(kind, 3) :]])
    assert "was added: nobody committed to it" in failures(given)[kind]


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.PRICE])
def test_a_file_cut_within_a_line_or_missing_is_named(kind: Kind) -> None:
    """Prices cut within a line cannot even be read: ``read_public`` names file and line."""
    given = files()
    given[FILES[kind]] = given[FILES[kind]][:-70]
    assert kind in failures(given)
    if kind is not Kind.READING:
        del given[FILES[kind]]
        assert failures(given)[kind] == f"the file {FILES[kind]} is not there"


@pytest.mark.parametrize("junk", [b"", b"\xff\xfe", b"{}\n[]\n", b",,,\n" * 9, b"null\n"])
@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.PRICE])
def test_junk_is_named_and_never_a_crash(kind: Kind, junk: bytes) -> None:
    given = files()
    given[FILES[kind]] = junk
    assert kind in failures(given)


@pytest.mark.parametrize("junk", [b"", b"[]", b'{"kinds": {}}', b'{"kinds": {"x": 1}}'])
def test_a_senseless_index_is_named(junk: bytes) -> None:
    given = files() | {"audit/evidence.json": junk}
    assert set(failures(given)) == {"evidence"}


def test_a_file_the_index_does_not_name_is_named() -> None:
    given = files()
    index = json.loads(given["audit/evidence.json"])
    del index["kinds"]["report"]
    given["audit/evidence.json"] = canonical_json(index)
    assert failures(given)["report"].startswith("nobody committed to evidence/reports.jsonl")


def test_other_rules_in_the_index_are_named() -> None:
    given = files()
    index = json.loads(given["audit/evidence.json"])
    index["rules"]["fee_ud_per_kwh"] = 4_000
    given["audit/evidence.json"] = canonical_json(index)
    assert failures(given) == {"rules": "fee_ud_per_kwh is 4000, the bundle settles by 5000"}


@law_of_periods
@drawn(kind=st.sampled_from(Kind), listed=st.booleans(), data=st.data())
def test_whatever_byte_is_changed_its_kind_is_named(
    kind: Kind, listed: bool, data: st.DataObject
) -> None:
    given = files()
    name = list_of(kind) if listed else FILES[kind]
    text = bytearray(given[name])
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[place]))
    given[name] = bytes(text)
    try:
        found = failures(given)
    except VerificationFailed as error:  # public files that cannot even be read
        assert kind is Kind.PRICE
        assert "intervals.csv" in str(error)
        return
    assert kind in found


# --- what is handed in ----------------------------------------------------------------------------


def test_a_line_that_is_none_is_refused_with_its_number() -> None:
    data = policy_lines(settings()) + b'{"parameter": "WEATHER"}\n'
    with pytest.raises(InputError, match="line 4") as refused:
        attach(Kind.POLICY, data, "00" * 32, PRIVATE)
    assert refused.value.rule == "evidence.line"


def test_names_of_members_are_refused() -> None:
    register = a_register()
    named = replace(register, lots=(replace(register.lots[0], holder="ann"), *register.lots[1:]))
    with pytest.raises(NotPermitted) as refused:
        attach(Kind.CERTIFICATE, certificate_lines(named), "00" * 32, PRIVATE)
    assert refused.value.rule == "evidence.personal"


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        (
            Kind.CERTIFICATE,
            certificate_lines(replace(a_register(), lots=a_register().lots[1:])),
            "serial 1 is due",
        ),
        (
            Kind.POLICY,
            policy_lines((settings()[0], replace(settings()[2], value=900))),
            "from 400 to 900 is more than 100",
        ),
        (Kind.POLICY, policy_lines((replace(settings()[0], value=9_000),)), "is not between"),
        (
            Kind.REPORT,
            report_lines((versions()[0], replace(versions()[1], corrects="11" * 32))),
            "version 2 of the report is not what was published",
        ),
    ],
)
def test_what_breaks_the_rules_of_its_kind_is_named_though_committed_to(
    kind: Kind, data: bytes, said: str
) -> None:
    given = files()
    recorded = attach(kind, data, a_trading_period().operator_salt, PRIVATE)
    assert recorded.file is not None
    given[FILES[kind]], given[list_of(kind)] = recorded.file, recorded.listed
    index = json.loads(given["audit/evidence.json"])
    index["kinds"][kind] = recorded.entry
    given["audit/evidence.json"] = canonical_json(index)
    assert said in failures(given)[kind]


@pytest.mark.parametrize(
    ("change", "name", "said"),
    [
        ({"ledger_roots": {"H1": "11" * 32}}, "ledger row", "the rows of trust H1 lead to"),
        (
            {"certificates": {"issued_wh": 9_000, "retired_wh": 4_000}},
            "certificate",
            "retired_wh is 3000 by the lots, 4000 on chain",
        ),
        ({"policies": []}, "policy", "policy LOAN_RATE from 2026-01-01T05:00:00Z (policy p-1)"),
        ({"reports": ["11" * 32]}, "report", "version 1: its hash is"),
        ({"reports": 5}, "report", "cannot be compared"),
    ],
)
def test_what_a_contract_holds_otherwise_is_named(
    change: dict[str, object], name: str, said: str
) -> None:
    found = {c.name: c for c in check_anchors(FILES_OF, {**ANCHORS, **change})}
    assert said in found[f"{name} on chain"].detail
    assert [c.name for c in found.values() if not c.ok] == [f"{name} on chain"]


# --- agreed ---------------------------------------------------------------------------------------


def test_true_evidence_is_agreed_to_kind_by_kind() -> None:
    assert failures(files()) == {}
    assert all(check.ok for check in check_anchors(FILES_OF, ANCHORS))
    index = json.loads(FILES_OF["audit/evidence.json"])
    assert {kind: entry["count"] for kind, entry in index["kinds"].items()} == {
        "reading": 16,
        "price": 4,
        "order": 5,
        "trade": index["kinds"]["trade"]["count"],
        "allocation": 12,
        "payout": 4,
        "ledger_row": 3,
        "certificate": 4,
        "policy": 3,
        "report": 2,
    }
    assert index["kinds"]["price"]["root"] == SETTLED.statement.price_root
    assert index["kinds"]["payout"]["root"] == SETTLED.statement.payout_root
    assert index["kinds"]["ledger_row"]["root"] == a_ledger().root


def test_every_line_leads_to_its_leaf_one_by_one_as_in_bulk() -> None:
    for kind in Kind:
        leaves = FILES_OF[list_of(kind)].decode().split()
        lines = lines_of(files(), kind)[kind in COLUMNS :]
        assert [leaf_of(kind, line, n, SALTS).hex() for n, line in enumerate(lines, 1)] == leaves


@law_of_periods
@drawn(period=periods())
def test_evidence_of_any_period_is_agreed_to_whole(period: Period) -> None:
    """Gaps, shared meters and plants, expired passports, negative prices, nobody who trades."""
    names = tuple(f"m{i}" for i in range(len(period.members)))
    made = prepare(period, FLAT_TARIFFS, ANCHOR, 1, ZERO_HASH, names).files
    assert failures({n: d for n, d in made.items() if not n.startswith("members/")}) == {}
    span = (period.start_s, period.end_s)
    dispute = build_dispute(made, made["members/m0/proof.json"], span, [], None, "en")
    assert [check for check in check_dispute(dispute, None) if not check.ok] == []


def test_no_name_and_no_key_of_a_reader_is_in_the_evidence() -> None:
    text = b"".join(d for n, d in FILES_OF.items() if n.startswith("evidence/")).decode()
    for word in (*PRIVATE, "trustee A", "sealed_key"):
        assert f'"{word}"' not in text


def test_a_bundle_without_evidence_has_nothing_to_check_and_its_old_hash() -> None:
    bundle = write_bundle(a_trading_period(), FLAT_TARIFFS)
    assert set(bundle) == {"period.json", "records.csv", "tariffs.toml"}
    given = {f"audit/{n}": d for n, d in bundle.items()}
    public = read_public({n: FILES_OF[f"public/{n}"] for n in ("statement.json", "intervals.csv")})
    assert check_evidence(given, public, None) == []
