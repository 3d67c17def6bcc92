"""``kill -9`` of ``sourceenergy deploy`` half way: the next run ends it the same."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sourceenergy.chain.anvil import EmbeddedChain, find_anvil
from sourceenergy.chain.keys import open_account
from sourceenergy.chain.manifest import Manifest, load_manifest
from sourceenergy.errors import Unavailable

ROUNDS = 4


@dataclass(frozen=True)
class Place:
    """A chain that runs, and a folder whose deployer has ether on it."""

    url: str
    data: Path
    deployer: str

    def launch(self) -> subprocess.Popen[str]:
        """Begin a deployment as a process of its own."""
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "sourceenergy", "deploy", "--json"),
                *("--data", self.data, "--rpc", self.url),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, method: str, *params: object) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(self.url, json=body, trust_env=False).json()["result"]

    def sent(self) -> int:
        """How many transactions the deployer sent."""
        return int(self.ask("eth_getTransactionCount", self.deployer, "latest"), 16)

    def manifest(self) -> Manifest:
        return load_manifest(self.data / "chain" / "manifest.json")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    data, chain = tmp_path / "data", EmbeddedChain(tmp_path / "chain")
    deployer = open_account(data / "chain" / "keys", "deployer").address
    with asyncio.Runner() as runner:
        runner.run(chain.start())
        runner.run(chain.fund(deployer, 10**20))
        try:
            yield Place(chain.url, data, deployer)
        finally:
            runner.run(chain.stop())


def finish(run: subprocess.Popen[str]) -> dict[str, Any]:
    """The end of a deployment that nobody disturbs."""
    said, trouble = run.communicate(timeout=60)
    assert run.returncode == 0, said + trouble
    told: dict[str, Any] = json.loads(said)
    return told


def test_killed_at_random_moments_it_ends_in_the_manifest_it_began(place: Place) -> None:
    """What a run that nobody kills deploys is counted; a killed one, resumed, did just that.

    The chain is put back to its beginning between rounds, so that each starts from nothing.
    """
    start = place.ask("evm_snapshot")
    began = time.monotonic()
    whole = finish(place.launch())
    took_s, count, manifest = time.monotonic() - began, place.sent(), place.manifest()
    assert took_s < 60, "Done when 4: a deployment from nothing takes less than 60 s"
    assert whole["contracts"] == {n: d.address for n, d in manifest.contracts.items()}
    moments = random.Random(5)
    cut_short = 0
    for number in range(ROUNDS):
        assert place.ask("evm_revert", start)
        start = place.ask("evm_snapshot")
        for path in (place.data / "chain").glob("*"):
            if path.is_file():
                path.unlink()
        # a process first loads its modules; most cuts fall into the second after that
        delay_s = took_s * (0.25 + 0.7 * (number + moments.random()) / ROUNDS)
        for _ in range(2):  # killed twice, at about the same place
            run = place.launch()
            time.sleep(delay_s)
            run.send_signal(signal.SIGKILL)
            run.communicate()
            cut_short += not (place.data / "chain" / "manifest.json").exists()
        ended = finish(place.launch())
        assert ended["contracts"] == whole["contracts"]
        assert place.sent() == count, "nothing is sent twice"
        again = place.manifest()
        assert again.roles == manifest.roles
        assert {n: d.code_hash for n, d in again.contracts.items()} == {
            n: d.code_hash for n, d in manifest.contracts.items()
        }
        assert again.gas_used == pytest.approx(manifest.gas_used, rel=0.001)
        text = (place.data / "chain" / "manifest.json").read_bytes()
        finish(place.launch())
        assert (place.data / "chain" / "manifest.json").read_bytes() == text
    assert cut_short >= ROUNDS, "most kills came before the end"


def test_killed_as_soon_as_the_first_contracts_are_there(place: Place) -> None:
    """Watched from outside: the kill falls when so many transactions are in blocks."""
    for least in (1, 9, 25):
        if (place.data / "chain" / "manifest.json").exists():
            break
        run = place.launch()
        while run.poll() is None and place.sent() < least:
            time.sleep(0.002)
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
        assert not (place.data / "chain" / "manifest.json").exists()
    finish(place.launch())
    assert place.sent() == 35  # 34 contracts by the factory, and the order
