"""Accounts in ``Clearing``: what a period's money does to deposits, payouts and balances."""

from __future__ import annotations

from collections import Counter
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sourceenergy.errors import InputError, InvariantBroken
from sourceenergy.settlement.ledger import AccountState
from sourceenergy.settlement.money import Money, exact_sum, money
from sourceenergy.units import split_largest_remainder


@dataclass(frozen=True, eq=False)
class Accounts(Mapping[str, AccountState]):
    """Account states by name, held as columns [A]; reads like a mapping to ``AccountState``."""

    names: Sequence[str]
    deposited_ud: Money
    payout_ud: Money
    balance_ud: Money
    carried_ud: Money

    @classmethod
    def of(cls, states: Mapping[str, AccountState], names: Iterable[str] | None = None) -> Accounts:
        """The states of ``names`` (all, if not given); an account without a state has zeros."""
        if isinstance(states, Accounts) and (names is None or list(names) == list(states.names)):
            return states
        wanted = list(states if names is None else names)
        if not states:
            return cls(wanted, *(np.zeros(len(wanted), dtype=np.int64) for _ in range(4)))
        new = AccountState()
        found = [states.get(name, new) for name in wanted]
        return cls(
            wanted,
            money([s.deposited_ud for s in found]),
            money([s.payout_ud for s in found]),
            money([s.balance_ud for s in found]),
            money([s.carried_ud for s in found]),
        )

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def __getitem__(self, name: str) -> AccountState:
        """The state of one account."""
        return self._state(self._place[name])

    def __iter__(self) -> Iterator[str]:
        """Names in order."""
        return iter(self.names)

    def __len__(self) -> int:
        """How many accounts."""
        return len(self.names)

    def items(self) -> ItemsView[str, AccountState]:
        """All states by name, made at once."""
        columns = (self.deposited_ud, self.payout_ud, self.balance_ud, self.carried_ud)
        values = zip(*(column.tolist() for column in columns), strict=True)
        states = (AccountState(*amounts) for amounts in values)
        return dict(zip(self.names, states, strict=True)).items()

    def _state(self, place: int) -> AccountState:
        columns = (self.deposited_ud, self.payout_ud, self.balance_ud, self.carried_ud)
        return AccountState(*(int(column[place]) for column in columns))

    @property
    def totals_ud(self) -> tuple[int, int, int]:
        """Deposits, payouts and balances of all [ud]."""
        return (
            exact_sum(self.deposited_ud),
            exact_sum(self.payout_ud),
            exact_sum(self.balance_ud),
        )


def require_distinct(names: Sequence[str]) -> None:
    """Refuse two parties with one account: whose money it is could not be told."""
    if len(set(names)) == len(names):
        return
    raise InputError(
        "two parties of a period have the same account",
        rule="account.distinct",
        field="account",
        value=Counter(names).most_common(1)[0][0],
        remedy="give every member and the operator an account of their own",
    )


def settle_carried(carried_ud: Money, available_ud: Money | None) -> Money:
    """What corrections settle now, by account [ud, A]: paid (below zero) or received.

    Who owes pays what is ``available_ud`` (None: all of it, which the operator collects); the
    money goes to those who are owed, in proportion, largest remainder. The rest waits. Raises
    ``InvariantBroken`` unless all that is carried adds up to zero.
    """
    if not carried_ud.any():
        return carried_ud
    if exact_sum(carried_ud):
        raise InvariantBroken(
            "corrections owe as much as they are owed",
            rule="money.conserved",
            field="carried_ud",
            value=exact_sum(carried_ud),
            remedy="nothing was published; report this with the audit bundle",
        )
    owed, claims = np.maximum(-carried_ud, 0), np.maximum(carried_ud, 0)
    paid = owed if available_ud is None else np.minimum(owed, np.maximum(available_ud, 0))
    received = split_largest_remainder(exact_sum(paid), claims.tolist())
    return money(received) - paid


def roll_accounts(
    opening: Accounts,
    deposits_ud: Money,
    nets_ud: Money,
    exits: NDArray[np.bool_],
    carried_ud: Money,
) -> Accounts:
    """Account states after a period [ud]; money is neither made nor lost. All columns are [A].

    A positive net is authorised for payout (for good: cumulative payouts never fall, so what is
    authorised can't also be spent); a negative one comes out of the balance, which deposits fill.
    An account that asked to exit gets its whole balance authorised. ``carried_ud`` is what waits.
    """
    balance = opening.balance_ud + deposits_ud + np.minimum(nets_ud, 0)
    payout = opening.payout_ud + np.maximum(nets_ud, 0)
    short = np.flatnonzero(balance < 0)
    if short.size:
        raise InvariantBroken(
            "an account would spend more than it holds",
            rule="funds.cover",
            field=opening.names[short[0]],
            value=int(balance[short[0]]),
            remedy="deposit the difference before settling",
        )
    return Accounts(
        opening.names,
        opening.deposited_ud + deposits_ud,
        np.where(exits, payout + balance, payout),
        np.where(exits, 0, balance),
        carried_ud,
    )
