"""Chain profiles: what is taken for granted on a kind of chain, kept as data beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib import resources

from pydantic import Field

from sourceenergy.config.parsing import Strict, parse_toml
from sourceenergy.errors import InputError
from sourceenergy.units import UD_PER_DOLLAR

FILE = "chain-profiles.toml"


@dataclass(frozen=True, slots=True)
class ChainProfile:
    """One profile; ``quorum_least`` signers and ``seats_least`` councillors are demanded.

    ``officer_delay_s`` is how long an officer's act that is not daily work is public before it
    can be carried out [s]; ``timelock_s`` the same for the council.
    """

    name: str
    title: str
    chain_ids: tuple[int, ...]
    public: bool
    confirmations: int
    council_notice_s: int
    council_vote_s: int
    timelock_s: int
    quorum_least: int
    seats_least: int
    currency_cap_ud: int
    officer_delay_s: int
    gas_price: str
    native: str


@dataclass(frozen=True, slots=True)
class Season:
    """The first season of energy credits [UTC unix s, ud/kWh]."""

    name: str
    symbol: str
    start_s: int
    end_s: int
    feed_in_ud_per_kwh: int


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a dry run takes for granted, and on which day: fees by profile, price of the coin."""

    on: date
    gas_price_gwei: dict[str, Decimal]
    eth_cad: Decimal


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """The whole file: the pinned compiler, the season, the profiles by name, what is assumed."""

    compiler: str
    season: Season
    profiles: dict[str, ChainProfile]
    assumed: Assumed


class _Profile(Strict):
    title: str
    chain_ids: tuple[int, ...] = Field(min_length=1)
    public: bool
    confirmations: int = Field(ge=1)
    council_notice_s: int
    council_vote_s: int
    timelock_s: int = Field(ge=48 * 3600)
    quorum_least: int = Field(ge=1)
    seats_least: int = Field(ge=3)
    currency_cap_dollars: int = Field(gt=0)
    officer_delay_s: int = Field(ge=0)
    gas_price: str
    native: str


class _Season(Strict):
    name: str
    symbol: str
    start: date
    end: date
    feed_in_ud_per_kwh: int


class _Assumed(Strict):
    on: date
    gas_price_gwei: dict[str, Decimal]
    eth_cad: Decimal


class _File(Strict):
    compiler: str
    season: _Season
    profile: dict[str, _Profile]
    assumed: _Assumed


def chain_settings() -> ChainSettings:
    """The settings that ship with the package."""
    text = (resources.files("sourceenergy.config") / FILE).read_text(encoding="utf-8")
    read = parse_toml(_File, text, FILE)
    season = read.season
    return ChainSettings(
        compiler=read.compiler,
        season=Season(
            season.name,
            season.symbol,
            _midnight_s(season.start),
            _midnight_s(season.end),
            season.feed_in_ud_per_kwh,
        ),
        profiles={name: _profile(name, given) for name, given in read.profile.items()},
        assumed=Assumed(read.assumed.on, read.assumed.gas_price_gwei, read.assumed.eth_cad),
    )


def profile_of_chain(chain_id: int) -> ChainProfile:
    """The profile a chain belongs to; refuses a chain that none names."""
    for profile in chain_settings().profiles.values():
        if chain_id in profile.chain_ids:
            return profile
    raise InputError(
        "no profile is for this chain",
        rule="profile.chain",
        field="chain_id",
        value=chain_id,
        remedy=f"use another chain, or add its id to a profile in {FILE}",
    )


def _profile(name: str, given: _Profile) -> ChainProfile:
    fields = given.model_dump()
    cap_ud = fields.pop("currency_cap_dollars") * UD_PER_DOLLAR
    return ChainProfile(name=name, currency_cap_ud=cap_ud, **fields)


def _midnight_s(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
