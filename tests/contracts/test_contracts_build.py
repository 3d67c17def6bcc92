"""The contracts' build: byte-identical, complete, and of one mind with ``proofs``."""

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sourceenergy import proofs
from sourceenergy.records import PayoutLeaf, Statement

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"
VECTORS: dict[str, Any] = json.loads((CONTRACTS / "test/vectors/clearing.json").read_text("utf-8"))

needs_compiler = pytest.mark.skipif(
    not shutil.which("node") or not (CONTRACTS / "node_modules/solc").is_dir(),
    reason="needs Node and `npm ci --prefix contracts`",
)


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("contracts_build", ROOT / "scripts/contracts.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def compiled() -> dict[str, str]:
    """What the sources build: compiled once, it takes half a minute."""
    texts: dict[str, str] = _script().compile_artifacts()
    return texts


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The build script, its artifacts in a folder of the test's own."""
    module = _script()
    copied = tmp_path / "artifacts"
    shutil.copytree(module.ARTIFACTS, copied)
    monkeypatch.setattr(module, "ARTIFACTS", copied)
    return module


def leaf_of(given: dict[str, Any]) -> PayoutLeaf:
    return PayoutLeaf(
        account=given["account"],
        deposited_ud=given["depositedUd"],
        payout_ud=given["payoutUd"],
        balance_ud=given["balanceUd"],
        salt=given["salt"],
    )


# --- refusals ---------------------------------------------------------------------------------


@needs_compiler
def test_check_names_the_contract_that_differs(
    builder: ModuleType,
    compiled: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(builder, "compile_artifacts", lambda: compiled)
    changed = builder.ARTIFACTS / "Passport.json"
    changed.write_text(changed.read_text().replace('"0x60', '"0x61', 1))
    (builder.ARTIFACTS / "Devices.json").unlink()
    (builder.ARTIFACTS / "Stray.json").write_text("{}")
    assert builder.main(["check"]) == 1
    named = [line.split(":")[0] for line in capsys.readouterr().err.splitlines()]
    assert named == ["Devices", "Passport", "Stray"]


def test_missing_library_is_refused_with_the_remedy(
    builder: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bare = tmp_path / "contracts"
    shutil.copytree(CONTRACTS / "src", bare / "src")
    shutil.copy(CONTRACTS / "foundry.toml", bare)
    monkeypatch.setattr(builder, "CONTRACTS", bare)
    monkeypatch.setattr(builder, "ROOT", tmp_path)
    assert builder.main(["check"]) == 1
    assert "npm ci --prefix contracts" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wanted", "compiler", "pragma"),
    [
        ("^0.8.37", "0.8.37+commit.f401782d", "0.8.37"),  # npm may take another
        ("0.8.37", "0.8.38+commit.12345678", "0.8.37"),  # another is installed
        ("0.8.37", "0.8.37", "0.8.37"),  # which build of it?
        ("0.8.37", "0.8.37+commit.f401782d", "^0.8.37"),  # a source takes any
        ("0.8.37", "0.8.37+commit.f401782d", ">=0.8.0 <0.9.0"),
    ],
)
def test_S01_an_unpinned_compiler_is_refused(
    builder: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    wanted: str, compiler: str, pragma: str,
) -> None:  # fmt: skip
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {"solc": wanted}}))
    monkeypatch.setattr(builder, "CONTRACTS", tmp_path)
    sources = {"src/bank/Currency.sol": {"content": f"pragma solidity {pragma};\n"}}
    with pytest.raises(builder.BuildError, match="pinned"):
        builder.check_pinned(compiler, sources)


@needs_compiler
def test_compiler_script_refuses_other_uses() -> None:
    run = subprocess.run(
        [CONTRACTS / "solc.mjs", "--help"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "--standard-json" in run.stderr


# --- success ----------------------------------------------------------------------------------


@needs_compiler
def test_S01_rebuild_is_byte_identical(
    builder: ModuleType, compiled: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "compile_artifacts", lambda: compiled)
    assert builder.check() == [], "run scripts/contracts.py build and commit the result"


@needs_compiler
def test_compiler_script_answers_as_the_native_command_does() -> None:
    run = subprocess.run(
        [CONTRACTS / "solc.mjs", "--version"], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1].startswith("Version: 0.8.37+commit.")


def test_artifacts_ship_what_a_client_needs(builder: ModuleType) -> None:
    for name in builder.SOURCES:
        artifact = json.loads((builder.ARTIFACTS / f"{name}.json").read_text())
        assert artifact["contractName"] == name
        assert artifact["abi"]
        code = bytes.fromhex(artifact["deployedBytecode"].removeprefix("0x"))
        assert 0 < len(code) <= 24_576, "EIP-170: the most code a contract may have"
        assert str(ROOT) not in json.dumps(artifact)


def test_lock_is_pinned_and_names_no_registry() -> None:
    lock = json.loads((CONTRACTS / "package-lock.json").read_text())
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    assert packages
    assert all("resolved" not in entry for entry in packages.values())
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    wanted = json.loads((CONTRACTS / "package.json").read_text())["dependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted


# --- what is always true: contracts and Python hash alike -----------------------------------------


def test_community_and_device_ids_agree() -> None:
    given = VECTORS["device"]
    assert (
        proofs.community_id(VECTORS["chainId"], VECTORS["clearing"], VECTORS["name"])
        == VECTORS["community"]
    )
    assert proofs.device_id(int(given["qx"], 16), int(given["qy"], 16)) == given["id"]


def test_leaves_and_their_root_agree() -> None:
    hashes = [
        proofs.payout_leaf_hash(VECTORS["community"], leaf_of(given)) for given in VECTORS["leaves"]
    ]
    assert ["0x" + hashed.hex() for hashed in hashes] == [
        given["hash"] for given in VECTORS["leaves"]
    ]
    assert "0x" + proofs.merkle_root(hashes) == VECTORS["payoutRoot"]


def test_statement_hash_agrees() -> None:
    given = VECTORS["statement"]
    statement = Statement(
        community=VECTORS["community"],
        epoch=given["epoch"],
        start_s=given["start"],
        end_s=given["end"],
        previous=given["previous"],
        payout_root=VECTORS["payoutRoot"],
        price_root=given["priceRoot"],
        pool_root=given["poolRoot"],
        bundle_hash=given["bundleHash"],
        imported_wh=given["importedWh"],
        exported_wh=given["exportedWh"],
        local_wh=given["localWh"],
        deposits_ud=given["depositsUd"],
        payouts_ud=given["payoutsUd"],
        balances_ud=given["balancesUd"],
    )
    hashed = proofs.statement_hash(VECTORS["chainId"], VECTORS["clearing"], statement)
    assert "0x" + hashed == given["hash"]
