"""The batch: a community's file and its meter files, settled for a span and posted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from sourceenergy.config.community_file import Community, Meter, parse_community
from sourceenergy.config.tariff_file import inline_series, parse_tariffs, shipped_tariffs
from sourceenergy.economy.aggregated_market import meter_settles
from sourceenergy.economy.individual import passport_end_s, sits_out
from sourceenergy.errors import ConfigError, MeterDataError, NotPermitted
from sourceenergy.market.tariffs import prices_at
from sourceenergy.metering.detect import read_meter_file
from sourceenergy.metering.intervals import (
    Completeness,
    MeterFile,
    completeness,
    joined,
    resampled,
)
from sourceenergy.node.assemble import (
    Money,
    Records,
    Trading,
    assemble_period,
    check_tariffs,
    month_start_s,
    used_in_month_before,
)
from sourceenergy.node.corrections import (
    Approvals,
    changes,
    corrected,
    corrected_again,
    files_by_pseudonym,
    terms_of,
)
from sourceenergy.node.identity import member_accounts
from sourceenergy.node.order_files import load_trading
from sourceenergy.node.publish import Settled, opening_of, prepare
from sourceenergy.node.settled_periods import (
    ALL,
    SettledPeriod,
    settled_before,
    settled_period,
    told_not_kept,
)
from sourceenergy.records import Quality, TariffPlan
from sourceenergy.settlement.corrected import Corrected, together
from sourceenergy.settlement.evidence_attached import NAMES, attach
from sourceenergy.settlement.published import Anchor
from sourceenergy.store.sqlite import Store, StoredStatement
from sourceenergy.units import iso_utc

Progress = Callable[[str], None]
NO_APPROVALS: Approvals = MappingProxyType({})


@dataclass(frozen=True)
class Loaded:
    """A community with its tariffs and the meter files of a span."""

    community: Community
    plans: Mapping[str, TariffPlan]
    tariffs_text: str
    files: tuple[MeterFile, ...]
    completeness: tuple[Completeness, ...]
    warnings: tuple[str, ...]
    records: Records
    trading: Trading
    attached: Mapping[str, bytes]  # evidence of other layers, by file name


def load(
    path: Path, start_s: int, end_s: int, progress: Progress, evidence: Path | None = None
) -> Loaded:
    """Read and check everything a settlement of [start_s, end_s) needs; nothing is written.

    ``evidence`` is a folder with ledger rows, certificates, policies, reports (``NAMES``). Raises
    ``ConfigError`` or ``MeterDataError`` naming the first thing that cannot be used.
    """
    community = read_community(path)
    tariffs_text = shipped_tariffs()
    if community.tariff_file:
        tariffs = path.parent / community.tariff_file
        tariffs_text = inline_series(
            _text(tariffs, "the tariff file"),
            lambda name: _text(tariffs.parent / name, "the price series"),
        )
    plans = parse_tariffs(tariffs_text, community.tariff_file or "the shipped tariffs")
    check_tariffs(community, plans)
    priced = {member.tariff for member in community.members}
    priced |= {one.tariff for one in community.incentives if one.tariff}
    for name in sorted(priced):
        starts = range(start_s, end_s, community.interval_seconds)
        prices_at(plans[name], starts, [0] * len(starts))  # no gap in it
    trading = load_trading(community, path.parent, start_s, end_s)
    files = read_meters(path.parent, community, progress)
    reports = completeness(files, start_s, end_s, community.interval_seconds)
    records = _records(community, files, start_s, end_s)
    _check_quality(community, reports)
    warnings = [f"meter {file.meter}: {text}" for file in files for text in file.warnings]
    warnings += _who_sits_out(community, start_s, end_s)
    attached = {} if evidence is None else _attached(evidence)
    return Loaded(
        community,
        plans,
        tariffs_text,
        tuple(files),
        reports,
        tuple(warnings),
        records,
        trading,
        attached,
    )


def read_community(path: Path) -> Community:
    """Read and check a community's file."""
    return parse_community(_text(path, "the community's file"), path.name)


def read_meters(folder: Path, community: Community, progress: Progress) -> list[MeterFile]:
    """The meters' files, one a meter in the community's order, at its interval."""
    files = []
    for meter in community.meters:
        progress(f"reading meter {meter.id}")
        files.append(_meter_file(folder, meter, community))
    return files


def _attached(folder: Path) -> dict[str, bytes]:
    unknown = sorted(path.name for path in folder.iterdir() if path.name not in NAMES)
    if unknown:
        raise ConfigError(
            "the folder of evidence holds another file",
            rule="evidence.file",
            field="--attach",
            value=unknown[0],
            remedy=f"it may hold {', '.join(NAMES)}",
        )
    return {path.name: _text(path, "evidence").encode() for path in sorted(folder.iterdir())}


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{what} cannot be read: {error}",
            rule="file.readable",
            field="file",
            value=path,
            remedy="check the name and the permissions",
        ) from error


def _meter_file(folder: Path, meter: Meter, community: Community) -> MeterFile:
    if not meter.files:
        raise ConfigError(
            f"meter {meter.id} has no files",
            rule="meter.files",
            field=f"meter.{meter.id}.files",
            remedy='name its meter files: files = ["meters/….csv"]',
        )
    parts = []
    for name in meter.files:
        try:
            data = (folder / name).read_bytes()
        except OSError as error:
            raise MeterDataError(
                f"the file of meter {meter.id} cannot be read: {error}",
                rule="file.readable",
                field=f"meter.{meter.id}.files",
                value=name,
                remedy="check the name and the permissions",
            ) from error
        parts.append(
            read_meter_file(
                name,
                data,
                meter.id,
                time_zone=community.time_zone,
                local_time_zone=meter.local_time_zone,
            )
        )
    return resampled(joined(parts) if len(parts) > 1 else parts[0], community.interval_seconds)


def _records(community: Community, files: Sequence[MeterFile], start_s: int, end_s: int) -> Records:
    seconds = community.interval_seconds
    shape = ((end_s - start_s) // seconds, len(files))
    imported = np.zeros(shape, dtype=np.int64)
    exported = np.zeros(shape, dtype=np.int64)
    quality = np.full(shape, Quality.MISSING, dtype=np.int64)
    for m, file in enumerate(files):
        for record in file.intervals:
            if start_s <= record.start_s < end_s and record.quality is not Quality.MISSING:
                t = (record.start_s - start_s) // seconds
                imported[t, m], exported[t, m] = record.imported_wh, record.exported_wh
                quality[t, m] = record.quality
    return Records(start_s, end_s, imported, exported, quality)


def _check_quality(community: Community, reports: Sequence[Completeness]) -> None:
    empty = [r.meter for r in reports if r.missing == r.expected]
    if empty:
        raise MeterDataError(
            f"meter {empty[0]} has no data in the span",
            rule="completeness.empty",
            field=f"meter.{empty[0]}.files",
            value=f"{len(empty)} of {len(reports)} meters",
            remedy="check the span, or add the file that covers it",
        )
    if not community.accept_estimates:
        for report in reports:
            if report.estimated:
                raise NotPermitted(
                    f"meter {report.meter} has {report.estimated} estimated intervals",
                    rule="completeness.estimated",
                    field="community.estimates",
                    value="refuse",
                    remedy='get measured data, or write estimates = "accept" in the community file',
                )


def _who_sits_out(community: Community, start_s: int, end_s: int) -> list[str]:
    notes = []
    for member in community.members:
        reason = sits_out(passport_end_s(member.passport_expires), end_s - 1)
        if reason:
            notes.append(f"member {member.id} does not share (grid only): {reason}")
    for meter in community.meters:
        if not meter_settles(community.mode, meter.verified):
            notes.append(
                f"meter {meter.id} is not verified: informational, nothing of it is settled in "
                f"mode {community.mode.value}"
            )
    return notes


@dataclass(frozen=True, slots=True)
class BatchPlace:
    """Where a batch is settled: its store, keys and place on chain."""

    store: Store
    keys: Path
    operator_account: str
    anchor: Anchor


@dataclass(frozen=True)
class _Brought:
    """What earlier periods bring into one: corrections, and tiers' use in the month before."""

    corrected: tuple[Corrected, ...]
    used_before_wh: Mapping[str, int]
    notes: tuple[str, ...] = ()


def settle_batch(
    loaded: Loaded, place: BatchPlace, approvals: Approvals = NO_APPROVALS
) -> tuple[Settled, tuple[str, ...]]:
    """Settle a loaded span; repeats exactly what was settled before, refuses anything else.

    Records of earlier periods that the meter files tell otherwise now are corrected in this one
    (``approvals`` for old ones); the notes say what could not be compared. Raises
    ``NotPermitted`` where the span overlaps a settled one (rule ``statement.immutable``) or a
    correction is not permitted (``correction.*``).
    """
    before, held, epoch = _epoch_of(loaded, place.store)
    opening, previous = opening_of(before)
    community, accounts = loaded.community, member_accounts(loaded.community, place.keys)
    settled = None if held is None else settled_period(place.store, held)
    brought = (
        _brought_now(loaded, place.store, accounts, epoch, approvals)
        if settled is None
        else _brought_then(place.store, settled)
    )
    corrections, adjustments = together(brought.corrected)
    period = assemble_period(
        community,
        loaded.plans,
        accounts,
        place.operator_account,
        place.store,
        loaded.records,
        Money(
            False,
            opening,
            {},
            frozenset(),
            corrections,
            adjustments,
            used_before_wh=brought.used_before_wh,
        ),
        loaded.trading,
    )
    member_ids = tuple(member.id for member in community.members)
    made = prepare(
        period,
        loaded.tariffs_text,
        place.anchor,
        epoch,
        previous,
        member_ids,
        tuple(
            attach(kind, loaded.attached[name], period.operator_salt, _private(community))
            for name, kind in NAMES.items()
            if name in loaded.attached
        ),
        brought.corrected,
    )
    return made, brought.notes


def _epoch_of(
    loaded: Loaded, store: Store
) -> tuple[StoredStatement | None, StoredStatement | None, int]:
    """The statement before the span's, the span's own if it is held already, and its epoch."""
    records = loaded.records
    held_all = store.statements(ALL)  # a vetoed one has used its epoch
    last = store.last_accepted()
    for held in held_all:
        span = (int(held.body["start_s"]), int(held.body["end_s"]))
        if held.state == "vetoed" or span[1] <= records.start_s or span[0] >= records.end_s:
            continue
        if span != (records.start_s, records.end_s):
            raise NotPermitted(
                f"the span overlaps statement {held.epoch}, which is settled",
                rule="statement.immutable",
                field="from",
                value=f"{iso_utc(span[0])} to {iso_utc(span[1])}",
                remedy="settle spans that follow one another",
            )
        earlier = [s for s in held_all if s.epoch < held.epoch and s.state != "vetoed"]
        return (earlier[0] if earlier else None), held, held.epoch
    if last is not None and int(last.body["end_s"]) > records.start_s:
        raise NotPermitted(
            f"statement {last.epoch} is of a later time",
            rule="statement.order",
            field="from",
            value=iso_utc(records.start_s),
            remedy=f"settle from {iso_utc(int(last.body['end_s']))} on",
        )
    return last, None, (held_all[0].epoch if held_all else 0) + 1


def _brought_now(
    loaded: Loaded,
    store: Store,
    accounts: Mapping[str, str],
    epoch: int,
    approvals: Approvals,
) -> _Brought:
    """What a span settled for the first time brings: the present files against what was settled."""
    community, records = loaded.community, loaded.records
    month = month_start_s(community, records.start_s)
    month_before = _records(community, loaded.files, month, records.start_s)
    used = used_in_month_before(community, loaded.plans, accounts, month_before)
    periods, without = settled_before(store, epoch)
    files = files_by_pseudonym(store, community, loaded.files)
    found, notes = changes(periods, files, records.end_s, approvals)
    notes += told_not_kept(without)
    terms = terms_of(community)
    put_right = tuple(corrected(one, terms) for one in found if one.corrections)
    return _Brought(put_right, used, tuple(notes))


def _brought_then(store: Store, settled: SettledPeriod) -> _Brought:
    """What a settled span brought, from its own bundle: later files do not change it."""
    period = settled.period
    periods, _ = settled_before(store, settled.epoch) if period.corrections else ([], [])
    return _Brought(corrected_again(periods, period.corrections), period.used_before_wh)


def _private(community: Community) -> frozenset[str]:
    """Names that may not stand in evidence."""
    members = [name for member in community.members for name in (member.id, member.name)]
    return frozenset(members) | {meter.id for meter in community.meters}
