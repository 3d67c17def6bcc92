"""A statement with a shared plant and a deal adds up to its ledger, and says where energy went."""

from __future__ import annotations

import pytest

from audit.test_audit_checks import ANCHOR
from audit.test_audit_plants_and_deals import STREET
from sourceenergy.reports.member_statement import MemberStatement, member_statement


def tell(index: int) -> MemberStatement:
    s = STREET
    name = f"Home {index + 1}"
    return member_statement(
        s.period, s.settlement, ANCHOR, s.statement, index, name=name, member_id=name
    )


@pytest.mark.parametrize("index", range(3))
def test_lines_add_up_to_the_ledger(index: int) -> None:
    told, ledger = tell(index), STREET.settlement.ledgers[index]
    assert told.with_nd == ledger.cost_nd
    assert told.alone_nd == ledger.grid_only_nd
    assert told.saving_nd == ledger.saving_nd >= 0


def test_plant_and_deal_have_lines_of_their_own() -> None:
    told, ledger = tell(1), STREET.settlement.ledgers[1]
    lines = {line.item: (line.with_wh, line.with_nd) for line in told.lines}
    assert lines["plant_allocated"] == (ledger.allocated_wh, ledger.allocated_wh * 100_000)
    assert lines["plant_fee"] == (ledger.allocated_wh, ledger.allocated_wh * 2_000)
    assert lines["plant_provided"] == (ledger.provided_wh, -ledger.provided_wh * 100_000)
    assert lines["deals_bought"] == (ledger.dealt_bought_wh, ledger.dealt_bought_wh * 90_000)
    assert lines["deals_fee"] == (ledger.dealt_bought_wh, ledger.dealt_bought_wh * 5_000)
    first = told.intervals[0]
    assert first.bought_wh == int(STREET.settlement.outcome.from_members[0, 1])
