"""How commands show what was put right: for programs and for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from sourceenergy.cli.common import out
from sourceenergy.config.community_file import Community
from sourceenergy.node.corrections import shown_correction
from sourceenergy.node.publish import Settled
from sourceenergy.settlement.corrected import Corrected
from sourceenergy.settlement.corrections import CorrectionRun, MemberDelta
from sourceenergy.units import UD_PER_CENT, iso_utc, kwh

SHOWN = 10
"""Records told one by one on a screen; all of them are in the JSON."""

approve_option = click.option(
    "--approve",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="One person's signed word for old corrections (`correct --sign`); give it twice.",
)


def shown_corrected(community: Community, settled: Settled, one: Corrected) -> dict[str, Any]:
    """One earlier period's corrections as a result file holds them, with people's own ids."""
    members = {
        shown.account: member.id
        for member, shown in zip(community.members, settled.period.members, strict=True)
    }
    meters = {
        seen.key: meter.id
        for meter, seen in zip(community.meters, settled.period.meters, strict=True)
    }
    records = [shown_correction(c, meters.get(c.meter, c.meter)) for c in one.run.corrections]
    return shown_run(one, records, {d.account: members.get(d.account) for d in one.run.deltas})


def shown_run(
    one: Corrected, records: list[dict[str, object]], members: dict[str, str | None]
) -> dict[str, Any]:
    """A run with the records it puts right; members' ids by account, None where unknown."""
    run: CorrectionRun = one.run
    return {
        "epoch": one.epoch,
        "start": iso_utc(one.period.start_s),
        "end": iso_utc(one.period.end_s),
        "statement_hash": one.hash,
        "records": records,
        "members": [shown_delta(delta, members[delta.account]) for delta in run.deltas],
        "fees_ud": run.fees_ud,
    }


def shown_delta(delta: MemberDelta, member: str | None) -> dict[str, object]:
    """What moves for one member: energy [Wh], money to the member [ud], the grid's lines [nd]."""
    return {
        "id": member,
        "account": delta.account,
        "imported_wh": delta.imported_wh,
        "exported_wh": delta.exported_wh,
        "from_neighbours_wh": delta.bought_wh + delta.dealt_bought_wh + delta.allocated_wh,
        "to_neighbours_wh": delta.sold_wh + delta.dealt_sold_wh + delta.provided_wh,
        "from_grid_wh": delta.grid_import_wh,
        "to_grid_wh": delta.grid_export_wh,
        "energy_ud": delta.energy_ud,
        "fee_ud": delta.fee_ud,
        "net_ud": delta.net_ud,
        "grid_nd": delta.grid_nd,
    }


def show_corrected(one: dict[str, Any]) -> None:
    """A correction on the screen: the period, its records, and each member's part in cents."""
    records = one["records"]
    out.print(
        f"correction of statement {one['epoch']} ({one['start']} to {one['end']}): "
        f"{len(records)} record{'' if len(records) == 1 else 's'}"
    )
    for record in records[:SHOWN]:
        before, after = record["before"], record["after"]
        refused = f" [bold red]refused: {record['refused']}[/]" if record["refused"] else ""
        out.print(
            f"  {escape(record['meter'])} {record['start']}: {_value(before)} → {_value(after)}"
            f" ({escape(record['reason'])}){refused}"
        )
    if len(records) > SHOWN:
        out.print(f"  and {len(records) - SHOWN} more: see --json or result.json")
    for member in one["members"]:
        name = member["id"] or member["account"]
        out.print(
            f"  {escape(name)}: energy {cents(member['energy_ud'])} ¢, fee"
            f" {cents(member['fee_ud'])} ¢; grid {_signed_kwh(member['from_grid_wh'])} kWh from,"
            f" {_signed_kwh(member['to_grid_wh'])} kWh to it"
        )


def cents(amount_ud: int) -> str:
    """Micro-dollars in cents, exact, with its sign: ``+1.44``."""
    whole, rest = divmod(abs(amount_ud), UD_PER_CENT)
    decimals = f"{rest:04d}".rstrip("0").ljust(2, "0")
    return f"{'-' if amount_ud < 0 else '+'}{whole}.{decimals}"


def _signed_kwh(energy_wh: int) -> str:
    return f"{'-' if energy_wh < 0 else '+'}{kwh(abs(energy_wh))}"


def _value(side: dict[str, Any]) -> str:
    if side["quality"] == "missing":
        return "missing"
    return f"{kwh(side['imported_wh'])}/{kwh(side['exported_wh'])} kWh {side['quality']}"
