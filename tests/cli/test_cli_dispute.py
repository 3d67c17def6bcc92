"""``dispute``: one command makes the bundle, another verifies it where there is no network."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from small_batch import Ran, Settled, run
from small_community import NOON_S, QUARTER_S, Street
from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.units import iso_utc

DAY = ("--from", "2026-01-05", "--to", "2026-01-06")


def dispute(settled: Settled, target: Path, *more: str | Path) -> Ran:
    given = ("--member", "ben", *DAY, *more)
    return run("dispute", settled.community, *given, "--out", target)


def failures(ran: Ran) -> dict[str, str]:
    assert ran.status == (0 if ran.told["ok"] else 1)
    return {c["name"]: c["detail"] for c in reversed(ran.told["checks"]) if not c["ok"]}


def repacked(path: Path, name: str, old: bytes, new: bytes) -> Path:
    with zipfile.ZipFile(path) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    assert old in files[name]
    files[name] = files[name].replace(old, new, 1)
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in files.items():
            archive.writestr(entry, data)
    return path


# --- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        (("--member", "dora"), "member.unknown"),
        (("--member", "../ben"), "member.unknown"),
        (("--to", "2026-01-09"), "dispute.span"),
        (("--to", "2026-01-04"), "option.span"),
    ],
)
def test_another_member_or_span_is_refused(
    settled: Settled, tmp_path: Path, more: tuple[str, str], rule: str
) -> None:
    ran = dispute(settled, tmp_path / "d.zip", *more)
    assert ran.refused()[0] == rule
    assert not (tmp_path / "d.zip").exists()


def test_verify_checks_one_thing_at_a_time(settled: Settled, tmp_path: Path) -> None:
    assert run("verify").refused() == ("verify.what", "PUBLIC")
    dispute(settled, tmp_path / "d.zip")
    ran = run("verify", settled.files / "public", "--dispute", tmp_path / "d.zip")
    assert ran.refused() == ("verify.what", "PUBLIC")
    evidence = ("--evidence", settled.files / "evidence")
    ran = run("verify", settled.files / "public", *evidence)
    assert ran.refused() == ("verify.audit", "--audit")


def test_what_is_no_bundle_is_not_verified(tmp_path: Path) -> None:
    junk = tmp_path / "junk.zip"
    junk.write_bytes(b"PK\x03\x04 not a zip")
    assert set(failures(run("verify", "--dispute", junk))) == {"readable"}


# --- altered --------------------------------------------------------------------------------------


def test_an_altered_bundle_names_the_record(settled: Settled, tmp_path: Path) -> None:
    target = tmp_path / "d.zip"
    dispute(settled, target)
    repacked(target, "readings.json", b"05:00:00Z,", b"05:00:00Z,")
    assert failures(run("verify", "--dispute", target)) == {}
    line = b",300,0,measured"
    found = failures(
        run("verify", "--dispute", repacked(target, "readings.json", line, b",299,0,measured"))
    )
    assert found["reading"].startswith("reading 2026-01-05T05:00:00Z, meter ")
    assert found["files"] == "readings.json is not as it was packed"


# --- agreed ---------------------------------------------------------------------------------------


def test_S10_one_command_makes_the_bundle_and_it_verifies_without_network(
    settled: Settled, tmp_path: Path
) -> None:
    """On a laptop with nothing but the file: no store, no chain, an empty folder."""
    target = tmp_path / "d.zip"
    told = dispute(settled, target, "--language", "fr").told
    assert told["posted"]["block"] == settled.result["posted"]["block"]
    laptop = tmp_path / "laptop"
    laptop.mkdir()
    ran = subprocess.run(
        [sys.executable, "-m", "sourceenergy", "verify", "--dispute", str(target)],
        cwd=laptop,
        env={**os.environ, "SOURCEENERGY_DATA": str(laptop / "nothing")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.rstrip().endswith("verified")
    assert "statement on chain: not checked without a network" in ran.stdout
    assert settled.result["posted"]["transaction"] in ran.stdout
    assert list(laptop.iterdir()) == []
    with zipfile.ZipFile(target) as archive:
        assert "Dossier de contestation" in archive.read("README.txt").decode()


def test_with_a_node_of_the_chain_the_last_question_is_answered(
    settled: Settled, tmp_path: Path
) -> None:
    target = tmp_path / "d.zip"
    dispute(settled, target)

    async def with_a_chain() -> dict[str, object]:
        async with EmbeddedChain(settled.data / "chain") as chain:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "sourceenergy", "verify", "--dispute", str(target)),
                *("--rpc", chain.url, "--json"),
                stdout=asyncio.subprocess.PIPE,
            )
            told, _ = await process.communicate()
            return dict(json.loads(told))

    told = asyncio.run(with_a_chain())
    assert told["ok"] is True
    assert "unchecked" not in told
    assert "statement on chain" in [c["name"] for c in told["checks"]]  # type: ignore[attr-defined]


def test_the_same_question_gives_the_same_file(settled: Settled, tmp_path: Path) -> None:
    dispute(settled, tmp_path / "a.zip")
    dispute(settled, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_of_a_live_node_the_readings_come_as_the_meter_signed_them(tmp_path: Path) -> None:
    street = Street(tmp_path / "live")
    for minute in range(0, 36, 5):
        at_s = NOON_S + 60 * minute - 7
        street.homes["ann"].read(at_s, 1_000, 5_000 + 40 * minute, 6_000 + 40 * minute)
        street.homes["ben"].read(at_s, 2_000 + 20 * minute)
        street.homes["cleo"].read(at_s, 3_000 + 10 * minute)
        street.at(at_s + 1)
        street.send()
    street.at(NOON_S + 2 * QUARTER_S + 300)
    street.steps()
    street.store.close()
    folder, target = tmp_path / "live/statements/1", tmp_path / "d.zip"
    span = ("--from", iso_utc(NOON_S), "--to", iso_utc(NOON_S + QUARTER_S))
    told = run("dispute", folder, "--member", "ann", *span, "--out", target).told
    assert told["signed_devices"] == 1
    ran = run("verify", "--dispute", target)
    assert failures(ran) == {}
    assert "signatures" in [check["name"] for check in ran.told["checks"]]
    repacked(target, "signed_readings.json", b'"exported_wh": 5400', b'"exported_wh": 5399')
    found = failures(run("verify", "--dispute", target))
    assert "of device 0x" in found["signatures"]
    shutil.rmtree(folder / "members")
    ran = run("dispute", folder, "--member", "ann", *span, "--out", target)
    assert ran.refused() == ("member.unknown", "--member")
