"""Who may do what on chain now: roles and their holders, seats of the council."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sourceenergy.chain.contracts import Contract, Shape, artifact
from sourceenergy.chain.logs import Logged, logged, word
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.roles import Role
from sourceenergy.chain.rpc import Rpc

MANAGER = "AccessManager"


@dataclass(frozen=True)
class Rights:
    """Who may call a function: the role it asks for (None: anybody may, the contract judges).

    ``role`` is its name, or its number where the plan does not know it; ``holders`` the accounts
    that have it now, with the seconds their acts wait.
    """

    role: str | None
    holders: Mapping[str, int]


async def role_of(rpc: Rpc, manifest: Manifest, contract: Contract, shape: Shape) -> int | None:
    """The role a function asks for; None: anybody may call it."""
    by_role = manifest.functions.get(contract.name, {})
    if not any(shape.name in functions for functions in by_role.values()):
        return None
    manager = manifest.contract(MANAGER)
    return int(await rpc.read(manager, "getTargetFunctionRole", contract.address, shape.topic[:4]))


async def rights_of(rpc: Rpc, manifest: Manifest, contract: Contract, shape: Shape) -> Rights:
    """Who may call this function of this contract."""
    role = await role_of(rpc, manifest, contract, shape)
    if role is None:
        return Rights(None, {})
    return Rights(role_name(role), await holders_of(rpc, manifest, role))


async def rights_in(rpc: Rpc, manifest: Manifest, name: str) -> dict[str, Rights]:
    """The same for each function of the manifest's contract that asks for a role."""
    contract, holders = manifest.contract(name), await all_holders(rpc, manifest)
    shapes, rights = artifact(contract.name).functions, {}
    for functions in manifest.functions.get(contract.name, {}).values():
        for function in functions:
            role = await role_of(rpc, manifest, contract, shapes[function])
            if role is not None:
                rights[function] = Rights(role_name(role), holders.get(role, {}))
    return rights


async def holders_of(rpc: Rpc, manifest: Manifest, role: int) -> dict[str, int]:
    """Accounts that hold a role now, with the seconds their acts wait."""
    given = await logged(rpc, manifest, MANAGER, ("RoleGranted",), (word(role),))
    return (await _holders(rpc, manifest, given)).get(role, {})


async def all_holders(rpc: Rpc, manifest: Manifest) -> dict[int, dict[str, int]]:
    """The same of every role that was ever given, from one look at the events."""
    return await _holders(rpc, manifest, await logged(rpc, manifest, MANAGER, ("RoleGranted",)))


async def _holders(
    rpc: Rpc, manifest: Manifest, given: Sequence[Logged]
) -> dict[int, dict[str, int]]:
    manager = manifest.contract(MANAGER)
    pairs = {(int(e.values["roleId"]), str(e.values["account"]).lower()) for e in given}
    holders: dict[int, dict[str, int]] = {}
    for role, account in sorted(pairs):
        access = await rpc.read(manager, "hasRole", role, account, block="pending")
        if access["isMember"]:
            holders.setdefault(role, {})[account] = int(access["executionDelay"])
    return holders


async def seats_of(rpc: Rpc, manifest: Manifest) -> list[str]:
    """Accounts with a seat in the council now."""
    given = await logged(rpc, manifest, "Seats", ("Transfer",))
    accounts = sorted({str(event.values["to"]).lower() for event in given})
    seats = manifest.contract("Seats")
    return [a for a in accounts if int(a, 16) and await rpc.read(seats, "seatOf", a)]


def role_name(role: int) -> str:
    """A role's name; its number where the plan does not know it."""
    return Role(role).name if role in set(Role) else str(role)
