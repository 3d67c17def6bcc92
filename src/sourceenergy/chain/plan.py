"""What is deployed: a pure list of contracts, of what is set in them, and of who holds what.

``At`` stands for the address of another contract of the plan. Nothing here knows a chain; the
same settings and parties give the same plan, the same addresses and the same hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sourceenergy.chain.contracts import Contract, artifact
from sourceenergy.chain.create2 import FACTORY, SALT, address_of, child_of
from sourceenergy.chain.parties import Parties, check_parties
from sourceenergy.chain.roles import DAILY, HELD_BY, OFFICERS, OPENED, Role
from sourceenergy.chain.six_layers import acts_of, makes_of
from sourceenergy.chain.steps import Act, At, Grant, Later, Make, resolve
from sourceenergy.config.chain_profile import ChainProfile, Season
from sourceenergy.errors import InvariantBroken
from sourceenergy.proofs import keccak

_WAVE_BYTES = 65_536
"""Most creation code of a wave; a byte costs at most 320 gas, the gateway's margin included."""


@dataclass(frozen=True)
class Plan:
    """Everything a deployment does, in order."""

    profile: ChainProfile
    parties: Parties
    makes: tuple[Make, ...]
    acts: tuple[Act, ...]
    grants: tuple[Grant, ...]

    @cached_property
    def addresses(self) -> Mapping[str, str]:
        """Where each contract will be, by name."""
        found: dict[str, str] = {}
        for make in self.makes:
            if make.parent is None or make.salted:
                maker = found[make.parent] if make.parent else FACTORY
                salt = make.child.to_bytes(32, "big") if make.parent else SALT
                found[make.name] = address_of(self._creation(make, found), salt, maker)
            else:
                found[make.name] = child_of(found[make.parent], make.child)
        return found

    @cached_property
    def waves(self) -> tuple[tuple[Make, ...], ...]:
        """The factory's makes, each wave after the contracts its arguments name.

        A wave fits into one block of 30 million gas: a chain that makes a block for what comes
        in, as anvil does, would leave the rest waiting for the next transaction.
        """
        level: dict[str, int] = {}
        for make in self.makes:
            names = [*_names(make.arguments), *([make.parent] if make.parent else [])]
            level[make.name] = 1 + max((level[name] for name in names), default=-1)
        made = [make for make in self.makes if make.parent is None]
        last = max(level[make.name] for make in made)
        waves: list[list[Make]] = []
        for i in range(last + 1):
            left = 0
            for make in (m for m in made if level[m.name] == i):
                size = len(self.creation(make))
                if size > left:
                    waves.append([])
                    left = _WAVE_BYTES
                waves[-1].append(make)
                left -= size
        return tuple(tuple(wave) for wave in waves)

    def creation(self, make: Make) -> bytes:
        """Code and arguments that make it."""
        return self._creation(make, self.addresses)

    def contract(self, name: str) -> Contract:
        """The contract of that name at its address."""
        make = next(make for make in self.makes if make.name == name)
        return Contract(make.contract, self.addresses[name])

    def arguments(self, make: Make) -> tuple[Any, ...]:
        """The constructor's arguments, addresses filled in."""
        return tuple(resolve(argument, self.addresses) for argument in make.arguments)

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 of all that is decided: two plans with one hash do the same."""
        text = {
            "makes": [[m.name, "0x" + keccak(self.creation(m)).hex()] for m in self.makes],
            "addresses": dict(self.addresses),
            "acts": [[a.target, a.function, _plain(a.arguments, self)] for a in self.acts],
            "functions": {c: {r.name: f for r, f in by.items()} for c, by in OPENED.items()},
            "grants": [[g.role.name, _plain(g.holder, self), g.delay_s] for g in self.grants],
            "deployer": self.parties.deployer,
            "profile": self.profile.name,
        }
        return keccak(json.dumps(text, sort_keys=True, separators=(",", ":")).encode())

    def _creation(self, make: Make, addresses: Mapping[str, str]) -> bytes:
        given = [resolve(argument, addresses) for argument in make.arguments]
        return artifact(make.contract).creation(*given)


def functions_of(name: str) -> Mapping[Role, tuple[str, ...]]:
    """The functions of a contract that ask for a role, by role."""
    return OPENED.get(name, {})


def make_plan(profile: ChainProfile, parties: Parties, season: Season) -> Plan:
    """The plan of all contracts for these parties; raises InputError for what is not allowed."""
    check_parties(parties, profile)
    makes, acts = makes_of(profile, parties, season), acts_of(profile, parties, season)
    plan = Plan(profile, parties, makes, acts, _grants(profile, parties))
    known = {make.name for make in plan.makes}
    strays = [*(set(OPENED) - known), *({act.target for act in plan.acts} - known)]
    if strays:
        raise InvariantBroken(
            "the plan opens functions of a contract it does not make",
            rule="plan.complete",
            field="contract",
            value=strays,
            remedy="give it the contract, or take the functions out",
        )
    return plan


def _grants(profile: ChainProfile, parties: Parties) -> tuple[Grant, ...]:
    grants = [Grant(role, At(name)) for role, name in HELD_BY.items()]
    grants += [Grant(Role.GUARDIAN, account) for account in parties.guardians.accounts]
    for role in OFFICERS:
        delay_s = 0 if role in DAILY else profile.officer_delay_s
        people = parties.officers.get(role)
        grants += [Grant(role, account, delay_s) for account in people or ()]
        if people is None:
            grants.append(Grant(role, At("Timelock")))  # it has its own delay
    return tuple(grants)


def _names(value: object) -> Iterator[str]:
    if isinstance(value, At):
        yield value.name
    elif isinstance(value, tuple):
        for item in value:
            yield from _names(item)


def _plain(value: object, plan: Plan) -> Any:
    if isinstance(value, Later):
        return {"later_s": value.seconds}
    if isinstance(value, tuple):
        return [_plain(item, plan) for item in value]
    resolved = resolve(value, plan.addresses)
    return "0x" + resolved.hex() if isinstance(resolved, bytes) else resolved
