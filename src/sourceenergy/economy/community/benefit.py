"""Who benefits, by group, without showing anyone: at least five members a group.

Nobody may learn one member's benefit from a table, nor from its total, nor by comparing two
versions of it. Groups that follow one another (income bands) are merged until each is safe. Groups
without an order are withheld, and then enough others with them that the total gives nothing away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud

GROUP_LEAST = 5


@dataclass(frozen=True, slots=True)
class MemberBenefit:
    """One member's saving or income in a period [ud]; never leaves the operator's house."""

    member: str
    group: str
    amount_ud: Ud


@dataclass(frozen=True, slots=True)
class Group:
    """A published group; ``amount_ud`` is None where it is withheld, and then so is the count."""

    groups: tuple[str, ...]  # merged ones together
    members: int | None
    amount_ud: Ud | None


@dataclass(frozen=True, slots=True)
class Table:
    """Published groups with their total; the total is None where even that would show someone."""

    groups: tuple[Group, ...]
    members: int | None
    total_ud: Ud | None


@dataclass(frozen=True, slots=True)
class Job:
    """Paid work or training the community brought about; ``evidence`` is a document's hash."""

    title: str
    hours: int
    evidence: str

    def __post_init__(self) -> None:
        """Refuse a job nobody can check."""
        if not self.evidence or self.hours < 0:
            raise InputError(
                "a job counts with evidence only",
                rule="benefit.evidence",
                field="evidence",
                value=self.title,
                remedy="enter the hash of the contract or the certificate",
            )


def is_safe(people: Sequence[MemberBenefit]) -> bool:
    """At least five members, none with more than half of the group's amount."""
    amounts = [abs(one.amount_ud) for one in people]
    return len(people) >= GROUP_LEAST and (2 * max(amounts) <= sum(amounts) or not any(amounts))


def by_band(people: Sequence[MemberBenefit], bands: Sequence[str]) -> Table:
    """Benefit by income band, in the bands' order; bands too small are merged with the next.

    What is left over at the end is merged with the group before it. Where not even all together are
    safe, nothing is published.
    """
    _check(people, bands)
    merged: list[tuple[list[str], list[MemberBenefit]]] = []
    names: list[str] = []
    group: list[MemberBenefit] = []
    for band in bands:
        names.append(band)
        group.extend(one for one in people if one.group == band)
        if is_safe(group):
            merged.append((names, group))
            names, group = [], []
    if names and merged:
        merged[-1][0].extend(names)
        merged[-1][1].extend(group)
        while len(merged) > 1 and not is_safe(merged[-1][1]):
            last = merged.pop()
            merged[-1][0].extend(last[0])
            merged[-1][1].extend(last[1])
    if not merged or not all(is_safe(members) for _, members in merged):
        return Table((Group(tuple(bands), None, None),), None, None)
    return _table([(tuple(names), members) for names, members in merged], set())


def by_group(people: Sequence[MemberBenefit], groups: Sequence[str]) -> Table:
    """Benefit by groups without an order; unsafe ones are withheld, and others so that they hide.

    The withheld groups are never one alone, and together they are safe themselves: the total less
    what is shown says nothing about fewer than five members.
    """
    _check(people, groups)
    cells = [((name,), [one for one in people if one.group == name]) for name in groups]
    filled = [index for index, (_, members) in enumerate(cells) if members]
    withheld = {index for index in filled if not is_safe(cells[index][1])}
    rest = sorted(set(filled) - withheld, key=lambda index: (len(cells[index][1]), index))
    while withheld and rest:
        hidden = [one for index in withheld for one in cells[index][1]]
        if len(withheld) > 1 and is_safe(hidden):
            break
        withheld.add(rest.pop(0))
    hidden = [one for index in withheld for one in cells[index][1]]
    table = _table(cells, withheld)
    if withheld and not (len(withheld) > 1 and is_safe(hidden)):
        return Table(tuple(Group(g.groups, None, None) for g in table.groups), None, None)
    return table


def require_no_differencing(
    published: Sequence[Sequence[frozenset[str]]], new: Sequence[frozenset[str]]
) -> None:
    """Refuse groups that, laid over earlier ones of the same period, cut out fewer than five.

    Each version is its groups' member sets. Whatever can be had by adding and subtracting figures
    of all versions is made of the pieces into which they cut the members; so no piece may be small.
    """
    pieces: Counter[tuple[int, ...]] = Counter()
    versions = [*published, new]
    for member in frozenset[str]().union(*(group for version in versions for group in version)):
        pieces[
            tuple(
                next((i for i, group in enumerate(version) if member in group), -1)
                for version in versions
            )
        ] += 1
    smallest = min(pieces.values(), default=GROUP_LEAST)
    if smallest < GROUP_LEAST:
        raise NotPermitted(
            "the versions together would show fewer than five members",
            rule="benefit.differencing",
            field="groups",
            value=smallest,
            remedy="publish the correction in the groups of the version before",
        )


def _check(people: Sequence[MemberBenefit], groups: Sequence[str]) -> None:
    unknown = sorted({one.group for one in people} - set(groups))
    twice = len({one.member for one in people}) < len(people)
    if unknown or twice or len(set(groups)) < len(groups):
        raise InputError(
            "every member is in one of the named groups, once",
            rule="benefit.groups",
            field="groups",
            value=unknown[0] if unknown else "a member or group twice",
            remedy="name the group, or correct the member",
        )


def _table(
    cells: Sequence[tuple[tuple[str, ...], Sequence[MemberBenefit]]], withheld: set[int]
) -> Table:
    groups = tuple(
        Group(names, None, None)
        if index in withheld
        else Group(names, len(people), Ud(sum(one.amount_ud for one in people)))
        for index, (names, people) in enumerate(cells)
    )
    everyone = [one for _, people in cells for one in people]
    return Table(groups, len(everyone), Ud(sum(one.amount_ud for one in everyone)))
