"""``sourceenergy power`` and ``council``: what they teach, and refuse before a chain is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from small_manifest import MANIFEST
from sourceenergy.chain.anvil import find_anvil
from sourceenergy.chain.manifest import Manifest, write_manifest
from sourceenergy.cli.main import COMMANDS, main
from sourceenergy.errors import Unavailable


def ask(data: Path, *arguments: object) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(main, [*map(str, arguments), "--data", str(data), "--json"])
    assert result.stdout, result.exception
    return result.exit_code, json.loads(result.stdout)


def keep(data: Path, manifest: Manifest) -> None:
    (data / "chain").mkdir(parents=True)
    write_manifest(data / "chain" / "manifest.json", manifest)


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [("power", "list"), ("council", "status")])
def test_without_a_manifest_there_is_nothing_to_act_on(
    tmp_path: Path, verb: tuple[str, ...]
) -> None:
    code, said = ask(tmp_path, *verb)
    assert (code, said["rule"]) == (1, "manifest.form")


def test_a_public_chain_is_named(tmp_path: Path) -> None:
    keep(tmp_path, MANIFEST)
    code, said = ask(tmp_path, "power", "show")
    assert (code, said["rule"], said["field"]) == (1, "deploy.rpc", "--rpc")


def test_a_chain_without_profile_is_refused(tmp_path: Path) -> None:
    keep(tmp_path, replace(MANIFEST, chain_id=56))
    code, said = ask(tmp_path, "council", "parameters")
    assert (code, said["rule"]) == (1, "profile.chain")


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ((), "council.basis"),
        (("--why", "so", "--goal", "g"), "council.basis"),
        (("--why", "so", "--goal", "g" * 33, "--basis", "pyproject.toml"), "council.goal"),
        (("--why", "so", "--goal", "g", "--basis", "nowhere.json"), "file.readable"),
        (("--rules", "nowhere.toml"), "file.readable"),
        (("--rules", "pyproject.toml"), "config.missing"),
    ],
)
def test_a_proposal_without_its_reasons_is_refused(
    tmp_path: Path, options: tuple[str, ...], rule: str
) -> None:
    code, said = ask(tmp_path, "council", "propose", "Seats.give(Timelock)", *options)
    assert (code, said["rule"]) == (1, rule)


# --- on a local chain -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with everything deployed on its own chain."""
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    data = tmp_path_factory.mktemp("local")
    code, said = ask(data, "deploy")
    assert code == 0, said
    yield data


def test_on_a_local_chain_the_officer_acts_at_once_without_naming_a_key(local: Path) -> None:
    deed = 'ClearingFactory.open("Maple", 0x' + "1f" * 20 + ", Guardians, QuorumVerifier, 20s, 7d)"
    code, said = ask(local, "power", "schedule", deed)
    assert (code, said["rule"]) == (1, "power.no_delay")
    code, done = ask(local, "power", "execute", deed)
    assert (code, done["new"]) == (0, True)
    code, again = ask(local, "power", "execute", deed)
    assert (code, again["new"], again["block"]) == (0, False, done["block"])
    assert ask(local, "power", "list", "--all") == (0, {"acts": []})


def test_everything_that_can_be_looked_at_is_shown_to_people_too(local: Path) -> None:
    for arguments, words in (
        (("power", "show"), ("COMMUNITY_REGISTRAR", "ClearingFactory.open", "a seat", "at once")),
        (("power", "show", "Passport"), ("Passport.issue: PASSPORT_ISSUER", "Passport.setScope")),
        (("power", "show", "Compliance.turnOver"), ("anybody may call",)),
        (("power", "list"), ("nothing is scheduled",)),
        (("council", "status"), ("nothing was proposed",)),
        (("council", "parameters"), ("LoanRate: 400", "next 300 to 500")),
        (("council", "rules", "276"), ("no rules of its own", "leeway until none")),
        (("council", "rules", "124"), ("held_from 1000000000", "no limit")),
    ):
        result = CliRunner().invoke(main, [*arguments, "--data", str(local)])
        assert result.exit_code == 0, result.output
        for word in words:
            assert word in " ".join(result.stdout.split()), (arguments, word)
    for what in ("Mint", "Passport.print", "Passport.issue.now"):
        code, said = ask(local, "power", "show", what)
        assert (code, said["rule"]) == (1, "power.function")
    code, said = ask(local, "power", "cancel", "0x12")
    assert (code, said["rule"]) == (1, "power.scheduled")
    code, said = ask(local, "council", "vote", "77", "for")
    assert (code, said["rule"]) == (1, "council.proposal")


# --- what they teach --------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_keeps_its_lines(name: str) -> None:
    command = main.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    texts = [CliRunner().invoke(main, [name, "--help"]).stdout]
    if isinstance(command, click.Group):
        texts += [
            CliRunner().invoke(main, [name, one, "--help"]).stdout for one in command.commands
        ]
    for text in texts:
        assert "Usage:" in text
        assert "\\b" not in text


def test_the_help_teaches() -> None:
    power = CliRunner().invoke(main, ["power", "--help"]).stdout
    for word in ("schedule", "execute 0x…", "48h", "guardian", "CONTRACT.function(values)"):
        assert word in power
    council = CliRunner().invoke(main, ["council", "--help"]).stdout
    for word in ("--basis", "--rules germany.toml", "vote NUMBER for", "--turn-over"):
        assert word in council
