"""``kill -9`` of a part in the middle of an interval, and what is checked when all is quiet again.

Shared by the tests (a few rounds) and ``scripts/kill_cuts.py`` (more of them, with a table).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from live import live_checks
from live.live_community import LiveCommunity

PARTS = ("node", "engine", "chain")


@dataclass(frozen=True, slots=True)
class Cut:
    """One kill.

    ``phase`` is how far the interval was (0 to 1), ``back_s`` how long until the part worked
    again [s], ``owed_ud`` what was owed and being paid, ``lost`` how many transactions the chain
    had forgotten and got again from the node.
    """

    part: str
    phase: float
    back_s: float
    owed_ud: int
    lost: int


@dataclass(frozen=True, slots=True)
class Books:
    """What the books held at the end, all of it checked."""

    readings: int
    intervals: int
    statements: int
    payouts_ud: int


def cut(community: LiveCommunity, part: str) -> Cut:
    """Kill a part mid-interval while a member is being paid; wait until it works again.

    The chain is killed as soon after the payment's confirmation as the interval is halfway, often
    before its state is on the disk: what it forgets must come back.
    """
    a_night_s = 300
    before, lost_before = community.closed(), _lost(community)
    first, second = community.sellers()[:2]
    member = first if part == "chain" else second
    if part == "chain":
        community.until(lambda: _owed_ud(community, first) > 0, "payout", a_night_s)
    owed, known = _owed_ud(community, member), _payments(community)
    withdrawing = community.withdrawing(member)
    if part == "chain":
        community.until(lambda: _payments(community, "mined") - known, "confirmed payment")
    phase = community.mid_interval()
    pid = community.kill(part)
    back_s = community.back(part, pid)
    answer = community.paid(withdrawing) or community.withdraw(member)
    community.until(lambda: community.closed() > before, "interval after the kill")
    account, cumulative = answer["account"], answer["cumulative_ud"]
    community.until(lambda: community.paid_ud(account) >= cumulative, "payment after the kill")
    return Cut(part, phase, back_s, owed, _lost(community) - lost_before)


def _owed_ud(community: LiveCommunity, member: str) -> int:
    """What the newest live statement pays a member beyond what was paid before [ud]."""
    newest = community.newest_live()
    if newest is None:
        return 0
    leaf = community.own_file(newest["epoch"], member)["payout_leaf"]
    return int(leaf["payout_ud"]) - community.paid_ud(leaf["account"])


def _payments(community: LiveCommunity, state: str = "%") -> set[str]:
    """Names of the withdrawals that were begun, or that are in a state."""
    intents = community.data / "chain" / "intents.sqlite"
    sql = "SELECT intent FROM intents WHERE intent LIKE 'withdraw:%' AND state LIKE ?"
    return {row[0] for row in live_checks.rows(intents, sql, state)}


def _lost(community: LiveCommunity) -> int:
    return (community.live / "node.log").read_text().count("the chain has lost ")


def settle_down(community: LiveCommunity, members: Sequence[str]) -> Books:
    """Wait for a statement that ends after the last kill to be live, stop, check everything.

    Raises ``AssertionError`` naming what does not hold. Leaves the community stopped.
    """
    last_ms = community.now_ms()

    def live_since() -> int | None:
        newest = community.newest_live()
        return newest["epoch"] if newest and newest["end_s"] * 1000 > last_ms else None

    epoch = community.until(live_since, "live statement after the last kill")
    code, answer = community.verify(epoch, member=members[0])
    assert code == 0, [check for check in answer["checks"] if not check["ok"]]
    payouts_ud = sum(live_checks.every_payout_once(community, member) for member in members)
    statements = live_checks.every_statement_posted_once(community)
    community.stop()
    return Books(
        live_checks.every_reading_once(community),
        live_checks.every_interval_once(community),
        statements,
        payouts_ud,
    )
