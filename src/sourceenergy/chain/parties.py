"""Who the contracts are deployed for: the accounts that sign, sit, hold a role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from sourceenergy.chain.keys import open_account
from sourceenergy.chain.roles import OFFICERS, Role
from sourceenergy.config.chain_profile import ChainProfile
from sourceenergy.config.parsing import Strict, parse_toml
from sourceenergy.errors import InputError
from sourceenergy.proofs import keccak

Address = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$"), AfterValidator(str.lower)]


@dataclass(frozen=True, slots=True)
class Signers:
    """Accounts of whom ``quorum`` must sign."""

    accounts: tuple[str, ...]
    quorum: int


@dataclass(frozen=True, slots=True)
class Parties:
    """All accounts (0x + 40 hex digits, lower case) that the contracts know from the start.

    ``deployer`` pays the gas and keeps nothing. ``verifiers`` sign statements, ``custodians``
    attest the reserve, ``guardians`` halt trading and cancel delayed acts, ``reporters`` sign
    prices. ``officers`` hold operational roles; a role without an officer stays with the council.
    Of compliance officers there are two at least: a hold is lifted by another than set it.
    """

    deployer: str
    seats: tuple[str, ...]
    verifiers: Signers
    custodians: Signers
    guardians: Signers
    reporters: Signers
    officers: Mapping[Role, tuple[str, ...]]

    def everyone(self) -> Iterator[tuple[str, str]]:
        """Every account but the deployer, with what it is here."""
        for seat in self.seats:
            yield "seats", seat
        for name in ("verifiers", "custodians", "guardians", "reporters"):
            for account in getattr(self, name).accounts:
                yield name, account
        for role, accounts in self.officers.items():
            for account in accounts:
                yield role.name, account


def check_parties(parties: Parties, profile: ChainProfile) -> None:
    """Refuse parties the profile does not allow; raises InputError naming the first."""
    for name in ("verifiers", "custodians", "guardians", "reporters"):
        signers: Signers = getattr(parties, name)
        if len(set(signers.accounts)) != len(signers.accounts):
            raise _refused("an account is named twice", "distinct", name, signers.accounts)
        if not profile.quorum_least <= signers.quorum <= len(signers.accounts):
            raise _refused(
                f"{profile.title} wants at least {profile.quorum_least} of the {name} to sign",
                "quorum",
                name,
                f"{signers.quorum} of {len(signers.accounts)}",
            )
    if len(set(parties.seats)) < max(profile.seats_least, len(parties.seats)):
        raise _refused(
            f"{profile.title} wants a council of at least {profile.seats_least} different people",
            "council",
            "seats",
            len(set(parties.seats)),
        )
    for what, account in parties.everyone():
        if account == parties.deployer:
            raise _refused("the deployer must keep no power", "deployer", what, account)
        if int(account, 16) == 0:
            raise _refused("nobody holds this", "somebody", what, account)
    for role in parties.officers:
        if role not in OFFICERS:
            raise _refused("this role has its holders by rule", "officers", role.name, None)
    holding = parties.officers.get(Role.COMPLIANCE_OFFICER)
    if holding is not None and len(set(holding)) < 2:
        raise _refused(
            "a hold is lifted by another officer than the one who set it: name two at least",
            "second_officer",
            Role.COMPLIANCE_OFFICER.name,
            holding,
        )


class _Signers(Strict):
    accounts: tuple[Address, ...]
    quorum: int


class _File(Strict):
    deployer: Address
    seats: tuple[Address, ...]
    verifiers: _Signers
    custodians: _Signers
    guardians: _Signers
    reporters: _Signers
    officers: dict[str, tuple[Address, ...]] = Field(default_factory=dict)


def parse_parties(text: str, what: str) -> Parties:
    """The parties a TOML file names; ``what`` names the file in errors."""
    read = parse_toml(_File, text, what)
    unknown = sorted(set(read.officers) - set(Role.__members__))
    if unknown:
        raise _refused("there is no such role", "role", f"officers.{unknown[0]}", unknown)
    return Parties(
        deployer=read.deployer,
        seats=read.seats,
        verifiers=_signers(read.verifiers),
        custodians=_signers(read.custodians),
        guardians=_signers(read.guardians),
        reporters=_signers(read.reporters),
        officers={Role[name]: accounts for name, accounts in read.officers.items()},
    )


def _signers(read: _Signers) -> Signers:
    return Signers(read.accounts, read.quorum)


def assumed_parties(deployer: str | None = None) -> Parties:
    """Made-up accounts without keys, for a dry run: nothing may be sent with them."""

    def accounts(what: str, count: int) -> tuple[str, ...]:
        names = (f"SourceEnergy dry run: {what} {i + 1}" for i in range(count))
        return tuple("0x" + keccak(name.encode())[12:].hex() for name in names)

    return Parties(
        deployer=deployer or accounts("deployer", 1)[0],
        seats=accounts("seat", 5),
        verifiers=Signers(accounts("verifier", 3), 2),
        custodians=Signers(accounts("custodian", 3), 2),
        guardians=Signers(accounts("guardian", 3), 2),
        reporters=Signers(accounts("reporter", 3), 2),
        officers={
            role: accounts(role.name, 2 if role is Role.COMPLIANCE_OFFICER else 1)
            for role in OFFICERS
            if role is not Role.BUCKET_GOVERNOR
        },
    )


def local_parties(keys: Path) -> Parties:
    """The accounts of a simulation on one machine: its keys, made in ``keys`` on first use.

    The officer holds every operational role, the bucket governor's too, and never role 0. What it
    puts on hold the second officer releases, and the other way round.
    """

    def account(role: str) -> str:
        return open_account(keys, role).address

    officer = account("officer")
    return Parties(
        deployer=account("deployer"),
        seats=tuple(account(f"council-{number}") for number in (1, 2, 3)),
        verifiers=Signers((account("verifier"),), 1),
        custodians=Signers((account("custodian"),), 1),
        guardians=Signers((account("guardian"),), 1),
        reporters=Signers((account("reporter"),), 1),
        officers=dict.fromkeys(OFFICERS, (officer,))
        | {Role.COMPLIANCE_OFFICER: (officer, account("second-officer"))},
    )


def _refused(what: str, rule: str, field: str, value: object) -> InputError:
    return InputError(
        what,
        rule=f"parties.{rule}",
        field=field,
        value=value,
        remedy="mend the parties file (see `sourceenergy deploy --help`)",
    )
