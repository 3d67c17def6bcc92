"""The checks of ``sourceenergy verify``: pure functions from published records to findings.

Each function returns ``Check`` values in the order a reader wants them; a failed check names the
first record that differs. Nothing here reads a file or a network.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sourceenergy.errors import SourceEnergyError
from sourceenergy.proofs import (
    ZERO_HASH,
    energy_leaf_hash,
    merkle_root,
    merkle_verify,
    payout_leaf_hash,
    price_leaf_hash,
    statement_hash,
)
from sourceenergy.records import IntervalPrice, PostedStatement, Statement
from sourceenergy.settlement.bundle import bundle_hash, read_bundle
from sourceenergy.settlement.period import Period, Settlement, settle
from sourceenergy.settlement.published import MemberFile, PublicPeriod, build_statement
from sourceenergy.units import ND_PER_UD, WH_PER_KWH, iso_utc


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked: ``ok``, and in ``detail`` what was seen or what differs."""

    name: str
    ok: bool
    detail: str


def check_chain_of_statements(
    posted: Sequence[PostedStatement], chain_id: int, clearing: str
) -> list[Check]:
    """Do all of a community's statements on chain follow one another by the rules?

    ``posted`` in order of epoch. Checks each hash, each link to the last accepted statement,
    conservation, and that cumulative payouts never fall.
    """
    previous: Statement | None = None
    previous_hash = ZERO_HASH
    for item in posted:
        s = item.statement
        where = f"statement {s.epoch}"
        if statement_hash(chain_id, clearing, s) != item.hash:
            return [_failed("chain of statements", f"{where}: its hash is not that of its fields")]
        if item.vetoed:
            continue
        problem = ""
        if s.previous != previous_hash:
            problem = f"points at {s.previous}, not at the statement before it"
        elif s.deposits_ud != s.payouts_ud + s.balances_ud:
            problem = "deposits are not payouts plus balances"
        elif previous is not None and s.payouts_ud < previous.payouts_ud:
            problem = "cumulative payouts fall"
        elif previous is not None and s.start_s < previous.end_s:
            problem = "its period overlaps the one before it"
        if problem:
            return [_failed("chain of statements", f"{where}: {problem}")]
        previous, previous_hash = s, item.hash
    counted = sum(not item.vetoed for item in posted)
    return [Check("chain of statements", True, f"{counted} statements, each linked and conserved")]


def check_public(public: PublicPeriod, posted: Sequence[PostedStatement]) -> list[Check]:
    """Do the public files say what the chain says, and are prices made by their formula?"""
    return [same_as_chain(public, posted), *check_prices(public)]


def check_prices(public: PublicPeriod) -> list[Check]:
    """Do the public files agree with themselves: intervals, prices, their root, conservation?"""
    checks = []
    statement = public.statement
    covered = _covers(public.prices, statement)
    checks.append(
        Check(
            "intervals",
            covered,
            f"{len(public.prices)} intervals cover the period without gap"
            if covered
            else "intervals.csv does not cover the statement's period once each",
        )
    )
    leaves = [_price_leaf(price) for price in public.prices]
    for price, leaf, commitment in zip(public.prices, leaves, public.commitments, strict=True):
        if leaf.hex() != commitment:
            checks.append(
                _failed("prices", f"interval {iso_utc(price.start_s)}: not what was committed to")
            )
            break
        problem = _price_problem(price, public.mechanism)
        if problem:
            checks.append(_failed("prices", f"interval {iso_utc(price.start_s)}: {problem}"))
            break
    else:
        checks.append(Check("prices", True, f"each follows from its band by {public.mechanism}"))
    root = merkle_root(leaves)
    checks.append(
        Check(
            "price root",
            root == statement.price_root,
            "the intervals lead to the root in the statement"
            if root == statement.price_root
            else f"the intervals lead to {root}, the statement has {statement.price_root}",
        )
    )
    conserved = statement.deposits_ud == statement.payouts_ud + statement.balances_ud
    checks.append(
        Check(
            "conservation",
            conserved,
            f"deposits {statement.deposits_ud} ud = payouts {statement.payouts_ud} ud"
            f" + balances {statement.balances_ud} ud"
            if conserved
            else "deposits are not payouts plus balances",
        )
    )
    return checks


def _covers(prices: Sequence[IntervalPrice], statement: Statement) -> bool:
    seconds = prices[0].seconds if prices else 0
    return seconds * len(prices) == statement.end_s - statement.start_s and all(
        (price.start_s, price.seconds) == (statement.start_s + i * seconds, seconds)
        for i, price in enumerate(prices)
    )


def _price_leaf(price: IntervalPrice) -> bytes:
    """The leaf of a price; of one that no community can have published, an impossible leaf."""
    try:
        return price_leaf_hash(price)
    except struct.error:
        return b""


def same_as_chain(public: PublicPeriod, posted: Sequence[PostedStatement]) -> Check:
    """Is the statement of the public files the chain's, field by field?"""
    name = "statement on chain"
    for item in posted:
        if item.statement.epoch != public.statement.epoch:
            continue
        if item.vetoed:
            return _failed(name, f"statement {public.statement.epoch} was vetoed by the guardian")
        ours, theirs = asdict(public.statement), asdict(item.statement)
        for key, value in ours.items():
            if value != theirs[key]:
                return _failed(name, f"{key} is {value} in the file, {theirs[key]} on chain")
        recomputed = statement_hash(
            public.anchor.chain_id, public.anchor.clearing, public.statement
        )
        if not recomputed == item.hash == public.hash:
            return _failed(name, f"its hash is {recomputed}, the chain has {item.hash}")
        return Check(name, True, f"epoch {public.statement.epoch}, block {item.block}")
    return _failed(name, f"the chain has no statement {public.statement.epoch}")


def _price_problem(p: IntervalPrice, mechanism: str) -> str:
    if not p.local:
        return "" if p.price == p.feed_in == p.retail == p.fee == 0 else "a price without sharing"
    if not p.feed_in <= p.price <= p.price + p.fee <= p.retail:
        return (
            f"price {p.price} and fee {p.fee} are not between feed-in {p.feed_in}"
            f" and retail {p.retail}"
        )
    if mechanism == "pool_mmr":
        band = (p.feed_in, p.retail - p.fee)
        expected = (band[0] + band[1]) // 2
        if p.price != expected:
            return f"price {p.price} is not the middle {expected} of {band[0]} and {band[1]}"
    return ""


@dataclass(frozen=True)
class Replay:
    """A period settled again; ``same`` if roots and totals came out as the statement has them."""

    period: Period
    settlement: Settlement
    same: bool


def check_bundle(files: Mapping[str, bytes], public: PublicPeriod) -> list[Check]:
    """Replay the settlement from the audit bundle and compare everything with the public files."""
    return replay_bundle(files, public)[0]


def replay_bundle(
    files: Mapping[str, bytes], public: PublicPeriod
) -> tuple[list[Check], Replay | None]:
    """``check_bundle``, and the replay it rests on; None where there is nothing to replay."""
    try:
        read = read_bundle(files)
    except SourceEnergyError as error:
        return [_failed("audit bundle", str(error))], None
    checks = []
    if read.altered:
        more = f" (and {len(read.altered) - 1} more)" if len(read.altered) > 1 else ""
        checks.append(_failed("records", read.altered[0] + more))
    else:
        count = read.period.quality.size
        checks.append(Check("records", True, f"{count} records match their commitments"))
    same = bundle_hash(files) == public.statement.bundle_hash
    checks.append(
        Check(
            "bundle hash",
            same,
            "the bundle is the one the statement names"
            if same
            else "the bundle is not the one the statement names: a file was changed",
        )
    )
    try:
        settlement = settle(read.period)
    except SourceEnergyError as error:
        return [*checks, _failed("replay", str(error))], None
    for ours, theirs in zip(settlement.prices, public.prices, strict=False):
        if ours != theirs:
            field = next(k for k, v in asdict(ours).items() if v != asdict(theirs)[k])
            checks.append(
                _failed(
                    "replay",
                    f"interval {iso_utc(ours.start_s)}: {field} replays as {getattr(ours, field)},"
                    f" published was {getattr(theirs, field)}",
                )
            )
            break
    replayed = build_statement(
        settlement,
        read.period,
        public.anchor,
        public.statement.epoch,
        public.statement.previous,
        bundle_hash(files),
    )
    published = asdict(public.statement)
    differing = {key: value for key, value in asdict(replayed).items() if value != published[key]}
    if differing:
        key, value = next(iter(differing.items()))
        checks.append(
            _failed("replay", f"{key} replays as {value}, published was {published[key]}")
        )
    else:
        checks.append(
            Check("replay", True, "the settlement replays to the same totals, prices and roots")
        )
    return checks, Replay(read.period, settlement, not set(differing) - {"bundle_hash"})


def check_member(member: MemberFile, posted: Sequence[PostedStatement]) -> list[Check]:
    """Prove one member's leaves and recompute the member's energy and money from the own file."""
    found = [p for p in posted if p.statement.epoch == member.epoch and not p.vetoed]
    if not found or found[0].hash != member.statement_hash:
        return [_failed("statement on chain", f"the chain has no such statement {member.epoch}")]
    statement = found[0].statement
    payout = merkle_verify(
        payout_leaf_hash(member.anchor.community, member.payout_leaf),
        member.payout_proof,
        statement.payout_root,
    )
    energy = merkle_verify(
        energy_leaf_hash(member.energy_leaf), member.energy_proof, statement.pool_root
    )
    columns = (
        (
            row.imported_wh,
            row.exported_wh,
            row.bought_wh + row.allocated_wh + row.dealt_bought_wh,
            row.sold_wh + row.provided_wh + row.dealt_sold_wh,
        )
        for row in member.intervals
    )
    sums = tuple(sum(column) for column in zip(*columns, strict=True))
    leaf = member.energy_leaf
    stated = (leaf.imported_wh, leaf.exported_wh, leaf.local_bought_wh, leaf.local_sold_wh)
    net = member.net_ud
    balance = member.opening.balance_ud + member.deposits_ud + min(net, 0)
    authorised = member.opening.payout_ud + max(net, 0)
    if member.exit:
        authorised, balance = authorised + balance, 0
    deposited = member.opening.deposited_ud + member.deposits_ud
    held = member.payout_leaf
    money = (held.deposited_ud, held.payout_ud, held.balance_ud) == (deposited, authorised, balance)
    return [
        _checked(
            "payout leaf", payout, "is in the payout root of the statement", "is not in the root"
        ),
        _checked(
            "energy leaf", energy, "is in the pool root of the statement", "is not in the root"
        ),
        _checked(
            "energy",
            sums == stated,
            f"the intervals add up to the leaf {stated} Wh",
            f"the intervals add up to {sums} Wh, the leaf says {stated}",
        ),
        _checked(
            "money",
            money,
            f"opening, deposits and net {net} ud lead to the leaf",
            f"they lead to deposits {deposited}, payout {authorised} and balance {balance} ud,"
            " the leaf differs",
        ),
    ]


def check_member_prices(member: MemberFile, public: PublicPeriod) -> list[Check]:
    """Recompute a member's money from the own energy and the public prices."""
    prices = {p.start_s: p for p in public.prices}
    bought = sold = fee = allocated = provided = allocated_fee = 0
    for row in member.intervals:
        price = prices.get(row.start_s)
        if price is None:
            return [_failed("own bill", f"no public price for {iso_utc(row.start_s)}")]
        bought += row.bought_wh * price.price
        sold += row.sold_wh * price.price
        fee += row.bought_wh * price.fee
        allocated += row.allocated_wh * public.internal_price
        allocated_fee += row.allocated_wh * public.internal_fee
        provided += row.provided_wh * public.internal_price
    dealt = {"bought": 0, "sold": 0}
    for deal in member.deals:
        dealt[deal.side] = dealt.get(deal.side, 0) + deal.delivered_wh * deal.price
    for name, exact, stated in (
        ("energy bought", bought, member.bought_ud),
        ("fee", fee, member.fee_ud),
        ("energy sold", sold, member.sold_ud),
        ("energy allocated", allocated, member.allocated_ud),
        ("fee on it", allocated_fee, member.allocated_fee_ud),
        ("energy provided", provided, member.provided_ud),
        ("deals bought", dealt["bought"], member.dealt_bought_ud),
        ("deals sold", dealt["sold"], member.dealt_sold_ud),
    ):
        if abs(exact - stated * ND_PER_UD) >= ND_PER_UD:
            detail = f"{name}: own energy times public prices is {exact} nd, billed {stated} ud"
            return [_failed("own bill", detail)]
    for paid in member.incentives:
        most = paid.energy_wh * paid.rate // WH_PER_KWH
        if not 0 <= paid.amount_ud <= most:
            detail = f"incentive, policy {paid.policy}: {most} ud at most, paid {paid.amount_ud} ud"
            return [_failed("own bill", detail)]
    if sum(paid.amount_ud for paid in member.incentives) != member.incentive_ud:
        detail = f"incentive: its policies do not add up to {member.incentive_ud} ud"
        return [_failed("own bill", detail)]
    return [Check("own bill", True, "own energy times public prices gives the bill to the last ud")]


def _checked(name: str, ok: bool, good: str, bad: str) -> Check:
    return Check(name, ok, good if ok else bad)


def _failed(name: str, detail: str) -> Check:
    return Check(name, False, detail)
