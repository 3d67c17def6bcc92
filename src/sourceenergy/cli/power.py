"""``sourceenergy power``: what officers may do on chain, and their acts that have to wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sourceenergy.chain.contracts import artifact
from sourceenergy.chain.deeds import Deed, parse_deed, read_deed
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.officer import (
    ActState,
    ScheduledAct,
    cancel,
    described,
    execute,
    find_act,
    schedule,
    scheduled_acts,
)
from sourceenergy.chain.rights import Rights, all_holders, rights_in, rights_of, seats_of
from sourceenergy.chain.roles import Role
from sourceenergy.cli.common import (
    data_option,
    json_option,
    local_day,
    rpc_option,
    run,
    set_up_logging,
    telling_errors,
)
from sourceenergy.cli.powers import Seen, acting, key_option, seeing, tell
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.units import iso_utc

OFFICER = "officer"


@click.group("power")
def power_command() -> None:
    """Do on chain what a role allows: look, schedule, wait, execute, cancel.

    An act is written as it reads: CONTRACT.function(values). A contract is named as in
    DATA/chain/manifest.json; a community's own as Clearing@0x…. A value may be a number, a span
    (48h, 7d), a time with offset, "text", true, an address or a contract's name, max, a list
    [a, b], a struct (a, b), and may be given by name: delay=48h.

    Acts that are not daily work wait the role's delay (48 h on public chains), in which a guardian
    may cancel. Asking twice does it once.

    \b
    Open a community:
      sourceenergy power show ClearingFactory.open
      sourceenergy power schedule 'ClearingFactory.open("Maple Street", operator=0x…,
        guardian=0x…, verifier=QuorumVerifier, delay=24h, exitWindow=14d)' --key officer.key
      sourceenergy power list                      what waits, and until when
      sourceenergy power execute 0x…  --key officer.key
      sourceenergy power cancel 0x…  --key guardian.key
    """  # noqa: D301 - click reads \b as "keep these lines"


@power_command.command("show")
@click.argument("what", required=False)
@data_option
@rpc_option
@json_option
@telling_errors
def show_command(what: str | None, data_dir: Path, rpc: str | None, as_json: bool) -> None:
    """Who may do WHAT (a contract, CONTRACT.function or a whole act), and how long it waits.

    Without WHAT: every role, what it opens, who holds it. All is read from the chain.
    """
    set_up_logging(False)
    rows = run(_show(what, data_dir, rpc))
    tell(
        {"powers": rows},
        as_json,
        *(
            f"{row['function']}: {row['role'] or 'anybody may call, the contract judges'}"
            + "".join(f"\n  {a}  {_waits(s)}" for a, s in row["holders"].items())
            for row in rows
        ),
    )


@power_command.command("list")
@click.option("--all", "also_ended", is_flag=True, help="Those that ended, too.")
@data_option
@rpc_option
@json_option
@telling_errors
def list_command(also_ended: bool, data_dir: Path, rpc: str | None, as_json: bool) -> None:
    """What is scheduled, by whom, from when it can be executed, when it expires."""
    set_up_logging(False)
    rows = run(_list(also_ended, data_dir, rpc))
    lines = [f"{row['id']}\n  {row['deed']}\n  {_when(row)}, by {row['caller']}" for row in rows]
    tell({"acts": rows}, as_json, *(lines or ["nothing is scheduled"]))


@power_command.command("schedule")
@click.argument("deed")
@click.option("--at", metavar="TIME", help="Not before this time (ISO, with offset).")
@key_option
@data_option
@rpc_option
@json_option
@telling_errors
def schedule_command(
    deed: str, at: str | None, key_file: Path | None, data_dir: Path, rpc: str | None, as_json: bool
) -> None:
    """Announce DEED; it can be executed once its delay is over.

    Asked twice it is scheduled once, and says until when.
    """
    set_up_logging(False)
    told = run(_schedule(deed, at, key_file, data_dir, rpc))
    how = "scheduled" if told["new"] else "is scheduled already"
    tell(
        told,
        as_json,
        f"{how}: {told['deed']}",
        f"act {told['id']}",
        f"execute it from {told['earliest']} on and before {told['expires']}",
    )


@power_command.command("execute")
@click.argument("act")
@click.option("--again", is_flag=True, help="Do once more what need not wait and was done before.")
@key_option
@data_option
@rpc_option
@json_option
@telling_errors
def execute_command(
    act: str, again: bool, key_file: Path | None, data_dir: Path, rpc: str | None, as_json: bool
) -> None:
    """Do ACT, a scheduled act's id or the deed itself, once its delay is over.

    A deed that need not wait is done at once.
    """
    set_up_logging(False)
    told = run(_execute(act, again, key_file, data_dir, rpc))
    how = "done" if told["new"] else "was done already"
    tell(told, as_json, f"{how}: {told['deed']}", f"block {told['block']}")


@power_command.command("cancel")
@click.argument("act")
@click.option("--of", "caller", metavar="ADDRESS", help="Whose act, if several scheduled the deed.")
@key_option
@data_option
@rpc_option
@json_option
@telling_errors
def cancel_command(
    act: str,
    caller: str | None,
    key_file: Path | None,
    data_dir: Path,
    rpc: str | None,
    as_json: bool,
) -> None:
    """Cancel ACT, a scheduled act's id or the deed itself: as its officer, or as a guardian."""
    set_up_logging(False)
    told = run(_cancel(act, caller, key_file, data_dir, rpc))
    how = "cancelled" if told["new"] else "was cancelled already"
    tell(told, as_json, f"{how}: {told['deed']}", f"act {told['id']}")


# --- what each does -----------------------------------------------------------------------------


async def _show(what: str | None, data_dir: Path, rpc_url: str | None) -> list[dict[str, Any]]:
    async with seeing(data_dir, rpc_url) as seen:
        if what is None:
            return await _roles(seen)
        if "(" in what:
            deed = parse_deed(what, seen.manifest)
            rights = await rights_of(seen.rpc, seen.manifest, deed.contract, deed.shape)
            return [_row(str(deed), rights)]
        name, _, function = what.partition(".")
        if name not in seen.manifest.contracts:
            raise _unknown(what, sorted(seen.manifest.functions))
        rights_by = await rights_in(seen.rpc, seen.manifest, name)
        if function and function not in rights_by:
            functions = artifact(seen.manifest.contract(name).name).functions
            if function not in functions:
                raise _unknown(what, sorted(f"{name}.{f}" for f in rights_by))
            rights_by = {function: Rights(None, {})}
        return [_row(f"{name}.{f}", r) for f, r in rights_by.items() if function in ("", f)]


async def _roles(seen: Seen) -> list[dict[str, Any]]:
    rows, holders = [], await all_holders(seen.rpc, seen.manifest)
    for role in Role:
        opened = [
            f"{name}.{function}"
            for name, by_role in seen.manifest.functions.items()
            for function in by_role.get(role.name, ())
        ]
        rights = Rights(role.name, holders.get(int(role), {}))
        rows.append(_row(", ".join(opened) or "no function", rights))
    seats = await seats_of(seen.rpc, seen.manifest)
    return [*rows, _row("propose, vote and execute in Council", Rights("a seat", _at_once(seats)))]


def _at_once(accounts: list[str]) -> dict[str, int]:
    return dict.fromkeys(accounts, 0)


def _row(function: str, rights: Rights) -> dict[str, Any]:
    return {"function": function, "role": rights.role, "holders": dict(rights.holders)}


def _unknown(what: str, choices: list[str]) -> InputError:
    return InputError(
        "no contract of the manifest, or no function of it, is called that",
        rule="power.function",
        field="what",
        value=what,
        remedy=f"choose one of {', '.join(choices)}",
    )


def _waits(delay_s: int) -> str:
    return f"waits {delay_s} s" if delay_s else "at once"


async def _list(also_ended: bool, data_dir: Path, rpc_url: str | None) -> list[dict[str, Any]]:
    async with seeing(data_dir, rpc_url) as seen:
        acts = await scheduled_acts(seen.rpc, seen.manifest)
        return [_act(act, seen.manifest) for act in acts if also_ended or act.is_open]


async def _schedule(
    text: str, at: str | None, key_file: Path | None, data_dir: Path, rpc_url: str | None
) -> dict[str, Any]:
    at_s = None if at is None else local_day(at, "UTC", "--at")
    async with acting(data_dir, rpc_url, key_file, OFFICER) as (gateway, manifest):
        deed = parse_deed(text, manifest)
        act, is_new = await schedule(gateway, manifest, deed, at_s)
        return _act(act, manifest) | {"deed": str(deed), "new": is_new}


async def _execute(
    text: str, again: bool, key_file: Path | None, data_dir: Path, rpc_url: str | None
) -> dict[str, Any]:
    async with acting(data_dir, rpc_url, key_file, OFFICER) as (gateway, manifest):
        deed = await _deed(text, gateway, manifest)
        done = await execute(gateway, manifest, deed, again=again)
    return {
        "deed": str(deed),
        "by": gateway.account.address,
        "block": done.block,
        "transaction": done.transaction,
        "new": done.is_new,
    }


async def _deed(text: str, gateway: Gateway, manifest: Manifest) -> Deed:
    """The deed itself, or the one of a scheduled act's id."""
    if not text.startswith("0x"):
        return parse_deed(text, manifest)
    act = await find_act(gateway.rpc, manifest, text, None)
    if act.caller != gateway.account.address:
        raise NotPermitted(
            "another account scheduled this, and it alone executes it",
            rule="power.caller",
            field="account",
            value=gateway.account.address,
            remedy=f"use the key of {act.caller}",
        )
    deed = read_deed(act.target, act.data, manifest)
    if deed is None:
        raise InputError(
            "this act is about a contract the manifest does not know",
            rule="power.target",
            field="act",
            value=act.target,
            remedy="write the deed itself: Contract@0x….function(values)",
        )
    return deed


async def _cancel(
    text: str, caller: str | None, key_file: Path | None, data_dir: Path, rpc_url: str | None
) -> dict[str, Any]:
    async with acting(data_dir, rpc_url, key_file, OFFICER) as (gateway, manifest):
        act = await find_act(gateway.rpc, manifest, text, caller and caller.lower())
        is_new = await cancel(gateway, manifest, act)
        return _act(act, manifest) | {"state": ActState.CANCELED.value, "new": is_new}


def _act(act: ScheduledAct, manifest: Manifest) -> dict[str, Any]:
    return {
        "id": act.id,
        "deed": described(act, manifest),
        "caller": act.caller,
        "state": act.state.value,
        "earliest_s": act.earliest_s,
        "earliest": iso_utc(act.earliest_s),
        "expires_s": act.expires_s,
        "expires": iso_utc(act.expires_s),
    }


def _when(row: dict[str, Any]) -> str:
    if row["state"] == ActState.WAITING.value:
        return f"waits until {row['earliest']}, expires {row['expires']}"
    if row["state"] == ActState.READY.value:
        return f"can be executed now, expires {row['expires']}"
    return str(row["state"])
