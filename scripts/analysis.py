"""Static analysis and proofs of the Energy Contracts.

``analysis.py slither`` compiles the contracts, lets Slither look at them, and fails on any finding
that ``contracts/slither.triage.toml`` does not explain and on any explanation that fits no finding.
``analysis.py halmos`` proves every ``check_`` function of ``contracts/test/proof`` and writes
``docs/results/halmos.md``; with ``--short`` it proves those that take seconds and writes nothing.

Both tools live in ``.venv-analysis`` (``scripts/analysis.sh`` makes it) and use our wasm compiler
through ``contracts/solc.mjs``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS = ROOT / "contracts"
TOOLS = ROOT / ".venv-analysis" / "bin"
TRIAGE = CONTRACTS / "slither.triage.toml"
PROOFS = CONTRACTS / "test" / "proof"
RESULT = ROOT / "docs" / "results" / "halmos.md"

ANY = "*"

_IMPORT = re.compile(r'^\s*import\s[^;"]*"([^"]+)";', re.MULTILINE)
_LIBRARY = "@openzeppelin/"
# Slither looks structs up by their contract's name, and does not always find that of ours where a
# contract of the library has the same: it gets the library's under another.
_SAME_NAME = (
    ("abstract contract Paymaster is", "abstract contract Paymaste_ is"),
    ("Paymaster as ERC4337Paymaster", "Paymaste_ as ERC4337Paymaster"),
)
_VERDICT = re.compile(r"\[(PASS|FAIL|TIMEOUT|ERROR)\] (check_\w+)\(.*?time: ([\d.]+)s")
_NOTE = re.compile(r"/// @custom:bounds (.*(?:\n\s*///(?! @).*)*)")


class AnalysisError(Exception):
    """A tool is absent or did not run to its end."""


# --- Slither


def _sources() -> dict[str, dict[str, str]]:
    """Our sources and what they import, by path from ``contracts``."""
    found: dict[str, dict[str, str]] = {}
    waiting = [str(path.relative_to(CONTRACTS)) for path in (CONTRACTS / "src").rglob("*.sol")]
    while waiting:
        unit = waiting.pop()
        if unit in found:
            continue
        text = (CONTRACTS / unit).read_text(encoding="utf-8")
        for library, plain in _SAME_NAME:
            text = text.replace(library, plain)
        found[unit] = {"content": text}
        for name in _IMPORT.findall(text):
            if name.startswith(_LIBRARY):
                waiting.append(f"node_modules/{name}")
            else:
                waiting.append(os.path.normpath(Path(unit).parent / name))
    return dict(sorted(found.items()))


def _build_info() -> dict[str, Any]:
    """What Slither reads: input and output of the compiler, syntax trees without any code."""
    given = {
        "language": "Solidity",
        "sources": _sources(),
        "settings": {
            "remappings": [f"{_LIBRARY}=node_modules/{_LIBRARY}"],
            "evmVersion": "osaka",
            "outputSelection": {"*": {"*": ["abi", "devdoc", "userdoc"], "": ["ast"]}},
        },
    }
    answer = _run(["node", "solc.mjs", "--standard-json"], text=json.dumps(given))
    output = json.loads(answer)
    wrong = [e["formattedMessage"] for e in output.get("errors", []) if e["severity"] == "error"]
    if wrong:
        raise AnalysisError("\n".join(wrong))
    for contracts in output["contracts"].values():
        for contract in contracts.values():
            contract["evm"] = {
                part: {"object": "", "sourceMap": ""} for part in ("bytecode", "deployedBytecode")
            }
    version = _run(["node", "solc.mjs", "--version"]).split("Version: ")[1].split("+")[0]
    return {"solcVersion": version, "input": given, "output": output}


def findings() -> list[dict[str, Any]]:
    """Everything Slither finds in our own sources."""
    with tempfile.TemporaryDirectory() as folder:
        info = Path(folder) / "info"
        info.mkdir()
        (info / "contracts.json").write_text(json.dumps(_build_info()), encoding="utf-8")
        report = Path(folder) / "report.json"
        command = [
            str(TOOLS / "slither"), ".", "--ignore-compile", "--filter-paths", "node_modules",
            "--foundry-build-info-directory", str(info), "--json", str(report), "--fail-none",
        ]  # fmt: skip
        _run(command)
        found = json.loads(report.read_text(encoding="utf-8"))
    if not found["success"]:
        raise AnalysisError(f"Slither failed: {found['error']}")
    detectors: list[dict[str, Any]] = found["results"].get("detectors", [])
    return detectors


def place_of(finding: Mapping[str, Any]) -> str:
    """Where a finding is, whatever its line: ``Contract``, ``Contract.function`` or deeper."""
    names: list[str] = []
    element = finding["elements"][0] if finding["elements"] else None
    while element:
        if element["type"] in {"contract", "function", "variable", "event"}:
            names.insert(0, element["name"])
        element = element.get("type_specific_fields", {}).get("parent")
    return ".".join(names)


def unexplained(
    found: Iterable[Mapping[str, Any]], triage: Mapping[str, list[dict[str, Any]]]
) -> list[str]:
    """What is wrong between findings and triage, one sentence each; empty if all is well."""
    reasons: dict[tuple[str, str], str] = {}
    wrong = []
    for entry in triage.get("kept", []):
        if not entry.get("reason", "").strip():
            wrong.append(f"{entry['detector']} has an entry without a reason")
        for place in entry["where"]:
            if (entry["detector"], place) in reasons:
                wrong.append(f"{entry['detector']} at {place} is explained twice")
            reasons[entry["detector"], place] = entry["reason"]
    seen = set()
    for finding in found:
        detector, place = finding["check"], place_of(finding)
        key = (detector, place) if (detector, place) in reasons else (detector, ANY)
        seen.add(key)
        if key not in reasons:
            text = " ".join(finding["description"].split())
            wrong.append(f"not explained: {finding['impact']} {detector} at {place}: {text}")
    wrong += [
        f"stale: {detector} at {place} is explained and no longer found"
        for detector, place in sorted(reasons.keys() - seen)
    ]
    return wrong


def slither() -> int:
    """Holds Slither's findings against the triage; 0 if they agree."""
    triage = tomllib.loads(TRIAGE.read_text(encoding="utf-8"))
    found = findings()
    wrong = unexplained(found, triage)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    if wrong:
        print(
            f"Slither and {TRIAGE.relative_to(ROOT)} differ. Remedy: mend the contract, or explain "
            "the finding there in a sentence; take stale places out",
            file=sys.stderr,
        )
        return 1
    print(f"Slither: {len(found)} findings, each explained")
    return 0


# --- Halmos


def _contracts(short: bool) -> list[str]:
    """Names of the proof contracts; the short ones say so in their file."""
    names = []
    for path in sorted(PROOFS.glob("*.t.sol")):
        text = path.read_text(encoding="utf-8")
        if not short or "@custom:long" not in text:
            names += re.findall(r"^contract (\w+Proof) is", text, re.MULTILINE)
    return names


def _prove(names: list[str]) -> list[tuple[str, str, str, float]]:
    """Verdicts: contract, function, PASS or what else, seconds."""
    command = [
        str(TOOLS / "halmos"), "--forge-build-out", "out/proof", "--no-status", "--loop", "4",
        "--solver-timeout-assertion", "600s", "--match-contract", f"^({'|'.join(names)})$",
    ]  # fmt: skip
    environment = _environment() | {"FOUNDRY_PROFILE": "proof"}
    run = subprocess.run(
        command, cwd=CONTRACTS, env=environment, capture_output=True, text=True, check=False
    )
    verdicts = []
    contract = ""
    for line in re.sub(r"\x1b\[[0-9;]*m", "", run.stdout).splitlines():
        if line.startswith("Running "):
            contract = line.rsplit(":", 1)[1]
        elif match := _VERDICT.match(line):
            verdicts.append((contract, match[2], match[1], float(match[3])))
    if not verdicts:
        raise AnalysisError(f"Halmos proved nothing:\n{run.stdout}{run.stderr}")
    return verdicts


def _page(verdicts: list[tuple[str, str, str, float]], date: str) -> str:
    """The page of results."""
    by_contract: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
    for contract, function, verdict, seconds in verdicts:
        by_contract[contract].append((function, verdict, seconds))
    rows = [
        f"| `{contract}` | `{function}` | {verdict.lower()} | {seconds:.1f} |"
        for contract, functions in by_contract.items()
        for function, verdict, seconds in functions
    ]
    bounds = [f"- {note}" for note in _bounds()]
    return "\n".join(
        [
            "# Proofs",
            "",
            f"Written by `make halmos` on {date}. Each function is proved for all values of its",
            "arguments, on the compiled contracts, by Halmos 0.3.3 with the solver Yices.",
            "",
            "| Contract | Proof | Result | Seconds |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Bounds",
            "",
            *bounds,
            "",
        ]
    )


def _bounds() -> list[str]:
    """What the proofs say of their own limits."""
    notes = []
    for path in sorted(PROOFS.glob("*.t.sol")):
        for note in _NOTE.findall(path.read_text(encoding="utf-8")):
            text = " ".join(part.strip().removeprefix("///") for part in note.splitlines())
            notes.append(f"`{path.stem.removesuffix('.t')}`: {' '.join(text.split())}")
    return notes


def halmos(short: bool, date: str) -> int:
    """Proves; 0 if every proof holds."""
    names = _contracts(short)
    verdicts = _prove(names)
    for contract, function, verdict, seconds in verdicts:
        print(f"{verdict:8}{seconds:7.1f} s  {contract}.{function}")
    if not short:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(_page(verdicts, date), encoding="utf-8")
    missing = set(names) - {contract for contract, *_ in verdicts}
    for name in sorted(missing):
        print(f"{name} was not run", file=sys.stderr)
    return 0 if not missing and all(verdict == "PASS" for _, _, verdict, _ in verdicts) else 1


# --- both


def _environment() -> dict[str, str]:
    """Ours, with forge on the path, which both tools call by its name."""
    forge = CONTRACTS / "node_modules" / ".bin"
    return os.environ | {"PATH": f"{forge}{os.pathsep}{os.environ['PATH']}"}


def _run(command: list[str], text: str = "") -> str:
    run = subprocess.run(
        command,
        cwd=CONTRACTS,
        env=_environment(),
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise AnalysisError(f"{command[0]} failed: {run.stderr.strip() or run.stdout.strip()}")
    return run.stdout


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; 0 if all is well."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("tool", choices=["slither", "halmos"])
    parser.add_argument("--short", action="store_true", help="only the proofs that take seconds")
    parser.add_argument("--date", default="", help="of the results")
    given = parser.parse_args(arguments)
    try:
        return slither() if given.tool == "slither" else halmos(given.short, given.date)
    except (AnalysisError, FileNotFoundError) as error:
        print(f"{error}\nRemedy: make .venv-analysis/done", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
