"""Corrections on a statement: one line an earlier period, beside the lines of the period itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sourceenergy.records import Correction
from sourceenergy.reports.language import Wording
from sourceenergy.reports.local_days import LocalDays
from sourceenergy.settlement.corrected import Corrected


class CorrectedPeriod(NamedTuple):
    """What corrections of one earlier period move for a member: energy [Wh], money to the member.

    ``energy_ud`` and ``fee_ud`` are settled with the community; ``grid_nd`` [nd] is what the
    utility's lines change by. ``records`` are of the member's own meters only.
    """

    words: str
    epoch: int
    start_s: int
    end_s: int
    statement_hash: str
    imported_wh: int
    exported_wh: int
    from_neighbours_wh: int
    to_neighbours_wh: int
    from_grid_wh: int
    to_grid_wh: int
    energy_ud: int
    fee_ud: int
    grid_nd: int
    records: tuple[Correction, ...]

    @property
    def net_ud(self) -> int:
        """What the community owes the member for it [ud]; negative where the member owes."""
        return self.energy_ud + self.fee_ud


def corrected_periods(
    corrected: Sequence[Corrected], account: str, local: LocalDays, wording: Wording
) -> tuple[CorrectedPeriod, ...]:
    """What corrections of earlier periods mean for an account; who is not concerned has none."""
    zone = ZoneInfo(local.time_zone)
    found = []
    for one in corrected:
        delta, records = one.delta_of(account), one.records_of(account)
        if delta is None and not records:
            continue
        span = wording.span(
            *(datetime.fromtimestamp(s, zone) for s in (one.period.start_s, one.period.end_s))
        )
        moved = (
            (0,) * 9
            if delta is None
            else (
                delta.imported_wh,
                delta.exported_wh,
                delta.bought_wh + delta.dealt_bought_wh + delta.allocated_wh,
                delta.sold_wh + delta.dealt_sold_wh + delta.provided_wh,
                delta.grid_import_wh,
                delta.grid_export_wh,
                delta.energy_ud,
                delta.fee_ud,
                delta.grid_nd,
            )
        )
        found.append(
            CorrectedPeriod(
                wording("line.correction", span=span, epoch=one.epoch),
                one.epoch,
                one.period.start_s,
                one.period.end_s,
                one.hash,
                *moved,
                records,
            )
        )
    return tuple(found)
