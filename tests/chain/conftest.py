"""A real chain for the tests, and a log of intents as the store should keep one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import apsw
import pytest

from sourceenergy.chain.anvil import EmbeddedChain, find_anvil
from sourceenergy.chain.deploy import deploy
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.intents import IntentRecord, IntentState
from sourceenergy.chain.keys import Account, SignedTransaction
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.parties import Parties, Signers
from sourceenergy.chain.plan import Plan, make_plan
from sourceenergy.chain.roles import OFFICERS, Role
from sourceenergy.chain.rpc import Rpc
from sourceenergy.config.chain_profile import chain_settings
from sourceenergy.errors import Unavailable

ETHER = 10**18


class SqliteIntentLog:
    """The reference: one table, two unique constraints, a synced transaction a write."""

    def __init__(self, path: Path) -> None:
        self._db = apsw.Connection(str(path))
        self._db.execute(
            "pragma journal_mode=wal; pragma synchronous=full;"
            "create table if not exists intents("
            "intent text primary key, sender text, nonce integer, block integer,"
            "state text, body text, unique (sender, nonce)) strict"
        ).fetchall()

    def find(self, intent: str) -> IntentRecord | None:
        rows = self._db.execute("select body from intents where intent = ?", (intent,)).fetchall()
        return _record(str(rows[0][0])) if rows else None

    def next_nonce(self, sender: str) -> int | None:
        highest = self._db.execute("select max(nonce) from intents where sender = ?", (sender,)).get
        return None if highest is None else highest + 1

    def search(self, sender: str, from_nonce: int, from_block: int) -> list[IntentRecord]:
        rows = self._db.execute(
            "select body from intents where sender = ?"
            " and (state = 'pending' or nonce >= ? or block >= ?) order by nonce",
            (sender, from_nonce, from_block),
        )
        return [_record(body) for (body,) in rows]

    def add(self, records: Sequence[IntentRecord]) -> bool:
        try:
            with self._db:
                self._db.executemany(
                    "insert into intents values (?, ?, ?, ?, ?, ?)", map(_row, records)
                )
        except apsw.ConstraintError:
            return False
        return True

    def update(self, record: IntentRecord) -> None:
        self._db.execute("replace into intents values (?, ?, ?, ?, ?, ?)", _row(record))


def _row(record: IntentRecord) -> tuple[str, str, int, int | None, str, str]:
    body = json.dumps({name: getattr(record, name) for name in IntentRecord.__slots__})
    return record.intent, record.sender, record.nonce, record.block, record.state, body


def _record(body: str) -> IntentRecord:
    fields = json.loads(body)
    fields["raws"] = tuple(SignedTransaction(*raw) for raw in fields["raws"])
    fields["state"] = IntentState(fields["state"])
    return IntentRecord(**fields)


@pytest.fixture
def log(tmp_path: Path) -> SqliteIntentLog:
    return SqliteIntentLog(tmp_path / "intents.sqlite")


@pytest.fixture
def operator() -> Account:
    return Account(b"\x01" * 32)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def needs_anvil() -> None:
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")


@pytest.fixture
async def chain(
    needs_anvil: None, tmp_path: Path, operator: Account
) -> AsyncIterator[EmbeddedChain]:
    """A running chain with an operator who can pay for gas."""
    async with EmbeddedChain(tmp_path / "chain") as running:
        await running.fund(operator.address, 100 * ETHER)
        yield running


@pytest.fixture
async def rpc(chain: EmbeddedChain) -> AsyncIterator[Rpc]:
    async with Rpc(chain.url) as connection:
        yield connection


@pytest.fixture
def gateway(rpc: Rpc, operator: Account, log: SqliteIntentLog) -> Gateway:
    return Gateway(rpc, operator, log, wait_s=20)


def signer(number: int) -> Account:
    """A party of the tests that signs: verifiers are 11 to 13, custodians 21 to 23, and so on."""
    return Account(bytes([number]) * 32)


def parties_of(deployer: Account, officer: Account) -> Parties:
    """Parties of whom each quorum is two of three; the officer holds every operational role.

    The second officer, signer 71, releases what the officer puts on hold.
    """

    def signers(first: int) -> Signers:
        return Signers(tuple(signer(n).address for n in range(first, first + 3)), 2)

    return Parties(
        deployer=deployer.address,
        seats=tuple(signer(n).address for n in range(51, 56)),
        verifiers=signers(11),
        custodians=signers(21),
        guardians=signers(31),
        reporters=signers(41),
        officers=dict.fromkeys(OFFICERS, (officer.address,))
        | {Role.COMPLIANCE_OFFICER: (officer.address, signer(71).address)},
    )


@pytest.fixture
def deployer() -> Account:
    return Account(b"\x02" * 32)


@pytest.fixture
def plan(deployer: Account, operator: Account) -> Plan:
    """All contracts, the operator as their officer."""
    settings = chain_settings()
    return make_plan(settings.profiles["local"], parties_of(deployer, operator), settings.season)


@pytest.fixture
async def deploying(
    chain: EmbeddedChain, rpc: Rpc, deployer: Account, log: SqliteIntentLog
) -> Gateway:
    """The deployer's gateway, with ether for gas."""
    await chain.fund(deployer.address, 100 * ETHER)
    return Gateway(rpc, deployer, log, wait_s=20)


@pytest.fixture
async def manifest(deploying: Gateway, plan: Plan, tmp_path: Path) -> Manifest:
    """All contracts on the chain, in order."""
    return await deploy(deploying, plan, tmp_path / "manifest.json")
