"""Corrections: a settled record put right by a later one, and only what moved settled again.

A settled period is immutable. A correction points at the statement and the record (meter, interval,
what it said, what it says now, why); both stay visible. The published rule: **a correction does not
re-open the match.** Prices and partners stay. Who turns out to have used or made more than was
counted gets the difference from, or gives it to, the grid. Who used or made less loses grid energy
first, then what the pool gave, then deals, then what a key allocated; the same energy is taken from
the other side (the deal's own partner; in the pool and for plants all of the interval's, in
proportion, largest remainder, ties to the lowest member number) and moves to their grid lines at
that interval's prices.

The outcome is a function of the original and of every record's latest value, so neither the order
of corrections nor doing one twice changes anything; a run settles the difference from the run
before it. Money is exact in nano-dollars and rounded once a run, adding up to zero; it takes effect
in the next statement (``Period.adjustments_ud``). A payout once authorised never falls: who owes
pays from balance and later earnings, and until then those who are owed wait in proportion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sourceenergy.economy.aggregated_market import meter_settles
from sourceenergy.errors import InputError, InvariantBroken, NotPermitted
from sourceenergy.market.pool import split_rows
from sourceenergy.proofs import correction_digest, p256_public_key, p256_verify
from sourceenergy.records import Correction, MeterInterval, Quality
from sourceenergy.settlement.intervals import IntervalOutcome, Ints, members_energy
from sourceenergy.settlement.money import money, round_to_zero_sum
from sourceenergy.settlement.orders import Agreed, within
from sourceenergy.settlement.period import Period, Settlement, counted_here
from sourceenergy.units import ENERGY_MAX_WH, iso_utc

LIMIT_S = 90 * 86_400
"""Published limit: a correction noted later than this after its interval needs two signatures."""
SIGNATURES = 2

Value = tuple[int, int, Quality]


@dataclass(frozen=True, slots=True)
class CorrectionTerms:
    """What a community allows: estimates, the limit [s], and who may sign for older ones."""

    accept_estimates: bool = False
    limit_s: int = LIMIT_S
    approvers: frozenset[tuple[int, int]] = frozenset()  # P-256 keys


@dataclass(frozen=True, slots=True)
class MemberDelta:
    """What a run moves for one member: energy [Wh], exact values [nd] and money [ud].

    Money above zero goes to the member. ``energy`` and ``fee`` are the community's, ``grid`` is
    what the utility's lines change by at that interval's retail and feed-in prices.
    """

    member: int
    account: str
    imported_wh: int
    exported_wh: int
    bought_wh: int
    sold_wh: int
    dealt_bought_wh: int
    dealt_sold_wh: int
    allocated_wh: int
    provided_wh: int
    grid_import_wh: int
    grid_export_wh: int
    energy_nd: int
    fee_nd: int
    grid_nd: int
    energy_ud: int
    fee_ud: int

    @property
    def net_ud(self) -> int:
        """Money the community owes the member, or the member owes it [ud]."""
        return self.energy_ud + self.fee_ud


@dataclass(frozen=True, slots=True)
class CorrectionRun:
    """The new corrections, what they move by member (movers only), and the operator's part."""

    corrections: tuple[Correction, ...]
    deltas: tuple[MemberDelta, ...]
    fees_ud: int
    adjustments_ud: dict[str, int]


def corrections_of(
    period: Period,
    statement: str,
    records: Iterable[MeterInterval],
    reason: str,
    noted_s: int,
    earlier: Sequence[Correction] = (),
) -> tuple[Correction, ...]:
    """Corrections for those of a file's records that differ from what counts now.

    ``records`` name their meter by its pseudonym. The same file again makes none.
    """
    current = _Current(period, statement)
    current.add(earlier)
    found = []
    for record in records:
        before = current.value(record.meter, record.start_s)
        after = (int(record.imported_wh), int(record.exported_wh), record.quality)
        if before != after:
            found.append(
                Correction(statement, record.meter, record.start_s, before, after, reason, noted_s)
            )
    return tuple(found)


def correct(
    period: Period,
    settlement: Settlement,
    statement: str,
    earlier: Sequence[Correction],
    new: Sequence[Correction],
    terms: CorrectionTerms,
) -> CorrectionRun:
    """Settle what ``new`` corrections of a settled period move, after those made ``earlier``.

    Raises ``InputError`` (``correction.record``, ``correction.before``, ``correction.energy``) and
    ``NotPermitted`` (``correction.estimated``, ``correction.missing``, ``correction.unverified``,
    ``correction.two_signatures``). What was corrected before is left out.
    """
    known = {correction_digest(one) for one in earlier}
    fresh = []
    for one in new:
        digest = correction_digest(one)
        if digest not in known:
            known.add(digest)
            fresh.append(one)
    current = _Current(period, statement)
    current.add(earlier)
    before = current.values()
    for one in fresh:
        require_permitted(period, one, terms)
        current.add([one])
    return _run(period, settlement, tuple(fresh), before, current.values())


class _Current:
    """Every record's latest value; corrections follow one another."""

    def __init__(self, period: Period, statement: str) -> None:
        self._period = period
        self._statement = statement
        self._column = {meter.key: m for m, meter in enumerate(period.meters)}
        self._changed: dict[tuple[int, int], Value] = {}

    def _place(self, meter: str, start_s: int) -> tuple[int, int]:
        if meter not in self._column or start_s not in self._period.starts_s:
            raise InputError(
                "the period has no such record",
                rule="correction.record",
                field="meter, start_s",
                value=f"{meter[:16]}, {iso_utc(start_s)}",
                remedy="correct the statement that settled this interval",
            )
        return self._period.starts_s.index(start_s), self._column[meter]

    def value(self, meter: str, start_s: int) -> Value:
        place = self._place(meter, start_s)
        return self._changed.get(place) or (
            int(self._period.imported[place]),
            int(self._period.exported[place]),
            Quality(int(self._period.quality[place])),
        )

    def values(self) -> dict[tuple[int, int], Value]:
        return dict(self._changed)

    def add(self, corrections: Iterable[Correction]) -> None:
        for one in corrections:
            counts = self.value(one.meter, one.start_s)
            if one.statement != self._statement or tuple(one.before) != counts:
                raise InputError(
                    "a correction starts from the record that counts now",
                    rule="correction.before",
                    field="before",
                    value=f"{one.before}, {counts} counts",
                    remedy="correct the latest value, under the statement that settled it",
                )
            self._changed[self._place(one.meter, one.start_s)] = one.after


def require_permitted(period: Period, one: Correction, terms: CorrectionTerms) -> None:
    """Refuse a correction that the published rules do not allow; see ``correct``."""
    meter = next((m for m in period.meters if m.key == one.meter), None)
    if meter is not None and not meter_settles(period.mode, meter.verified):
        raise _refused("an unverified meter settles nothing", "unverified", "meter", one.meter[:16])
    imported, exported, quality = one.after
    if quality is Quality.MISSING:
        raise _refused("a record is not corrected to nothing", "missing", "after", "missing")
    if quality is Quality.ESTIMATED and not terms.accept_estimates:
        raise _refused("estimates are refused here", "estimated", "after", "estimated")
    if not (0 <= imported <= ENERGY_MAX_WH and 0 <= exported <= ENERGY_MAX_WH):
        raise InputError(
            "a record counts 0 Wh or more in each direction",
            rule="correction.energy",
            field="after",
            value=(imported, exported),
            remedy="give what the meter's registers say",
        )
    if is_late(period, one, terms):
        signed = _signed_by(one) & terms.approvers
        if len(signed) < SIGNATURES:
            raise _refused(
                f"a correction noted more than {terms.limit_s // 86_400} days after its interval "
                f"needs {SIGNATURES} signatures",
                "two_signatures",
                "approvals",
                len(signed),
            )


def is_late(period: Period, one: Correction, terms: CorrectionTerms) -> bool:
    """Whether a correction needs ``SIGNATURES`` people's word."""
    return one.noted_s - (one.start_s + period.seconds) > terms.limit_s


def _signed_by(one: Correction) -> frozenset[tuple[int, int]]:
    digest = correction_digest(one)
    return frozenset(
        (approval.public_x, approval.public_y)
        for approval in one.approvals
        if p256_verify(
            p256_public_key(approval.public_x, approval.public_y), approval.signature, digest
        )
    )


def _refused(message: str, rule: str, field: str, value: object) -> NotPermitted:
    return NotPermitted(
        message,
        rule=f"correction.{rule}",
        field=field,
        value=value,
        remedy="see the published rules for corrections (docs/decisions/0042-corrections.md)",
    )


def _run(
    period: Period,
    settlement: Settlement,
    fresh: tuple[Correction, ...],
    before: Mapping[tuple[int, int], Value],
    after: Mapping[tuple[int, int], Value],
) -> CorrectionRun:
    rows = np.array(sorted({t for t, _ in after}), dtype=np.int64)
    if not fresh or not rows.size:
        return CorrectionRun(fresh, (), 0, {})
    was = _corrected(period, settlement, rows, before)
    now = _corrected(period, settlement, rows, after)
    given, outcome = settlement.given, settlement.outcome
    members = len(period.members)
    moved = {name: now[name] - was[name] for name in _ENERGY}
    price, retail, feed_in = (
        outcome.price[rows, None].astype(object),
        given.retail[rows].astype(object),
        given.feed_in[rows].astype(object),
    )
    internal, internal_fee = (
        (0, 0) if given.plants is None else (given.plants.price, given.plants.fee)
    )
    energy_nd = (moved["sold"] - moved["bought"]) * price
    energy_nd += (moved["provided"] - moved["allocated"]) * internal
    energy_nd = energy_nd.sum(axis=0)
    if given.agreed is not None:
        values = (now["delivered"] - was["delivered"]).astype(object) * given.agreed.price
        np.add.at(energy_nd, given.agreed.seller, values)
        np.subtract.at(energy_nd, given.agreed.buyer, values)
    fee_nd = -((moved["bought"] + moved["dealt_bought"]).astype(object) * given.fee).sum(axis=0)
    fee_nd -= (moved["allocated"].astype(object) * internal_fee).sum(axis=0)
    grid_nd = (moved["grid_export"] * feed_in - moved["grid_import"] * retail).sum(axis=0)
    energy_ud = round_to_zero_sum(money(energy_nd.tolist())).tolist()
    fees = round_to_zero_sum(money([*fee_nd.tolist(), -sum(fee_nd.tolist())])).tolist()
    totals = {name: moved[name].sum(axis=0).tolist() for name in _ENERGY}
    moves = np.zeros(members, dtype=np.bool_)
    for name in _ENERGY:
        moves |= (moved[name] != 0).any(axis=0)
    names = period.member_columns.names
    deltas = tuple(
        MemberDelta(
            member=i,
            account=names[i],
            energy_nd=int(energy_nd[i]),
            fee_nd=int(fee_nd[i]),
            grid_nd=int(grid_nd[i]),
            energy_ud=energy_ud[i],
            fee_ud=fees[i],
            **{f"{name}_wh": totals[name][i] for name in _ENERGY},
        )
        for i in np.flatnonzero(moves).tolist()
    )
    adjustments = {delta.account: delta.net_ud for delta in deltas if delta.net_ud}
    if fees[members]:
        adjustments[period.operator_account] = fees[members]
    if sum(adjustments.values()):
        raise InvariantBroken(
            "a correction makes or loses money",
            rule="money.conserved",
            field="adjustments_ud",
            value=sum(adjustments.values()),
            remedy="nothing was published; report this with the audit bundle",
        )
    return CorrectionRun(fresh, deltas, fees[members], adjustments)


_ENERGY = (
    *("imported", "exported", "bought", "sold", "dealt_bought", "dealt_sold"),
    *("allocated", "provided", "grid_import", "grid_export"),
)


def _corrected(
    period: Period,
    settlement: Settlement,
    rows: Ints,
    values: Mapping[tuple[int, int], Value],
) -> dict[str, Ints]:
    """What members imported, exported, gave and took in some intervals [Wh, rows×N], put right."""
    imported, exported = period.imported[rows], period.exported[rows]
    quality = period.quality[rows]
    place = {int(t): r for r, t in enumerate(rows)}
    for (t, m), value in values.items():
        here = (place[t], m)
        imported[here], exported[here], quality[here] = value
    counting = period.counting(quality)
    starts = [period.starts_s[int(t)] for t in rows]
    used, made = (
        members_energy(
            counted_here(period, starts, energy),
            counting,
            period.meter_columns,
            len(period.members),
        )
        for energy in (imported, exported)
    )
    return _kept(settlement.outcome, settlement.given.agreed, rows, used, made)


def _kept(
    outcome: IntervalOutcome, deals: Agreed | None, rows: Ints, used: Ints, made: Ints
) -> dict[str, Ints]:
    """The match of some intervals as far as ``used`` and ``made`` [Wh, rows×N] still bear it."""
    allocated = np.minimum(outcome.allocated[rows], used)
    provided = np.minimum(outcome.provided[rows], made)
    need, surplus = used - allocated, made - provided
    allocated, provided = _even(allocated, provided)
    delivered = outcome.delivered
    dealt_bought, dealt_sold = np.zeros_like(used), np.zeros_like(made)
    if deals is not None:
        numbers = np.full(len(outcome.price), -1, dtype=np.int64)
        numbers[rows] = np.arange(len(rows))
        here = numbers[deals.interval]
        mine = here >= 0
        at = replace(
            deals,
            interval=here[mine],
            buyer=deals.buyer[mine],
            seller=deals.seller[mine],
            energy=delivered[mine],
            price=deals.price[mine],
        )
        kept = within(at.energy, at.interval, at.seller, surplus)
        kept = within(kept, at.interval, at.buyer, need)
        np.add.at(dealt_bought, (at.interval, at.buyer), kept)
        np.add.at(dealt_sold, (at.interval, at.seller), kept)
        delivered = delivered.copy()
        delivered[mine] = kept
    bought = np.minimum(outcome.bought[rows], need - dealt_bought)
    sold = np.minimum(outcome.sold[rows], surplus - dealt_sold)
    bought, sold = _even(bought, sold)
    return {
        "imported": used,
        "exported": made,
        "bought": bought,
        "sold": sold,
        "dealt_bought": dealt_bought,
        "dealt_sold": dealt_sold,
        "allocated": allocated,
        "provided": provided,
        "grid_import": used - bought - dealt_bought - allocated,
        "grid_export": made - sold - dealt_sold - provided,
        "delivered": delivered,
    }


def _even(taken: Ints, given: Ints) -> tuple[Ints, Ints]:
    """Both sides cut to the smaller one, in proportion."""
    volume = np.minimum(taken.sum(axis=1), given.sum(axis=1))
    return (
        taken - split_rows(taken.sum(axis=1) - volume, taken),
        given - split_rows(given.sum(axis=1) - volume, given),
    )
