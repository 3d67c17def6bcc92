"""A member's statement for programs: whole Wh, ud, nd and ud/kWh; one form for one statement."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sourceenergy.records import Quality
from sourceenergy.reports.member_statement import MemberStatement
from sourceenergy.reports.utility_bill import UtilityBill
from sourceenergy.settlement.bundle import canonical_json
from sourceenergy.units import iso_utc


def statement_json(statement: MemberStatement) -> bytes:
    """Everything the page shows and the reference of its proof; intervals are in their own file."""
    s = statement
    body = {
        "language": s.language.value,
        "community": s.community,
        "member": {"id": s.member_id, "name": s.name, "account": s.account},
        "mode": s.mode.value,
        "simulated": bool(s.label),
        "posted": s.posted,
        "start": iso_utc(s.start_s),
        "end": iso_utc(s.end_s),
        "time_zone": s.time_zone,
        "interval_seconds": s.interval_seconds,
        "lines": [asdict(line) for line in s.lines],
        "with_community_nd": s.with_nd,
        "grid_alone_nd": s.alone_nd,
        "saving_nd": s.saving_nd,
        "utility_bill": None
        if s.bill is None
        else asdict(s.bill) | {"saving_ud": s.bill.saving_ud},
        "settled_ud": {
            "sold": s.ledger.sold_ud,
            "bought": s.ledger.bought_ud,
            "platform_fee": s.ledger.fee_ud,
            "plant_provided": s.ledger.provided_ud,
            "plant_allocated": s.ledger.allocated_ud,
            "plant_fee": s.ledger.allocated_fee_ud,
            "deals_sold": s.ledger.dealt_sold_ud,
            "deals_bought": s.ledger.dealt_bought_ud,
            "deals_fee": s.ledger.dealt_fee_ud,
            "incentive": s.ledger.incentive_ud,
            "net": s.ledger.net_ud,
        },
        "corrections": [
            one._asdict() | {"records": [asdict(record) for record in one.records]}
            for one in s.corrections
        ],
        "corrected_ud": {"settled_now": s.corrected_ud, "waits": s.closing.carried_ud},
        "account_ud": {
            "deposited": s.deposited_ud,
            "payout_newly_authorised": s.authorised_ud,
            "payout_so_far": s.closing.payout_ud,
            "balance": s.closing.balance_ud,
        },
        "quality": {quality.name.lower(): s.quality.get(quality, 0) for quality in Quality},
        "meters_not_verified": s.unverified_meters,
        "proof": {
            **asdict(s.anchor),
            "epoch": s.epoch,
            "statement_hash": s.statement_hash,
            "settlement_version": s.version,
            "verify": s.verify_command,
        },
    }
    return canonical_json(body)


def _bill(bill: UtilityBill) -> dict[str, Any]:
    return asdict(bill) | {"saving_ud": bill.saving_ud}
