"""A member's statement of one period: lines that add up.

Two columns stand side by side: the energy with the community, and the same meters with the grid
alone. Both are exact [nd]. What the community settles is whole micro-dollars and stands apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sourceenergy.errors import InvariantBroken
from sourceenergy.market.tariffs import prices_at, used_in_month
from sourceenergy.records import BillCharge, Mode, Quality, Statement
from sourceenergy.reports.corrected_periods import CorrectedPeriod, corrected_periods
from sourceenergy.reports.language import Language, Wording
from sourceenergy.reports.local_days import Ints, LocalDays, buckets, local_days
from sourceenergy.reports.utility_bill import UtilityBill, utility_bill
from sourceenergy.reports.words import (
    average_ud_per_kwh,
    cents_that_add_up,
    simulated_label,
    statement_id,
)
from sourceenergy.settlement.corrected import Corrected
from sourceenergy.settlement.ledger import AccountState, MemberLedger
from sourceenergy.settlement.period import Period, Settlement
from sourceenergy.settlement.published import Anchor
from sourceenergy.units import ND_PER_UD

VERIFY_COMMAND = "sourceenergy verify public --member proof.json"
"""With the public files in ``public`` and the member's own proof file beside it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: energy [Wh], price [ud/kWh] and value [nd], with the community and without.

    ``average`` says that the price is a rounded mean; otherwise energy × price is the value
    exactly. Earnings are negative. ``billed_by`` is community or utility.
    """

    item: str
    words: str
    billed_by: str
    price_ud_per_kwh: int | None
    average: bool
    with_wh: int | None
    with_nd: int
    alone_wh: int | None
    alone_nd: int


class StatementInterval(NamedTuple):
    """A member's interval: energy [Wh], prices [ud/kWh] and the worst quality of the meters."""

    start_s: int
    local: str
    imported_wh: int
    exported_wh: int
    bought_wh: int
    sold_wh: int
    local_price: int | None
    retail_price: int
    quality: Quality | None


class ChartBucket(NamedTuple):
    """One bar of the chart [Wh]: from neighbours and grid, to neighbours and grid."""

    label: str
    bought_wh: int
    from_grid_wh: int
    sold_wh: int
    to_grid_wh: int


@dataclass(frozen=True)
class MemberStatement:
    """What a member is told of a period; everything that the PDF and the CSV files show."""

    language: Language
    community: str
    mode: Mode
    simulated: bool
    posted: bool
    version: str
    member_id: str
    name: str
    time_zone: str
    start_s: int
    end_s: int
    span: str
    days: int
    interval_seconds: int
    lines: tuple[Line, ...]
    ledger: MemberLedger
    funded: bool
    deposited_ud: int
    opening: AccountState
    closing: AccountState
    quality: dict[Quality, int]
    unverified_meters: int
    meters: int
    anchor: Anchor
    epoch: int
    statement_hash: str
    account: str
    verify_command: str
    chart_unit: str
    chart: tuple[ChartBucket, ...]
    intervals: tuple[StatementInterval, ...]
    bill: UtilityBill | None
    corrections: tuple[CorrectedPeriod, ...] = ()

    @property
    def wording(self) -> Wording:
        """The statement's language."""
        return Wording(self.language)

    @property
    def with_nd(self) -> int:
        """Energy with the community [nd], the sum of the lines."""
        return sum(line.with_nd for line in self.lines)

    @property
    def alone_nd(self) -> int:
        """The same energy with the grid alone [nd], the sum of the lines."""
        return sum(line.alone_nd for line in self.lines)

    @property
    def saving_nd(self) -> int:
        """What the community saved the member [nd]; never negative."""
        return self.alone_nd - self.with_nd

    @property
    def with_cents(self) -> tuple[list[int], int]:
        """Lines with the community in cents, and the total they add up to."""
        return cents_that_add_up([line.with_nd for line in self.lines])

    @property
    def alone_cents(self) -> tuple[list[int], int]:
        """Lines with the grid alone in cents, and the total they add up to."""
        return cents_that_add_up([line.alone_nd for line in self.lines])

    @property
    def saving_cents(self) -> int:
        """The saving as people subtract it: one shown total from the other [cents]."""
        return self.alone_cents[1] - self.with_cents[1]

    @property
    def corrected_ud(self) -> int:
        """What corrections of earlier periods settle in this statement [ud], to the member."""
        adjustment = sum(one.net_ud for one in self.corrections)
        return self.opening.carried_ud + adjustment - self.closing.carried_ud

    @property
    def authorised_ud(self) -> int:
        """Payout this statement newly authorises [ud]."""
        return self.closing.payout_ud - self.opening.payout_ud

    @property
    def label(self) -> str:
        """``SIMULATED`` in the statement's language, or nothing."""
        return self.wording("simulated") if simulated_label(self.mode, self.simulated) else ""


def member_statement(
    period: Period,
    settlement: Settlement,
    anchor: Anchor,
    statement: Statement,
    index: int,
    *,
    name: str,
    member_id: str,
    local: LocalDays | None = None,
    time_zone: str = "America/Toronto",
    simulated: bool = False,
    posted: bool = True,
    verify_command: str = VERIFY_COMMAND,
    language: Language = Language.EN,
    charges: Sequence[BillCharge] = (),
    corrected: Sequence[Corrected] = (),
) -> MemberStatement:
    """The statement of member ``index``; ``local`` saves work when many are made.

    ``charges`` (rebate, tax, delivery, …) add the utility's bill; without them it is left out.
    ``corrected`` are the earlier periods whose corrections take effect here.
    ``posted`` is False for a dry run; ``simulated`` marks homes that are not real in whatever
    mode. Raises ``InvariantBroken`` where the lines do not add up to the ledger.
    """
    local = local or local_days(period, time_zone)
    wording = Wording(language)
    member, ledger = period.members[index], settlement.ledgers[index]
    lines = _lines(period, settlement, index, local, wording)
    for what, lines_nd, ledger_nd in (
        ("cost_nd", sum(line.with_nd for line in lines), ledger.cost_nd),
        ("grid_only_nd", sum(line.alone_nd for line in lines), ledger.grid_only_nd),
    ):
        if lines_nd != ledger_nd:
            raise InvariantBroken(
                "the lines of a statement do not add up to the ledger",
                rule="statement.lines",
                field=f"member {index + 1}, {what}",
                value=lines_nd - ledger_nd,
                remedy="no statement was written; report this with the audit bundle",
            )
    own = [m for m, meter in enumerate(period.meters) if index in dict(meter.parts)]
    codes, counts = np.unique(period.quality[:, own], return_counts=True)
    grouping = buckets(local, wording)
    given, outcome = settlement.given, settlement.outcome
    imported, exported = given.imported[:, index], given.exported[:, index]
    bought = outcome.bought[:, index] + outcome.allocated[:, index] + outcome.dealt_bought[:, index]
    sold = outcome.sold[:, index] + outcome.provided[:, index] + outcome.dealt_sold[:, index]
    return MemberStatement(
        language=language,
        community=period.community,
        mode=period.mode,
        simulated=simulated,
        posted=posted,
        version=period.version,
        member_id=member_id,
        name=name,
        time_zone=local.time_zone,
        start_s=period.start_s,
        end_s=period.end_s,
        span=wording.span(local.starts[0], local.end),
        days=local.days,
        interval_seconds=period.seconds,
        lines=tuple(lines),
        ledger=ledger,
        funded=period.funded,
        deposited_ud=settlement.deposits_ud.get(member.account, 0),
        opening=period.opening.get(member.account, AccountState()),
        closing=settlement.closing[member.account],
        quality={Quality(int(c)): int(n) for c, n in zip(codes, counts, strict=True)},
        unverified_meters=_refused_meters(period, own),
        meters=len(own),
        anchor=anchor,
        epoch=statement.epoch,
        statement_hash=statement_id(anchor, statement),
        account=member.account,
        verify_command=verify_command,
        chart_unit=grouping.unit,
        chart=tuple(
            ChartBucket(*bar)
            for bar in zip(
                grouping.labels,
                grouping.sums(bought),
                grouping.sums(imported - bought),
                grouping.sums(sold),
                grouping.sums(exported - sold),
                strict=True,
            )
        ),
        intervals=_intervals(period, settlement, index, local, own),
        bill=utility_bill(period, settlement, index, charges, wording),
        corrections=corrected_periods(corrected, member.account, local, wording),
    )


def _refused_meters(period: Period, own: Sequence[int]) -> int:
    """Meters whose values are there and yet none settles: the mode asks for verified ones."""
    present = period.quality != Quality.MISSING
    return sum(bool(present[:, m].any()) and not period.settles[:, m].any() for m in own)


def _lines(
    period: Period, settlement: Settlement, index: int, local: LocalDays, wording: Wording
) -> list[Line]:
    given, outcome = settlement.given, settlement.outcome
    ledger = settlement.ledgers[index]
    imported, exported = given.imported[:, index], given.exported[:, index]
    allocated, provided = outcome.allocated[:, index], outcome.provided[:, index]
    from_grid = imported - outcome.from_members[:, index]
    to_grid = exported - outcome.to_members[:, index]
    alone_to_grid = exported
    average = average_ud_per_kwh(ledger.bought_nd, ledger.bought_wh)
    lines = [
        Line(
            "neighbours_bought",
            wording("line.neighbours_bought"),
            "community",
            average,
            True,
            ledger.bought_wh,
            ledger.bought_nd,
            None,
            0,
        )
    ]
    if given.fee:
        fee = ("platform_fee", wording("line.platform_fee"), "community", given.fee)
        lines.append(Line(*fee, False, ledger.bought_wh, ledger.fee_nd, None, 0))
    if given.plants is not None:
        price, plant_fee = given.plants.price, given.plants.fee
        if not price:  # the plant is its members' own: alone, each would sell the own part
            alone_to_grid = exported - provided + allocated
        own = ("plant_allocated", wording("line.plant_allocated"), "community", price, False)
        lines.append(Line(*own, ledger.allocated_wh, ledger.allocated_nd, None, 0))
        if plant_fee:
            due = ("plant_fee", wording("line.plant_fee"), "community", plant_fee)
            lines.append(Line(*due, False, ledger.allocated_wh, ledger.allocated_fee_nd, None, 0))
        gave = ("plant_provided", wording("line.plant_provided"), "community", price, False)
        lines.append(Line(*gave, ledger.provided_wh, -ledger.provided_nd, None, 0))
    if given.agreed is not None:
        average = average_ud_per_kwh(ledger.dealt_bought_nd, ledger.dealt_bought_wh)
        deal = ("deals_bought", wording("line.deals_bought"), "community", average, True)
        lines.append(Line(*deal, ledger.dealt_bought_wh, ledger.dealt_bought_nd, None, 0))
        if given.fee:
            on_deals = ("deals_fee", wording("line.deals_fee"), "community", given.fee)
            costs = (ledger.dealt_bought_wh, ledger.dealt_fee_nd)
            lines.append(Line(*on_deals, False, *costs, None, 0))
        average = average_ud_per_kwh(ledger.dealt_sold_nd, ledger.dealt_sold_wh)
        deal = ("deals_sold", wording("line.deals_sold"), "community", average, True)
        lines.append(Line(*deal, ledger.dealt_sold_wh, -ledger.dealt_sold_nd, None, 0))
    retail = given.retail[:, index]
    names = _period_names(period, index, local, imported.tolist())
    for period_name, price, rows in _tariff_groups(names, retail):
        with_wh, alone_wh = int(from_grid[rows].sum()), int(imported[rows].sum())
        if with_wh or alone_wh:
            words = wording("line.grid", period=wording.tariff(period_name))
            key = f"grid_{period_name}"
            utility = (key, words, "utility", price, False)
            lines.append(Line(*utility, with_wh, with_wh * price, alone_wh, alone_wh * price))
    average = average_ud_per_kwh(ledger.sold_nd, ledger.sold_wh)
    sold = ("neighbours_sold", wording("line.neighbours_sold"), "community", average, True)
    lines.append(Line(*sold, ledger.sold_wh, -ledger.sold_nd, None, 0))
    for paid in settlement.incentives:
        words = wording("line.incentive", policy=paid.incentive.policy)
        incentive = ("incentive", words, "community", paid.rate_paid, True)
        earned_nd = int(paid.amount_ud[index]) * ND_PER_UD
        lines.append(Line(*incentive, int(paid.energy_wh[index]), -earned_nd, None, 0))
    feed_in = given.feed_in[:, index]
    for price in sorted({int(p) for p in np.unique(feed_in)}):
        rows = feed_in == price
        with_wh, alone_wh = int(to_grid[rows].sum()), int(alone_to_grid[rows].sum())
        line = ("grid_feed_in", wording("line.grid_feed_in"), "utility", price, False)
        lines.append(Line(*line, with_wh, -with_wh * price, alone_wh, -alone_wh * price))
    return lines


def _period_names(
    period: Period, index: int, local: LocalDays, imported: Sequence[int]
) -> Sequence[str]:
    """The tariff period of each interval; under tiers the one in which the interval begins."""
    member = period.members[index]
    if member.plan in local.tariff_periods:
        return local.tariff_periods[member.plan]
    plan, starts = period.plans[member.plan], period.starts_s
    before = period.used_before_wh.get(member.account, 0)
    used = used_in_month(plan, starts, imported, before)
    return [name for _, name in prices_at(plan, starts, used)]


def _tariff_groups(names: Sequence[str], retail: Ints) -> list[tuple[str, int, Ints]]:
    """Intervals by tariff period and price (a tariff may change on the way), dearest first."""
    rows: dict[tuple[str, int], list[int]] = {}
    for t, key in enumerate(zip(names, retail.tolist(), strict=True)):
        rows.setdefault(key, []).append(t)
    highest: dict[str, int] = {}
    for name, price in rows:
        highest[name] = max(price, highest.get(name, price))
    ordered = sorted(rows, key=lambda key: (-highest[key[0]], key[0], rows[key][0]))
    return [(*key, np.array(rows[key], dtype=np.int64)) for key in ordered]


def _intervals(
    period: Period, settlement: Settlement, index: int, local: LocalDays, own: Sequence[int]
) -> tuple[StatementInterval, ...]:
    given, outcome = settlement.given, settlement.outcome
    worst: list[int] | list[None] = [None] * len(local.starts)
    if own:
        worst = period.quality[:, own].max(axis=1).tolist()
    columns = zip(
        period.starts_s,
        local.starts,
        given.imported[:, index].tolist(),
        given.exported[:, index].tolist(),
        outcome.from_members[:, index].tolist(),
        outcome.to_members[:, index].tolist(),
        outcome.traded.tolist(),
        outcome.price.tolist(),
        given.retail[:, index].tolist(),
        worst,
        strict=True,
    )
    return tuple(
        StatementInterval(
            start_s,
            when.isoformat(timespec="minutes"),
            imported,
            exported,
            bought,
            sold,
            price if traded else None,
            retail,
            None if quality is None else Quality(quality),
        )
        for (
            start_s,
            when,
            imported,
            exported,
            bought,
            sold,
            traded,
            price,
            retail,
            quality,
        ) in columns
    )


def quality_sentence(statement: MemberStatement) -> str:
    """What the meters' values are worth, in one or two sentences."""
    s, say = statement, statement.wording
    said = [
        say("data.values", count=say.count(sum(s.quality.values())), kinds=say.qualities(s.quality))
    ]
    if s.quality.get(Quality.MISSING):
        said.append(say("data.missing"))
    if s.quality.get(Quality.ESTIMATED) or s.quality.get(Quality.REPLACED):
        said.append(say("data.marked"))
    if s.unverified_meters:
        said.append(say("data.unverified", count=s.unverified_meters))
    return " ".join(said)
