"""A member with a shared plant, a deal and a correction recomputes the own bill; an auditor all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.test_audit_checks import ANCHOR, failures, on_chain, part
from settlement.test_settlement_plants import DYNAMIC, ROOF
from sourceenergy.audit.checks import check_bundle, check_member, check_member_prices
from sourceenergy.node.publish import Settled, prepare
from sourceenergy.proofs import ZERO_HASH
from sourceenergy.records import KeyVersion, Mode
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.orders import PeriodDeal
from sourceenergy.settlement.plants import PeriodPlant
from sourceenergy.settlement.published import MemberFile, read_member, read_public
from strategies_energy import FLAT_TARIFFS, NEW_YEAR, a_period, account

NAMES = ("ann", "ben", "cleo")


def street() -> Settled:
    """Two hours: a shared roof, a deal from Ann to Ben, a correction that Ben owes Cleo for."""
    period = a_period(
        [[0, 4_000, 6_000, 0], [0, 2_000, 1_500, 0]],
        [[5_000, 0, 0, 3_000], [900, 0, 0, 0]],
        parts=[[(0, 1)], [(1, 1)], [(2, 1)], [(0, 5), (1, 3), (2, 2)]],
        mode=Mode.SIMULATION,
        fee=5_000,
        internal=(100_000, 2_000),
        plants=[PeriodPlant(ROOF, 1, (KeyVersion(0, DYNAMIC),))],
        opening={
            account(1): AccountState(0, 0, 0, -700),
            account(2): AccountState(0, 0, 0, 700),
        },
    )
    period = replace(
        period,
        deals=(PeriodDeal(NEW_YEAR, 1, 0, 3_500, 90_000),),
        adjustments_ud={account(1): -300, account(2): 300},
    )
    return prepare(period, FLAT_TARIFFS, ANCHOR, 1, ZERO_HASH, NAMES)


STREET = street()
POSTED = on_chain(STREET.statement)


def own(name: str) -> MemberFile:
    return read_member(STREET.files[f"members/{name}/proof.json"])


@pytest.mark.parametrize(
    "field", ["allocated_ud", "allocated_fee_ud", "provided_ud", "dealt_bought_ud", "corrected_ud"]
)
def test_a_changed_line_is_named(field: str) -> None:
    file = own("ben")
    assert getattr(file, field)
    changed = replace(file, **{field: getattr(file, field) + 1})
    assert "money" in failures(check_member(changed, POSTED))


def test_a_deal_of_another_price_is_named() -> None:
    file = own("ben")
    cheaper = tuple(deal._replace(price=deal.price - 1_000) for deal in file.deals)
    checks = check_member_prices(replace(file, deals=cheaper), read_public(part(STREET, "public")))
    assert "deals bought" in failures(checks)["own bill"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_true_is_agreed_to(name: str) -> None:
    public = read_public(part(STREET, "public"))
    file = own(name)
    assert failures([*check_member(file, POSTED), *check_member_prices(file, public)]) == {}
    assert failures(check_bundle(part(STREET, "audit"), public)) == {}
