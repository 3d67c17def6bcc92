"""Deployment: once, in any number of runs, and only what was deployed is accepted later."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sourceenergy.chain.contracts import NAMES
from sourceenergy.chain.deploy import Manifest, Role, check_manifest, deploy, load_manifest
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.intents import TransactionReceipt
from sourceenergy.chain.keys import Account
from sourceenergy.chain.rpc import Reverted, Rpc
from sourceenergy.errors import InputError, Unavailable, VerificationFailed

pytestmark = pytest.mark.anyio

ISSUER = Account(b"\x05" * 32)
VERIFIERS = [Account(bytes([n]) * 32).address for n in (11, 12, 13)]
ROLES = {Role.PASSPORT_ISSUER: [ISSUER.address], Role.BUCKET_GOVERNOR: [ISSUER.address]}


async def _deploy(gateway: Gateway, path: Path) -> Manifest:
    return await deploy(gateway, ROLES, VERIFIERS, 2, path)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"chain_id": 1, "contracts": [], "roles": {}}']
)
async def test_a_damaged_manifest_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(InputError) as refused:
        load_manifest(tmp_path / "manifest.json")
    assert refused.value.rule == "manifest.form"


async def test_other_code_or_another_chain_is_refused_by_name(
    rpc: Rpc, gateway: Gateway, tmp_path: Path
) -> None:
    manifest = await _deploy(gateway, tmp_path / "manifest.json")
    with pytest.raises(VerificationFailed) as refused:
        await check_manifest(rpc, replace(manifest, chain_id=1))
    assert refused.value.rule == "manifest.chain"
    factory = manifest.contracts["ClearingFactory"]
    await rpc.call("anvil_setCode", factory.address, "0x00")
    with pytest.raises(VerificationFailed, match="ClearingFactory is not what") as refused:
        await check_manifest(rpc, manifest)
    assert refused.value.field == factory.address


async def test_a_manifest_of_a_lost_chain_is_not_silently_deployed_anew(
    gateway: Gateway, tmp_path: Path
) -> None:
    path = tmp_path / "manifest.json"
    absent = {
        n: {"address": "0x" + "11" * 20, "code_hash": "0x" + "22" * 32, "block": 1} for n in NAMES
    }
    path.write_text(json.dumps({"chain_id": 31337, "contracts": absent, "roles": {}}))
    with pytest.raises(VerificationFailed):
        await _deploy(gateway, path)


async def test_deployed_twice_is_deployed_once(
    rpc: Rpc, gateway: Gateway, operator: Account, tmp_path: Path
) -> None:
    first = await _deploy(gateway, tmp_path / "manifest.json")
    count = await rpc.call("eth_getTransactionCount", operator.address, "latest")
    assert await _deploy(gateway, tmp_path / "manifest.json") == first
    # even without the manifest, the log of intents knows what was made
    assert await _deploy(gateway, tmp_path / "other.json") == first
    assert await rpc.call("eth_getTransactionCount", operator.address, "latest") == count
    assert set(first.contracts) == set(NAMES)
    assert load_manifest(tmp_path / "manifest.json") == first
    await check_manifest(rpc, first)


async def test_a_run_cut_after_any_step_goes_on(
    rpc: Rpc, gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, steps = gateway.send, 0

    async def dies_at_the_fourth(*call: object) -> TransactionReceipt:
        nonlocal steps
        steps += 1
        if steps == 4:
            raise Unavailable("killed")
        return await send(*call)  # type: ignore[arg-type]

    monkeypatch.setattr(gateway, "send", dies_at_the_fourth)
    with pytest.raises(Unavailable):
        await _deploy(gateway, tmp_path / "manifest.json")
    manifest = await _deploy(gateway, tmp_path / "manifest.json")
    await check_manifest(rpc, manifest)
    blocks = [manifest.contracts[name].block for name in NAMES if name != "AccessManager"]
    assert len(set(blocks)) == 5
    assert manifest.first_block == manifest.contracts["AccessManager"].block


async def test_a_chain_that_lost_the_deployment_gets_the_same_again(
    rpc: Rpc, gateway: Gateway, tmp_path: Path
) -> None:
    first = await _deploy(gateway, tmp_path / "manifest.json")
    await rpc.call("anvil_rollback", await rpc.block_number() - 1)
    with pytest.raises(VerificationFailed):
        await check_manifest(rpc, first)
    again = await _deploy(gateway, tmp_path / "manifest.json")
    assert {n: c.address for n, c in again.contracts.items()} == {
        n: c.address for n, c in first.contracts.items()
    }
    await check_manifest(rpc, again)


async def test_roles_open_exactly_their_functions(
    rpc: Rpc, gateway: Gateway, tmp_path: Path, operator: Account
) -> None:
    manifest = await _deploy(gateway, tmp_path / "manifest.json")
    passport = manifest.contract("Passport")
    member = "0x" + "44" * 20
    issue = "0x" + passport.encode("issue", member, 2, 4_000_000_000, 124).hex()
    for caller, allowed in ((ISSUER.address, True), (operator.address, False)):
        request = {"from": caller, "to": passport.address, "data": issue}
        if allowed:
            await rpc.call("eth_call", request, "latest")
        else:
            with pytest.raises(Reverted, match="AccessManagedUnauthorized"):
                await rpc.call("eth_call", request, "latest")
    assert await rpc.read(manifest.contract("QuorumVerifier"), "quorum") == 2
    assert manifest.roles["PASSPORT_ISSUER"] == [ISSUER.address]
