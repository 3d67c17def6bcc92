"""What the AccessManager lets an account do, and its acts that wait: schedule, execute, cancel.

An act that must wait is scheduled first: everybody sees it, a guardian may cancel it. Once its
delay is over the officer makes the call itself, and the contract asks the manager for the
scheduled act; after ``expiration`` it is void. One that need not wait is just called.

What is sent is an intent named after the act and how often it was scheduled, so that asking twice
sends once, whatever was cut in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from eth_abi.abi import encode

from sourceenergy.chain.deeds import Deed, parse_deed, read_deed
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.intents import IntentState, untried
from sourceenergy.chain.logs import Logged, logged, now_s
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.rights import MANAGER, holders_of, role_name, role_of
from sourceenergy.chain.roles import Role
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.proofs import keccak
from sourceenergy.units import iso_utc

_ACTS = ("OperationScheduled", "OperationExecuted", "OperationCanceled")


class ActState(StrEnum):
    """Where a scheduled act stands."""

    WAITING = "waiting"
    READY = "ready"
    EXPIRED = "expired"
    EXECUTED = "executed"
    CANCELED = "canceled"


@dataclass(frozen=True)
class ScheduledAct:
    """One scheduling of an act.

    ``id`` is the manager's (0x + 64 hex digits), the same whenever the same account schedules the
    same call; ``number`` counts its schedulings from 1. ``earliest_s`` is the first second it can
    be executed, ``expires_s`` the first it no longer can [UTC unix s].
    """

    id: str
    number: int
    caller: str
    target: str
    data: bytes
    earliest_s: int
    expires_s: int
    state: ActState
    scheduled_block: int
    ended_block: int | None = None

    @property
    def is_open(self) -> bool:
        """Can it still be executed or cancelled?"""
        return self.state in (ActState.WAITING, ActState.READY)


@dataclass(frozen=True)
class Done:
    """Where something was done; ``transaction`` is None where somebody else's run did it."""

    block: int
    transaction: str | None
    is_new: bool


# --- what is so ---------------------------------------------------------------------------------


def act_id(caller: str, deed: Deed) -> str:
    """The manager's id of this deed by this account."""
    packed = encode(["address", "address", "bytes"], [caller, deed.contract.address, deed.data])
    return "0x" + keccak(packed).hex()


def fold_acts(events: Iterable[Logged], now_s: int, expiration_s: int) -> list[ScheduledAct]:
    """The acts in the manager's events, oldest first, as they stand at ``now_s``."""
    acts: dict[tuple[str, int], ScheduledAct] = {}
    for event in events:
        if event.name not in _ACTS:
            continue
        key = (str(event.values["operationId"]), int(event.values["nonce"]))
        if event.name == "OperationScheduled":
            earliest_s = int(event.values["schedule"])
            acts[key] = ScheduledAct(
                id=key[0],
                number=key[1],
                caller=str(event.values["caller"]).lower(),
                target=str(event.values["target"]).lower(),
                data=bytes.fromhex(str(event.values["data"])[2:]),
                earliest_s=earliest_s,
                expires_s=earliest_s + expiration_s,
                state=_by_time(earliest_s, expiration_s, now_s),
                scheduled_block=event.block,
            )
        elif key in acts:
            executed = event.name == "OperationExecuted"
            state = ActState.EXECUTED if executed else ActState.CANCELED
            acts[key] = replace(acts[key], state=state, ended_block=event.block)
    return list(acts.values())


async def scheduled_acts(
    rpc: Rpc, manifest: Manifest, id_: str | None = None
) -> list[ScheduledAct]:
    """Every act that was ever scheduled, or the schedulings of one, oldest first."""
    indexed = () if id_ is None else (id_,)
    events = await logged(rpc, manifest, MANAGER, _ACTS, indexed)
    expiration_s = int(await rpc.read(manifest.contract(MANAGER), "expiration"))
    return fold_acts(events, await now_s(rpc), expiration_s)


async def find_act(rpc: Rpc, manifest: Manifest, text: str, caller: str | None) -> ScheduledAct:
    """The newest scheduling of the act ``text`` names: its id, or a deed of ``caller``."""
    if text.startswith("0x"):
        id_ = text.lower()
        if len(id_) != 66 or not set(id_[2:]) <= set("0123456789abcdef"):
            raise _never_scheduled(text)
        acts = await scheduled_acts(rpc, manifest, id_)
    else:
        deed = parse_deed(text, manifest)
        acts = [
            act
            for act in await scheduled_acts(rpc, manifest)
            if (act.target, act.data) == (deed.contract.address.lower(), deed.data)
            and caller in (None, act.caller)
        ]
    if not acts:
        raise _never_scheduled(text)
    return acts[-1]


def described(act: ScheduledAct, manifest: Manifest) -> str:
    """The act in words; raw where its contract is not in the manifest."""
    deed = read_deed(act.target, act.data, manifest)
    return str(deed) if deed else f"{act.target} 0x{act.data.hex()}"


# --- what an officer does -----------------------------------------------------------------------


async def schedule(
    gateway: Gateway, manifest: Manifest, deed: Deed, at_s: int | None = None
) -> tuple[ScheduledAct, bool]:
    """Schedule a deed, once, for ``at_s`` or as early as may be; the act, and was it new?

    Raises NotPermitted when the account does not hold the role, InputError when nothing has to
    wait or ``at_s`` is too early.
    """
    delay_s = await _delay_of(gateway, manifest, deed)
    if delay_s == 0:
        raise InputError(
            "this need not wait: there is nothing to schedule",
            rule="power.no_delay",
            field=deed.title,
            value=gateway.account.address,
            remedy="have it done by `sourceenergy power execute`",
        )
    id_ = act_id(gateway.account.address, deed)
    before = await scheduled_acts(gateway.rpc, manifest, id_)
    if before and before[-1].is_open:
        return before[-1], False
    least_s = await now_s(gateway.rpc) + delay_s
    if at_s is not None and at_s < least_s:
        raise InputError(
            "the delay ends later than that",
            rule="power.delay",
            field="--at",
            value=iso_utc(at_s),
            remedy=f"give {iso_utc(least_s)} or later (its delay is {delay_s} s)",
        )
    manager = manifest.contract(MANAGER)
    number = before[-1].number + 1 if before else 1
    key = untried(gateway.recall, f"power:schedule:{id_}:{number}:{at_s or 0}")
    data = manager.encode("schedule", deed.contract.address, deed.data, at_s or 0)
    await gateway.send(key, manager.address, data)
    return (await scheduled_acts(gateway.rpc, manifest, id_))[-1], True


async def execute(gateway: Gateway, manifest: Manifest, deed: Deed, *, again: bool = False) -> Done:
    """Do a deed whose delay is over, or that has none, once.

    One that was done is not done again: a deed that waits has to be scheduled anew, one without
    delay asks for ``again``. Raises NotPermitted, naming the earliest second where it is too
    early, when it may not be done now.
    """
    delay_s = await _delay_of(gateway, manifest, deed)
    id_ = act_id(gateway.account.address, deed)
    if delay_s:
        acts = await scheduled_acts(gateway.rpc, manifest, id_)
        if acts and acts[-1].state is ActState.EXECUTED:
            return Done(acts[-1].ended_block or 0, None, is_new=False)
        act = check_executable(acts[-1] if acts else None, deed, delay_s)
        key = untried(gateway.recall, f"power:execute:{id_}:{act.number}")
    else:
        base = f"power:do:{id_}"
        key = _fresh(gateway, base) if again else untried(gateway.recall, base)
    record = gateway.recall(key)
    receipt = await gateway.send(key, deed.contract.address, deed.data)
    is_new = record is None or record.state is IntentState.PENDING
    return Done(receipt.block, receipt.transaction, is_new)


def check_executable(act: ScheduledAct | None, deed: Deed, delay_s: int) -> ScheduledAct:
    """The act, if it may be executed now; refuses one not scheduled, void, or still waiting."""
    if act is not None and act.state is ActState.READY:
        return act
    remedy = f"schedule it with `sourceenergy power schedule`, then wait {delay_s} s"
    if act is None:
        what, rule = "it has to be scheduled first", "scheduled"
    elif act.state is ActState.CANCELED:
        what, rule = f"it was cancelled in block {act.ended_block}", "canceled"
    elif act.state is ActState.EXPIRED:
        what, rule = f"it expired at {iso_utc(act.expires_s)}", "expired"
    else:
        what, rule = f"it waits until {iso_utc(act.earliest_s)}", "waits"
        remedy = f"execute it from {iso_utc(act.earliest_s)} on, before {iso_utc(act.expires_s)}"
    raise NotPermitted(
        what,
        rule=f"power.{rule}",
        field=deed.title,
        value=act.id if act else None,
        remedy=remedy,
    )


async def cancel(gateway: Gateway, manifest: Manifest, act: ScheduledAct) -> bool:
    """Cancel an act that was scheduled; False: it was cancelled already.

    Its own account may, a guardian of its role and the council. Raises NotPermitted for others.
    """
    if act.state is ActState.CANCELED:
        return False
    if act.state is ActState.EXECUTED:
        raise NotPermitted(
            f"it was executed in block {act.ended_block}",
            rule="power.executed",
            field="act",
            value=act.id,
            remedy="what is done is not undone by cancelling; do what puts it right",
        )
    manager, sender = manifest.contract(MANAGER), gateway.account.address
    if sender != act.caller:
        role = await gateway.rpc.read(manager, "getTargetFunctionRole", act.target, act.data[:4])
        guardian = await gateway.rpc.read(manager, "getRoleGuardian", role)
        holders = await holders_of(gateway.rpc, manifest, guardian)
        if sender not in holders:
            raise _not_held(role_name(guardian), "cancelling this act", sender, holders)
    key = untried(gateway.recall, f"power:cancel:{act.id}:{act.number}:{sender}")
    data = manager.encode("cancel", act.caller, act.target, act.data)
    await gateway.send(key, manager.address, data)
    return True


async def _delay_of(gateway: Gateway, manifest: Manifest, deed: Deed) -> int:
    """How long this account's deed waits [s]; refuses one the account may not do at all."""
    if deed.contract.address == manifest.contracts[MANAGER].address:
        raise NotPermitted(
            "the manager of the roles is set by the council alone",
            rule="power.manager",
            field=deed.title,
            value=gateway.account.address,
            remedy="propose it: `sourceenergy council propose`",
        )
    role = await role_of(gateway.rpc, manifest, deed.contract, deed.shape)
    if role is None:
        return 0
    manager, sender = manifest.contract(MANAGER), gateway.account.address
    answer = await gateway.rpc.read(
        manager, "canCall", sender, deed.contract.address, deed.selector, block="pending"
    )
    if not answer["immediate"] and not answer["delay"]:
        holders = await holders_of(gateway.rpc, manifest, role)
        raise _not_held(role_name(role), deed.title, sender, holders)
    return int(answer["delay"])


def _not_held(role: str, what: str, account: str, holders: Mapping[str, int]) -> NotPermitted:
    council = role == Role.COUNCIL.name
    return NotPermitted(
        f"this account does not hold {role}, which {what} asks for",
        rule="power.role",
        field=role,
        value=account,
        remedy="propose it: `sourceenergy council propose`"
        if council
        else f"have a holder do it ({', '.join(holders) or 'there is none'}), or have the council "
        "give the role",
    )


def _never_scheduled(text: str) -> NotPermitted:
    return NotPermitted(
        "nothing of that kind was ever scheduled",
        rule="power.scheduled",
        field="act",
        value=text,
        remedy="see `sourceenergy power list --all` for what was",
    )


def _by_time(earliest_s: int, expiration_s: int, now_s: int) -> ActState:
    if now_s < earliest_s:
        return ActState.WAITING
    return ActState.READY if now_s < earliest_s + expiration_s else ActState.EXPIRED


def _fresh(gateway: Gateway, base: str) -> str:
    """A key for doing it once more; the one under way, if that one has not ended."""
    key, number = base, 0
    while (record := gateway.recall(key)) and record.state is not IntentState.PENDING:
        number += 1
        key = f"{base}:{number}"
    return key
