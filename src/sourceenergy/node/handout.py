"""Everything an operator hands out after settling a period: statements, reports, proof files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sourceenergy.config.community_file import Community
from sourceenergy.config.tariff_file import parse_charges
from sourceenergy.metering.intervals import Completeness
from sourceenergy.node.publish import Settled
from sourceenergy.records import Mode
from sourceenergy.reports.community_chart import community_chart
from sourceenergy.reports.community_report import (
    MemberLabel,
    community_csv,
    community_json,
    community_report,
)
from sourceenergy.reports.completeness import completeness_csv, completeness_text
from sourceenergy.reports.language import Language
from sourceenergy.reports.local_days import local_days
from sourceenergy.reports.member_statement import member_statement
from sourceenergy.reports.statement_csv import intervals_csv, statement_csv
from sourceenergy.reports.statement_json import statement_json
from sourceenergy.reports.statement_pdf import statement_pdf
from sourceenergy.settlement.bundle import SHORT
from sourceenergy.settlement.published import Anchor


def handout(
    community: Community,
    settled: Settled,
    anchor: Anchor,
    completeness: Sequence[Completeness],
    *,
    posted: bool,
    progress: Callable[[str], None],
) -> dict[str, bytes]:
    """All files by relative name: audit, public, members, report, and the operator's own."""
    period, settlement, statement = settled.period, settled.settlement, settled.statement
    local = local_days(period, community.time_zone)
    simulated = community.mode is Mode.SIMULATION
    charges = parse_charges(settled.files["audit/tariffs.toml"].decode(), "tariffs.toml")
    files = dict(settled.files)
    for index, member in enumerate(community.members):
        progress(f"statement of {member.id}")
        own = member_statement(
            period,
            settlement,
            anchor,
            statement,
            index,
            name=member.name,
            member_id=member.id,
            local=local,
            time_zone=community.time_zone,
            simulated=simulated,
            posted=posted,
            language=Language(member.language),
            charges=charges,
            corrected=settled.corrected,
        )
        files[f"members/{member.id}/statement.pdf"] = statement_pdf(own)
        files[f"members/{member.id}/statement.csv"] = statement_csv(own)
        files[f"members/{member.id}/statement.json"] = statement_json(own)
        files[f"members/{member.id}/intervals.csv"] = intervals_csv(own)
    progress("community report")
    report = community_report(
        period,
        settlement,
        anchor,
        statement,
        labels=[MemberLabel(member.id, member.name) for member in community.members],
        completeness=completeness,
        local=local,
        time_zone=community.time_zone,
        simulated=simulated,
        posted=posted,
    )
    chart = community_chart(report)
    files["report/community.json"] = community_json(report)
    files["report/community.csv"] = community_csv(report)
    files["report/community.pdf"] = chart.pdf
    files["report/community.png"] = chart.png
    span = (period.start_s, period.end_s, period.seconds)
    files["report/completeness.txt"] = completeness_text(completeness, *span, community.time_zone)
    files["report/completeness.csv"] = completeness_csv(
        completeness, period.seconds, community.time_zone
    )
    files["operator/pseudonyms.csv"] = _pseudonyms(community, settled)
    return files


def _pseudonyms(community: Community, settled: Settled) -> bytes:
    """Who is behind a pseudonym; for the operator alone."""
    rows = ["kind,id,pseudonym,account"]
    for member, shown in zip(community.members, settled.period.members, strict=True):
        rows.append(f"member,{member.id},{shown.key[:SHORT]},{shown.account}")
    for meter, seen in zip(community.meters, settled.period.meters, strict=True):
        rows.append(f"meter,{meter.id},{seen.key[:SHORT]},")
    return ("\n".join(rows) + "\n").encode()
