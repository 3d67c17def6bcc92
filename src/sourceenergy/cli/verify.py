"""``sourceenergy verify``: for strangers, members and auditors; needs no server of ours."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from sourceenergy.audit.attached import check_anchors
from sourceenergy.audit.checks import (
    Check,
    check_chain_of_statements,
    check_member,
    check_member_prices,
    check_public,
    replay_bundle,
)
from sourceenergy.audit.corrections import check_corrections
from sourceenergy.audit.dispute import INDEX, unzipped
from sourceenergy.audit.dispute_checks import NOT_ASKED, check_dispute, public_of
from sourceenergy.audit.evidence import BUNDLE_FILES, EVIDENCE_FILES, check_evidence
from sourceenergy.audit.lines import SENSELESS
from sourceenergy.audit.onchain import posted_statements
from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.chain import chain_at
from sourceenergy.cli.common import (
    Steps,
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
PUBLIC_FILES = ("statement.json", "intervals.csv")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("verify")
@click.argument("public", type=_FOLDER, required=False)
@click.option("--audit", type=_FOLDER, help="The audit bundle's folder: replay the settlement.")
@click.option(
    "--earlier",
    type=_FOLDER,
    multiple=True,
    help="An earlier statement's audit folder, where this one corrects it; may be repeated.",
)
@click.option(
    "--evidence",
    type=_FOLDER,
    help="The evidence's folder: check every record [default: evidence beside the bundle].",
)
@click.option(
    "--anchors",
    type=_FILE,
    help="JSON of what other contracts hold (docs/proof.md): compare the evidence with it.",
)
@click.option(
    "--dispute",
    type=_FILE,
    help="A dispute bundle, instead of PUBLIC: check it without a network (--rpc asks the chain).",
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
    public: Path | None,
    audit: Path | None,
    earlier: tuple[Path, ...],
    evidence: Path | None,
    anchors: Path | None,
    dispute: Path | None,
    member: Path | None,
    names: Path | None,
    data_dir: Path,
    rpc: str | None,
    as_json: bool,
) -> None:
    """Check a settled period against the chain; name what differs, and exit with 1 then.

    PUBLIC is the folder of public files (statement.json, intervals.csv): totals, prices, roots,
    conservation and the chain of statements are checked. With --audit the whole settlement is
    replayed and every record of the evidence checked; with --member one member's payout, energy
    and bill are proven.
    """
    steps = Steps(as_json or not sys.stderr.isatty())
    if (public is None) == (dispute is None):
        raise InputError(
            "either a folder of public files is checked or a dispute bundle",
            rule="verify.what",
            field="PUBLIC",
            remedy="name the folder, or give --dispute and the file",
        )
    if audit is None and (evidence or anchors or earlier):
        raise InputError(
            "evidence is checked together with its audit bundle",
            rule="verify.audit",
            field="--audit",
            remedy="give the bundle's folder with --audit",
        )
    unchecked: list[str] = []
    try:
        if dispute is not None:
            checks = _disputed(dispute, data_dir, rpc, unchecked)
        else:
            assert public is not None
            checks = _settled(
                *(public, audit, evidence, anchors, member, (data_dir, rpc), steps), earlier
            )
    except VerificationFailed as error:
        checks = [Check("readable", False, str(error))]
    except SENSELESS as error:
        checks = [Check("readable", False, f"a value in the files makes no sense: {error}")]
    checks = _named(checks, names)
    good = all(check.ok for check in checks)
    if as_json:
        told: dict[str, Any] = {"ok": good, "checks": [asdict(check) for check in checks]}
        click.echo(json.dumps(told | ({"unchecked": unchecked} if unchecked else {})))
    else:
        for check in checks:
            mark = "[green]✓[/]" if check.ok else "[bold red]✗[/]"
            out.print(f"{mark} {check.name}: {escape(check.detail)}")
        for text in unchecked:
            out.print(f"[yellow]?[/] {escape(text)}")
        out.print("[bold green]verified[/]" if good else "[bold red]NOT verified[/]")
    if not good:
        sys.exit(1)


def _settled(
    public: Path,
    audit: Path | None,
    evidence: Path | None,
    anchors: Path | None,
    member: Path | None,
    chain: tuple[Path, str | None],
    steps: Steps,
    earlier: tuple[Path, ...],
) -> list[Check]:
    period = read_public(_files(public, PUBLIC_FILES))
    posted = run(_posted(period, *chain))
    checks = check_chain_of_statements(posted, period.anchor.chain_id, period.anchor.clearing)
    checks += check_public(period, posted)
    if audit is not None:
        checks += _audited(public, audit, evidence or audit.parent / "evidence", anchors, steps)
        before = [_files(folder, BUNDLE_FILES) for folder in earlier]
        checks += check_corrections(_files(audit, BUNDLE_FILES), before, posted)
    if member is not None:
        own = read_member(member.read_bytes())
        checks += check_member(own, posted)
        if own.epoch == period.statement.epoch:
            checks += check_member_prices(own, period)
    return checks


def _disputed(dispute: Path, data_dir: Path, rpc: str | None, unchecked: list[str]) -> list[Check]:
    """A dispute bundle; the chain is asked only where its address was given."""
    files = unzipped(dispute.read_bytes())
    if rpc is not None:
        return check_dispute(files, run(_posted(public_of(files), data_dir, rpc)))
    checks = check_dispute(files, None)
    posted = json.loads(files[INDEX])["posted"]
    where = (
        f"the bundle says block {posted['block']}, transaction {posted['transaction']}"
        if posted
        else "the bundle does not say that it is"
    )
    unchecked.append(f"{NOT_ASKED}: not checked without a network; {where}; ask with --rpc")
    return checks


def _audited(
    public: Path, audit: Path, evidence: Path, anchors: Path | None, steps: Steps
) -> list[Check]:
    """Replay the bundle, then check every record of the evidence."""
    bundle = _files(audit, BUNDLE_FILES)
    published = _files(public, PUBLIC_FILES)
    period = read_public(published)
    steps("replaying the settlement")
    checks, replay = replay_bundle(bundle, period)
    files = {f"audit/{name}": data for name, data in bundle.items()}
    files |= {f"public/{name}": data for name, data in published.items()}
    names = [name.removeprefix("evidence/") for name in EVIDENCE_FILES]
    files |= {f"evidence/{name}": data for name, data in _files(evidence, names).items()}
    checks += check_evidence(files, period, replay, steps)
    if anchors is not None:
        checks += check_anchors(files, json.loads(anchors.read_bytes()))
    return checks


def _files(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
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
