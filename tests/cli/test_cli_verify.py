"""``verify``: a program for strangers that agrees with what is true and names what is not."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from small_batch import Ran, Settled, run
from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.proofs import record_leaf_hash
from sourceenergy.records import MeterInterval, Quality
from sourceenergy.settlement.bundle import read_bundle
from sourceenergy.units import Wh


def verify(settled: Settled, *more: str | Path) -> Ran:
    public = settled.files / "public"
    return run("verify", public, "--data", settled.data, *more)


def everything(settled: Settled, member: str = "ben") -> tuple[str | Path, ...]:
    return (
        "--audit",
        settled.files / "audit",
        "--member",
        settled.files / f"members/{member}/proof.json",
        "--names",
        settled.files / "operator/pseudonyms.csv",
    )


def failures(ran: Ran) -> dict[str, str]:
    """The first failure of each check; the command said so with its status."""
    assert ran.status == (0 if ran.told["ok"] else 1)
    return {c["name"]: c["detail"] for c in reversed(ran.told["checks"]) if not c["ok"]}


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


# --- altered ----------------------------------------------------------------------------------


def test_one_watt_hour_in_the_bundle_names_meter_and_interval(settled: Settled) -> None:
    records = settled.files / "audit/records.csv"
    lines = records.read_text().split("\n")
    when, meter, imported, *rest = lines[3 * 20 + 2].split(",")
    lines[3 * 20 + 2] = ",".join([when, meter, str(int(imported) + 1), *rest])
    records.write_text("\n".join(lines))
    found = failures(verify(settled, *everything(settled)))
    assert found["records"].startswith("meter meter-ben, interval 2026-01-06T01:00:00Z: ")
    assert f"{int(imported) + 1} Wh imported" in found["records"]
    assert set(found) == {"records", "bundle hash", "replay", "reading"}
    assert found["reading"].endswith("is not what was committed to")
    # Without the operator's names it is the pseudonym that is named.
    found = failures(verify(settled, "--audit", settled.files / "audit"))
    assert found["records"].startswith(f"meter {meter}, interval {when}")


def test_a_watt_hour_forged_with_its_commitment_is_found_by_replay(settled: Settled) -> None:
    folder = settled.files / "audit"
    period = read_bundle({p.name: p.read_bytes() for p in folder.iterdir()}).period
    start_s, wh = period.start_s, int(period.imported[0, 1]) + 1
    record = MeterInterval("", start_s, 3600, Wh(wh), Wh(0), Quality.MEASURED)
    commitment = record_leaf_hash(bytes.fromhex(period.meters[1].salt), record).hex()
    lines = (folder / "records.csv").read_text().split("\n")
    when, meter, *_ = lines[2].split(",")
    lines[2] = f"{when},{meter},{wh},0,measured,{commitment}"
    (folder / "records.csv").write_text("\n".join(lines))
    found = failures(verify(settled, *everything(settled)))
    assert set(found) == {"bundle hash", "replay", "reading"}
    assert "has a commitment that is not in the list" in found["reading"]
    assert found["replay"].startswith("interval 2026-01-05T05:00:00Z: records_root")


def test_a_member_s_file_of_one_s_own_making_is_not_proven(settled: Settled) -> None:
    proof = settled.files / "members/ben/proof.json"

    def richer(body: dict[str, Any]) -> dict[str, Any]:
        body["payout_leaf"]["payout_ud"] += 1_000_000
        return body

    edit(proof, richer)
    found = failures(verify(settled, "--member", proof))
    assert found["payout leaf"] == "is not in the root"
    assert set(found) == {"payout leaf", "money"}


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        ("statement.json", "statement", {"local_wh": "a lot"}),
        ("statement.json", "statement", {"start_s": [1]}),
        ("statement.json", "statement", {"epoch": 10**40}),
        ("statement.json", "anchor", {"chain_id": None}),
        ("statement.json", "anchor", {"clearing": 5}),
        ("statement.json", "anchor", {"community": "[/bold]"}),
        ("statement.json", "hash", None),
    ],
)
def test_senseless_public_files_are_not_verified_and_never_a_crash(
    settled: Settled, file: str, key: str, value: Any
) -> None:
    def change(head: dict[str, Any]) -> dict[str, Any]:
        head[key] = head[key] | value if isinstance(value, dict) else value
        return head

    edit(settled.files / "public" / file, change)
    assert failures(verify(settled))


@pytest.mark.parametrize("value", [10**40, "much", None, [], "[/bold]"])
@pytest.mark.parametrize("place", ["opening.balance_ud", "payout_leaf.payout_ud", "payout_proof.0"])
def test_a_senseless_member_s_file_is_not_verified_and_never_a_crash(
    settled: Settled, place: str, value: object
) -> None:
    proof = settled.files / "members/ben/proof.json"

    def change(body: dict[str, Any]) -> dict[str, Any]:
        key, inner = place.split(".")
        body[key][int(inner) if inner.isdigit() else inner] = value
        return body

    edit(proof, change)
    assert failures(verify(settled, "--member", proof))


@pytest.mark.parametrize(
    "cut",
    ["public/statement.json", "public/intervals.csv", "audit/period.json", "audit/records.csv"],
)
def test_a_file_cut_in_half_is_named(settled: Settled, cut: str) -> None:
    path = settled.files / cut
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = failures(verify(settled, "--audit", settled.files / "audit"))
    assert path.name in " ".join(found.values()) or "intervals" in found
    path.unlink()
    assert failures(verify(settled, "--audit", settled.files / "audit"))


def test_what_is_told_to_people_shows_every_word(settled: Settled) -> None:
    """Square brackets in files are words, not colours."""
    (settled.files / "public/statement.json").write_text("[/bold]{")
    told = subprocess.run(
        [sys.executable, "-m", "sourceenergy", "verify", str(settled.files / "public")],
        env={**os.environ, "SOURCEENERGY_DATA": str(settled.data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1, told
    assert "[statement.json]" in told.stdout
    assert "NOT verified" in told.stdout
    assert "Traceback" not in told.stderr


def test_without_a_chain_there_is_nothing_to_check_against(
    settled: Settled, tmp_path: Path
) -> None:
    ran = run("verify", settled.files / "public", "--data", tmp_path / "nowhere")
    assert ran.refused() == ("verify.chain", "--rpc")
    assert not (tmp_path / "nowhere").exists()


def test_a_chain_that_does_not_answer_is_no_verdict(settled: Settled) -> None:
    ran = run("verify", settled.files / "public", "--rpc", "http://127.0.0.1:9")
    assert ran.status == 1
    assert ran.told["error"] in ("Unavailable", "ChainError")


# --- agreed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("member", ["ann", "ben", "cleo"])
def test_what_is_true_is_agreed_to(settled: Settled, member: str) -> None:
    ran = verify(settled, *everything(settled, member))
    assert failures(ran) == {}
    assert [check["name"] for check in ran.told["checks"]] == [
        "chain of statements",
        "statement on chain",
        "intervals",
        "prices",
        "price root",
        "conservation",
        "records",
        "bundle hash",
        "replay",
        *("reading", "price", "order", "trade", "allocation", "payout", "rules"),
        "payout leaf",
        "energy leaf",
        "energy",
        "money",
        "own bill",
    ]


def test_a_stranger_needs_the_files_and_any_node_of_the_chain_alone(
    settled: Settled, tmp_path: Path
) -> None:
    """A process of its own, an empty folder, a URL: nothing of the operator's is at hand."""

    async def with_a_chain() -> tuple[int, str, str]:
        async with EmbeddedChain(settled.data / "chain") as chain:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "sourceenergy", "verify", str(settled.files / "public")),
                *("--audit", str(settled.files / "audit"), "--rpc", chain.url),
                cwd=tmp_path,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            told, errors = await process.communicate()
            return process.returncode or 0, told.decode(), errors.decode()

    before = sorted(tmp_path.iterdir())
    status, told, errors = asyncio.run(with_a_chain())
    assert (status, errors) == (0, "")
    assert told.rstrip().endswith("verified")
    assert "NOT" not in told
    assert sorted(tmp_path.iterdir()) == before
