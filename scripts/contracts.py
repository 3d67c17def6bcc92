"""Builds the Energy Contracts into the artifacts the Python package ships.

``contracts.py build`` compiles and writes ``src/sourceenergy/chain/artifacts/*.json``;
``contracts.py check`` compiles into memory and fails, naming the contract, if a committed artifact
differs by a byte. Both need Node and ``npm ci --prefix contracts``; a user of the package needs
neither. Compiler settings come from ``contracts/foundry.toml``, so that forge tests the same bytes.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS = ROOT / "contracts"
ARTIFACTS = ROOT / "src" / "sourceenergy" / "chain" / "artifacts"

_LAYERS = {
    "individual": (
        "Account",
        "AccountFactory",
        "Deal",
        "Devices",
        "Investment",
        "Passport",
        "Paymaster",
    ),
    "household": ("HouseholdTrust", "HouseholdTrustFactory"),
    "community": ("Certificates", "Community", "Fund", "ImpactReports"),
    "market": (
        "Clearing",
        "ClearingFactory",
        "PoolAsset",
        "QuorumVerifier",
        "RevenueCascade",
        "Tariff",
    ),
    "marketplace": (
        "CertificateBasket",
        "Compliance",
        "EnergyCredit",
        "EnergyCredits",
        "Exchange",
        "LiquidityPool",
    ),
    "bank": (
        "BackingReserve",
        "Council",
        "Currency",
        "Incentives",
        "Policy",
        "PriceHistory",
        "Savings",
        "Seats",
        "StabilisationFund",
        "Timelock",
        "TradingHalt",
    ),
}
"""What is shipped: every contract that is put on a chain, by the deployer or by another."""

SOURCES = {"AccessManager": "@openzeppelin/contracts/access/manager/AccessManager.sol"} | {
    name: f"src/{layer}/{name}.sol" for layer, names in _LAYERS.items() for name in names
}

_IMPORT = re.compile(r'^\s*import\s[^;"]*"([^"]+)";', re.MULTILINE)
_PRAGMA = re.compile(r"^pragma solidity ([^;]+);", re.MULTILINE)
_EXACT = re.compile(r"\d+\.\d+\.\d+")


class BuildError(Exception):
    """The compiler is absent or refused the sources."""


def _file_of(unit: str) -> Path:
    return CONTRACTS / ("node_modules/" + unit if unit.startswith("@") else unit)


def _resolve(unit: str, imported: str) -> str:
    """The source unit an import names, as solc resolves it."""
    if not imported.startswith("."):
        return imported
    parts = unit.split("/")[:-1]
    for part in imported.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def gather_sources() -> dict[str, dict[str, str]]:
    """Every source unit the contracts need, by name: standard JSON's ``sources``."""
    found: dict[str, dict[str, str]] = {}
    waiting = list(SOURCES.values())
    while waiting:
        unit = waiting.pop()
        if unit in found:
            continue
        path = _file_of(unit)
        if not path.is_file():
            raise BuildError(f"no {path.relative_to(ROOT)}: run `npm ci --prefix contracts`")
        text = path.read_text(encoding="utf-8")
        found[unit] = {"content": text}
        waiting += [_resolve(unit, imported) for imported in _IMPORT.findall(text)]
    return dict(sorted(found.items()))


def solc_input() -> dict[str, Any]:
    """The compiler's whole input; its settings are those of ``foundry.toml``."""
    profile = tomllib.loads((CONTRACTS / "foundry.toml").read_text())["profile"]["default"]
    return {
        "language": "Solidity",
        "sources": gather_sources(),
        "settings": {
            "evmVersion": profile["evm_version"],
            "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
            "metadata": {
                "appendCBOR": profile["cbor_metadata"],
                "bytecodeHash": profile["bytecode_hash"],
            },
            "outputSelection": {
                unit: {
                    name: [
                        "abi",
                        "evm.bytecode.object",
                        "evm.bytecode.linkReferences",
                        "evm.deployedBytecode.object",
                        "evm.deployedBytecode.immutableReferences",
                    ]
                }
                for name, unit in SOURCES.items()
            },
        },
    }


def _solc(*arguments: str, text: str = "") -> str:
    run = subprocess.run(
        ["node", "solc.mjs", *arguments],
        cwd=CONTRACTS,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise BuildError(f"solc failed: {run.stderr.strip()}")
    return run.stdout


def compile_artifacts() -> dict[str, str]:
    """The text of each artifact by contract name: the same sources give the same bytes."""
    given = solc_input()
    output = json.loads(_solc("--standard-json", text=json.dumps(given)))
    complaints = [error for error in output.get("errors", []) if _counts(error)]
    if complaints:
        raise BuildError("\n".join(error["formattedMessage"] for error in complaints))
    compiler = _solc("--version").split("Version: ")[1].split(".Emscripten")[0].strip()
    check_pinned(compiler, given["sources"])
    texts = {}
    for name, unit in SOURCES.items():
        built = output["contracts"][unit][name]
        if built["evm"]["bytecode"]["linkReferences"]:
            raise BuildError(f"{name} leaves a library unlinked: make its functions internal")
        artifact = {
            "contractName": name,
            "abi": built["abi"],
            "bytecode": "0x" + built["evm"]["bytecode"]["object"],
            "deployedBytecode": "0x" + built["evm"]["deployedBytecode"]["object"],
            "immutables": _places(built["evm"]["deployedBytecode"]["immutableReferences"]),
            "compiler": {
                "version": compiler,
                "evmVersion": given["settings"]["evmVersion"],
                "optimizerRuns": given["settings"]["optimizer"]["runs"],
            },
        }
        texts[name] = json.dumps(artifact, separators=(",", ":"), sort_keys=True) + "\n"
    return texts


def _counts(complaint: dict[str, Any]) -> bool:
    """Is it an error, or a warning about a source of ours? Libraries' warnings are theirs."""
    unit = (complaint.get("sourceLocation") or {}).get("file", "")
    return bool(complaint["severity"] == "error" or unit.startswith("src/"))


def _places(references: dict[str, list[dict[str, int]]]) -> list[list[int]]:
    """Where the constructor's values lie in the code on chain: [start, length] in bytes."""
    return sorted(
        [place["start"], place["length"]] for places in references.values() for place in places
    )


def check_pinned(compiler: str, sources: dict[str, dict[str, str]]) -> None:
    """Refuse a compiler that is not fixed to one build: the same sources could give other bytes."""
    wanted = json.loads((CONTRACTS / "package.json").read_text())["dependencies"]["solc"]
    if not _EXACT.fullmatch(wanted):
        raise BuildError(f"the compiler is not pinned: package.json asks for solc {wanted}")
    if compiler.split("+", maxsplit=1)[0] != wanted or "+commit." not in compiler:
        raise BuildError(f"the compiler is not the pinned one: {compiler}, not {wanted}")
    for unit, source in sources.items():
        pragma = _PRAGMA.search(source["content"])
        if unit.startswith("src/") and (pragma is None or pragma[1] != wanted):
            found = pragma[1] if pragma else "no version"
            raise BuildError(f"the compiler is not pinned: {unit} asks for {found}, not {wanted}")


def build() -> list[str]:
    """Compiles and writes every artifact; the names of those that changed."""
    changed = []
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for name, text in compile_artifacts().items():
        path = ARTIFACTS / f"{name}.json"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    for path in ARTIFACTS.glob("*.json"):
        if path.stem not in SOURCES:
            path.unlink()
            changed.append(path.stem)
    return changed


def check() -> list[str]:
    """Compiles into memory; the names of contracts whose committed artifact differs.

    An artifact that is missing, or belongs to no contract, differs too.
    """
    texts = compile_artifacts()
    kept = {path.stem: path.read_text(encoding="utf-8") for path in ARTIFACTS.glob("*.json")}
    return sorted(name for name in texts.keys() | kept.keys() if texts.get(name) != kept.get(name))


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; 0 if all is well."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("verb", choices=["build", "check"])
    verb = parser.parse_args(arguments).verb
    try:
        if verb == "build":
            print("changed: " + (", ".join(build()) or "none"))
            return 0
        differing = check()
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    for name in differing:
        print(
            f"{name}: the committed artifact is not what the sources build. "
            "Remedy: scripts/contracts.py build, then commit",
            file=sys.stderr,
        )
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
