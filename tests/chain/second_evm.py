"""The same contracts through the same gateway on two EVMs: anvil (revm) and EthereumJS."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chain.conftest import ETHER, SqliteIntentLog, signer
from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.chain.contracts import Contract, leaf_values, statement_values
from sourceenergy.chain.create2 import FACTORY_SENDER
from sourceenergy.chain.deploy import deploy
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.keys import Account, quorum_proof
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.plan import Plan
from sourceenergy.chain.rpc import Reverted, Rpc
from sourceenergy.proofs import (
    ZERO_HASH,
    community_id,
    keccak,
    merkle_levels,
    merkle_proof,
    merkle_root,
    payout_leaf_hash,
    statement_hash,
)
from sourceenergy.records import PayoutLeaf, Statement
from sourceenergy.units import Ud, Wh

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
BEGIN_S = 1_796_083_200  # 2026-12-01, inside the first season of energy credits
LATER_S = BEGIN_S + 10_000  # the rule packs are in force
EVER = (1 << 40) - 1
NO_MOST = (1 << 128) - 1
EVERYTHING, CANADA = 7, 124  # a passport to invest, trade energy and hold certificates
DOLLAR = 1_000_000
KWH = 1000
SHARE = 10**12
TOKENS = (
    "Currency", "EnergyCredit", "LiquidityPool", "Certificates", "CertificateBasket", "Fund",
)  # fmt: skip


@dataclass
class Chain:
    """A chain of either kind: its connection, and the two things a test may do to it."""

    name: str
    rpc: Rpc
    fund: Callable[[str], Awaitable[object]]
    set_time: Callable[[int], Awaitable[object]]


@dataclass
class Outcome:
    """What a run left behind, in numbers that no two EVMs may differ in."""

    gas: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    code: dict[str, str] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)


@contextlib.asynccontextmanager
async def revm(folder: Path) -> AsyncIterator[Chain]:
    """anvil, its clock a second a block as the other's is."""
    async with EmbeddedChain(folder / "revm") as chain, Rpc(chain.url) as rpc:
        await rpc.call("anvil_setBlockTimestampInterval", 1)
        yield Chain(
            "revm",
            rpc,
            lambda address: rpc.call("anvil_setBalance", address, hex(1000 * ETHER)),
            lambda time_s: rpc.call("anvil_setTime", time_s),
        )


@contextlib.asynccontextmanager
async def ethereumjs() -> AsyncIterator[Chain]:
    """EthereumJS, in a process of its own."""
    if not shutil.which("node") or not (CONTRACTS / "node_modules/@ethereumjs/vm").is_dir():
        pytest.skip("needs Node and `npm ci --prefix contracts`")
    process = subprocess.Popen(  # noqa: ASYNC220 - it starts at once
        ["node", "second-evm.mjs"],
        cwd=CONTRACTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    try:
        async with Rpc(f"http://127.0.0.1:{port}", timeout_s=120) as rpc:
            yield Chain(
                "ethereumjs",
                rpc,
                lambda address: rpc.call("dev_setBalance", address, hex(1000 * ETHER)),
                lambda time_s: rpc.call("dev_setTime", time_s),
            )
    finally:
        process.terminate()
        process.communicate()


class Run:
    """One run of the core of the suite on one chain."""

    def __init__(self, chain: Chain, plan: Plan, log: SqliteIntentLog) -> None:
        self.chain, self.plan, self.log = chain, plan, log
        self.outcome = Outcome()
        self.manifest: Manifest
        self.made: dict[str, Contract] = {}  # contracts that others than the plan made

    async def all(self, folder: Path, deployer: Account, officer: Account) -> Outcome:
        """Deploy, admit, settle, trade, redeem, refuse."""
        self.officer, self.ann, self.ben = officer, signer(61), signer(62)
        self.second_officer = signer(71)
        for account in (deployer, officer, self.second_officer, self.ann, self.ben):
            await self.chain.fund(account.address)
        await self.chain.fund(FACTORY_SENDER)  # one of them begins without the factory
        await self.chain.set_time(BEGIN_S)
        self.manifest = await deploy(
            self._gateway(deployer), self.plan, folder / f"{self.chain.name}.json"
        )
        gas = {name: d.gas_used or 0 for name, d in self.manifest.contracts.items()}
        self.outcome.gas |= {f"deploy {name}": used for name, used in gas.items()}
        self.outcome.gas["hand over"] = self.manifest.order_gas_used or 0
        self.outcome.code = {n: d.code_hash for n, d in self.manifest.contracts.items()}
        await self.chain.set_time(LATER_S)
        await self.admit()
        await self.settle()
        await self.trade()
        await self.trade_others()
        await self.redeem()
        await self.refuse()
        for account in (self.ann, self.ben):
            for token in TOKENS:
                held = await self.ask(token, "heldOf", account.address)
                self.outcome.balances[f"{token} of {account.address}"] = held
        return self.outcome

    async def admit(self) -> None:
        """Passports, one after the other, and a device whose key is on the curve."""
        for account in (self.officer, self.ann, self.ben):
            await self.act(
                self.officer, "Passport", "issue", account.address, EVERYTHING, EVER, CANADA
            )
        x = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
        y = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5
        key = (x.to_bytes(32, "big"), y.to_bytes(32, "big"))
        await self.act(self.officer, "Devices", "register", *key, self.ann.address, 1, 10_000)
        self.meter = keccak(b"".join(key))

    async def settle(self) -> None:
        """Deposit, post with two signatures, withdraw against a Merkle proof."""
        officer, factory = self.officer, self.manifest.contract("ClearingFactory")
        verifier = self.manifest.contracts["QuorumVerifier"].address
        people = (officer.address, officer.address, verifier)
        most = (1 << 256) - 1
        await self.act(officer, "ClearingFactory", "open", "Two", *people, 1, 7 * 86_400)
        clearing = Contract("Clearing", await self.chain.rpc.read(factory, "clearingOf", "Two"))
        self.made["Clearing"] = clearing
        community = community_id(self.manifest.chain_id, clearing.address, "Two")
        await self.act(officer, "Currency", "setBucket", officer.address, 10**12)
        await self.act(officer, "Currency", "mint", officer.address, 1000 * DOLLAR)
        await self.act(officer, "Currency", "approve", clearing.address, most)
        members = [self.ann.address, self.ben.address]
        await self.act(officer, "Clearing", "depositMany", members, [50 * DOLLAR, 70 * DOLLAR])
        leaves = [
            PayoutLeaf(self.ann.address, Ud(50 * DOLLAR), Ud(60 * DOLLAR), Ud(0), "01" * 32),
            PayoutLeaf(self.ben.address, Ud(70 * DOLLAR), Ud(0), Ud(60 * DOLLAR), "02" * 32),
        ]
        levels = merkle_levels([payout_leaf_hash(community, leaf) for leaf in leaves])
        root = merkle_root([payout_leaf_hash(community, leaf) for leaf in leaves])
        statement = Statement(
            community, 1, 900, 1800, ZERO_HASH, root, "02" * 32, "03" * 32, "04" * 32,
            Wh(5000), Wh(6000), Wh(4000), Ud(120 * DOLLAR), Ud(60 * DOLLAR), Ud(60 * DOLLAR),
        )  # fmt: skip
        digest = bytes.fromhex(statement_hash(self.manifest.chain_id, clearing.address, statement))
        proof = quorum_proof(digest, [signer(11), signer(13)])
        forged = quorum_proof(digest, [signer(11), signer(14)])
        values = statement_values(statement)
        await self.refused("a forged quorum", officer, "Clearing", "post", values, forged)
        await self.act(officer, "Clearing", "post", values, proof)
        paid = (1, leaf_values(leaves[0]), merkle_proof(levels, 0))
        await self.act(self.ann, "Currency", "approve", clearing.address, most)
        await self.act(officer, "Clearing", "withdraw", *paid)
        await self.refused("paid twice", officer, "Clearing", "withdraw", *paid)

    async def trade(self) -> None:
        """Credits are made, sold on the exchange, lent to the pool and bought from it."""
        exchange, pool = self.manifest.contract("Exchange"), self.manifest.contract("LiquidityPool")
        credit = self.manifest.contracts["EnergyCredit"].address
        most = (1 << 256) - 1
        await self.act(self.officer, "Currency", "approve", credit, most)
        await self.act(
            self.officer, "EnergyCredit", "mint", self.ann.address, 900 * KWH, b"\x01" * 32
        )
        await self.act(self.officer, "Currency", "transfer", self.ben.address, 200 * DOLLAR)
        await self.act(self.officer, "Currency", "transfer", self.ann.address, 50 * DOLLAR)
        for member in (self.ann, self.ben):
            for venue in (exchange, pool):
                await self.act(member, "Currency", "approve", venue.address, most)
                await self.act(member, "EnergyCredit", "approve", venue.address, most)
        await self.take("EnergyCredit", 0, 100 * KWH, 120_000, 40 * KWH)
        await self.act(self.ann, "LiquidityPool", "provide", 90 * DOLLAR, 750 * KWH, 0, True, EVER)
        await self.act(self.ben, "LiquidityPool", "buy", 10 * DOLLAR, 1, EVER)
        await self.act(self.ben, "LiquidityPool", "sell", 20 * KWH, 1, EVER)
        await self.refused("slippage", self.ben, "LiquidityPool", "buy", 10 * DOLLAR, 10**9, EVER)

    async def trade_others(self) -> None:
        """Certificates, shares of their basket and units of the fund: listed from the start."""
        officer, ann = self.officer, self.ann
        await self.act(officer, "Devices", "setVerified", self.meter, True)
        span = (self.meter, BEGIN_S, BEGIN_S + 9000, 20 * KWH)
        await self.act(officer, "Certificates", "issue", span, ann.address, 1, False, 70_993)
        class_ = (datetime.fromtimestamp(BEGIN_S, UTC).year, 1, False, 70_993)
        certificate = await self.ask("Certificates", "idOf", class_)
        for holder in ("Exchange", "CertificateBasket"):
            where = self.manifest.contracts[holder].address
            await self.act(ann, "Certificates", "setApprovalForAll", where, True)
        await self.take("Certificates", certificate, 12 * KWH, 60 * DOLLAR, 5 * KWH)

        await self.act(officer, "CertificateBasket", "admit", [certificate])
        await self.act(ann, "CertificateBasket", "deposit", certificate, 6 * KWH)
        await self.act(ann, "Currency", "approve", self.manifest.contracts["Fund"].address, DOLLAR)
        await self.act(ann, "Fund", "deposit", DOLLAR, ann.address)
        exchange = self.manifest.contracts["Exchange"].address
        for token, amount in (("CertificateBasket", 6 * KWH), ("Fund", SHARE)):
            await self.act(ann, token, "approve", exchange, amount)
            await self.take(token, 0, amount, DOLLAR, amount // 2)

    async def take(self, token: str, id_: int, amount: int, price_ud: int, taken: int) -> None:
        """Ann's order to sell at that price is taken by Ben, in part."""
        order = (
            self.ann.address, self.manifest.contracts[token].address, id_, True, amount, price_ud,
            NO_MOST, EVER, 0, "0x" + "00" * 20, 7,
        )  # fmt: skip
        digest = bytes.fromhex((await self.ask("Exchange", "orderHash", order))[2:])
        fill = (order, self.ann.sign_digest(digest), taken)
        await self.act(self.ben, "Exchange", "take", fill, NO_MOST)

    async def redeem(self) -> None:
        """Money that came in at the bank is attested, made, and redeemed at par."""
        custodians = [signer(21), signer(22)]
        attestation = (LATER_S, 10**10, 0, b"\x05" * 32)
        receipt = (self.ben.address, 100 * DOLLAR, b"\x06" * 32)
        for question, verb, what in (
            ("attestationHash", "attest", attestation),
            ("receiptHash", "issue", receipt),
        ):
            digest = bytes.fromhex((await self.ask("BackingReserve", question, what))[2:])
            proof = quorum_proof(digest, custodians)
            await self.act(self.officer, "BackingReserve", verb, what, proof)
        reserve = self.manifest.contracts["BackingReserve"].address
        await self.act(self.ben, "Currency", "approve", reserve, 30 * DOLLAR)
        await self.act(self.ben, "BackingReserve", "redeem", 30 * DOLLAR, b"\x07" * 32)
        await self.refused("redeemed twice", self.ben, "BackingReserve", "redeem", 1, b"\x07" * 32)

    async def refuse(self) -> None:
        """What a frozen member, the officer who held her, a stranger, an old deployer are told."""
        await self.act(self.officer, "Passport", "setFrozen", self.ben.address, True)
        await self.refused("frozen", self.ben, "LiquidityPool", "buy", DOLLAR, 1, EVER)
        await self.refused("a stranger", self.ann, "Passport", "setFrozen", self.ben.address, False)
        await self.refused(
            "its own hold", self.officer, "Passport", "setFrozen", self.ben.address, False
        )
        await self.act(self.second_officer, "Passport", "setFrozen", self.ben.address, False)
        await self.act(self.ben, "LiquidityPool", "buy", DOLLAR, 1, EVER)
        await self.refused("role 0", self.ann, "AccessManager", "grantRole", 0, self.ann.address, 0)

    async def act(self, who: Account, name: str, function: str, *arguments: Any) -> None:
        """Have a call carried out; its gas goes into the outcome."""
        contract = self._contract(name)
        number = len(self.outcome.gas)
        receipt = await self._gateway(who).send(
            f"{number}", contract.address, contract.encode(function, *arguments)
        )
        self.outcome.gas[f"{number} {name}.{function}"] = receipt.gas_used

    async def refused(
        self, what: str, who: Account, name: str, function: str, *arguments: Any
    ) -> None:
        """Have a call refused; the reason goes into the outcome."""
        contract = self._contract(name)
        data = contract.encode(function, *arguments)
        with pytest.raises(Reverted) as error:
            await self._gateway(who).send(f"refused {what}", contract.address, data)
        self.outcome.refused[what] = str(error.value.reason)

    async def ask(self, name: str, function: str, *arguments: Any) -> Any:
        return await self.chain.rpc.read(self._contract(name), function, *arguments)

    def _contract(self, name: str) -> Contract:
        return self.made.get(name) or self.manifest.contract(name)

    def _gateway(self, account: Account) -> Gateway:
        return Gateway(self.chain.rpc, account, self.log, wait_s=60)


P256_CASES: Sequence[tuple[str, str]] = (
    # RFC 6979, A.2.5: P-256 with SHA-256 of "sample"; then with one bit of the hash changed
    (
        "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
        "0x" + "1".rjust(64, "0"),
    ),
    (
        "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1be"
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
        "0x",
    ),
)
