"""S08 on disk: four homes in sandbox mode, their orders and meter files, one day after another.

From 13:00 to 14:00 on 15 January 2026 (mid-peak, 15.7 ¢) the meters confirm what was ordered, the
Tenant's by an estimate; in all other hours nobody uses or makes anything.
"""

from __future__ import annotations

from pathlib import Path

from small_batch import HEADING, utc

DAY_S = 1_768_453_200
"""Thursday, 2026-01-15, midnight in Toronto."""
ONE_PM_S = DAY_S + 13 * 3_600
FIRST = ("--from", "2026-01-15", "--to", "2026-01-16")
SECOND = ("--from", "2026-01-16", "--to", "2026-01-17")
HOMES = ("tenant", "neighbour", "prosumer", "h1")

COMMUNITY = """
[community]
name = "Riverdale Commons"
mode = "sandbox_p2p"
interval_minutes = 60
fee_cents_per_kwh = "0.5"
feed_in_cents_per_kwh = "4.125"
estimates = "accept"

[orders]
file = "orders.csv"

[corrections]
approvers = []
""" + "".join(
    f"""
[[member]]
id = "{home}"
number = {number}
tariff = "ontario_time_of_use"

[[meter]]
id = "meter-{home}"
member = "{home}"
files = ["meters/{home}.csv"]
"""
    for number, home in enumerate(HOMES, start=1)
)

ORDER_HEADING = "start,member,side,energy_kwh,price_cents_per_kwh"
ORDERS = f"""{ORDER_HEADING}
2026-01-15T13:00,prosumer,sell,3.000,11.0
2026-01-15T13:00,h1,sell,2.000,12.5
2026-01-15T13:00,tenant,buy,2.500,14.0
2026-01-15T13:00,neighbour,buy,1.500,12.0
"""
ENERGY_WH = {"tenant": (2500, 0), "neighbour": (1500, 0), "prosumer": (0, 3000), "h1": (0, 2000)}


def meter_file(home: str, imported_wh: int | None = None, quality: str = "measured") -> str:
    """A home's two days; ``imported_wh`` and ``quality`` are of 13:00 on the first."""
    at_one = ENERGY_WH[home]
    if imported_wh is not None:
        at_one = (imported_wh, at_one[1])
    rows = [f"{HEADING},quality"]
    for hour in range(48):
        energy, kind = (at_one, quality) if hour == 13 else ((0, 0), "measured")
        rows.append(f"{utc(DAY_S + 3600 * hour)},{energy[0]},{energy[1]},{kind}")
    return "\n".join(rows) + "\n"


def write_market(folder: Path, community: str = COMMUNITY, orders: str = ORDERS) -> Path:
    """The community's files below ``folder``, the Tenant's 13:00 estimated."""
    (folder / "meters").mkdir(parents=True, exist_ok=True)
    for home in HOMES:
        quality = "estimated" if home == "tenant" else "measured"
        (folder / f"meters/{home}.csv").write_text(meter_file(home, quality=quality))
    (folder / "orders.csv").write_text(orders)
    (folder / "community.toml").write_text(community)
    return folder / "community.toml"
