"""What must be true of a live community's books after any disturbance, read from the files alone.

The readers are the tests' own: SQL on the tables and the published hash rules, not the node's
methods, so that a mistake in those cannot hide itself.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import apsw

from live.live_community import INTERVAL_S, LiveCommunity
from sourceenergy.chain.contracts import decode_event
from sourceenergy.proofs import ZERO_HASH, reading_hash
from sourceenergy.records import Quality
from sourceenergy.sdk import reading_from_json


def rows(path: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a store or an outbox, read only."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        db.set_busy_timeout(5000)
        return list(db.execute(sql, values))
    finally:
        db.close()


def every_reading_once(community: LiveCommunity) -> int:
    """Each device's chain from 1 to its end, without a gap, a double or a break; how many.

    Needs the community at rest: an engine keeps its outbox to itself.
    """
    store = community.live / "node.sqlite"
    total = 0
    devices = rows(store, "SELECT device, meter FROM devices")
    for device, meter in devices:
        held = rows(
            store,
            "SELECT sequence, hash, body FROM readings WHERE device=? ORDER BY sequence",
            device,
        )
        assert [row[0] for row in held] == list(range(1, len(held) + 1)), meter
        previous, last_utc_ms = ZERO_HASH, 0
        for sequence, digest, body in held:
            reading = reading_from_json(json.loads(body))
            assert (reading.device, reading.sequence) == (device, sequence)
            assert reading.previous == previous, f"{meter}: {sequence} does not link"
            assert reading_hash(reading) == digest, f"{meter}: {sequence}"
            assert reading.utc_ms > last_utc_ms, f"{meter}: time went back at {sequence}"
            previous, last_utc_ms = digest, reading.utc_ms
        outbox = community.live / "engines" / meter / "outbox.sqlite"
        ((acknowledged,),) = rows(outbox, "SELECT acknowledged FROM device")
        made = rows(outbox, "SELECT sequence, hash FROM reading ORDER BY sequence")
        known = {sequence: digest for sequence, digest, _ in held}
        assert acknowledged <= len(held), f"{meter}: a receipt for what the node does not hold"
        assert all(known.get(s, digest) == digest for s, digest in made), meter
        assert made[-1][0] >= len(held), f"{meter}: the node holds what was never made"
        assert not rows(outbox, "SELECT first FROM refusal"), f"{meter}: refused"
        total += len(held)
    assert not rows(store, "SELECT rule FROM refusals WHERE rule <> 'reading.sequence.gap'")
    return total


def every_interval_once(community: LiveCommunity) -> int:
    """Intervals and statements without a gap, an overlap or a double; how many intervals."""
    store = community.live / "node.sqlite"
    meters = len(rows(store, "SELECT meter FROM devices"))
    starts = [row[0] for row in rows(store, "SELECT start_s FROM intervals ORDER BY start_s")]
    assert all(after - before == INTERVAL_S for before, after in pairwise(starts)), starts
    records = Counter(row[0] for row in rows(store, "SELECT start_s FROM records"))
    assert records == dict.fromkeys(starts, meters)

    statements = rows(store, "SELECT epoch, body, hash FROM statements ORDER BY epoch")
    assert [row[0] for row in statements] == list(range(1, len(statements) + 1))
    previous, end_s = ZERO_HASH, starts[0]
    for epoch, body, digest in statements:
        statement = json.loads(body)
        assert statement["previous"] == previous, f"statement {epoch} does not link"
        assert statement["start_s"] == end_s, f"statement {epoch} leaves or doubles an interval"
        previous, end_s = digest, statement["end_s"]
        ((imported, exported),) = rows(
            store,
            "SELECT sum(imported_wh), sum(exported_wh) FROM records WHERE start_s>=? AND start_s<?",
            statement["start_s"],
            end_s,
        )
        assert (statement["imported_wh"], statement["exported_wh"]) == (imported, exported)
    # What is closed and not in a statement yet is the open period, at most one.
    assert 0 <= starts[-1] + INTERVAL_S - end_s < 6 * INTERVAL_S
    missing = rows(
        store,
        "SELECT count(*) FROM records WHERE quality=? AND imported_wh+exported_wh<>0",
        int(Quality.MISSING),
    )
    assert missing == [(0,)], "a missing value was settled"
    return len(starts)


def every_statement_posted_once(community: LiveCommunity) -> int:
    """One ``Posted`` event an epoch, with the store's hash and block; how many."""
    clearing = community.contract("Clearing")
    query = {"fromBlock": "0x0", "toBlock": "latest", "address": clearing.address}
    on_chain = []
    for log in community.rpc("eth_getLogs", query):
        event = decode_event("Clearing", log["topics"], log["data"])
        if event is not None and event.name == "Posted":
            on_chain.append((event.values["statement"]["epoch"], int(log["blockNumber"], 16)))
    assert [epoch for epoch, _ in on_chain] == list(range(1, len(on_chain) + 1))
    store = community.live / "node.sqlite"
    noted = dict(rows(store, "SELECT epoch, block FROM statements WHERE state='posted'"))
    assert all(dict(on_chain)[epoch] == block for epoch, block in noted.items())
    return len(on_chain)


def every_payout_once(community: LiveCommunity, member: str) -> int:
    """Withdraw what is open, then: money held = money paid = what the statement says; how much."""
    answer = community.withdraw(member)
    account, epoch = answer["account"], answer["epoch"]
    owed = int(community.own_file(epoch, member)["payout_leaf"]["payout_ud"])
    assert answer["cumulative_ud"] == owed
    assert community.paid_ud(account) == owed
    assert community.balance_ud(account) == owed
    return owed
