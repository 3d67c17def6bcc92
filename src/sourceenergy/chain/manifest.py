"""What was deployed, where, and who holds what: one JSON file, checked against the chain."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sourceenergy.chain.contracts import Contract, artifact
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import ChainError, InputError, VerificationFailed
from sourceenergy.proofs import keccak

FORM = 2
_EXACT_IN_JSON = 1 << 53


@dataclass(frozen=True)
class Deployed:
    """One contract on chain.

    ``contract`` is the artifact it was made from, ``arguments`` what its constructor got,
    ``code_hash`` the Keccak-256 of its code and ``creation_hash`` of what made it (0x hex),
    ``block`` the one it came with, ``gas_used`` what that cost (None: it came with its maker, or
    the node no longer knows).
    """

    contract: str
    address: str
    arguments: tuple[Any, ...]
    code_hash: str
    creation_hash: str
    block: int
    gas_used: int | None


@dataclass(frozen=True)
class Manifest:
    """A set of contracts on one chain, and who holds which role.

    ``plan`` is the hash of what was planned, ``roles`` the holders of each role with the seconds
    their acts wait, ``functions`` what a role opens in a contract, ``order_block`` where the
    deployer handed over.
    """

    chain_id: int
    profile: str
    deployer: str
    compiler: str
    plan: str
    contracts: Mapping[str, Deployed]
    roles: Mapping[str, Mapping[str, int]]
    functions: Mapping[str, Mapping[str, tuple[str, ...]]]
    order_block: int
    order_gas_used: int | None

    def contract(self, name: str) -> Contract:
        """The contract of that name, ready to encode calls."""
        return Contract(self.contracts[name].contract, self.contracts[name].address)

    @property
    def first_block(self) -> int:
        """The block to read events from."""
        return min(deployed.block for deployed in self.contracts.values())

    @property
    def gas_used(self) -> int:
        """Gas of the whole deployment, as far as it is known."""
        known = [deployed.gas_used or 0 for deployed in self.contracts.values()]
        return sum(known) + (self.order_gas_used or 0)


def load_manifest(path: Path) -> Manifest:
    """Read a manifest; raises InputError when it is missing, damaged or of an older form."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("form") != FORM:
            raise ValueError("another form")
        contracts = {
            name: Deployed(**row | {"arguments": frozen(row["arguments"])})
            for name, row in content.pop("contracts").items()
        }
        functions = {
            name: {role: tuple(verbs) for role, verbs in by_role.items()}
            for name, by_role in content.pop("functions").items()
        }
        return Manifest(contracts=contracts, functions=functions, **content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "not a manifest of contracts",
            rule="manifest.form",
            field=str(path),
            value=error,
            remedy="run `sourceenergy deploy` to have it written, or restore it; one of an "
            "earlier release belongs to a chain that has to be begun anew",
        ) from error


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write it whole or not at all."""
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        json.dump({"form": FORM} | asdict(manifest), file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def frozen(value: Any) -> Any:
    """A value as JSON keeps it exactly: lists as tuples, bytes as hex, large numbers as text."""
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool) and value >= _EXACT_IN_JSON:
        return str(value)
    return value


async def code_of(rpc: Rpc, addresses: Mapping[str, str]) -> dict[str, bytes]:
    """The code at each address, by the name given to it; empty where there is none."""
    answers = await rpc.batch([("eth_getCode", (a, "latest")) for a in addresses.values()])
    codes = {}
    for name, answer in zip(addresses, answers, strict=True):
        if isinstance(answer, ChainError):
            raise answer
        codes[name] = bytes.fromhex(answer[2:])
    return codes


def hash_of(code: bytes) -> str:
    """Keccak-256 as 0x hex."""
    return "0x" + keccak(code).hex()


async def check_manifest(rpc: Rpc, manifest: Manifest) -> None:
    """Does the chain hold exactly these contracts?

    Raises VerificationFailed naming the first that differs.
    """
    chain_id = await rpc.chain_id()
    if chain_id != manifest.chain_id:
        raise VerificationFailed(
            "the manifest is of another chain",
            rule="manifest.chain",
            field="chain_id",
            value=chain_id,
            remedy=f"connect to chain {manifest.chain_id}, or use that chain's manifest",
        )
    codes = await code_of(rpc, {n: d.address for n, d in manifest.contracts.items()})
    for name, deployed in manifest.contracts.items():
        if hash_of(codes[name]) != deployed.code_hash:
            raise VerificationFailed(
                f"{name} is not what the manifest says",
                rule="manifest.code",
                field=deployed.address,
                value=hash_of(codes[name]),
                remedy="right chain? if its state was lost, remove the data directory to begin "
                "anew, or restore both from one copy",
            )


async def check_code(rpc: Rpc, manifest: Manifest) -> list[str]:
    """Is the code on chain, byte for byte, what the sources build? The names that were compared.

    What a constructor puts into the code (immutable values) is taken out on both sides; that it
    got the stated arguments is shown by the address, which hashes them. Raises
    VerificationFailed naming the first contract that differs.
    """
    codes = await code_of(rpc, {n: d.address for n, d in manifest.contracts.items()})
    for name, deployed in manifest.contracts.items():
        built = artifact(deployed.contract)
        if not codes[name] or built.masked(codes[name]) != built.runtime:
            raise VerificationFailed(
                f"the code of {name} on chain is not what the sources build",
                rule="deploy.code",
                field=deployed.address,
                value=f"{len(codes[name])} bytes, hash {hash_of(codes[name])}",
                remedy="use the release whose sources were deployed, or the right chain",
            )
    return list(manifest.contracts)
