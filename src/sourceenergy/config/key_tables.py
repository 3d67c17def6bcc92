"""Tables of a shared plant's meter: its key, the key's dated versions, participation factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from sourceenergy.config.amounts import percent_to_ppm
from sourceenergy.config.parsing import Strict
from sourceenergy.errors import ConfigError
from sourceenergy.records import AllocationKey, KeyKind, KeyVersion, ParticipationVersion

ALWAYS_S = 0
"""From when the one version of a key without dates holds."""

Percent = Annotated[Decimal, Field(ge=0, le=100)]


class KeyVersionTable(Strict):
    """``[[meter.key_version]]``: ``key`` defaults to the meter's, ``members`` to all."""

    valid_from: date = Field(alias="from")
    key: KeyKind | None = None
    shares: dict[str, Percent] = Field(default_factory=dict)
    classes: dict[str, Annotated[int, Field(ge=1, le=99)]] = Field(default_factory=dict)
    members: tuple[str, ...] | None = None


class ParticipationTable(Strict):
    """``[[meter.participation]]``: percent here, and elsewhere by community's name."""

    valid_from: date = Field(alias="from")
    percent: Percent
    elsewhere: dict[str, Percent] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """What a table's words are checked against: the meter, the members' indices, the local time."""

    meter: str
    community: str
    index: Mapping[str, int]
    time_zone: str

    def starts(self, day: date) -> int:
        """First second of a local day."""
        local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.time_zone))
        return int(local.timestamp())

    def of(self, member: str, field: str) -> int:
        """A member's index, or ``ConfigError`` (rule ``member.unknown``)."""
        if member not in self.index:
            raise ConfigError(
                f"the key of meter {self.meter} names an unknown member",
                rule="member.unknown",
                field=f"meter.{self.meter}.{field}",
                value=member,
                remedy="add the member or mend the id",
            )
        return self.index[member]


def key_versions(
    kind: KeyKind | None, tables: Sequence[KeyVersionTable], place: Place
) -> tuple[KeyVersion, ...]:
    """A meter's keys in order of date; none without ``key``.

    Raises ``ConfigError``: rule ``key.missing`` for versions without a key, or a key that needs
    shares or classes without a version; ``key.dates`` for two of one date; the key's own rules.
    """
    if kind is None and not tables:
        return ()
    if kind is KeyKind.DYNAMIC and not tables:
        return (KeyVersion(ALWAYS_S, _key(kind, {}, {}, None, place)),)
    _distinct([table.valid_from for table in tables], "key_version", place)
    versions = []
    for table in sorted(tables, key=lambda table: table.valid_from):
        chosen = table.key or kind
        if chosen is None:
            raise _missing(place)
        key = _key(chosen, table.shares, table.classes, table.members, place)
        versions.append(KeyVersion(place.starts(table.valid_from), key))
    if not versions:
        raise _missing(place)
    return tuple(versions)


def participation_versions(
    tables: Sequence[ParticipationTable], place: Place
) -> tuple[ParticipationVersion, ...]:
    """A meter's participation factors in order of date."""
    _distinct([table.valid_from for table in tables], "participation", place)
    versions = []
    for table in sorted(tables, key=lambda table: table.valid_from):
        field = f"meter.{place.meter}.participation.{table.valid_from}"
        if place.community in table.elsewhere:
            raise ConfigError(
                "a community is not elsewhere to itself",
                rule="key.participation",
                field=field,
                value=place.community,
                remedy="write its own part as percent",
            )
        parts = {place.community: table.percent, **table.elsewhere}
        versions.append(
            ParticipationVersion(
                place.starts(table.valid_from),
                tuple((name, percent_to_ppm(parts[name], field)) for name in sorted(parts)),
            )
        )
    return tuple(versions)


def _key(
    kind: KeyKind,
    shares: Mapping[str, Decimal],
    classes: Mapping[str, int],
    members: Sequence[str] | None,
    place: Place,
) -> AllocationKey:
    """The key as arrays by member: who has which share, who is served by need and when."""
    by_share, by_class = [0] * len(place.index), [0] * len(place.index)
    for member, percent in shares.items():
        field = f"key_version.shares.{member}"
        by_share[place.of(member, field)] = percent_to_ppm(percent, field)
    for member, number in classes.items():
        by_class[place.of(member, "key_version.classes")] = number
    if kind in {KeyKind.DYNAMIC, KeyKind.HYBRID} and not classes:
        # By need: all members, or those of a hybrid key who have a share, unless it says who.
        everyone = shares if kind is KeyKind.HYBRID else place.index
        for member in everyone if members is None else members:
            by_class[place.of(member, "key_version.members")] = 1
    elif members is not None:
        raise ConfigError(
            f"a {kind} key says by shares or classes who takes part",
            rule="key.members",
            field=f"meter.{place.meter}.key_version.members",
            value=", ".join(members),
            remedy="leave members out",
        )
    return AllocationKey(kind, tuple(by_share), tuple(by_class))


def _distinct(days: Sequence[date], field: str, place: Place) -> None:
    for day in days:
        if days.count(day) > 1:
            raise ConfigError(
                "two versions begin on one day",
                rule="key.dates",
                field=f"meter.{place.meter}.{field}.from",
                value=str(day),
                remedy="give each its own day",
            )


def _missing(place: Place) -> ConfigError:
    return ConfigError(
        f"meter {place.meter} has no whole allocation key",
        rule="key.missing",
        field=f"meter.{place.meter}.key",
        value=None,
        remedy="write key = … and a [[meter.key_version]] with from and shares or classes",
    )
