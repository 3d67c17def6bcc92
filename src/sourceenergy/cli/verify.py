"""``sourceenergy verify``: for strangers, members and auditors; needs no server of ours."""

from __future__ import annotations

import json
import struct
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.markup import escape

from sourceenergy.audit.checks import (
    Check,
    check_bundle,
    check_chain_of_statements,
    check_member,
    check_member_prices,
    check_public,
)
from sourceenergy.audit.corrections import check_corrections
from sourceenergy.audit.onchain import posted_statements
from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.chain import chain_at
from sourceenergy.cli.common import (
    data_option,
    json_option,
    out,
    rpc_option,
    run,
    telling_errors,
)
from sourceenergy.errors import InputError, VerificationFailed
from sourceenergy.records import PostedStatement
from sourceenergy.settlement.published import PublicPeriod, read_member, read_public

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_BUNDLE = ("period.json", "records.csv", "tariffs.toml")
_SENSELESS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
    RecursionError,
)
"""What values of a wrong type or size lead to; the files are anyone's and may hold anything."""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("verify")
@click.argument("public", type=_FOLDER)
@click.option("--audit", type=_FOLDER, help="The audit bundle's folder: replay the settlement.")
@click.option(
    "--earlier",
    type=_FOLDER,
    multiple=True,
    help="An earlier statement's audit folder, where this one corrects it; may be repeated.",
)
@click.option("--member", type=_FILE, help="A member's own proof.json: prove leaf and bill.")
@click.option(
    "--names",
    type=_FILE,
    help="The operator's pseudonyms.csv: name meters by id instead of pseudonym.",
)
@data_option
@rpc_option
@json_option
@telling_errors
def verify_command(
    public: Path,
    audit: Path | None,
    earlier: tuple[Path, ...],
    member: Path | None,
    names: Path | None,
    data_dir: Path,
    rpc: str | None,
    as_json: bool,
) -> None:
    """Check a settled period against the chain; name what differs, and exit with 1 then.

    PUBLIC is the folder of public files (statement.json, intervals.csv): totals, prices, roots,
    conservation and the chain of statements are checked. With --audit the whole settlement is
    replayed; with --member one member's payout, energy and bill are proven.
    """
    try:
        period = read_public(_files(public, ("statement.json", "intervals.csv")))
        posted = run(_posted(period, data_dir, rpc))
        checks = check_chain_of_statements(posted, period.anchor.chain_id, period.anchor.clearing)
        checks += check_public(period, posted)
        if audit is not None:
            bundle = _files(audit, _BUNDLE)
            checks += check_bundle(bundle, period)
            checks += check_corrections(bundle, [_files(f, _BUNDLE) for f in earlier], posted)
        if member is not None:
            own = read_member(member.read_bytes())
            checks += check_member(own, posted)
            if own.epoch == period.statement.epoch:
                checks += check_member_prices(own, period)
    except VerificationFailed as error:
        checks = [Check("readable", False, str(error))]
    except _SENSELESS as error:
        checks = [Check("readable", False, f"a value in the files makes no sense: {error}")]
    checks = _named(checks, names)
    good = all(check.ok for check in checks)
    if as_json:
        click.echo(json.dumps({"ok": good, "checks": [asdict(check) for check in checks]}))
    else:
        for check in checks:
            mark = "[green]✓[/]" if check.ok else "[bold red]✗[/]"
            out.print(f"{mark} {check.name}: {escape(check.detail)}")
        out.print("[bold green]verified[/]" if good else "[bold red]NOT verified[/]")
    if not good:
        sys.exit(1)


def _files(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


async def _posted(
    period: PublicPeriod, data_dir: Path, rpc_url: str | None
) -> list[PostedStatement]:
    if rpc_url is None and not (data_dir / "chain").is_dir():
        raise InputError(
            "no chain to check against",
            rule="verify.chain",
            field="--rpc",
            remedy="give the address of a node of the chain with --rpc",
        )
    async with chain_at(rpc_url, data_dir) as (url, _), Rpc(url) as rpc:
        chain_id = await rpc.chain_id()
        if chain_id != period.anchor.chain_id:
            raise VerificationFailed(
                "the files are of another chain",
                rule="verify.chain",
                field="chain_id",
                value=chain_id,
                remedy=f"give a node of chain {period.anchor.chain_id} with --rpc",
            )
        return await posted_statements(rpc, period.anchor.clearing, period.anchor.community)


def _named(checks: list[Check], names: Path | None) -> list[Check]:
    if names is None:
        return checks
    known = {}
    for line in names.read_text(encoding="utf-8").splitlines()[1:]:
        _, name, pseudonym, *_ = line.split(",")
        known[pseudonym] = name
    for pseudonym, name in known.items():
        checks = [Check(c.name, c.ok, c.detail.replace(pseudonym, name)) for c in checks]
    return checks
