"""``sourceenergy deploy``: put all contracts on a chain, or say what that would cost."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from sourceenergy.chain.approval import approve, check_approvals, check_keys
from sourceenergy.chain.cost import Measured, measure, month_gas, price_cad
from sourceenergy.chain.deploy import check_compiler, deploy
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.keys import Account, open_account, read_account
from sourceenergy.chain.manifest import Manifest, check_code, check_manifest, load_manifest
from sourceenergy.chain.parties import Parties, assumed_parties, local_parties, parse_parties
from sourceenergy.chain.plan import Plan, make_plan
from sourceenergy.chain.power import prove_no_power
from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.chain import chain_at
from sourceenergy.cli.common import (
    Steps,
    data_option,
    json_option,
    out,
    rpc_option,
    run,
    set_up_logging,
    telling_errors,
)
from sourceenergy.config.chain_profile import Assumed, ChainProfile, chain_settings
from sourceenergy.errors import ConfigError
from sourceenergy.node.intent_log import StoredIntentLog
from sourceenergy.node.onchain import LOCAL_WEI
from sourceenergy.store.sqlite import Store

WIDTH = 100  # a narrow terminal may fold a line, it may not lose an address
NETWORKS = ("local", "l2", "mainnet")
_file = click.Path(dir_okay=False, path_type=Path)


@click.command("deploy")
@click.option(
    "--network",
    type=click.Choice(NETWORKS),
    default="local",
    show_default=True,
    help="Which profile: delays, least quorums, caps, confirmations.",
)
@data_option
@rpc_option
@click.option("--parties", "parties_file", type=_file, help="TOML: who signs, sits and holds what.")
@click.option("--key", "key_file", type=_file, help="The deployer's key (hex, mode 0600).")
@click.option("--chain-id", type=int, help="Which chain of the profile [default: its first].")
@click.option(
    "--signature",
    "signatures",
    multiple=True,
    metavar="HEX",
    help="A council seat's approval of this plan; a public chain needs two.",
)
@click.option("--approve-with", type=_file, help="Print the approval of this key; send nothing.")
@click.option("--check", is_flag=True, help="Compare code, addresses and powers with the chain.")
@click.option("--dry-run", is_flag=True, help="Run it on a chain of our own; print what it costs.")
@click.option("--gas-price-gwei", type=Decimal, help="Price of gas for --dry-run.")
@click.option("--eth-cad", type=Decimal, help="Price of the chain's coin [CAD] for --dry-run.")
@click.option("--members", type=click.IntRange(2, 2000), default=180, show_default=True)
@click.option(
    "--statements",
    type=click.IntRange(1, 2880),
    default=4,
    show_default=True,
    help="Statements a month, for the cost of a member-month.",
)
@json_option
@telling_errors
def deploy_command(
    network: str,
    data_dir: Path,
    rpc: str | None,
    parties_file: Path | None,
    key_file: Path | None,
    chain_id: int | None,
    signatures: tuple[str, ...],
    approve_with: Path | None,
    check: bool,
    dry_run: bool,
    gas_price_gwei: Decimal | None,
    eth_cad: Decimal | None,
    members: int,
    statements: int,
    as_json: bool,
) -> None:
    """Put the contracts of all six layers on a chain, once, and keep no power over them.

    Addresses hang on code and arguments alone: the same on every chain, known before. A run that
    was cut goes on where it stopped; DATA/chain/manifest.json says what is where. The last
    transaction hands every power to the council's time lock, and the chain is read to prove it.

    \b
    Try it:
      sourceenergy deploy                                  on a local chain
      sourceenergy deploy --network mainnet --dry-run      every address, gas and cost
      sourceenergy deploy --check                          is the code what the sources build?

    \b
    On a public chain:
      1. Write parties.toml:  deployer = "0x…"   seats = ["0x…", …]   and tables [verifiers],
         [custodians], [guardians], [reporters] with accounts = […] and quorum = 2, and
         [officers] with PASSPORT_ISSUER = ["0x…"] and so on.
      2. Two of the seats each run:
         sourceenergy deploy --network mainnet --parties parties.toml --approve-with KEYFILE
      3. sourceenergy deploy --network mainnet --parties parties.toml --key DEPLOYER.key
         --rpc URL --signature 0x… --signature 0x…
    Without two signatures nothing is sent.
    """  # noqa: D301 - click reads \b as "keep these lines"
    set_up_logging(False)
    settings = chain_settings()
    profile = settings.profiles[network]
    if check:
        run(_check(profile, data_dir, rpc, as_json))
        return
    parties = _parties(profile, data_dir, parties_file, dry_run)
    plan = make_plan(profile, parties, settings.season)
    check_compiler(plan, settings.compiler)
    target = chain_id or profile.chain_ids[0]
    if target not in profile.chain_ids:
        raise ConfigError(
            f"the profile {network!r} is not for this chain",
            rule="profile.chain",
            field="--chain-id",
            value=target,
            remedy=f"choose one of {profile.chain_ids}",
        )
    if dry_run:
        gwei = gas_price_gwei or settings.assumed.gas_price_gwei[network]
        coin = eth_cad or settings.assumed.eth_cad
        measured = run(measure(plan, settings.season, members))
        told = _told(plan, target, measured, gwei, coin, settings.assumed, statements)
        _show_dry_run(told, as_json)
    elif approve_with is not None:
        signature = approve(plan, target, read_account(approve_with))
        told = {"chain_id": target, "plan": "0x" + plan.hash.hex(), "signature": signature}
        click.echo(json.dumps(told) if as_json else signature)
    else:
        if profile.public:
            check_keys(plan, target)
            check_approvals(plan, target, signatures)
        key = _deployer_key(profile, data_dir, key_file)
        run(_deploy(plan, target, key, data_dir, rpc, as_json))


def _parties(profile: ChainProfile, data_dir: Path, file: Path | None, dry_run: bool) -> Parties:
    if file is not None:
        return parse_parties(file.read_text(encoding="utf-8"), file.name)
    if dry_run:
        return assumed_parties()
    if profile.public:
        raise ConfigError(
            "a public chain needs parties of its own",
            rule="deploy.parties",
            field="--parties",
            remedy="write the file that `sourceenergy deploy --help` describes",
        )
    return local_parties(data_dir / "chain" / "keys")


def _deployer_key(profile: ChainProfile, data_dir: Path, file: Path | None) -> Account:
    if file is not None:
        return read_account(file)
    if profile.public:
        raise ConfigError(
            "the deployer's key is missing",
            rule="deploy.key",
            field="--key",
            remedy="give the file of the key that pays the gas",
        )
    return open_account(data_dir / "chain" / "keys", "deployer")


async def _deploy(
    plan: Plan, target: int, key: Account, data_dir: Path, rpc_url: str | None, as_json: bool
) -> None:
    steps = Steps(as_json)
    if plan.profile.public and rpc_url is None:
        raise ConfigError(
            "a public chain has to be named",
            rule="deploy.rpc",
            field="--rpc",
            remedy="give the address of a node of that chain",
        )
    async with chain_at(rpc_url, data_dir) as (url, local), Rpc(url) as rpc:
        if local is not None:
            await local.fund(key.address, LOCAL_WEI)
        found = await rpc.chain_id()
        if found != target:
            raise ConfigError(
                "another chain answers than the one that was named and signed for",
                rule="deploy.chain",
                field="--rpc",
                value=found,
                remedy=f"give a node of chain {target}, or --chain-id {found}",
            )
        folder = data_dir / "chain"
        folder.mkdir(parents=True, exist_ok=True)
        intents = Store(folder / "intents.sqlite")
        try:
            gateway = Gateway(
                rpc, key, StoredIntentLog(intents), confirmations=plan.profile.confirmations
            )
            await gateway.reconcile()
            steps(f"{len(plan.makes)} contracts in {len(plan.waves)} waves on chain {target}")
            manifest = await deploy(gateway, plan, folder / "manifest.json")
            steps("deployed, set and handed over")
            proof = await prove_no_power(rpc, manifest, plan.parties.deployer, fresh=False)
        finally:
            intents.close()
    if as_json:
        click.echo(json.dumps(_summary(manifest, folder / "manifest.json", proof)))
        return
    _show_contracts(manifest)
    out.print(f"\nGas {manifest.gas_used:,}; manifest {folder / 'manifest.json'}")
    out.print(f"The deployer {manifest.deployer}:")
    for line in proof:
        out.print(f"  {line}")


async def _check(profile: ChainProfile, data_dir: Path, rpc_url: str | None, as_json: bool) -> None:
    manifest = load_manifest(data_dir / "chain" / "manifest.json")
    async with chain_at(rpc_url, data_dir) as (url, _), Rpc(url) as rpc:
        await check_manifest(rpc, manifest)
        names = await check_code(rpc, manifest)
        proof = await prove_no_power(rpc, manifest, manifest.deployer, fresh=False)
    told = {"chain_id": manifest.chain_id, "identical": names, "no_power": proof}
    if as_json:
        click.echo(json.dumps(told))
        return
    out.print(
        f"{len(names)} contracts on chain {manifest.chain_id}: code byte-identical to what the "
        f"sources build with {manifest.compiler}"
    )
    out.print(f"The deployer {manifest.deployer} ({profile.title}):")
    for line in proof:
        out.print(f"  {line}")


def _summary(manifest: Manifest, path: Path, proof: list[str]) -> dict[str, Any]:
    return {
        "chain_id": manifest.chain_id,
        "manifest": str(path),
        "contracts": {name: d.address for name, d in manifest.contracts.items()},
        "gas_used": manifest.gas_used,
        "no_power": proof,
    }


def _show_contracts(manifest: Manifest) -> None:
    table = _table("gas")
    for name, deployed in manifest.contracts.items():
        gas = f"{deployed.gas_used:,}" if deployed.gas_used else "with its maker"
        table.add_row(name, deployed.address, gas)
    out.print(table, width=WIDTH, crop=False)


def _table(*numbers: str) -> Table:
    table = Table(box=None)
    table.add_column("contract", no_wrap=True, min_width=21)
    table.add_column("address", no_wrap=True, min_width=42)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True, min_width=10)
    return table


# --- dry run ----------------------------------------------------------------------------------


def _told(
    plan: Plan,
    chain_id: int,
    measured: Measured,
    gwei: Decimal,
    coin_cad: Decimal,
    assumed: Assumed,
    statements: int,
) -> dict[str, Any]:
    month = measured.month
    gas = month_gas(month, statements)
    contracts = {
        make.name: {
            "address": plan.addresses[make.name],
            "gas": measured.contracts.get(make.name),
            "cad": str(price_cad(measured.contracts.get(make.name, 0), gwei, coin_cad)),
        }
        for make in plan.makes
    }
    return {
        "network": plan.profile.name,
        "chain_id": chain_id,
        "plan": "0x" + plan.hash.hex(),
        "approval_needed": plan.profile.public,
        "gas_price_gwei": str(gwei),
        "eth_cad": str(coin_cad),
        "assumptions": [
            f"gas at {gwei} gwei and {coin_cad} CAD a coin; without options those of "
            f"{assumed.on.isoformat()}",
            f"gas measured by running this plan on a chain of our own with id {chain_id}",
            f"a month: {statements} statements, one deposit and one payout of each of "
            f"{month.members} members; accounts known already",
            *(
                ["a rollup charges for data on top of gas; that is not in these figures"]
                if plan.profile.name == "l2"
                else []
            ),
        ],
        "contracts": contracts,
        "order_gas": measured.order,
        "order_cad": str(price_cad(measured.order, gwei, coin_cad)),
        "total_gas": measured.deployment,
        "total_cad": str(price_cad(measured.deployment, gwei, coin_cad)),
        "month": {
            "members": month.members,
            "statements": statements,
            "post_gas": month.post,
            "withdraw_gas": month.withdraw,
            "deposits_gas": month.deposits,
            "gas": gas,
            "cad": str(price_cad(gas, gwei, coin_cad)),
            "cad_per_member_month": str(price_cad(gas, gwei, coin_cad / Decimal(month.members))),
        },
    }


def _show_dry_run(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told))
        return
    out.print(f"[bold]Dry run[/], {told['network']} (chain {told['chain_id']}): nothing is sent\n")
    table = _table("gas", "CAD")
    for name, row in told["contracts"].items():
        gas = f"{row['gas']:,}" if row["gas"] else "with its maker"
        table.add_row(name, row["address"], gas, row["cad"] if row["gas"] else "")
    table.add_row("set and hand over", "", f"{told['order_gas']:,}", told["order_cad"])
    table.add_row("[bold]total[/]", "", f"{told['total_gas']:,}", told["total_cad"])
    out.print(table, width=WIDTH, crop=False)
    month = told["month"]
    out.print(
        f"\nA month of {month['members']} members: {month['statements']} statements of "
        f"{month['post_gas']:,} gas, payouts of {month['withdraw_gas']:,} each, deposits "
        f"{month['deposits_gas']:,} together: {month['cad']} CAD, "
        f"[bold]{month['cad_per_member_month']} CAD per member-month[/]"
    )
    out.print(f"\nPlan {told['plan']}")
    out.print("Assumed:")
    for line in told["assumptions"]:
        out.print(f"  {line}")
    if told["approval_needed"]:
        out.print("To send it, two council seats must sign the plan (see --help).")
