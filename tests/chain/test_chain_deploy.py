"""Deployment: once, in any number of runs, and only what was deployed is accepted later."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from chain.conftest import ETHER, SqliteIntentLog, parties_of, signer
from sourceenergy.chain.anvil import EmbeddedChain
from sourceenergy.chain.contracts import artifact, shipped
from sourceenergy.chain.create2 import FACTORY, address_of, child_of, making
from sourceenergy.chain.deeds import ENUMS
from sourceenergy.chain.deploy import check_compiler, deploy
from sourceenergy.chain.gateway import Gateway
from sourceenergy.chain.intents import Call, IntentFailed, TransactionReceipt
from sourceenergy.chain.keys import Account
from sourceenergy.chain.manifest import Manifest, check_code, check_manifest, load_manifest
from sourceenergy.chain.parties import Signers, assumed_parties
from sourceenergy.chain.plan import Plan, make_plan
from sourceenergy.chain.power import prove_no_power
from sourceenergy.chain.roles import OPENED, Role
from sourceenergy.chain.rpc import Reverted, Rpc
from sourceenergy.chain.view import estimate
from sourceenergy.config.chain_profile import chain_settings, profile_of_chain
from sourceenergy.errors import (
    InputError,
    InvariantBroken,
    NotPermitted,
    Unavailable,
    VerificationFailed,
)

pytestmark = pytest.mark.anyio

SETTINGS = chain_settings()
LOCAL, MAINNET = SETTINGS.profiles["local"], SETTINGS.profiles["mainnet"]


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"form": 1, "contracts": {}}'])
async def test_a_damaged_manifest_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(InputError) as refused:
        load_manifest(tmp_path / "manifest.json")
    assert refused.value.rule == "manifest.form"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"verifiers": Signers((signer(1).address,), 1)}, "parties.quorum"),
        ({"custodians": Signers((signer(1).address,) * 3, 2)}, "parties.distinct"),
        ({"seats": (signer(1).address,) * 5}, "parties.council"),
        ({"seats": ()}, "parties.council"),
        ({"officers": {Role.COUNCIL: (signer(1).address,)}}, "parties.officers"),
        ({"officers": {Role.COMPLIANCE_OFFICER: (signer(1).address,)}}, "parties.second_officer"),
        (
            {"officers": {Role.COMPLIANCE_OFFICER: (signer(1).address,) * 2}},
            "parties.second_officer",
        ),
        ({"officers": {Role.PASSPORT_ISSUER: ("0x" + "00" * 20,)}}, "parties.somebody"),
        ({"officers": {Role.PASSPORT_ISSUER: (signer(2).address,)}}, "parties.deployer"),
    ],
)
def test_parties_that_break_a_rule_of_the_profile_are_refused(
    change: dict[str, object], rule: str
) -> None:
    parties = replace(assumed_parties(signer(2).address), **change)  # type: ignore[arg-type]
    with pytest.raises(InputError) as refused:
        make_plan(MAINNET, parties, SETTINGS.season)
    assert refused.value.rule == rule


def test_a_chain_no_profile_names_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        profile_of_chain(56)
    assert refused.value.rule == "profile.chain"


def test_code_of_another_compiler_is_refused(plan: Plan) -> None:
    check_compiler(plan, SETTINGS.compiler)
    with pytest.raises(NotPermitted) as refused:
        check_compiler(plan, "0.8.36+commit.8a8a8a8a")
    assert refused.value.rule == "deploy.compiler"


async def test_a_plan_for_another_chain_or_key_is_refused(
    deploying: Gateway, gateway: Gateway, plan: Plan, tmp_path: Path
) -> None:
    other = make_plan(MAINNET, plan.parties, SETTINGS.season)
    with pytest.raises(InputError) as refused:
        await deploy(deploying, other, tmp_path / "manifest.json")
    assert refused.value.rule == "profile.chain"
    with pytest.raises(InputError) as refused:
        await deploy(gateway, plan, tmp_path / "manifest.json")
    assert refused.value.rule == "deploy.deployer"


async def test_other_code_another_chain_or_another_plan_is_refused_by_name(
    rpc: Rpc, deploying: Gateway, manifest: Manifest, plan: Plan, tmp_path: Path
) -> None:
    with pytest.raises(VerificationFailed) as refused:
        await check_manifest(rpc, replace(manifest, chain_id=1))
    assert refused.value.rule == "manifest.chain"
    less = replace(plan.parties, verifiers=Signers(plan.parties.verifiers.accounts, 3))
    with pytest.raises(VerificationFailed) as refused:
        await deploy(deploying, make_plan(LOCAL, less, SETTINGS.season), tmp_path / "manifest.json")
    assert refused.value.rule == "deploy.same_plan"
    clearing = manifest.contracts["ClearingFactory"]
    await rpc.call("anvil_setCode", clearing.address, "0x00")
    with pytest.raises(VerificationFailed, match="ClearingFactory is not what") as refused:
        await check_manifest(rpc, manifest)
    assert refused.value.field == clearing.address
    with pytest.raises(VerificationFailed, match="code of ClearingFactory") as refused:
        await check_code(rpc, manifest)
    assert refused.value.rule == "deploy.code"


async def test_a_manifest_of_a_lost_chain_is_not_silently_deployed_anew(
    rpc: Rpc, chain: EmbeddedChain, deploying: Gateway, manifest: Manifest, plan: Plan,
    tmp_path: Path,
) -> None:  # fmt: skip
    await rpc.call("anvil_rollback", await rpc.block_number())
    fresh = Gateway(rpc, deploying.account, SqliteIntentLog(tmp_path / "another.sqlite"))
    with pytest.raises(VerificationFailed):
        await deploy(fresh, plan, tmp_path / "manifest.json")


async def test_a_constructor_that_refuses_says_why(
    rpc: Rpc, deploying: Gateway, plan: Plan, tmp_path: Path
) -> None:
    hasty = replace(LOCAL, timelock_s=3600)
    with pytest.raises(Reverted, match="DelayTooShort") as refused:
        await deploy(
            deploying, make_plan(hasty, plan.parties, SETTINGS.season), tmp_path / "manifest.json"
        )
    assert refused.value.field == "the constructor of Council"


async def test_a_power_that_is_left_is_found(
    rpc: Rpc, deploying: Gateway, gateway: Gateway, manifest: Manifest, plan: Plan
) -> None:
    """The officer holds roles; a stranger who was given one shows; so does a bucket."""
    with pytest.raises(InvariantBroken, match="PASSPORT_ISSUER") as refused:
        await prove_no_power(rpc, manifest, gateway.account.address)
    assert refused.value.rule == "deploy.no_power"
    seat = plan.parties.seats[0]
    with pytest.raises(InvariantBroken, match=r"Seats\.balanceOf"):
        await prove_no_power(rpc, manifest, seat)
    currency = manifest.contract("Currency")
    deployer = deploying.account.address
    call = currency.encode("setBucket", deployer, 5)
    await gateway.send("a bucket", currency.address, call)
    with pytest.raises(InvariantBroken, match=r"Currency\.bucketOf"):
        await prove_no_power(rpc, manifest, deployer)
    timelock = manifest.contracts["Timelock"].address
    await rpc.call("anvil_impersonateAccount", timelock)
    await rpc.call("anvil_setBalance", timelock, hex(ETHER))
    manager = manifest.contract("AccessManager")
    for role in (7, 77):  # one the plan knows, one it does not
        data = manager.encode("grantRole", role, "0x" + "99" * 20, 0)
        sent = {"from": timelock, "to": manager.address, "data": "0x" + data.hex()}
        transaction = await rpc.call("eth_sendTransaction", sent)
        while await rpc.call("eth_getTransactionReceipt", transaction) is None:
            await asyncio.sleep(0.01)  # anvil mines a moment after it answers
        with pytest.raises(InvariantBroken, match="not the planned ones"):
            await prove_no_power(rpc, manifest, "0x" + "98" * 20)


# --- done -------------------------------------------------------------------------------------


async def test_the_deployer_keeps_nothing(rpc: Rpc, deploying: Gateway, manifest: Manifest) -> None:
    proof = await prove_no_power(rpc, manifest, deploying.account.address)
    assert any("one administrator is the time lock" in line for line in proof)
    manager = manifest.contract("AccessManager")
    request = {
        "from": deploying.account.address,
        "to": manager.address,
        "data": "0x" + manager.encode("grantRole", 0, deploying.account.address, 0).hex(),
    }
    with pytest.raises(Reverted, match="AccessManagerUnauthorizedAccount"):
        await rpc.call("eth_call", request, "latest")


async def test_deployed_twice_is_deployed_once(
    rpc: Rpc, deploying: Gateway, manifest: Manifest, plan: Plan, tmp_path: Path
) -> None:
    account = deploying.account.address
    count = await rpc.call("eth_getTransactionCount", account, "latest")
    assert await deploy(deploying, plan, tmp_path / "manifest.json") == manifest
    # even without the manifest, the log of intents knows what was made
    assert await deploy(deploying, plan, tmp_path / "other.json") == manifest
    assert load_manifest(tmp_path / "manifest.json") == manifest
    # and without the log the chain itself does; only the gas is no longer known
    fresh = Gateway(rpc, deploying.account, SqliteIntentLog(tmp_path / "another.sqlite"))
    again = await deploy(fresh, plan, tmp_path / "third.json")
    assert {n: c.block for n, c in again.contracts.items()} == {
        n: c.block for n, c in manifest.contracts.items()
    }
    assert (again.order_block, again.gas_used) == (manifest.order_block, 0)
    assert await rpc.call("eth_getTransactionCount", account, "latest") == count
    await check_manifest(rpc, manifest)


@pytest.mark.parametrize("steps", [0, 1, 4, 7, 9])
async def test_a_run_cut_after_any_step_goes_on(
    rpc: Rpc, deploying: Gateway, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    steps: int,
) -> None:  # fmt: skip
    send_many, done = deploying.send_many, 0

    async def dies(calls: list[Call]) -> list[TransactionReceipt]:
        nonlocal done
        if done == steps:
            raise Unavailable("killed")
        done += 1
        return await send_many(calls)

    with monkeypatch.context() as patched:
        patched.setattr(deploying, "send_many", dies)
        with pytest.raises(Unavailable):
            await deploy(deploying, plan, tmp_path / "manifest.json")
    manifest = await deploy(deploying, plan, tmp_path / "manifest.json")
    await check_code(rpc, manifest)
    assert {n: c.address for n, c in manifest.contracts.items()} == dict(plan.addresses)


async def test_a_chain_that_lost_the_deployment_gets_the_same_again(
    rpc: Rpc, deploying: Gateway, manifest: Manifest, plan: Plan, tmp_path: Path
) -> None:
    await rpc.call("anvil_rollback", await rpc.block_number() - 1)
    with pytest.raises(VerificationFailed):
        await check_manifest(rpc, manifest)
    again = await deploy(deploying, plan, tmp_path / "manifest.json")
    assert {n: c.address for n, c in again.contracts.items()} == {
        n: c.address for n, c in manifest.contracts.items()
    }
    await check_manifest(rpc, again)


async def test_an_order_refused_in_its_block_is_given_again(
    rpc: Rpc, deploying: Gateway, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too little gas: the chain takes the transaction and does nothing of it."""

    async def too_little(rpc: Rpc, sender: str, calls: list[Call]) -> list[int]:
        gases = await estimate(rpc, sender, calls)
        return [
            3_000_000 if "order" in c.intent else gas for c, gas in zip(calls, gases, strict=True)
        ]

    with monkeypatch.context() as patched:
        patched.setattr("sourceenergy.chain.gateway.estimate", too_little)
        with pytest.raises(IntentFailed):
            await deploy(deploying, plan, tmp_path / "manifest.json")
    manifest = await deploy(deploying, plan, tmp_path / "manifest.json")
    await prove_no_power(rpc, manifest, plan.parties.deployer)


async def test_roles_open_exactly_their_functions(
    rpc: Rpc, manifest: Manifest, operator: Account, deployer: Account
) -> None:
    passport = manifest.contract("Passport")
    issue = "0x" + passport.encode("issue", "0x" + "44" * 20, 2, 4_000_000_000, 124).hex()
    request = {"to": passport.address, "data": issue}
    await rpc.call("eth_call", request | {"from": operator.address}, "latest")
    with pytest.raises(Reverted, match="AccessManagedUnauthorized"):
        await rpc.call("eth_call", request | {"from": deployer.address}, "latest")
    assert await rpc.read(manifest.contract("QuorumVerifier"), "quorum") == 2
    assert manifest.roles["PASSPORT_ISSUER"] == {operator.address: 0}


async def test_B201_the_exchange_lists_credits_certificates_and_units(
    rpc: Rpc, manifest: Manifest
) -> None:
    """Prices of credits are for a kWh, of certificates for a MWh, of units for a whole share."""
    exchange = manifest.contract("Exchange")

    async def listed(name: str) -> tuple[int, int, int, int]:
        found = await rpc.read(exchange, "listingOf", manifest.contracts[name].address)
        return found["standard"], found["unit"], found["feeUd"], found["levyBps"]

    unlisted, erc20, erc1155 = (
        ENUMS["Assets.Standard"].index(name) for name in ("NONE", "ERC20", "ERC1155")
    )
    assert await listed("LiquidityPool") == (unlisted, 0, 0, 0)
    assert await listed("EnergyCredit") == (erc20, 1_000, 1_000, 200)
    assert await listed("Certificates") == (erc1155, 1_000_000, 0, 0)
    assert await listed("CertificateBasket") == (erc20, 1_000_000, 0, 0)
    share = 10 ** await rpc.read(manifest.contract("Fund"), "decimals")
    assert await listed("Fund") == (erc20, share, 0, 0)


# --- what is always true ----------------------------------------------------------------------


def test_every_shipped_contract_is_deployed_or_made_by_one_that_is(plan: Plan) -> None:
    made_by_members = {"Clearing", "HouseholdTrust"}  # by their factories, one each
    assert {make.contract for make in plan.makes} == set(shipped()) - made_by_members


def test_addresses_hang_on_nothing_but_code_and_arguments(plan: Plan, deployer: Account) -> None:
    """Another chain, another day, another nonce: the same places."""
    again = make_plan(LOCAL, plan.parties, SETTINGS.season)
    assert dict(again.addresses) == dict(plan.addresses)
    assert again.hash == plan.hash
    other = make_plan(LOCAL, parties_of(deployer, signer(99)), SETTINGS.season)
    assert dict(other.addresses) == dict(plan.addresses)  # officers are in no constructor
    assert other.hash != plan.hash


def test_addresses_are_those_of_eip_1014() -> None:
    """The examples of EIP-1014, and one of CREATE."""
    zero, salt = "0x" + "00" * 20, bytes(32)
    assert address_of(b"\0", salt, zero) == "0x4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38"
    assert (
        address_of(b"\0", salt, "0xdeadbeef00000000000000000000000000000000")
        == "0xb928f69bb1d91cd65274e3c79d8986362984fda3"
    )
    assert child_of("0x3fab184622dc19b6109349b94811493bf2a45362", 0) == FACTORY


def _empty(part: dict[str, object]) -> object:
    kind = str(part["type"])
    if kind.endswith("[]"):
        return []
    if kind == "tuple":
        return tuple(_empty(inner) for inner in part["components"])  # type: ignore[attr-defined]
    empty = {"address": "0x" + "11" * 20, "bool": False, "string": "", "bytes": b""}
    if kind.startswith("bytes") and kind != "bytes":
        return bytes(int(kind[5:]))
    return empty.get(kind, 0)


async def test_every_function_that_asks_for_a_role_is_in_the_plan(
    rpc: Rpc, manifest: Manifest
) -> None:
    """Asked of the chain: a stranger tries every function of every contract."""
    asking: dict[str, set[str]] = {}
    stranger = "0x" + "77" * 20
    for name, deployed in manifest.contracts.items():
        if name == "AccessManager":
            continue
        contract = manifest.contract(name)
        for signature, shape in artifact(deployed.contract).functions.items():
            if "(" not in signature:
                continue
            data = contract.encode(signature, *(_empty(dict(part)) for part in shape.inputs))
            request = {"from": stranger, "to": contract.address, "data": "0x" + data.hex()}
            try:
                await rpc.call("eth_call", request, "latest")
            except Reverted as error:
                unauthorized = error.reason.name == "AccessManagedUnauthorized"
                # `setAuthority` is for the manager alone, at its administrator's word
                if unauthorized and shape.name != "setAuthority":
                    asking.setdefault(name, set()).add(shape.name)
            except Unavailable:
                continue
    assert asking == {
        name: {f for functions in by_role.values() for f in functions} - _needs_state(name)
        for name, by_role in OPENED.items()
    }


def _needs_state(name: str) -> set[str]:
    """Functions that look at a record before they ask who calls."""
    return {
        "Devices": {"revoke"},  # the owner of the device may
    }.get(name, set())


async def test_a_contract_somebody_else_made_first_is_the_same_contract(
    rpc: Rpc, deploying: Gateway, gateway: Gateway, plan: Plan, tmp_path: Path
) -> None:
    """Anybody may send creation code to the factory: nothing but gas is theirs."""
    first = plan.waves[0][0]
    await gateway.send_many([making("stranger", plan.creation(first))])
    manifest = await deploy(deploying, plan, tmp_path / "manifest.json")
    assert manifest.contracts[first.name].address == plan.addresses[first.name]
    assert manifest.contracts[first.name].gas_used is None


def test_all_profiles_wait_at_least_48_hours() -> None:
    for profile in SETTINGS.profiles.values():
        assert profile.timelock_s >= 48 * 3600
    assert {p.name for p in SETTINGS.profiles.values() if p.public} == {"l2", "mainnet"}


async def test_a_manifest_is_json_any_reader_reads_exactly(
    manifest: Manifest, tmp_path: Path
) -> None:
    """No number above 2^53, where JavaScript's stop being exact."""

    def numbers(value: object) -> list[int]:
        if isinstance(value, dict):
            return [n for inner in value.values() for n in numbers(inner)]
        if isinstance(value, list):
            return [n for inner in value for n in numbers(inner)]
        return [value] if isinstance(value, int) else []

    found = numbers(json.loads((tmp_path / "manifest.json").read_text("utf-8")))
    assert len(found) > len(manifest.contracts)
    assert max(found) < 1 << 53
