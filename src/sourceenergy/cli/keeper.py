"""One ``up`` keeps a data folder: its lock, and the end of what a killed one left running."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from sourceenergy.errors import NotPermitted

PARENT = "SOURCEENERGY_PARENT"
"""Environment variable with the process id of the ``up`` that started a part."""
_STEP_S = 0.1
_POLITE_S = 8.0


def is_kept(data_dir: Path) -> bool:
    """Does an ``up`` run on this data folder?"""
    path = _lock_path(data_dir)
    if not path.exists():
        return False
    lock = _locked(path, fcntl.LOCK_SH)
    if lock is None:
        return True
    os.close(lock)
    return False


@contextlib.contextmanager
def keeping(data_dir: Path) -> Iterator[None]:
    """Be the only ``up`` of a data folder; ``NotPermitted`` where another one runs."""
    path = _lock_path(data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = None
    for _ in range(5):  # one who only looks holds it for an instant
        lock = _locked(path, fcntl.LOCK_EX)
        if lock is not None:
            break
        time.sleep(_STEP_S)
    if lock is None:
        raise NotPermitted(
            "another `sourceenergy up` keeps this data folder",
            rule="live.once",
            field="--data",
            value=data_dir,
            remedy="stop it, or use another --data folder",
        )
    try:
        yield
    finally:
        os.close(lock)


def _lock_path(data_dir: Path) -> Path:
    return data_dir / "live" / "up.lock"


def _locked(path: Path, kind: int) -> int | None:
    """The lock as an open file, which the kernel lets go with the process; None if it is held."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def end_leftovers(data_dir: Path) -> list[str]:
    """End the parts that a killed ``up`` of this folder left running; their names.

    The chain is not one of them: it is taken over. A process id counts only if its command line
    names SourceEnergy and this folder, because ids are used again.
    """
    try:
        noted = json.loads((data_dir / "live" / "pids.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    ours = {
        part: int(pid)
        for part, pid in noted.items()
        if part != "chain" and _is_part(int(pid), data_dir)
    }
    for number, most_s in ((signal.SIGTERM, _POLITE_S), (signal.SIGKILL, 1.0)):
        for pid in ours.values():
            if _is_part(pid, data_dir):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        deadline = time.monotonic() + most_s
        while any(_is_part(pid, data_dir) for pid in ours.values()):
            if time.monotonic() > deadline:
                break
            time.sleep(_STEP_S)
    return sorted(ours)


def _is_part(pid: int, data_dir: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False  # gone; without /proc the parts end by themselves, see end_with_parent
    return b"sourceenergy" in words and os.fsencode(data_dir.resolve()) in words


def end_with_parent() -> None:
    """End this process when the ``up`` that started it is gone, however that ended."""
    parent = os.environ.get(PARENT, "")
    if parent.isdigit():
        threading.Thread(target=_watch, args=(int(parent),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_STEP_S * 5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_POLITE_S)
    os._exit(1)
