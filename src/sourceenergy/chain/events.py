"""The contracts' events as frozen records, in Python's names with units.

Hashes are 64 hex digits as in ``records``; ids and addresses start with 0x. Times are UTC unix
seconds, money is in micro-dollars [ud].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sourceenergy.chain.contracts import DecodedEvent
from sourceenergy.records import Statement
from sourceenergy.units import Ud, Wh


class Place(NamedTuple):
    """Where in the chain an event is."""

    block: int
    block_hash: str  # 0x hex
    transaction: str  # 0x hex
    log_index: int


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """Base of all events: ``place`` says where it is."""

    place: Place


@dataclass(frozen=True, slots=True)
class Opened(ChainEvent):
    """A community was opened in a contract of its own, with these terms; spans in seconds."""

    community: str
    clearing: str
    name: str
    operator: str
    guardian: str
    verifier: str
    delay_s: int
    exit_window_s: int


# The events of ``Clearing`` are those of the one community whose contract was read.


@dataclass(frozen=True, slots=True)
class Deposited(ChainEvent):
    """Money came in for an account."""

    account: str
    amount_ud: Ud


@dataclass(frozen=True, slots=True)
class Posted(ChainEvent):
    """A statement was accepted; it pays from ``live_at_s`` unless it is vetoed."""

    statement_hash: str
    statement: Statement
    live_at_s: int


@dataclass(frozen=True, slots=True)
class Vetoed(ChainEvent):
    """The statements from one epoch to another are void."""

    from_epoch: int
    to_epoch: int


@dataclass(frozen=True, slots=True)
class Rewound(ChainEvent):
    """The next statement builds on this one (epoch 0: it is the first)."""

    epoch: int
    statement_hash: str


@dataclass(frozen=True, slots=True)
class ExitRequested(ChainEvent):
    """An account asked to leave, to be served until ``deadline_s``."""

    account: str
    deadline_s: int


@dataclass(frozen=True, slots=True)
class ExitServed(ChainEvent):
    """A request to leave was served by the statement of ``epoch``."""

    account: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Escaped(ChainEvent):
    """An account took everything out by itself."""

    account: str
    epoch: int
    amount_ud: Ud
    cumulative_ud: Ud


@dataclass(frozen=True, slots=True)
class WoundUp(ChainEvent):
    """The community has ended with the statement of ``epoch`` (0: none was live)."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Reclaimed(ChainEvent):
    """An account took back deposits that no statement ever accounted for."""

    account: str
    amount_ud: Ud


@dataclass(frozen=True, slots=True)
class PassportIssued(ChainEvent):
    """An account got its permissions, valid until ``expiry_s``."""

    account: str
    permissions: int
    expiry_s: int
    country: int


@dataclass(frozen=True, slots=True)
class PassportRevoked(ChainEvent):
    """Permissions were taken away; ``permissions`` remain."""

    account: str
    permissions: int


@dataclass(frozen=True, slots=True)
class PassportFrozen(ChainEvent):
    """An account was put on hold, or the hold was lifted."""

    account: str
    frozen: bool


@dataclass(frozen=True, slots=True)
class DeviceRegistered(ChainEvent):
    """A device and its P-256 key were registered; ``capacity_w`` in watts."""

    device: str
    owner: str
    public_x: int
    public_y: int
    kind: int
    capacity_w: int


@dataclass(frozen=True, slots=True)
class DeviceVerified(ChainEvent):
    """A device's verified flag was set or taken away."""

    device: str
    verified: bool


@dataclass(frozen=True, slots=True)
class DeviceRevoked(ChainEvent):
    """Readings after ``at_sequence`` are no longer accepted from the device."""

    device: str
    at_sequence: int


@dataclass(frozen=True, slots=True)
class BucketSet(ChainEvent):
    """A facilitator may have made up to ``capacity_ud``."""

    facilitator: str
    capacity_ud: Ud


@dataclass(frozen=True, slots=True)
class Minted(ChainEvent):
    """A facilitator made money."""

    facilitator: str
    to: str
    amount_ud: Ud


@dataclass(frozen=True, slots=True)
class Burned(ChainEvent):
    """A facilitator unmade money."""

    facilitator: str
    amount_ud: Ud


@dataclass(frozen=True, slots=True)
class Transferred(ChainEvent):
    """Money went from one address to another (ERC-20's Transfer)."""

    sender: str
    to: str
    amount_ud: Ud


EVENTS: Mapping[tuple[str, str], Callable[..., ChainEvent]] = {
    ("ClearingFactory", "Opened"): Opened,
    ("Clearing", "Deposited"): Deposited,
    ("Clearing", "Posted"): Posted,
    ("Clearing", "Vetoed"): Vetoed,
    ("Clearing", "Rewound"): Rewound,
    ("Clearing", "ExitRequested"): ExitRequested,
    ("Clearing", "ExitServed"): ExitServed,
    ("Clearing", "Escaped"): Escaped,
    ("Clearing", "WoundUp"): WoundUp,
    ("Clearing", "Reclaimed"): Reclaimed,
    ("Passport", "Issued"): PassportIssued,
    ("Passport", "Revoked"): PassportRevoked,
    ("Passport", "FrozenSet"): PassportFrozen,
    ("Devices", "Registered"): DeviceRegistered,
    ("Devices", "VerifiedSet"): DeviceVerified,
    ("Devices", "Revoked"): DeviceRevoked,
    ("Currency", "BucketSet"): BucketSet,
    ("Currency", "Minted"): Minted,
    ("Currency", "Burned"): Burned,
    ("Currency", "Transfer"): Transferred,
}
"""Which record an event of a contract becomes; others (of AccessManager, ERC-20) are left out."""

_FIELDS = {
    "amountUd": "amount_ud",
    "atSequence": "at_sequence",
    "capacityUd": "capacity_ud",
    "capacityW": "capacity_w",
    "cumulativeUd": "cumulative_ud",
    "deadline": "deadline_s",
    "delay": "delay_s",
    "deviceId": "device",
    "exitWindow": "exit_window_s",
    "expiry": "expiry_s",
    "from": "sender",
    "fromEpoch": "from_epoch",
    "liveAt": "live_at_s",
    "qx": "public_x",
    "qy": "public_y",
    "statementHash": "statement_hash",
    "toEpoch": "to_epoch",
    "value": "amount_ud",
}


def readable(contract: str, event: DecodedEvent, place: Place) -> ChainEvent | None:
    """The event as a record; None for one that no part of the system reads."""
    record = EVENTS.get((contract, event.name))
    if record is None:
        return None
    return record(
        place, **{_FIELDS.get(name, name): _value(name, v) for name, v in event.values.items()}
    )


def statement_of(values: Mapping[str, Any]) -> Statement:
    """``Clearing.Statement`` as decoded from the chain."""
    return Statement(
        community=values["community"],
        epoch=values["epoch"],
        start_s=values["start"],
        end_s=values["end"],
        previous=_bare(values["previous"]),
        payout_root=_bare(values["payoutRoot"]),
        price_root=_bare(values["priceRoot"]),
        pool_root=_bare(values["poolRoot"]),
        bundle_hash=_bare(values["bundleHash"]),
        imported_wh=Wh(values["importedWh"]),
        exported_wh=Wh(values["exportedWh"]),
        local_wh=Wh(values["localWh"]),
        deposits_ud=Ud(values["depositsUd"]),
        payouts_ud=Ud(values["payoutsUd"]),
        balances_ud=Ud(values["balancesUd"]),
    )


def _value(name: str, value: Any) -> Any:
    if name == "statement":
        return statement_of(value)
    if name == "statementHash":
        return _bare(value)
    return int(value, 16) if name in {"qx", "qy"} else value


def _bare(value: str) -> str:
    return value.removeprefix("0x")
