"""The revenue cascade: what the grid paid for a pool comes down to who made the energy.

A sale's revenue goes, in whole cents, first to the marketplace's fee and the stabilisation levy
(each rounded down), then by contributed energy to the three classes, in each class to its
contributors, and from an entity or trust that passes its share down to its own members. Every level
is split by largest remainder, ties to the lower member number, and adds up to what came into it.

The same numbers, ids and leaves as ``RevenueCascade`` on chain, so that a share computed here is
paid there. Paying is idempotent: ``payments_due`` is told what was paid and returns the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from sourceenergy.economy._cents import PPM, cents_down, cents_down_of, split_cents
from sourceenergy.errors import InputError, InvariantBroken, NotPermitted
from sourceenergy.proofs import derive_salt, keccak
from sourceenergy.units import UD_PER_CENT, Ud, Wh, dollars, value_nd

CUT_MOST_PPM = 50_000
"""Most that fee and levy may each take, as in the contract."""


class ReceiverClass(IntEnum):
    """Who contributes to a pool; the numbers are the contract's."""

    INDIVIDUAL = 0
    TRUST = 1
    ENTITY = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """What goes off a sale before the split [10⁻⁶ of the revenue], each rounded down to a cent."""

    fee_ppm: int
    levy_ppm: int

    def __post_init__(self) -> None:
        """Refuse more than the contract's bounds."""
        for field, ppm in (("fee_ppm", self.fee_ppm), ("levy_ppm", self.levy_ppm)):
            if not 0 <= ppm <= CUT_MOST_PPM:
                raise InputError(
                    f"fee and levy are at most {CUT_MOST_PPM * 100 // PPM} % of a sale each",
                    rule="cascade.terms",
                    field=field,
                    value=ppm,
                    remedy="change the terms within their bounds",
                )


@dataclass(frozen=True, slots=True)
class Sale:
    """A pool's run sold to the grid, once: ``trace`` marks every arrow of its way down."""

    pool: int
    run: int
    revenue_ud: Ud  # whole cents, above zero
    trace: str  # 64 hex digits, see trace_of


@dataclass(frozen=True, slots=True)
class Contributor:
    """Who put energy into the pool, by member number in its level.

    ``members`` are those an entity or trust passes its share down to; their energy adds up to its
    own. Without members it takes the share as money.
    """

    number: int
    account: str  # 0x + 40 hex digits
    energy_wh: Wh
    members: tuple[Contributor, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """One receiver's fraction ``weight_wh`` / level's weight, in whole cents."""

    number: int
    account: str
    weight_wh: Wh
    amount_ud: Ud
    below: str  # id of the level it is passed down to; empty: paid as money


@dataclass(frozen=True, slots=True)
class Level:
    """Money on its way down, and who gets it."""

    id: str  # 64 hex digits, as on chain
    name: str  # for people: entities/7
    amount_ud: Ud
    weight_wh: Wh
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Cascade:
    """A sale's whole way down; levels from the classes to the last member."""

    sale: Sale
    fee_ud: Ud
    levy_ud: Ud
    levels: tuple[Level, ...]

    @property
    def distributable_ud(self) -> Ud:
        """What the classes share."""
        return Ud(self.sale.revenue_ud - self.fee_ud - self.levy_ud)


@dataclass(frozen=True, slots=True)
class Arrow:
    """One step of a sale's money, for the trace page."""

    trace: str
    source: str
    target: str
    amount_ud: Ud


@dataclass(frozen=True, slots=True)
class Payment:
    """One share to pay; (level, number) is its key, paid at most once."""

    trace: str
    level: str
    number: int
    account: str
    amount_ud: Ud

    @property
    def key(self) -> tuple[str, int]:
        """What a journal of payments remembers it by."""
        return (self.level, self.number)


@dataclass(frozen=True, slots=True)
class Due:
    """What to pay now and what is held, because its receiver or one above is frozen."""

    payments: tuple[Payment, ...]
    held: tuple[Payment, ...]


# --- the sale ---------------------------------------------------------------------------------


def revenue_down(energy_wh: int, price_ud_per_kwh: int) -> Ud:
    """What the grid pays for energy, rounded down to the cent [ud]."""
    return cents_down(value_nd(energy_wh, price_ud_per_kwh) // 1000)


def require_new_sale(settled: Mapping[tuple[int, int], Sale], sale: Sale) -> bool:
    """Is the sale new? The same again is known and pays nothing; another one is refused."""
    known = settled.get((sale.pool, sale.run))
    if known is None:
        return True
    if known != sale:
        raise NotPermitted(
            "this run of the pool was sold already",
            rule="cascade.sold_once",
            field="revenue_ud",
            value=sale.revenue_ud,
            remedy="a correction is a run of its own",
        )
    return False


def cascade(
    sale: Sale, terms: Terms, contributors: Mapping[ReceiverClass, Sequence[Contributor]]
) -> Cascade:
    """The whole way down of a sale; the order of ``contributors`` does not matter.

    Raises InputError where the revenue is not whole cents above zero, nobody contributed, a number
    stands twice in a level, or members' energy does not add up to that of who passes down.
    """
    if sale.revenue_ud <= 0 or sale.revenue_ud % UD_PER_CENT:
        raise InputError(
            "a sale's revenue is whole cents above zero",
            rule="cascade.revenue",
            field="revenue_ud",
            value=sale.revenue_ud,
            remedy="round it down; a sale at a negative price is a cost, not revenue",
        )
    fee = cents_down_of(sale.revenue_ud, terms.fee_ppm)
    levy = cents_down_of(sale.revenue_ud, terms.levy_ppm)
    lists = [tuple(contributors.get(kind, ())) for kind in ReceiverClass]
    weights = [sum(one.energy_wh for one in people) for people in lists]
    if not sum(weights):
        raise InputError(
            "nobody contributed energy to what was sold",
            rule="cascade.contributors",
            field="contributors",
            value=0,
            remedy="name the run's contributors",
        )
    amounts = split_cents(sale.revenue_ud - fee - levy, weights)
    levels: list[Level] = []
    for kind, people, weight, amount in zip(ReceiverClass, lists, weights, amounts, strict=True):
        name = ("individuals", "trusts", "entities")[kind]
        _descend(class_level(sale.pool, sale.run, kind), name, amount, weight, people, levels)
    result = Cascade(sale, fee, levy, tuple(levels))
    check_cascade(result)
    return result


def _descend(
    level_id: str,
    name: str,
    amount: Ud,
    weight: int,
    people: Sequence[Contributor],
    levels: list[Level],
) -> None:
    people = sorted(people, key=lambda one: one.number)
    numbers = [one.number for one in people]
    if len(set(numbers)) < len(numbers) or any(one.energy_wh < 0 for one in people):
        raise InputError(
            "each member of a level has a number of its own and energy of zero or more",
            rule="cascade.numbers",
            field=name,
            value=numbers,
            remedy="number the members of a level once each",
        )
    if sum(one.energy_wh for one in people) != weight:
        raise InputError(
            "members' energy must add up to what was contributed for them",
            rule="cascade.energy",
            field=name,
            value=sum(one.energy_wh for one in people),
            remedy=f"attribute all {weight} Wh, each once",
        )
    if not weight:
        return
    parts = split_cents(amount, [one.energy_wh for one in people])
    below = [level_below(level_id, one.number) if one.members else "" for one in people]
    shares = tuple(
        Share(one.number, one.account, one.energy_wh, part, lower)
        for one, part, lower in zip(people, parts, below, strict=True)
    )
    levels.append(Level(level_id, name, amount, Wh(weight), shares))
    for one, share in zip(people, shares, strict=True):
        if share.below:
            _descend(
                share.below,
                f"{name}/{one.number}",
                share.amount_ud,
                one.energy_wh,
                one.members,
                levels,
            )


# --- checks -----------------------------------------------------------------------------------


def check_level(level: Level) -> None:
    """Refuse a level that is not its members' exact fractions or pays another sum than came in.

    Holds for shares that someone else published too: each is its fraction rounded down or up to a
    cent, as the contract demands of every share it pays.
    """
    paid = sum(share.amount_ud for share in level.shares)
    if paid != level.amount_ud or sum(s.weight_wh for s in level.shares) != level.weight_wh:
        raise InvariantBroken(
            "a level must pay exactly what came into it",
            rule="cascade.conserved",
            field=level.name,
            value=paid,
            remedy=f"split {level.amount_ud} ud",
        )
    for share in level.shares:
        lowest, rest = divmod(level.amount_ud // UD_PER_CENT * share.weight_wh, level.weight_wh)
        if not lowest <= share.amount_ud // UD_PER_CENT <= lowest + (rest > 0):
            raise InvariantBroken(
                "a share must be its exact fraction, rounded down or up to the next cent",
                rule="cascade.fraction",
                field=f"{level.name}/{share.number}",
                value=share.amount_ud,
                remedy="split by largest remainder",
            )


def check_cascade(result: Cascade) -> None:
    """Every level adds up, level by level, to what came in; raises InvariantBroken if not."""
    for level in result.levels:
        check_level(level)
    amounts = {level.id: level.amount_ud for level in result.levels}
    came = {s.below: s.amount_ud for level in result.levels for s in level.shares if s.below}
    top = sum(amount for level, amount in amounts.items() if level not in came)
    passed = all(amounts.get(level, amount) == amount for level, amount in came.items())
    if not passed or top + result.fee_ud + result.levy_ud != result.sale.revenue_ud:
        raise InvariantBroken(
            "the cascade must pay exactly what the sale brought in",
            rule="cascade.conserved",
            field="revenue_ud",
            value=result.sale.revenue_ud,
            remedy="publish nothing",
        )


# --- paying -----------------------------------------------------------------------------------


def payments_due(
    result: Cascade, paid: Collection[tuple[str, int]], frozen: Collection[str]
) -> Due:
    """Shares still to pay, and those held, given the journal of paid keys and frozen accounts.

    Run it again after a cut with the journal kept so far: nothing is lost or paid twice. Where an
    entity is frozen, what it would pass down is held as its own share.
    """
    by_id = {level.id: level for level in result.levels}
    below = {share.below for level in result.levels for share in level.shares if share.below}
    payments: list[Payment] = []
    held: list[Payment] = []
    pending = [level for level in reversed(result.levels) if level.id not in below]
    while pending:
        level = pending.pop()
        for share in level.shares:
            one = Payment(result.sale.trace, level.id, share.number, share.account, share.amount_ud)
            if one.key in paid or not share.amount_ud:
                continue
            if share.account in frozen:
                held.append(one)
            elif share.below:
                pending.append(by_id[share.below])
            else:
                payments.append(one)
    return Due(tuple(payments), tuple(held))


def arrows(result: Cascade) -> Iterator[Arrow]:
    """Every step from the sale to each receiver; into a node flows what flows out of it."""
    trace = result.sale.trace
    yield Arrow(trace, "grid", "sale", result.sale.revenue_ud)
    yield Arrow(trace, "sale", "fee", result.fee_ud)
    yield Arrow(trace, "sale", "levy", result.levy_ud)
    for level in result.levels:
        if "/" not in level.name:
            yield Arrow(trace, "sale", level.name, level.amount_ud)
        for share in level.shares:
            yield Arrow(trace, level.name, f"{level.name}/{share.number}", share.amount_ud)


def explain_share(level: Level, share: Share) -> str:
    """A receiver's fraction in words, to be recomputed by hand."""
    return (
        f"{share.weight_wh} of {level.weight_wh} Wh of {level.name}: "
        f"${dollars(share.amount_ud)} of ${dollars(level.amount_ud)}"
    )


# --- ids and leaves, as on chain --------------------------------------------------------------


def _words(*values: int | str) -> bytes:
    """Static words of Solidity's abi.encode: numbers, and hex of at most 32 bytes."""
    return b"".join(
        (int(value, 16) if isinstance(value, str) else value).to_bytes(32, "big")
        for value in values
    )


def trace_of(chain_id: int, contract: str, pool: int, run: int) -> str:
    """Trace of a sale, 64 hex digits."""
    return keccak(_words(chain_id, contract, pool, run)).hex()


def class_level(pool: int, run: int, kind: ReceiverClass) -> str:
    """Id of a class's level, 64 hex digits."""
    return keccak(_words(pool, run, int(kind))).hex()


def level_below(level: str, number: int) -> str:
    """Id of the level a member's share becomes, 64 hex digits."""
    return keccak(_words(level, number)).hex()


def share_salt(key: bytes, level: str, number: int) -> str:
    """The salt that keeps a share's leaf unguessable, from the publisher's secret key."""
    return derive_salt(key, "revenue share", level, str(number)).hex()


def share_leaf(level: str, share: Share, salt: str) -> bytes:
    """Leaf of a share under its level's root: the receiver's proof of its fraction (32 bytes)."""
    words = _words(level, share.number, share.account, share.weight_wh, share.amount_ud, salt)
    return keccak(keccak(words))
