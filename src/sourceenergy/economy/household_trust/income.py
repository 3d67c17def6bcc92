"""A trust's income splits itself by the family's rule: reinvested, paid, held or kept as cash.

Income splits in whole cents, in the two steps that ``HouseholdTrust`` takes on chain: the part to
reinvest rounded down to the cent, then the rest to the beneficiaries by largest remainder, ties to
the lower member number. What is below a cent waits for the next income.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sourceenergy.economy._cents import PPM, cents_down, cents_down_of, split_cents
from sourceenergy.economy.household_trust.trustees import Trust, require_signatures
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import Ud, dollars, iso_utc, split_largest_remainder


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """A member of the family with a share; a minor is paid on the guardian's account."""

    number: int
    name: str
    account: str
    share_ppm: int  # of what is not reinvested


@dataclass(frozen=True, slots=True)
class IncomeRule:
    """How income that lands from ``from_s`` on is split; ``target`` is where it is reinvested."""

    version: int
    from_s: int
    beneficiaries: tuple[Beneficiary, ...]
    reinvest_ppm: int
    target: str

    def __post_init__(self) -> None:
        """Refuse shares that do not add up to one, and reinvestment into nothing."""
        numbers = [one.number for one in self.beneficiaries]
        shares = [one.share_ppm for one in self.beneficiaries]
        if len(set(numbers)) < len(numbers) or any(share < 0 for share in shares):
            raise InputError(
                "each beneficiary has a number of its own and a share of zero or more",
                rule="income.beneficiaries",
                field="beneficiaries",
                value=numbers,
                remedy="number the beneficiaries once each",
            )
        if sum(shares) != PPM:
            raise InputError(
                "beneficiaries' shares must add up to exactly one",
                rule="income.shares",
                field="shares",
                value=f"{sum(shares)}/{PPM}",
                remedy="correct the shares; what is reinvested goes off before",
            )
        if not 0 <= self.reinvest_ppm <= PPM or (self.reinvest_ppm and not self.target):
            raise InputError(
                "a part of income, at most all, is reinvested in a named fund",
                rule="income.reinvest",
                field="reinvest_ppm",
                value=self.reinvest_ppm,
                remedy="name the fund, or reinvest nothing",
            )


@dataclass(frozen=True, slots=True)
class Part:
    """One beneficiary's part of a distribution, paid now or held because of a freeze."""

    number: int
    name: str
    account: str
    amount_ud: Ud
    held: bool


@dataclass(frozen=True, slots=True)
class Distribution:
    """Where one income went [ud]; ``notices`` are told to every member of the family.

    income + carried in = reinvested + kept as cash + parts + carried, always.
    """

    rule_version: int
    income_ud: Ud
    reinvested_ud: Ud
    kept_as_cash_ud: Ud
    parts: tuple[Part, ...]
    carried_ud: Ud  # below a cent, for the next income
    notices: tuple[str, ...]


def shares_ppm(shares: Sequence[Fraction]) -> tuple[int, ...]:
    """Exact shares as the millionths that the chain keeps; they must add up to exactly one.

    Thirds do not fit millionths: the odd ones go to the lowest numbers.
    """
    if sum(shares) != 1 or any(share < 0 for share in shares):
        raise InputError(
            "beneficiaries' shares must add up to exactly one",
            rule="income.shares",
            field="shares",
            value=" + ".join(map(str, shares)),
            remedy="correct the shares; what is reinvested goes off before",
        )
    common = 1
    for share in shares:
        common *= share.denominator
    return tuple(split_largest_remainder(PPM, [int(share * common) for share in shares]))


def change_rule(
    trust: Trust,
    rules: Sequence[IncomeRule],
    new: IncomeRule,
    approvals: Collection[str],
    now_s: int,
) -> tuple[IncomeRule, ...]:
    """The rules with a new one, which m trustees signed and which acts on later income only."""
    require_signatures(trust, approvals, "a new rule for income")
    least_s = max([now_s, *(rule.from_s + 1 for rule in rules)])
    if new.from_s < least_s or new.version != len(rules) + 1:
        raise NotPermitted(
            "a new rule acts on later income only",
            rule="income.later_only",
            field="from_s",
            value=iso_utc(new.from_s),
            remedy=f"as version {len(rules) + 1}, from {iso_utc(least_s)} on",
        )
    return (*rules, new)


def rule_at(rules: Sequence[IncomeRule], second: int) -> IncomeRule:
    """The rule for income that landed at ``second``."""
    past = [rule for rule in rules if rule.from_s <= second]
    if not past:
        raise InputError(
            "no rule was in force when this income landed",
            rule="income.no_rule",
            field="second",
            value=iso_utc(second),
            remedy="keep it as cash, or set the first rule earlier",
        )
    return max(past, key=lambda rule: rule.from_s)


def distribute(
    rule: IncomeRule,
    income_ud: int,
    *,
    carried_ud: int = 0,
    round_open: bool = True,
    frozen: Collection[str] = (),
) -> Distribution:
    """Split one income by its rule [ud].

    ``carried_ud`` is what earlier distributions left below a cent. Where the target's round is
    closed the reinvested part stays cash and everyone is told; a frozen account's part is held
    while the others are paid.
    """
    if income_ud < 0 or carried_ud < 0:
        raise InputError(
            "income is zero or more",
            rule="income.sign",
            field="income_ud",
            value=income_ud,
            remedy="book a cost as an expense",
        )
    whole = cents_down(income_ud + carried_ud)
    reinvest = cents_down_of(whole, rule.reinvest_ppm)
    people = sorted(rule.beneficiaries, key=lambda one: one.number)
    amounts = split_cents(whole - reinvest, [one.share_ppm for one in people])
    parts = tuple(
        Part(one.number, one.name, one.account, amount, one.account in frozen)
        for one, amount in zip(people, amounts, strict=True)
    )
    notices = [
        f"${dollars(part.amount_ud)} for {part.name} is held: the account may not be paid now"
        for part in parts
        if part.held and part.amount_ud
    ]
    if reinvest and not round_open:
        notices.append(
            f"{rule.target} takes no money now: ${dollars(reinvest)} is kept as the trust's cash"
        )
    return Distribution(
        rule.version,
        Ud(income_ud),
        Ud(reinvest if round_open else 0),
        Ud(0 if round_open else reinvest),
        parts,
        Ud(income_ud + carried_ud - whole),
        tuple(notices),
    )


def release_held(
    held: Mapping[str, int], frozen: Collection[str]
) -> tuple[dict[str, Ud], dict[str, Ud]]:
    """What was held and may be paid now, and what stays held, by account [ud]."""
    paid = {account: Ud(amount) for account, amount in held.items() if account not in frozen}
    kept = {account: Ud(amount) for account, amount in held.items() if account in frozen}
    return paid, kept


def ledger_rows(distribution: Distribution) -> tuple[dict[str, str | int], ...]:
    """The rows a distribution adds to the private ledger; screen and CSV show the same ones."""
    rows: list[dict[str, str | int]] = [
        {"what": "income", "who": "trust", "amount_ud": distribution.income_ud}
    ]
    for what, amount in (
        ("reinvested", distribution.reinvested_ud),
        ("kept as cash", distribution.kept_as_cash_ud),
    ):
        if amount:
            rows.append({"what": what, "who": "trust", "amount_ud": amount})
    rows.extend(
        {"what": "held" if part.held else "paid", "who": part.name, "amount_ud": part.amount_ud}
        for part in distribution.parts
    )
    return tuple({**row, "rule_version": distribution.rule_version} for row in rows)
