"""Read from the chain that an account holds no power, and that others hold what was planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sourceenergy.chain.contracts import artifact
from sourceenergy.chain.logs import logged
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.roles import OPENED, Role
from sourceenergy.chain.rpc import Reverted, Rpc
from sourceenergy.errors import InvariantBroken
from sourceenergy.proofs import keccak

_OWNER = "0x" + keccak(b"owner()")[:4].hex()
_TIMELOCK_ROLES = ("PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE", "DEFAULT_ADMIN_ROLE")


async def prove_no_power(
    rpc: Rpc, manifest: Manifest, account: str, *, fresh: bool = True
) -> list[str]:
    """What was read, one line each; raises InvariantBroken naming the first power that is left.

    ``fresh``: the council has decided nothing yet, so that every role must be as planned too.

    Read are: every role that was ever given (from the manager's events, so that a role the plan
    does not know shows too), its members now, its admin and guardian, what was scheduled; the
    role of every restricted function; the time lock's own roles; seats, buckets, accreditation,
    reporters and signers; and that no contract answers `owner()`.
    """
    account = account.lower()
    proof = _Proof(rpc, manifest, account, fresh)
    await proof.roles()
    await proof.functions()
    await proof.timelock()
    await proof.elsewhere()
    await proof.owners()
    return proof.lines


class _Proof:
    def __init__(self, rpc: Rpc, manifest: Manifest, account: str, fresh: bool) -> None:
        self._rpc = rpc
        self._fresh = fresh
        self._manifest = manifest
        self._account = account
        self._manager = manifest.contract("AccessManager")
        self.lines: list[str] = []

    async def roles(self) -> None:
        """Members of every role are the planned ones; no role is administered by another."""
        events = await logged(self._rpc, self._manifest, "AccessManager")
        given = [e for e in events if e.name == "RoleGranted"]
        pairs = {(e.values["roleId"], e.values["account"].lower()) for e in given}
        pairs |= {(int(role), self._account) for role in Role}
        held: dict[int, dict[str, int]] = {}
        for role, account in sorted(pairs):
            access = await self._rpc.read(self._manager, "hasRole", role, account)
            if access["isMember"]:
                held.setdefault(role, {})[account] = int(access["executionDelay"])
        for role, members in held.items():
            if self._account in members:
                raise self._left(f"role {_name(role)}", members)
        planned = {Role[name].value: dict(to) for name, to in self._manifest.roles.items() if to}
        if self._fresh and held != planned:
            raise self._left("a role's members are not the planned ones", held)
        self._say(
            f"holds none of {len(held)} roles"
            + ("; each has exactly its planned members" if self._fresh else "")
        )
        timelock = self._manifest.contracts["Timelock"].address
        if list(held[Role.COUNCIL]) != [timelock]:
            raise self._left("the administrator is not the time lock alone", held[Role.COUNCIL])
        self._say(f"the one administrator is the time lock {timelock}")
        for role in sorted({*held, *(int(role) for role in Role)}):
            admin = await self._rpc.read(self._manager, "getRoleAdmin", role)
            guardian = await self._rpc.read(self._manager, "getRoleGuardian", role)
            if admin != Role.COUNCIL or guardian not in (Role.COUNCIL, Role.GUARDIAN):
                raise self._left(f"role {_name(role)} is administered by another", admin)
        self._say("every role is given and taken by the council alone")
        open_calls = [e for e in events if e.name == "OperationScheduled"]
        ended = {
            (e.values["operationId"], e.values["nonce"])
            for e in events
            if e.name in ("OperationExecuted", "OperationCanceled")
        }
        mine = [
            e
            for e in open_calls
            if e.values["caller"].lower() == self._account
            and (e.values["operationId"], e.values["nonce"]) not in ended
        ]
        if mine:
            raise self._left("a scheduled call waits", mine[0].values)
        self._say("has nothing scheduled")

    async def functions(self) -> None:
        """Every restricted function is open to its planned role."""
        count = 0
        for name, by_role in OPENED.items():
            contract = self._manifest.contract(name)
            for role, functions in by_role.items():
                for function in functions:
                    selector = artifact(contract.name).selectors[function]
                    found = await self._rpc.read(
                        self._manager, "getTargetFunctionRole", contract.address, selector
                    )
                    if self._fresh and found != role:
                        raise self._left(f"{name}.{function} is open to {_name(found)}", found)
                    count += 1
            if await self._rpc.read(contract, "authority") != self._manager.address:
                raise self._left(f"{name} asks another manager", contract.address)
        self._say(f"all {count} restricted functions are open to their planned role only")

    async def timelock(self) -> None:
        """The time lock obeys the council and is its own administrator."""
        timelock = self._manifest.contract("Timelock")
        council = self._manifest.contracts["Council"].address
        for name in _TIMELOCK_ROLES:
            role = bytes.fromhex((await self._rpc.read(timelock, name))[2:])
            holder = timelock.address if name == "DEFAULT_ADMIN_ROLE" else council
            if await self._rpc.read(timelock, "hasRole", role, self._account):
                raise self._left(f"the time lock's {name}", self._account)
            if not await self._rpc.read(timelock, "hasRole", role, holder):
                raise self._left(f"the time lock's {name} is not with {holder}", name)
        delay_s = await self._rpc.read(timelock, "getMinDelay")
        self._say(f"has no role in the time lock, which waits {delay_s // 3600} h for the council")

    async def elsewhere(self) -> None:
        """Powers that are no role: a seat, a bucket, an accreditation, a signature that counts."""
        questions = (
            ("Seats", "balanceOf"),
            ("Passport", "accreditedUntil"),
            ("Tariff", "isReporter"),
            ("QuorumVerifier", "isVerifier"),
            ("Custodians", "isVerifier"),
            ("Guardians", "isVerifier"),
        )
        for name, function in questions:
            found = await self._rpc.read(self._manifest.contract(name), function, self._account)
            if found:
                raise self._left(f"{name}.{function}", found)
        bucket = await self._rpc.read(
            self._manifest.contract("Currency"), "bucketOf", self._account
        )
        if any(_values(bucket)):
            raise self._left("Currency.bucketOf", bucket)
        for name, deployed in self._manifest.contracts.items():
            if name != "AccessManager" and _mentions(deployed.arguments, self._account):
                raise self._left(f"{name} was made with the account as an argument", name)
        self._say("has no seat, bucket, accreditation or signature that counts")

    async def owners(self) -> None:
        """No contract has an owner."""
        for name, deployed in self._manifest.contracts.items():
            try:
                answer = await self._rpc.call(
                    "eth_call", {"to": deployed.address, "data": _OWNER}, "latest"
                )
            except Reverted:
                continue
            if answer != "0x":
                raise self._left(f"{name} has an owner", answer)
        self._say(f"none of {len(self._manifest.contracts)} contracts has an owner")

    def _say(self, line: str) -> None:
        self.lines.append(line)

    def _left(self, what: str, value: object) -> InvariantBroken:
        return InvariantBroken(
            f"the deployer, or a stranger, would keep a power: {what}",
            rule="deploy.no_power",
            field=self._account,
            value=value,
            remedy="do not use these contracts; find out who made that call",
        )


def _name(role: int) -> str:
    return Role(role).name if role in set(Role) else str(role)


def _values(bucket: Any) -> Sequence[Any]:
    return list(bucket.values()) if isinstance(bucket, Mapping) else [bucket]


def _mentions(value: object, account: str) -> bool:
    if isinstance(value, list | tuple):
        return any(_mentions(item, account) for item in value)
    return isinstance(value, str) and value.lower() == account
