"""``settle`` end to end on a real chain: what it writes, what it posts, and that it is once."""

from __future__ import annotations

import asyncio
import csv as csv_module
import io
import json
from pathlib import Path

import pytest

from small_batch import (
    COMMUNITY,
    FIRST_S,
    HEADING,
    SPAN,
    Settled,
    csv,
    registers,
    run,
    snapshot,
    utc,
    write,
)
from sourceenergy.audit.onchain import posted_statements
from sourceenergy.chain.keys import open_account
from sourceenergy.chain.rpc import Rpc
from sourceenergy.cli.chain import chain_at
from sourceenergy.records import PostedStatement
from sourceenergy.settlement.published import read_public


def on_chain(data: Path, public: Path) -> tuple[list[int], list[PostedStatement]]:
    """How many transactions officer and operator sent, and the community's statements."""
    anchor = read_public({p.name: p.read_bytes() for p in public.iterdir()}).anchor

    async def look() -> tuple[list[int], list[PostedStatement]]:
        async with chain_at(None, data) as (url, _), Rpc(url) as rpc:
            sent = [
                int(
                    await rpc.call(
                        "eth_getTransactionCount",
                        open_account(data / "chain/keys", name).address,
                        "latest",
                    ),
                    16,
                )
                for name in ("officer", "operator")
            ]
            return sent, await posted_statements(rpc, anchor.clearing, anchor.community)

    return asyncio.run(look())


# --- refused ----------------------------------------------------------------------------------


def test_a_settled_span_is_never_replaced_whatever_the_meters_say_later(settled: Settled) -> None:
    """One watt-hour more in a file: another result, so nothing is touched and nothing is sent."""
    meter = settled.community.parent / "meters/ben.csv"
    text = meter.read_text()
    meter.write_text(text.replace(",300,0", ",301,0", 1))
    files, sent = snapshot(settled.files), on_chain(settled.data, settled.files / "public")
    ran = run("settle", settled.community, *SPAN, "--data", settled.data)
    assert ran.refused() == ("statement.immutable", "epoch")
    assert snapshot(settled.files) == files
    # The folder is safe from a dry run, too; elsewhere one may try.
    dry = ("settle", settled.community, *SPAN, "--data", settled.data, "--dry-run")
    assert run(*dry).refused() == ("statement.immutable", "--out")
    assert snapshot(settled.files) == files
    assert on_chain(settled.data, settled.files / "public") == sent


@pytest.mark.parametrize(
    ("start", "end", "rule"),
    [
        ("2026-01-05", "2026-01-06", "statement.immutable"),  # a part of it
        ("2026-01-06", "2026-01-07", "statement.immutable"),
        ("2026-01-04", "2026-01-08", "statement.immutable"),  # all of it and more
        ("2026-01-06T12:00", "2026-01-08", "statement.immutable"),
        ("2026-01-04", "2026-01-05", "statement.order"),  # before it
    ],
)
def test_a_span_that_overlaps_or_precedes_a_settled_one(
    settled: Settled, start: str, end: str, rule: str
) -> None:
    meter = settled.community.parent / "meters/ben.csv"
    day_before = csv(lambda h: 5, first_s=FIRST_S - 86_400, hours=24).split("\n", 1)[1]
    for name in ("ann", "ben"):
        meter = settled.community.parent / f"meters/{name}.csv"
        meter.write_text(meter.read_text() + day_before)
    settled.community.write_text(COMMUNITY.replace("cleo.xml", "ann.csv"))
    files = snapshot(settled.community.parent / "statements")
    span = ("--from", start, "--to", end)
    ran = run("settle", settled.community, *span, "--data", settled.data, "--dry-run")
    assert ran.refused() == (rule, "from")
    assert snapshot(settled.community.parent / "statements") == files


def test_another_span_never_lands_in_the_folder_of_a_posted_one(settled: Settled) -> None:
    for name in ("ann", "ben"):
        meter = settled.community.parent / f"meters/{name}.csv"
        more = csv(lambda h: 200, first_s=FIRST_S + 2 * 86_400, hours=24).split("\n", 1)[1]
        meter.write_text(meter.read_text() + more)
    files = snapshot(settled.files)
    span = ("--from", "2026-01-07", "--to", "2026-01-08")
    settled.community.write_text(COMMUNITY.replace("cleo.xml", "ann.csv"))
    ran = run("settle", settled.community, *span, "--data", settled.data, "--out", settled.files)
    assert ran.refused() == ("statement.immutable", "--out")
    assert snapshot(settled.files) == files


# --- settled ----------------------------------------------------------------------------------


def test_everything_an_operator_needs_is_written(settled: Settled) -> None:
    assert sorted(snapshot(settled.files)) == sorted(
        [
            *(f"audit/{name}" for name in ("period.json", "records.csv", "tariffs.toml")),
            "audit/evidence.json",
            *(f"evidence/{kind}s.csv" for kind in ("order", "trade", "allocation", "payout")),
            *(f"evidence/{kind}.leaves" for kind in ("reading", "price", "order", "trade")),
            *(f"evidence/{kind}.leaves" for kind in ("allocation", "payout")),
            *(f"public/{name}" for name in ("intervals.csv", "statement.json")),
            *(
                f"members/{member}/{name}"
                for member in ("ann", "ben", "cleo")
                for name in ("intervals.csv", "proof.json")
            ),
            *(
                f"members/{member}/statement.{kind}"
                for member in ("ann", "ben", "cleo")
                for kind in ("csv", "json", "pdf")
            ),
            *(f"report/community.{kind}" for kind in ("csv", "json", "pdf", "png")),
            *(f"report/completeness.{kind}" for kind in ("csv", "txt")),
            "operator/pseudonyms.csv",
            "result.json",
        ]
    )
    assert json.loads((settled.files / "result.json").read_text()) == settled.result
    for kind, magic in (("pdf", b"%PDF-"), ("png", b"\x89PNG")):
        assert (settled.files / f"report/community.{kind}").read_bytes().startswith(magic)


def test_the_result_adds_up_and_nobody_pays_more_than_without_neighbours(settled: Settled) -> None:
    result = settled.result
    members = {row["id"]: row for row in result["members"]}
    assert set(result["residuals"].values()) == {0}
    assert (result["epoch"], result["intervals"], result["mode"]) == (1, 48, "credit_allocation")
    assert members["ann"]["exported_wh"] == 14 * 900
    assert members["cleo"]["imported_wh"] == sum(500 + h % 5 for h in range(48))
    assert result["local_wh"] == members["ann"]["sold_wh"]
    assert result["local_wh"] == sum(row["bought_wh"] for row in members.values()) > 0
    assert all(row["saving_nd"] >= 0 for row in members.values())
    assert sum(row["net_ud"] for row in members.values()) + result["fees_ud"] == 0
    assert result["deposits_ud"] == result["payouts_ud"]
    assert [row["measured"] for row in result["quality"]] == [48, 48, 48]
    for row in members.values():
        assert row["cost_nd"] + row["saving_nd"] == row["grid_only_nd"]


def test_what_was_posted_is_what_was_written(settled: Settled) -> None:
    sent, (statement,) = on_chain(settled.data, settled.files / "public")
    public = read_public({p.name: p.read_bytes() for p in (settled.files / "public").iterdir()})
    assert statement.statement == public.statement
    assert statement.hash == public.hash == settled.result["statement_hash"]
    assert (statement.block, statement.transaction) == (
        settled.result["posted"]["block"],
        settled.result["posted"]["transaction"],
    )
    assert min(sent) > 0


def test_a_second_run_of_the_same_input_changes_nothing(settled: Settled) -> None:
    files, chain = snapshot(settled.files), on_chain(settled.data, settled.files / "public")
    ran = run("settle", settled.community, *SPAN, "--data", settled.data)
    assert (ran.status, ran.told) == (0, settled.result)
    assert snapshot(settled.files) == files
    assert on_chain(settled.data, settled.files / "public") == chain


def test_the_next_span_goes_on_from_the_last_one(settled: Settled) -> None:
    for name, imported_wh, exported_wh in (("ann", 0, 500), ("ben", 700, 0)):
        meter = settled.community.parent / f"meters/{name}.csv"
        hours = [utc(FIRST_S + 2 * 86_400 + 3600 * h) for h in range(24)]
        more = "".join(f"{hour},{imported_wh},{exported_wh}\n" for hour in hours)
        meter.write_text(meter.read_text() + more)
    settled.community.write_text(COMMUNITY.replace("cleo.xml", "ben.csv"))
    span = ("--from", "2026-01-07", "--to", "2026-01-08")
    ran = run("settle", settled.community, *span, "--data", settled.data)
    assert ran.status == 0, ran
    _, (first, second) = on_chain(settled.data, settled.files / "public")
    assert second.statement.previous == first.hash
    assert second.statement.start_s == first.statement.end_s
    assert second.statement.payouts_ud > first.statement.payouts_ud
    members = {row["id"]: row for row in ran.told["members"]}
    assert members["ann"]["sold_wh"] == 24 * 500
    # Overnight Ben's tariff lies below feed-in, so that Cleo takes all; else they take half each.
    assert members["ben"]["bought_wh"] == 16 * 250
    assert members["cleo"]["bought_wh"] == 16 * 250 + 8 * 500


def test_a_dry_run_writes_everything_and_posts_nothing(tmp_path: Path) -> None:
    path = write(tmp_path)
    data = tmp_path / "data"
    ran = run("settle", path, *SPAN, "--data", data, "--dry-run")
    assert ran.status == 0, ran
    assert ran.told["posted"] is None
    assert set(ran.told["residuals"].values()) == {0}
    assert not (data / "chain/state.json").exists()
    files = snapshot(tmp_path / "statements/2026-01-05")
    assert len(files) == 39
    again = run("settle", path, *SPAN, "--data", data, "--dry-run")
    assert again.told == ran.told
    assert snapshot(tmp_path / "statements/2026-01-05") == files


def test_an_incentive_of_the_community_s_file_is_paid_and_told_with_its_policy(
    tmp_path: Path,
) -> None:
    """Ann delivers 0.9 kWh an hour at 9 and 10 o'clock, on-peak, for two days: 3.6 kWh at 0.5 ¢."""
    table = """
[[incentive]]
policy = "P-7"
cents_per_kwh = "0.5"
budget_dollars = "100"
for = "delivered"
tariff = "ontario_time_of_use"
periods = ["on_peak"]
from = 2026-01-01
to = 2026-02-01
"""
    path = write(tmp_path, community=COMMUNITY + table)
    ran = run("settle", path, *SPAN, "--data", tmp_path / "data", "--dry-run")
    assert ran.status == 0, ran
    assert ran.told["incentives_ud"] == 18_000
    assert [row["incentive_ud"] for row in ran.told["members"]] == [18_000, 0, 0]
    assert set(ran.told["residuals"].values()) == {0}
    files = tmp_path / "statements/2026-01-05"
    assert "Incentive, policy P-7" in (files / "members/ann/statement.csv").read_text()
    assert (
        json.loads((files / "audit/period.json").read_bytes())["incentives"][0]["policy"] == "P-7"
    )
    wrong = write(tmp_path, community=COMMUNITY + table.replace("on_peak", "happy_hour"))
    refused = run("settle", wrong, *SPAN, "--data", tmp_path / "data", "--dry-run")
    assert refused.refused() == ("incentive.period", "incentive.periods")


# --- flagged ----------------------------------------------------------------------------------


def test_what_is_missing_is_told_and_never_settled(tmp_path: Path) -> None:
    """Ann's second day is not there, Ben's register glitches, Cleo's passport has expired."""
    ann = csv(lambda h: 0, lambda h: 900, hours=24) + f"{utc(FIRST_S + 30 * 3600)},,\n"
    states = [1000 * h for h in range(49)]
    states[7] = states[6] - 1  # one watt-hour down, and up again
    text = COMMUNITY.replace(
        'id = "cleo"\n', 'id = "cleo"\npassport_expires = 2026-01-05\n', 1
    ).replace("[community]", '[community]\nestimates = "accept"')
    path = write(tmp_path, ann=ann, ben=registers(states), community=text)
    span = ("--from", "2026-01-05", "--to", "2026-01-07")
    ran = run("settle", path, *span, "--data", tmp_path / "data", "--dry-run")
    assert ran.status == 0, ran
    quality = {row["meter"]: row for row in ran.told["quality"]}
    assert (quality["meter-ann"]["measured"], quality["meter-ann"]["missing"]) == (24, 24)
    assert quality["meter-ann"]["missing_spans"] == [
        ["2026-01-06T05:00:00Z", "2026-01-07T05:00:00Z"]
    ]
    assert quality["meter-ben"]["replaced"] == 2
    warnings = " ".join(ran.told["warnings"])
    assert "the import_register_wh register dipped" in warnings
    assert "member cleo does not share (grid only): passport expired" in warnings
    members = {row["id"]: row for row in ran.told["members"]}
    assert members["ann"]["exported_wh"] == 24 * 900
    assert members["cleo"]["bought_wh"] == 0
    assert members["ben"]["imported_wh"] == 48_000
    folder = tmp_path / "statements/2026-01-05"
    rows = csv_module.DictReader(io.StringIO((folder / "audit/records.csv").read_text()))
    missing = [row for row in rows if row["quality"] == "missing"]
    assert len(missing) == 24
    assert {(row["imported_wh"], row["exported_wh"]) for row in missing} == {("0", "0")}
    assert "2026-01-06" in (folder / "report/completeness.txt").read_text()


def test_an_unverified_meter_is_informational_where_energy_is_sold(tmp_path: Path) -> None:
    text = COMMUNITY.replace("credit_allocation", "sandbox_p2p").replace(
        'id = "meter-ann"\n', 'id = "meter-ann"\nverified = false\n'
    )
    path = write(tmp_path, community=text)
    ran = run("settle", path, *SPAN, "--data", tmp_path / "data", "--dry-run")
    assert ran.status == 0, ran
    assert "meter meter-ann is not verified" in " ".join(ran.told["warnings"])
    assert ran.told["local_wh"] == 0


@pytest.mark.parametrize(
    ("day", "after", "hours"), [("2025-11-02", "2025-11-03", 25), ("2026-03-08", "2026-03-09", 23)]
)
def test_a_day_when_clocks_change_settles_hour_by_hour(
    tmp_path: Path, day: str, after: str, hours: int
) -> None:
    """Ann's file has local times without an offset, the others UTC."""
    wall = [0, 1, 1, *range(2, 24)] if hours == 25 else [0, 1, *range(3, 24)]
    local = "\n".join([HEADING, *(f"{day}T{h:02d}:00,0,{100 + h}" for h in wall)]) + "\n"
    first_s = {25: 1_762_056_000, 23: 1_772_946_000}[hours]
    ben = csv(lambda h: 400, first_s=first_s, hours=hours)
    path = write(tmp_path, ann=local, ben=ben, community=COMMUNITY.replace("cleo.xml", "ben.csv"))
    span = ("--from", day, "--to", after)
    ran = run("settle", path, *span, "--data", tmp_path / "data", "--dry-run")
    assert ran.status == 0, ran
    assert ran.told["intervals"] == hours
    assert [row["measured"] for row in ran.told["quality"]] == [hours] * 3
    assert ran.told["exported_wh"] == ran.told["local_wh"] == sum(100 + h for h in wall)
    assert set(ran.told["residuals"].values()) == {0}
