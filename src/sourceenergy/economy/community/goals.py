"""Goals of a person, a family or a community; only money that was really paid moves them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sourceenergy.errors import InputError
from sourceenergy.units import Ud


class GoalKind(StrEnum):
    """Whose goal it is."""

    PERSONAL = "personal"
    FAMILY = "family"
    COMMUNITY = "community"


@dataclass(frozen=True, slots=True)
class Goal:
    """``target_ud`` to be reached by what ``owner`` is paid from ``from_s`` on."""

    kind: GoalKind
    owner: str
    name: str
    target_ud: Ud
    from_s: int

    def __post_init__(self) -> None:
        """Refuse a goal that is reached before it starts."""
        if self.target_ud <= 0:
            raise InputError(
                "a goal is an amount above zero",
                rule="goal.target",
                field="target_ud",
                value=self.target_ud,
                remedy="set an amount",
            )


@dataclass(frozen=True, slots=True)
class Payout:
    """Money that reached ``owner`` at ``at_s``; ``id`` is that of the payment, counted once.

    Parts that are held, valuations and forecasts are no payouts.
    """

    id: str
    owner: str
    amount_ud: Ud
    at_s: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a goal is; ``reached_s`` is the payout that reached it, None before."""

    goal: Goal
    paid_ud: Ud
    missing_ud: Ud
    permille: int  # rounded down, at most 1000
    reached_s: int | None


def progress(goal: Goal, payouts: Iterable[Payout]) -> Progress:
    """Progress from the payouts up to now, in any order; the same payout twice counts once."""
    known: dict[str, Payout] = {}
    for payout in payouts:
        if known.setdefault(payout.id, payout) != payout or payout.amount_ud < 0:
            raise InputError(
                "one payment has one receiver, amount and time",
                rule="goal.payout",
                field="id",
                value=payout.id,
                remedy="take payouts from the ledger",
            )
    paid, reached = 0, None
    for payout in sorted(known.values(), key=lambda one: (one.at_s, one.id)):
        if payout.owner == goal.owner and payout.at_s >= goal.from_s:
            paid += payout.amount_ud
            if reached is None and paid >= goal.target_ud:
                reached = payout.at_s
    return Progress(
        goal,
        Ud(paid),
        Ud(max(0, goal.target_ud - paid)),
        min(1000, paid * 1000 // goal.target_ud),
        reached,
    )
