"""A chain of our own that says it is number 1, its parties, and the command line over it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from sourceenergy.chain.anvil import EmbeddedChain, find_anvil
from sourceenergy.chain.keys import Account
from sourceenergy.cli.main import main
from sourceenergy.errors import Unavailable
from sourceenergy.proofs import keccak

ETHER = 10**18


def actor(role: str) -> bytes:
    """A key nobody guesses."""
    return keccak(f"test of deploy: {role}".encode())


def account(role: str) -> Account:
    return Account(actor(role))


def listed(role: str, count: int) -> str:
    return json.dumps([account(f"{role} {n}").address for n in range(count)])


def parties_text(deployer: str, **officers: str) -> str:
    """Parties of whom each quorum is two of three, five seats; ``officers`` by role."""
    quorums = "".join(
        f"\n[{name}]\naccounts = {listed(name, 3)}\nquorum = 2\n"
        for name in ("verifiers", "custodians", "guardians", "reporters")
    )
    given = {"PASSPORT_ISSUER": "issuer"} | officers
    return (
        f'deployer = "{deployer}"\nseats = {listed("seat", 5)}\n{quorums}\n[officers]\n'
        + "".join(f"{role} = {listed(who, 1)}\n" for role, who in given.items())
    )


def keep_key(folder: Path, role: str) -> Path:
    """The role's key in a file, as its owner would keep it."""
    path = folder / f"{role}.key"
    path.write_text(actor(role).hex())
    path.chmod(0o600)
    return path


@contextmanager
def mainnet_of_our_own(
    folder: Path, funded: Sequence[str] = ("deployer",), block_every_s: float = 0.1
) -> Iterator[str]:
    """A chain that says it is number 1, with many new blocks a second."""
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    chain, over = EmbeddedChain(folder / "mainnet", chain_id=1), threading.Event()

    async def start() -> None:
        await chain.start()
        for role in funded:
            await chain.fund(account(role).address, 100 * ETHER)

    def mine() -> None:
        body = {"jsonrpc": "2.0", "id": 1, "method": "evm_mine", "params": []}
        while not over.wait(block_every_s):
            httpx.post(chain.url, json=body, trust_env=False)

    with asyncio.Runner() as runner:
        runner.run(start())
        miner = threading.Thread(target=mine)
        miner.start()
        try:
            yield chain.url
        finally:
            over.set()
            miner.join()
            runner.run(chain.stop())


@dataclass(frozen=True)
class Mainnet:
    """All contracts on such a chain, and everybody's keys."""

    url: str
    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def ask(self, method: str, *params: object) -> Any:
        """A request to the chain itself."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(self.url, json=body, trust_env=False).json()["result"]

    def pass_time(self, seconds: int) -> None:
        """Let time pass on the chain."""
        self.ask("evm_increaseTime", seconds)
        self.ask("evm_mine")

    def now_s(self) -> int:
        """Time of the chain's next block."""
        return int(self.ask("eth_getBlockByNumber", "pending", False)["timestamp"], 16)

    def run(self, *arguments: object, by: str | None = None) -> tuple[int, dict[str, Any]]:
        """A command on this chain, signed by ``by``: how it ended, and what it said."""
        key = () if by is None else ("--key", self.folder / f"{by}.key")
        common = ("--rpc", self.url, "--data", self.data, "--json")
        result = CliRunner().invoke(main, [str(a) for a in (*arguments, *key, *common)])
        assert result.stdout, result.exception
        return result.exit_code, json.loads(result.stdout)

    def launch(self, *arguments: object, by: str) -> subprocess.Popen[str]:
        """The same as a process of its own, which can be killed."""
        key = ("--key", self.folder / f"{by}.key")
        common = ("--rpc", self.url, "--data", self.data, "--json")
        return subprocess.Popen(
            [sys.executable, "-m", "sourceenergy", *map(str, (*arguments, *key, *common))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sent(self, role: str) -> int:
        """How many transactions the role's account sent, those that wait included."""
        return int(self.ask("eth_getTransactionCount", account(role).address, "pending"), 16)

    def do(self, *arguments: object, by: str | None = None) -> dict[str, Any]:
        """The same, and it must succeed."""
        code, said = self.run(*arguments, by=by)
        assert code == 0, said
        return said

    def refused(self, *arguments: object, by: str | None = None) -> dict[str, Any]:
        """The same, and it must be refused."""
        code, said = self.run(*arguments, by=by)
        assert code == 1, said
        return said


@contextmanager
def deployed_mainnet(folder: Path) -> Iterator[Mainnet]:
    """Everything deployed by the command, with two signatures; a registrar opens communities."""
    people = ["deployer", "registrar 0", "issuer 0", "stranger", "guardians 0"]
    people += [f"seat {number}" for number in range(5)]
    for role in people:
        keep_key(folder, role)
    text = parties_text(account("deployer").address, COMMUNITY_REGISTRAR="registrar")
    (folder / "parties.toml").write_text(text)
    common = ("deploy", "--network", "mainnet", "--parties", folder / "parties.toml")
    with mainnet_of_our_own(folder, people, 0.02) as url:
        place = Mainnet(url, folder)
        signatures: list[str] = []
        for seat in ("seat 0", "seat 1"):
            said = place.do(*common, "--approve-with", folder / f"{seat}.key")
            signatures += ["--signature", said["signature"]]
        place.do(*common, *signatures, by="deployer")
        yield place
