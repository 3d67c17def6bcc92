"""A community's business on chain: contracts, passports, devices, money and statements.

Every act is an intent, so that a run that was cut goes on where it stopped and nothing is ever
done twice.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sourceenergy.audit.onchain import posted_statements
from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.chain.contracts import Contract, leaf_values, statement_values
from sourceenergy.chain.deeds import Deed, deed_of
from sourceenergy.chain.deploy import deploy
from sourceenergy.chain.gateway import Gateway, reconcile_all
from sourceenergy.chain.intents import Call, TransactionReceipt
from sourceenergy.chain.keys import Account, open_account, quorum_proof
from sourceenergy.chain.manifest import Manifest, check_manifest, load_manifest
from sourceenergy.chain.parties import local_parties
from sourceenergy.chain.plan import make_plan
from sourceenergy.chain.rpc import Rpc
from sourceenergy.config.chain_profile import ChainProfile, chain_settings, profile_of_chain
from sourceenergy.errors import InvariantBroken, NotPermitted, Unavailable
from sourceenergy.node.intent_log import StoredIntentLog
from sourceenergy.proofs import ZERO_HASH, community_id, statement_hash
from sourceenergy.records import DeviceKind, PayoutLeaf, PostedStatement, Statement
from sourceenergy.settlement.published import Anchor
from sourceenergy.store.sqlite import Store

TRADE_ENERGY = 2
CANADA = 124
PASSPORT_YEARS_S = 2 * 366 * 86_400
LOCAL_WEI = 10**21
BUCKET_UD = 10**15
"""Most the operator may mint on a local chain: a billion dollars of simulated money."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a community is opened in ``Clearing`` [s]."""

    delay_s: int = 20
    exit_window_s: int = 7 * 86_400


class OnChain:
    """The acts of one community's operator; ``connect`` makes it ready."""

    def __init__(
        self,
        rpc: Rpc,
        manifest: Manifest,
        officer: Gateway,
        operator: Gateway,
        deployer: Gateway,
        verifier: Account,
        anchor: Anchor,
    ) -> None:
        self.rpc = rpc
        self.manifest = manifest
        self.officer = officer
        self.operator = operator
        self._deployer = deployer
        self.anchor = anchor
        self._verifier = verifier
        self.clearing = Contract("Clearing", anchor.clearing)
        self.currency = manifest.contract("Currency")

    @classmethod
    async def connect(
        cls,
        rpc: Rpc,
        chain_dir: Path,
        store: Store,
        name: str,
        terms: Terms,
        local: EmbeddedChain | None,
    ) -> OnChain:
        """Deploy what is missing, open the community, give the operator its rights.

        ``local`` is the embedded chain, whose accounts it fills with worthless ether; on another
        chain the keys in ``chain_dir`` must hold some. On a public chain nothing is deployed:
        the manifest that `sourceenergy deploy` wrote there must be in ``chain_dir``, and the
        officer must hold the roles. ``terms`` count when the community is opened; one that is
        open keeps those it has.
        """
        keys = chain_dir / "keys"
        officer, operator = open_account(keys, "officer"), open_account(keys, "operator")
        deployer = open_account(keys, "deployer")
        guardian, verifier = open_account(keys, "guardian"), open_account(keys, "verifier")
        if local is not None:
            for account in (deployer, officer, operator):
                await local.fund(account.address, LOCAL_WEI)
        log = StoredIntentLog(store)
        as_deployer = Gateway(rpc, deployer, log)
        as_officer, as_operator = Gateway(rpc, officer, log), Gateway(rpc, operator, log)
        await reconcile_all([as_deployer, as_officer, as_operator])
        profile = profile_of_chain(await rpc.chain_id())
        manifest = await _contracts(as_deployer, profile, chain_dir)
        factory, currency = manifest.contract("ClearingFactory"), manifest.contract("Currency")
        verifier_contract = manifest.contract("QuorumVerifier").address
        opening = (
            name,
            operator.address,
            guardian.address,
            verifier_contract,
            terms.delay_s,
            terms.exit_window_s,
        )
        is_open = int(str(await rpc.read(factory, "clearingOf", name)), 16) != 0
        if profile.public and not is_open:
            raise _not_open(name, deed_of("ClearingFactory", "open", opening, manifest))
        # once open, a community keeps its terms, whoever opened it
        if not is_open and not as_officer.knows(f"open:{name}"):
            await as_officer.send(f"open:{name}", factory.address, factory.encode("open", *opening))
        if not profile.public:  # elsewhere the reserve alone makes money, against custody
            await as_officer.send(
                "bucket:operator",
                currency.address,
                currency.encode("setBucket", operator.address, BUCKET_UD),
            )
        clearing = await _clearing_of(rpc, factory, name)
        await as_operator.send(
            f"approve:{clearing}",
            currency.address,
            currency.encode("approve", clearing, (1 << 256) - 1),
        )
        here = community_id(manifest.chain_id, clearing, name)
        anchor = Anchor(manifest.chain_id, clearing, here)
        return cls(rpc, manifest, as_officer, as_operator, as_deployer, verifier, anchor)

    async def reconcile(self) -> None:
        """Send again what a chain that went back has lost."""
        await reconcile_all([self._deployer, self.officer, self.operator])

    async def chain_time_s(self) -> int:
        """Time of the newest block [s]."""
        block = await self.rpc.call("eth_getBlockByNumber", "latest", False)
        return int(block["timestamp"], 16)

    async def issue_passports(self, accounts: Sequence[str]) -> None:
        """Give every account that has none a passport to trade energy."""
        passport = self.manifest.contract("Passport")
        missing = [a for a in accounts if not self.officer.knows(f"passport:{a.lower()}")]
        expiry = await self.chain_time_s() + PASSPORT_YEARS_S
        await self.officer.send_many(
            [
                Call(
                    f"passport:{account.lower()}",
                    passport.address,
                    passport.encode("issue", account, TRADE_ENERGY, expiry, CANADA),
                )
                for account in missing
            ]
        )

    async def register_devices(self, devices: Mapping[str, tuple[int, int, str]]) -> None:
        """Register and verify devices: id to P-256 key (x, y) and the owner's account."""
        contract = self.manifest.contract("Devices")
        await self.officer.send_many(
            [
                Call(
                    f"device:{device}",
                    contract.address,
                    contract.encode(
                        "register",
                        x.to_bytes(32, "big"),
                        y.to_bytes(32, "big"),
                        owner,
                        int(DeviceKind.METER),
                        10_000,
                    ),
                )
                for device, (x, y, owner) in devices.items()
                if not self.officer.knows(f"device:{device}")
            ]
        )
        await self.officer.send_many(
            [
                Call(
                    f"device-verified:{device}",
                    contract.address,
                    contract.encode("setVerified", device, True),
                )
                for device in devices
                if not self.officer.knows(f"device-verified:{device}")
            ]
        )

    async def deposit(self, key: str, amounts_ud: Mapping[str, int]) -> None:
        """Mint what was collected and deposit it for the members, once for each ``key``."""
        amounts = {account: amount for account, amount in amounts_ud.items() if amount > 0}
        if not amounts:
            return
        await self.operator.send(
            f"mint:{key}",
            self.currency.address,
            self.currency.encode("mint", self.operator.account.address, sum(amounts.values())),
        )
        await self.operator.send(
            f"deposit:{key}",
            self.clearing.address,
            self.clearing.encode("depositMany", list(amounts), list(amounts.values())),
        )

    async def post(self, statement: Statement) -> PostedStatement:
        """Have the verifier sign and post a statement; a second call finds the first one's.

        After a veto it first takes the contract's head back, as ``Clearing.rewind`` asks.
        """
        intent = f"post:{self.anchor.community}:{statement.epoch}"
        if not self.operator.knows(intent):
            await self._rewind()
        digest = statement_hash(self.anchor.chain_id, self.anchor.clearing, statement)
        proof = quorum_proof(bytes.fromhex(digest), [self._verifier])
        receipt = await self.operator.send(
            intent,
            self.clearing.address,
            self.clearing.encode("post", statement_values(statement), proof),
        )
        found = [
            item
            for item in await posted_statements(
                self.rpc, self.anchor.clearing, self.anchor.community, receipt.block
            )
            if item.statement.epoch == statement.epoch
        ]
        if not found:
            raise Unavailable(
                "the chain went back while the statement was posted",
                rule="statement.posted",
                field="epoch",
                value=statement.epoch,
                remedy="post it again: it is sent once",
            )
        if found[0].hash != digest:
            raise InvariantBroken(
                "the chain holds another statement under this epoch",
                rule="statement.same",
                field="epoch",
                value=statement.epoch,
                remedy="stop, and compare the store with the chain",
            )
        return found[0]

    async def _rewind(self) -> None:
        """Show the contract the vetoed statements, from its head back to the last accepted one."""
        head = await self.rpc.read(self.clearing, "head")
        if not head["isVoid"]:
            return
        posted = {item.hash: item for item in await self.posted()}
        statements, hash_ = list[Statement](), str(head["hash"]).removeprefix("0x")
        while hash_ != ZERO_HASH:
            item = posted[hash_]
            statements.append(item.statement)
            if item.statement.epoch == head["epoch"]:
                break
            hash_ = item.statement.previous
        await self.operator.send(
            f"rewind:{self.anchor.community}:{head['nextEpoch']}:{head['epoch']}",
            self.clearing.address,
            self.clearing.encode("rewind", [statement_values(s) for s in statements]),
        )

    async def withdraw(
        self, epoch: int, leaf: PayoutLeaf, proof: Sequence[str]
    ) -> TransactionReceipt:
        """Pay a member what the leaf of a live statement authorises; the operator pays the gas."""
        return await self.operator.send(
            f"withdraw:{self.anchor.community}:{leaf.account.lower()}:{epoch}",
            self.clearing.address,
            self.clearing.encode("withdraw", epoch, leaf_values(leaf), list(proof)),
        )

    async def serve_exit(
        self, epoch: int, leaf: PayoutLeaf, proof: Sequence[str]
    ) -> TransactionReceipt:
        """Answer a member's request to leave with a live statement that left no balance."""
        return await self.operator.send(
            f"exit:{self.anchor.community}:{leaf.account.lower()}:{epoch}",
            self.clearing.address,
            self.clearing.encode("serveExit", epoch, leaf_values(leaf), list(proof)),
        )

    async def posted(self) -> list[PostedStatement]:
        """All statements of the community on chain, vetoed ones marked."""
        return await posted_statements(
            self.rpc, self.anchor.clearing, self.anchor.community, self.manifest.first_block
        )

    async def deposited_ud(self, account: str) -> int:
        """What was ever deposited for an account of this community [ud]."""
        return int(await self.rpc.read(self.clearing, "deposited", account))

    async def balance_ud(self, account: str) -> int:
        """Settlement money an account holds [ud]."""
        return int(await self.rpc.read(self.currency, "balanceOf", account))

    async def paid_ud(self, account: str) -> int:
        """What ``Clearing`` has paid an account of this community so far [ud]."""
        return int(await self.rpc.read(self.clearing, "paid", account))


async def _contracts(deployer: Gateway, profile: ChainProfile, chain_dir: Path) -> Manifest:
    """The contracts of this chain: deployed on a local one, found on a public one."""
    path = chain_dir / "manifest.json"
    if profile.public:
        manifest = load_manifest(path)
        await check_manifest(deployer.rpc, manifest)
        return manifest
    settings = chain_settings()
    return await deploy(
        deployer, make_plan(profile, local_parties(chain_dir / "keys"), settings.season), path
    )


def _not_open(name: str, opening: Deed) -> NotPermitted:
    return NotPermitted(
        "the community is not open on this chain: there its opening is announced first, and waits",
        rule="community.open",
        field="name",
        value=name,
        remedy=f"have the registrar run sourceenergy power schedule {shlex.quote(str(opening))} "
        "and, once its delay is over, power execute",
    )


async def _clearing_of(rpc: Rpc, factory: Contract, name: str) -> str:
    """Address of the community's contract, in lower case."""
    clearing = str(await rpc.read(factory, "clearingOf", name)).lower()
    if int(clearing, 16) == 0:
        raise Unavailable(
            "the community is not open on this chain yet",
            rule="community.open",
            field="name",
            value=name,
            remedy="its opening is on its way: ask again in a moment",
        )
    return clearing
