"""What a settled period comes to, and the trees that prove it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sourceenergy.proofs.bulk import Rows, root_of, tree, tree_proof
from sourceenergy.records import IntervalPrice
from sourceenergy.settlement.accounts import Accounts
from sourceenergy.settlement.incentives import IncentivePaid
from sourceenergy.settlement.intervals import IntervalInput, IntervalOutcome
from sourceenergy.settlement.leaves import EnergyLeaves, PayoutLeaves
from sourceenergy.settlement.ledger import MemberLedger
from sourceenergy.settlement.money import exact_sum
from sourceenergy.units import Ud, Wh


@dataclass(frozen=True)
class Settlement:
    """The outcome of a period: what is published, what each member gets, what proves it.

    Ledgers, accounts and leaves are held as columns and read like sequences and mappings.
    """

    given: IntervalInput
    outcome: IntervalOutcome
    prices: tuple[IntervalPrice, ...]
    ledgers: Sequence[MemberLedger]
    fees_ud: int
    deposits_ud: Mapping[str, int]
    closing: Accounts
    payout_leaves: PayoutLeaves  # members in order, the operator, others
    energy_leaves: EnergyLeaves
    price_root: str
    incentives: tuple[IncentivePaid, ...] = ()
    _trees: dict[str, list[Rows]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def imported_wh(self) -> Wh:
        """Energy all members imported [Wh]."""
        return Wh(exact_sum(self.energy_leaves.imported))

    @property
    def exported_wh(self) -> Wh:
        """Energy all members exported [Wh]."""
        return Wh(exact_sum(self.energy_leaves.exported))

    @property
    def local_wh(self) -> Wh:
        """Energy that went from member to member, by a key, a deal or the pool [Wh]."""
        return Wh(exact_sum(self.energy_leaves.sold))

    @property
    def incentives_ud(self) -> Ud:
        """What the operator pays all members as incentives [ud]."""
        return Ud(sum(exact_sum(one.amount_ud) for one in self.incentives))

    @property
    def totals_ud(self) -> tuple[Ud, Ud, Ud]:
        """Deposits, cumulative payouts and balances of all accounts [ud]."""
        deposits, payouts, balances = self.closing.totals_ud
        return Ud(deposits), Ud(payouts), Ud(balances)

    @property
    def pool_root(self) -> str:
        """Root of the tree over the members' energy."""
        return root_of(self._pool_tree())

    def _pool_tree(self) -> list[Rows]:
        if "" not in self._trees:
            self._trees[""] = tree(self.energy_leaves.hashes())
        return self._trees[""]

    def _payout_tree(self, community: str) -> list[Rows]:
        if community not in self._trees:
            self._trees[community] = tree(self.payout_leaves.hashes(community))
        return self._trees[community]

    def payout_root(self, community: str) -> str:
        """Root of the payout tree for the community's id on chain."""
        return root_of(self._payout_tree(community))

    def payout_proof(self, community: str, index: int) -> list[str]:
        """Proof of payout leaf ``index`` (member order, the operator last)."""
        return tree_proof(self._payout_tree(community), index)

    def energy_proof(self, index: int) -> list[str]:
        """Proof of energy leaf ``index`` (member order)."""
        return tree_proof(self._pool_tree(), index)
