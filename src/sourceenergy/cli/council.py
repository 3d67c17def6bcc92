"""``sourceenergy council``: propose, vote, queue, execute; parameters and countries' rules."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ParamSpec

import click

from sourceenergy.chain.deeds import Deed, deed_of, parse_deed
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.officer import Done
from sourceenergy.chain.proposal_checks import execute_by_s, executed_least_s, parameters_now
from sourceenergy.chain.proposals import (
    Draft,
    Proposal,
    Status,
    Vote,
    cancel,
    execute,
    find_proposal,
    proposals,
    propose,
    queue,
    status_of,
    vote,
)
from sourceenergy.chain.rule_packs import rules_acts
from sourceenergy.chain.steps import resolve
from sourceenergy.cli.common import (
    data_option,
    json_option,
    rpc_option,
    run,
    set_up_logging,
    telling_errors,
)
from sourceenergy.cli.country_rules import rules_command
from sourceenergy.cli.powers import acting, key_option, read_file, seeing, tell
from sourceenergy.config.rule_pack import RulePackFile, parse_rule_pack
from sourceenergy.errors import InputError, VerificationFailed
from sourceenergy.proofs import keccak
from sourceenergy.units import iso_utc

SEAT = "council-1"
_GOAL_BYTES = 32
P = ParamSpec("P")
_file = click.Path(dir_okay=False, path_type=Path)


def _on_a_proposal(function: Callable[P, None]) -> Callable[P, None]:
    """The arguments of a verb that is told the proposal and nothing else."""
    command = telling_errors(function)
    for option in (json_option, rpc_option, data_option, key_option, click.argument("proposal")):
        command = option(command)
    return command


@click.group("council")
def council_command() -> None:
    """Propose, vote, queue, execute: how every power that is no officer's is used.

    A proposal says what is done (CONTRACT.function(values), as `sourceenergy power --help` has
    it), why, on which data it relies (the Keccak-256 of a file goes on chain) and which goal it
    serves. Notice, vote and time lock take their time; another seat than the proposer's executes.
    It is refused beforehand what the contracts would refuse then.

    \b
    Change a parameter:
      sourceenergy council parameters
      sourceenergy council propose 'Policy.set(LoanRate, 450, 2026-12-15T00:00Z)'
        --why "Loans cost what the market asks." --basis snapshot.json --goal "keep the reserve"
        --key seat-1.key
      sourceenergy council vote NUMBER for --key seat-2.key
      sourceenergy council status                  what is next, from which second on
      sourceenergy council queue NUMBER --key seat-2.key
      sourceenergy council execute NUMBER --key seat-2.key

    \b
    Set a country's rules (docs/deploy.md has the file's form):
      sourceenergy council propose --rules germany.toml --key seat-1.key
      sourceenergy council rules 276 --turn-over   once they are in force
    """  # noqa: D301 - click reads \b as "keep these lines"


council_command.add_command(rules_command)


@council_command.command("parameters")
@data_option
@rpc_option
@json_option
@telling_errors
def parameters_command(data_dir: Path, rpc: str | None, as_json: bool) -> None:
    """Each parameter of Policy: its value, and what a proposal may set it to."""
    set_up_logging(False)
    rows = run(_parameters(data_dir, rpc))
    tell(
        {"parameters": rows},
        as_json,
        *(
            f"{row['name']}: {row['value']}; set last {row['last']} from {row['last_from']}; "
            f"next {row['next_least']} to {row['next_most']} (never outside {row['least']} to "
            f"{row['most']}, by {row['step']} at a time)"
            for row in rows
        ),
    )


@council_command.command("propose")
@click.argument("deeds", nargs=-1, metavar="DEED…")
@click.option("--rules", "rules_file", type=_file, help="A country's rule pack, as TOML.")
@click.option("--why", help="Plain words for everybody. [default for --rules: its sources]")
@click.option(
    "--basis", type=_file, help="The data it relies on. [default for --rules: the rule pack]"
)
@click.option("--goal", help="What it serves, 32 bytes at most. [default for --rules: its country]")
@key_option
@data_option
@rpc_option
@json_option
@telling_errors
def propose_command(
    deeds: tuple[str, ...],
    rules_file: Path | None,
    why: str | None,
    basis: Path | None,
    goal: str | None,
    key_file: Path | None,
    data_dir: Path,
    rpc: str | None,
    as_json: bool,
) -> None:
    """Propose DEEDs, or a country's rules. Asked twice it is one proposal."""
    set_up_logging(False)
    told = run(_propose(deeds, rules_file, (why, basis, goal), key_file, data_dir, rpc))
    how = "proposed" if told["new"] else "is proposed already"
    must = f", and has to be by {told['execute_by']}" if told["execute_by"] else ""
    tell(
        told,
        as_json,
        f"{how}: {told['proposal']}",
        *told["deeds"],
        f"data {told['data_hash']}, goal {told['goal']}",
        f"vote from {told['vote_from']} to {told['vote_until']}",
        *([f"it can be executed from {told['execute_from']} on{must}"] if told["new"] else []),
    )


@council_command.command("status")
@click.argument("proposal", required=False)
@click.option("--basis", type=_file, help="Is this file the data PROPOSAL relies on?")
@data_option
@rpc_option
@json_option
@telling_errors
def status_command(
    proposal: str | None, basis: Path | None, data_dir: Path, rpc: str | None, as_json: bool
) -> None:
    """Where PROPOSAL stands (the first digits are enough), or all of them; what is next, when."""
    set_up_logging(False)
    rows = run(_status(proposal, basis, data_dir, rpc))
    lines = [line for row in rows for line in _lines(row)]
    tell({"proposals": rows}, as_json, *(lines or ["nothing was proposed"]))


@council_command.command("vote")
@click.argument("proposal")
@click.argument("how", type=click.Choice([v.name.lower() for v in Vote]))
@click.option("--reason", default="", help="Plain words; they go on chain.")
@key_option
@data_option
@rpc_option
@json_option
@telling_errors
def vote_command(
    proposal: str,
    how: str,
    reason: str,
    key_file: Path | None,
    data_dir: Path,
    rpc: str | None,
    as_json: bool,
) -> None:
    """Cast the vote of the key's seat, once."""

    async def cast(gateway: Gateway, manifest: Manifest, found: Proposal) -> Done:
        return await vote(gateway, manifest, found, Vote[how.upper()], reason)

    _act(f"voted {how}", proposal, cast, key_file, data_dir, rpc, as_json)


@council_command.command("queue")
@_on_a_proposal
def queue_command(
    proposal: str, key_file: Path | None, data_dir: Path, rpc: str | None, as_json: bool
) -> None:
    """Put a proposal that passed into the time lock."""
    _act("queued", proposal, queue, key_file, data_dir, rpc, as_json)


@council_command.command("execute")
@_on_a_proposal
def execute_command(
    proposal: str, key_file: Path | None, data_dir: Path, rpc: str | None, as_json: bool
) -> None:
    """Execute a proposal whose time lock is over; not with the proposer's key."""
    _act("executed", proposal, execute, key_file, data_dir, rpc, as_json)


@council_command.command("cancel")
@_on_a_proposal
def cancel_command(
    proposal: str, key_file: Path | None, data_dir: Path, rpc: str | None, as_json: bool
) -> None:
    """Take a proposal back before its vote begins; only its proposer may."""
    _act("taken back", proposal, cancel, key_file, data_dir, rpc, as_json)


# --- what each does -----------------------------------------------------------------------------

_Step = Callable[[Gateway, Manifest, Proposal], Awaitable[Done]]


def _act(
    verb: str,
    proposal: str,
    step: _Step,
    key_file: Path | None,
    data_dir: Path,
    rpc_url: str | None,
    as_json: bool,
) -> None:
    async def go() -> dict[str, Any]:
        async with acting(data_dir, rpc_url, key_file, SEAT) as (gateway, manifest):
            found = await find_proposal(gateway.rpc, manifest, proposal)
            done = await step(gateway, manifest, found)
            status = await status_of(gateway.rpc, manifest, found)
            return _row(status, manifest) | {
                "block": done.block,
                "transaction": done.transaction,
                "new": done.is_new,
            }

    set_up_logging(False)
    told = run(go())
    how = verb if told["new"] else f"was {verb} already"
    tell(told, as_json, f"{how}, block {told['block']}", *_lines(told))


async def _parameters(data_dir: Path, rpc_url: str | None) -> list[dict[str, Any]]:
    async with seeing(data_dir, rpc_url) as seen:
        return [
            {
                "name": one.name,
                "value": one.value,
                "last": one.last,
                "last_from": iso_utc(one.last_from_s),
                "least": one.least,
                "most": one.most,
                "step": one.step,
                "next_least": one.next_least,
                "next_most": one.next_most,
            }
            for one in await parameters_now(seen.rpc, seen.manifest)
        ]


async def _propose(
    texts: tuple[str, ...],
    rules_file: Path | None,
    said: tuple[str | None, Path | None, str | None],
    key_file: Path | None,
    data_dir: Path,
    rpc_url: str | None,
) -> dict[str, Any]:
    why, basis, goal = said
    pack = None
    if rules_file is not None:
        content = read_file(rules_file, "--rules").decode("utf-8", errors="replace")
        pack = parse_rule_pack(content, rules_file.name)
        why = why or _why(pack)
        basis = basis or rules_file
        goal = goal or f"rules of country {pack.country}"
    if not why or basis is None or not goal:
        raise InputError(
            "a proposal says why, on which data, and for which goal",
            rule="council.basis",
            field="--why, --basis, --goal",
            remedy="give all three; the file of --basis stays with you, its hash goes on chain",
        )
    if len(goal.encode()) > _GOAL_BYTES:
        raise InputError(
            "the goal is too long",
            rule="council.goal",
            field="--goal",
            value=goal,
            remedy=f"say it in {_GOAL_BYTES} bytes; --why takes more",
        )
    data = keccak(read_file(basis, "--basis"))
    async with acting(data_dir, rpc_url, key_file, SEAT) as (gateway, manifest):
        deeds = [parse_deed(text, manifest) for text in texts]
        deeds += _rule_deeds(pack, manifest) if pack is not None else []
        draft = Draft(tuple(deeds), why, data, goal.encode().ljust(_GOAL_BYTES, b"\0"))
        least_s = await executed_least_s(gateway.rpc, manifest)
        proposal, is_new = await propose(gateway, manifest, draft)
        by_s = execute_by_s(deeds)
        return _row(await status_of(gateway.rpc, manifest, proposal), manifest) | {
            "execute_from": iso_utc(least_s),
            "execute_by": None if by_s is None else iso_utc(by_s),
            "new": is_new,
        }


def _rule_deeds(pack: RulePackFile, manifest: Manifest) -> list[Deed]:
    if pack.from_s is None:
        raise InputError(
            "the pack does not say from when on it is in force",
            rule="rule_pack.in_force",
            field="in_force",
            value=pack.name,
            remedy="add in_force = 2026-12-31T23:00:00Z, some days after it can be executed",
        )
    return [
        deed_of(act.target, act.function, resolve(act.arguments, {}), manifest)
        for act in rules_acts(pack, pack.from_s)
    ]


def _why(pack: RulePackFile) -> str:
    began = "" if pack.from_s is None else f" from {iso_utc(pack.from_s)} on"
    lines = [f"Rules of {pack.name} ({pack.country}){began}."]
    lines += [
        f"{', '.join(source.of)}: {source.says} ({source.where}, read {source.on.isoformat()})"
        for source in pack.sources
    ]
    return "\n".join(lines)


async def _status(
    text: str | None, basis: Path | None, data_dir: Path, rpc_url: str | None
) -> list[dict[str, Any]]:
    async with seeing(data_dir, rpc_url) as seen:
        if text is None:
            found = await proposals(seen.rpc, seen.manifest)
        else:
            found = [await find_proposal(seen.rpc, seen.manifest, text)]
        rows = [_row(await status_of(seen.rpc, seen.manifest, one), seen.manifest) for one in found]
    if basis is not None:
        hash_ = "0x" + keccak(read_file(basis, "--basis")).hex()
        if text is None or rows[0]["data_hash"] != hash_:
            raise VerificationFailed(
                "this is not the data the proposal relies on",
                rule="council.data",
                field="--basis",
                value=hash_,
                remedy="name one proposal, and ask its proposer for the file with the hash it has",
            )
    return rows


def _row(status: Status, manifest: Manifest) -> dict[str, Any]:
    proposal = status.proposal
    return {
        "proposal": str(proposal.id),
        "proposer": proposal.proposer,
        "state": status.state.name.lower(),
        "deeds": proposal.told(manifest),
        "text": proposal.text,
        "data_hash": status.data_hash,
        "goal": status.goal,
        "votes": {how.name.lower(): count for how, count in status.votes.items()},
        "quorum": status.quorum,
        "vote_from": iso_utc(proposal.vote_start_s + 1),
        "vote_until": iso_utc(proposal.vote_end_s),
        "next": status.next_step,
        "next_from_s": status.earliest_s,
        "next_from": None if status.earliest_s is None else iso_utc(status.earliest_s),
    }


def _lines(row: dict[str, Any]) -> list[str]:
    votes = ", ".join(f"{count} {how}" for how, count in row["votes"].items())
    needed = f"; {row['quorum']} have to take part" if row["quorum"] else ""
    after = f"next: {row['next']}, from {row['next_from']} on" if row["next"] else "over"
    return [
        f"proposal {row['proposal']}: {row['state']}, {after}",
        *(f"  {deed}" for deed in row["deeds"]),
        f"  {votes}{needed}; goal {row['goal']}, data {row['data_hash']}",
    ]
