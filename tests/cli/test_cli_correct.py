"""Corrections end to end: what changed since a span was settled takes effect in the next (S10)."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cli.test_cli_settle_veto import public_of, veto
from small_batch import Ran, run, snapshot
from small_market import COMMUNITY, FIRST, SECOND, meter_file, write_market
from sourceenergy.audit.corrections import check_corrections
from sourceenergy.chain.anvil import EmbeddedChain, find_anvil
from sourceenergy.errors import Unavailable
from sourceenergy.records import PostedStatement
from sourceenergy.settlement.bundle import read_bundle
from sourceenergy.settlement.published import read_public
from sourceenergy.store.sqlite import Store

CORRECTED = meter_file("tenant", 2_380)
LATER = ("--from", "2026-05-01", "--to", "2026-05-02")
SIGNERS = {
    name: ec.derive_private_key(number, ec.SECP256R1())
    for name, number in (("officer", 21), ("trustee", 22), ("stranger", 23))
}


@dataclass(frozen=True)
class Market:
    """S08's community, settled for its first day on a real local chain."""

    root: Path

    @property
    def toml(self) -> Path:
        return self.root / "riverdale/community.toml"

    @property
    def statements(self) -> Path:
        return self.toml.parent / "statements"

    def tenant_says(self, text: str) -> None:
        (self.toml.parent / "meters/tenant.csv").write_text(text)

    def settle(self, *arguments: str | Path) -> Ran:
        return run("settle", self.toml, *arguments, "--data", self.root / "data")

    def correct(self, *arguments: str | Path) -> Ran:
        return run("correct", self.toml, *arguments, "--data", self.root / "data")

    @property
    def state(self) -> dict[str, bytes]:
        """All files but the database's own (its rows are compared where it matters)."""
        files = snapshot(self.root).items()
        return {name: data for name, (data, _) in files if "sqlite" not in name}

    def amounts(self, member: str, section: str) -> dict[str, str]:
        text = (self.statements / f"2026-01-16/members/{member}/statement.csv").read_text()
        rows = csv.DictReader(io.StringIO(text))
        return {r["item"]: r["amount_cad"] for r in rows if r["section"] == section}


async def stop_chain(market: Market) -> None:
    """End the local chain that a killed run has left running."""
    chain = EmbeddedChain(market.root / "data/chain")
    await chain.start()
    await chain.stop()


@pytest.fixture(scope="session")
def _market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    market = Market(tmp_path_factory.mktemp("market"))
    write_market(market.toml.parent, with_approvers("officer", "trustee"))
    ran = market.settle(*FIRST)
    assert ran.status == 0, ran
    return market


@pytest.fixture
def market(_market: Market, tmp_path: Path) -> Market:
    """A copy that the test may spoil."""
    copytree(_market.root, tmp_path / "market")
    return Market(tmp_path / "market")


def with_approvers(*names: str) -> str:
    keys = []
    for name in names:
        numbers = SIGNERS[name].public_key().public_numbers()
        keys.append(f'"04{numbers.x:064x}{numbers.y:064x}"')
    return COMMUNITY.replace("approvers = []", f"approvers = [{', '.join(keys)}]")


def by_id(statement: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in statement["members"]}


# --- refused ----------------------------------------------------------------------------------


def test_a_span_that_was_never_settled_has_nothing_to_correct(
    market: Market, tmp_path: Path
) -> None:
    assert market.correct(*SECOND).refused()[0] == "correction.nothing_settled"
    ran = run("correct", market.toml, *FIRST, "--data", tmp_path / "none")
    assert ran.refused()[0] == "correction.nothing_settled"
    assert not (tmp_path / "none").exists()


def test_an_estimate_in_the_place_of_a_measured_value_is_refused(market: Market) -> None:
    toml = market.toml.read_text()
    market.toml.write_text(toml.replace('estimates = "accept"\n', ""))
    market.tenant_says(meter_file("tenant", 2_380, "estimated"))
    files = snapshot(market.statements)
    assert market.settle(*SECOND).refused() == ("correction.estimated", "after")
    assert snapshot(market.statements) == files


def test_S10_an_unverified_meter_is_refused_and_moves_nothing(tmp_path: Path) -> None:
    market = Market(tmp_path)
    meter = 'id = "meter-tenant"\n'
    write_market(market.toml.parent, COMMUNITY.replace(meter, meter + "verified = false\n"))
    assert market.settle(*FIRST).status == 0
    market.tenant_says(CORRECTED)
    ((shown,)) = market.correct(*FIRST).told["statements"]
    assert [record["refused"] for record in shown["records"]] == ["correction.unverified"]
    assert shown["members"] == []
    ran = market.settle(*SECOND, "--dry-run")
    assert ran.told["corrections"] == []
    assert "correction.unverified" in ran.notes


def test_a_kept_bundle_that_was_changed_is_refused(market: Market) -> None:
    (kept,) = market.root.glob("data/communities/*/settled/000001/records.csv")
    kept.write_text(kept.read_text().replace(",2500,", ",2400,"))
    assert market.settle(*SECOND, "--dry-run").refused()[0] == "settled.kept"


def test_a_statement_without_a_kept_bundle_is_told_and_not_compared(market: Market) -> None:
    """As an earlier version left it; the audit folder of its statements mends it."""
    (kept,) = market.root.glob("data/communities/*/settled/000001")
    kept.rename(kept.with_name("away"))
    market.tenant_says(CORRECTED)
    ran = market.settle(*SECOND, "--dry-run")
    assert (ran.status, ran.told["corrections"]) == (0, [])
    assert "no audit bundle is kept of statement 1" in ran.notes
    copytree(market.statements / "2026-01-15/audit", kept)
    assert_S10(market.settle(*SECOND, "--dry-run").told["corrections"][0])


def test_S08_by_file_is_proven_on_a_real_chain(market: Market) -> None:
    folder = market.statements / "2026-01-15"
    ran = run(
        *("verify", folder / "public", "--audit", folder / "audit"),
        *("--member", folder / "members/tenant/proof.json", "--data", market.root / "data"),
    )
    assert ran.told["ok"], ran.told
    assert {"replay", "own bill", "payout leaf"} <= {check["name"] for check in ran.told["checks"]}


# --- corrected --------------------------------------------------------------------------------


def test_S10_what_a_correction_would_mean_is_shown_and_nothing_changes(market: Market) -> None:
    market.tenant_says(CORRECTED)
    before = market.state
    ran = market.correct(*FIRST, "--takes-effect", "2026-01-17")
    (shown,) = ran.told["statements"]
    (record,) = shown["records"]
    assert (record["meter"], record["start"]) == ("meter-tenant", "2026-01-15T18:00:00Z")
    assert record["before"] == {"imported_wh": 2_500, "exported_wh": 0, "quality": "estimated"}
    assert record["after"] == {"imported_wh": 2_380, "exported_wh": 0, "quality": "measured"}
    assert (record["late"], record["refused"]) == (False, None)
    assert_S10(shown)
    assert market.state == before
    assert market.correct(*FIRST).told == ran.told  # a span as long as the last one
    # In spring two people would have to sign.
    ((spring,)) = market.correct(*FIRST, "--takes-effect", "2026-05-01").told["statements"]
    assert [r["refused"] for r in spring["records"]] == ["correction.two_signatures"]


def assert_S10(shown: dict[str, Any]) -> None:
    tenant, prosumer = (by_id(shown)[name] for name in ("tenant", "prosumer"))
    assert (tenant["energy_ud"], tenant["fee_ud"]) == (14_400, 600)  # +1.44 ¢, +0.06 ¢
    assert (tenant["from_neighbours_wh"], tenant["from_grid_wh"]) == (-120, 0)
    assert (prosumer["energy_ud"], prosumer["fee_ud"]) == (-14_400, 0)
    # Her 0.120 kWh move to the grid line at that interval's price.
    assert (prosumer["to_grid_wh"], prosumer["grid_nd"]) == (120, 120 * 41_250)
    assert shown["fees_ud"] == -600
    assert set(by_id(shown)) == {"tenant", "prosumer"}


def test_S10_a_correction_takes_effect_in_the_next_statement_and_is_proven(
    market: Market,
) -> None:
    first = snapshot(market.statements / "2026-01-15")
    market.tenant_says(CORRECTED)
    dry = market.settle(*SECOND, "--dry-run")
    assert dry.told["posted"] is None
    assert_S10(dry.told["corrections"][0])
    ran = market.settle(*SECOND)
    assert ran.status == 0, ran
    (shown,) = ran.told["corrections"]
    assert_S10(shown)
    assert set(ran.told["residuals"].values()) == {0}
    folder = market.statements / "2026-01-16"
    # Both versions are visible, and the correction points to the original.
    assert snapshot(market.statements / "2026-01-15") == first
    audit = {p.name: p.read_bytes() for p in (folder / "audit").iterdir()}
    (correction,) = read_bundle(audit).period.corrections
    assert correction.statement == shown["statement_hash"]
    assert (correction.before[0], correction.after[0]) == (2_500, 2_380)
    tenant, prosumer = (market.amounts(name, "correction") for name in ("tenant", "prosumer"))
    assert (tenant["statement_1_energy"], tenant["statement_1_fee"]) == ("0.014400", "0.000600")
    assert prosumer["statement_1_energy"] == "-0.014400"
    assert prosumer["statement_1_grid"] == "0.004950000"
    assert market.amounts("tenant", "corrected")["settled_now"] == "0.015000"
    # Whose meter it was sees the record; the other side sees only the own part.
    own, other = (
        json.loads((folder / f"members/{name}/statement.json").read_text())["corrections"][0]
        for name in ("tenant", "prosumer")
    )
    assert ([record["after"][0] for record in own["records"]], other["records"]) == ([2_380], [])
    for name in ("tenant", "prosumer"):
        verified = run(
            "verify",
            folder / "public",
            "--audit",
            folder / "audit",
            "--earlier",
            market.statements / "2026-01-15/audit",
            "--member",
            folder / f"members/{name}/proof.json",
            "--data",
            market.root / "data",
        )
        assert verified.told["ok"], verified.told
        said = {check["name"]: check["detail"] for check in verified.told["checks"]}
        assert said["corrections"] == "1 corrections move exactly what the statement settles"
    assert_a_false_adjustment_is_named(market)
    # The same once more, with the same file twice in the list: nothing changes.
    toml, file = market.toml.read_text(), '"meters/tenant.csv"'
    market.toml.write_text(toml.replace(file, f'{file}, "meters/again.csv"'))
    (market.toml.parent / "meters/again.csv").write_text(CORRECTED)
    files = snapshot(market.statements)
    again = market.settle(*SECOND)
    assert (again.status, again.told["statement_hash"]) == (0, ran.told["statement_hash"])
    assert {k: v[0] for k, v in snapshot(market.statements).items() if "result" not in k} == {
        k: v[0] for k, v in files.items() if "result" not in k
    }
    assert market.correct(*FIRST).told["statements"] == []
    # A later file does not change a statement that is made; it waits for the next one.
    market.toml.write_text(toml)
    market.tenant_says(meter_file("tenant", 2_400))
    assert market.settle(*SECOND).told["statement_hash"] == ran.told["statement_hash"]
    ((waiting,)) = market.correct(*FIRST, "--takes-effect", "2026-01-18").told["statements"]
    assert waiting["records"][0]["before"]["imported_wh"] == 2_380
    assert by_id(waiting)["tenant"]["energy_ud"] == -20 * 120


def assert_a_false_adjustment_is_named(market: Market) -> None:
    """An operator who settles one micro-dollar more than the corrections move is found out."""
    first, second = (
        {p.name: p.read_bytes() for p in (market.statements / day / "audit").iterdir()}
        for day in ("2026-01-15", "2026-01-16")
    )
    public = read_public(
        {p.name: p.read_bytes() for p in (market.statements / "2026-01-15/public").iterdir()}
    )
    posted = [PostedStatement(public.statement, public.hash, 0, False, 1, "")]
    head = json.loads(second["period.json"])
    account = next(a for a, ud in head["adjustments_ud"].items() if ud == 15_000)
    head["adjustments_ud"][account] += 1
    changed = second | {"period.json": json.dumps(head).encode()}
    (found,) = check_corrections(changed, [first], posted)
    assert not found.ok
    assert found.detail.endswith("corrections move 15000 ud, the statement settles 15001")
    (unproven,) = check_corrections(second, [second], posted)
    assert not unproven.ok


def test_a_value_that_was_missing_and_comes_later_meets_the_grid(tmp_path: Path) -> None:
    market = Market(tmp_path)
    write_market(market.toml.parent)
    market.tenant_says(meter_file("tenant").replace("2500,0,measured", ",,missing"))
    assert market.settle(*FIRST).status == 0
    market.tenant_says(meter_file("tenant"))
    ((shown,)) = market.settle(*SECOND, "--dry-run").told["corrections"]
    (record,) = shown["records"]
    assert (record["before"]["quality"], record["reason"]) == ("missing", "the value was missing")
    tenant = by_id(shown)["tenant"]
    assert (tenant["from_grid_wh"], tenant["net_ud"]) == (2_500, 0)


KILLED = """
import importlib, os, signal, sys
where, _, what = sys.argv[1].rpartition(".")
try:
    place = importlib.import_module(where)
except ImportError:
    module, _, name = where.rpartition(".")
    place = getattr(importlib.import_module(module), name)
setattr(place, what, lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL))
from sourceenergy.cli.main import main
main(sys.argv[2:])
"""
"""The command line, killed with signal 9 when it comes to the function named first."""


def test_killed_between_writing_and_posting_the_next_run_completes_it(market: Market) -> None:
    """Files, bundle and (the second time) the statement are there; the chain knows nothing."""
    market.tenant_says(CORRECTED)

    for place in ("sourceenergy.cli.settle.remember", "sourceenergy.node.onchain.OnChain.post"):
        killed = subprocess.run(
            [
                *(sys.executable, "-c", KILLED, place, "settle", market.toml, *SECOND),
                *("--data", market.root / "data"),
            ],
            capture_output=True,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    store = Store(next(market.root.glob("data/communities/*/node.sqlite")))
    (ready, _) = store.statements()
    store.close()
    assert (ready.epoch, ready.state) == (2, "ready")
    # A file that came in between belongs to the next statement.
    market.tenant_says(meter_file("tenant", 2_390))
    ran = market.settle(*SECOND)
    assert (ran.status, ran.told["statement_hash"]) == (0, ready.hash)
    assert_S10(ran.told["corrections"][0])
    assert ran.told["posted"]["block"] > 0
    asyncio.run(stop_chain(market))


def test_what_a_vetoed_statement_brought_comes_with_the_one_in_its_place(market: Market) -> None:
    market.tenant_says(CORRECTED)
    assert market.settle(*SECOND).status == 0
    folder = market.statements / "2026-01-16"
    asyncio.run(veto(market.root / "data", public_of(folder)))
    ran = market.settle(*SECOND, "--out", market.statements / "anew")
    assert (ran.status, ran.told["epoch"]) == (0, 3)
    assert_S10(ran.told["corrections"][0])


# --- old ones ---------------------------------------------------------------------------------


def key_file(folder: Path, name: str) -> Path:
    path = folder / f"{name}.pem"
    path.write_bytes(
        SIGNERS[name].private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
    return path


def test_S10_a_correction_older_than_the_limit_needs_two_signatures(
    market: Market, tmp_path: Path
) -> None:
    for home in ("tenant", "neighbour", "prosumer", "h1"):
        path = market.toml.parent / f"meters/{home}.csv"
        text = CORRECTED if home == "tenant" else path.read_text()
        more = "".join(f"2026-05-01T{hour:02d}:00-04:00,0,0,measured\n" for hour in range(24))
        path.write_text(text + more)
    files = snapshot(market.statements)
    refused = ("correction.two_signatures", "approvals")
    assert market.settle(*LATER, "--dry-run").refused() == refused
    signed = {}
    for name in SIGNERS:
        signed[name] = tmp_path / f"{name}.json"
        ran = market.correct(
            *(*FIRST, "--takes-effect", "2026-05-02"),
            *("--sign", key_file(tmp_path, name), "--signed", signed[name]),
        )
        assert ran.status == 0, ran
    for names in (("officer",), ("officer", "officer"), ("officer", "stranger")):
        approve = [item for name in names for item in ("--approve", signed[name])]
        assert market.settle(*LATER, "--dry-run", *approve).refused() == refused
    assert snapshot(market.statements) == files
    both = [item for name in ("officer", "trustee") for item in ("--approve", signed[name])]
    ran = market.settle(*LATER, "--dry-run", *both)
    assert_S10(ran.told["corrections"][0])
    assert ran.told["corrections"][0]["records"][0]["signatures"] == 2
    # What was signed for one statement does not count for another.
    other = ("--from", "2026-05-01", "--to", "2026-05-01T12:00")
    assert market.settle(*other, "--dry-run", *both).refused() == refused


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"public_x": "1"}', "\x00"])
def test_a_file_of_approvals_that_is_none(market: Market, tmp_path: Path, text: str) -> None:
    path = tmp_path / "approval.json"
    path.write_text(text)
    ran = market.settle(*SECOND, "--dry-run", "--approve", path)
    assert ran.refused() == ("approval.readable", "--approve")


def test_signing_needs_to_know_for_which_statement(market: Market, tmp_path: Path) -> None:
    ran = market.correct(*FIRST, "--sign", key_file(tmp_path, "officer"))
    assert ran.refused()[0] == "option.sign"
