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
from sourceenergy.cli.enrol import connect
from sourceenergy.cli.world import Paths, load_world
from sourceenergy.errors import InputError, NotPermitted
from sourceenergy.settlement.published import read_member
from sourceenergy.store.sqlite import Store
from sourceenergy.units import dollars, iso_utc


@click.command("withdraw")
@click.argument("member")
@data_option
@rpc_option
@json_option
@telling_errors
def withdraw_command(member: str, data_dir: Path, rpc: str | None, as_json: bool) -> None:
    """Pay MEMBER of the live community everything the newest live statement authorises.

    The member needs no gas and no key for this: the contract pays the member's own account, and
    only what the leaf says. Asking twice pays once.
    """
    set_up_logging(False)
    result = run(_withdraw(member, Paths(data_dir), rpc))
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


async def _withdraw(member: str, paths: Paths, rpc_url: str | None) -> dict[str, Any]:
    world = load_world(paths)
    store = Store(paths.store)
    try:
        live = [s for s in store.statements(100) if s.state == "posted" and s.live_at_s is not None]
    finally:
        store.close()
    now_s = datetime.now(UTC).timestamp()
    opened = [s for s in live if s.live_at_s is not None and s.live_at_s <= now_s]
    if not opened:
        waits = f"next at {iso_utc(live[-1].live_at_s or 0)}" if live else "none is posted"
        raise NotPermitted(
            f"no statement is live yet: {waits}",
            rule="withdraw.delay",
            field="statement",
            remedy="try again after the delay; it lets a guardian stop a wrong statement",
        )
    epoch = opened[0].epoch
    proof = paths.live / "statements" / f"{epoch:06d}" / "members" / member / "proof.json"
    if "/" in member or not proof.is_file():
        raise InputError(
            "no such member",
            rule="member.unknown",
            field="member",
            value=member,
            remedy="use an id of the community's file, for example home-01",
        )
    own = read_member(proof.read_bytes())
    leaf = own.payout_leaf
    async with chain_at(rpc_url, paths.data) as (url, local), Rpc(url) as rpc:
        intents = Store(paths.intents)
        try:
            onchain = await connect(paths, world, rpc, local, intents)
            paid = await onchain.paid_ud(leaf.account)
            due = leaf.payout_ud - paid
            block = None
            if due > 0:
                block = (await onchain.withdraw(epoch, leaf, own.payout_proof)).block
            return {
                "member": member,
                "account": leaf.account,
                "epoch": epoch,
                "paid_ud": max(0, due),
                "cumulative_ud": max(paid, leaf.payout_ud),
                "balance_ud": await onchain.balance_ud(leaf.account),
                "block": block,
            }
        finally:
            intents.close()
