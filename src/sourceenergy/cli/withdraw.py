"""``sourceenergy withdraw``: pay a member what a live statement authorises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.chain import chain_at
from sourceenergy.cli.common import (
    data_option,
    json_option,
    out,
    rpc_option,
    run,
    set_up_logging,
    telling_errors,
)
from sourceenergy.cli.world import Paths, load_world
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.node.onchain import OnChain, Terms
from sourceenergy.settlement.published import (
    INTERVALS,
    STATEMENT,
    MemberFile,
    read_member,
    read_public,
)
from sourceenergy.store.sqlite import Store
from sourceenergy.units import dollars, iso_utc


@click.command("withdraw")
@click.argument("member")
@click.option(
    "--statement",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that `settle` wrote. Without it: the newest live statement of `up`.",
)
@data_option
@rpc_option
@json_option
@telling_errors
def withdraw_command(
    member: str, folder: Path | None, data_dir: Path, rpc: str | None, as_json: bool
) -> None:
    """Pay MEMBER everything a live statement authorises, to the member's own account.

    The member needs no gas and no key for this: the contract pays only what the leaf says, and
    only to the leaf's account. Asking twice pays once.
    """
    set_up_logging(False)
    paths = Paths(data_dir)
    if folder is None:
        folder = _newest_live(paths)
    result = run(_withdraw(member, folder, paths, rpc))
    if as_json:
        click.echo(json.dumps(result))
        return
    if result["paid_ud"]:
        out.print(
            f"paid {dollars(result['paid_ud'], 6)} CADx to {result['account']}"
            f" (statement {result['epoch']}, block {result['block']})"
        )
    else:
        out.print(f"nothing to pay: {dollars(result['cumulative_ud'], 6)} CADx is paid already")
    out.print(f"the account now holds {dollars(result['balance_ud'], 6)} CADx")


def _newest_live(paths: Paths) -> Path:
    """Folder of the live community's newest statement whose delay is over."""
    load_world(paths)
    store = Store(paths.store)
    try:
        posted = [s for s in store.statements(100) if s.state == "posted" and s.live_at_s]
    finally:
        store.close()
    now_s = datetime.now(UTC).timestamp()
    for statement in posted:
        if statement.live_at_s is not None and statement.live_at_s <= now_s:
            return paths.live / "statements" / f"{statement.epoch:06d}"
    waits = f"next at {iso_utc(posted[-1].live_at_s or 0)}" if posted else "none is posted"
    raise NotPermitted(
        f"no statement is live yet: {waits}",
        rule="withdraw.delay",
        field="statement",
        remedy="try again after the delay; it lets a guardian stop a wrong statement",
    )


def _own_file(folder: Path, member: str) -> MemberFile:
    proof = folder / "members" / member / "proof.json"
    if "/" in member or not proof.is_file():
        raise InputError(
            "no such member",
            rule="member.unknown",
            field="member",
            value=member,
            remedy="use an id of the community's file, for example home-01",
        )
    return read_member(proof.read_bytes())


async def _withdraw(member: str, folder: Path, paths: Paths, rpc_url: str | None) -> dict[str, Any]:
    own = _own_file(folder, member)
    leaf = own.payout_leaf
    async with chain_at(rpc_url, paths.data) as (url, local), Rpc(url) as rpc:
        intents = Store(paths.intents)
        try:
            public = read_public(
                {n: (folder / "public" / n).read_bytes() for n in (STATEMENT, INTERVALS)}
            )
            onchain = await OnChain.connect(rpc, paths.chain, intents, public.name, Terms(), local)
            paid = await onchain.paid_ud(leaf.account)
            due = leaf.payout_ud - paid
            block = None
            if due > 0:
                block = (await onchain.withdraw(own.epoch, leaf, own.payout_proof)).block
            return {
                "member": member,
                "account": leaf.account,
                "epoch": own.epoch,
                "paid_ud": max(0, due),
                "cumulative_ud": max(paid, leaf.payout_ud),
                "balance_ud": await onchain.balance_ud(leaf.account),
                "block": block,
            }
        finally:
            intents.close()
