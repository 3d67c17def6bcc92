"""Makes the live community ready on chain: contracts, passports, devices, first deposits."""

from __future__ import annotations

from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.world import (
    DEPOSIT_UD,
    Paths,
    World,
    engine_key,
    load_community,
    specs_of,
)
from sourceenergy.node.identity import member_accounts
from sourceenergy.node.onchain import OnChain, Terms
from sourceenergy.store.sqlite import Store, StoredDevice


async def connect(
    paths: Paths, world: World, rpc: Rpc, local: EmbeddedChain | None, intents: Store
) -> OnChain:
    """The live community's place on chain, made ready."""
    community, _, _ = load_community(paths)
    terms = Terms(delay_s=world.delay_s)
    return await OnChain.connect(rpc, paths.chain, intents, community.name, terms, local)


async def enrol(paths: Paths, world: World, onchain: OnChain) -> None:
    """Passports, devices and first deposits of the simulated members; safe to repeat."""
    community, _, _ = load_community(paths)
    accounts = member_accounts(community, paths.chain / "keys")
    await onchain.issue_passports([*accounts.values(), onchain.operator.account.address])
    store = Store(paths.store)
    try:
        registry = {}
        known = store.devices()
        for home in specs_of(world):
            key = engine_key(paths, home.id)
            registry[key.device] = (key.public_x, key.public_y, accounts[home.id])
            if key.device not in known:
                store.put_device(
                    StoredDevice(key.device, home.id, key.public_x, key.public_y, None)
                )
        await onchain.register_devices(registry)
    finally:
        store.close()
    await onchain.deposit(f"start:{community.name}", dict.fromkeys(accounts.values(), DEPOSIT_UD))
