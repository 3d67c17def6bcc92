"""One sale through the layers, down to a family's goal; and energy on its way up."""

from __future__ import annotations

from sourceenergy.economy.aggregated_market.belonging import Belonging, move, split_energy
from sourceenergy.economy.aggregated_market.cascade import (
    Contributor,
    ReceiverClass,
    Sale,
    Terms,
    arrows,
    cascade,
    payments_due,
    revenue_down,
    trace_of,
)
from sourceenergy.economy.community.goals import Goal, GoalKind, Payout, progress
from sourceenergy.economy.community.profit import Change, share_profit
from sourceenergy.economy.household_trust.income import (
    Beneficiary,
    IncomeRule,
    distribute,
    ledger_rows,
)
from sourceenergy.economy.household_trust.ledger import (
    Ledger,
    Reader,
    append,
    public_key_of,
    read,
    verify_ledger,
)
from sourceenergy.economy.household_trust.trustees import Trust
from sourceenergy.units import Ud, Wh, split_largest_remainder
from strategies_energy import account, digest, utc

DOLLAR, CENT = 1_000_000, 10_000
H1 = account(2)
SOLD = utc("2026-03-15T18:00")
RULE = IncomeRule(
    1,
    0,
    (
        Beneficiary(1, "trustee A", account(21), 400_000),
        Beneficiary(2, "trustee B", account(22), 400_000),
        Beneficiary(3, "minor", account(21), 200_000),
    ),
    500_000,
    "C1",
)


def secret(name: str) -> bytes:
    return bytes.fromhex(digest(name))


def test_S19_a_sale_comes_down_to_a_familys_ledger_and_goal() -> None:
    sale = Sale(7, 1, revenue_down(550_000, 60_000), trace_of(31337, account(1), 7, 1))
    way_down = cascade(
        sale,
        Terms(10_000, 20_000),
        {
            ReceiverClass.INDIVIDUAL: [
                Contributor(4, account(4), Wh(90_000)), Contributor(9, account(9), Wh(30_000)),
            ],
            ReceiverClass.TRUST: [Contributor(2, H1, Wh(80_500))],
            ReceiverClass.ENTITY: [Contributor(1, account(1), Wh(349_500))],
        },
    )  # fmt: skip
    assert {step.trace for step in arrows(way_down)} == {sale.trace}
    payments = {one.account: one for one in payments_due(way_down, (), ()).payments}
    assert payments[H1].amount_ud == 4_690_000

    income = distribute(RULE, payments[H1].amount_ud)
    assert income.reinvested_ud == 234 * CENT
    assert [part.amount_ud for part in income.parts] == [94 * CENT, 94 * CENT, 47 * CENT]

    trust = Trust("H1", ("trustee A", "trustee B"), 2, Ud(1_000 * DOLLAR), 0)
    readers = [Reader("trustee A", public_key_of(secret("A")))]
    ledger = Ledger("H1")
    for number, row in enumerate(ledger_rows(income)):
        keys = [secret(f"wrap {number}")]
        ledger = append(ledger, trust, "trustee A", row, readers, secret(f"row {number}"), keys)
    rows = read(ledger, "trustee A", secret("A"))
    verify_ledger(ledger, ledger.root)
    assert sum(int(row["amount_ud"]) for row in rows if row["what"] != "income") == 4_690_000

    goal = Goal(GoalKind.PERSONAL, "minor", "bicycle", Ud(47 * CENT), 0)
    paid = [
        Payout(f"{sale.trace} {part.number}", part.name, part.amount_ud, SOLD)
        for part in income.parts
        if not part.held
    ]
    assert progress(goal, paid).reached_s == SOLD


def test_S17_a_co_ops_kWh_belong_to_its_members_by_their_dollar_days() -> None:
    """A roof owned by money: its Wh go to members by weight, then its cents by those Wh."""
    start = utc("2026-01-01T05:00")
    changes = [
        Change(start + day * 86_400, member, Ud(dollars * DOLLAR), Ud(0))
        for member, dollars, day in ((3, 2_000, 0), (8, 6_000, 0), (11, 1_000, 45))
    ]
    profit = share_profit(changes, start, start + 90 * 86_400, 0, 0)
    energy = split_largest_remainder(349_500, [line.ud_seconds for line in profit.lines])
    members = tuple(
        Contributor(line.member, account(line.member), Wh(wh))
        for line, wh in zip(profit.lines, energy, strict=True)
    )
    co_op = Contributor(1, account(1), Wh(349_500), members)
    way_down = cascade(
        Sale(7, 1, Ud(20_340_000), digest("trace")), Terms(0, 0), {ReceiverClass.ENTITY: [co_op]}
    )
    below = way_down.levels[-1]
    assert [share.amount_ud // CENT for share in below.shares] == [
        478,
        1_436,
        120,
    ]  # of 478.59, 1435.76, 119.65
    assert sum(share.amount_ud for share in below.shares) == 20_340_000


def test_S12_a_roof_that_moves_counts_once_in_the_pool() -> None:
    moves = move((), Belonging("roof", "H1", utc("2026-03-15T14:20")))
    hours = [utc("2026-03-15T14:00"), utc("2026-03-15T14:15"), utc("2026-03-15T14:30")]
    owners: dict[str, int] = {}
    for hour in hours:
        for owner, energy in split_energy(moves, "roof", hour, hour + 900, 1_000):
            owners[owner] = owners.get(owner, 0) + energy
    assert owners == {"roof": 1_333, "H1": 1_667}
