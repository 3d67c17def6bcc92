"""Policy: parameters within bounds nobody can move, proposed with evidence, passed in the open.

Bounds and steps are those of ``Policy`` on chain (a test compares them). A proposal carries the
hash of the data it relies on, the goal it serves and how that is measured; a vote and a time lock
pass before it acts, and who proposed never executes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import iso_utc

TIME_LOCK_S = 48 * 3600


class Parameter(IntEnum):
    """What can be set; the numbers are the contract's."""

    PEAK_INCENTIVE = 0  # ud/kWh
    LOAN_RATE = 1  # basis points a year
    LATE_RATE = 2  # basis points a year
    MARKETPLACE_FEE = 3  # basis points of a sale
    STABILISATION_LEVY = 4  # basis points of a sale


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and most value, and the largest change at a time."""

    least: int
    most: int
    step: int


BOUNDS = {
    Parameter.PEAK_INCENTIVE: Bounds(0, 100_000, 20_000),
    Parameter.LOAN_RATE: Bounds(0, 1_200, 100),
    Parameter.LATE_RATE: Bounds(0, 2_400, 200),
    Parameter.MARKETPLACE_FEE: Bounds(0, 300, 50),
    Parameter.STABILISATION_LEVY: Bounds(0, 500, 100),
}
MEANING = {
    Parameter.PEAK_INCENTIVE: "paid for each kWh at peak, in millionths of a dollar",
    Parameter.LOAN_RATE: "a year on liquidity loans, in hundredths of a percent",
    Parameter.LATE_RATE: "a year on late payments, in hundredths of a percent",
    Parameter.MARKETPLACE_FEE: "of a sale for running the marketplace, in hundredths of a percent",
    Parameter.STABILISATION_LEVY: "of a sale for stabilisation, in hundredths of a percent",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value in force from ``from_s`` on, and the proposal that set it."""

    parameter: Parameter
    value: int
    from_s: int
    policy_id: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change with its evidence: ``snapshot`` is the hash of the data it relies on."""

    policy_id: str
    parameter: Parameter
    value: int
    from_s: int
    snapshot: str
    goal: str
    measure: str
    proposer: str
    automatic: bool = False

    def __post_init__(self) -> None:
        """Refuse a proposal without data, goal or measure."""
        if not (self.snapshot and self.goal and self.measure):
            raise InputError(
                "a proposal carries its data's hash, the goal it serves and the measure of it",
                rule="policy.evidence",
                field="snapshot",
                value=self.snapshot,
                remedy="attach the snapshot of the dashboard",
            )


@dataclass(frozen=True, slots=True)
class Vote:
    """Who of the seats voted for, against, or abstained; counted as ``Council`` does."""

    for_: frozenset[str]
    against: frozenset[str]
    seats: frozenset[str]
    abstained: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse votes without a seat and a seat that votes twice."""
        sides = (self.for_, self.against, self.abstained)
        voted = frozenset().union(*sides)
        if not voted <= self.seats or len(voted) < sum(map(len, sides)):
            raise NotPermitted(
                "each seat votes once, and only seats vote",
                rule="policy.seats",
                field="vote",
                value=sorted(voted - self.seats),
                remedy="count each seat's one vote",
            )

    @property
    def passed(self) -> bool:
        """More for than against, and more than half of the seats for it or abstaining."""
        present = len(self.for_) + len(self.abstained)
        return len(self.for_) > len(self.against) and present >= len(self.seats) // 2 + 1


def value_at(settings: Sequence[Setting], parameter: Parameter, second: int) -> Setting:
    """The setting in force at ``second``: an old period is judged by the old value."""
    past = [one for one in settings if one.parameter is parameter and one.from_s <= second]
    if not past:
        raise InputError(
            "nothing was set yet",
            rule="policy.unset",
            field="parameter",
            value=parameter.name,
            remedy=f"the first value is set at the start; asked for {iso_utc(second)}",
        )
    return max(past, key=lambda one: one.from_s)


def check_proposal(proposal: Proposal, settings: Sequence[Setting]) -> None:
    """Refuse a value out of bounds, a change larger than the step, or one that acts backwards."""
    bounds = BOUNDS[proposal.parameter]
    if not bounds.least <= proposal.value <= bounds.most:
        raise NotPermitted(
            f"{proposal.parameter.name} lies between {bounds.least} and {bounds.most}",
            rule="policy.bounds",
            field="value",
            value=proposal.value,
            remedy="bounds are in the contract's code; nobody can move them",
        )
    own = [one for one in settings if one.parameter is proposal.parameter]
    if not own:
        return
    last = max(own, key=lambda one: one.from_s)
    if abs(proposal.value - last.value) > bounds.step:
        raise NotPermitted(
            f"{proposal.parameter.name} changes by at most {bounds.step} at a time",
            rule="policy.step",
            field="value",
            value=proposal.value,
            remedy=f"it is {last.value}; go in steps",
        )
    if proposal.from_s <= last.from_s:
        raise NotPermitted(
            "a value holds from later than the one before",
            rule="policy.time",
            field="from_s",
            value=iso_utc(proposal.from_s),
            remedy=f"after {iso_utc(last.from_s)}",
        )


def execute(
    proposal: Proposal,
    vote: Vote,
    passed_s: int,
    now_s: int,
    executor: str,
    settings: Sequence[Setting],
) -> tuple[Setting, ...]:
    """The settings with the proposal's, once passed, its time lock over, by someone else."""
    check_proposal(proposal, settings)
    if not vote.passed:
        raise NotPermitted(
            "the proposal was not passed",
            rule="policy.vote",
            field="vote",
            value=f"{len(vote.for_)}:{len(vote.against)}",
            remedy="more seats for than against, and more than half of them present",
        )
    if now_s < passed_s + TIME_LOCK_S:
        raise NotPermitted(
            f"the time lock runs until {iso_utc(passed_s + TIME_LOCK_S)}",
            rule="policy.time_lock",
            field="now_s",
            value=iso_utc(now_s),
            remedy="wait",
        )
    if executor == proposal.proposer or executor not in vote.seats:
        raise NotPermitted(
            "who has a seat executes, and never who proposed",
            rule="policy.separation",
            field="executor",
            value=executor,
            remedy="another seat executes",
        )
    if proposal.from_s < now_s:
        raise NotPermitted(
            "a policy never acts backwards",
            rule="policy.time",
            field="from_s",
            value=iso_utc(proposal.from_s),
            remedy="set a later start",
        )
    setting = Setting(proposal.parameter, proposal.value, proposal.from_s, proposal.policy_id)
    return (*settings, setting)


def notice(proposal: Proposal, before: int) -> str:
    """The change in plain words, for every participant."""
    return (
        f"Policy {proposal.policy_id}: from {iso_utc(proposal.from_s)} {proposal.value} instead of"
        f" {before} ({MEANING[proposal.parameter]}). Goal: {proposal.goal}. Measured by:"
        f" {proposal.measure}."
    )


@dataclass(frozen=True, slots=True)
class WeekOfTrade:
    """Weekly statistics of the marketplace that the council's dashboard shows."""

    week: str  # 2026-W03
    volume_wh: int
    mean_price_ud_per_kwh: int
    snapshot: str


def automatic_draft(
    weeks: Sequence[WeekOfTrade], settings: Sequence[Setting], now_s: int, move_permille: int
) -> Proposal | None:
    """One draft where the last week's price left the mean of those before by ``move_permille``.

    It proposes a step of the stabilisation levy: up where the price rose, for a stronger fund, down
    where it fell, to leave more with sellers. A draft decides nothing; the council does.
    """
    if len(weeks) < 2 or len({week.week for week in weeks}) < len(weeks):
        return None
    *earlier, last = sorted(weeks, key=lambda one: one.week)
    usual = sum(week.mean_price_ud_per_kwh for week in earlier)
    moved = last.mean_price_ud_per_kwh * len(earlier) - usual
    if abs(moved) * 1000 < move_permille * abs(usual) or not moved:
        return None
    levy = value_at(settings, Parameter.STABILISATION_LEVY, now_s)
    bounds = BOUNDS[Parameter.STABILISATION_LEVY]
    step = bounds.step // 2
    value = min(bounds.most, max(bounds.least, levy.value + (step if moved > 0 else -step)))
    if value == levy.value:
        return None
    return Proposal(
        f"draft-{last.week}",
        Parameter.STABILISATION_LEVY,
        value,
        now_s + TIME_LOCK_S,
        last.snapshot,
        "a stable price of energy credits",
        "weekly mean price against the mean of the weeks before",
        "marketplace statistics",
        automatic=True,
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """What a policy was simulated to do to one layer's measure, and what it did."""

    layer: str
    measure: str
    simulated: int
    measured: int

    @property
    def miss(self) -> int:
        """Measured less simulated, in the measure's unit."""
        return self.measured - self.simulated
