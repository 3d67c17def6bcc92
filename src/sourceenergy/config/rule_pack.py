"""A country's rule pack as a file: from which second, by which law, which limits for which token.

Amounts are in the smallest units of the token (ud for money). A limit that is left out does not
limit, a kind that is left out stays as it is on chain. Every limit names the law it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from importlib import resources

from pydantic import Field

from sourceenergy.config.parsing import Strict, parse_toml
from sourceenergy.errors import ConfigError

PAGE = "docs/deploy.md"
CANADA = "rules-canada.toml"
_YEAR_S = 365 * 86_400
_AMOUNT_MOST = (1 << 64) - 2  # one more stands for no limit on chain
_COUNT_MOST = (1 << 32) - 2
_SECOND_MOST = (1 << 40) - 1


class Kind(IntEnum):
    """What a token is; the numbers are those of ``IRulebook.Kind``."""

    MONEY = 1
    CREDIT = 2
    SHARE = 3
    CERTIFICATE = 4


@dataclass(frozen=True, slots=True)
class Rules:
    """One kind's rules [smallest units of the token, s]; None: no such limit.

    ``held_from``: smallest transfer held for travel-rule data. ``daily_most``: most an account
    sends within 24 hours. ``lock_up_s``: how long what was acquired is not sent on.
    ``holders_most``: most holders of the token. ``holding_most``: most an account holds.
    ``yearly_most``: most it acquires within 365 days.
    """

    closed: bool = False
    held_from: int | None = None
    daily_most: int | None = None
    lock_up_s: int = 0
    holders_most: int | None = None
    holding_most: int | None = None
    yearly_most: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where limits come from: ``of`` names them, ``says`` the law, ``on`` the day it was read."""

    of: tuple[str, ...]
    says: str
    where: str
    on: date


@dataclass(frozen=True, slots=True)
class RulePackFile:
    """One country's pack; ``from_s`` is the first second in force [UTC unix s], None: not said."""

    country: int  # ISO 3166-1 numeric
    name: str
    from_s: int | None
    kinds: Mapping[Kind, Rules]
    sources: tuple[Source, ...]


class _Rules(Strict):
    closed: bool = False
    held_from: int | None = Field(None, ge=1, le=_AMOUNT_MOST)
    daily_most: int | None = Field(None, ge=0, le=_AMOUNT_MOST)
    lock_up_s: int = Field(0, ge=0, le=_YEAR_S)
    holders_most: int | None = Field(None, ge=0, le=_COUNT_MOST)
    holding_most: int | None = Field(None, ge=0, le=_AMOUNT_MOST)
    yearly_most: int | None = Field(None, ge=0, le=_AMOUNT_MOST)


class _Source(Strict):
    of: tuple[str, ...] = Field(min_length=1)
    says: str = Field(min_length=1)
    where: str = Field(min_length=1)
    on: date


class _File(Strict):
    country: int = Field(ge=1, le=999)
    name: str = Field(min_length=1)
    in_force: datetime | None = None
    source: tuple[_Source, ...] = Field(min_length=1)
    money: _Rules | None = None
    credit: _Rules | None = None
    share: _Rules | None = None
    certificate: _Rules | None = None


def parse_rule_pack(text: str, what: str) -> RulePackFile:
    """The pack a TOML file holds; ``what`` names the file in errors.

    Raises ConfigError for a wrong field, a date without offset, a pack of no kind, a limit
    without a source and a source of what the file does not set.
    """
    read = parse_toml(_File, text, what, PAGE)
    tables = {
        kind: table for kind in Kind if (table := getattr(read, kind.name.lower())) is not None
    }
    if not tables:
        raise _refused("a pack is of at least one kind", "kinds", what, None)
    limits = {
        f"{kind.name.lower()}.{name}"
        for kind, table in tables.items()
        for name in table.model_fields_set
    }
    sourced = {limit for source in read.source for limit in source.of}
    if limits - sourced:
        raise _refused("a limit names no source", "source", sorted(limits - sourced)[0], what)
    if sourced - limits:
        raise _refused(
            "a source is of a limit the pack does not set", "source", sorted(sourced - limits)[0],
            what,
        )  # fmt: skip
    return RulePackFile(
        country=read.country,
        name=read.name,
        from_s=_second(read.in_force),
        kinds={kind: Rules(**table.model_dump()) for kind, table in tables.items()},
        sources=tuple(Source(**source.model_dump()) for source in read.source),
    )


def canada() -> RulePackFile:
    """The pack a deployment sets."""
    text = (resources.files("sourceenergy.config") / CANADA).read_text(encoding="utf-8")
    return parse_rule_pack(text, CANADA)


def _second(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise _refused("a time without offset", "time", "in_force", moment)
    second = int(moment.timestamp())
    if moment.microsecond or not 0 < second <= _SECOND_MOST:
        raise _refused("rules begin with a whole second", "time", "in_force", moment)
    return second


def _refused(what: str, rule: str, field: str, value: object) -> ConfigError:
    return ConfigError(
        what,
        rule=f"rule_pack.{rule}",
        field=field,
        value=value,
        remedy=f"mend the rule pack file ({PAGE})",
    )
