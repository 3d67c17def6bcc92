"""The community's file: who belongs to it, which meters it has, how it shares and prices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sourceenergy.config.amounts import cents_to_ud_per_kwh
from sourceenergy.config.incentive_table import IncentiveTable, incentives
from sourceenergy.config.key_tables import (
    KeyVersionTable,
    ParticipationTable,
    Place,
    key_versions,
    participation_versions,
)
from sourceenergy.config.parsing import Strict, parse_toml
from sourceenergy.config.tariff_file import TimeZone
from sourceenergy.errors import ConfigError
from sourceenergy.records import Incentive, KeyKind, KeyVersion, Mode, ParticipationVersion
from sourceenergy.units import UdPerKwh

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_KEY = re.compile(r"04[0-9a-fA-F]{128}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("an account is 0x and 40 hexadecimal digits")
    return value.lower()


def _identifier(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError("an id has letters, digits, dot, dash and underscore, at most 64")
    return value


def _public_key(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise ValueError("a public key is 04 and 128 hexadecimal digits: x, then y")
    return value.lower()


def _coordinates(key: str) -> tuple[int, int]:
    return int(key[2:66], 16), int(key[66:], 16)


Address = Annotated[str, AfterValidator(_address)]
Identifier = Annotated[str, AfterValidator(_identifier)]
PublicKey = Annotated[str, AfterValidator(_public_key)]


class _Community(Strict):
    name: str = Field(min_length=1, max_length=120)
    mode: Mode = Mode.CREDIT_ALLOCATION
    time_zone: TimeZone = "America/Toronto"
    interval_minutes: Literal[5, 10, 15, 30, 60] = 15
    mechanism: str = "pool_mmr"
    fee_cents_per_kwh: Decimal = Field(default=Decimal(0), ge=0)
    feed_in_cents_per_kwh: Decimal
    internal_price_cents_per_kwh: Decimal = Field(default=Decimal(0), ge=0)
    internal_fee_cents_per_kwh: Decimal = Field(default=Decimal(0), ge=0)
    tariff_file: str = ""
    estimates: Literal["refuse", "accept"] = "refuse"
    language: Literal["en", "fr"] = "en"


class _Member(Strict):
    id: Identifier
    number: int | None = Field(default=None, ge=1)
    name: str = ""
    tariff: str
    account: Address | None = None
    passport_expires: date | None = None
    language: Literal["en", "fr"] | None = None


class _Meter(Strict):
    id: Identifier
    member: Identifier | None = None
    shares: dict[Identifier, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    files: tuple[str, ...] = ()
    verified: bool = True
    local_time_zone: TimeZone | None = None
    key: KeyKind | None = None
    priority: int = Field(default=1, ge=1, le=99)
    key_version: tuple[KeyVersionTable, ...] = ()
    participation: tuple[ParticipationTable, ...] = ()


class _Orders(Strict):
    file: str = Field(min_length=1)
    mechanism: str = "uniform_price"


class _Deals(Strict):
    file: str = Field(min_length=1)


class _Corrections(Strict):
    approvers: tuple[PublicKey, ...] = ()


class _CommunityFile(Strict):
    community: _Community
    orders: _Orders | None = None
    deals: _Deals | None = None
    corrections: _Corrections = _Corrections()
    incentive: tuple[IncentiveTable, ...] = ()
    member: tuple[_Member, ...] = Field(min_length=1)
    meter: tuple[_Meter, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Member:
    """A member: ``number`` orders ties; ``account`` is None until the node makes one."""

    id: str
    number: int
    name: str
    tariff: str
    account: str | None
    passport_expires: date | None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter and whose energy it counts: parts by member number, one part for a single owner.

    ``keys`` say, where it counts a shared plant, who may use what it exports (``parts`` are then
    the owners, whose is what is left); plants are served in order of ``priority``, lowest first,
    then id. ``participation``: what part of its energy counts in this community; all of it before
    the first version.
    """

    id: str
    parts: tuple[tuple[int, int], ...]  # (index of the member, weight)
    files: tuple[str, ...]
    verified: bool
    local_time_zone: str | None
    priority: int = 1
    keys: tuple[KeyVersion, ...] = ()
    participation: tuple[ParticipationVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class Community:
    """A checked community file; members are in order of number, meters in order of id.

    ``internal_price`` and ``internal_fee`` [ud/kWh] are of energy that a key allocates.
    ``orders_file`` and ``deals_file`` are relative to the community's file, empty where there are
    none; ``approvers`` are P-256 keys of those who may sign for old corrections.
    """

    name: str
    mode: Mode
    time_zone: str
    interval_seconds: int
    mechanism: str
    fee: UdPerKwh
    feed_in: UdPerKwh
    tariff_file: str
    accept_estimates: bool
    members: tuple[Member, ...]
    meters: tuple[Meter, ...]
    internal_price: UdPerKwh = UdPerKwh(0)  # noqa: RUF009
    internal_fee: UdPerKwh = UdPerKwh(0)  # noqa: RUF009
    orders_file: str = ""
    order_mechanism: str = "uniform_price"
    deals_file: str = ""
    approvers: frozenset[tuple[int, int]] = frozenset()
    incentives: tuple[Incentive, ...] = ()


def parse_community(text: str, what: str = "community.toml") -> Community:
    """Parse and cross-check a community file.

    Raises ``ConfigError`` for unknown members, two meters or members of one id, a meter without
    an owner, an account used twice, or an allocation key that is none.
    """
    raw = parse_toml(_CommunityFile, text, what)
    _unique([m.id for m in raw.member], "member.id", "two members of one id")
    _unique([m.id for m in raw.meter], "meter.id", "two meters with one id")
    _unique([m.account for m in raw.member if m.account], "member.account", "one account twice")
    _unique(
        [str(m.number) for m in raw.member if m.number], "member.number", "one member number twice"
    )
    if any(m.number for m in raw.member) and not all(m.number for m in raw.member):
        raise ConfigError(
            "either every member has a number or none",
            rule="member.number",
            field="member.number",
            remedy="number all members, or leave it out (then ids in order decide)",
        )
    ordered = sorted(raw.member, key=lambda m: (m.number or 0, m.id))
    members = tuple(
        Member(
            m.id,
            m.number or i,
            m.name or m.id,
            m.tariff,
            m.account,
            m.passport_expires,
            m.language or raw.community.language,
        )
        for i, m in enumerate(ordered, start=1)
    )
    index = {member.id: i for i, member in enumerate(members)}
    meters = []
    for m in sorted(raw.meter, key=lambda meter: meter.id):
        owners = m.shares or ({m.member: 1} if m.member else {})
        if bool(m.shares) == bool(m.member):
            raise ConfigError(
                f"meter {m.id} needs either a member or shares",
                rule="meter.owner",
                field=f"meter.{m.id}.member",
                value=m.member,
                remedy='write member = "…" or shares = { … }',
            )
        for owner in owners:
            if owner not in index:
                raise ConfigError(
                    f"meter {m.id} belongs to an unknown member",
                    rule="member.unknown",
                    field=f"meter.{m.id}.member",
                    value=owner,
                    remedy="add the member or mend the id",
                )
        parts = tuple(sorted((index[owner], weight) for owner, weight in owners.items()))
        place = Place(m.id, raw.community.name, index, raw.community.time_zone)
        meters.append(
            Meter(
                m.id,
                parts,
                m.files,
                m.verified,
                m.local_time_zone,
                m.priority,
                key_versions(m.key, m.key_version, place),
                participation_versions(m.participation, place),
            )
        )
    c = raw.community
    return Community(
        c.name,
        c.mode,
        c.time_zone,
        c.interval_minutes * 60,
        c.mechanism,
        cents_to_ud_per_kwh(c.fee_cents_per_kwh, "community.fee_cents_per_kwh"),
        cents_to_ud_per_kwh(c.feed_in_cents_per_kwh, "community.feed_in_cents_per_kwh"),
        c.tariff_file,
        c.estimates == "accept",
        members,
        tuple(meters),
        cents_to_ud_per_kwh(
            c.internal_price_cents_per_kwh, "community.internal_price_cents_per_kwh"
        ),
        cents_to_ud_per_kwh(c.internal_fee_cents_per_kwh, "community.internal_fee_cents_per_kwh"),
        raw.orders.file if raw.orders else "",
        raw.orders.mechanism if raw.orders else "uniform_price",
        raw.deals.file if raw.deals else "",
        frozenset(_coordinates(key) for key in raw.corrections.approvers),
        incentives(raw.incentive, c.time_zone),
    )


def _unique(values: list[str], field: str, message: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ConfigError(
                message, rule="id.twice", field=field, value=value, remedy="give each its own"
            )
        seen.add(value)
