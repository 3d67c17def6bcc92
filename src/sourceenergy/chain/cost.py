"""What a deployment and a month of a community cost, by really running them on a chain of our own.

The chain is an anvil with the wanted chain's id, in a folder that is thrown away. The plan runs
with its own parties (their keys are not needed: the chain lets anybody act for them), so that
the addresses are those it will have. The month runs on a second set of contracts whose
verifiers' keys are known here; gas does not depend on who signs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.chain.contracts import Contract, leaf_values, statement_values
from sourceenergy.chain.create2 import making, put_factory
from sourceenergy.chain.deploy import ordering
from sourceenergy.chain.keys import Account, quorum_proof
from sourceenergy.chain.parties import Signers
from sourceenergy.chain.plan import Plan, make_plan
from sourceenergy.chain.roles import Role
from sourceenergy.chain.rpc import Rpc
from sourceenergy.config.chain_profile import Season
from sourceenergy.errors import ChainError
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

WEI_PER_GWEI = 10**9
WEI_PER_COIN = 10**18
_RICH_WEI = hex(10**24)
_GAS = hex(16_000_000)
_DEPOSITS_AT_ONCE = 60
_EVER = (1 << 40) - 1
_TRADE_ENERGY, _CANADA = 2, 124
_DELAY_S = 60
_MONTH_S = 30 * 86_400
_DEPOSIT_UD, _PAYOUT_UD = Ud(40_000_000), Ud(15_000_000)


@dataclass(frozen=True, slots=True)
class MonthGas:
    """Measured gas of one transaction each, and of all members' deposits together."""

    members: int
    post: int  # the second statement of a community
    withdraw: int  # mean of the members, each paid before
    deposits: int  # of all members, each known already


@dataclass(frozen=True, slots=True)
class Measured:
    """Gas by contract, of the order that hands over, and of a month."""

    contracts: dict[str, int]
    order: int
    month: MonthGas

    @property
    def deployment(self) -> int:
        """Gas of the whole deployment."""
        return sum(self.contracts.values()) + self.order


def price_cad(gas: int, gas_price_gwei: Decimal, coin_cad: Decimal) -> Decimal:
    """What gas costs [CAD], to a hundredth of a cent, rounded half to even."""
    coins = Decimal(gas) * gas_price_gwei * WEI_PER_GWEI / WEI_PER_COIN
    return (coins * coin_cad).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


def month_gas(month: MonthGas, statements: int) -> int:
    """Gas of a month: so many statements, one deposit and one payout of every member."""
    return statements * month.post + month.deposits + month.members * month.withdraw


async def measure(plan: Plan, season: Season, members: int) -> Measured:
    """Run the plan, then a community of that many members, and count the gas."""
    with tempfile.TemporaryDirectory(prefix="sourceenergy-dry-run-") as folder:
        chain_id = plan.profile.chain_ids[0]
        async with EmbeddedChain(Path(folder), chain_id=chain_id) as chain, Rpc(chain.url) as rpc:
            hands = _Hands(rpc)
            await put_factory(rpc)
            contracts, order = await hands.deploy(plan)
            verifiers = [Account(keccak(f"verifier {n}".encode())) for n in (1, 2, 3)]
            accounts = tuple(verifier.address for verifier in verifiers)
            parties = replace(plan.parties, verifiers=Signers(accounts, 2))
            officer = "0x" + keccak(b"officer")[12:].hex()
            at_once = replace(
                parties,
                officers={Role.PASSPORT_ISSUER: (officer,)},
                deployer="0x" + keccak(b"another deployer")[12:].hex(),
            )
            other = make_plan(replace(plan.profile, officer_delay_s=0), at_once, season)
            await hands.deploy(other)
            month = await hands.month(other, officer, verifiers[:2], members, chain_id)
    return Measured(contracts, order, month)


class _Hands:
    """Acts for any account on a chain of our own."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def send(self, sender: str, calls: Sequence[tuple[str, bytes]]) -> list[int]:
        """Have calls carried out in order; the gas of each. Raises ChainError if one fails."""
        await self._rpc.batch(
            [
                ("anvil_impersonateAccount", (sender,)),
                ("anvil_setBalance", (sender, _RICH_WEI)),
            ]
        )
        first = int(await self._rpc.call("eth_getTransactionCount", sender, "pending"), 16)
        form = {"from": sender, "gas": _GAS}
        requests = [
            (
                "eth_sendTransaction",
                (form | {"to": to, "data": "0x" + data.hex(), "nonce": hex(first + i)},),
            )
            for i, (to, data) in enumerate(calls)
        ]
        hashes = _well(await self._rpc.batch(requests))
        asked = [("eth_getTransactionReceipt", (h,)) for h in hashes]
        receipts = _well(await self._rpc.batch(asked))
        for _ in hashes:  # what one block cannot hold waits for the next
            if None not in receipts:
                break
            await self._rpc.call("evm_mine")
            receipts = _well(await self._rpc.batch(asked))
        for (to, data), receipt in zip(calls, receipts, strict=True):
            if receipt is None or int(receipt["status"], 16) != 1:
                # asked once more, it says why
                await self._rpc.call("eth_call", form | {"to": to, "data": "0x" + data.hex()})
                raise ChainError(
                    "a step of the dry run was refused",
                    rule="deploy.dry_run",
                    field=to,
                    value=receipt,
                    remedy="the plan would fail on the chain too: mend it",
                )
        return [int(receipt["gasUsed"], 16) for receipt in receipts]

    async def deploy(self, plan: Plan) -> tuple[dict[str, int], int]:
        """Run a plan; gas by contract, and of the order."""
        gas: dict[str, int] = {}
        sender = plan.parties.deployer
        for wave in plan.waves:
            calls = [making(make.name, plan.creation(make)) for make in wave]
            missing = [
                call
                for call in calls
                if await self._rpc.call("eth_getCode", plan.addresses[call.intent], "latest")
                == "0x"
            ]
            used = await self.send(sender, [(str(call.to), call.data) for call in missing])
            gas |= {call.intent: cost for call, cost in zip(missing, used, strict=True)}
        manager = plan.contract("AccessManager")
        data = manager.encode("multicall", ordering(plan, await self._now_s()))
        (order,) = await self.send(sender, [(manager.address, data)])
        return gas, order

    async def month(
        self, plan: Plan, officer: str, verifiers: Sequence[Account], members: int, chain_id: int
    ) -> MonthGas:
        """Two statements of a community whose members all deposit and are all paid, twice."""
        factory, currency = plan.contract("ClearingFactory"), plan.contract("Currency")
        passport = plan.contract("Passport")
        operator = "0x" + keccak(b"operator")[12:].hex()
        council = plan.addresses["Timelock"]
        accounts = ["0x" + keccak(f"member {n}".encode())[12:].hex() for n in range(members)]
        verifier = plan.addresses["QuorumVerifier"]
        opening = factory.encode(
            "open", "Dry run", operator, operator, verifier, _DELAY_S, 7 * 86_400
        )
        bucket = currency.encode("setBucket", operator, 1 << 60)
        await self.send(council, [(factory.address, opening), (currency.address, bucket)])
        clearing = Contract("Clearing", await self._rpc.read(factory, "clearingOf", "Dry run"))
        community = community_id(chain_id, clearing.address, "Dry run")
        issued = [
            (passport.address, passport.encode("issue", a, _TRADE_ENERGY, _EVER, _CANADA))
            for a in (*accounts, operator)
        ]
        await self.send(officer, issued)
        approve = currency.encode("approve", clearing.address, (1 << 256) - 1)
        mint = currency.encode("mint", operator, 4 * members * _DEPOSIT_UD)
        await self.send(operator, [(currency.address, approve), (currency.address, mint)])
        previous, found = ZERO_HASH, MonthGas(members, 0, 0, 0)
        for number in (1, 2):
            deposits = await self._deposit(clearing, operator, accounts)
            statement, leaves = _statement(community, number, previous, accounts)
            previous = statement_hash(chain_id, clearing.address, statement)
            proof = quorum_proof(bytes.fromhex(previous), verifiers)
            posting = clearing.encode("post", statement_values(statement), proof)
            (post,) = await self.send(operator, [(clearing.address, posting)])
            await self._rpc.call("evm_increaseTime", _DELAY_S + 1)
            await self._rpc.call("evm_mine")
            levels = merkle_levels([payout_leaf_hash(community, leaf) for leaf in leaves])
            paid = await self.send(
                operator,
                [
                    (
                        clearing.address,
                        clearing.encode(
                            "withdraw",
                            number,
                            leaf_values(leaf),
                            merkle_proof(levels, index),
                        ),
                    )
                    for index, leaf in enumerate(leaves)
                ],
            )
            found = MonthGas(members, post, -(-sum(paid) // members), deposits)
        return found

    async def _deposit(self, clearing: Contract, operator: str, accounts: Sequence[str]) -> int:
        calls = []
        for start in range(0, len(accounts), _DEPOSITS_AT_ONCE):
            some = list(accounts[start : start + _DEPOSITS_AT_ONCE])
            amounts = [_DEPOSIT_UD] * len(some)
            calls.append((clearing.address, clearing.encode("depositMany", some, amounts)))
        return sum(await self.send(operator, calls))

    async def _now_s(self) -> int:
        block = await self._rpc.call("eth_getBlockByNumber", "latest", False)
        return int(block["timestamp"], 16)


def _statement(
    community: str, number: int, previous: str, accounts: Sequence[str]
) -> tuple[Statement, list[PayoutLeaf]]:
    deposited, paid = Ud(number * _DEPOSIT_UD), Ud(number * _PAYOUT_UD)
    leaves = [
        PayoutLeaf(a, deposited, paid, Ud(deposited - paid), keccak(a.encode()).hex())
        for a in accounts
    ]
    root = merkle_root([payout_leaf_hash(community, leaf) for leaf in leaves])
    count = len(accounts)
    filler = keccak(number.to_bytes(1, "big")).hex()
    return (
        Statement(
            community,
            number,
            (number - 1) * _MONTH_S,
            number * _MONTH_S,
            previous,
            root,
            filler,
            filler,
            filler,
            Wh(10**9),
            Wh(10**9),
            Wh(5 * 10**8),
            Ud(count * deposited),
            Ud(count * paid),
            Ud(count * (deposited - paid)),
        ),
        leaves,
    )


def _well(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, ChainError):
            raise answer
    return answers
