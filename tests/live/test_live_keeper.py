"""One ``up`` a data folder, and what a killed one left behind: ended if it is ours, else let be."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sourceenergy.cli.keeper import PARENT, end_leftovers, is_kept, keeping
from sourceenergy.errors import NotPermitted

SLEEP = "import time; time.sleep(60)"


def asleep(*words: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SLEEP, *map(str, words)])


@pytest.fixture
def noted(tmp_path: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Processes noted as parts of ``tmp_path``: the node is ours, the others are not."""
    processes = {
        "node": asleep("sourceenergy", tmp_path),
        "engine": asleep("sourceenergy", tmp_path / "another"),
        "homes": asleep("something", tmp_path),
        "chain": asleep("sourceenergy", tmp_path),
    }
    (tmp_path / "live").mkdir()
    pids = {part: process.pid for part, process in processes.items()}
    (tmp_path / "live" / "pids.json").write_text(json.dumps(pids))
    yield processes
    for process in processes.values():
        process.kill()
        process.wait(5)


def test_a_second_keeper_of_a_folder_is_refused(tmp_path: Path) -> None:
    with keeping(tmp_path):
        with pytest.raises(NotPermitted, match="another `sourceenergy up`"), keeping(tmp_path):
            pass
        assert is_kept(tmp_path)
    assert not is_kept(tmp_path)


def test_a_folder_nobody_ever_kept_has_no_keeper_and_no_leftovers(tmp_path: Path) -> None:
    assert not is_kept(tmp_path)
    assert end_leftovers(tmp_path) == []


def test_only_our_own_leftovers_are_ended_and_the_chain_is_taken_over(
    tmp_path: Path, noted: dict[str, subprocess.Popen[bytes]]
) -> None:
    assert end_leftovers(tmp_path) == ["node"]
    assert noted["node"].wait(5) != 0
    assert [noted[part].poll() for part in ("engine", "homes", "chain")] == [None, None, None]


def test_a_part_ends_when_the_up_that_started_it_is_gone() -> None:
    # The parent is a process that starts the part and dies at once.
    part = (
        "from sourceenergy.cli.keeper import end_with_parent; import time;"
        "print('ready', flush=True); end_with_parent(); time.sleep(60)"
    )
    parent = (
        "import os, subprocess, sys;"
        f"os.environ['{PARENT}'] = str(os.getpid());"
        f'part = subprocess.Popen([sys.executable, "-c", "{part}"], stdout=subprocess.PIPE);'
        "part.stdout.readline(); print(part.pid, flush=True)"
    )
    said = subprocess.run(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, timeout=30, check=True
    )
    pid = int(said.stdout)
    for _ in range(100):
        if not _words(pid):  # gone, or waiting for its parent to notice
            return
        time.sleep(0.1)
    raise AssertionError("the part still runs")


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
