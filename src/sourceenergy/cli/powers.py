"""What `power` and `council` share: the deployment they act on, and the key they sign with."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.chain.approval import check_key
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.keys import Account, open_account, read_account
from sourceenergy.chain.manifest import Manifest, check_manifest, load_manifest
from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.chain import chain_at
from sourceenergy.cli.common import out
from sourceenergy.cli.world import Paths
from sourceenergy.config.chain_profile import ChainProfile, profile_of_chain
from sourceenergy.errors import ConfigError, InputError
from sourceenergy.node.intent_log import StoredIntentLog
from sourceenergy.node.onchain import LOCAL_WEI
from sourceenergy.store.sqlite import Store

WAIT_S = 900.0  # depth asked for on a public chain takes minutes

key_option = click.option(
    "--key",
    "key_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The key to sign with (hex, mode 0600). Needed on a public chain; on a local one the "
    "officer's of --data, for the council that of its first seat.",
)


@dataclass(frozen=True)
class Seen:
    """A deployment that was found to be what its manifest says."""

    rpc: Rpc
    manifest: Manifest
    profile: ChainProfile
    local: EmbeddedChain | None


@contextlib.asynccontextmanager
async def seeing(data_dir: Path, rpc_url: str | None) -> AsyncIterator[Seen]:
    """The deployment of DATA/chain/manifest.json, compared with the chain's code."""
    manifest = load_manifest(Paths(data_dir).chain / "manifest.json")
    profile = profile_of_chain(manifest.chain_id)
    if profile.public and rpc_url is None:
        raise ConfigError(
            "a public chain has to be named",
            rule="deploy.rpc",
            field="--rpc",
            remedy="give the address of a node of that chain",
        )
    async with chain_at(rpc_url, data_dir) as (url, local), Rpc(url) as rpc:
        await check_manifest(rpc, manifest)
        yield Seen(rpc, manifest, profile, local)


@contextlib.asynccontextmanager
async def acting(
    data_dir: Path, rpc_url: str | None, key_file: Path | None, role: str
) -> AsyncIterator[tuple[Gateway, Manifest]]:
    """A gateway for one key; what it sends is an intent in DATA/chain/intents.sqlite.

    On a public chain the key is named and not one that anybody can look up; on a local one it
    is ``role``'s unless another is named.
    """
    async with seeing(data_dir, rpc_url) as seen:
        account = _account(data_dir, seen, key_file, role)
        if seen.local is not None:
            await seen.local.fund(account.address, LOCAL_WEI)
        intents = Store(Paths(data_dir).intents)
        try:
            gateway = Gateway(
                seen.rpc,
                account,
                StoredIntentLog(intents),
                confirmations=seen.profile.confirmations,
                wait_s=WAIT_S,
            )
            await gateway.reconcile()
            yield gateway, seen.manifest
        finally:
            intents.close()


def _account(data_dir: Path, seen: Seen, key_file: Path | None, role: str) -> Account:
    if key_file is not None:
        account = read_account(key_file)
    elif seen.profile.public:
        raise ConfigError(
            "the key is missing",
            rule="power.key",
            field="--key",
            remedy="give the file of the key that acts",
        )
    else:
        account = open_account(Paths(data_dir).chain / "keys", role)
    if seen.profile.public:
        check_key("--key", account.address, seen.manifest.chain_id)
    return account


def tell(told: Mapping[str, Any], as_json: bool, *lines: str) -> None:
    """One JSON object, or the lines."""
    if as_json:
        click.echo(json.dumps(told))
        return
    for line in lines:
        out.print(line, markup=False)


def read_file(path: Path, what: str) -> bytes:
    """A file's bytes; raises InputError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "the file cannot be read",
            rule="file.readable",
            field=what,
            value=path,
            remedy="name a file that is there",
        ) from error
