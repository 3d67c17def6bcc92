"""Screenshots of the running app for the docs: starts a community, waits for statements, looks.

Run by ``make screens``. The pictures are true: a live simulated community, nothing staged.
"""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
SECONDS = 420


def main() -> None:
    """Write the pictures to docs/pictures."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = Path(tempfile.mkdtemp(prefix="sourceenergy-screens-"))
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "sourceenergy", "up", "--data", str(data)]
    # Six times as fast as the demo: most of a day passes in a minute or two.
    options = ["--port", str(port), "--interval-seconds", "2", "--delay", "5"]
    community = subprocess.Popen([*command, *options])
    try:
        wait_for_statements(url, 3)
        subprocess.run(
            ["npm", "run", "--silent", "screens", "--", "--url", url, "--out", str(PICTURES)],
            cwd=ROOT / "web",
            check=True,
        )
    finally:
        community.send_signal(signal.SIGINT)
        community.wait(30)
        shutil.rmtree(data, ignore_errors=True)
    print(f"pictures: {PICTURES}")


def wait_for_statements(url: str, count: int) -> None:
    """Wait until ``count`` statements are on chain."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/api/v1/statements") as answer:  # noqa: S310
                rows = json.load(answer)["statements"]
            if sum(row["block"] is not None for row in rows) >= count:
                return
        except OSError:
            pass
        time.sleep(1)
    raise SystemExit("the community did not post statements in time")


if __name__ == "__main__":
    main()
