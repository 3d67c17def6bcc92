"""What is published of a settled period: the public files and each member's own file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from sourceenergy.errors import VerificationFailed
from sourceenergy.proofs import price_leaf_hash, statement_hash
from sourceenergy.records import EnergyLeaf, IntervalPrice, PayoutLeaf, Statement
from sourceenergy.settlement.bundle import canonical_json, utc_seconds
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.period import Period, Settlement
from sourceenergy.settlement.plants import FREE
from sourceenergy.units import UdPerKwh, iso_utc

STATEMENT, INTERVALS = "statement.json", "intervals.csv"
INTERVAL_COLUMNS = (
    "start",
    "seconds",
    "local",
    "price",
    "feed_in",
    "retail",
    "fee",
    "records_root",
    "commitment",
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a statement lives: chain, ``Clearing`` contract and the community's id there."""

    chain_id: int
    clearing: str
    community: str


def build_statement(
    settlement: Settlement,
    period: Period,
    anchor: Anchor,
    epoch: int,
    previous: str,
    bundle: str,
) -> Statement:
    """The statement to post for a settled period."""
    deposits_ud, payouts_ud, balances_ud = settlement.totals_ud
    return Statement(
        anchor.community,
        epoch,
        period.start_s,
        period.end_s,
        previous,
        settlement.payout_root(anchor.community),
        settlement.price_root,
        settlement.pool_root,
        bundle,
        settlement.imported_wh,
        settlement.exported_wh,
        settlement.local_wh,
        deposits_ud,
        payouts_ud,
        balances_ud,
    )


@dataclass(frozen=True)
class PublicPeriod:
    """The public files of one period, parsed."""

    anchor: Anchor
    name: str
    mechanism: str
    version: str
    statement: Statement
    hash: str
    prices: tuple[IntervalPrice, ...]
    commitments: tuple[str, ...]
    internal_price: UdPerKwh = FREE
    internal_fee: UdPerKwh = FREE


def write_public(
    period: Period, settlement: Settlement, anchor: Anchor, statement: Statement
) -> dict[str, bytes]:
    """The public files by name: no member, no meter, no energy of an interval is in them."""
    head: dict[str, Any] = {
        "version": period.version,
        "community": period.community,
        "mode": period.mode.value,
        "mechanism": period.mechanism,
        "anchor": asdict(anchor),
        "statement": asdict(statement),
        "hash": statement_hash(anchor.chain_id, anchor.clearing, statement),
    }
    if period.plants:
        head["internal_ud_per_kwh"] = {"price": period.internal_price, "fee": period.internal_fee}
    lines = [",".join(INTERVAL_COLUMNS)]
    lines += [
        f"{iso_utc(p.start_s)},{p.seconds},{int(p.local)},{p.price},{p.feed_in},{p.retail},"
        f"{p.fee},{p.records_root},{price_leaf_hash(p).hex()}"
        for p in settlement.prices
    ]
    return {STATEMENT: canonical_json(head), INTERVALS: ("\n".join(lines) + "\n").encode()}


def read_public(files: dict[str, bytes]) -> PublicPeriod:
    """Parse the public files; raises ``VerificationFailed`` naming the file and line."""
    try:
        head: dict[str, Any] = json.loads(files[STATEMENT])
        statement = Statement(**head["statement"])
        anchor = Anchor(**head["anchor"])
        name, mechanism, version, stated_hash = (
            str(head[key]) for key in ("community", "mechanism", "version", "hash")
        )
        internal = head.get("internal_ud_per_kwh", {"price": 0, "fee": 0})
        internal_price, internal_fee = (UdPerKwh(int(internal[k])) for k in ("price", "fee"))
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(STATEMENT, error) from error
    prices, commitments = [], []
    heading, *lines = files.get(INTERVALS, b"").decode(errors="replace").split("\n")
    if heading != ",".join(INTERVAL_COLUMNS):
        raise _broken(f"{INTERVALS} line 1", ValueError("the heading is not that of intervals"))
    for number, line in enumerate(lines, start=2):
        if not line:
            continue
        try:
            price, commitment = price_of_line(line)
            prices.append(price)
            commitments.append(commitment)
        except (KeyError, TypeError, ValueError) as error:
            raise _broken(f"{INTERVALS} line {number}", error) from error
    return PublicPeriod(
        anchor,
        name,
        mechanism,
        version,
        statement,
        stated_hash,
        tuple(prices),
        tuple(commitments),
        internal_price,
        internal_fee,
    )


def price_of_line(line: str) -> tuple[IntervalPrice, str]:
    """A line of ``intervals.csv``: price and commitment; ``ValueError`` where it is none."""
    row = dict(zip(INTERVAL_COLUMNS, line.split(","), strict=True))
    price = IntervalPrice(
        utc_seconds(row["start"]),
        int(row["seconds"]),
        row["local"] == "1",
        UdPerKwh(int(row["price"])),
        UdPerKwh(int(row["feed_in"])),
        UdPerKwh(int(row["retail"])),
        UdPerKwh(int(row["fee"])),
        bytes.fromhex(row["records_root"]).hex(),
    )
    return price, row["commitment"]


def write_member(
    period: Period, settlement: Settlement, anchor: Anchor, statement: Statement, index: int
) -> bytes:
    """A member's own file: energy by interval, money, both leaves and their proofs."""
    account = period.members[index].account
    opening = period.opening.get(account, AccountState())
    ledger = settlement.ledgers[index]
    given, outcome = settlement.given, settlement.outcome
    columns = [given.imported, given.exported, outcome.bought, outcome.sold]
    names = list(MemberInterval._fields[:5])
    money = {
        "bought": ledger.bought_ud,
        "fee": ledger.fee_ud,
        "sold": ledger.sold_ud,
        "net": ledger.net_ud,
    }  # "net" is of this period alone; what corrections of earlier ones settle stands beside it
    if period.plants or given.agreed is not None:
        columns += [outcome.allocated, outcome.provided, outcome.dealt_bought, outcome.dealt_sold]
        names = list(MemberInterval._fields)
        money |= {name: getattr(ledger, f"{name}_ud") for name in _MORE_MONEY}
    adjustment, waits = (
        period.adjustments_ud.get(account, 0),
        settlement.closing[account].carried_ud,
    )
    if adjustment or opening.carried_ud:
        money["corrected"] = opening.carried_ud + adjustment - waits
        money["waits"] = waits
    if settlement.incentives:
        money["incentive"] = ledger.incentive_ud
    own = [column[:, index].tolist() for column in columns]
    body: dict[str, Any] = {
        "anchor": asdict(anchor),
        "epoch": statement.epoch,
        "statement_hash": statement_hash(anchor.chain_id, anchor.clearing, statement),
        "opening": {k: v for k, v in asdict(opening).items() if v or k != "carried_ud"},
        "deposits_ud": settlement.deposits_ud.get(account, 0),
        "money_ud": money,
        "exit": account in period.exits,
        "payout_leaf": asdict(settlement.payout_leaves[index]),
        "payout_proof": settlement.payout_proof(anchor.community, index),
        "energy_leaf": asdict(settlement.energy_leaves[index]),
        "energy_proof": settlement.energy_proof(index),
        "intervals_columns": names,
        "intervals": [list(row) for row in zip(period.starts_s, *own, strict=True)],
    }
    if settlement.incentives:
        body["incentives"] = [
            MemberIncentive(
                paid.incentive.policy,
                int(paid.energy_wh[index]),
                paid.incentive.rate,
                int(paid.amount_ud[index]),
            )._asdict()
            for paid in settlement.incentives
        ]
    if given.agreed is not None:
        body["deals"] = [deal._asdict() for deal in _deals_of(period, settlement, index)]
    # One line per interval keeps the file small and still readable.
    rows = body.pop("intervals")
    assert isinstance(rows, list)
    text = canonical_json(body).decode().rstrip().removesuffix("}").rstrip()
    listed = ",\n  ".join(json.dumps(row, separators=(",", ":")) for row in rows)
    return f'{text},\n "intervals": [\n  {listed}\n ]\n}}\n'.encode()


class MemberInterval(NamedTuple):
    """A member's energy in one interval [Wh]; the last four where there are plants or deals."""

    start_s: int
    imported_wh: int
    exported_wh: int
    bought_wh: int
    sold_wh: int
    allocated_wh: int = 0
    provided_wh: int = 0
    dealt_bought_wh: int = 0
    dealt_sold_wh: int = 0


class MemberDeal(NamedTuple):
    """A member's deal: side (bought, sold), energy agreed and delivered [Wh], price [ud/kWh]."""

    start_s: int
    side: str
    agreed_wh: int
    delivered_wh: int
    price: int


class MemberIncentive(NamedTuple):
    """What one policy pays a member: energy that earned [Wh], full rate [ud/kWh], money [ud]."""

    policy: str
    energy_wh: int
    rate: int
    amount_ud: int


_MORE_MONEY = (
    *("allocated", "allocated_fee", "provided"),
    *("dealt_bought", "dealt_fee", "dealt_sold"),
)


def _deals_of(period: Period, settlement: Settlement, index: int) -> list[MemberDeal]:
    deals = settlement.given.agreed
    assert deals is not None
    return [
        MemberDeal(
            period.starts_s[int(deals.interval[d])],
            "bought" if deals.buyer[d] == index else "sold",
            int(deals.energy[d]),
            int(settlement.outcome.delivered[d]),
            int(deals.price[d]),
        )
        for d in np.flatnonzero((deals.buyer == index) | (deals.seller == index))
    ]


@dataclass(frozen=True)
class MemberFile:
    """A member's own file, parsed."""

    anchor: Anchor
    epoch: int
    statement_hash: str
    opening: AccountState
    deposits_ud: int
    bought_ud: int
    fee_ud: int
    sold_ud: int
    exit: bool
    payout_leaf: PayoutLeaf
    payout_proof: tuple[str, ...]
    energy_leaf: EnergyLeaf
    energy_proof: tuple[str, ...]
    intervals: tuple[MemberInterval, ...]
    allocated_ud: int = 0
    allocated_fee_ud: int = 0
    provided_ud: int = 0
    dealt_bought_ud: int = 0
    dealt_fee_ud: int = 0
    dealt_sold_ud: int = 0
    corrected_ud: int = 0
    deals: tuple[MemberDeal, ...] = ()
    incentive_ud: int = 0
    incentives: tuple[MemberIncentive, ...] = ()

    @property
    def net_ud(self) -> int:
        """What the community owes the member, or is owed [ud]; what corrections settle included."""
        shared = self.provided_ud - self.allocated_ud - self.allocated_fee_ud
        dealt = self.dealt_sold_ud - self.dealt_bought_ud - self.dealt_fee_ud
        own = self.sold_ud - self.bought_ud - self.fee_ud + shared + dealt
        return own + self.incentive_ud + self.corrected_ud


def read_member(data: bytes) -> MemberFile:
    """Parse a member's file; raises ``VerificationFailed`` where it is cut or malformed."""
    try:
        raw: dict[str, Any] = json.loads(data)
        money = raw["money_ud"]
        return MemberFile(
            Anchor(**raw["anchor"]),
            int(raw["epoch"]),
            str(raw["statement_hash"]),
            AccountState(**raw["opening"]),
            int(raw["deposits_ud"]),
            int(money["bought"]),
            int(money["fee"]),
            int(money["sold"]),
            bool(raw["exit"]),
            PayoutLeaf(**raw["payout_leaf"]),
            tuple(raw["payout_proof"]),
            EnergyLeaf(**raw["energy_leaf"]),
            tuple(raw["energy_proof"]),
            tuple(MemberInterval(*(int(value) for value in row)) for row in raw["intervals"]),
            **{f"{name}_ud": int(money.get(name, 0)) for name in _MORE_MONEY},
            corrected_ud=int(money.get("corrected", 0)),
            deals=tuple(MemberDeal(**deal) for deal in raw.get("deals", ())),
            incentive_ud=int(money.get("incentive", 0)),
            incentives=tuple(
                MemberIncentive(
                    str(one["policy"]),
                    *(int(one[name]) for name in MemberIncentive._fields[1:]),
                )
                for one in raw.get("incentives", ())
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _broken("the member's file", error) from error


def _broken(what: str, error: Exception) -> VerificationFailed:
    return VerificationFailed(
        f"{what} cannot be read: {error}",
        rule="published.readable",
        field=what,
        remedy="fetch the file again",
    )
