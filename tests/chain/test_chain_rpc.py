"""JSON-RPC: what the node says by name, and its silence by a remedy."""

import pytest

from sourceenergy.chain.rpc import Rpc, RpcError
from sourceenergy.errors import ChainError, Unavailable

pytestmark = pytest.mark.anyio


async def test_silence_names_the_host_but_no_secret_of_the_url() -> None:
    async with Rpc("http://user:hidden@127.0.0.1:9/v3/hidden", timeout_s=0.5) as rpc:
        with pytest.raises(Unavailable) as silent:
            await rpc.chain_id()
    assert not isinstance(silent.value, ChainError)
    assert silent.value.value == "http://127.0.0.1:9"
    assert "hidden" not in str(silent.value)


async def test_a_refused_request_is_named(rpc: Rpc) -> None:
    with pytest.raises(RpcError) as refused:
        await rpc.call("eth_noSuchThing")
    assert (refused.value.code, refused.value.field) == (-32601, "eth_noSuchThing")


async def test_a_batch_answers_in_order_with_errors_in_their_place(rpc: Rpc) -> None:
    requests: list[tuple[str, tuple[object, ...]]] = [("eth_chainId", ()), ("eth_noSuchThing", ())]
    answers = await rpc.batch(requests * 150)
    assert answers[0::2] == ["0x7a69"] * 150
    assert all(isinstance(answer, RpcError) for answer in answers[1::2])
    assert await rpc.batch([]) == []
