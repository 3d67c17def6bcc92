"""The community's report of one period for its operator: totals, members, prices, residuals.

The report with members' names is for the operator. Without names, members are numbers in order,
which is a pseudonym: neighbours may still guess who is who, so hand out only the totals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from sourceenergy.errors import InvariantBroken
from sourceenergy.metering.intervals import Completeness
from sourceenergy.records import Quality, Statement
from sourceenergy.reports.language import ENGLISH
from sourceenergy.reports.local_days import (
    Buckets,
    LocalDays,
    buckets,
    local_days,
)
from sourceenergy.reports.words import (
    average_ud_per_kwh,
    cell,
    csv_bytes,
    exact_cad,
    exact_cad_ud,
    exact_kwh,
    simulated_label,
    statement_id,
)
from sourceenergy.settlement.bundle import canonical_json
from sourceenergy.settlement.ledger import MemberLedger
from sourceenergy.settlement.period import Period, Settlement
from sourceenergy.settlement.published import Anchor
from sourceenergy.units import iso_utc


@dataclass(frozen=True, slots=True)
class MemberLabel:
    """How the operator knows a member."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member's period: label, account, tariff plan, ledger and account after it [ud]."""

    label: MemberLabel
    account: str
    plan: str
    ledger: MemberLedger
    deposit_ud: int
    payout_ud: int
    balance_ud: int


@dataclass(frozen=True)
class CommunityReport:
    """What the JSON, the CSV and the chart page show."""

    period: Period
    settlement: Settlement
    anchor: Anchor
    statement: Statement
    members: tuple[MemberRow, ...]
    completeness: tuple[Completeness, ...]
    local: LocalDays
    grouping: Buckets
    residuals: Mapping[str, int]
    simulated: bool
    posted: bool

    @property
    def label(self) -> str:
        """``SIMULATED`` or nothing."""
        return simulated_label(self.period.mode, self.simulated)

    @property
    def span(self) -> str:
        """The period in local days."""
        return ENGLISH.span(self.local.starts[0], self.local.end)

    @property
    def saving_nd(self) -> int:
        """What all members saved together [nd]."""
        return sum(member.ledger.saving_nd for member in self.members)


def community_report(
    period: Period,
    settlement: Settlement,
    anchor: Anchor,
    statement: Statement,
    *,
    labels: Sequence[MemberLabel] | None = None,
    completeness: Sequence[Completeness] = (),
    local: LocalDays | None = None,
    time_zone: str = "America/Toronto",
    simulated: bool = False,
    posted: bool = True,
) -> CommunityReport:
    """The report; without ``labels`` members are numbers.

    Raises ``InvariantBroken``, naming it, if any residual is not zero.
    """
    local = local or local_days(period, time_zone)
    if labels is None:
        labels = [MemberLabel(f"{i}", f"Member {i}") for i in range(1, len(period.members) + 1)]
    rows = tuple(
        MemberRow(
            label,
            member.account,
            member.plan,
            ledger,
            settlement.deposits_ud.get(member.account, 0),
            settlement.closing[member.account].payout_ud,
            settlement.closing[member.account].balance_ud,
        )
        for label, member, ledger in zip(labels, period.members, settlement.ledgers, strict=True)
    )
    found = residuals(settlement)
    for name, value in found.items():
        if value:
            raise InvariantBroken(
                "a settled period does not balance",
                rule="residual.zero",
                field=name,
                value=value,
                remedy="no report was written; report this with the audit bundle",
            )
    return CommunityReport(
        period,
        settlement,
        anchor,
        statement,
        rows,
        tuple(completeness),
        local,
        buckets(local),
        found,
        simulated,
        posted,
    )


def residuals(settlement: Settlement) -> dict[str, int]:
    """What must be zero: energy [Wh] in any interval, exact values [nd] and money [ud]."""
    given, outcome, ledgers = settlement.given, settlement.outcome, settlement.ledgers
    gap = outcome.sold.sum(axis=1) - outcome.bought.sum(axis=1)
    deposits_ud, payouts_ud, balances_ud = settlement.totals_ud
    return {
        "energy_most_in_an_interval_wh": int(np.abs(gap).max(initial=0)),
        "energy_total_wh": sum(x.sold_wh - x.bought_wh for x in ledgers),
        "imports_total_wh": int(given.imported.sum()) - settlement.imported_wh,
        "local_money_nd": sum(x.sold_nd - x.bought_nd for x in ledgers),
        "settled_money_ud": sum(x.net_ud for x in ledgers)
        + settlement.fees_ud
        - settlement.incentives_ud,
        "accounts_ud": deposits_ud - payouts_ud - balances_ud,
    }


def community_json(report: CommunityReport) -> bytes:
    """The report for programs: whole Wh, ud, nd and ud/kWh; sorted keys, one form."""
    r, s, p = report, report.settlement, report.period
    ledgers = [member.ledger for member in r.members]
    local_nd = sum(x.bought_nd + x.dealt_bought_nd + x.allocated_nd for x in ledgers)
    cost_nd = sum(member.ledger.cost_nd for member in r.members)
    traded = s.outcome.price[s.outcome.traded]
    body = {
        "version": p.version,
        "community": p.community,
        "mode": p.mode.value,
        "simulated": bool(r.label),
        "posted": r.posted,
        "mechanism": p.mechanism,
        "funded": p.funded,
        "start": iso_utc(p.start_s),
        "end": iso_utc(p.end_s),
        "time_zone": r.local.time_zone,
        "interval_seconds": p.seconds,
        "intervals": len(p.starts_s),
        "anchor": asdict(r.anchor),
        "epoch": r.statement.epoch,
        "statement_hash": statement_id(r.anchor, r.statement),
        "roots": {
            "payout": r.statement.payout_root,
            "price": r.statement.price_root,
            "pool": r.statement.pool_root,
            "bundle_hash": r.statement.bundle_hash,
            "previous": r.statement.previous,
        },
        "totals": {
            "imported_wh": s.imported_wh,
            "exported_wh": s.exported_wh,
            "local_wh": s.local_wh,
            "from_grid_wh": s.imported_wh - s.local_wh,
            "to_grid_wh": s.exported_wh - s.local_wh,
            "need_met_locally_permille": _permille(s.local_wh, s.imported_wh),
            "surplus_used_locally_permille": _permille(s.local_wh, s.exported_wh),
            "local_value_nd": local_nd,
            "cost_nd": cost_nd,
            "grid_only_nd": cost_nd + r.saving_nd,
            "saving_nd": r.saving_nd,
            "fees_ud": s.fees_ud,
            "incentives_ud": s.incentives_ud,
            "deposits_ud": s.totals_ud[0],
            "payouts_ud": s.totals_ud[1],
            "balances_ud": s.totals_ud[2],
        },
        "prices_ud_per_kwh": {
            "intervals_with_local_price": int(s.outcome.traded.sum()),
            "local_average": average_ud_per_kwh(local_nd, s.local_wh),
            "local_lowest": int(traded.min()) if traded.size else None,
            "local_highest": int(traded.max()) if traded.size else None,
            "fee": p.fee,
            "feed_in": p.feed_in,
            "retail_lowest": int(s.given.retail.min()),
            "retail_highest": int(s.given.retail.max()),
        },
        "residuals": dict(r.residuals),
        "quality": {q.name.lower(): int((p.quality == q).sum()) for q in Quality},
        "completeness": [
            {
                **asdict(c),
                "missing_spans": [[iso_utc(a), iso_utc(b)] for a, b in c.missing_spans],
            }
            for c in r.completeness
        ],
        "members": [
            {
                "id": m.label.id,
                "name": m.label.name,
                "account": m.account,
                "plan": m.plan,
                **asdict(m.ledger),
                "net_ud": m.ledger.net_ud,
                "cost_nd": m.ledger.cost_nd,
                "saving_nd": m.ledger.saving_nd,
                "deposit_ud": m.deposit_ud,
                "payout_ud": m.payout_ud,
                "balance_ud": m.balance_ud,
            }
            for m in r.members
        ],
    }
    return canonical_json(body)


def community_csv(report: CommunityReport) -> bytes:
    """One row a member: energy [kWh] and money [CAD], exact; no row of totals."""
    return csv_bytes(
        (
            "member",
            "name",
            "account",
            "tariff",
            "imported_kwh",
            "exported_kwh",
            "bought_kwh",
            "sold_kwh",
            "bought_cad",
            "fee_cad",
            "sold_cad",
            "net_cad",
            "grid_import_cad",
            "grid_export_cad",
            "cost_with_community_cad",
            "cost_grid_alone_cad",
            "saving_cad",
            "deposited_cad",
            "payout_authorised_so_far_cad",
            "balance_cad",
        ),
        [
            (
                cell(m.label.id),
                cell(m.label.name),
                m.account,
                m.plan,
                *map(exact_kwh, (x.imported_wh, x.exported_wh, x.bought_wh, x.sold_wh)),
                *map(exact_cad_ud, (x.bought_ud, x.fee_ud, x.sold_ud, x.net_ud)),
                *map(exact_cad, (x.grid_import_nd, x.grid_export_nd)),
                *map(exact_cad, (x.cost_nd, x.grid_only_nd, x.saving_nd)),
                *map(exact_cad_ud, (m.deposit_ud, m.payout_ud, m.balance_ud)),
            )
            for m in report.members
            for x in (m.ledger,)
        ],
    )


def _permille(part: int, whole: int) -> int | None:
    """A share in whole thousandths, rounded half up; None of nothing."""
    return (2000 * part + whole) // (2 * whole) if whole else None
