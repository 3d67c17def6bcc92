"""Incentives with a budget: energy earns a rate until the budget binds, then a lower one for all.

The same rounding as ``Incentives`` on chain: what is wanted, and each member's part, rounded down;
what rounding leaves goes back to who gave the budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.proofs import keccak
from sourceenergy.units import WH_PER_KWH, Ud, UdPerKwh, Wh, dollars, iso_utc, kwh


@dataclass(frozen=True, slots=True)
class Programme:
    """An incentive the council opened: ``policy_id`` is its proposal, shown on every line."""

    number: int
    policy_id: str
    goal: str
    rate_ud_per_kwh: UdPerKwh
    budget_ud: Ud
    start_s: int
    end_s: int

    def __post_init__(self) -> None:
        """Refuse a programme without a rate, a budget, a time, or the policy it comes from."""
        if (
            min(self.rate_ud_per_kwh, self.budget_ud) <= 0
            or self.end_s <= self.start_s
            or not (self.policy_id and self.goal)
        ):
            raise InputError(
                "an incentive has a rate, a budget, a time, its policy and the goal it serves",
                rule="incentive.programme",
                field="policy_id",
                value=self.policy_id,
                remedy="open it by a proposal of the council",
            )


@dataclass(frozen=True, slots=True)
class Earned:
    """Energy of one member that earns the incentive [Wh]."""

    number: int
    account: str
    energy_wh: Wh


@dataclass(frozen=True, slots=True)
class IncentiveLine:
    """One member's incentive, a line of its own on the statement."""

    number: int
    account: str
    energy_wh: Wh
    amount_ud: Ud
    policy_id: str

    def __str__(self) -> str:
        """For the statement."""
        return (
            f"incentive for {kwh(self.energy_wh)} kWh: ${dollars(self.amount_ud, 6)}"
            f" (policy {self.policy_id})"
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """A programme's result [ud]: budget = Σ lines + returned."""

    programme: Programme
    energy_wh: Wh
    wanted_ud: Ud
    payable_ud: Ud
    rate_paid_ud_per_kwh: UdPerKwh  # rounded down
    lines: tuple[IncentiveLine, ...]
    returned_ud: Ud

    @property
    def budget_binds(self) -> bool:
        """Was more earned than the budget pays?"""
        return self.wanted_ud > self.programme.budget_ud


def settle(programme: Programme, earned: Sequence[Earned], now_s: int) -> Settled:
    """What each member gets; refused before the programme's end. Order does not matter."""
    if now_s < programme.end_s:
        raise NotPermitted(
            "an incentive is settled after its end",
            rule="incentive.too_early",
            field="now_s",
            value=iso_utc(now_s),
            remedy=f"wait until {iso_utc(programme.end_s)}",
        )
    people = sorted(earned, key=lambda one: one.number)
    twice = len({one.number for one in people}) < len(people)
    if twice or any(one.energy_wh < 0 for one in people):
        raise InputError(
            "each member's energy counts once and is zero or more",
            rule="incentive.energy",
            field="earned",
            value=[one.number for one in people],
            remedy="add up a member's energy first",
        )
    energy = sum(one.energy_wh for one in people)
    wanted = energy * programme.rate_ud_per_kwh // WH_PER_KWH
    payable = min(wanted, programme.budget_ud)
    capped = payable == programme.budget_ud
    lines = tuple(
        IncentiveLine(
            one.number,
            one.account,
            one.energy_wh,
            Ud(
                one.energy_wh * payable // energy
                if capped
                else one.energy_wh * programme.rate_ud_per_kwh // WH_PER_KWH
            ),
            programme.policy_id,
        )
        for one in people
    )
    return Settled(
        programme,
        Wh(energy),
        Ud(wanted),
        Ud(payable),
        UdPerKwh(payable * WH_PER_KWH // energy if capped else programme.rate_ud_per_kwh),
        lines,
        Ud(programme.budget_ud - sum(line.amount_ud for line in lines)),
    )


def incentive_leaf(programme: int, line: IncentiveLine, salt: str) -> bytes:
    """Leaf of a line under the programme's root, as on chain (32 bytes)."""
    words = (programme, int(line.account, 16), line.energy_wh, int(salt, 16))
    return keccak(keccak(b"".join(word.to_bytes(32, "big") for word in words)))
