"""Orders and deals by file: read row by row, refused by name, settled to the cent (S08)."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from small_batch import Ran, run, snapshot
from small_market import COMMUNITY, FIRST, ORDER_HEADING, ORDERS, write_market

DEALS = COMMUNITY.replace("[orders]", '[deals]\nfile = "deals.csv"\n\n[orders]')
DEAL_HEADING = "start,buyer,seller,energy_wh,price_cents_per_kwh"


def settle(folder: Path, community: str = COMMUNITY, orders: str = ORDERS) -> Ran:
    path = write_market(folder, community, orders)
    ran = run("settle", path, *FIRST, "--data", folder / "data", "--dry-run")
    if ran.status:
        assert not (folder / "statements").exists()
    return ran


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["credit_allocation", "community_sharing"])
@pytest.mark.parametrize("table", ["orders", "deals"])
def test_S08_orders_where_the_law_does_not_allow_them_are_refused_by_name(
    tmp_path: Path, mode: str, table: str
) -> None:
    text = COMMUNITY.replace("sandbox_p2p", mode).replace("[orders]", f"[{table}]")
    ran = settle(tmp_path, text)
    assert ran.refused() == ("mode.orders", "community.mode")
    assert mode in ran.told["message"]


@pytest.mark.parametrize(
    ("row", "rule", "column"),
    [
        ("2026-01-15T13:00,zoe,buy,1,12", "member", "member"),
        ("2026-01-15T13:00,tenant,borrow,1,12", "side", "side"),
        ("2026-01-15T13:00,tenant,buy,0,12", "energy", "energy_kwh"),
        ("2026-01-15T13:00,tenant,buy,-1,12", "energy", "energy_kwh"),
        ("2026-01-15T13:00,tenant,buy,0.0001,12", "energy", "energy_kwh"),
        ("2026-01-15T13:00,tenant,buy,1e30,12", "energy", "energy_kwh"),
        ("2026-01-15T13:00,tenant,buy,much,12", "number", "energy_kwh"),
        ("2026-01-15T13:00,tenant,buy,NaN,12", "number", "energy_kwh"),
        ("2026-01-15T13:00,tenant,buy,1,-12", "price", "price_cents_per_kwh"),
        ("2026-01-15T13:00,tenant,buy,1,12.00001", "price", "price_cents_per_kwh"),
        ("2026-01-15T13:00,tenant,buy,1,1e999999", "number", "price_cents_per_kwh"),
        ("2026-01-15T13:30,tenant,buy,1,12", "interval", "start"),
        ("at noon,tenant,buy,1,12", "time", "start"),
        ("2025-11-02T01:00,tenant,buy,1,12", "time", "start"),  # which of the two?
        ("2026-03-08T02:00,tenant,buy,1,12", "time", "start"),  # clocks skip it
        ("2026-01-15T13:00,tenant,buy,1", "row", "row"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_remedy(
    tmp_path: Path, row: str, rule: str, column: str
) -> None:
    ran = settle(tmp_path, orders=f"{ORDERS}\n{row}\n")
    assert ran.refused() == (f"order_file.{rule}", f"orders.csv line 7, {column}")


@pytest.mark.parametrize(
    "heading",
    [
        "",
        "start,member,side,energy_kwh",
        f"{ORDER_HEADING},colour",
        f"{ORDER_HEADING},energy_wh",
        f"{ORDER_HEADING},side",
    ],
)
def test_a_heading_that_is_none(tmp_path: Path, heading: str) -> None:
    ran = settle(tmp_path, orders=ORDERS.replace(ORDER_HEADING, heading))
    assert ran.refused() == ("order_file.column", "orders.csv line 1, heading")


def test_a_file_that_is_not_there_and_a_mechanism_that_cannot_be_paid(tmp_path: Path) -> None:
    ran = settle(tmp_path, COMMUNITY.replace("orders.csv", "none.csv"))
    assert ran.refused() == ("file.readable", "none.csv")
    ran = settle(tmp_path, COMMUNITY.replace("[orders]", '[orders]\nmechanism = "mcafee"'))
    assert ran.refused() == ("order.mechanism", "orders.mechanism")


def test_a_deal_with_oneself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text(f"{DEAL_HEADING}\n2026-01-15T13:00,h1,h1,100,10\n")
    assert settle(tmp_path, DEALS).refused() == ("order_file.member", "deals.csv line 2, seller")


# --- settled ----------------------------------------------------------------------------------


def amounts(folder: Path, member: str, section: str) -> dict[str, str]:
    text = (folder / f"statements/2026-01-15/members/{member}/statement.csv").read_text()
    rows = csv.DictReader(io.StringIO(text))
    return {r["item"]: r["amount_cad"] for r in rows if r["section"] == section}


def test_S08_one_price_of_12_cents_and_every_cent_on_the_statements(tmp_path: Path) -> None:
    ran = settle(tmp_path)
    assert ran.status == 0, ran
    members = {row["id"]: row for row in ran.told["members"]}
    dealt = {m: (row["dealt_bought_wh"], row["dealt_sold_wh"]) for m, row in members.items()}
    assert dealt == {
        "tenant": (2_500, 0),
        "neighbour": (500, 0),
        "prosumer": (0, 3_000),
        "h1": (0, 0),
    }
    assert set(ran.told["residuals"].values()) == {0}
    for member, item, amount in (
        ("tenant", "deals_bought", "-0.300000"),
        ("tenant", "deals_fee", "-0.012500"),
        ("neighbour", "deals_bought", "-0.060000"),
        ("neighbour", "deals_fee", "-0.002500"),
        ("prosumer", "deals_sold", "0.360000"),
    ):
        assert amounts(tmp_path, member, "settled")[item] == amount
    assert amounts(tmp_path, "h1", "settled")["net"] == "0.000000"
    assert amounts(tmp_path, "tenant", "result")["saving"] == "0.080000000"
    assert amounts(tmp_path, "prosumer", "result")["saving"] == "0.236250000"
    # The other 1.000 kWh of Neighbour's comes from the grid.
    assert amounts(tmp_path, "neighbour", "with_community")["grid_mid_peak"] == "0.157000000"
    proof = tmp_path / "statements/2026-01-15/members/tenant/proof.json"
    (deal,) = json.loads(proof.read_text())["deals"]
    assert (deal["side"], deal["agreed_wh"], deal["delivered_wh"]) == ("bought", 2_500, 2_500)
    assert deal["price"] == 120_000


def test_orders_of_other_days_wait_and_the_same_run_changes_nothing(tmp_path: Path) -> None:
    first = settle(tmp_path)
    files = snapshot(tmp_path / "statements")
    more = f"{ORDERS}2026-01-17T13:00,tenant,buy,1,14\n2026-01-14T18:00Z,h1,sell,1,5\n\n"
    assert settle(tmp_path, orders=more).told == first.told
    assert snapshot(tmp_path / "statements") == files


def test_a_deal_agreed_ahead_is_paid_as_far_as_it_was_delivered(tmp_path: Path) -> None:
    """H1 sells the Neighbour 2.000 kWh at 10 ¢; his meter counts 1.500."""
    rows = f"{DEAL_HEADING}\n2026-01-15T18:00Z,neighbour,h1,2000,10\n"
    (tmp_path / "deals.csv").write_text(rows)
    ran = settle(tmp_path, DEALS, ORDER_HEADING + "\n")
    assert ran.status == 0, ran
    assert amounts(tmp_path, "neighbour", "settled")["deals_bought"] == "-0.150000"
    assert amounts(tmp_path, "h1", "settled")["deals_sold"] == "0.150000"
