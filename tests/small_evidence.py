"""A settled period with records of all ten kinds: orders, a deal, and what other layers hand in.

Ann has a roof, Ben and Cleo do not; a fourth meter is a plant of Ann
and Cleo, shared by key. All numbers are made up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sourceenergy.economy.central_bank.policy import Parameter, Setting
from sourceenergy.economy.community.benefit import Job, MemberBenefit, by_band
from sourceenergy.economy.community.carbon import (
    AverageFactor,
    PlantFactor,
    avoided_down,
    claims,
)
from sourceenergy.economy.community.certificates import Register, issue, retire
from sourceenergy.economy.community.report import (
    FootprintFigure,
    Version,
    footprint_up,
    impact_report,
    publish,
    report_hash,
)
from sourceenergy.economy.household_trust.ledger import Ledger, Reader, append, public_key_of
from sourceenergy.economy.household_trust.trustees import Trust
from sourceenergy.market.book import ASK, BID
from sourceenergy.node.publish import Settled, prepare
from sourceenergy.proofs import ZERO_HASH, community_id
from sourceenergy.records import AllocationKey, KeyKind, KeyVersion, Mode
from sourceenergy.settlement.evidence import Kind
from sourceenergy.settlement.evidence_attached import (
    attach,
    certificate_lines,
    ledger_lines,
    policy_lines,
    report_lines,
)
from sourceenergy.settlement.orders import PeriodDeal, PeriodOrder
from sourceenergy.settlement.period import Period
from sourceenergy.settlement.plants import PeriodPlant
from sourceenergy.settlement.published import Anchor
from sourceenergy.units import Ud
from strategies_energy import FLAT_TARIFFS, NEW_YEAR, OPERATOR, a_period, digest

NAMES = ("ann", "ben", "cleo")
PRIVATE = frozenset(NAMES)
CLEARING = "0x" + "c1" * 20
ANCHOR = Anchor(31337, CLEARING, community_id(31337, CLEARING, "Elm Street"))
HOUR = 3600
A_KEY = AllocationKey(KeyKind.STATIC, (0, 600_000, 400_000), (0, 0, 0))
LATER = AllocationKey(KeyKind.CASCADE, (0, 0, 0), (0, 2, 1))
ROOF = "0x" + "d0" * 32  # the device behind the certificates


def secret(name: str) -> bytes:
    return bytes.fromhex(digest(name))


def a_ledger(rows: int = 3) -> Ledger:
    """A family's ledger; nobody here can read it."""
    trust = Trust("H1", ("trustee A", "trustee B"), 2, Ud(0), 0)
    reader = Reader("trustee A", public_key_of(secret("trustee A")))
    ledger = Ledger("H1")
    for n in range(rows):
        entry: dict[str, str | int] = {"what": "paid", "amount_ud": 1_000_000 + n}
        keys = [secret(f"wrap {n}")]
        ledger = append(ledger, trust, "trustee A", entry, (reader,), secret(f"row {n}"), keys)
    return ledger


def a_register() -> Register:
    """Nine certificates in two issues; three of them retired."""
    register = issue(Register(), ROOF, True, NEW_YEAR, NEW_YEAR + HOUR, 5_400, "0x" + "a1" * 20)
    later = (NEW_YEAR + HOUR, NEW_YEAR + 2 * HOUR)
    register = issue(register, ROOF, True, *later, 3_900, "0x" + "a1" * 20)
    return retire(register, 2, 4, "0x" + "a1" * 20, "School Board", "2026", NEW_YEAR + 3 * HOUR)


def settings() -> tuple[Setting, ...]:
    """What the council set, step by step."""
    return (
        Setting(Parameter.LOAN_RATE, 400, NEW_YEAR, "p-1"),
        Setting(Parameter.MARKETPLACE_FEE, 100, NEW_YEAR, "p-2"),
        Setting(Parameter.LOAN_RATE, 450, NEW_YEAR + HOUR, "p-3"),
    )


def versions() -> tuple[Version, ...]:
    """A report and its correction."""
    grid = AverageFactor(70_993, 2026, "a report", "mean by fuel")
    plant = PlantFactor(41_000, 2026, "a study", "life cycle")
    figure = FootprintFigure(20, date(2026, 1, 1), "a study", "another")
    people = [MemberBenefit(f"m{i}", "low", Ud(1_000_000)) for i in range(5)]

    def report(energy_wh: int) -> tuple[Version, ...]:
        body = impact_report(
            *("Elm Street", NEW_YEAR, NEW_YEAR + 4 * HOUR, 3_300, energy_wh, 900),
            claims(energy_wh, ()),
            avoided_down(energy_wh, grid, plant),
            footprint_up(3, figure, grid),
            5_000_000,
            by_band(people, ("low", "middle")),
            (Job("installer", 20, "ab" * 32),),
        )
        return publish((), body)

    first = report(1_900)
    return publish(first, report(1_899)[0].report, "a meter was read again")


def a_trading_period(operator: str = OPERATOR) -> Period:
    """Four hours in which a deal, orders and the pool all move energy."""
    period = a_period(
        imported=[[0, 500, 300, 0], [0, 400, 100, 0], [600, 500, 900, 5], [0, 700, 200, 0]],
        exported=[[600, 0, 0, 100], [900, 0, 0, 70], [0, 0, 0, 0], [800, 0, 0, 40]],
        plans=["day", "day", "tenant"],
        fee=5_000,
        mode=Mode.SANDBOX_P2P,
        plants=(
            PeriodPlant(
                3,
                1,
                (KeyVersion(0, A_KEY), KeyVersion(NEW_YEAR + HOUR, LATER)),
            ),
        ),
        parts=[[(0, 1)], [(1, 1)], [(2, 1)], [(0, 2), (2, 1)]],
        internal=(60_000, 5_000),
    )
    second, last = NEW_YEAR + HOUR, NEW_YEAR + 3 * HOUR
    return replace(
        period,
        operator_account=operator,
        deals=(PeriodDeal(NEW_YEAR, 1, 0, 450, 80_000),),
        orders=(
            PeriodOrder(second, 0, ASK, 60_000, 300),
            PeriodOrder(second, 1, BID, 90_000, 250),
            PeriodOrder(last, 0, ASK, 65_000, 500),
            PeriodOrder(last, 2, BID, 95_000, 100),
            PeriodOrder(last, 1, BID, 85_000, 600),
        ),
    )


def all_kinds(anchor: Anchor = ANCHOR, operator: str = OPERATOR, epoch: int = 1) -> Settled:
    """The period settled, with evidence of all ten kinds."""
    period = a_trading_period(operator)
    handed_in = {
        Kind.LEDGER_ROW: ledger_lines([a_ledger()]),
        Kind.CERTIFICATE: certificate_lines(a_register()),
        Kind.POLICY: policy_lines(settings()),
        Kind.REPORT: report_lines(versions()),
    }
    attached = [
        attach(kind, data, period.operator_salt, PRIVATE) for kind, data in handed_in.items()
    ]
    return prepare(period, FLAT_TARIFFS, anchor, epoch, ZERO_HASH, NAMES, attached)


ANCHORS = {  # what the contracts of other layers would hold
    "ledger_roots": {"H1": "0x" + a_ledger().root},
    "certificates": {"issued_wh": 9_000, "retired_wh": 3_000},
    "policies": [
        {"parameter": one.parameter.name, "value": one.value, "from_s": one.from_s}
        for one in settings()
    ],
    "reports": [report_hash(version.report) for version in versions()],
}
