"""The page in a real browser, against a real node with real (simulated) homes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
WEB = ROOT / "src/sourceenergy/api/web/index.html"


@pytest.fixture
def community(tmp_path: Path) -> Iterator[str]:
    """A small live community with a statement on chain; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "sourceenergy", "up", "--data", str(tmp_path / "data")]
    options = ["--port", str(port), "--homes", "4", "--interval-seconds", "2", "--delay", "2"]
    process = subprocess.Popen([*command, *options], cwd=tmp_path)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for_a_statement(url, process)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _wait_for_a_statement(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            rows = httpx.get(f"{url}/api/v1/statements", trust_env=False).json()["statements"]
            if any(row["block"] is not None for row in rows):
                return
        except (httpx.HTTPError, ValueError):
            pass
        time.sleep(0.5)
    pytest.fail("the community posted no statement")


def test_the_page_shows_the_community_to_everybody(community: str) -> None:
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium: apt-get install chromium, or name one with CHROMIUM=…")
    if not WEB.exists():
        pytest.skip("needs the built page: make setup")
    done = subprocess.run(
        ["npm", "run", "--silent", "e2e", "--", "--url", community],
        cwd=ROOT / "web",
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env={**os.environ, "CHROMIUM": str(CHROMIUM)},
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
