"""One period by hand, every number in sight: a roof, a home and a tenant, two hours.

    plan ``day`` 20 ¢, plan ``tenant`` 12 ¢; feed-in 5 ¢; fee 0.5 ¢ a kWh. In ud/kWh: 200,000,
    120,000, 50,000, 5,000.

Hour 1. The roof exports 3,001 Wh; the home imports 2,000, the tenant 4,000.
    The 3,001 Wh go to need: 1,000.33 and 2,000.67, so 1,000 and 2,001 (largest remainder).
    Band: feed-in 50,000 to the tenant's 120,000 − 5,000. Price (50,000 + 115,000) / 2 = 82,500.
Hour 2. The roof exports 1,000 Wh; only the home imports, 300.
    Band: 50,000 to 200,000 − 5,000. Price 122,500.

Money [nano-dollars = Wh · ud/kWh]:
    the roof gets  3,001 · 82,500 + 300 · 122,500 = 284,332,500 → 284,332.5 ud
    the home pays  1,000 · 82,500 + 300 · 122,500 = 119,250,000 → 119,250 ud
    the tenant     2,001 · 82,500                 = 165,082,500 → 165,082.5 ud
The two halves add up to zero only if one is rounded up and one down: each is first rounded down
(284,332 and −165,083), and the missing 1 ud goes to the lower index: the roof gets 284,333.
    fees: 1,300 · 5,000 → 6,500 ud and 2,001 · 5,000 → 10,005 ud; the operator gets 16,505.
"""

from __future__ import annotations

import pytest

from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import Settlement, settle
from strategies_energy import OPERATOR, a_period, account

ROOF, HOME, TENANT = range(3)


@pytest.fixture(scope="module")
def settled() -> Settlement:
    return settle(
        a_period(
            imported=[[0, 2_000, 4_000], [0, 300, 0]],
            exported=[[3_001, 0, 0], [1_000, 0, 0]],
            plans=["day", "day", "tenant"],
            feed_in=50_000,
            fee=5_000,
        )
    )


def test_energy_goes_to_need(settled: Settlement) -> None:
    assert settled.outcome.sold.tolist() == [[3_001, 0, 0], [300, 0, 0]]
    assert settled.outcome.bought.tolist() == [[0, 1_000, 2_001], [0, 300, 0]]
    assert settled.local_wh == 3_301
    assert (settled.imported_wh, settled.exported_wh) == (6_300, 4_001)


def test_the_price_is_the_middle_of_each_hour_s_band(settled: Settlement) -> None:
    assert [(p.feed_in, p.price, p.retail, p.fee) for p in settled.prices] == [
        (50_000, 82_500, 120_000, 5_000),
        (50_000, 122_500, 200_000, 5_000),
    ]


def test_money_is_rounded_once_and_adds_up(settled: Settlement) -> None:
    roof, home, tenant = settled.ledgers
    assert (roof.sold_nd, home.bought_nd, tenant.bought_nd) == (284332500, 119250000, 165082500)
    assert (roof.sold_ud, home.bought_ud, tenant.bought_ud) == (284_333, 119_250, 165_083)
    assert (roof.fee_ud, home.fee_ud, tenant.fee_ud) == (0, 6_500, 10_005)
    assert settled.fees_ud == 16_505
    assert [x.net_ud for x in settled.ledgers] == [284_333, -125_750, -175_088]
    assert sum(x.net_ud for x in settled.ledgers) + settled.fees_ud == 0


def test_everyone_is_better_off_than_with_the_grid(settled: Settlement) -> None:
    roof, home, tenant = settled.ledgers
    assert home.grid_only_nd == 2_300 * 200_000
    assert home.cost_nd == 119_250_000 + 6_500_000 + 1_000 * 200_000
    assert home.saving_nd == 134_250_000
    assert tenant.saving_nd == 4_000 * 120_000 - (165_082_500 + 10_005_000 + 1_999 * 120_000)
    assert roof.grid_only_nd == -4_001 * 50_000
    assert roof.saving_nd == 284_332_500 - 3_301 * 50_000


def test_accounts_close_with_what_each_may_withdraw(settled: Settlement) -> None:
    assert settled.closing == {
        account(ROOF): AccountState(0, 284_333, 0),
        account(HOME): AccountState(125_750, 0, 0),
        account(TENANT): AccountState(175_088, 0, 0),
        OPERATOR: AccountState(0, 16_505, 0),
    }
    assert settled.totals_ud == (300_838, 300_838, 0)
    assert [leaf.account for leaf in settled.payout_leaves] == list(settled.closing)
    assert [leaf.payout_ud for leaf in settled.payout_leaves] == [284_333, 0, 0, 16_505]
    assert [leaf.local_bought_wh for leaf in settled.energy_leaves] == [0, 1_300, 2_001]
