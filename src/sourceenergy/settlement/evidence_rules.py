"""The rules all members share, as evidence has them, and each member's own place in a key.

A key's shares and classes are by member; only a root over salted leaves is among the rules, so
that a member can prove the own share and read nobody else's.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from sourceenergy.proofs import derive_salt, keccak, merkle_levels, merkle_proof, merkle_root
from sourceenergy.proofs.bulk import derived_salts
from sourceenergy.settlement.bundle import SHORT
from sourceenergy.settlement.bundle_terms import incentive_terms
from sourceenergy.settlement.period import Period
from sourceenergy.units import iso_utc

_KEY = "key"


def rules_of(period: Period) -> dict[str, Any]:
    """The rules of a period, ready for JSON; no member, account or salt is in them."""
    meters = period.meter_columns.keys
    rules: dict[str, Any] = {
        "version": period.version,
        "community": period.community,
        "mode": period.mode.value,
        "mechanism": period.mechanism,
        "fee_ud_per_kwh": period.fee,
        "feed_in_ud_per_kwh": period.feed_in,
        "interval_seconds": period.seconds,
        "rounding": "largest remainder, ties to the lowest member number",
        "tariffs": sorted(period.member_columns.plans),
    }
    if period.plants:
        salts = [row.tobytes() for row in derived_salts(period.member_columns.salts, _KEY)]
        rules["internal_ud_per_kwh"] = {"price": period.internal_price, "fee": period.internal_fee}
        rules["keys"] = [
            {
                "meter": (meter := meters[plant.meter].tobytes().hex()[:SHORT]),
                "priority": plant.priority,
                "from": iso_utc(version.from_s),
                "kind": version.key.kind.value,
                "root": merkle_root(
                    _leaves(
                        salts, meter, version.from_s, version.key.shares_ppm, version.key.classes
                    )
                ),
            }
            for plant in period.plants
            for version in plant.versions
        ]
    if period.orders or period.deals:
        rules["order_mechanism"] = period.order_mechanism
    if period.incentives:
        rules["incentives"] = incentive_terms(period.incentives)
    return rules


def key_salt(member_salt: str) -> bytes:
    """The salt of a member's places in keys, from the member's of the period."""
    return derive_salt(bytes.fromhex(member_salt), _KEY)


def key_leaf(salt: bytes, meter: str, from_s: int, share_ppm: int, class_: int) -> bytes:
    """Leaf of a member's place in one version of a plant's key."""
    numbers = struct.pack(">qqq", from_s, share_ppm, class_)
    return keccak(salt + _KEY.encode().ljust(8, b"\0") + bytes.fromhex(meter) + numbers)


def own_places(head: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """A member's place in every version of every key, with its proof, from ``period.json``."""
    salts = [key_salt(member["salt"]) for member in head["members"]]
    found = []
    for plant in head.get("plants", ()):
        meter = head["meters"][int(plant["meter"])]["key"][:SHORT]
        for version in plant["keys"]:
            columns = (version["shares_ppm"], version["classes"])
            leaves = _leaves(salts, meter, version["from_s"], *columns)
            found.append(
                {
                    "meter": meter,
                    "from": iso_utc(version["from_s"]),
                    "share_ppm": version["shares_ppm"][number],
                    "class": version["classes"][number],
                    "salt": salts[number].hex(),
                    "proof": merkle_proof(merkle_levels(leaves), number),
                }
            )
    return found


def _leaves(
    salts: Sequence[bytes], meter: str, from_s: int, shares: Sequence[int], classes: Sequence[int]
) -> list[bytes]:
    return [
        key_leaf(salt, meter, from_s, share, class_)
        for salt, share, class_ in zip(salts, shares, classes, strict=True)
    ]
