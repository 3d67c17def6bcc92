"""The consumer contract: nothing starts before it was disclosed, copied, acknowledged and waited.

Ontario's Energy Consumer Protection Act, 2010 and O. Reg. 389/10 are the shipped rules; another
place or a later law is another record. Days are local calendar days; a free day counts to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud


class Stage(StrEnum):
    """Where a contract stands; in this order, none left out."""

    OFFERED = "offered"
    DISCLOSED = "disclosed"
    COPIED = "copy delivered"
    ACKNOWLEDGED = "acknowledged"
    ACTIVE = "active"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ContractRules:
    """What one place demands from ``valid_from`` on, in days.

    The member confirms no earlier than ``wait_days`` and no later than ``confirm_days`` after
    acknowledging the copy; cancels freely for ``free_days`` after that, and for
    ``first_bill_days`` after the first bill (0: no such right); later with ``notice_days``.
    """

    place: str
    valid_from: date
    wait_days: int
    confirm_days: int
    free_days: int
    first_bill_days: int
    notice_days: int
    source: str


ONTARIO = ContractRules(
    "CA-ON", date(2011, 1, 1), 10, 45, 10, 30, 30,
    "Energy Consumer Protection Act, 2010, S.O. 2010, c. 8; O. Reg. 389/10",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contract:
    """One member's energy contract; the hashes say which text was shown and copied."""

    member: str
    rules: ContractRules
    stage: Stage = Stage.OFFERED
    disclosure: str = ""
    copy: str = ""
    copied_on: date | None = None
    acknowledged_on: date | None = None
    active_on: date | None = None
    first_bill_on: date | None = None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """How a contract ended: free with everything refunded, or by notice."""

    contract: Contract
    free: bool
    refund_ud: Ud
    ends_on: date
    why: str


def rules_at(rules: Sequence[ContractRules], place: str, day: date) -> ContractRules:
    """The rules for a contract made on ``day``; an unknown place takes those kindest to members."""
    valid = [one for one in rules if one.valid_from <= day]
    own = [one for one in valid if one.place == place]
    if own:
        return max(own, key=lambda one: one.valid_from)
    if not valid:
        raise InputError(
            "no rules for consumer contracts were in force",
            rule="contract.rules",
            field="place",
            value=place,
            remedy="load the place's rules",
        )
    return ContractRules(
        place,
        max(one.valid_from for one in valid),
        max(one.wait_days for one in valid),
        max(one.confirm_days for one in valid),
        max(one.free_days for one in valid),
        max(one.first_bill_days for one in valid),
        min(one.notice_days for one in valid),
        "kindest of all rules: none for this place",
    )


def disclose(contract: Contract, text_hash: str) -> Contract:
    """The plain disclosure was shown."""
    _require(contract, Stage.OFFERED, text_hash)
    return replace(contract, stage=Stage.DISCLOSED, disclosure=text_hash)


def deliver_copy(contract: Contract, text_hash: str, day: date) -> Contract:
    """The member has a text copy to keep."""
    _require(contract, Stage.DISCLOSED, text_hash)
    return replace(contract, stage=Stage.COPIED, copy=text_hash, copied_on=day)


def acknowledge(contract: Contract, text_hash: str, day: date) -> Contract:
    """The member says so, of exactly this copy."""
    _require(contract, Stage.COPIED, text_hash)
    if text_hash != contract.copy or (contract.copied_on and day < contract.copied_on):
        raise NotPermitted(
            "what is acknowledged is the copy that was delivered, once it was",
            rule="contract.copy",
            field="copy",
            value=text_hash,
            remedy="deliver the new text first",
        )
    return replace(contract, stage=Stage.ACKNOWLEDGED, acknowledged_on=day)


def confirm(contract: Contract, day: date) -> Contract:
    """The member confirms after the wait: the contract is active."""
    _require(contract, Stage.ACKNOWLEDGED, "confirmed")
    assert contract.acknowledged_on is not None
    first = contract.acknowledged_on + timedelta(days=contract.rules.wait_days)
    last = contract.acknowledged_on + timedelta(days=contract.rules.confirm_days)
    if not first <= day <= last:
        raise NotPermitted(
            f"the contract can be confirmed from {first} to {last}",
            rule="contract.wait",
            field="day",
            value=day.isoformat(),
            remedy="wait; after the last day begin anew",
        )
    return replace(contract, stage=Stage.ACTIVE, active_on=day)


def bill(contract: Contract, day: date) -> Contract:
    """A bill went out; the first one opens its own time to cancel."""
    require_active(contract)
    return contract if contract.first_bill_on else replace(contract, first_bill_on=day)


def require_active(contract: Contract) -> None:
    """Refuse to sell or buy under a contract that is not active."""
    if contract.stage is not Stage.ACTIVE:
        raise NotPermitted(
            f"the contract is {contract.stage.value}, not active",
            rule="contract.active",
            field="stage",
            value=contract.stage.value,
            remedy="disclose, copy, acknowledge, wait, confirm",
        )


def cancel(contract: Contract, day: date, paid_ud: int) -> Cancellation:
    """The contract ended on ``day``: free with ``paid_ud`` refunded, or by notice.

    Free before it is active, in the first days after acknowledging, and after the first bill.
    """
    if contract.stage is Stage.CANCELLED:
        raise NotPermitted(
            "the contract was cancelled before",
            rule="contract.cancelled",
            field="stage",
            value=contract.stage.value,
            remedy="make a new one",
        )
    rules, ended = contract.rules, replace(contract, stage=Stage.CANCELLED)
    windows = (
        (contract.acknowledged_on, rules.free_days, "acknowledging the copy"),
        (contract.first_bill_on, rules.first_bill_days, "the first bill"),
    )
    if contract.stage is not Stage.ACTIVE:
        return Cancellation(ended, True, Ud(paid_ud), day, "before it was active")
    for start, days, event in windows:
        if start is not None and days and start <= day <= start + timedelta(days=days):
            why = f"within {days} days of {event}"
            return Cancellation(ended, True, Ud(paid_ud), day, why)
    notice = timedelta(days=rules.notice_days)
    return Cancellation(ended, False, Ud(0), day + notice, f"by {rules.notice_days} days' notice")


def _require(contract: Contract, stage: Stage, proof: str) -> None:
    if contract.stage is not stage or not proof:
        raise NotPermitted(
            f"the contract is {contract.stage.value}: this step follows {stage.value}",
            rule="contract.order",
            field="stage",
            value=contract.stage.value,
            remedy="disclose, copy, acknowledge, wait, confirm, each with its text",
        )
