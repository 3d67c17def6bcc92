"""Terms that only some periods have, as ``period.json`` holds them: plants, deals, orders, ….

A period without them has a file without them, so its hash is what it always was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple
from typing import Any

from sourceenergy.records import (
    AllocationKey,
    Approval,
    Correction,
    Incentive,
    IncentiveFor,
    KeyKind,
    KeyVersion,
    ParticipationVersion,
    Quality,
)
from sourceenergy.settlement.orders import PeriodDeal, PeriodOrder
from sourceenergy.settlement.period import Period
from sourceenergy.settlement.plants import PeriodPlant
from sourceenergy.units import Ud, UdPerKwh


def optional_terms(period: Period) -> dict[str, Any]:
    """What a period has beyond its plain terms, ready for JSON; empty for a plain one."""
    terms: dict[str, Any] = {}
    if period.plants:
        terms["internal_ud_per_kwh"] = {"price": period.internal_price, "fee": period.internal_fee}
        terms["plants"] = [
            {
                "meter": plant.meter,
                "priority": plant.priority,
                "keys": [
                    {
                        "from_s": version.from_s,
                        "kind": version.key.kind.value,
                        "shares_ppm": list(version.key.shares_ppm),
                        "classes": list(version.key.classes),
                    }
                    for version in plant.versions
                ],
            }
            for plant in period.plants
        ]
    if period.participation:
        terms["participation"] = [
            {
                "meter": meter,
                "versions": [
                    {"from_s": version.from_s, "factors_ppm": dict(version.factors_ppm)}
                    for version in versions
                ],
            }
            for meter, versions in period.participation
        ]
    if period.deals or period.orders:
        terms["order_mechanism"] = period.order_mechanism
        terms["deals"] = [list(astuple(deal)) for deal in period.deals]
        terms["orders"] = [list(astuple(order)) for order in period.orders]
    if period.corrections or period.adjustments_ud:
        terms["corrections"] = [asdict(correction) for correction in period.corrections]
        terms["adjustments_ud"] = dict(period.adjustments_ud)
    if period.used_before_wh:
        terms["used_before_wh"] = dict(period.used_before_wh)
    if period.incentives:
        terms["incentives"] = incentive_terms(period.incentives)
    return terms


def read_optional_terms(head: dict[str, Any], meters: int, members: int) -> dict[str, Any]:
    """The same terms back, as arguments of ``Period``; ``ValueError`` where they do not fit."""
    terms: dict[str, Any] = {}
    if "plants" in head:
        terms["internal_price"] = UdPerKwh(int(head["internal_ud_per_kwh"]["price"]))
        terms["internal_fee"] = UdPerKwh(int(head["internal_ud_per_kwh"]["fee"]))
        terms["plants"] = tuple(
            PeriodPlant(
                _meter(plant["meter"], meters),
                int(plant["priority"]),
                tuple(_key_version(version, members) for version in plant["keys"]),
            )
            for plant in head["plants"]
        )
    if "participation" in head:
        terms["participation"] = tuple(
            (
                _meter(entry["meter"], meters),
                tuple(
                    ParticipationVersion(
                        int(version["from_s"]),
                        tuple(sorted((str(n), int(f)) for n, f in version["factors_ppm"].items())),
                    )
                    for version in entry["versions"]
                ),
            )
            for entry in head["participation"]
        )
    if "deals" in head:
        terms["order_mechanism"] = str(head["order_mechanism"])
        terms["deals"] = tuple(PeriodDeal(*(int(x) for x in row)) for row in head["deals"])
        terms["orders"] = tuple(PeriodOrder(*(int(x) for x in row)) for row in head["orders"])
    if "corrections" in head:
        terms["corrections"] = tuple(_correction(raw) for raw in head["corrections"])
        adjustments = head["adjustments_ud"]
        terms["adjustments_ud"] = {str(a): int(ud) for a, ud in adjustments.items()}
    if "used_before_wh" in head:
        terms["used_before_wh"] = {str(a): int(wh) for a, wh in head["used_before_wh"].items()}
    if "incentives" in head:
        terms["incentives"] = tuple(_incentive(raw) for raw in head["incentives"])
    return terms


def incentive_terms(incentives: Sequence[Incentive]) -> list[dict[str, Any]]:
    """Incentives ready for JSON; no member is in them."""
    return [
        {
            "policy": one.policy,
            "rate_ud_per_kwh": one.rate,
            "budget_ud": one.budget_ud,
            "start_s": one.start_s,
            "end_s": one.end_s,
            "for": one.earns.value,
            "tariff": one.tariff,
            "periods": list(one.periods),
        }
        for one in incentives
    ]


def _incentive(raw: dict[str, Any]) -> Incentive:
    return Incentive(
        str(raw["policy"]),
        UdPerKwh(int(raw["rate_ud_per_kwh"])),
        Ud(int(raw["budget_ud"])),
        int(raw["start_s"]),
        int(raw["end_s"]),
        IncentiveFor(raw["for"]),
        str(raw["tariff"]),
        tuple(str(name) for name in raw["periods"]),
    )


def _correction(raw: dict[str, Any]) -> Correction:
    before, after = (
        (int(raw[side][0]), int(raw[side][1]), Quality(raw[side][2]))
        for side in ("before", "after")
    )
    approvals = tuple(Approval(**approval) for approval in raw["approvals"])
    return Correction(**{**raw, "before": before, "after": after, "approvals": approvals})


def _meter(value: object, meters: int) -> int:
    index = int(str(value))
    if not 0 <= index < meters:
        raise ValueError(f"no such meter: {value}")
    return index


def _key_version(raw: dict[str, Any], members: int) -> KeyVersion:
    key = AllocationKey(
        KeyKind(raw["kind"]),
        tuple(int(share) for share in raw["shares_ppm"]),
        tuple(int(number) for number in raw["classes"]),
    )
    if len(key.classes) != members:
        raise ValueError(f"a key of {len(key.classes)} members, the period has {members}")
    return KeyVersion(int(raw["from_s"]), key)
