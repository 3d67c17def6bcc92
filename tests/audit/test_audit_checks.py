"""What a stranger, an auditor and a member can check, and that every tampering is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import pytest

from sourceenergy.audit.checks import (
    Check,
    check_bundle,
    check_chain_of_statements,
    check_member,
    check_member_prices,
    check_public,
)
from sourceenergy.node.publish import Settled, prepare
from sourceenergy.proofs import (
    ZERO_HASH,
    community_id,
    price_leaf_hash,
    record_leaf_hash,
    statement_hash,
)
from sourceenergy.records import MeterInterval, PostedStatement, Quality, Statement
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.published import (
    Anchor,
    MemberFile,
    MemberInterval,
    PublicPeriod,
    read_member,
    read_public,
)
from sourceenergy.units import Ud, UdPerKwh, Wh
from strategies_energy import FLAT_TARIFFS, NEW_YEAR, a_period, account

CLEARING = "0x" + "c1" * 20
ANCHOR = Anchor(31337, CLEARING, community_id(31337, CLEARING, "Elm Street"))
NAMES = ("ann", "ben", "cleo")


def settled(start_s: int, epoch: int, previous: str, opening: dict[str, AccountState]) -> Settled:
    """Four hours of Ann (solar), Ben and Cleo, who pay from what they paid in."""
    period = a_period(
        imported=[[0, 500, 300], [0, 400, 100], [600, 500, 900], [0, 0, 0]],
        exported=[[600, 0, 0], [900, 0, 0], [0, 0, 0], [400, 0, 0]],
        plans=["day", "day", "tenant"],
        fee=5_000,
        funded=True,
        opening=opening,
        deposits={account(i): 700_000 for i in range(3)},
        start_s=start_s,
    )
    return prepare(period, FLAT_TARIFFS, ANCHOR, epoch, previous, NAMES)


FIRST = settled(NEW_YEAR, 1, ZERO_HASH, {})
SECOND = settled(NEW_YEAR + 4 * 3600, 2, FIRST.hash, dict(FIRST.settlement.closing))


def on_chain(*statements: Statement, vetoed: Sequence[int] = ()) -> list[PostedStatement]:
    """The statements as the chain would hold them, correctly hashed."""
    return [
        PostedStatement(
            s, statement_hash(31337, CLEARING, s), 0, s.epoch in vetoed, 10 + s.epoch, "0x"
        )
        for s in statements
    ]


POSTED = on_chain(FIRST.statement, SECOND.statement)


def part(of: Settled, kind: str) -> dict[str, bytes]:
    """The files of one folder by their plain names."""
    return {
        name.removeprefix(f"{kind}/"): data
        for name, data in of.files.items()
        if name.startswith(f"{kind}/")
    }


def public(**changed: bytes) -> PublicPeriod:
    """The second period's public files; ``statement`` or ``intervals`` may be another file."""
    files = part(SECOND, "public")
    return read_public(
        {
            "statement.json": changed.get("statement", files["statement.json"]),
            "intervals.csv": changed.get("intervals", files["intervals.csv"]),
        }
    )


def failures(checks: Sequence[Check]) -> dict[str, str]:
    """The first failure of each check by name."""
    return {check.name: check.detail for check in reversed(checks) if not check.ok}


def edited(data: bytes, line: int, column: int, change: Callable[[str], str]) -> bytes:
    """A CSV file with one cell changed; lines and columns count from 0, the heading is 0."""
    lines = data.decode().split("\n")
    cells = lines[line].split(",")
    cells[column] = change(cells[column])
    lines[line] = ",".join(cells)
    return "\n".join(lines).encode()


def more(text: str) -> str:
    return str(int(text) + 1)


# --- the chain of statements ------------------------------------------------------------------


def test_a_statement_whose_hash_is_anothers_is_named() -> None:
    forged = [POSTED[0], replace(POSTED[1], hash=POSTED[0].hash)]
    checks = check_chain_of_statements(forged, 31337, CLEARING)
    assert failures(checks) == {
        "chain of statements": "statement 2: its hash is not that of its fields"
    }
    assert failures(check_chain_of_statements(POSTED, 1, CLEARING))  # of another chain


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"previous": "11" * 32}, "points at 1111"),
        ({"previous": ZERO_HASH}, "points at 0000"),
        ({"balances_ud": 0}, "deposits are not payouts plus balances"),
        ({"payouts_ud": 1, "deposits_ud": 1, "balances_ud": 0}, "cumulative payouts fall"),
        ({"start_s": NEW_YEAR}, "its period overlaps the one before it"),
    ],
)
def test_a_statement_that_does_not_follow_is_named(change: dict[str, int], said: str) -> None:
    chain = on_chain(FIRST.statement, replace(SECOND.statement, **change))  # type: ignore[arg-type]
    detail = failures(check_chain_of_statements(chain, 31337, CLEARING))["chain of statements"]
    assert detail.startswith(f"statement 2: {said}")


def test_a_vetoed_statement_is_stepped_over_and_may_not_be_built_on() -> None:
    third = replace(
        SECOND.statement, epoch=3, start_s=SECOND.statement.end_s, end_s=SECOND.statement.end_s + 1
    )
    good = on_chain(FIRST.statement, SECOND.statement, third, vetoed=[2])
    checks = check_chain_of_statements(good, 31337, CLEARING)
    assert [(c.ok, c.detail) for c in checks] == [(True, "2 statements, each linked and conserved")]
    on_void = on_chain(
        FIRST.statement, SECOND.statement, replace(third, previous=SECOND.hash), vetoed=[2]
    )
    assert failures(check_chain_of_statements(on_void, 31337, CLEARING))


def test_statements_that_follow_are_agreed_to() -> None:
    assert failures(check_chain_of_statements(POSTED, 31337, CLEARING)) == {}
    assert failures(check_chain_of_statements([], 31337, CLEARING)) == {}


# --- the public files -------------------------------------------------------------------------


@pytest.mark.parametrize("field", [f.name for f in fields(Statement) if f.name != "epoch"])
def test_a_changed_field_of_the_statement_is_named(field: str) -> None:
    value = getattr(SECOND.statement, field)
    other = value + 1 if isinstance(value, int) else value[:-1] + ("0" if value[-1] != "0" else "1")
    head = json.loads(part(SECOND, "public")["statement.json"])
    head["statement"][field] = other
    found = failures(check_public(public(statement=json.dumps(head).encode()), POSTED))
    assert found["statement on chain"] == f"{field} is {other} in the file, {value} on chain"


def test_a_statement_the_chain_does_not_have_is_named() -> None:
    found = failures(check_public(public(), POSTED[:1]))
    assert found["statement on chain"] == "the chain has no statement 2"


def test_a_vetoed_statement_is_named() -> None:
    found = failures(
        check_public(public(), on_chain(FIRST.statement, SECOND.statement, vetoed=[2]))
    )
    assert found["statement on chain"] == "statement 2 was vetoed by the guardian"


@pytest.mark.parametrize("value", ["ab" * 32, "", 5])
def test_a_changed_hash_in_the_file_is_named(value: object) -> None:
    head = json.loads(part(SECOND, "public")["statement.json"]) | {"hash": value}
    found = failures(check_public(public(statement=json.dumps(head).encode()), POSTED))
    assert found["statement on chain"].startswith("its hash is")


@pytest.mark.parametrize("column", range(3, 7))
def test_a_price_changed_by_one_ud_is_named_by_its_interval(column: int) -> None:
    forged = edited(part(SECOND, "public")["intervals.csv"], 2, column, more)
    found = failures(check_public(public(intervals=forged), POSTED))
    assert found["prices"] == "interval 2026-01-01T10:00:00Z: not what was committed to"
    assert "the intervals lead to" in found["price root"]


def test_a_price_changed_with_its_commitment_is_named_by_its_formula() -> None:
    data = part(SECOND, "public")["intervals.csv"]
    dearer = replace(public().prices[1], price=UdPerKwh(public().prices[1].price + 1))
    forged = edited(data, 2, 3, more)
    forged = edited(forged, 2, 8, lambda _: price_leaf_hash(dearer).hex())
    found = failures(check_public(public(intervals=forged), POSTED))
    assert found["prices"].startswith("interval 2026-01-01T10:00:00Z: price")
    assert "is not the middle" in found["prices"]
    assert found["price root"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"price": 1}, "not between feed-in"),
        ({"retail": 1}, "not between feed-in"),
        ({"fee": 10**6}, "not between feed-in"),
        ({"local": False}, "a price without sharing"),
    ],
)
def test_a_price_outside_its_band_is_named(change: dict[str, Any], said: str) -> None:
    """Even where the operator commits to it."""
    given = public()
    prices = (replace(given.prices[0], **change), *given.prices[1:])
    committed = tuple(price_leaf_hash(price).hex() for price in prices)
    found = failures(check_public(replace(given, prices=prices, commitments=committed), POSTED))
    assert found["prices"].startswith("interval 2026-01-01T09:00:00Z: ")
    assert said in found["prices"]


@pytest.mark.parametrize("column", range(3, 7))
def test_a_number_no_community_can_have_published_is_named(column: int) -> None:
    forged = edited(part(SECOND, "public")["intervals.csv"], 4, column, lambda _: str(10**30))
    found = failures(check_public(public(intervals=forged), POSTED))
    assert found["prices"] == "interval 2026-01-01T12:00:00Z: not what was committed to"


@pytest.mark.parametrize(
    "lines",
    [
        slice(0, 1),  # none
        slice(0, 3),  # cut in half
        slice(1, 5),  # one more at the end
    ],
)
def test_intervals_that_do_not_cover_the_period_once_are_named(lines: slice) -> None:
    heading, *rows = part(SECOND, "public")["intervals.csv"].decode().strip().split("\n")
    kept = [heading, *rows][lines] if lines.start == 0 else [heading, *rows, rows[-1]]
    found = failures(check_public(public(intervals="\n".join(kept).encode()), POSTED))
    assert "does not cover" in found["intervals"]
    assert "price root" in found


@pytest.mark.parametrize("seconds", ["0", "-3600", "1", "99999999999"])
def test_an_absurd_length_of_an_interval_is_refused_and_costs_nothing(seconds: str) -> None:
    forged = edited(part(SECOND, "public")["intervals.csv"], 1, 1, lambda _: seconds)
    found = failures(check_public(public(intervals=forged), POSTED))
    assert "does not cover" in found["intervals"]
    assert found["prices"].startswith("interval 2026-01-01T09:00:00Z")


def test_true_public_files_are_agreed_to_check_by_check() -> None:
    checks = check_public(public(), POSTED)
    assert failures(checks) == {}
    assert [check.name for check in checks] == [
        "statement on chain",
        "intervals",
        "prices",
        "price root",
        "conservation",
    ]
    assert checks[0].detail == "epoch 2, block 12"


# --- the audit bundle -------------------------------------------------------------------------


@pytest.mark.parametrize("column", [2, 3])
@pytest.mark.parametrize("line", [1, 5, 12])
def test_one_watt_hour_names_meter_and_interval(line: int, column: int) -> None:
    files = part(SECOND, "audit")
    when, meter, *_ = files["records.csv"].decode().split("\n")[line].split(",")
    files["records.csv"] = edited(files["records.csv"], line, column, more)
    found = failures(check_bundle(files, public()))
    assert found["records"].startswith(f"meter {meter}, interval {when}: ")
    assert "a file was changed" in found["bundle hash"]
    assert found["replay"]


def test_several_changed_records_are_counted() -> None:
    files = part(SECOND, "audit")
    for line in (2, 7, 9):
        files["records.csv"] = edited(files["records.csv"], line, 2, more)
    assert failures(check_bundle(files, public()))["records"].endswith("(and 2 more)")


def test_a_value_changed_with_its_commitment_is_named_by_its_interval() -> None:
    """Whoever has the salts can forge the commitment, but not the root on chain."""
    files = part(SECOND, "audit")
    salt = bytes.fromhex(SECOND.period.meters[1].salt)
    start_s = SECOND.period.start_s
    record = MeterInterval("", start_s, 3600, Wh(501), Wh(0), Quality.MEASURED)
    forged = edited(files["records.csv"], 2, 2, more)
    files["records.csv"] = edited(forged, 2, 5, lambda _: record_leaf_hash(salt, record).hex())
    found = failures(check_bundle(files, public()))
    assert "records" not in found
    assert "bundle hash" in found
    assert found["replay"].startswith("interval 2026-01-01T09:00:00Z: records_root replays as")


@pytest.mark.parametrize("name", ["records.csv", "period.json", "tariffs.toml"])
def test_a_bundle_cut_in_half_is_named(name: str) -> None:
    files = part(SECOND, "audit")
    files[name] = files[name][: len(files[name]) // 2]
    ((check, detail),) = failures(check_bundle(files, public())).items()
    assert check == "audit bundle"
    assert name in detail or "period.json" in detail
    assert failures(check_bundle({}, public()))["audit bundle"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fee_ud_per_kwh", 6_000),
        ("feed_in_ud_per_kwh", 1),
        ("mechanism", "pool_sdr"),
        ("funded", False),
        ("deposits_ud", {}),
        ("exits", [account(1)]),
        ("opening", {}),
    ],
)
def test_terms_that_were_changed_do_not_replay(key: str, value: object) -> None:
    files = part(SECOND, "audit")
    head = json.loads(files["period.json"])
    files["period.json"] = json.dumps(head | {key: value}).encode()
    found = failures(check_bundle(files, public()))
    assert "bundle hash" in found
    assert "replay" in found


def test_a_true_bundle_replays() -> None:
    checks = check_bundle(part(SECOND, "audit"), public())
    assert failures(checks) == {}
    assert checks[0].detail == "12 records match their commitments"


def test_the_bundle_of_another_period_is_not_this_ones() -> None:
    found = failures(check_bundle(part(FIRST, "audit"), public()))
    assert set(found) == {"bundle hash", "replay"}


# --- a member's own file ----------------------------------------------------------------------


def own(name: str = "ben") -> MemberFile:
    return read_member(SECOND.files[f"members/{name}/proof.json"])


def member(file: MemberFile) -> dict[str, str]:
    return failures([*check_member(file, POSTED), *check_member_prices(file, public())])


def test_a_file_of_another_statement_is_named() -> None:
    assert (
        "no such statement"
        in member(replace(own(), statement_hash="11" * 32))["statement on chain"]
    )
    assert "no such statement 9" in member(replace(own(), epoch=9))["statement on chain"]
    vetoed = on_chain(FIRST.statement, SECOND.statement, vetoed=[2])
    assert failures(check_member(own(), vetoed))["statement on chain"]


@pytest.mark.parametrize("field", ["deposited_ud", "payout_ud", "balance_ud", "account", "salt"])
def test_a_changed_payout_leaf_is_named(field: str) -> None:
    value = getattr(own().payout_leaf, field)
    other: Any = value + 1 if isinstance(value, int) else value[:-1] + "f"
    found = member(replace(own(), payout_leaf=replace(own().payout_leaf, **{field: other})))
    assert found["payout leaf"] == "is not in the root"


@pytest.mark.parametrize(
    "field", ["imported_wh", "exported_wh", "local_bought_wh", "local_sold_wh", "member_key"]
)
def test_a_changed_energy_leaf_is_named(field: str) -> None:
    value = getattr(own().energy_leaf, field)
    other: Any = value + 1 if isinstance(value, int) else "11" * 32
    found = member(replace(own(), energy_leaf=replace(own().energy_leaf, **{field: other})))
    assert found["energy leaf"] == "is not in the root"


@pytest.mark.parametrize("kind", ["payout", "energy"])
def test_a_changed_proof_is_named(kind: str) -> None:
    for proof in ((), ("11" * 32,), (*getattr(own(), f"{kind}_proof"), "11" * 32)):
        assert f"{kind} leaf" in member(replace(own(), **{f"{kind}_proof": proof}))  # type: ignore[arg-type]


@pytest.mark.parametrize("column", range(1, 5))
def test_a_changed_row_of_energy_is_named(column: int) -> None:
    rows: Any = [list(row) for row in own().intervals]
    rows[1][column] += 1
    changed = replace(own(), intervals=tuple(MemberInterval(*row) for row in rows))
    assert "add up to" in member(changed)["energy"]


def test_energy_moved_to_a_cheaper_hour_is_caught_by_the_bill() -> None:
    """The sums are right, so only the prices of the hours tell."""
    rows: Any = [list(row) for row in own().intervals]
    rows[0][3], rows[2][3] = 0, rows[0][3]
    changed = replace(own(), intervals=tuple(MemberInterval(*row) for row in rows))
    found = member(changed)
    assert "energy" not in found
    assert "energy bought" in found["own bill"]


def test_an_hour_without_a_public_price_is_named() -> None:
    rows = (MemberInterval(NEW_YEAR, 0, 0, 0, 0), *own().intervals)
    assert (
        "no public price for 2026-01-01T05:00:00Z"
        in member(replace(own(), intervals=rows))["own bill"]
    )


@pytest.mark.parametrize("field", ["bought_ud", "fee_ud", "sold_ud"])
def test_a_changed_bill_is_named(field: str) -> None:
    found = member(replace(own(), **{field: getattr(own(), field) + 1}))
    assert "money" in found


@pytest.mark.parametrize("field", ["deposited_ud", "payout_ud", "balance_ud"])
def test_an_opening_that_does_not_lead_to_the_leaf_is_named(field: str) -> None:
    opening = replace(own().opening, **{field: getattr(own().opening, field) + 1})
    assert "money" in member(replace(own(), opening=opening))


def test_a_deposit_hidden_in_the_opening_is_named() -> None:
    """The balance comes out right, the deposits do not."""
    file = own()
    opening = replace(file.opening, balance_ud=Ud(file.opening.balance_ud + 700_000))
    assert "money" in member(replace(file, deposits_ud=0, opening=opening))


def test_an_exit_that_was_not_is_named() -> None:
    assert "money" in member(replace(own(), exit=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_true_file_is_agreed_to(name: str) -> None:
    checks = [*check_member(own(name), POSTED), *check_member_prices(own(name), public())]
    assert failures(checks) == {}
    assert {c.name for c in checks} == {"payout leaf", "energy leaf", "energy", "money", "own bill"}


def test_what_the_first_period_closed_with_the_second_opens_with() -> None:
    assert own().opening == FIRST.settlement.closing[account(1)]
    assert own().opening.deposited_ud == 700_000
    assert asdict(own().payout_leaf)["deposited_ud"] == 1_400_000
