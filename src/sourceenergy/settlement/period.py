"""Step three: a whole commit period settled: prices, ledgers, accounts, roots and leaves.

``settle`` is the one function that batch, live node, auditors and verifiers all call. Its input,
``Period``, is exactly what the audit bundle holds, so a replay is a second call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sourceenergy.economy.aggregated_market import meter_settles
from sourceenergy.errors import InputError, InvariantBroken
from sourceenergy.market.tariffs import prices_at
from sourceenergy.proofs import (
    derive_salt,
    energy_leaf_hash,
    merkle_levels,
    merkle_proof,
    merkle_root,
    payout_leaf_hash,
    price_leaf_hash,
    record_leaf_hash,
)
from sourceenergy.records import (
    EnergyLeaf,
    IntervalPrice,
    MeterInterval,
    Mode,
    PayoutLeaf,
    Quality,
    TariffPlan,
)
from sourceenergy.settlement.intervals import (
    Flags,
    IntervalInput,
    IntervalOutcome,
    Ints,
    members_energy,
    share_intervals,
)
from sourceenergy.settlement.ledger import (
    AccountState,
    MemberLedger,
    members_ledgers,
    roll_accounts,
)
from sourceenergy.units import ND_PER_UD, Ud, UdPerKwh, Wh


@dataclass(frozen=True, slots=True)
class PeriodMember:
    """A member under a pseudonym; ``salt`` (32 bytes, hex) hides the leaves of this period.

    ``passport_end_s``: first second at which the member may no longer trade, None if open.
    """

    key: str  # pseudonym, 64 hex digits
    account: str
    plan: str
    salt: str
    passport_end_s: int | None


@dataclass(frozen=True, slots=True)
class PeriodMeter:
    """A meter under a pseudonym, its owners' parts (member index, weight) and its salt."""

    key: str  # pseudonym, 64 hex digits
    parts: tuple[tuple[int, int], ...]
    verified: bool
    salt: str


@dataclass(frozen=True)
class Period:
    """All that a settlement depends on; arrays are by interval and meter [T×M].

    ``funded``: members pay from funds they deposited before (``deposits_ud`` are those counted
    in this period); otherwise the operator collects what each owes, and deposits it, afterwards.
    """

    version: str
    community: str  # name
    mode: Mode
    mechanism: str
    fee: UdPerKwh
    feed_in: UdPerKwh
    start_s: int
    end_s: int
    seconds: int
    members: tuple[PeriodMember, ...]
    meters: tuple[PeriodMeter, ...]
    operator_account: str
    operator_salt: str
    plans: dict[str, TariffPlan]
    imported: Ints
    exported: Ints
    quality: Ints
    funded: bool
    opening: dict[str, AccountState]
    deposits_ud: dict[str, int] = field(default_factory=dict)
    exits: frozenset[str] = frozenset()

    @property
    def starts_s(self) -> range:
        """Starts of the intervals (UTC seconds)."""
        return range(self.start_s, self.end_s, self.seconds)

    @property
    def settles(self) -> Flags:
        """Which records count [bool, T×M]: present, and from a meter the mode accepts."""
        accepted = np.array([meter_settles(self.mode, m.verified) for m in self.meters])
        result: Flags = (self.quality != Quality.MISSING) & accepted[None, :]
        return result


@dataclass(frozen=True)
class Settlement:
    """The outcome of a period: what is published, what each member gets, what proves it."""

    given: IntervalInput
    outcome: IntervalOutcome
    prices: tuple[IntervalPrice, ...]
    ledgers: tuple[MemberLedger, ...]
    fees_ud: int
    deposits_ud: dict[str, int]
    closing: dict[str, AccountState]
    payout_leaves: tuple[PayoutLeaf, ...]  # members in order, the operator, others
    energy_leaves: tuple[EnergyLeaf, ...]
    price_root: str
    pool_root: str

    @property
    def imported_wh(self) -> Wh:
        """Energy all members imported [Wh]."""
        return Wh(sum(ledger.imported_wh for ledger in self.ledgers))

    @property
    def exported_wh(self) -> Wh:
        """Energy all members exported [Wh]."""
        return Wh(sum(ledger.exported_wh for ledger in self.ledgers))

    @property
    def local_wh(self) -> Wh:
        """Energy shared among neighbours [Wh]."""
        return Wh(sum(ledger.sold_wh for ledger in self.ledgers))

    @property
    def totals_ud(self) -> tuple[Ud, Ud, Ud]:
        """Deposits, cumulative payouts and balances of all accounts [ud]."""
        states = self.closing.values()
        return (
            Ud(sum(s.deposited_ud for s in states)),
            Ud(sum(s.payout_ud for s in states)),
            Ud(sum(s.balance_ud for s in states)),
        )

    def payout_root(self, community: str) -> str:
        """Root of the payout tree for the community's id on chain."""
        return merkle_root([payout_leaf_hash(community, leaf) for leaf in self.payout_leaves])

    def payout_proof(self, community: str, index: int) -> list[str]:
        """Proof of payout leaf ``index`` (member order, the operator last)."""
        levels = merkle_levels([payout_leaf_hash(community, x) for x in self.payout_leaves])
        return merkle_proof(levels, index)

    def energy_proof(self, index: int) -> list[str]:
        """Proof of energy leaf ``index`` (member order)."""
        return merkle_proof(merkle_levels([energy_leaf_hash(x) for x in self.energy_leaves]), index)


def interval_input(period: Period) -> IntervalInput:
    """The market's view of a period: members' energy, who trades, prices."""
    parts = [meter.parts for meter in period.meters]
    count = len(period.members)
    starts = period.starts_s
    retail = np.zeros((len(starts), count), dtype=np.int64)
    columns = {
        name: np.array([price for price, _ in prices_at(plan, starts)], dtype=np.int64)
        for name, plan in period.plans.items()
        if any(member.plan == name for member in period.members)
    }
    trades = np.ones((len(starts), count), dtype=np.bool_)
    for i, member in enumerate(period.members):
        retail[:, i] = columns[member.plan]
        if member.passport_end_s is not None:
            trades[:, i] = np.array(starts) < member.passport_end_s
        if member.account in period.exits:
            trades[:, i] = False
    spendable = None
    if period.funded:
        if period.feed_in < 0:  # sellers would owe money, and have none to pay from
            raise InputError(
                "members who pay from funds cannot share at a negative feed-in",
                rule="funds.feed_in",
                field="feed_in",
                value=period.feed_in,
                remedy="let the operator collect afterwards, or set a feed-in of zero or more",
            )
        spendable = tuple(
            ND_PER_UD
            * (
                period.opening.get(m.account, AccountState()).balance_ud
                + period.deposits_ud.get(m.account, 0)
            )
            for m in period.members
        )
    return IntervalInput(
        members_energy(period.imported, period.settles, parts, count),
        members_energy(period.exported, period.settles, parts, count),
        trades,
        retail,
        np.full((len(starts), count), period.feed_in, dtype=np.int64),
        period.fee,
        period.mechanism,
        spendable,
    )


def settle(period: Period) -> Settlement:
    """Settle a period; raises ``InvariantBroken`` rather than return a wrong result."""
    given = interval_input(period)
    outcome = share_intervals(given)
    ledgers, fees_ud = members_ledgers(given, outcome)
    nets = {m.account: x.net_ud for m, x in zip(period.members, ledgers, strict=True)}
    nets[period.operator_account] = fees_ud
    deposits = dict(period.deposits_ud)
    if not period.funded:
        for account, net in nets.items():
            if net < 0:  # what the operator collects from a member, and deposits for it
                deposits[account] = deposits.get(account, 0) - net
    # Whoever left, or was paid for without being a member, keeps an account and a leaf.
    others = sorted((set(period.opening) | set(deposits)) - set(nets))
    opening = {a: period.opening.get(a, AccountState()) for a in (*nets, *others)}
    closing = roll_accounts(opening, deposits, nets, period.exits)
    prices = _interval_prices(period, given, outcome)
    payout_leaves = [
        PayoutLeaf(
            account,
            Ud(state.deposited_ud),
            Ud(state.payout_ud),
            Ud(state.balance_ud),
            derive_salt(bytes.fromhex(salt), "payout").hex(),
        )
        for account, salt, state in (
            (m.account, m.salt, closing[m.account])
            for m in (*period.members, *_without_meter(period, others))
        )
    ]
    energy_leaves = [
        EnergyLeaf(
            m.key,
            Wh(x.imported_wh),
            Wh(x.exported_wh),
            Wh(x.bought_wh),
            Wh(x.sold_wh),
            derive_salt(bytes.fromhex(m.salt), "energy").hex(),
        )
        for m, x in zip(period.members, ledgers, strict=True)
    ]
    settlement = Settlement(
        given,
        outcome,
        tuple(prices),
        tuple(ledgers),
        fees_ud,
        deposits,
        closing,
        tuple(payout_leaves),
        tuple(energy_leaves),
        merkle_root([price_leaf_hash(price) for price in prices]),
        merkle_root([energy_leaf_hash(leaf) for leaf in energy_leaves]),
    )
    deposits_ud, payouts_ud, balances_ud = settlement.totals_ud
    if deposits_ud != payouts_ud + balances_ud:
        raise InvariantBroken(
            "deposits are not payouts plus balances",
            rule="money.conserved",
            field="totals_ud",
            value=deposits_ud - payouts_ud - balances_ud,
            remedy="nothing was published; check the opening accounts",
        )
    return settlement


def _without_meter(period: Period, others: Sequence[str]) -> list[PeriodMember]:
    """The operator and all others who have an account but no meter, as if they were members."""
    salt = bytes.fromhex(period.operator_salt)
    return [PeriodMember("", period.operator_account, "", period.operator_salt, None)] + [
        PeriodMember("", account, "", derive_salt(salt, "account", account).hex(), None)
        for account in others
    ]


def record_leaves(period: Period) -> list[list[bytes]]:
    """Commitment of every meter's record, by interval and meter."""
    salts = [bytes.fromhex(meter.salt) for meter in period.meters]
    imported, exported = period.imported.tolist(), period.exported.tolist()
    quality = period.quality.tolist()
    return [
        [
            record_leaf_hash(
                salt,
                MeterInterval(
                    "", start, period.seconds, imported[t][m], exported[t][m], quality[t][m]
                ),
            )
            for m, salt in enumerate(salts)
        ]
        for t, start in enumerate(period.starts_s)
    ]


def _interval_prices(
    period: Period, given: IntervalInput, outcome: IntervalOutcome
) -> list[IntervalPrice]:
    columns = zip(
        period.starts_s,
        outcome.traded.tolist(),
        outcome.price.tolist(),
        outcome.feed_in.tolist(),
        outcome.retail.tolist(),
        record_leaves(period),
        strict=True,
    )
    return [
        IntervalPrice(
            start,
            period.seconds,
            traded,
            UdPerKwh(price),
            UdPerKwh(feed_in),
            UdPerKwh(retail),
            UdPerKwh(given.fee if traded else 0),
            merkle_root(leaves),
        )
        for start, traded, price, feed_in, retail, leaves in columns
    ]
