"""The DER Engine installs alone: it runs with the core and `edge` packages and no others."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Stands in the way of every package that only the other extras bring.
BLOCKED = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"blocked: {{name}}", name=name)
sys.meta_path.insert(0, Wall())
import sourceenergy.cli.engine
sys.argv = ["sourceenergy", "engine", "--help"]
from sourceenergy.cli.main import main
main()
"""
MODULES = {
    "eth-abi": "eth_abi",
    "eth-account": "eth_account",
    "pandas": "pandas",
}


def names(group: list[str]) -> set[str]:
    return {item.split(">")[0].split("[")[0].strip() for item in group}


def test_the_engine_needs_nothing_of_node_and_simulation() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    allowed = names(project["dependencies"]) | names(extras["edge"])
    others = (names(extras["node"]) | names(extras["sim"])) - allowed
    blocked = {MODULES.get(name, name.replace("-", "_")) for name in others}
    assert {"numpy", "fastapi", "eth_abi"} <= blocked
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED.format(blocked=blocked)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "DER Engine" in done.stdout
