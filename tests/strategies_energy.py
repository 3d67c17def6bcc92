"""Small communities for the tests: by hand (``a_period``) and drawn (``pool_inputs``, ``periods``).

Actors are named by role; every number is an integer in Wh, ud or ud/kWh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sourceenergy.config.tariff_file import parse_tariffs
from sourceenergy.records import PPM, AllocationKey, KeyKind, KeyVersion, Mode, Quality
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import Period, PeriodMember, PeriodMeter
from sourceenergy.settlement.plants import PeriodPlant
from sourceenergy.units import ENERGY_MAX_WH, UdPerKwh

Ints = NDArray[np.int64]

law = settings(
    deadline=None,  # a shared machine is no stop-watch
    derandomize=True,  # the same examples everywhere
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow],
)
"""How a law is tried: the same 150 examples on every machine, however slow."""
law_of_periods = settings(law, max_examples=60)
"""The same for laws that settle a whole period, which takes longer."""


def shared(*parts: str) -> Path:
    """A file of the material that lies beside the repository; skips aloud where it is absent."""
    path = Path(__file__).resolve().parents[2].joinpath("shared", *parts)
    if not path.exists():
        pytest.skip(f"needs ../shared/{'/'.join(parts)}")
    return path


def ints(rows: Sequence[Sequence[int]]) -> Ints:
    """Rows of whole numbers as the arrays that market and settlement work on."""
    return np.array(rows, dtype=np.int64).reshape(len(rows), -1)


def row(*values: int) -> Ints:
    """One interval's values, by member."""
    return ints([values])


def utc(text: str) -> int:
    """Unix seconds of an ISO time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def digest(text: str) -> str:
    """32 bytes that look like a key or salt, hex, the same each time."""
    return hashlib.sha256(text.encode()).hexdigest()


def account(number: int) -> str:
    """The account of member ``number`` (from 0)."""
    return f"0x{0xACC0 + number:040x}"


OPERATOR = "0x" + "0f" * 20
NEW_YEAR = utc("2026-01-01T05:00")
"""Midnight in Toronto."""
FLAT_CENTS = {"day": "20", "tenant": "12", "night": "2.8"}
"""Three plans with one price each [¢/kWh]; ``night`` lies below a usual feed-in."""
FLAT_TARIFFS = "".join(
    f"""
[[plan]]
name = "{name}"
title = "{name}"
time_zone = "America/Toronto"
source = "made up for a test"
[[plan.rule]]
period = "always"
[[plan.version]]
from = 2020-01-01
to = 2030-01-01
cents_per_kwh = {{ always = "{cents}" }}
"""
    for name, cents in FLAT_CENTS.items()
)
FLAT_PLANS = parse_tariffs(FLAT_TARIFFS, "flat.toml")


def a_period(
    imported: Sequence[Sequence[int]],
    exported: Sequence[Sequence[int]],
    *,
    plans: Sequence[str] = (),
    parts: Sequence[Sequence[tuple[int, int]]] = (),
    fee: int = 0,
    feed_in: int = 50_000,
    mode: Mode = Mode.CREDIT_ALLOCATION,
    mechanism: str = "pool_mmr",
    quality: Sequence[Sequence[Quality]] = (),
    unverified: frozenset[int] = frozenset(),
    passport_ends: Mapping[int, int] | None = None,
    funded: bool = False,
    opening: Mapping[str, AccountState] | None = None,
    deposits: Mapping[str, int] | None = None,
    exits: frozenset[str] = frozenset(),
    start_s: int = NEW_YEAR,
    plants: Sequence[PeriodPlant] = (),
    internal: tuple[int, int] = (0, 0),
) -> Period:
    """A period of hours: rows are intervals, columns meters; by default meter i is member i's."""
    meters = len(imported[0])
    parts = parts or [[(i, 1)] for i in range(meters)]
    members = len(plans) or 1 + max(i for owners in parts for i, _ in owners)
    plans = plans or ["day"] * members
    return Period(
        version="1",
        community="Elm Street",
        mode=mode,
        mechanism=mechanism,
        fee=UdPerKwh(fee),
        feed_in=UdPerKwh(feed_in),
        start_s=start_s,
        end_s=start_s + 3600 * len(imported),
        seconds=3600,
        members=tuple(
            PeriodMember(
                digest(f"member {i}"),
                account(i),
                plans[i],
                digest(f"member salt {i}"),
                (passport_ends or {}).get(i),
            )
            for i in range(members)
        ),
        meters=tuple(
            PeriodMeter(
                digest(f"meter {m}"),
                tuple(parts[m]),
                m not in unverified,
                digest(f"meter salt {m}"),
            )
            for m in range(meters)
        ),
        operator_account=OPERATOR,
        operator_salt=digest("operator"),
        plans=FLAT_PLANS,
        imported=ints(imported),
        exported=ints(exported),
        quality=ints(quality) if quality else np.zeros((len(imported), meters), dtype=np.int64),
        funded=funded,
        opening=dict(opening or {}),
        deposits_ud=dict(deposits or {}),
        exits=exits,
        plants=tuple(plants),
        internal_price=UdPerKwh(internal[0]),
        internal_fee=UdPerKwh(internal[1]),
    )


# --- drawn ------------------------------------------------------------------------------------


class PoolInput(NamedTuple):
    """What ``pool`` is given, in its order."""

    supply: Ints
    demand: Ints
    ask: Ints
    bid: Ints

    def members(self, order: Sequence[int]) -> PoolInput:
        """The same interval with only these members, in this order."""
        return PoolInput(*(column[:, list(order)] for column in self))


small_wh = st.integers(0, 6)
any_wh = st.one_of(st.just(0), st.integers(0, 20), st.integers(0, 9_000), st.just(ENERGY_MAX_WH))
prices = st.one_of(st.integers(-3, 9), st.integers(-(10**8), 10**8), st.just(50_000))


@st.composite
def pool_inputs(
    draw: st.DrawFn,
    energy: st.SearchStrategy[int] = any_wh,
    price: st.SearchStrategy[int] = prices,
    members_max: int = 7,
) -> PoolInput:
    """One interval of 1 to ``members_max`` members, prices crossing or not."""
    member = st.tuples(energy, energy, price, price)
    members = draw(st.lists(member, min_size=1, max_size=members_max))
    return PoolInput(*(row(*column) for column in zip(*members, strict=True)))


@st.composite
def keys(draw: st.DrawFn, members: int) -> AllocationKey:
    """A key of any kind for so many members."""
    kind = draw(st.sampled_from(KeyKind))
    shares, classes = [0] * members, [0] * members
    if kind in {KeyKind.STATIC, KeyKind.HYBRID}:
        shares = draw(st.lists(st.integers(0, PPM // members), min_size=members, max_size=members))
        shares[0] += not any(shares)
    if kind is not KeyKind.STATIC:
        most = 3 if kind is KeyKind.CASCADE else 1
        classes = draw(st.lists(st.integers(0, most), min_size=members, max_size=members))
        classes[-1] = 1
    return AllocationKey(kind, tuple(shares), tuple(classes))


@st.composite
def shared_plants(draw: st.DrawFn, members: int, meters: int) -> tuple[PeriodPlant, ...]:
    """Up to two of the meters count shared plants, whose keys may change after an hour."""
    chosen = draw(st.lists(st.integers(0, meters - 1), unique=True, max_size=2))
    dates = st.sampled_from([(0,), (0, NEW_YEAR + 3600)])
    return tuple(
        PeriodPlant(
            meter, place, tuple(KeyVersion(from_s, draw(keys(members))) for from_s in draw(dates))
        )
        for place, meter in enumerate(chosen)
    )


@st.composite
def periods(draw: st.DrawFn, funded: bool = False) -> Period:
    """A period of up to 4 hours: shared meters and plants, gaps, expired passports, exits, plans
    that cross."""
    members = draw(st.integers(1, 5))
    meters = draw(st.integers(1, 6))
    hours = draw(st.integers(1, 4))
    index = st.integers(0, members - 1)
    owners = st.dictionaries(index, st.integers(1, 60), min_size=1, max_size=3)
    table = st.lists(
        st.lists(any_wh, min_size=meters, max_size=meters), min_size=hours, max_size=hours
    )
    qualities = st.lists(
        st.lists(st.sampled_from(Quality), min_size=meters, max_size=meters),
        min_size=hours,
        max_size=hours,
    )
    deposit = st.one_of(st.integers(0, 300_000), st.integers(0, 10**12))
    return a_period(
        draw(table),
        draw(table),
        plans=draw(
            st.lists(st.sampled_from(sorted(FLAT_CENTS)), min_size=members, max_size=members)
        ),
        parts=[sorted(draw(owners).items()) for _ in range(meters)],
        fee=draw(st.sampled_from([0, 1, 5_000, 130_000])),
        feed_in=draw(st.sampled_from([0, 1, 50_000, 150_000] + ([] if funded else [-20_000]))),
        mode=draw(st.sampled_from(Mode)),
        mechanism=draw(st.sampled_from(["pool_mmr", "pool_sdr", "pool_csdr"])),
        quality=draw(qualities),
        unverified=draw(st.frozensets(st.integers(0, meters - 1), max_size=2)),
        passport_ends=draw(
            st.dictionaries(index, st.sampled_from([NEW_YEAR, NEW_YEAR + 7200]), max_size=2)
        ),
        funded=funded,
        deposits=({account(i): draw(deposit) for i in range(members)} if funded else None),
        exits=draw(st.frozensets(index.map(account), max_size=1)),
        plants=draw(shared_plants(members, meters)),
        internal=draw(st.sampled_from([(0, 0), (0, 5_000), (150_000, 0), (160_000, 1)])),
    )
