"""Step three: a whole commit period settled: prices, ledgers, accounts, roots and leaves.

``settle`` is the one function that batch, live node, auditors and verifiers all call. Its input,
``Period``, is exactly what the audit bundle holds, so a replay is a second call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from sourceenergy.economy.aggregated_market import meter_settles, require_orders_permitted
from sourceenergy.errors import InputError, InvariantBroken
from sourceenergy.market.keys import participating_dated
from sourceenergy.market.retail import retail_matrix
from sourceenergy.market.tariffs import prices_at
from sourceenergy.proofs import derive_salt, merkle_root, price_leaf_hash
from sourceenergy.proofs.bulk import Rows, derived_salts
from sourceenergy.proofs.bulk_leaves import rows_of_hex
from sourceenergy.records import (
    Correction,
    Incentive,
    IntervalPrice,
    Mode,
    ParticipationVersion,
    Quality,
    TariffPlan,
)
from sourceenergy.settlement.accounts import (
    Accounts,
    require_distinct,
    roll_accounts,
    settle_carried,
)
from sourceenergy.settlement.columns import Members, Meters, PeriodMember, PeriodMeter
from sourceenergy.settlement.incentives import pay_incentives
from sourceenergy.settlement.intervals import (
    Flags,
    IntervalInput,
    IntervalOutcome,
    Ints,
    members_energy,
    share_intervals,
)
from sourceenergy.settlement.leaves import EnergyLeaves, PayoutLeaves, record_roots
from sourceenergy.settlement.ledger import AccountState, members_ledgers
from sourceenergy.settlement.money import Money, exact_sum, money
from sourceenergy.settlement.orders import Agreed, PeriodDeal, PeriodOrder, agreed
from sourceenergy.settlement.outcome import Settlement
from sourceenergy.settlement.plants import (
    FREE,
    PeriodPlant,
    SharedPlants,
    require_internal_price,
    shared_plants,
)
from sourceenergy.units import ND_PER_UD, UdPerKwh

__all__ = ["Period", "PeriodMember", "PeriodMeter", "Settlement", "interval_input", "settle"]


@dataclass(frozen=True)
class Period:
    """All that a settlement depends on; arrays are by interval and meter [T×M].

    ``funded``: members pay from funds they deposited before (``deposits_ud`` are those counted
    in this period); otherwise the operator collects what each owes, and deposits it, afterwards.
    ``plants`` are meters whose export a key shares, at ``internal_price`` and ``internal_fee``;
    ``participation`` says, by meter index, what part of a meter's energy counts here. ``deals``
    were agreed ahead, ``orders`` are cleared when their interval closes, by ``order_mechanism``.
    ``corrections`` of earlier periods take effect here, as ``adjustments_ud`` by account.
    ``incentives`` are paid from the operator's account.
    ``used_before_wh`` is what accounts imported in the local month before the period (for tiers).
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
    members: Sequence[PeriodMember]
    meters: Sequence[PeriodMeter]
    operator_account: str
    operator_salt: str
    plans: dict[str, TariffPlan]
    imported: Ints
    exported: Ints
    quality: Ints
    funded: bool
    opening: Mapping[str, AccountState]
    deposits_ud: Mapping[str, int] = field(default_factory=dict)
    exits: frozenset[str] = frozenset()
    plants: tuple[PeriodPlant, ...] = ()
    internal_price: UdPerKwh = FREE
    internal_fee: UdPerKwh = FREE
    participation: tuple[tuple[int, tuple[ParticipationVersion, ...]], ...] = ()
    deals: tuple[PeriodDeal, ...] = ()
    orders: tuple[PeriodOrder, ...] = ()
    order_mechanism: str = "uniform_price"
    corrections: tuple[Correction, ...] = ()
    adjustments_ud: Mapping[str, int] = field(default_factory=dict)
    used_before_wh: Mapping[str, int] = field(default_factory=dict)
    incentives: tuple[Incentive, ...] = ()

    @property
    def starts_s(self) -> range:
        """Starts of the intervals (UTC seconds)."""
        return range(self.start_s, self.end_s, self.seconds)

    @cached_property
    def member_columns(self) -> Members:
        """The members as columns."""
        return Members.of(self.members)

    @cached_property
    def meter_columns(self) -> Meters:
        """The meters as columns."""
        return Meters.of(self.meters)

    @property
    def settles(self) -> Flags:
        """Which records count [bool, T×M]: present, and from a meter the mode accepts."""
        return self.counting(self.quality)

    def counting(self, quality: Ints) -> Flags:
        """Which records of some intervals' qualities count [bool, intervals×M]."""
        by_verified = np.array([meter_settles(self.mode, verified) for verified in (False, True)])
        accepted = by_verified[self.meter_columns.verified.astype(np.int64)]
        result: Flags = (quality != Quality.MISSING) & accepted[None, :]
        return result


def interval_input(period: Period) -> IntervalInput:
    """The market's view of a period: members' energy, who trades, prices."""
    members, meters = period.member_columns, period.meter_columns
    count = len(members)
    starts = period.starts_s
    trades = np.array(starts, dtype=np.int64)[:, None] < members.passport_end_s
    if period.exits:
        trades &= ~_is_in(members.names, period.exits)
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
        opening = Accounts.of(period.opening, members.names)
        deposits = _by_name(period.deposits_ud, members.names)
        adjustments = _by_name(period.adjustments_ud, members.names)
        debts = np.minimum(opening.carried_ud + adjustments, 0)  # come before new purchases
        spendable = money(((opening.balance_ud + deposits + debts) * ND_PER_UD).tolist())
    settles = period.settles
    exported = counted_here(period, starts, period.exported)
    imported = members_energy(counted_here(period, starts, period.imported), settles, meters, count)
    return IntervalInput(
        imported,
        members_energy(exported, settles, meters, count),
        trades,
        _retail(period, imported),
        np.full((len(starts), count), period.feed_in, dtype=np.int64),
        period.fee,
        period.mechanism,
        spendable,
        _plants(period, np.where(settles, exported, 0)) if period.plants else None,
        _agreed(period) if period.deals or period.orders else None,
    )


def _agreed(period: Period) -> Agreed:
    require_orders_permitted(period.mode)
    return agreed(
        period.deals,
        period.orders,
        period.starts_s,
        len(period.members),
        period.order_mechanism,
    )


def _retail(period: Period, imported: Ints) -> Ints:
    """Every member's retail price [ud/kWh, T×N]; under tiers it follows the own import."""
    members, starts = period.member_columns, period.starts_s
    result = np.empty_like(imported)
    for number, name in enumerate(members.plans):
        columns = np.flatnonzero(members.plan == number)
        plan = period.plans[name]
        if plan.tiers:
            before = [period.used_before_wh.get(members.names[i], 0) for i in columns.tolist()]
            result[:, columns] = retail_matrix(
                period.plans,
                [name] * len(columns),
                starts,
                imported[:, columns],
                np.array(before, dtype=np.int64),
            )
        else:
            prices = np.array([price for price, _ in prices_at(plan, starts)], dtype=np.int64)
            result[:, columns] = prices[:, None]
    return result


def counted_here(period: Period, starts_s: Sequence[int], energy: Ints) -> Ints:
    """What of the meters' energy counts in this community [Wh, intervals×M]."""
    if not period.participation:
        return energy
    counted = energy.copy()
    for meter, versions in period.participation:
        counted[:, meter] = participating_dated(
            versions, period.community, starts_s, energy[:, meter]
        )
    return counted


def _plants(period: Period, exported: Ints) -> SharedPlants:
    require_internal_price(period.internal_price, period.internal_fee, period.feed_in)
    return shared_plants(
        period.plants,
        [period.meter_columns.parts(plant.meter) for plant in period.plants],
        exported[:, [plant.meter for plant in period.plants]],
        period.starts_s,
        period.internal_price,
        period.internal_fee,
    )


def settle(period: Period) -> Settlement:
    """Settle a period; raises ``InvariantBroken`` rather than return a wrong result."""
    members = period.member_columns
    given = interval_input(period)
    outcome = share_intervals(given)
    ledgers, fees_ud = members_ledgers(given, outcome)
    paid = pay_incentives(
        period.incentives,
        period.plans,
        members.names,
        period.starts_s,
        period.funded,
        given,
        outcome,
    )
    for one in paid:
        ledgers = replace(ledgers, incentive_ud=ledgers.incentive_ud + one.amount_ud)
    operator_ud = fees_ud - exact_sum(ledgers.incentive_ud)
    parties = [*members.names, period.operator_account]
    require_distinct(parties)
    # Whoever left, or was paid for without being a member, keeps an account and a leaf.
    known = {*period.opening, *period.deposits_ud, *period.adjustments_ud}
    others = sorted(known - set(parties)) if known else []
    names = [*parties, *others]
    opening = Accounts.of(period.opening, names)
    paid_in = _by_name(period.deposits_ud, names)
    nets = np.append(
        np.append(ledgers.net_ud, money([operator_ud])), np.zeros(len(others), dtype=np.int64)
    )
    carried = opening.carried_ud + _by_name(period.adjustments_ud, names)
    available = opening.balance_ud + paid_in + nets if period.funded else None
    settled_now = settle_carried(carried, available)
    nets = nets + settled_now
    if not period.funded:  # what the operator collects from a member, and deposits for it
        paid_in = paid_in - np.minimum(nets, 0)
    deposits = dict(period.deposits_ud) | {
        names[place]: int(paid_in[place]) for place in np.flatnonzero(paid_in).tolist()
    }
    closing = roll_accounts(
        opening, paid_in, nets, _is_in(names, period.exits), carried - settled_now
    )
    prices = _interval_prices(period, given, outcome)
    settlement = Settlement(
        given,
        outcome,
        tuple(prices),
        ledgers,
        fees_ud,
        deposits,
        closing,
        PayoutLeaves(
            closing,
            _payout_salts(period, others),
        ),
        EnergyLeaves(
            members.keys,
            ledgers.imported_wh,
            ledgers.exported_wh,
            ledgers.bought_wh + ledgers.allocated_wh + ledgers.dealt_bought_wh,
            ledgers.sold_wh + ledgers.provided_wh + ledgers.dealt_sold_wh,
            derived_salts(members.salts, "energy"),
        ),
        merkle_root([price_leaf_hash(price) for price in prices]),
        paid,
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


def _by_name(amounts: Mapping[str, int], names: Sequence[str]) -> Money:
    if not amounts:
        return np.zeros(len(names), dtype=np.int64)
    return money([amounts.get(name, 0) for name in names])


def _is_in(names: Sequence[str], some: frozenset[str]) -> Flags:
    if not some:
        return np.zeros(len(names), dtype=np.bool_)
    return np.array([name in some for name in names], dtype=np.bool_)


def _payout_salts(period: Period, others: Sequence[str]) -> Rows:
    """Salts of the payout leaves; from version 2 on their second half is zero.

    128 bits cannot be guessed, and a payout on chain pays 12 gas less for each byte that is zero.
    """
    keys = np.concatenate([period.member_columns.salts, _salts(period, others)])
    salts = derived_salts(keys, "payout")
    if period.version == "1":
        return salts
    return np.where(np.arange(32) < 16, salts, np.uint8(0))


def _salts(period: Period, others: Sequence[str]) -> Rows:
    """Salts of the operator and of all others who have an account but no meter."""
    salt = bytes.fromhex(period.operator_salt)
    derived = [derive_salt(salt, "account", account).hex() for account in others]
    return rows_of_hex([period.operator_salt, *derived], 32)


def _interval_prices(
    period: Period, given: IntervalInput, outcome: IntervalOutcome
) -> list[IntervalPrice]:
    columns = zip(
        period.starts_s,
        outcome.traded.tolist(),
        outcome.price.tolist(),
        outcome.feed_in.tolist(),
        outcome.retail.tolist(),
        record_roots(
            period.meter_columns,
            period.starts_s,
            period.seconds,
            period.imported,
            period.exported,
            period.quality,
        ),
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
            root,
        )
        for start, traded, price, feed_in, retail, root in columns
    ]
