"""``sourceenergy up`` as a child process: what runs, what is proven, paid, stale and resumed."""

from __future__ import annotations

import json
import signal
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from live import live_checks
from live.live_community import INTERVAL_S, LiveCommunity
from sourceenergy.records import Quality


@pytest.fixture
def up(community: LiveCommunity) -> LiveCommunity:
    """The community, running and with a live statement."""
    community.start_if_needed()
    community.until(community.newest_live, "live statement")
    return community


def test_a_second_up_on_the_same_folder_is_refused(up: LiveCommunity) -> None:
    second = up.tool("up", "--data", up.data, "--port", "1")
    _, said = second.communicate(timeout=30)
    assert second.returncode == 1
    assert "another `sourceenergy up` keeps this data folder" in said
    assert up.status()["chain"]["block"] is not None


def test_all_parts_are_up_and_the_live_numbers_make_sense(up: LiveCommunity) -> None:
    status = up.status()
    assert {part["name"]: part["state"] for part in status["parts"]} == {
        "Energy Contracts": "up",
        "DER Engine": "up",
        "Prosumer": "up",
    }
    assert status["simulated"] is True
    assert status["last_reading_age_s"] < 5

    live = up.get("/api/v1/community/live")
    assert live["simulated"] is True
    assert live["homes_reporting"] == live["homes"] == status["members"] == 4
    assert 0 <= live["produced_w"] <= 25_000
    assert 200 <= live["consumed_w"] <= 60_000
    assert live["shared_w"] == min(live["imported_w"], live["exported_w"])
    price = live["price"]
    if price["local_ud_per_kwh"] is not None:  # nobody pays more, or gets less, than of the grid
        assert price["buy_ud_per_kwh"] <= price["retail_ud_per_kwh"]
        assert price["sell_ud_per_kwh"] >= price["feed_in_ud_per_kwh"]
    starts = [row["start_s"] for row in live["series"]]
    assert starts == list(range(starts[0], starts[-1] + 1, INTERVAL_S))

    first = datetime.fromtimestamp(up.statements()[-1]["start_s"], ZoneInfo(status["time_zone"]))
    day = up.get(f"/api/v1/homes/{up.sellers()[0]}/day?date={first.date()}")
    assert day["intervals"][0]["start_s"] == first.timestamp()
    assert day["totals"]["produced_wh"] > 0


def test_a_stranger_verifies_a_live_statement_and_one_changed_watt_hour_is_named(
    up: LiveCommunity, tmp_path: Path
) -> None:
    newest = up.until(up.newest_live, "live statement")
    code, answer = up.verify(newest["epoch"], member=up.sellers()[0])
    assert code == 0, answer
    assert all(check["ok"] for check in answer["checks"])

    files = up.files(newest["epoch"])
    changed = tmp_path / "audit"
    changed.mkdir()
    for file in (files / "audit").iterdir():
        (changed / file.name).write_bytes(file.read_bytes())
    lines = (changed / "records.csv").read_text().splitlines()
    cells = lines[-1].split(",")
    place = lines[0].split(",").index("imported_wh")
    cells[place] = str(int(cells[place]) + 1)
    (changed / "records.csv").write_text("\n".join([*lines[:-1], ",".join(cells)]) + "\n")
    rpc = up.status()["chain"]["rpc"]
    tool = up.tool("verify", files / "public", "--audit", changed, "--rpc", rpc, "--json")
    said, _ = tool.communicate(timeout=60)
    assert tool.returncode == 1
    wrong = [check["detail"] for check in json.loads(said)["checks"] if not check["ok"]]
    assert wrong[0].startswith(f"meter {cells[1]}, interval {cells[0]}: {cells[place]} Wh imported")


def test_a_payout_is_paid_once(up: LiveCommunity) -> None:
    member = up.sellers()[0]
    for _ in range(5):  # a statement may become live between the two: then both had something
        first, second = up.withdraw(member), up.withdraw(member)
        if first["epoch"] == second["epoch"]:
            break
    assert second["epoch"] == first["epoch"]
    assert second["paid_ud"] == 0
    assert second["cumulative_ud"] == first["cumulative_ud"] > 0
    account = first["account"]
    assert up.balance_ud(account) == up.paid_ud(account) == first["cumulative_ud"]


def test_a_feed_that_stops_is_told_and_what_is_missing_is_not_settled(up: LiveCommunity) -> None:
    engine = up.signal("engine", signal.SIGSTOP)
    try:
        stopped_ms = up.now_ms()
        time.sleep(0.5)  # what was on its way arrives
        readings = up.status()["readings"]
        time.sleep(4.5)
        status = up.status()
        assert status["readings"] == readings
        assert status["last_reading_age_s"] > 4
        states = {part["name"]: part["state"] for part in status["parts"]}
        assert states["DER Engine"] == "no new readings"
    finally:
        assert up.signal("engine", signal.SIGCONT) == engine
    resumed_ms = up.now_ms()
    up.until(lambda: up.status()["readings"] > readings, "readings again")
    up.until(lambda: up.closed() * 1000 > resumed_ms, "interval after the pause")

    during = live_checks.rows(
        up.live / "node.sqlite",
        "SELECT start_s, imported_wh, exported_wh, quality FROM records"
        " WHERE start_s*1000>? AND (start_s+?)*1000<? ORDER BY start_s",
        stopped_ms,
        INTERVAL_S,
        resumed_ms,
    )
    assert during
    assert {row[3] for row in during} <= {Quality.MISSING, Quality.ESTIMATED}
    missing = [row for row in during if row[3] == Quality.MISSING]
    assert missing, "the grace was over for the first of them"
    assert all((imported, exported) == (0, 0) for _, imported, exported, _ in missing)
    results = dict(
        live_checks.rows(up.live / "node.sqlite", "SELECT start_s, result FROM intervals")
    )
    for start_s, *_ in missing:
        result = json.loads(results[start_s])
        assert not any(result["bought"].values())
        assert not any(result["sold"].values())


def test_a_stopped_community_goes_on_where_it_was(up: LiveCommunity) -> None:
    before, stop_s = up.statements()[0]["epoch"], up.stop()
    stopped_ms = json.loads((up.live / "clock-stopped.json").read_text())["simulated_ms"]
    time.sleep(1)  # a night, for the community no time at all
    start_s = up.start()
    print(f"stopped in {stop_s:.1f} s, started in {start_s:.1f} s; starts {up.starts_s}")
    assert start_s < 20
    anchor = json.loads((up.live / "clock.json").read_text())
    assert 0 <= anchor["simulated_anchor_ms"] - stopped_ms < 60_000

    up.until(lambda: (up.newest_live() or {"epoch": 0})["epoch"] > before, "next statement")
    assert live_checks.every_statement_posted_once(up) > before
    up.stop()
    live_checks.every_reading_once(up)
    live_checks.every_interval_once(up)
