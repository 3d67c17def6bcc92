"""The embedded chain: an anvil of our own, kept alive, its state kept through any crash.

anvil writes its whole state to a file every second, but not atomically, and a kill can cut the
file. So a keeper copies each dump that parses to a second file, whole or not at all; a start
uses the newer of the two that parses. What is lost is the last second; the gateway sends that
again (``Gateway.reconcile``), because the chain may have gone back.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import Unavailable

_log = logging.getLogger(__name__)

_STEP_S = 0.02
_KEEP_EVERY_S = 0.5
_STOP_S = 20.0
_HEAD_BYTES = 512  # the dump begins with its newest block: enough to see whether it moved
_ROOT = Path(__file__).resolve().parents[3]


class EmbeddedChain:
    """A local chain whose files live in ``data_dir``; an async context manager.

    ``port`` 0 takes a free one and remembers it. An anvil of the same directory that runs
    already is taken over, never doubled; several processes may keep the same one. While anyone
    keeps it, one that dies is started again; one that ``stop`` ended is not.
    """

    def __init__(
        self, data_dir: Path, port: int = 0, chain_id: int = 31337, start_s: float = 20.0
    ) -> None:
        self.data_dir = data_dir = data_dir.resolve()  # one name, so that all know its anvil
        self.chain_id = chain_id
        self.port = port
        self.pid = 0
        self.restarts = 0
        self._start_s = start_s
        self._ready = False
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._state = data_dir / "state.json"
        self._good = data_dir / "state.good.json"
        self._notes = data_dir / "process.json"
        self._funds = data_dir / "funds.json"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """Its JSON-RPC address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        """Does an anvil of this directory run?"""
        lock = self._lock(fcntl.LOCK_SH)  # shared: two who look do not see each other
        if lock is not None:
            os.close(lock)
        if self._process is not None:
            if lock is not None:
                self._process.wait()  # it has let go of its files, so it is gone but for this
            if self._process.poll() is not None:
                self._process = None  # one that lives now is another keeper's
        return lock is None

    async def start(self) -> None:
        """Start it, or take over the one that runs, and wait until it answers.

        Raises Unavailable when there is no anvil or it does not come up in time.
        """
        self._ready = False
        self.data_dir.mkdir(parents=True, exist_ok=True)
        lock = None if self.alive else await self._lock_soon()
        if lock is not None:
            try:
                await asyncio.to_thread(self._mend_state)
                self.port = self.port or _free_port(int(_read(self._notes).get("port", 0)))
                self._spawn(lock)
            finally:
                os.close(lock)
        await self._wait_healthy()
        for address, wei in _read(self._funds).items():
            await self._fund(address, int(wei))
        self._ready = True
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Stop it so that it writes its state, and keep a good copy of that."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if self.alive:
            _write_json(self._notes, _read(self._notes) | {"stopped": True})
            self._signal(signal.SIGINT)
            if not await self._wait_dead(_STOP_S):
                _log.warning("the chain did not stop in %g s and is killed", _STOP_S)
                self._signal(signal.SIGKILL)
                await self._wait_dead(_STOP_S)
        await asyncio.to_thread(self._keep_good)

    async def fund(self, address: str, wei: int) -> None:
        """Give an account at least ``wei`` of local ether.

        It is remembered: a start on a state of a second ago gives it again.
        """
        _write_json(self._funds, _read(self._funds) | {address.lower(): str(wei)})
        await self._fund(address, wei)

    # --- the process -----------------------------------------------------------------------

    def _lock(self, kind: int) -> int | None:
        """The directory's lock as an open file; None while another holds it."""
        lock = os.open(self.data_dir / "anvil.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    async def _lock_soon(self) -> int | None:
        for _ in range(10):  # one who only looks holds it for an instant
            lock = self._lock(fcntl.LOCK_EX)
            if lock is not None:
                return lock
            await asyncio.sleep(_STEP_S)
        return None

    def _spawn(self, lock: int) -> None:
        command = [
            *(str(find_anvil()), "--host", "127.0.0.1", "--port", str(self.port)),
            *("--chain-id", str(self.chain_id), "--hardfork", "osaka"),
            *("--accounts", "0", "--quiet"),  # no account whose key the world knows, no banner
            *("--state", str(self._state), "--state-interval", "1"),
        ]
        with (self.data_dir / "anvil.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own pinned program
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for us, not for it
                pass_fds=(lock,),  # held as long as anvil lives, whoever else dies
            )
        self.pid = self._process.pid
        _write_json(self._notes, {"port": self.port, "pid": self.pid})

    async def _wait_healthy(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._start_s
        while True:
            if self._process is None:  # another process started it, maybe just now
                notes = _read(self._notes)
                self.port, self.pid = int(notes.get("port", 0)), int(notes.get("pid", 0))
            async with Rpc(self.url, timeout_s=2.0) as rpc:
                try:
                    found = await rpc.chain_id()
                    break
                except Unavailable as error:
                    if not self.alive or loop.time() > deadline:
                        raise Unavailable(
                            "the embedded chain did not come up",
                            rule="chain.start",
                            field="anvil",
                            value=self.url,
                            remedy=f"read {self.data_dir / 'anvil.log'}",
                        ) from error
                    await asyncio.sleep(_STEP_S)
        if found != self.chain_id:
            raise Unavailable(
                "another chain answers at the embedded chain's port",
                rule="chain.id",
                field="chain_id",
                value=found,
                remedy="stop the other program or choose another port",
            )

    async def _wait_dead(self, seconds: float) -> bool:
        deadline = asyncio.get_running_loop().time() + seconds
        while self.alive:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(_STEP_S)
        return True

    def _signal(self, number: int) -> None:
        command = Path(f"/proc/{self.pid}/cmdline")
        if command.exists() and str(self._state).encode() not in command.read_bytes():
            return  # the number is another program's by now
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def _keep(self) -> None:
        """Keep a good copy of the state; start anvil again when it has died."""
        while True:
            await asyncio.sleep(_KEEP_EVERY_S)
            try:
                notes = _read(self._notes)
                if not self.alive and notes.get("stopped"):
                    return
                if not self.alive or notes.get("pid") != self.pid:
                    self.restarts += 1
                    _log.warning("the chain has died (restart %d)", self.restarts)
                    self._ready = False
                if not self._ready:
                    await self.start()
                await asyncio.to_thread(self._keep_good)
            except (OSError, Unavailable) as error:
                _log.warning("keeping the chain failed, it is tried again: %s", error)

    # --- its state -------------------------------------------------------------------------

    def _keep_good(self) -> None:
        """Copy the dump to the good file if it has a new block and parses."""
        if _head(self._state) == _head(self._good):
            return
        content = _sound(self._state)
        if content is not None:
            _write_whole(self._good, content)

    def _mend_state(self) -> None:
        """Before a start: put the good copy in the place of a dump that is cut."""
        if _sound(self._state) is not None:
            return
        good = _sound(self._good)
        if self._state.exists():
            self._state.replace(self.data_dir / "state.damaged.json")
        if good is not None:
            _write_whole(self._state, good)
            _log.warning("the chain's state was cut; it goes on from the good copy %s", self._good)
        elif (self.data_dir / "state.damaged.json").exists():
            _log.warning("the chain's first state was cut before it had a copy: it starts anew")

    async def _fund(self, address: str, wei: int) -> None:
        async with Rpc(self.url) as rpc:
            if int(await rpc.call("eth_getBalance", address, "latest"), 16) < wei:
                await rpc.call("anvil_setBalance", address, hex(wei))
                await rpc.call("evm_mine")  # a new block, so that the copy of the state has it


def find_anvil() -> Path:
    """The anvil program: SOURCEENERGY_ANVIL, the pinned one of this checkout, or one in PATH.

    Raises Unavailable where there is none.
    """
    named = os.environ.get("SOURCEENERGY_ANVIL")
    pinned = (_ROOT / "contracts" / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil")
    in_path = shutil.which("anvil")
    places = [Path(named)] if named else [*pinned, *([Path(in_path)] if in_path else [])]
    for place in places:
        if os.access(place, os.X_OK):
            return place
    raise Unavailable(
        "no anvil program was found for the embedded chain",
        rule="chain.program",
        field="SOURCEENERGY_ANVIL" if named else "anvil",
        value=named,
        remedy="run `make setup`, or give the address of a chain with --rpc URL",
    )


def _free_port(remembered: int) -> int:
    for port in (remembered, 0) if remembered else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    raise Unavailable(
        "this machine has no free port",
        rule="chain.port",
        field="port",
        remedy="stop other programs",
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except FileNotFoundError:
        return b""


def _sound(path: Path) -> bytes | None:
    """The file's content if it is a whole dump."""
    try:
        content = path.read_bytes()
        state = json.loads(content)
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(state, dict) and "accounts" in state else None


def _read(path: Path) -> dict[str, Any]:
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    _write_whole(path, json.dumps(content, sort_keys=True).encode())


def _write_whole(path: Path, content: bytes) -> None:
    draft = path.with_suffix(f".{os.getpid()}.draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
