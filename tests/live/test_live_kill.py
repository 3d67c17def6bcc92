"""``kill -9`` of each part: every reading, interval, statement and payout is there, once."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import apsw

from live import live_checks
from live.live_community import LiveCommunity
from live.live_kills import PARTS, cut, settle_down

ROUNDS = 3
DEPOSIT_UD = 100_000_000
TRADE_ENERGY = 2


def test_passports_and_deposits_outlive_a_chain_killed_as_they_are_made(
    community: LiveCommunity,
) -> None:
    assert community.process is None, "the kill belongs to the very first start"
    intents = community.data / "chain" / "intents.sqlite"
    community.launch()
    community.until(lambda: intents.exists() and _deposited(intents), "deposits")
    os.kill(json.loads((community.data / "chain/process.json").read_text())["pid"], signal.SIGKILL)
    community.wait_until_up()

    accounts = community.until(lambda: _depositors(community), "deposits in the node's store")
    assert len(accounts) == community.status()["members"]
    for account in accounts:
        assert community.view("Clearing", "deposited", account) == DEPOSIT_UD
        assert community.view("Passport", "isAllowed", account, TRADE_ENERGY)


def test_everything_is_there_once_after_kills_of_each_part_and_of_the_whole(
    community: LiveCommunity,
) -> None:
    community.start_if_needed()
    community.until(community.newest_live, "live statement")
    cuts = [cut(community, part) for _ in range(ROUNDS) for part in PARTS]
    print(*cuts, sep="\n")

    parts = {part: community.pid(part) for part in ("node", "homes", "engine")}
    assert community.process is not None
    community.process.kill()
    community.process.wait(5)
    print(f"start after kill -9 of `up`: {community.start():.1f} s")
    assert not [part for part, pid in parts.items() if _runs(pid)]  # nothing stands in the way
    assert not {community.pid(part) for part in parts} & set(parts.values())

    books = settle_down(community, community.sellers())
    print(books)
    assert books.payouts_ud >= max(each.owed_ud for each in cuts if each.part == "chain") > 0


def _deposited(intents: Path) -> bool:
    sql = "SELECT 1 FROM intents WHERE intent LIKE 'deposit:start:%' AND state='mined'"
    try:
        return bool(live_checks.rows(intents, sql))
    except apsw.SQLError:  # the file is there a moment before its tables
        return False


def _depositors(community: LiveCommunity) -> list[str]:
    sql = "SELECT account FROM deposits WHERE amount_ud=?"
    return [row[0] for row in live_checks.rows(community.live / "node.sqlite", sql, DEPOSIT_UD)]


def _runs(pid: int) -> bool:
    try:
        return b"sourceenergy" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
