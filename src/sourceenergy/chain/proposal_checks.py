"""Whether the council may do a deed and could do it now, asked before anybody votes on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sourceenergy.chain.deeds import ENUMS, Deed
from sourceenergy.chain.logs import now_s
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.rpc import Reverted, Rpc
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import iso_utc

PARAMETERS = ENUMS["IPolicy.Parameter"]
_ONLY_EXECUTING = "ProposalMissing"  # what Policy says outside the execution of a proposal


@dataclass(frozen=True)
class ParameterNow:
    """A parameter of ``Policy``: value in force, value set last and from when, and its bounds."""

    name: str
    value: int
    last: int
    last_from_s: int
    least: int
    most: int
    step: int

    @property
    def next_least(self) -> int:
        """Least value a proposal may set now."""
        return max(self.least, self.last - self.step)

    @property
    def next_most(self) -> int:
        """Largest value a proposal may set now."""
        return min(self.most, self.last + self.step)


async def parameters_now(rpc: Rpc, manifest: Manifest) -> list[ParameterNow]:
    """Every parameter with what nobody can move."""
    policy, found = manifest.contract("Policy"), []
    for number, name in enumerate(PARAMETERS):
        bounds = await rpc.read(policy, "boundsOf", number)
        last = await rpc.read(policy, "lastSetting", number)
        found.append(
            ParameterNow(
                name=name,
                value=int(await rpc.read(policy, "valueOf", number, block="pending")),
                last=int(last["value"]),
                last_from_s=int(last["from"]),
                least=int(bounds["least"]),
                most=int(bounds["most"]),
                step=int(bounds["step"]),
            )
        )
    return found


async def executed_least_s(rpc: Rpc, manifest: Manifest) -> int:
    """The first second at which what is proposed now can be executed: notice, vote, time lock."""
    council, timelock = manifest.contract("Council"), manifest.contract("Timelock")
    notice_s = int(await rpc.read(council, "votingDelay"))
    vote_s = int(await rpc.read(council, "votingPeriod"))
    lock_s = int(await rpc.read(timelock, "getMinDelay"))
    return await now_s(rpc) + notice_s + vote_s + lock_s + 2  # vote and queue begin a second after


def execute_by_s(deeds: Sequence[Deed]) -> int | None:
    """The last second at which deeds that name a beginning can be executed; None: no limit."""
    return min((start for deed in deeds if (start := _start_s(deed)) is not None), default=None)


async def check_deeds(rpc: Rpc, manifest: Manifest, deeds: Sequence[Deed]) -> None:
    """Refuse what would fail when it is executed; each deed is tried as the time lock, alone.

    Raises InputError for a parameter outside its bounds or step, a beginning before the proposal
    can be executed, and what a contract refuses; NotPermitted for what the council may not do.
    """
    if not deeds:
        raise InputError(
            "a proposal does something",
            rule="council.deeds",
            field="deeds",
            remedy="name at least one Contract.function(values), or a rule pack with --rules",
        )
    least_s = await executed_least_s(rpc, manifest)
    for deed in deeds:
        start_s = _start_s(deed)
        if start_s is not None and start_s < least_s:
            raise InputError(
                "it would begin before the council can execute it",
                rule="council.begins",
                field=f"{deed.title}: from",
                value=iso_utc(start_s),
                remedy=f"let it begin some days after {iso_utc(least_s)}: by its beginning it has "
                "to be executed",
            )
        if deed.title == "Policy.set":
            number = int(deed.values["parameter"])
            if number < len(PARAMETERS):
                check_parameter((await parameters_now(rpc, manifest))[number], deed)
        await _try(rpc, manifest, deed)


def check_parameter(now: ParameterNow, deed: Deed) -> None:
    """Refuse a value outside the bounds, more than a step away, or from before the one set last."""
    value, from_s = int(deed.values["value"]), int(deed.values["from"])
    if not now.least <= value <= now.most:
        raise InputError(
            f"{now.name} is never outside {now.least} to {now.most}",
            rule="policy.bounds",
            field=f"{deed.title}: value",
            value=value,
            remedy=f"give {now.next_least} to {now.next_most}",
        )
    if abs(value - now.last) > now.step:
        raise InputError(
            f"{now.name} moves by {now.step} at most; it was set to {now.last}",
            rule="policy.step",
            field=f"{deed.title}: value",
            value=value,
            remedy=f"give {now.next_least} to {now.next_most}, and go on with a later proposal",
        )
    if from_s <= now.last_from_s:
        raise InputError(
            f"{now.name} is set to {now.last} from {iso_utc(now.last_from_s)} on already",
            rule="policy.time",
            field=f"{deed.title}: from",
            value=iso_utc(from_s),
            remedy="let it begin later than that",
        )


async def _try(rpc: Rpc, manifest: Manifest, deed: Deed) -> None:
    timelock = manifest.contracts["Timelock"].address
    call = {"from": timelock, "to": deed.contract.address, "data": "0x" + deed.data.hex()}
    try:
        await rpc.call("eth_call", call, "pending")
    except Reverted as error:
        if error.reason.name == _ONLY_EXECUTING:
            return
        if "Unauthorized" in error.reason.name:
            raise NotPermitted(
                "the council does not hold the role this asks for",
                rule="council.power",
                field=deed.title,
                value=error.reason,
                remedy=f"see `sourceenergy power show {deed.title}` for who does",
            ) from error
        raise InputError(
            f"the contract would refuse it: {error.reason}",
            rule=f"contract.{error.reason.name}",
            field=deed.title,
            value=str(deed),
            remedy="meet the contract's rule; what depends on another deed is proposed after it",
        ) from error


def _start_s(deed: Deed) -> int | None:
    if deed.title == "Policy.set":
        return int(deed.values["from"])
    if deed.title == "Compliance.setRules":
        return int(deed.values["rules"]["from"])
    return None
