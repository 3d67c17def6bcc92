"""``kill -9`` of the node, an engine and the chain, many times; the checked result as a table.

    python scripts/kill_cuts.py --rounds 10 --date 2026-01-31

A round kills each of the three once, mid-interval. Nothing is written if any check fails.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from live.live_community import LiveCommunity  # noqa: E402 - the tests' own harness
from live.live_kills import PARTS, Books, Cut, cut, settle_down  # noqa: E402

HOMES = 4


@click.command()
@click.option("--rounds", default=10, show_default=True, type=click.IntRange(1))
@click.option("--date", "day", default=None, help="Date of the table; today if not given.")
@click.option(
    "--out",
    default=ROOT / "docs" / "results" / "kill-cuts.md",
    show_default="docs/results/kill-cuts.md",
    type=click.Path(dir_okay=False, path_type=Path),
)
def main(rounds: int, day: str | None, out: Path) -> None:
    """Kill each part ROUNDS times, check the books, and write the table."""
    began = time.monotonic()
    cuts: list[Cut] = []
    with tempfile.TemporaryDirectory(prefix="kill-cuts-") as folder:
        community = LiveCommunity(Path(folder), homes=HOMES)
        try:
            start_s = community.start()
            community.until(community.newest_live, "live statement")
            for number in range(1, rounds + 1):
                for part in PARTS:
                    cuts.append(cut(community, part))
                    click.echo(f"{number:3} {cuts[-1]}")
            books = settle_down(community, community.sellers())
        finally:
            community.close()
    text = table(
        day or datetime.now(UTC).date().isoformat(),
        cuts,
        books,
        start_s=start_s,
        took_s=time.monotonic() - began,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    click.echo(text)


def table(day: str, cuts: Sequence[Cut], books: Books, *, start_s: float, took_s: float) -> str:
    """The result as Markdown."""
    lines = [
        "# Kills in the middle of an interval",
        "",
        f"{day}. `sourceenergy up` with {HOMES} simulated homes, an interval every 1.2 s, a"
        f" statement every 7.2 s; start {start_s:.1f} s, whole run {took_s:.0f} s. Each part was"
        " killed with `kill -9` while a member asked to be paid, and started again by `up`; the"
        " chain just after the payment was confirmed, often before its state was on the disk."
        " Repeat with `scripts/kill_cuts.py`.",
        "",
        "| killed | times | works again after, median | at most | transactions lost by the chain"
        " and sent again |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for part in PARTS:
        mine = [each for each in cuts if each.part == part]
        back = [each.back_s for each in mine]
        lines.append(
            f"| {part} | {len(mine)} | {statistics.median(back):.1f} s | {max(back):.1f} s |"
            f" {sum(each.lost for each in mine)} |"
        )
    lines += [
        "",
        "| what was checked at the end | count | lost | twice |",
        "| --- | ---: | ---: | ---: |",
        f"| readings: sequences without a gap, hashes linked, equal to the engines' outboxes |"
        f" {books.readings} | 0 | 0 |",
        f"| intervals: each closed once, each in one statement | {books.intervals} | 0 | 0 |",
        f"| statements: linked, one `Posted` event an epoch, the newest verified |"
        f" {books.statements} | 0 | 0 |",
        f"| payouts of the members that sell: money held = money paid = their leaf |"
        f" {books.payouts_ud / 1e6:.6f} CADx | 0 | 0 |",
        "",
        "| # | killed | interval done | works again after | owed then, CADx |",
        "| ---: | --- | ---: | ---: | ---: |",
    ]
    for number, each in enumerate(cuts, 1):
        lines.append(
            f"| {number} | {each.part} | {each.phase:.0%} | {each.back_s:.1f} s |"
            f" {each.owed_ud / 1e6:.6f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
