"""How long does clearing take, on one core, beside a plain NumPy sort in the same run?

    python benchmarks/market.py --date 2026-01-31 [--peers path/to/a/python/with/the/peers]

Times one interval of up to a million orders with fills, and the day of 1,000 communities with 96
intervals of 1,000 orders each. ``cross`` finds volume, prices and every fill; ``clear`` also prices
the orders and checks every invariant anew. First calls, which compile, are measured apart in fresh
processes. Peers, where given, run in an interpreter of their own (``make bench-peers``).
Writes MARKET.md and market.svg.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sourceenergy.market.registry import Book, Rules, clear
from sourceenergy.market.uniform import cross

Ints = NDArray[np.int64]

HERE = Path(__file__).resolve().parent
SIZES = (1_000, 10_000, 100_000, 1_000_000)
COMMUNITIES, INTERVALS, ORDERS = 1_000, 96, 1_000
AT_ONCE = 100  # communities whose day is in memory at a time
RUNS = 5
SHORT_S = 0.02
COLD = """
import time
start = time.process_time()
from sourceenergy.market.registry import Book, clear
loaded = time.process_time()
import numpy as np
n = 20_000
book = Book(np.arange(n), (np.arange(n) % 2).astype(np.int8), np.arange(n), np.ones(n, np.int64),
    np.arange(n))
started = time.process_time()
clear(book)
print(loaded - start, time.process_time() - started)
"""


def plain_numpy(side: Any, price: Ints, quantity: Ints) -> tuple[int, Ints]:
    """The baseline: sort both sides, cumulate, cut where they cross; (volume, fills).

    No rule for ties, no price, no check, no thought of who trades with whom.
    """
    bids, asks = np.flatnonzero(side == 0), np.flatnonzero(side == 1)
    bids = bids[np.argsort(-price[bids], kind="stable")]
    asks = asks[np.argsort(price[asks], kind="stable")]
    bought, sold = np.cumsum(quantity[bids]), np.cumsum(quantity[asks])
    bidder = np.searchsorted(bought, sold - quantity[asks], side="right")
    worth = np.append(price[bids], np.iinfo(np.int64).min)[np.minimum(bidder, len(bids))]
    last = int(np.flatnonzero(worth >= price[asks])[-1])
    willing = int(np.searchsorted(-price[bids], -price[asks[last]], side="right"))
    volume = int(min(sold[last], bought[willing - 1]))
    energy = np.zeros(len(price), dtype=np.int64)
    energy[bids] = np.clip(volume - (bought - quantity[bids]), 0, quantity[bids])
    energy[asks] = np.clip(volume - (sold - quantity[asks]), 0, quantity[asks])
    return volume, energy


def draw(orders: int, markets: int, seed: int, spread: int = 100_000) -> Book:
    """Random orders of up to 5 kWh, ``spread`` ticks of price, a member an order and market."""
    random = np.random.default_rng(seed)
    return Book(
        np.tile(np.arange(orders // markets), markets),
        random.integers(0, 2, orders, dtype=np.int8),
        random.integers(50_000, 50_000 + spread, orders),
        random.integers(1, 5_000, orders),
        np.arange(orders),
        np.arange(0, orders + 1, orders // markets),
    )


def cpu(work: Callable[[], object], runs: int = RUNS) -> float:
    """Best CPU seconds of some runs; what is short is run for a while and divided."""
    best = float("inf")
    for _ in range(runs):
        gc.collect()
        times, spent = 0, 0.0
        start = time.process_time()
        while not times or (runs > 1 and spent < SHORT_S):
            work()
            times += 1
            spent = time.process_time() - start
        best = min(best, spent / times)
    return best


Row = tuple[int, float, float, float, float, float]


def one_interval() -> list[Row]:
    """(orders, plain NumPy, cross, clear, cross with all prices, cross with one) [CPU s]."""
    rows = []
    for orders in SIZES:
        book = draw(orders, 1, seed=orders)
        wide = draw(orders, 1, seed=orders, spread=99_900_000)
        tied = draw(orders, 1, seed=orders, spread=1)
        volume, _ = plain_numpy(book.side, book.price, book.quantity)
        assert clear(book).volume[0] == volume
        rows.append(
            (
                orders,
                cpu(lambda b=book: plain_numpy(b.side, b.price, b.quantity)),  # type: ignore[misc]
                cpu(lambda b=book: cross(b, b.price, "pro_rata", True)),  # type: ignore[misc]
                cpu(lambda b=book: clear(b)),  # type: ignore[misc]
                cpu(lambda b=wide: cross(b, b.price, "pro_rata", True)),  # type: ignore[misc]
                cpu(lambda b=tied: cross(b, b.price, "pro_rata", True)),  # type: ignore[misc]
            )
        )
    return rows


def one_day() -> dict[str, float]:
    """CPU seconds of the day, a hundred communities at a time, and of bare sorts of its keys."""
    spent = dict.fromkeys(("cross", "clear", "sort of 64-bit keys", "sort of 32-bit keys"), 0.0)
    orders = AT_ONCE * INTERVALS * ORDERS
    for part in range(COMMUNITIES // AT_ONCE):
        book = draw(orders, AT_ONCE * INTERVALS, seed=part)
        spent["cross"] += cpu(lambda b=book: cross(b, b.price, "pro_rata", True), 1)  # type: ignore[misc]
        spent["clear"] += cpu(lambda b=book: clear(b), 1)  # type: ignore[misc]
        wide = (book.price << 34 | book.quantity).astype(np.uint64).reshape(-1, ORDERS)
        spent["sort of 64-bit keys"] += cpu(lambda k=wide: np.sort(k, axis=1), 1)  # type: ignore[misc]
        narrow = ((book.price - 50_000) << 15 | book.quantity).astype(np.uint32)
        narrow = narrow.reshape(-1, ORDERS)
        spent["sort of 32-bit keys"] += cpu(lambda k=narrow: np.sort(k, axis=1), 1)  # type: ignore[misc]
    return spent


def first_calls() -> list[tuple[str, float, float]]:
    """(what, import, first clearing) [s] of fresh processes: nothing compiled, then all cached."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "NUMBA_CACHE_DIR": folder}
        found = []
        for what in ("nothing compiled yet", "compiled before"):
            done = subprocess.run(
                [sys.executable, "-c", COLD], env=env, capture_output=True, text=True, check=True
            )
            loaded, cleared = done.stdout.split()
            found.append((what, float(loaded), float(cleared)))
    return found


def peers(python: str) -> dict[str, dict[int, float]]:
    """CPU seconds of the peers, by name and number of orders."""
    command = [str(Path(python).absolute()), str(HERE / "market_peers.py")]
    with tempfile.TemporaryDirectory() as folder:  # one of them leaves a log where it runs
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return {name: {int(n): s for n, s in times.items()} for name, times in found.items()}


def report(date: str, python: str) -> str:
    """Run everything; the table as Markdown."""
    cold = first_calls()
    clear(draw(20_000, 1, seed=0), rules=Rules())  # loads the kernels
    rows = one_interval()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    day = one_day()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    others = peers(python) if python else {}
    plot(rows, others)
    lines = [
        "# Clearing, measured",
        "",
        f"{date}; one core; Python {platform.python_version()}, NumPy {np.__version__}; CPU"
        f" seconds, best of {RUNS}. Figures vary up to 2x between runs. `cross`: volume, prices and"
        " every fill. `clear`: the same, priced, and every invariant checked anew.",
        "",
        "## One interval",
        "",
        "Orders of up to 5 kWh, prices of 100,000 ticks (10 ¢); `wide`: of 100"
        " dollars; `tied`: all at one price, so that one whole side is rationed watt-hour by"
        " watt-hour.",
        "",
        "| orders | plain NumPy sort [s] | `cross` [s] | times faster | `clear` [s] | `cross`, wide"
        " [s] | `cross`, tied [s] |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {n:,} | {plain:.6f} | {fast:.6f} | {plain / fast:.1f} | {all_:.6f} | {wide:.6f} |"
        f" {tied:.6f} |"
        for n, plain, fast, all_, wide, tied in rows
    ]
    million = rows[-1]
    lines += [
        "",
        f"Goal: a million orders with fills at least 10 times faster than plain NumPy:"
        f" {million[1] / million[2]:.1f} times ({million[1] / million[3]:.1f} with the checks)."
        " Books below 20,000 orders are cleared in NumPy unless asked otherwise, so `clear` of"
        " them is slower than `cross` in the kernels.",
        "",
        "## One day",
        "",
        f"{COMMUNITIES:,} communities × {INTERVALS} intervals × {ORDERS:,} orders ="
        f" {COMMUNITIES * INTERVALS * ORDERS:,} orders, {AT_ONCE} communities in memory at a time.",
        "",
        "| What | [s] | of the 64-bit sort | of the 32-bit sort |",
        "|---|---:|---:|---:|",
    ]
    wide_sort, narrow_sort = day["sort of 64-bit keys"], day["sort of 32-bit keys"]
    lines += [
        f"| {name} | {spent:.2f} | {spent / wide_sort:.2f} | {spent / narrow_sort:.2f} |"
        for name, spent in day.items()
    ]
    lines += [
        "",
        "Keys: price and quantity packed in one number, each interval's 1,000 sorted by `np.sort`;"
        f" nothing else is done with them. Goal: within 3 of the sort. Peak memory {peak:,} MiB, of"
        f" which {before:,} before the day; an order takes 33 bytes and its fill 8, the kernels"
        " 256 KiB and 8 bytes for each order of the largest market.",
        "",
        "## First call",
        "",
        "| Fresh process | import [s] | first clearing of 20,000 orders [s] |",
        "|---|---:|---:|",
    ]
    lines += [f"| {what} | {loaded:.2f} | {cleared:.2f} |" for what, loaded, cleared in cold]
    lines += [
        "",
        "CPU time; the import neither compiles nor loads numba, a first large clearing does.",
    ]
    if others:
        lines += [
            "",
            "## Peers",
            "",
            "The same orders, in an environment of their own (`make bench-peers`).",
            "",
            "| Engine | orders | [s] | `cross` here [s] | times |",
            "|---|---:|---:|---:|---:|",
        ]
        ours = {n: fast for n, _, fast, *_ in rows}
        lines += [
            f"| {name} | {n:,} | {spent:.4f} | {ours[n]:.6f} | {spent / ours[n]:,.0f} |"
            for name, times in others.items()
            for n, spent in times.items()
        ]
    lines += ["", "![time over number of orders](market.svg)", ""]
    lines += ["Made by `python benchmarks/market.py --date …`.", ""]
    return "\n".join(lines)


def plot(rows: list[Row], others: dict[str, dict[int, float]]) -> None:
    """Time over orders, both logarithmic, as market.svg."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "market"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4), layout="constrained")
    sizes = [row[0] for row in rows]
    for column, name in ((1, "plain NumPy sort"), (3, "clear: with checks"), (2, "cross")):
        axes.plot(sizes, [row[column] for row in rows], marker="o", label=name)
    for name, times in others.items():
        axes.plot(list(times), list(times.values()), marker="s", linestyle="--", label=name)
    axes.set(xscale="log", yscale="log", xlabel="orders in one interval", ylabel="CPU seconds")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(HERE / "market.svg", metadata={"Date": None})


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--date", required=True)
    parser.add_argument("--peers", default="")
    chosen = parser.parse_args()
    text = report(chosen.date, chosen.peers)
    (HERE / "MARKET.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
