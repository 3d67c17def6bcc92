"""Pool, decide, spend: one member one vote, milestones against evidence, never above the budget.

Mirrors ``Community`` on chain, which holds the money; the same answers for the app before a
transaction is sent, and for the accountability report.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sourceenergy.economy._cents import split_cents
from sourceenergy.economy.community.profit import Change, pool_at
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud, dollars, iso_utc


@dataclass(frozen=True, slots=True)
class Project:
    """What the pool buys: a budget in milestones, each a part of it by weight (40, 40, 20)."""

    name: str
    budget_ud: Ud  # whole cents
    parts: tuple[int, ...]

    @property
    def milestones_ud(self) -> tuple[Ud, ...]:
        """What each milestone releases; together the budget, to the cent."""
        return tuple(split_cents(self.budget_ud, self.parts))


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote's outcome: persons, not wallets."""

    members: int
    in_favour: int
    against: int
    quorum_permille: int

    @property
    def quorate(self) -> bool:
        """Did enough members vote?"""
        return (self.in_favour + self.against) * 1000 >= self.quorum_permille * self.members

    @property
    def passed(self) -> bool:
        """Quorum, and more in favour than against."""
        return self.quorate and self.in_favour > self.against

    @property
    def turnout_permille(self) -> int:
        """Part of the members who voted, rounded down."""
        return (self.in_favour + self.against) * 1000 // self.members if self.members else 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A request for a milestone's money, with the hash of its evidence."""

    milestone: int  # from 0, in order
    amount_ud: Ud
    claimant: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat on the board or beside it, for the accountability report."""

    name: str
    low_income: bool
    advisory: bool
    meetings: int
    attended: int


def count_votes(
    members: Collection[str],
    person_of: Mapping[str, str],
    votes: Sequence[tuple[str, bool]],
    quorum_permille: int,
) -> Ballot:
    """One member one vote, by whatever wallet; who is no member or votes twice is refused.

    ``person_of`` gives the member behind a wallet; ``votes`` are (wallet, in favour).
    """
    people = [person_of.get(wallet, wallet) for wallet, _ in votes]
    strangers = sorted(set(people) - set(members))
    if strangers or len(set(people)) < len(people):
        raise NotPermitted(
            "each member has one vote, by whatever wallet",
            rule="project.one_vote",
            field="votes",
            value=strangers[0] if strangers else "twice",
            remedy="the first vote counts; others have none",
        )
    in_favour = sum(yes for _, yes in votes)
    return Ballot(len(set(members)), in_favour, len(votes) - in_favour, quorum_permille)


def release(
    project: Project,
    ballot: Ballot,
    released: Sequence[Claim],
    claim: Claim,
    approver: str,
) -> tuple[Claim, ...]:
    """The claims released with one more; NotPermitted names what forbids it."""
    if not ballot.passed:
        raise NotPermitted(
            "nothing is spent before a quorum has voted for it",
            rule="project.quorum",
            field="ballot",
            value=f"{ballot.turnout_permille} ‰ turnout",
            remedy="call the members to vote",
        )
    if approver == claim.claimant:
        raise NotPermitted(
            "nobody approves an own claim",
            rule="project.own_claim",
            field="approver",
            value=approver,
            remedy="another one approves it",
        )
    if not claim.evidence:
        raise NotPermitted(
            "a milestone is paid against evidence",
            rule="project.evidence",
            field="evidence",
            value="",
            remedy="attach the acceptance report",
        )
    amounts = project.milestones_ud
    if claim.milestone != len(released) or claim.milestone >= len(amounts):
        raise NotPermitted(
            "milestones are released in order, each once",
            rule="project.milestone",
            field="milestone",
            value=claim.milestone,
            remedy=f"the next is {len(released)} of {len(amounts)}",
        )
    if not 0 < claim.amount_ud <= amounts[claim.milestone]:
        raise NotPermitted(
            f"this milestone releases at most ${dollars(amounts[claim.milestone])}",
            rule="project.budget",
            field="amount_ud",
            value=claim.amount_ud,
            remedy="a larger budget is a new vote",
        )
    return (*released, claim)


def pool_by_path(
    changes: Sequence[Change], path_of: Mapping[int, str], second: int
) -> dict[str, Ud]:
    """The pool by the path its money is counted through (direct, trust), without names [ud]."""
    paths: dict[str, int] = {}
    for member, amount in pool_at(changes, second).items():
        path = path_of.get(member, "direct")
        paths[path] = paths.get(path, 0) + amount
    return {path: Ud(paths[path]) for path in sorted(paths)}


def leave(
    changes: Sequence[Change],
    member: int,
    noticed_s: int,
    now_s: int,
    notice_s: int,
    cash_ud: int,
) -> Change:
    """The withdrawal of all a member has in, once the notice is over and cash covers it.

    Where cash does not cover it the member waits in the queue; nothing is sold in a hurry.
    """
    if now_s < noticed_s + notice_s:
        raise NotPermitted(
            f"the notice runs until {iso_utc(noticed_s + notice_s)}",
            rule="project.notice",
            field="now_s",
            value=iso_utc(now_s),
            remedy="wait for its end",
        )
    amount = pool_at(changes, now_s).get(member, 0)
    if amount <= 0:
        raise InputError(
            "this member has nothing in the pool",
            rule="project.leave",
            field="member",
            value=member,
            remedy="name a member with money in",
        )
    if amount > cash_ud:
        raise NotPermitted(
            "the pool's cash does not cover this exit now",
            rule="project.cash",
            field="amount_ud",
            value=amount,
            remedy="it is served from the queue as cash comes in",
        )
    return Change(now_s, member, Ud(0), Ud(amount))


def accountability(seats: Sequence[Seat], low_income_least: int) -> tuple[str, ...]:
    """Seats and attendance as the report says them; refused with too few low-income seats."""
    low = sum(seat.low_income for seat in seats)
    if low < low_income_least or any(not 0 <= seat.attended <= seat.meetings for seat in seats):
        raise InputError(
            f"at least {low_income_least} seats are for low-income residents",
            rule="project.seats",
            field="seats",
            value=low,
            remedy="fill the seats before reporting",
        )
    return tuple(
        f"{seat.name} ({'advisory' if seat.advisory else 'board'}"
        f"{', low-income' if seat.low_income else ''}):"
        f" {seat.attended} of {seat.meetings} meetings"
        for seat in seats
    )
