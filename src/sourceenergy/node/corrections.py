"""The operator's corrections: present meter files against what was settled from earlier ones.

A correction is noted at the close of the period in whose statement it takes effect. That second is
in the statement for everyone to check; it depends on no clock, so that a second run makes the same
bytes and two people sign the same words (docs/decisions/0056-noted-at-the-close.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sourceenergy.config.community_file import Community
from sourceenergy.economy.aggregated_market import meter_settles
from sourceenergy.metering.intervals import MeterFile
from sourceenergy.node.identity import pseudonym_of
from sourceenergy.node.settled_periods import SettledPeriod, corrections_before
from sourceenergy.proofs import correction_digest
from sourceenergy.records import Approval, Correction, MeterInterval, Quality
from sourceenergy.settlement.corrected import Corrected
from sourceenergy.settlement.corrections import CorrectionTerms, correct, corrections_of
from sourceenergy.settlement.period import Period, settle
from sourceenergy.store.sqlite import Store
from sourceenergy.units import iso_utc

Approvals = Mapping[str, Sequence[Approval]]
"""Signatures by the digest (hex) of the correction that they approve."""
EVERYTHING = CorrectionTerms(accept_estimates=True, limit_s=1 << 60)
"""Terms that refuse nothing for age or quality: what was published is replayed, or only shown."""


@dataclass(frozen=True)
class Changed:
    """What the present files say otherwise than a settled period, and what came before.

    ``informational`` are records of unverified meters, which the rules refuse.
    """

    settled: SettledPeriod
    earlier: tuple[Correction, ...]
    corrections: tuple[Correction, ...]
    informational: tuple[Correction, ...] = ()


def terms_of(community: Community) -> CorrectionTerms:
    """What a community's file allows."""
    return CorrectionTerms(community.accept_estimates, approvers=community.approvers)


def files_by_pseudonym(
    store: Store, community: Community, files: Sequence[MeterFile]
) -> dict[str, MeterFile]:
    """The meters' files by the pseudonym under which they are settled."""
    found = {}
    for meter, file in zip(community.meters, files, strict=True):
        key = pseudonym_of(store, "meter", meter.id)
        if key is not None:
            found[key] = file
    return found


def changes(
    periods: Sequence[SettledPeriod],
    files: Mapping[str, MeterFile],
    noted_s: int,
    approvals: Approvals,
) -> tuple[list[Changed], list[str]]:
    """What has changed in each settled period (oldest first), and notes for people.

    A record that the present files do not hold is left as it was settled.
    """
    found, notes = [], []
    for number, settled in enumerate(periods):
        period = settled.period
        lengths = {file.seconds for file in files.values()}
        if lengths - {period.seconds}:
            notes.append(
                f"statement {settled.epoch} was settled by intervals of {period.seconds} s: "
                "its records are not compared"
            )
            continue
        earlier = corrections_before(settled.hash, periods[number + 1 :])
        new = _signed(
            tuple(
                one
                for reason, records in _differing(period, files, earlier).items()
                for one in corrections_of(period, settled.hash, records, reason, noted_s, earlier)
            ),
            approvals,
        )
        verified = {m.key: meter_settles(period.mode, m.verified) for m in period.meters}
        informational = tuple(one for one in new if not verified[one.meter])
        if informational:
            notes.append(
                f"{len(informational)} changed records of statement {settled.epoch} are of meters "
                "that were not verified: refused (correction.unverified), nothing moves"
            )
        counting = tuple(one for one in new if verified[one.meter])
        if counting or informational:
            found.append(Changed(settled, earlier, counting, informational))
    return found, notes


def corrected(changed: Changed, terms: CorrectionTerms) -> Corrected:
    """What changed records move; refuses, naming the rule, what the terms do not allow."""
    settled = changed.settled
    run = correct(
        settled.period,
        settle(settled.period),
        settled.hash,
        changed.earlier,
        changed.corrections,
        terms,
    )
    return Corrected(settled.epoch, settled.hash, settled.period, run)


def corrected_again(
    periods: Sequence[SettledPeriod], taken: Sequence[Correction]
) -> tuple[Corrected, ...]:
    """The same of corrections that a statement has brought, from its bundle."""
    result = []
    for number, settled in enumerate(periods):
        mine = tuple(one for one in taken if one.statement == settled.hash)
        if mine:
            earlier = corrections_before(settled.hash, periods[number + 1 :])
            result.append(corrected(Changed(settled, earlier, mine), EVERYTHING))
    return tuple(result)


def _differing(
    period: Period, files: Mapping[str, MeterFile], earlier: Sequence[Correction]
) -> dict[str, list[MeterInterval]]:
    """Records of the files that may differ from what counts now, by the reason for it."""
    touched = {(one.meter, one.start_s): one.after for one in earlier}
    row_of = {start: t for t, start in enumerate(period.starts_s)}
    found: dict[str, list[MeterInterval]] = {}
    for m, meter in enumerate(period.meters):
        file = files.get(meter.key)
        for record in file.intervals if file is not None else ():
            t = row_of.get(record.start_s)
            if t is None or record.quality is Quality.MISSING:
                continue
            counts = touched.get((meter.key, record.start_s)) or (
                int(period.imported[t, m]),
                int(period.exported[t, m]),
                Quality(int(period.quality[t, m])),
            )
            if counts != (int(record.imported_wh), int(record.exported_wh), record.quality):
                found.setdefault(_reason(counts[2], record.quality), []).append(
                    record._replace(meter=meter.key)
                )
    return found


def _reason(before: Quality, after: Quality) -> str:
    if before is Quality.MISSING:
        return "the value was missing"
    if before is Quality.ESTIMATED and after is not Quality.ESTIMATED:
        return f"a {after.name.lower()} value in the place of an estimate"
    return "the meter's file says otherwise than before"


def _signed(new: Sequence[Correction], approvals: Approvals) -> tuple[Correction, ...]:
    return tuple(
        replace(one, approvals=tuple(approvals.get(correction_digest(one).hex(), ())))
        for one in new
    )


def shown_correction(
    one: Correction, meter: str, rule: str | None = None, *, late: bool = False
) -> dict[str, object]:
    """A correction as commands and result files show it: both versions, why and when noted."""
    shown: dict[str, object] = {"meter": meter, "start": iso_utc(one.start_s)}
    for name, side in (("before", one.before), ("after", one.after)):
        shown[name] = {
            "imported_wh": side[0],
            "exported_wh": side[1],
            "quality": Quality(side[2]).name.lower(),
        }
    shown |= {"reason": one.reason, "noted": iso_utc(one.noted_s)}
    shown |= {"digest": correction_digest(one).hex(), "signatures": len(one.approvals)}
    return shown | {"late": late, "refused": rule}
