"""Proof of reserves: the money on chain against what custodians hold for it, to the last unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud, dollars, iso_utc, split_largest_remainder


class Light(StrEnum):
    """What the page shows: green only where supply and backing are equal and fresh."""

    GREEN = "green"
    RED = "red"


@dataclass(frozen=True, slots=True)
class CustodianStatement:
    """What a custodian says it holds [ud]; ``hash`` is that of the statement's file."""

    custodian: str
    held_ud: Ud
    as_of_s: int
    hash: str


@dataclass(frozen=True, slots=True)
class ProofOfReserves:
    """The page: supply, backing, what is over or missing, and how old the word is [ud, s]."""

    supply_ud: Ud
    backing_ud: Ud
    surplus_ud: Ud
    shortfall_ud: Ud
    oldest_s: int
    light: Light
    why: str
    statements: tuple[CustodianStatement, ...]


def proof_of_reserves(
    supply_ud: int, statements: Sequence[CustodianStatement], now_s: int, age_most_s: int
) -> ProofOfReserves:
    """Chain supply against the custodians' statements; any difference turns the page red."""
    names = [one.custodian for one in statements]
    if not names or len(set(names)) < len(names) or any(not one.hash for one in statements):
        raise InputError(
            "each custodian gives one statement with the hash of its file",
            rule="reserves.statements",
            field="statements",
            value=names,
            remedy="take each custodian's newest statement",
        )
    backing = sum(one.held_ud for one in statements)
    oldest = min(one.as_of_s for one in statements)
    difference = abs(backing - supply_ud)
    why = "difference 0.00"
    if difference:
        why = f"difference ${dollars(difference, 6)}: supply and backing are not equal"
    elif now_s - oldest > age_most_s or oldest > now_s:
        why = f"a statement is of {iso_utc(oldest)}: too old to rely on, or not of the past"
    good = not difference and 0 <= now_s - oldest <= age_most_s
    return ProofOfReserves(
        Ud(supply_ud),
        Ud(backing),
        Ud(max(0, backing - supply_ud)),
        Ud(max(0, supply_ud - backing)),
        oldest,
        Light.GREEN if good else Light.RED,
        why,
        tuple(statements),
    )


def mint(supply_ud: int, backing_ud: int, amount_ud: int, receipt_ud: int) -> tuple[Ud, Ud]:
    """Supply and backing after minting against a custodian's receipt; never above backing."""
    if amount_ud <= 0 or amount_ud > receipt_ud or supply_ud + amount_ud > backing_ud + receipt_ud:
        raise NotPermitted(
            "money is minted against a custodian's receipt, never above backing",
            rule="reserves.mint",
            field="amount_ud",
            value=amount_ud,
            remedy=f"the receipt is ${dollars(receipt_ud)}",
        )
    return Ud(supply_ud + amount_ud), Ud(backing_ud + receipt_ud)


def redeem(supply_ud: int, backing_ud: int, amount_ud: int) -> tuple[Ud, Ud]:
    """Supply and backing after a redemption at par, which the backing reserve alone pays."""
    if not 0 < amount_ud <= min(supply_ud, backing_ud):
        raise NotPermitted(
            "what is redeemed is money that exists and is backed",
            rule="reserves.redeem",
            field="amount_ud",
            value=amount_ud,
            remedy="where backing is short, everyone is paid the published fraction",
        )
    return Ud(supply_ud - amount_ud), Ud(backing_ud - amount_ud)


def haircut(backing_ud: int, claims_ud: Sequence[int]) -> list[Ud]:
    """What each holder gets where backing does not cover all claims [ud].

    All in the same fraction, largest remainder, ties to the lower number; with enough backing each
    claim in full. In order of member number.
    """
    paid = min(backing_ud, sum(claims_ud))
    return [Ud(part) for part in split_largest_remainder(paid, claims_ud)]
