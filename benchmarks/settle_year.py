"""How long does the pure settlement of ten homes' year take on one core?

    python benchmarks/settle_year.py --date 2026-01-31 [--homes ../shared/data/homes]

Times ``settle`` (energy, prices, ledgers, rounding, every invariant, 87,600 record commitments,
Merkle roots) beside a named baseline in the same run: a plain Python loop that does the mid-market
pool in floating point, without rounding, checks, self-trade rule or hashes. Writes RESULTS.md.
"""

from __future__ import annotations

import argparse
import gc
import platform
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from settlement import ten_homes  # noqa: E402
from sourceenergy.settlement.leaves import record_leaves  # noqa: E402
from sourceenergy.settlement.period import Period, interval_input, settle  # noqa: E402

RUNS = 5
GOAL_S = 30
Result = TypeVar("Result")


def naive(period: Period) -> tuple[float, float]:
    """The baseline: shared energy [Wh] and money [ud] of a mid-market pool, in plain Python."""
    given = interval_input(period)
    supply, demand = given.exported.tolist(), given.imported.tolist()
    asks, bids = given.feed_in.tolist(), (given.retail - given.fee).tolist()
    shared = paid = 0.0
    for sellers, buyers, ask, bid in zip(supply, demand, asks, bids, strict=True):
        # Crossing tariffs the simple way: whoever cannot gain from any seller sits out.
        floor = max((a for a, s in zip(ask, sellers, strict=True) if s), default=0)
        wants = [d if b >= floor else 0 for d, b in zip(buyers, bid, strict=True)]
        total_supply, total_demand = sum(sellers), sum(wants)
        volume = min(total_supply, total_demand)
        if not volume:
            continue
        price = (floor + min(b for b, d in zip(bid, wants, strict=True) if d)) / 2
        bought = [d * volume / total_demand for d in wants]
        sold = [s * volume / total_supply for s in sellers]
        shared += sum(sold)
        paid += sum(b * price for b in bought) / 1000
    return shared, paid


def commitments(period: Period) -> int:
    """Hash every record; how many there were."""
    pieces = record_leaves(
        period.meter_columns,
        period.starts_s,
        period.seconds,
        period.imported,
        period.exported,
        period.quality,
    )
    return sum(leaves.size // 32 for _, leaves in pieces)


def best_and_median(work: Callable[[], Result]) -> tuple[float, float, Result]:
    """Shortest and middle CPU time [s] of some runs on one core, and what the work gave."""
    times = []
    for _ in range(RUNS):
        gc.collect()
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return min(times), median(times), result


def peak_mib() -> float:
    """Most memory this process has held [MiB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", required=True, help="date of the run, for the table")
    parser.add_argument("--homes", type=Path, default=ROOT.parent / "shared" / "data" / "homes")
    parser.add_argument("--machine", default="2 cores, one used")
    options = parser.parse_args()
    real = options.homes.is_dir()
    energy = ten_homes.load(options.homes) if real else ten_homes.synthetic()
    source = "ten real homes" if real else "SYNTHETIC homes (the data set is absent)"
    period = ten_homes.period(*energy)
    before_mib = peak_mib()
    plain_best, plain_median, (plain_wh, _) = best_and_median(lambda: naive(period))
    hash_best, hash_median, _ = best_and_median(lambda: commitments(period))
    best, middle, settled = best_and_median(lambda: settle(period))
    assert abs(settled.local_wh - plain_wh) < 0.01 * plain_wh, "the two disagree on energy"
    assert middle < GOAL_S, "slower than the goal"
    lines = [
        "# Settlement of a year, measured",
        "",
        f"{options.date}; {source}, 8,760 hours, 87,600 records; {options.machine}; "
        f"Python {platform.python_version()}, NumPy {np.__version__}; CPU seconds of {RUNS} runs. "
        f"Goal: under {GOAL_S} s. Figures vary up to 2x between runs.",
        "",
        "| What | best [s] | median [s] |",
        "|---|---:|---:|",
        "| baseline: a mid-market pool in plain Python, no rounding, checks or hashes | "
        f"{plain_best:.3f} | {plain_median:.3f} |",
        f"| 87,600 record commitments, part of the next | {hash_best:.3f} | {hash_median:.3f} |",
        f"| `settle`: the whole pure settlement | {best:.3f} | {middle:.3f} |",
        "",
        f"Peak memory {peak_mib():.0f} MiB, of which {before_mib:.0f} before settling (libraries "
        f"and data). Shared among neighbours: {settled.local_wh / 1e6:,.3f} MWh, the baseline says "
        f"{plain_wh / 1e6:,.3f}.",
        "",
        "Made by `python benchmarks/settle_year.py --date …`.",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    (ROOT / "benchmarks" / "RESULTS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
