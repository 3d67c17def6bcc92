"""How long does a stranger wait? Verifying 10,000 meters × 96 intervals, and finding a tamper.

    python -m benchmarks.verify_scale

Settles the day of ``settle_scale``, writes its evidence, verifies all of it, changes one watt-hour
of the last record and verifies again. Prints seconds on the CPU and the most memory held.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from benchmarks.settle_scale import community

from sourceenergy.audit.checks import Check, replay_bundle
from sourceenergy.audit.evidence import check_evidence
from sourceenergy.config.tariff_file import shipped_tariffs
from sourceenergy.node.publish import prepare
from sourceenergy.proofs import ZERO_HASH
from sourceenergy.settlement.published import Anchor, read_public

ANCHOR = Anchor(31_337, "0x" + "ce" * 20, "0x" + "c0" * 32)
Result = TypeVar("Result")


def timed(step: str, work: Callable[[], Result]) -> Result:
    """Do the work and print what it took."""
    own = time.process_time()
    result = work()
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{step}: {time.process_time() - own:.1f} s, {held} MiB", flush=True)
    return result


def verified(files: dict[str, bytes]) -> list[Check]:
    """All checks of bundle and evidence."""
    public = read_public(_part(files, "public/"))
    checks, replay = replay_bundle(_part(files, "audit/"), public)
    return checks + check_evidence(files, public, replay)


def _part(files: dict[str, bytes], folder: str) -> dict[str, bytes]:
    return {n.removeprefix(folder): d for n, d in files.items() if n.startswith(folder)}


def main() -> None:
    """Settle, verify, alter, verify."""
    period, registers = community(10_000, 96)
    energy = np.diff(registers, axis=0)
    period.imported[:], period.exported[:] = energy[:, :, 0], energy[:, :, 1]
    made = timed(
        "settle with evidence",
        lambda: prepare(period, shipped_tariffs(), ANCHOR, 1, ZERO_HASH, ()),
    )
    files = dict(made.files)
    assert all(check.ok for check in timed("verify", lambda: verified(files)))
    head, _, last = files["audit/records.csv"].rstrip(b"\n").rpartition(b"\n")
    cells = last.split(b",")
    cells[2] = b"%d" % (int(cells[2]) + 1)
    files["audit/records.csv"] = head + b"\n" + b",".join(cells) + b"\n"
    found = [check for check in timed("verify, altered", lambda: verified(files)) if not check.ok]
    print(found[-1].detail)


if __name__ == "__main__":
    main()
