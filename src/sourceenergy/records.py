"""Frozen values that travel between the parts: readings, metered intervals, statements, leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from typing import NamedTuple

from sourceenergy.errors import ConfigError
from sourceenergy.units import Ud, UdPerKwh, Wh


class Quality(IntEnum):
    """How a metered value came about; a settlement never uses ``MISSING``."""

    MEASURED = 0
    REPLACED = 1
    ESTIMATED = 2
    MISSING = 3


class Mode(StrEnum):
    """What a community may do; signed, shown everywhere."""

    SIMULATION = "simulation"
    CREDIT_ALLOCATION = "credit_allocation"
    COMMUNITY_SHARING = "community_sharing"
    SANDBOX_P2P = "sandbox_p2p"


class ClockState(IntEnum):
    """What a device knows of its own clock."""

    SYNCED = 0
    UNSYNCED = 1
    STEPPED = 2


class DeviceKind(IntEnum):
    """What a registered device measures."""

    METER = 0
    SOLAR = 1
    BATTERY = 2
    CHARGER = 3
    ENGINE = 4


class MeterInterval(NamedTuple):
    """Energy one meter counted in one interval, in each direction [Wh], with its quality."""

    meter: str
    start_s: int
    seconds: int
    imported_wh: Wh
    exported_wh: Wh
    quality: Quality


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's P-256 signature of a correction: key and r ‖ s, low s, 128 hex digits."""

    public_x: int
    public_y: int
    signature: str


@dataclass(frozen=True, slots=True)
class Correction:
    """One meter's record of a settled interval, put right by a later record [Wh].

    ``statement`` is the hash of the statement that settled it; ``before`` and ``after`` are
    imported, exported and quality. The settled record stays as it is. ``noted_s``: when it became
    known. ``approvals`` are no part of what is signed.
    """

    statement: str  # 64 hex digits
    meter: str  # the meter's pseudonym in that statement's bundle, 64 hex digits
    start_s: int
    before: tuple[int, int, Quality]
    after: tuple[int, int, Quality]
    reason: str
    noted_s: int
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a home's devices: registers never signed, powers beside them.

    ``imported_wh`` and ``exported_wh`` are the meter's cumulative registers; ``produced_wh`` is
    the inverter's, None where there is none or it does not answer (None is not zero).
    ``sequence`` counts up by one for ever; ``boot_id`` changes with each start of the engine;
    ``previous`` is the hash of the reading before it, so that readings form a chain.
    """

    device: str  # device id, 0x + 64 hex digits
    sequence: int
    boot_id: str  # 32 hex digits
    utc_ms: int
    clock: ClockState
    clock_uncertainty_ms: int
    monotonic_ns: int
    imported_wh: Wh
    exported_wh: Wh
    produced_wh: Wh | None
    imported_w: int
    exported_w: int
    produced_w: int | None
    battery_charge_w: int | None
    battery_discharge_w: int | None
    battery_soc_permille: int | None
    flags: int  # bits of ReadingFlag
    previous: str  # 64 hex digits; zeros before the first


class ReadingFlag(IntEnum):
    """Bits of ``Reading.flags``: what the engine noticed."""

    REGISTER_GLITCH = 1  # a register dipped and the last good value stands in
    INVERTER_SILENT = 2
    BATTERY_SILENT = 4
    CLOCK_STEPPED = 8
    METER_RESTARTED = 16  # registers started anew: a swap or a rollover


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive readings of one device with one P-256 signature over the last one's hash."""

    device: str
    readings: tuple[Reading, ...]
    signature: str  # r and s, 128 hex digits


@dataclass(frozen=True, slots=True)
class Receipt:
    """The node's signed word that it holds a device's readings up to ``sequence`` for good."""

    device: str
    sequence: int
    head: str  # hash of the reading with that sequence
    signature: str  # the node's P-256 signature, 128 hex digits


@dataclass(frozen=True, slots=True)
class IntervalPrice:
    """The public record of one interval: its price and what it was made of [ud/kWh].

    ``price`` is what a local kWh costs before the fee; it lies in [``feed_in``, ``retail`` −
    ``fee``]. ``local`` is False where nothing was shared (then the three are zero).
    ``records_root`` commits to every meter's record of the interval.
    """

    start_s: int
    seconds: int
    local: bool
    price: UdPerKwh
    feed_in: UdPerKwh
    retail: UdPerKwh
    fee: UdPerKwh
    records_root: str


@dataclass(frozen=True, slots=True)
class PayoutLeaf:
    """What a member may do with money in ``Clearing``, as one salted leaf [ud].

    ``payout_ud`` is the cumulative payout ever authorised (it never falls), ``balance_ud`` what
    is left to buy energy with, ``deposited_ud`` the deposits this leaf accounts for.
    """

    account: str  # 0x + 40 hex digits
    deposited_ud: Ud
    payout_ud: Ud
    balance_ud: Ud
    salt: str  # 64 hex digits


@dataclass(frozen=True, slots=True)
class EnergyLeaf:
    """A member's energy in a commit period, salted [Wh]."""

    member_key: str  # 64 hex digits: hash of the member id and salt, never the id
    imported_wh: Wh
    exported_wh: Wh
    local_bought_wh: Wh
    local_sold_wh: Wh
    salt: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What goes on chain for one community and commit period; field order as in ``Clearing``."""

    community: str  # bytes32
    epoch: int
    start_s: int
    end_s: int
    previous: str  # hash of the statement before it; zeros for the first
    payout_root: str
    price_root: str
    pool_root: str
    bundle_hash: str
    imported_wh: Wh
    exported_wh: Wh
    local_wh: Wh
    deposits_ud: Ud
    payouts_ud: Ud
    balances_ud: Ud


@dataclass(frozen=True, slots=True)
class PostedStatement:
    """A statement as the chain holds it; withdrawals open at ``live_at_s`` unless vetoed."""

    statement: Statement
    hash: str  # 64 hex digits
    live_at_s: int
    vetoed: bool
    block: int
    transaction: str  # 0x + 64 hex digits


class KeyKind(StrEnum):
    """How a plant's energy is split; ``docs/keys.md`` has the names of other countries."""

    STATIC = "static"
    DYNAMIC = "dynamic"
    HYBRID = "hybrid"
    CASCADE = "cascade"


PPM = 1_000_000
COMMUNITIES_MOST = 5
"""Most communities one meter may take part in (Austria's rule, and ours)."""


@dataclass(frozen=True, slots=True)
class AllocationKey:
    """How one plant's energy is split among N members, in order of their numbers.

    ``shares_ppm`` are the fixed shares of a static or hybrid key (together at most 1,000,000; what
    they leave open goes to the grid, or into the second round of a hybrid key), zeros otherwise.
    ``classes`` say who is served by need, and when: class 1 first; class 0 takes no part. All zero
    in a static key; one class in a dynamic or hybrid key. Others raise ``ConfigError`` (rules
    ``key.shares``, ``key.classes``).
    """

    kind: KeyKind
    shares_ppm: tuple[int, ...]
    classes: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse what is no key."""
        shares, classes = self.shares_ppm, self.classes
        if (
            len(shares) != len(classes)
            or any(share < 0 for share in shares)
            or sum(shares) > PPM
            or any(shares) != (self.kind in {KeyKind.STATIC, KeyKind.HYBRID})
        ):
            raise ConfigError(
                "shares are zero or more, one a member, together at most 100 %; a static or hybrid "
                "key has some, others none",
                rule="key.shares",
                field="shares",
                value=f"{self.kind}: {sum(shares) / 10_000:g} %",
                remedy="lower a share, or choose another key",
            )
        used = set(classes) - {0}
        fits = {
            KeyKind.STATIC: not used,
            KeyKind.DYNAMIC: used == {1},
            KeyKind.HYBRID: used == {1},
            KeyKind.CASCADE: bool(used),
        }[self.kind]
        if not fits or any(number < 0 for number in classes):
            raise ConfigError(
                f"these priority classes do not make a {self.kind} key",
                rule="key.classes",
                field="classes",
                value=sorted(set(classes)),
                remedy="classes count from 1; only a cascade has several, a static key none",
            )


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """A key and the second from which it holds, until that of the next version (UTC)."""

    from_s: int
    key: AllocationKey


class IncentiveFor(StrEnum):
    """Which energy earns an incentive: all that was exported, or what went to other members."""

    DELIVERED = "delivered"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Incentive:
    """An incentive set by a policy, paid in settled periods from ``start_s`` until ``end_s``.

    ``rate`` is paid for each kWh that earns, until ``budget_ud`` binds (what is left of it for the
    period), then less for all. Only intervals in ``periods`` of the plan ``tariff`` earn; all do
    where both are empty.
    """

    policy: str
    rate: UdPerKwh
    budget_ud: Ud
    start_s: int
    end_s: int
    earns: IncentiveFor
    tariff: str = ""
    periods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParticipationVersion:
    """From when, and with what part of its energy, a meter counts in which communities.

    ``factors_ppm`` by community's name, in order of the names, together at most 1,000,000 and at
    most five communities; others raise ``ConfigError`` (rule ``key.participation``).
    """

    from_s: int
    factors_ppm: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        """Refuse more than all of a meter's energy."""
        names = [name for name, _ in self.factors_ppm]
        total = sum(factor for _, factor in self.factors_ppm)
        if (
            any(factor < 0 for _, factor in self.factors_ppm)
            or total > PPM
            or len(names) > COMMUNITIES_MOST
            or names != sorted(set(names))
        ):
            raise ConfigError(
                "a meter's participation factors are zero or more, together at most 100 %, in at "
                f"most {COMMUNITIES_MOST} communities",
                rule="key.participation",
                field="participation",
                value=f"{total / 10_000:g} % in {len(names)}",
                remedy="lower a factor, or leave a community",
            )


@dataclass(frozen=True, slots=True)
class TariffRule:
    """``period`` holds from ``from_hour`` to ``to_hour``, local (which may pass midnight).

    ``days`` is one of all, weekday, weekend (weekend includes holidays); ``months`` are 1 to 12.
    Equal hours mean the whole day.
    """

    period: str
    days: str
    from_hour: int
    to_hour: int
    months: frozenset[int]


@dataclass(frozen=True, slots=True)
class TariffVersion:
    """Prices [ud/kWh] by period, from ``valid_from`` until ``valid_to`` (exclusive), local days."""

    valid_from: date
    valid_to: date
    prices: dict[str, UdPerKwh]


@dataclass(frozen=True, slots=True)
class TariffTier:
    """``period`` holds in ``months`` until the month's use reaches ``up_to_wh`` (None: for ever).

    Tiers of one month follow one another; the last has no bound.
    """

    period: str
    months: frozenset[int]
    up_to_wh: int | None


@dataclass(frozen=True, slots=True)
class TariffPlan:
    """A retail plan: its zone, its holidays, its rules and its versions in order of date.

    A plan has ``rules`` (the price depends on the local time), or ``tiers`` (on the month's use),
    or a ``series`` of hourly prices [ud/kWh] by the hour's start (UTC seconds), to which a
    version's ``adder`` is added and for which its ``fallback`` stands in where an hour is missing.
    """

    name: str
    title: str
    time_zone: str
    holidays_country: str
    holidays_subdivision: str
    holiday_names: frozenset[str]
    rules: tuple[TariffRule, ...]
    versions: tuple[TariffVersion, ...]
    source: str
    tiers: tuple[TariffTier, ...] = ()
    series: dict[int, UdPerKwh] | None = None


class ChargeKind(StrEnum):
    """What a line of a bill is for, apart from the energy itself."""

    DELIVERY = "delivery"
    REGULATORY = "regulatory"
    REBATE = "rebate"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class ChargeVersion:
    """A charge from ``valid_from`` until ``valid_to`` (exclusive; None: open), local days.

    Delivery and regulatory charges are money a month and for each kWh; rebate and tax are parts
    per million of energy, delivery and regulatory together, before either of them.
    """

    valid_from: date
    valid_to: date | None
    month_ud: Ud
    per_kwh: UdPerKwh
    part_ppm: int


@dataclass(frozen=True, slots=True)
class BillCharge:
    """A line of the bill that sharing energy does not change the rules of, with its versions."""

    name: str
    title: str
    kind: ChargeKind
    source: str
    versions: tuple[ChargeVersion, ...]
