"""Erasure: what goes at once, what the law keeps and until when, and when it must wait.

Erasing means destroying the keys and salts that make a record readable; commitments on chain stay
and say nothing. Days are local calendar days.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sourceenergy.errors import NotPermitted


class Kind(StrEnum):
    """Kinds of personal records."""

    IDENTITY = "name and address"
    READINGS = "meter readings"
    ORDERS = "orders"
    SCREENING = "identity checks and reports"
    TAX = "invoices, statements and slips"


@dataclass(frozen=True, slots=True)
class Keep:
    """A duty to keep a kind: ``years`` after the record, or after the end of its year."""

    kind: Kind
    years: int
    from_year_end: bool
    law: str


CANADA_KEEPS = (
    Keep(Kind.SCREENING, 5, False, "PCMLTF Regulations: five years"),
    Keep(Kind.TAX, 6, True, "Income Tax Act s. 230, Excise Tax Act s. 286: six years"),
)


@dataclass(frozen=True, slots=True)
class PersonalRecord:
    """One personal record: whose, what, of which day."""

    id: str
    member: str
    kind: Kind
    day: date


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that must stay, until the end of a day, by a law."""

    record: PersonalRecord
    until: date
    law: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """What to destroy now and what is kept; together all of the member's records."""

    member: str
    erase: tuple[PersonalRecord, ...]
    kept: tuple[Kept, ...]


def erasure(
    member: str,
    records: Sequence[PersonalRecord],
    keeps: Sequence[Keep],
    open_holds: Collection[str],
    day: date,
) -> Erasure:
    """The plan for one member's wish; refused while a dispute or legal hold is open.

    ``open_holds`` are their references. Other members' records are never touched.
    """
    if open_holds:
        raise NotPermitted(
            "nothing is erased while a dispute or legal hold is open",
            rule="privacy.hold",
            field="open_holds",
            value=", ".join(sorted(open_holds)),
            remedy="ask again when it is closed; until then the data is evidence",
        )
    own = [one for one in records if one.member == member]
    erase: list[PersonalRecord] = []
    kept: list[Kept] = []
    for record in own:
        duties = [
            Kept(record, _until(record.day, keep), keep.law)
            for keep in keeps
            if keep.kind is record.kind
        ]
        longest = max(duties, key=lambda one: one.until, default=None)
        if longest is not None and longest.until >= day:
            kept.append(longest)
        else:
            erase.append(record)
    return Erasure(member, tuple(erase), tuple(kept))


def require_own_export(asking: str, member: str) -> None:
    """Refuse to hand out someone else's data."""
    if asking != member:
        raise NotPermitted(
            "everyone exports their own data only",
            rule="privacy.export",
            field="member",
            value=member,
            remedy="the member asks, or a guardian for a minor",
        )


def _until(day: date, keep: Keep) -> date:
    year = day.year + keep.years
    if keep.from_year_end:
        return date(year, 12, 31)
    leap_day = (day.month, day.day) == (2, 29)
    return date(year, 3, 1) if leap_day else date(year, day.month, day.day)
