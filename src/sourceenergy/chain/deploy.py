"""Put the contracts on a chain, once: each step is an intent, so a cut run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path

from sourceenergy.chain.contracts import Contract, artifact
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.intents import Call
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import InputError, VerificationFailed
from sourceenergy.proofs import keccak


class Role(IntEnum):
    """Who may do what on chain, as AccessManager numbers it; 0 is its administrator."""

    PASSPORT_ISSUER = 1
    DEVICE_REGISTRAR = 2
    BUCKET_GOVERNOR = 3
    COMMUNITY_REGISTRAR = 4


_RESTRICTED: Mapping[str, tuple[Role, tuple[str, ...]]] = {
    "Passport": (Role.PASSPORT_ISSUER, ("issue", "revoke", "setFrozen")),
    "Devices": (Role.DEVICE_REGISTRAR, ("register", "setVerified", "revoke")),
    "Currency": (Role.BUCKET_GOVERNOR, ("setBucket",)),
    "ClearingFactory": (Role.COMMUNITY_REGISTRAR, ("open",)),
}


@dataclass(frozen=True)
class Deployed:
    """Where a contract is, the Keccak-256 of its code (0x hex), and the block it came with."""

    address: str
    code_hash: str
    block: int


@dataclass(frozen=True)
class Manifest:
    """A set of contracts on one chain, and who holds which role."""

    chain_id: int
    contracts: Mapping[str, Deployed]
    roles: Mapping[str, Sequence[str]]

    def contract(self, name: str) -> Contract:
        """The contract of that name, ready to encode calls."""
        return Contract(name, self.contracts[name].address)

    @property
    def first_block(self) -> int:
        """The block to read events from."""
        return min(deployed.block for deployed in self.contracts.values())


async def deploy(
    gateway: Gateway,
    roles: Mapping[Role, Sequence[str]],
    verifiers: Sequence[str],
    quorum: int,
    path: Path,
) -> Manifest:
    """Deploy what is missing, grant the roles, write the manifest to ``path``; safe to repeat.

    The gateway's account becomes the administrator. ``verifiers`` and ``quorum`` (how many of
    them must sign) make the QuorumVerifier. Raises VerificationFailed when ``path`` describes
    contracts this chain does not have and the gateway's log knows nothing of making.
    """
    admin = gateway.account.address
    known = _known(path)
    try:
        if known is not None:
            await check_manifest(gateway.rpc, known)
        contracts = dict(known.contracts) if known is not None else {}
    except VerificationFailed:
        if not gateway.knows("deploy:AccessManager"):
            raise
        contracts = {}  # the chain went back: the same transactions make the same contracts
    if not contracts:
        contracts = await _make_all(gateway, admin, verifiers, quorum)
    manager = Contract("AccessManager", contracts["AccessManager"].address)
    await gateway.send_many(
        [
            Call(f"deploy:functions:{name}", manager.address, _restrict(manager, name, contracts))
            for name in _RESTRICTED
        ]
    )
    await gateway.send_many(
        [
            Call(
                f"deploy:grant:{role.name}:{account.lower()}",
                manager.address,
                manager.encode("grantRole", int(role), account, 0),
            )
            for role, accounts in roles.items()
            for account in accounts
        ]
    )
    granted = {role.name: {a.lower() for a in accounts} for role, accounts in roles.items()}
    for name, accounts in known.roles.items() if known else ():
        granted[name] = granted.get(name, set()) | set(accounts)
    manifest = Manifest(
        chain_id=await gateway.rpc.chain_id(),
        contracts=contracts,
        roles={name: sorted(accounts) for name, accounts in sorted(granted.items())},
    )
    _write(path, manifest)
    return manifest


def load_manifest(path: Path) -> Manifest:
    """Read a manifest; raises InputError when it is missing or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(
            chain_id=int(content["chain_id"]),
            contracts={name: Deployed(**row) for name, row in content["contracts"].items()},
            roles={name: list(accounts) for name, accounts in content["roles"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "not a manifest of contracts",
            rule="manifest.form",
            field=str(path),
            value=error,
            remedy="run `sourceenergy up` to have it written, or restore it",
        ) from error


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
    for name, deployed in manifest.contracts.items():
        found = await _code_hash(rpc, deployed.address)
        if found != deployed.code_hash:
            raise VerificationFailed(
                f"{name} is not what the manifest says",
                rule="manifest.code",
                field=deployed.address,
                value=found,
                remedy="right chain? if its state was lost, remove the data directory to begin "
                "anew, or restore both from one copy",
            )


async def _make_all(
    gateway: Gateway, admin: str, verifiers: Sequence[str], quorum: int
) -> dict[str, Deployed]:
    made: dict[str, Deployed] = {}

    async def make(name: str, *arguments: object) -> str:
        receipt = await gateway.send(f"deploy:{name}", None, artifact(name).creation(*arguments))
        address = str(receipt.contract).lower()
        made[name] = Deployed(address, await _code_hash(gateway.rpc, address), receipt.block)
        return address

    manager = await make("AccessManager", admin)
    passport = await make("Passport", manager)
    await make("Devices", manager)
    currency = await make("Currency", manager)
    await make("QuorumVerifier", list(verifiers), quorum)
    await make("ClearingFactory", manager, currency, passport)
    return made


def _known(path: Path) -> Manifest | None:
    return load_manifest(path) if path.exists() else None


def _restrict(manager: Contract, name: str, contracts: Mapping[str, Deployed]) -> bytes:
    role, functions = _RESTRICTED[name]
    selectors = [artifact(name).selectors[function] for function in functions]
    return manager.encode("setTargetFunctionRole", contracts[name].address, selectors, int(role))


async def _code_hash(rpc: Rpc, address: str) -> str:
    code = await rpc.call("eth_getCode", address, "latest")
    return "0x" + keccak(bytes.fromhex(code[2:])).hex()


def _write(path: Path, manifest: Manifest) -> None:
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
