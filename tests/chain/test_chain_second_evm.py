"""S01, check 4: the contracts do the same on a second EVM that shares no code with the first."""

from functools import partial
from pathlib import Path

import pytest

from chain.conftest import SqliteIntentLog, signer
from chain.second_evm import P256_CASES, TOKENS, Outcome, Run, ethereumjs, revm
from sourceenergy.chain.keys import Account
from sourceenergy.chain.plan import Plan
from sourceenergy.chain.rpc import Rpc, RpcError

pytestmark = pytest.mark.anyio


async def test_S01_the_core_of_the_suite_gives_the_same_on_both(
    needs_anvil: None, plan: Plan, deployer: Account, operator: Account, tmp_path: Path
) -> None:
    """Every address, byte of code, unit of gas, balance and reason of refusal."""
    outcomes: dict[str, Outcome] = {}
    for start in (partial(revm, tmp_path), ethereumjs):
        async with start() as chain:
            log = SqliteIntentLog(tmp_path / f"{chain.name}.sqlite")
            outcomes[chain.name] = await Run(chain, plan, log).all(tmp_path, deployer, operator)
            for data, answer in P256_CASES:
                request = {"to": "0x" + "100".rjust(40, "0"), "data": "0x" + data}
                assert await chain.rpc.call("eth_call", request, "latest") == answer
    first, second = outcomes["revm"], outcomes["ethereumjs"]
    assert len(first.gas) > 60
    assert first.refused == second.refused
    assert first.refused["a stranger"].startswith("AccessManagedUnauthorized")
    assert first.refused["its own hold"].startswith("SameOfficer")
    assert first.code == second.code
    assert first.balances == second.balances
    bought = {name: first.balances[f"{name} of {signer(62).address}"] for name in TOKENS[3:]}
    assert bought == {"Certificates": 5_000, "CertificateBasket": 3_000, "Fund": 10**12 // 2}
    assert first.gas == second.gas


async def test_the_second_chain_refuses_what_it_cannot_know() -> None:
    """Only the newest state is kept; a wrong answer would be worse than none."""
    async with ethereumjs() as chain:
        rpc: Rpc = chain.rpc
        address = "0x" + "11" * 20
        for request in (("eth_getCode", address, "0x7"), ("eth_getBalance", address, "earliest")):
            with pytest.raises(RpcError, match="only the newest state"):
                await rpc.call(*request)
        with pytest.raises(RpcError, match="no method"):
            await rpc.call("eth_mining")
        assert await rpc.call("eth_getBlockByNumber", "0x9", False) is None
