"""Settled periods that were put right, side by side with what that moves now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sourceenergy.records import Correction
from sourceenergy.settlement.corrections import CorrectionRun, MemberDelta
from sourceenergy.settlement.period import Period


@dataclass(frozen=True)
class Corrected:
    """A settled period with its statement's epoch and hash, and one run of corrections of it."""

    epoch: int
    hash: str
    period: Period
    run: CorrectionRun

    def delta_of(self, account: str) -> MemberDelta | None:
        """What the run moves for an account; None where it moves nothing."""
        return next((delta for delta in self.run.deltas if delta.account == account), None)

    def records_of(self, account: str) -> tuple[Correction, ...]:
        """The corrections of meters that an account's member has a part in."""
        owners = {i for i, m in enumerate(self.period.members) if m.account == account}
        own = {m.key for m in self.period.meters if owners & {i for i, _ in m.parts}}
        return tuple(one for one in self.run.corrections if one.meter in own)


def together(corrected: Iterable[Corrected]) -> tuple[tuple[Correction, ...], dict[str, int]]:
    """All corrections and, by account, what they move [ud]; the amounts add up to zero."""
    corrections: list[Correction] = []
    adjustments: dict[str, int] = {}
    for one in corrected:
        corrections += one.run.corrections
        for account, amount_ud in one.run.adjustments_ud.items():
            adjustments[account] = adjustments.get(account, 0) + amount_ud
    return tuple(corrections), {a: ud for a, ud in sorted(adjustments.items()) if ud}
