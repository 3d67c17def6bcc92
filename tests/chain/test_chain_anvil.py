"""The embedded chain: one per directory, its state kept through kills and cut files."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from sourceenergy.chain.anvil import EmbeddedChain, find_anvil
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import Unavailable

pytestmark = pytest.mark.anyio

SOMEONE = "0x" + "77" * 20


async def _balance(chain: EmbeddedChain, address: str) -> int:
    async with Rpc(chain.url) as rpc:
        return int(await rpc.call("eth_getBalance", address, "latest"), 16)


async def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("waited in vain")


async def _until_it_answers(chain: EmbeddedChain, seconds: float = 10) -> None:
    for _ in range(int(seconds / 0.05)):
        try:
            await _balance(chain, SOMEONE)
        except Unavailable:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("no answer")


async def test_without_a_program_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOURCEENERGY_ANVIL", str(tmp_path / "none"))
    with pytest.raises(Unavailable, match="make setup"):
        find_anvil()
    with pytest.raises(Unavailable):
        await EmbeddedChain(tmp_path / "chain").start()


async def test_a_program_that_ends_at_once_is_no_chain(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOURCEENERGY_ANVIL", "/bin/false")
    with pytest.raises(Unavailable, match=r"anvil\.log"):
        await EmbeddedChain(tmp_path / "chain").start()


async def test_the_state_and_the_port_outlive_a_stop(needs_anvil: None, tmp_path: Path) -> None:
    async with EmbeddedChain(tmp_path) as chain:
        await chain.fund(SOMEONE, 5)
        port = chain.port
    assert not chain.alive
    async with EmbeddedChain(tmp_path) as chain:
        assert chain.port == port
        assert await _balance(chain, SOMEONE) == 5


async def test_no_key_is_ever_printed(needs_anvil: None, tmp_path: Path) -> None:
    async with EmbeddedChain(tmp_path) as chain, Rpc(chain.url) as rpc:
        assert await rpc.call("eth_accounts") == []
    assert b"rivate" not in (tmp_path / "anvil.log").read_bytes()


async def test_a_running_chain_is_taken_over_not_doubled(needs_anvil: None, tmp_path: Path) -> None:
    first = EmbeddedChain(tmp_path)
    await first.start()
    async with EmbeddedChain(tmp_path) as second:
        assert (second.pid, second.port) == (first.pid, first.port)
        assert await _balance(second, SOMEONE) == 0
    assert not first.alive
    await first.stop()


async def test_a_killed_chain_is_started_again_with_its_funds(
    needs_anvil: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with EmbeddedChain(tmp_path) as chain:
        await chain.fund(SOMEONE, 5)
        killed = chain.pid
        os.kill(killed, signal.SIGKILL)
        await _until(lambda: chain.restarts == 1 and chain.pid != killed)
        await _until_it_answers(chain)
        async with asyncio.timeout(10):  # it answers a moment before it has its funds again
            while await _balance(chain, SOMEONE) != 5:
                await asyncio.sleep(0.05)
    assert "has died" in caplog.text


async def test_two_keepers_start_a_killed_chain_once_and_let_a_stopped_one_rest(
    needs_anvil: None, tmp_path: Path
) -> None:
    async with EmbeddedChain(tmp_path) as first, EmbeddedChain(tmp_path) as second:
        for _ in range(3):
            killed = first.pid
            os.kill(killed, signal.SIGKILL)
            await _until(lambda k=killed: k != first.pid == second.pid)  # type: ignore[misc]
            await _until_it_answers(first)
        assert first.port == second.port
        assert min(first.restarts, second.restarts) > 0
        await first.stop()
        await asyncio.sleep(0.7)
        assert not second.alive


async def test_a_cut_state_is_replaced_by_the_good_copy(
    needs_anvil: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with EmbeddedChain(tmp_path) as chain, Rpc(chain.url) as rpc:
        await chain.fund(SOMEONE, 5)
        await rpc.call("anvil_mine", "0x7")
        block = await rpc.block_number()
    state = tmp_path / "state.json"
    state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])

    with caplog.at_level(logging.WARNING):
        async with EmbeddedChain(tmp_path) as chain, Rpc(chain.url) as rpc:
            assert await rpc.block_number() == block
            assert await _balance(chain, SOMEONE) == 5
    assert "goes on from the good copy" in caplog.text
    assert (tmp_path / "state.damaged.json").exists()


async def test_a_good_copy_follows_the_chain_while_it_runs(
    needs_anvil: None, tmp_path: Path
) -> None:
    good = tmp_path / "state.good.json"
    async with EmbeddedChain(tmp_path) as chain, Rpc(chain.url) as rpc:
        await rpc.call("anvil_mine", "0x7")
        await _until(lambda: good.exists() and b'"number":"0x7"' in good.read_bytes()[:100])
        # a dump caught half written is never copied
        chain.data_dir.joinpath("state.json").write_bytes(b'{"block":{"number":"0x9"')
        await asyncio.sleep(0.6)
        assert b'"number":"0x7"' in good.read_bytes()[:100]
