"""A live community as a child process: started, looked at, hurt and stopped, as people would.

Everything goes through what a stranger has: the command line, the web service, JSON-RPC and
signals. Nothing here reaches into the running processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx

from sourceenergy.chain.contracts import Contract
from sourceenergy.clock import load_clock

T = TypeVar("T")

INTERVAL_S = 900
MOST_S = 120.0
"""How long anything may take before a test gives up; far beyond what it takes [s]."""


class LiveCommunity:
    """``sourceenergy up`` on a folder of its own; all times in real seconds."""

    def __init__(
        self,
        folder: Path,
        *,
        homes: int = 4,
        interval_seconds: float = 1.2,
        delay_s: int = 2,
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.live = self.data / "live"
        self.port = _free_port()
        self.starts_s: list[float] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._options = [
            *("--homes", str(homes), "--interval-seconds", str(interval_seconds)),
            *("--delay", str(delay_s)),
        ]
        self._http = httpx.Client(trust_env=False, timeout=5)

    # --- its life ---

    def start(self) -> float:
        """Start it and wait for its page; seconds that took."""
        began = time.monotonic()
        before = self._pids()
        self.launch()
        self.wait_until_up(before)
        self.starts_s.append(time.monotonic() - began)
        return self.starts_s[-1]

    def launch(self) -> None:
        """Start it and wait for nothing."""
        with (self.folder / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*_COMMAND, "up", "--data", self.data, "--port", str(self.port), *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_until_up(self, before: Mapping[str, int] | None = None) -> None:
        """Wait for the page of a community that was launched, served by another than before."""
        old = (before or {}).get("node")
        self.until(lambda: self._pids().get("node", old) != old and self._answers(), "page")

    def start_if_needed(self) -> None:
        """Start it unless it runs; wait for its page."""
        if self.process is None or self.process.poll() is not None:
            self.start()
        else:
            self.wait_until_up()

    def stop(self, most_s: float = 30) -> float:
        """Stop it as Ctrl-C does; seconds that took. It must end well and in time."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(most_s) == 0, self.told()
        return time.monotonic() - began

    def close(self) -> None:
        """End everything that is left, whatever state it is in."""
        self._http.close()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        if "chain" in self._pids():  # an `up` that was killed leaves it for the next one
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, AssertionError):
                self.kill("chain")

    def told(self) -> str:
        """What ``up`` and its parts said last."""
        logs = [self.folder / "up.log", *sorted(self.live.glob("*.log"))]
        return "\n".join(f"--- {log.name}\n{log.read_text()[-2000:]}" for log in logs)

    def until(self, look: Callable[[], T | None], what: str, most_s: float = MOST_S) -> T:
        """Look again and again until there is something."""
        deadline = time.monotonic() + most_s
        while time.monotonic() < deadline:
            assert self.process is None or self.process.poll() is None, self.told()
            with contextlib.suppress(httpx.TransportError):  # it may be between two processes
                found = look()
                if found:
                    return found
            time.sleep(0.1)
        raise AssertionError(f"no {what} in {most_s:.0f} s\n{self.told()}")

    # --- what it says ---

    def get(self, path: str) -> Any:
        """What the web service answers."""
        answer = self._http.get(f"http://127.0.0.1:{self.port}{path}")
        answer.raise_for_status()
        return answer.json()

    def status(self) -> Any:
        """The node's account of itself."""
        return self.get("/api/v1/status")

    def statements(self) -> list[dict[str, Any]]:
        """The newest statements, newest first."""
        rows: list[dict[str, Any]] = self.get("/api/v1/statements?limit=1000")["statements"]
        return rows

    def newest_live(self) -> dict[str, Any] | None:
        """The newest statement whose payouts are open."""
        return next((row for row in self.statements() if row["state"] == "live"), None)

    def now_ms(self) -> int:
        """The community's own time [UTC ms]."""
        return load_clock(self.live / "clock.json").now_ms()

    def files(self, epoch: int) -> Path:
        """Folder of a statement's files."""
        return self.live / "statements" / f"{epoch:06d}"

    def own_file(self, epoch: int, member: str) -> dict[str, Any]:
        """A member's own file of a statement."""
        path = self.files(epoch) / "members" / member / "proof.json"
        content: dict[str, Any] = json.loads(path.read_text())
        return content

    def closed(self) -> int:
        """Start of the newest closed interval [UTC s], 0 before the first."""
        last = self.status()["last_interval"]
        return int(last["start_s"]) if last else 0

    def _answers(self) -> bool:
        try:
            return self.status()["chain"]["block"] is not None
        except httpx.HTTPError:
            return False

    def sellers(self) -> list[str]:
        """Members with a roof, those who are paid; first whose battery takes least."""
        homes = self.get("/api/v1/homes")["homes"]
        roofs = [home for home in homes if home["solar_w"]]
        return [home["id"] for home in sorted(roofs, key=lambda home: home["battery_wh"])]

    # --- its parts ---

    def pid(self, part: str) -> int:
        """Process id of a part: node, engine, homes or chain."""
        return self._pids()[part]

    def _pids(self) -> dict[str, int]:
        noted = self.live / "pids.json"
        pids: dict[str, int] = json.loads(noted.read_text()) if noted.exists() else {}
        return pids

    def signal(self, part: str, number: int) -> int:
        """Signal a part, after making sure that the id is this community's; the id."""
        pid = self.pid(part)
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert os.fsencode(self.data) in words, words
        os.kill(pid, number)
        return pid

    def phase(self) -> float:
        """How far the interval is, 0 to 1."""
        return self.now_ms() % (INTERVAL_S * 1000) / (INTERVAL_S * 1000)

    def mid_interval(self) -> float:
        """Wait for the middle third of an interval; how far it is."""
        while not 1 / 3 < (phase := self.phase()) < 2 / 3:
            time.sleep(0.02)
        return phase

    def kill(self, part: str) -> int:
        """``kill -9`` a part; the id it had."""
        return self.signal(part, signal.SIGKILL)

    def back(self, part: str, pid: int) -> float:
        """Wait until a killed part works again in a new process; seconds since the call."""
        began = time.monotonic()
        before = self._readings() or 0

        def works() -> bool:
            if self.pid(part) == pid or not self._answers():
                return False
            return part != "engine" or (self._readings() or 0) > before

        self.until(works, f"{part} again")
        return time.monotonic() - began

    def _readings(self) -> int | None:
        try:
            return int(self.status()["readings"])
        except httpx.HTTPError:
            return None

    # --- its command line and its chain ---

    def tool(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start one of our commands in a process of its own, away from the data folder."""
        return subprocess.Popen(
            [*_COMMAND, *map(str, arguments)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def withdraw(self, member: str) -> dict[str, Any]:
        """Have a member paid; its answer."""
        return self.until(lambda: self.paid(self.withdrawing(member)), "withdrawal")

    def withdrawing(self, member: str) -> subprocess.Popen[str]:
        """Begin to have a member paid."""
        return self.tool("withdraw", member, "--data", self.data, "--json")

    def paid(self, withdrawing: subprocess.Popen[str]) -> dict[str, Any] | None:
        """The answer of a withdrawal; None if it was put off in a way that asking again cures.

        A chain that is on its way up again does not answer, and a statement it had lost opens
        anew after its delay.
        """
        said, trouble = withdrawing.communicate(timeout=MOST_S)
        answer: dict[str, Any] = json.loads(said) if said else {}
        if withdrawing.returncode == 0:
            return answer
        put_off = {"chain.reachable", "contract.NotLive", "withdraw.delay"}
        assert answer.get("rule") in put_off, said + trouble
        return None

    def verify(self, epoch: int, *, member: str | None = None) -> tuple[int, dict[str, Any]]:
        """A stranger's check of a statement with its files and the chain's address alone."""
        files = self.files(epoch)
        options: list[str | Path] = ["--audit", files / "audit"]
        if member:
            options += ["--member", files / "members" / member / "proof.json"]
        rpc = self.status()["chain"]["rpc"]
        tool = self.tool("verify", files / "public", *options, "--rpc", rpc, "--json")
        said, trouble = tool.communicate(timeout=MOST_S)
        assert said, trouble
        return tool.returncode, json.loads(said)

    def rpc(self, method: str, *params: object) -> Any:
        """Ask the chain itself."""
        url = self.status()["chain"]["rpc"]
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return self._http.post(url, json=body).json()["result"]

    def view(self, name: str, function: str, *arguments: object) -> Any:
        """Ask a view function of a contract, at the newest block."""
        contract = self.contract(name)
        call = {"to": contract.address, "data": "0x" + contract.encode(function, *arguments).hex()}
        return contract.decode(function, bytes.fromhex(self.rpc("eth_call", call, "latest")[2:]))

    def contract(self, name: str) -> Contract:
        """One of its contracts; ``Clearing`` is the community's own."""
        if name == "Clearing":
            return Contract(name, self.status()["chain"]["clearing"])
        manifest: Mapping[str, Any] = json.loads((self.data / "chain/manifest.json").read_text())
        return Contract(name, manifest["contracts"][name]["address"])

    def paid_ud(self, account: str) -> int:
        """What the clearing contract says it has paid an account [ud]."""
        return int(self.view("Clearing", "paid", account))

    def balance_ud(self, account: str) -> int:
        """What an account holds [ud]."""
        return int(self.view("Currency", "balanceOf", account))


_COMMAND = (sys.executable, "-m", "sourceenergy")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
