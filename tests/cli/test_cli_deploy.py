"""``sourceenergy deploy``: what it costs, who must sign, and what it refuses."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from small_mainnet import account, keep_key, mainnet_of_our_own, parties_text
from sourceenergy.chain.approval import approve, check_approvals
from sourceenergy.chain.keys import Account
from sourceenergy.chain.manifest import load_manifest
from sourceenergy.chain.parties import parse_parties
from sourceenergy.chain.plan import Plan, make_plan
from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.main import main
from sourceenergy.config.chain_profile import chain_settings
from sourceenergy.errors import InputError, NotPermitted

SETTINGS = chain_settings()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Keys and parties as three people would keep them."""
    for role in ("deployer", "seat 0", "seat 1"):
        keep_key(tmp_path, role)
    (tmp_path / "parties.toml").write_text(parties_text(account("deployer").address))
    return tmp_path


def mainnet_plan(folder: Path) -> Plan:
    parties = parse_parties((folder / "parties.toml").read_text(), "parties.toml")
    return make_plan(SETTINGS.profiles["mainnet"], parties, SETTINGS.season)


def ask(*arguments: object) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(main, ["deploy", *map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)


def sent_by(url: str, address: str) -> int:
    async def look() -> int:
        async with Rpc(url) as rpc:
            return int(await rpc.call("eth_getTransactionCount", address, "pending"), 16)

    return asyncio.run(look())


# --- refused ----------------------------------------------------------------------------------


def test_S01_without_two_signatures_nothing_is_sent(folder: Path) -> None:
    plan = mainnet_plan(folder)
    one = approve(plan, 1, account("seat 0"))
    stranger = approve(plan, 1, account("stranger"))
    other_chain = approve(plan, 8453, account("seat 1"))
    with mainnet_of_our_own(folder) as url:
        common = (
            *("--network", "mainnet", "--rpc", url, "--data", folder / "data"),
            *("--parties", folder / "parties.toml", "--key", folder / "deployer.key"),
        )
        for given in ((), (one,), (one, one), (one, stranger), (one, other_chain), (one, "0xzz")):
            code, said = ask(*common, *(part for s in given for part in ("--signature", s)))
            assert (code, said["rule"]) == (1, "deploy.two_signatures"), given
            assert "two different council seats" in said["remedy"]
        assert sent_by(url, account("deployer").address) == 0
        assert not (folder / "data" / "chain" / "manifest.json").exists()


@pytest.mark.parametrize(
    "known",
    [
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",  # the first of every development node
        Account((1).to_bytes(32, "big")).address,
        Account(b"\x07" * 32).address,
    ],
)
def test_S01_a_default_key_is_refused_on_a_public_chain(folder: Path, known: str) -> None:
    (folder / "parties.toml").write_text(parties_text(known))
    code, said = ask("--network", "mainnet", "--parties", folder / "parties.toml", "--rpc", "x:")
    assert (code, said["rule"], said["field"]) == (1, "deploy.known_key", "deployer")


def test_a_public_chain_wants_parties_and_a_node_by_name(folder: Path) -> None:
    code, said = ask("--network", "l2")
    assert (code, said["rule"]) == (1, "deploy.parties")
    plan = mainnet_plan(folder)
    signed = [approve(plan, 1, account(f"seat {n}")) for n in (0, 1)]
    common = ("--network", "mainnet", "--parties", folder / "parties.toml")
    both = [part for s in signed for part in ("--signature", s)]
    code, said = ask(*common, *both, "--key", folder / "deployer.key")
    assert (code, said["rule"]) == (1, "deploy.rpc")
    code, said = ask(*common, *both)
    assert (code, said["rule"]) == (1, "deploy.key")
    code, said = ask(*common, "--chain-id", 5)
    assert (code, said["rule"]) == (1, "profile.chain")


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("seats = 5", "config."),
        ('deployer = "0x12"', "config."),
        ('[officers]\nMAYOR = ["0x' + "11" * 20 + '"]', "parties.role"),
    ],
)
def test_a_parties_file_that_is_wrong_is_refused_by_field(line: str, rule: str) -> None:
    text = parties_text(account("deployer").address)
    first = line.split("\n", maxsplit=1)[0]
    name = first.split(" ", maxsplit=1)[0] if "=" in first else "[officers]"
    lines = text.split("\n")
    start = next(i for i, found in enumerate(lines) if found.startswith(name))
    end = len(lines) if name == "[officers]" else start + 1
    wrong = "\n".join([*lines[:start], line, *lines[end:]])
    with pytest.raises(InputError) as refused:
        parse_parties(wrong, "parties.toml")
    assert refused.value.rule.startswith(rule)


# --- done -------------------------------------------------------------------------------------


def test_two_seats_sign_and_it_is_sent(folder: Path) -> None:
    common = ("--network", "mainnet", "--parties", folder / "parties.toml")
    signatures = []
    for seat in ("seat 0", "seat 1"):
        code, said = ask(*common, "--approve-with", folder / f"{seat}.key")
        assert code == 0
        signatures += ["--signature", said["signature"]]
    plan = mainnet_plan(folder)
    assert check_approvals(plan, 1, signatures[1::2]) == sorted(plan.parties.seats[:2])
    with mainnet_of_our_own(folder) as url:
        data = folder / "data"
        sending = (*common, "--rpc", url, "--data", data, "--key", folder / "deployer.key")
        code, said = ask(*sending, *signatures)
        assert code == 0, said
        manifest = load_manifest(data / "chain" / "manifest.json")
        assert said["contracts"] == dict(plan.addresses)
        assert (manifest.chain_id, manifest.profile) == (1, "mainnet")
        code, again = ask(*sending, *signatures)
        assert (code, again["contracts"]) == (0, said["contracts"])
        code, checked = ask("--network", "mainnet", "--rpc", url, "--data", data, "--check")
        assert code == 0
        assert sorted(checked["identical"]) == sorted(plan.addresses)


def test_S01_the_mainnet_dry_run_names_every_address_gas_and_cost(tmp_path: Path) -> None:
    arguments = ("--gas-price-gwei", 2, "--eth-cad", 4500, "--members", 180)
    code, said = ask("--network", "mainnet", "--dry-run", "--data", tmp_path, *arguments)
    assert code == 0, said
    assert len(said["contracts"]) == 37
    assert len({row["address"] for row in said["contracts"].values()}) == 37
    gas = sum(row["gas"] or 0 for row in said["contracts"].values()) + said["order_gas"]
    assert said["total_gas"] == gas
    assert 70_000_000 < gas < 100_000_000
    # 10⁻⁹ ether a gwei, exactly
    assert said["total_cad"] == f"{round(gas * 2 * 4500 / 10**9, 4):.4f}"
    month = said["month"]
    assert month["members"] == 180
    expected = 4 * month["post_gas"] + 180 * month["withdraw_gas"] + month["deposits_gas"]
    assert month["gas"] == expected
    assert 0.1 < float(month["cad_per_member_month"]) < 3
    assert not list(tmp_path.iterdir())
    # the same plan again, at another price of gas: same addresses, cost in proportion
    _, dear = ask("--network", "mainnet", "--dry-run", "--gas-price-gwei", 20, "--members", 2)
    assert (
        dear["contracts"]["ClearingFactory"]["address"]
        == said["contracts"]["ClearingFactory"]["address"]
    )
    assert dear["total_gas"] == gas


def test_addresses_of_the_dry_run_are_those_of_the_deployment(folder: Path) -> None:
    code, said = ask(
        "--network", "l2", "--dry-run", "--members", 2, "--parties", folder / "parties.toml"
    )
    parties = parse_parties((folder / "parties.toml").read_text(), "parties.toml")
    plan = make_plan(SETTINGS.profiles["l2"], parties, SETTINGS.season)
    assert (code, said["chain_id"]) == (0, 8453)
    assert {n: row["address"] for n, row in said["contracts"].items()} == dict(plan.addresses)


def test_the_help_teaches() -> None:
    told = CliRunner().invoke(main, ["deploy", "--help"]).stdout
    for word in ("--dry-run", "parties.toml", "--approve-with", "two signatures", "--check"):
        assert word in " ".join(told.split())


# --- what is always true ----------------------------------------------------------------------


@pytest.mark.parametrize("chain_id", [1, 8453])
def test_an_approval_is_for_one_plan_and_one_chain(folder: Path, chain_id: int) -> None:
    plan = mainnet_plan(folder)
    signed = [approve(plan, chain_id, account(f"seat {n}")) for n in (0, 1)]
    assert len(check_approvals(plan, chain_id, signed)) == 2
    with pytest.raises(NotPermitted):
        check_approvals(plan, 42161, signed)
    others = parse_parties(parties_text(account("another deployer").address), "parties.toml")
    other = make_plan(SETTINGS.profiles["mainnet"], others, SETTINGS.season)
    with pytest.raises(NotPermitted):
        check_approvals(other, chain_id, signed)
