"""The impact report: energy, carbon, benefit, footprint; the same inputs give the same hash.

A correction is a new version that names the one before; nothing is overwritten. The platform's own
footprint (transactions × a cited figure) is shown and subtracted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sourceenergy.economy.community.benefit import Job, Table
from sourceenergy.economy.community.carbon import Avoided, Claims, GridFactor
from sourceenergy.errors import InputError, VerificationFailed
from sourceenergy.proofs import keccak
from sourceenergy.units import Ud, Wh, split_largest_remainder

MWH_PER_WH = 1000


@dataclass(frozen=True, slots=True)
class FootprintFigure:
    """Energy of one transaction [milliwatt-hours], as a cited source found it on a day.

    ``consensus_citation`` is the source for the statement that proof of stake uses so little.
    """

    mwh_per_transaction: int
    day: date
    citation: str
    consensus_citation: str

    def __post_init__(self) -> None:
        """Refuse a figure that is only claimed."""
        if self.mwh_per_transaction < 0 or not (self.citation and self.consensus_citation):
            raise InputError(
                "the platform's footprint needs a cited figure and a cited statement",
                rule="report.footprint",
                field="citation",
                value=self.citation,
                remedy="cite source and date",
            )


@dataclass(frozen=True, slots=True)
class Footprint:
    """The platform's own use: energy rounded up to the Wh, carbon rounded up to the mg."""

    transactions: int
    figure: FootprintFigure
    energy_wh: Wh
    carbon_mg: int


def footprint_up(transactions: int, figure: FootprintFigure, grid: GridFactor) -> Footprint:
    """The platform's footprint for its transactions, on the basis of ``grid``."""
    if transactions < 0:
        raise InputError(
            "transactions are counted from zero",
            rule="report.footprint",
            field="transactions",
            value=transactions,
            remedy="count them on chain",
        )
    energy = -(-transactions * figure.mwh_per_transaction // MWH_PER_WH)
    return Footprint(transactions, figure, Wh(energy), -(-energy * grid.mg_per_kwh // 1000))


@dataclass(frozen=True, slots=True)
class ImpactReport:
    """What a community publishes for a period; figures with their factor, year, source, method."""

    community: str
    start_s: int
    end_s: int
    imported_wh: Wh
    exported_wh: Wh
    shared_wh: Wh
    claims: tuple[str, ...]
    carbon_basis: str
    carbon_factors: tuple[str, ...]
    carbon_gross_mg: int
    carbon_plant_mg: int
    carbon_footprint_mg: int
    carbon_net_mg: int
    footprint: str
    bill_savings_ud: Ud
    benefit: Table
    jobs: tuple[Job, ...]


def impact_report(
    community: str,
    start_s: int,
    end_s: int,
    imported_wh: int,
    exported_wh: int,
    shared_wh: int,
    claimed: Claims,
    avoided: Avoided[GridFactor],
    own: Footprint,
    bill_savings_ud: int,
    benefit: Table,
    jobs: Sequence[Job],
) -> ImpactReport:
    """The report of [start_s, end_s).

    Refuses carbon on other energy than what the community may claim.
    """
    if avoided.energy_wh != claimed.own_wh:
        raise InputError(
            "carbon is reported on exactly the energy the community may claim",
            rule="report.claimed",
            field="energy_wh",
            value=avoided.energy_wh,
            remedy=f"take off sold attributes: {claimed.own_wh} Wh are left",
        )
    figure = own.figure
    return ImpactReport(
        community,
        start_s,
        end_s,
        Wh(imported_wh),
        Wh(exported_wh),
        Wh(shared_wh),
        claimed.lines(),
        " and ".join(sorted({grid.basis for grid, _ in avoided.factors})),
        tuple(str(factor) for pair in avoided.factors for factor in pair),
        avoided.gross_mg,
        avoided.plant_mg,
        own.carbon_mg,
        avoided.net_mg - own.carbon_mg,
        f"{own.transactions} transactions x {figure.mwh_per_transaction} mWh = {own.energy_wh} Wh"
        f" ({figure.day.isoformat()}, {figure.citation}; {figure.consensus_citation})",
        Ud(bill_savings_ud),
        benefit,
        tuple(sorted(jobs, key=lambda job: (job.title, job.evidence))),
    )


def report_bytes(report: ImpactReport) -> bytes:
    """The report as canonical JSON: what is hashed and what is published."""
    return json.dumps(
        asdict(report), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def report_hash(report: ImpactReport) -> str:
    """Keccak-256 of the canonical JSON, 64 hex digits, as anchored in ``ImpactReports``."""
    return keccak(report_bytes(report)).hex()


@dataclass(frozen=True, slots=True)
class Version:
    """One published version; ``corrects`` is the hash of the one before, empty for the first."""

    number: int
    hash: str
    corrects: str
    reason: str
    report: ImpactReport


def publish(
    versions: Sequence[Version], report: ImpactReport, reason: str = ""
) -> tuple[Version, ...]:
    """The versions of a period with ``report`` last; the same report again changes nothing.

    A correction names its reason. Earlier versions are kept.
    """
    digest = report_hash(report)
    if versions and versions[-1].hash == digest:
        return tuple(versions)
    if versions:
        first = versions[0].report
        same = (report.community, report.start_s, report.end_s)
        if same != (first.community, first.start_s, first.end_s):
            raise InputError(
                "a correction is of the same community and period",
                rule="report.period",
                field="start_s",
                value=report.start_s,
                remedy="publish another period on its own",
            )
        if not reason:
            raise InputError(
                "a correction says what was corrected",
                rule="report.reason",
                field="reason",
                value="",
                remedy="name the record that changed",
            )
    corrects = versions[-1].hash if versions else ""
    return (*versions, Version(len(versions) + 1, digest, corrects, reason, report))


def verify_versions(versions: Sequence[Version]) -> None:
    """Each version is what its hash says and points at the one before; names the first that not."""
    before = ""
    for number, version in enumerate(versions, start=1):
        found = report_hash(version.report)
        if (version.number, version.hash, version.corrects) != (number, found, before):
            raise VerificationFailed(
                f"version {number} of the report is not what was published",
                rule="report.hash",
                field="hash",
                value=version.hash,
                remedy="compare with the hash on chain",
            )
        before = version.hash


def member_shares(avoided: Avoided[GridFactor], energy_wh: Sequence[int]) -> list[tuple[int, int]]:
    """Each member's (gross, plant) carbon by their energy [mg]; both columns add up exactly."""
    gross = split_largest_remainder(avoided.gross_mg, energy_wh)
    return list(zip(gross, split_largest_remainder(avoided.plant_mg, energy_wh), strict=True))
