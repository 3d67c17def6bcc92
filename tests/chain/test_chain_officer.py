"""Scheduled acts: how they stand by the manager's events, and that asking twice acts once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from chain.conftest import ETHER, SqliteIntentLog, signer
from small_manifest import MANIFEST
from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.chain.deeds import parse_deed
from sourceenergy.chain.deploy import deploy
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.keys import Account
from sourceenergy.chain.logs import Logged, logged
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.officer import (
    ActState,
    act_id,
    check_executable,
    execute,
    fold_acts,
    schedule,
    scheduled_acts,
)
from sourceenergy.chain.plan import Plan, make_plan
from sourceenergy.chain.rights import holders_of, rights_of, seats_of
from sourceenergy.chain.roles import Role
from sourceenergy.chain.rpc import Reverted, Rpc
from sourceenergy.config.chain_profile import chain_settings
from sourceenergy.errors import InputError, NotPermitted

WEEK_S, DELAY_S = 604_800, 172_800
CALLER, TARGET, ID = "0x" + "0a" * 20, "0x" + "0b" * 20, "0x" + "0c" * 32
SETTINGS = chain_settings()


def scheduled(number: int, earliest_s: int, block: int) -> Logged:
    values = {"operationId": ID, "nonce": number, "schedule": earliest_s, "caller": CALLER}
    return Logged("OperationScheduled", values | {"target": TARGET, "data": "0x12345678"}, block)


def ended(name: str, number: int, block: int) -> Logged:
    return Logged(f"Operation{name}", {"operationId": ID, "nonce": number}, block)


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "now_s", "rule", "said"),
    [
        ([], 0, "power.scheduled", "scheduled first"),
        ([scheduled(1, 1000, 5)], 999, "power.waits", "1970-01-01T00:16:40Z"),
        ([scheduled(1, 1000, 5)], 1000 + WEEK_S, "power.expired", "1970-01-08T00:16:40Z"),
        ([scheduled(1, 1000, 5), ended("Canceled", 1, 7)], 1000, "power.canceled", "block 7"),
    ],
)
def test_what_cannot_be_executed_says_why(
    events: list[Logged], now_s: int, rule: str, said: str
) -> None:
    acts = fold_acts(events, now_s, WEEK_S)
    deed = parse_deed("Policy.set(LoanRate, 450, 1)", MANIFEST)
    with pytest.raises(NotPermitted, match=said) as refused:
        check_executable(acts[-1] if acts else None, deed, DELAY_S)
    assert (refused.value.rule, refused.value.field) == (rule, "Policy.set")


# --- how they stand ---------------------------------------------------------------------------


def test_an_act_stands_by_its_last_event_and_the_time() -> None:
    events = [
        ended("Executed", 9, 1),  # of an act nobody saw: none
        Logged("RoleGranted", {}, 2),
        scheduled(1, 1000, 5),
        ended("Executed", 1, 9),
        scheduled(2, 5000, 11),
    ]
    for now_s, state in (
        (4999, ActState.WAITING),
        (5000, ActState.READY),
        (5000 + WEEK_S - 1, ActState.READY),
        (5000 + WEEK_S, ActState.EXPIRED),
    ):
        first, second = fold_acts(events, now_s, WEEK_S)
        assert (first.state, first.ended_block, first.is_open) == (ActState.EXECUTED, 9, False)
        assert (second.state, second.number, second.scheduled_block) == (state, 2, 11)
        assert second.expires_s == 5000 + WEEK_S
        assert second.is_open == (state in (ActState.WAITING, ActState.READY))


# --- on a chain -------------------------------------------------------------------------------


@pytest.fixture
def slow_plan(plan: Plan) -> Plan:
    """The local plan, with the officers' delay of a public chain."""
    profile = replace(SETTINGS.profiles["local"], officer_delay_s=DELAY_S)
    return make_plan(profile, plan.parties, SETTINGS.season)


@pytest.mark.anyio
async def test_two_processes_that_ask_at_once_schedule_once(
    rpc: Rpc, deploying: Gateway, operator: Account, log: SqliteIntentLog, slow_plan: Plan,
    tmp_path: Path,
) -> None:  # fmt: skip
    manifest = await deploy(deploying, slow_plan, tmp_path / "slow.json")
    deed = parse_deed(
        f'ClearingFactory.open("Elm", {operator.address}, Guardians, QuorumVerifier, 20s, 7d)',
        manifest,
    )
    rights = await rights_of(rpc, manifest, deed.contract, deed.shape)
    assert (rights.role, rights.holders) == ("COMMUNITY_REGISTRAR", {operator.address: DELAY_S})
    both = [Gateway(rpc, operator, log, wait_s=20) for _ in range(2)]
    acts = await asyncio.gather(*(schedule(gateway, manifest, deed) for gateway in both))
    assert acts[0][0] == acts[1][0]
    assert acts[0][0].id == act_id(operator.address, deed)
    assert len(await logged(rpc, manifest, "AccessManager", ("OperationScheduled",))) == 1

    await rpc.call("evm_increaseTime", DELAY_S)
    await rpc.call("evm_mine")
    done = await asyncio.gather(*(execute(gateway, manifest, deed) for gateway in both))
    assert done[0].block == done[1].block
    assert len(await logged(rpc, manifest, "ClearingFactory", ("Opened",))) == 1
    (act,) = await scheduled_acts(rpc, manifest, acts[0][0].id)
    assert (act.state, act.ended_block) == (ActState.EXECUTED, done[0].block)


@pytest.mark.anyio
async def test_what_need_not_wait_is_done_once_until_it_is_asked_for_again(
    chain: EmbeddedChain, rpc: Rpc, gateway: Gateway, manifest: Manifest, log: SqliteIntentLog
) -> None:
    member = "0x" + "1d" * 20
    await execute(gateway, manifest, parse_deed(f"Passport.issue({member}, 2, max, 124)", manifest))
    freeze = parse_deed(f"Passport.setFrozen({member}, true)", manifest)
    thaw = parse_deed(f"Passport.setFrozen({member}, false)", manifest)
    second = Gateway(rpc, signer(71), log, wait_s=20)
    await chain.fund(second.account.address, ETHER)

    async def is_frozen() -> bool:
        answer = await rpc.read(manifest.contract("Passport"), "passportOf", member)
        return bool(answer["frozen"])

    with pytest.raises(InputError) as refused:
        await schedule(gateway, manifest, freeze)
    assert refused.value.rule == "power.no_delay"
    assert (await execute(gateway, manifest, freeze)).is_new
    assert await is_frozen()
    with pytest.raises(Reverted, match="SameOfficer"):
        await execute(gateway, manifest, thaw)
    assert await is_frozen()
    await execute(second, manifest, thaw)
    assert not (await execute(gateway, manifest, freeze)).is_new
    assert not await is_frozen()
    assert (await execute(gateway, manifest, freeze, again=True)).is_new
    assert await is_frozen()


@pytest.mark.anyio
async def test_roles_and_seats_are_read_from_the_chain(
    rpc: Rpc, manifest: Manifest, plan: Plan, operator: Account
) -> None:
    assert await holders_of(rpc, manifest, Role.COUNCIL) == {
        manifest.contracts["Timelock"].address: 0
    }
    assert set(await holders_of(rpc, manifest, Role.GUARDIAN)) == set(
        plan.parties.guardians.accounts
    )
    assert await seats_of(rpc, manifest) == sorted(plan.parties.seats)
