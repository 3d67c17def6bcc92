"""Run a plan on a chain, once: contracts at known addresses, then one transaction that orders them.

Every contract is made through the deterministic factory, wave by wave, so that a run that was
cut finds what is there and goes on. Until the last transaction the deployer is the manager's
administrator and nothing is set. That one transaction opens the functions to their roles, sets
what the plan says, gives the roles to their holders, makes the council's time lock the
administrator and takes the deployer's power away: all of it happens, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sourceenergy.chain.contracts import artifact
from sourceenergy.chain.create2 import making, put_factory
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.intents import Call, TransactionReceipt, untried
from sourceenergy.chain.manifest import (
    Deployed,
    Manifest,
    check_code,
    check_manifest,
    code_of,
    frozen,
    hash_of,
    load_manifest,
    write_manifest,
)
from sourceenergy.chain.plan import Plan
from sourceenergy.chain.power import prove_no_power
from sourceenergy.chain.roles import NEEDED_FIRST, OPENED, Role
from sourceenergy.chain.rpc import Reverted, Rpc
from sourceenergy.chain.steps import Make, resolve
from sourceenergy.errors import InputError, InvariantBroken, NotPermitted, VerificationFailed


class _Made(NamedTuple):
    block: int
    gas_used: int | None


async def deploy(gateway: Gateway, plan: Plan, path: Path) -> Manifest:
    """Deploy what is missing, put it in order, write the manifest to ``path``; safe to repeat.

    The gateway's account must be the plan's deployer. Raises InputError for a chain or account
    the plan is not for, VerificationFailed when ``path`` describes other contracts, or some this
    chain does not have and the gateway's log knows nothing of making, InvariantBroken when a
    power would be left.
    """
    rpc = gateway.rpc
    await _check_for(gateway, plan)
    known = _read(plan, path)
    if known is not None and not await _still_there(gateway, plan, known):
        known = None
    if known is not None:
        return known
    await put_factory(rpc)
    made: dict[str, _Made] = {}
    for wave in plan.waves:
        made |= await _make(gateway, plan, wave)
    ordered = await _order(gateway, plan)
    for make in plan.makes:
        if make.parent is not None:
            block = ordered.block if make.salted else made[make.parent].block
            made[make.name] = _Made(block, None)
    manifest = await _manifest(rpc, plan, made, ordered)
    await check_code(rpc, manifest)
    await prove_no_power(rpc, manifest, plan.parties.deployer)
    write_manifest(path, manifest)
    return manifest


async def _check_for(gateway: Gateway, plan: Plan) -> None:
    chain_id = await gateway.rpc.chain_id()
    if chain_id not in plan.profile.chain_ids:
        raise InputError(
            f"the profile {plan.profile.name!r} is not for this chain",
            rule="profile.chain",
            field="chain_id",
            value=chain_id,
            remedy=f"connect to one of {plan.profile.chain_ids}, or use that chain's profile",
        )
    if gateway.account.address != plan.parties.deployer:
        raise InputError(
            "this key is not the plan's deployer",
            rule="deploy.deployer",
            field="deployer",
            value=gateway.account.address,
            remedy=f"send from {plan.parties.deployer}, or make the plan for this key",
        )


def _read(plan: Plan, path: Path) -> Manifest | None:
    """The manifest at ``path``, if there is one; it must be of this plan."""
    if not path.exists():
        return None
    manifest = load_manifest(path)
    if manifest.plan != "0x" + plan.hash.hex():
        raise VerificationFailed(
            "the manifest is of another plan: other code, settings or parties",
            rule="deploy.same_plan",
            field=str(path),
            value=manifest.plan,
            remedy="use the release and parties it was made with, or another --data folder",
        )
    return manifest


async def _still_there(gateway: Gateway, plan: Plan, manifest: Manifest) -> bool:
    """Has the chain all of it? False when it went back: the same transactions make it again."""
    try:
        await check_manifest(gateway.rpc, manifest)
    except VerificationFailed:
        if not gateway.knows(_making(plan, plan.makes[0]).intent):
            raise
        return False
    return True


# --- contracts ------------------------------------------------------------------------------


async def _make(gateway: Gateway, plan: Plan, wave: Sequence[Make]) -> dict[str, _Made]:
    """Make what is missing of a wave; where each came from."""
    calls = {make.name: _making(plan, make) for make in wave}
    codes = await code_of(gateway.rpc, {make.name: plan.addresses[make.name] for make in wave})
    there = {name for name in calls if codes[name] and not gateway.knows(calls[name].intent)}
    await _check_constructors(gateway, plan, [m for m in wave if not codes[m.name]])
    sent = [name for name in calls if name not in there]
    receipts = await gateway.send_many([calls[name] for name in sent])
    made = {
        name: _Made(receipt.block, receipt.gas_used)
        for name, receipt in zip(sent, receipts, strict=True)
    }
    for name in there:  # somebody made it: by its address it is the same contract
        made[name] = _Made(await _born_at(gateway.rpc, plan.addresses[name]), None)
    return made


def _making(plan: Plan, make: Make) -> Call:
    return making(f"deploy:{make.name}:{plan.addresses[make.name]}", plan.creation(make))


async def _check_constructors(gateway: Gateway, plan: Plan, makes: Sequence[Make]) -> None:
    """Refuse, with the constructor's own reason, what would not come to be.

    The factory would hide it.
    """
    sender = gateway.account.address
    answers = await gateway.rpc.batch(
        [
            ("eth_call", ({"from": sender, "data": "0x" + plan.creation(m).hex()}, "latest"))
            for m in makes
        ]
    )
    for make, answer in zip(makes, answers, strict=True):
        if isinstance(answer, Reverted):
            raise Reverted(answer.reason, f"the constructor of {make.name}") from answer


async def _born_at(rpc: Rpc, address: str) -> int:
    """The block a contract came with, by halving: for one that somebody else made."""
    low, high = 0, await rpc.block_number()
    while low < high:
        middle = (low + high) // 2
        if await rpc.call("eth_getCode", address, hex(middle)) == "0x":
            low = middle + 1
        else:
            high = middle
    return low


# --- order ----------------------------------------------------------------------------------


async def _order(gateway: Gateway, plan: Plan) -> _Made:
    """Set everything and hand over, in one transaction; where it is."""
    manager = plan.contract("AccessManager")
    deployer = plan.parties.deployer
    intent = untried(gateway.recall, f"deploy:order:{plan.hash.hex()[:16]}")
    record = gateway.recall(intent)
    if record is not None:
        receipt: TransactionReceipt = await gateway.send(intent, manager.address, record.call.data)
        return _Made(receipt.block, receipt.gas_used)
    access = await gateway.rpc.read(manager, "hasRole", int(Role.COUNCIL), deployer)
    if not access["isMember"]:
        return _Made(await _handed_over_at(gateway.rpc, plan), None)
    block = await gateway.rpc.call("eth_getBlockByNumber", "latest", False)
    data = manager.encode("multicall", ordering(plan, int(block["timestamp"], 16)))
    receipt = await gateway.send(intent, manager.address, data)
    return _Made(receipt.block, receipt.gas_used)


def ordering(plan: Plan, now_s: int) -> list[bytes]:
    """The calls to the manager that set everything and hand over, in order.

    Until a function is given to a role the administrator has it, so the acts come before that;
    only what contracts need for the acts themselves comes earlier.
    """
    manager = plan.contract("AccessManager")
    then = [role for role in Role if role not in (*NEEDED_FIRST, Role.COUNCIL)]
    calls = [call for role in NEEDED_FIRST for call in _given(plan, role)]
    for act in plan.acts:
        target = plan.contract(act.target)
        call = target.encode(act.function, *resolve(act.arguments, plan.addresses, now_s))
        calls.append(manager.encode("execute", target.address, call))
    calls += [call for role in [*then, Role.COUNCIL] for call in _given(plan, role)]
    calls.append(manager.encode("renounceRole", int(Role.COUNCIL), plan.parties.deployer))
    return calls


def _given(plan: Plan, role: Role) -> list[bytes]:
    """The calls that open a role's functions to it and give it to its holders."""
    manager, calls = plan.contract("AccessManager"), list[bytes]()
    if role is not Role.COUNCIL:  # role 0 has its name, and all functions, from the start
        calls.append(manager.encode("labelRole", int(role), role.name))
        for name, by_role in OPENED.items():
            contract = plan.contract(name)
            selectors = [artifact(contract.name).selectors[f] for f in by_role.get(role, ())]
            if selectors:
                calls.append(
                    manager.encode("setTargetFunctionRole", contract.address, selectors, int(role))
                )
    for grant in plan.grants:
        if grant.role is role:
            if grant.delay_s:
                calls.append(manager.encode("setRoleGuardian", int(role), int(Role.GUARDIAN)))
            holder = resolve(grant.holder, plan.addresses)
            calls.append(manager.encode("grantRole", int(role), holder, grant.delay_s))
    return calls


async def _handed_over_at(rpc: Rpc, plan: Plan) -> int:
    """The block of the hand-over, from the manager's event."""
    manager = plan.contract("AccessManager")
    topic = next(t for t, shape in artifact("AccessManager").events.items() if shape.name == _GONE)
    logs = await rpc.call(
        "eth_getLogs",
        {
            "address": manager.address,
            "topics": [
                "0x" + topic.hex(),
                "0x" + bytes(32).hex(),
                "0x" + plan.parties.deployer[2:].rjust(64, "0"),
            ],
            "fromBlock": hex(await _born_at(rpc, manager.address)),
            "toBlock": "latest",
        },
    )
    if not logs:
        raise InvariantBroken(
            "the deployer never was the administrator here",
            rule="deploy.order",
            field=manager.address,
            value=plan.parties.deployer,
            remedy="do not use these contracts",
        )
    return int(logs[0]["blockNumber"], 16)


_GONE = "RoleRevoked"


# --- the manifest -----------------------------------------------------------------------------


async def _manifest(rpc: Rpc, plan: Plan, made: Mapping[str, _Made], ordered: _Made) -> Manifest:
    codes = await code_of(rpc, plan.addresses)
    roles: dict[str, dict[str, int]] = {role.name: {} for role in Role}
    for grant in plan.grants:
        roles[grant.role.name][resolve(grant.holder, plan.addresses)] = grant.delay_s
    return Manifest(
        chain_id=await rpc.chain_id(),
        profile=plan.profile.name,
        deployer=plan.parties.deployer,
        compiler=artifact("AccessManager").compiler,
        plan="0x" + plan.hash.hex(),
        contracts={
            make.name: Deployed(
                contract=make.contract,
                address=plan.addresses[make.name],
                arguments=frozen(plan.arguments(make)),
                code_hash=hash_of(codes[make.name]),
                creation_hash=hash_of(plan.creation(make)),
                block=made[make.name].block,
                gas_used=made[make.name].gas_used,
            )
            for make in plan.makes
        },
        roles=roles,
        functions={
            name: {role.name: functions for role, functions in by_role.items()}
            for name, by_role in OPENED.items()
        },
        order_block=ordered.block,
        order_gas_used=ordered.gas_used,
    )


def check_compiler(plan: Plan, pinned: str) -> None:
    """Refuse code that another compiler than the pinned one made."""
    for make in plan.makes:
        found = artifact(make.contract).compiler
        if found != pinned or "+commit." not in found:
            raise NotPermitted(
                "the code was not made by the pinned compiler",
                rule="deploy.compiler",
                field=make.contract,
                value=found,
                remedy=f"build the contracts with {pinned} (`make contracts`)",
            )
