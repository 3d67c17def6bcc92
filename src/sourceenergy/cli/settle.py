"""``sourceenergy settle``: a month (or a year) of meter files becomes money and proof."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.chain import chain_at
from sourceenergy.cli.common import (
    Steps,
    data_option,
    err,
    json_option,
    out,
    rpc_option,
    run,
    set_up_logging,
    slug,
    telling_errors,
)
from sourceenergy.cli.corrected import approve_option, show_corrected, shown_corrected
from sourceenergy.cli.span import local_span
from sourceenergy.errors import NotPermitted
from sourceenergy.node.approvals import read_approvals
from sourceenergy.node.batch import BatchPlace, Loaded, load, settle_batch
from sourceenergy.node.corrections import Approvals
from sourceenergy.node.handout import handout
from sourceenergy.node.onchain import OnChain, Terms
from sourceenergy.node.publish import Settled, kept, remember
from sourceenergy.node.settled_periods import keep_bundle
from sourceenergy.reports.community_report import residuals
from sourceenergy.reports.writing import write_tree
from sourceenergy.settlement.bundle import canonical_json
from sourceenergy.settlement.published import Anchor
from sourceenergy.store.sqlite import Store
from sourceenergy.units import dollars, iso_utc, kwh

UNPOSTED = Anchor(0, "0x" + "00" * 20, "0x" + "00" * 32)
"""Where a dry run's statement would live: nowhere yet."""


@click.command("settle")
@click.argument("community", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "start", required=True, help="First local day, for example 2026-01-01.")
@click.option("--to", "end", required=True, help="Day after the last one, for example 2026-02-01.")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for statements and reports [default: statements/FROM beside the file].",
)
@approve_option
@click.option(
    "--attach",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of further evidence (ledger rows, certificates, policies, reports) the statement"
    " covers [default: evidence/FROM beside the file, if it is there].",
)
@data_option
@rpc_option
@click.option("--dry-run", is_flag=True, help="Settle and write everything, post nothing.")
@click.option("--verbose", is_flag=True, help="Log what happens, not only what goes wrong.")
@json_option
@telling_errors
def settle_command(
    community: Path,
    start: str,
    end: str,
    folder: Path | None,
    approve: tuple[Path, ...],
    attach: Path | None,
    data_dir: Path,
    rpc: str | None,
    dry_run: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Settle meter files for a span: share energy, price it, pay it, prove it.

    COMMUNITY names members, meters (Green Button or CSV files), tariffs and the mode. Written are
    a statement for each member (PDF, CSV), the community's report, the audit bundle, and the
    public files that anyone can check with `sourceenergy verify`. The same input a second time
    changes nothing; a settled span is never overwritten: what its meter files tell otherwise now
    is corrected in this statement, as `sourceenergy correct` shows beforehand.
    """
    set_up_logging(verbose)
    steps = Steps(as_json)
    span = local_span(community, start, end)
    approvals = read_approvals(approve)
    usual = community.parent / "evidence" / start
    loaded = load(community, *span, steps, attach or (usual if usual.is_dir() else None))
    for warning in loaded.warnings:
        err.print(f"[yellow]note:[/] {escape(warning)}")
    target = folder or community.parent / "statements" / start
    result = run(_settle(loaded, approvals, data_dir, rpc, target, dry_run, steps))
    write_tree(target, {"result.json": canonical_json(result)})
    if as_json:
        click.echo(json.dumps(result))
        return
    _show(result, target)


async def _settle(
    loaded: Loaded,
    approvals: Approvals,
    data_dir: Path,
    rpc_url: str | None,
    target: Path,
    dry_run: bool,
    steps: Steps,
) -> dict[str, Any]:
    home = data_dir / "communities" / slug(loaded.community.name)
    store = Store(home / "node.sqlite")
    try:
        if dry_run:
            place = BatchPlace(store, data_dir / "chain" / "keys", "0x" + "00" * 20, UNPOSTED)
            settled = _settled(loaded, approvals, place, steps)
            _check_free(target, settled)
            _write(loaded, settled, UNPOSTED, target, steps, posted=False)
            return _result(loaded, settled, None)
        async with chain_at(rpc_url, data_dir) as (url, local), Rpc(url) as rpc:
            steps("chain: contracts and community")
            intents = Store(data_dir / "chain" / "intents.sqlite")
            try:
                onchain = await OnChain.connect(
                    rpc, data_dir / "chain", intents, loaded.community.name, Terms(), local
                )
                for item in await onchain.posted():
                    if item.vetoed:
                        store.mark_vetoed(item.statement.epoch, item.statement.epoch)
                operator = onchain.operator.account.address.lower()
                place = BatchPlace(store, data_dir / "chain" / "keys", operator, onchain.anchor)
                settled = _settled(loaded, approvals, place, steps)
                kept(store, settled)
                _check_free(target, settled)
                accounts = [member.account for member in settled.period.members]
                steps("chain: passports")
                await onchain.issue_passports([*accounts, operator])
                # Files before the chain: what is posted can always be proven, and corrected.
                keep_bundle(store, settled)
                _write(loaded, settled, onchain.anchor, target, steps, posted=True)
                remember(store, settled)
                steps("chain: collecting what members owe")
                key = f"{onchain.anchor.community}:{settled.statement.epoch}"
                await onchain.deposit(key, await _outstanding(onchain, settled))
                steps("chain: posting the statement")
                posted = await onchain.post(settled.statement)
                store.mark_posted(
                    settled.statement.epoch, posted.block, posted.transaction, posted.live_at_s
                )
            finally:
                intents.close()
        return _result(
            loaded,
            settled,
            {
                "block": posted.block,
                "transaction": posted.transaction,
                "live_at_s": posted.live_at_s,
            },
        )
    finally:
        store.close()


async def _outstanding(onchain: OnChain, settled: Settled) -> dict[str, int]:
    """What is still to be deposited [ud]; what a vetoed statement collected is there already."""
    return {
        account: settled.settlement.closing[account].deposited_ud
        - await onchain.deposited_ud(account)
        for account in settled.settlement.deposits_ud
    }


def _settled(loaded: Loaded, approvals: Approvals, place: BatchPlace, steps: Steps) -> Settled:
    steps(f"settling {loaded.records.imported.shape[0]} intervals of {len(loaded.files)} meters")
    settled, notes = settle_batch(loaded, place, approvals)
    for note in notes:
        err.print(f"[yellow]note:[/] {escape(note)}")
    return settled


def _check_free(target: Path, settled: Settled) -> None:
    """Refuse a folder that holds what was posted of another settlement."""
    try:
        result = json.loads((target / "result.json").read_text(encoding="utf-8"))
        other = result["posted"] is not None and result["statement_hash"] != settled.hash
    except (OSError, ValueError, KeyError, TypeError):
        return
    if other:
        raise NotPermitted(
            "the folder holds the files of a statement that was posted",
            rule="statement.immutable",
            field="--out",
            value=target,
            remedy="name another folder with --out",
        )


def _write(
    loaded: Loaded, settled: Settled, anchor: Anchor, target: Path, steps: Steps, *, posted: bool
) -> None:
    files = handout(
        loaded.community, settled, anchor, loaded.completeness, posted=posted, progress=steps
    )
    changed = write_tree(target, files)
    steps(f"{len(changed)} of {len(files)} files written to {target}")


def _result(loaded: Loaded, settled: Settled, posted: dict[str, Any] | None) -> dict[str, Any]:
    settlement, statement = settled.settlement, settled.statement
    return {
        "community": loaded.community.name,
        "mode": loaded.community.mode.value,
        "epoch": statement.epoch,
        "start": iso_utc(statement.start_s),
        "end": iso_utc(statement.end_s),
        "intervals": len(settlement.prices),
        "statement_hash": settled.hash,
        "posted": posted,
        "imported_wh": statement.imported_wh,
        "exported_wh": statement.exported_wh,
        "local_wh": statement.local_wh,
        "deposits_ud": statement.deposits_ud,
        "payouts_ud": statement.payouts_ud,
        "fees_ud": settlement.fees_ud,
        "incentives_ud": settlement.incentives_ud,
        "residuals": residuals(settlement),
        "quality": [
            {
                "meter": c.meter,
                "expected": c.expected,
                "measured": c.measured,
                "replaced": c.replaced,
                "estimated": c.estimated,
                "missing": c.missing,
                "missing_spans": [[iso_utc(a), iso_utc(b)] for a, b in c.missing_spans],
            }
            for c in loaded.completeness
        ],
        "warnings": list(loaded.warnings),
        "corrections": [
            shown_corrected(loaded.community, settled, one) for one in settled.corrected
        ],
        "members": [
            {
                "id": member.id,
                "account": shown.account,
                "imported_wh": ledger.imported_wh,
                "exported_wh": ledger.exported_wh,
                "bought_wh": ledger.bought_wh,
                "sold_wh": ledger.sold_wh,
                "dealt_bought_wh": ledger.dealt_bought_wh,
                "dealt_sold_wh": ledger.dealt_sold_wh,
                "allocated_wh": ledger.allocated_wh,
                "provided_wh": ledger.provided_wh,
                "incentive_ud": ledger.incentive_ud,
                "net_ud": ledger.net_ud,
                "cost_nd": ledger.cost_nd,
                "grid_only_nd": ledger.grid_only_nd,
                "saving_nd": ledger.saving_nd,
            }
            for member, shown, ledger in zip(
                loaded.community.members, settled.period.members, settlement.ledgers, strict=True
            )
        ],
    }


def _show(result: dict[str, Any], target: Path) -> None:
    table = Table(
        title=f"{escape(result['community'])}: {result['start']} to {result['end']} (UTC)"
    )
    for heading in ("member", "used kWh", "from neighbours", "to neighbours", "net", "saving"):
        table.add_column(heading, justify="left" if heading == "member" else "right")
    for row in result["members"]:
        table.add_row(
            row["id"],
            kwh(row["imported_wh"]),
            kwh(row["bought_wh"] + row["dealt_bought_wh"] + row["allocated_wh"]),
            kwh(row["sold_wh"] + row["dealt_sold_wh"] + row["provided_wh"]),
            dollars(row["net_ud"]),
            dollars(row["saving_nd"] // 1000),
        )
    out.print(table)
    for corrected in result["corrections"]:
        show_corrected(corrected)
    missing = sum(row["missing"] for row in result["quality"])
    if missing:
        out.print(f"{missing} meter intervals are missing and were not settled: see report/")
    out.print(
        f"shared {kwh(result['local_wh'])} kWh; fees {dollars(result['fees_ud'])};"
        f" residuals {result['residuals']}; mode {result['mode']}"
    )
    if result["posted"] is None:
        out.print("dry run: nothing was posted")
    else:
        out.print(
            f"statement {result['epoch']} is in block {result['posted']['block']}:"
            f" {result['statement_hash']}"
        )
    out.print(f"files: {target}")
