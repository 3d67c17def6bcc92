"""A deployment on paper: every contract at its address, for made-up parties, on no chain."""

from __future__ import annotations

from sourceenergy.chain.manifest import Deployed, Manifest
from sourceenergy.chain.parties import assumed_parties
from sourceenergy.chain.plan import make_plan
from sourceenergy.config.chain_profile import chain_settings

_SETTINGS = chain_settings()
PLAN = make_plan(_SETTINGS.profiles["mainnet"], assumed_parties(), _SETTINGS.season)
MANIFEST = Manifest(
    chain_id=1,
    profile="mainnet",
    deployer=PLAN.parties.deployer,
    compiler="",
    plan="0x" + PLAN.hash.hex(),
    contracts={
        make.name: Deployed(make.contract, PLAN.addresses[make.name], (), "0x", "0x", 1, None)
        for make in PLAN.makes
    },
    roles={},
    functions={},
    order_block=1,
    order_gas_used=None,
)
