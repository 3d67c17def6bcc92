"""A member's statement as CSV: one tidy table, and one row for every interval."""

from __future__ import annotations

from sourceenergy.records import Correction, Quality
from sourceenergy.reports.member_statement import MemberStatement
from sourceenergy.reports.words import (
    cell,
    csv_bytes,
    exact_cad,
    exact_cad_ud,
    exact_kwh,
)
from sourceenergy.settlement.bundle import SHORT
from sourceenergy.units import ND_PER_UD, iso_utc


def statement_csv(statement: MemberStatement) -> bytes:
    """The statement as one tidy table, every amount exact and in dollars, earnings negative.

    Within ``with_community`` and ``grid_alone`` the rows before ``total`` add up to it; within
    ``settled`` the rows before ``net`` do (there, money the member receives is positive).
    """
    s = statement
    rows: list[tuple[str, str, str, str, str, str]] = []

    def say(section: str, item: str, text: object) -> None:
        rows.append((section, item, "", "", "", cell(str(text))))

    def amount(section: str, item: str, value: str, text: str = "") -> None:
        rows.append((section, item, "", "", value, text))

    say("about", "community", s.community)
    say("about", "member", s.member_id)
    say("about", "name", s.name)
    say("about", "language", s.language.value)
    say("about", "mode", s.wording.mode(s.mode))
    say("about", "simulated", "yes" if s.label else "no")
    say("about", "posted_on_chain", "yes" if s.posted else "no, a dry run")
    say("about", "start_utc", iso_utc(s.start_s))
    say("about", "end_utc", iso_utc(s.end_s))
    say("about", "local_days", f"{s.span} ({s.time_zone}), {s.days} days")
    for section in ("with_community", "grid_alone"):
        alone = section == "grid_alone"
        for line in s.lines:
            energy = line.alone_wh if alone else line.with_wh
            if energy is None:
                continue
            price = line.price_ud_per_kwh
            rows.append(
                (
                    section,
                    line.item,
                    exact_kwh(energy),
                    "" if price is None else exact_cad_ud(price),
                    exact_cad(line.alone_nd if alone else line.with_nd),
                    f"{line.words}; settled by the {line.billed_by}"
                    + (", average price, rounded" if line.average else ""),
                )
            )
        amount(section, "total", exact_cad(s.alone_nd if alone else s.with_nd))
    amount("result", "saving", exact_cad(s.saving_nd), "grid_alone total less with_community total")
    if s.bill is not None:
        for row in s.bill.rows:
            amount("bill_with_community", row.item, exact_cad_ud(row.with_ud), row.words)
            amount("bill_grid_alone", row.item, exact_cad_ud(row.alone_ud), row.words)
        amount("bill_with_community", "total", exact_cad_ud(s.bill.with_ud))
        amount("bill_grid_alone", "total", exact_cad_ud(s.bill.alone_ud))
        amount("all_together", "with_community", exact_cad_ud(s.bill.all_with_ud))
        amount("all_together", "grid_alone", exact_cad_ud(s.bill.all_alone_ud))
        amount("all_together", "saving", exact_cad_ud(s.bill.saving_ud))
    x = s.ledger
    amount("settled", "neighbours_sold", exact_cad_ud(x.sold_ud))
    amount("settled", "neighbours_bought", exact_cad_ud(-x.bought_ud))
    amount("settled", "platform_fee", exact_cad_ud(-x.fee_ud))
    for item, settled_ud in (
        ("plant_provided", x.provided_ud),
        ("plant_allocated", -x.allocated_ud),
        ("plant_fee", -x.allocated_fee_ud),
        ("deals_sold", x.dealt_sold_ud),
        ("deals_bought", -x.dealt_bought_ud),
        ("deals_fee", -x.dealt_fee_ud),
        ("incentive", x.incentive_ud),
    ):
        if settled_ud:
            amount("settled", item, exact_cad_ud(settled_ud))
    amount("settled", "net", exact_cad_ud(x.net_ud), "positive: the community owes the member")
    for one in s.corrections:
        key = f"statement_{one.epoch}"
        rows.append(("correction", f"{key}_energy", "", "", exact_cad_ud(one.energy_ud), one.words))
        rows.append(("correction", f"{key}_fee", "", "", exact_cad_ud(one.fee_ud), one.words))
        for item, energy_wh in (
            ("imported", one.imported_wh),
            ("exported", one.exported_wh),
            ("from_neighbours", one.from_neighbours_wh),
            ("to_neighbours", one.to_neighbours_wh),
            ("from_grid", one.from_grid_wh),
            ("to_grid", one.to_grid_wh),
        ):
            rows.append(("correction", f"{key}_{item}", exact_kwh(energy_wh), "", "", ""))
        amount("correction", f"{key}_grid", exact_cad(one.grid_nd), "at the utility's prices")
        say("correction", f"{key}_hash", one.statement_hash)
        for record in one.records:
            say("correction", f"{key}_record", _both(record))
    if s.corrections or s.corrected_ud:
        amount("corrected", "settled_now", exact_cad_ud(s.corrected_ud), "positive: to the member")
        amount("corrected", "waits", exact_cad_ud(s.closing.carried_ud))
    exact_nd = x.sold_nd - x.bought_nd - x.fee_nd
    exact_nd += x.provided_nd - x.allocated_nd - x.allocated_fee_nd
    exact_nd += x.dealt_sold_nd - x.dealt_bought_nd - x.dealt_fee_nd
    exact_nd += x.incentive_ud * ND_PER_UD
    amount(
        "account",
        "rounding",
        exact_cad(x.net_ud * ND_PER_UD - exact_nd),
        "settled net less its exact value",
    )
    amount("account", "deposited", exact_cad_ud(s.deposited_ud))
    amount("account", "payout_newly_authorised", exact_cad_ud(s.authorised_ud))
    amount("account", "payout_authorised_so_far", exact_cad_ud(s.closing.payout_ud))
    amount("account", "balance", exact_cad_ud(s.closing.balance_ud))
    for quality in Quality:
        say("quality", quality.name.lower(), s.quality.get(quality, 0))
    say("quality", "meters", s.meters)
    say("quality", "meters_not_verified", s.unverified_meters)
    say("proof", "chain_id", s.anchor.chain_id)
    say("proof", "clearing", s.anchor.clearing)
    say("proof", "community_id", s.anchor.community)
    say("proof", "epoch", s.epoch)
    say("proof", "statement_hash", s.statement_hash)
    say("proof", "account", s.account)
    say("proof", "verify", s.verify_command)
    if s.bill is None:
        say("note", "not_included", s.wording("page.not_included"))
    heading = ("section", "item", "quantity_kwh", "price_cad_per_kwh", "amount_cad", "text")
    return csv_bytes(heading, rows)


def _both(record: Correction) -> str:
    """Both versions of a record, in whole Wh."""
    before, after = (
        f"{side[0]} Wh imported, {side[1]} Wh exported ({Quality(side[2]).name.lower()})"
        for side in (record.before, record.after)
    )
    return (
        f"meter {record.meter[:SHORT]}, {iso_utc(record.start_s)}: {before}; now {after}; "
        f"{record.reason}"
    )


def intervals_csv(statement: MemberStatement) -> bytes:
    """The member's intervals: energy [Wh], prices [CAD/kWh], quality; one row an interval.

    ``local_price`` is before the platform fee and empty where nothing was shared.
    """
    return csv_bytes(
        (
            "start_utc",
            "local_time",
            "imported_wh",
            "exported_wh",
            "bought_wh",
            "sold_wh",
            "local_price_cad_per_kwh",
            "retail_price_cad_per_kwh",
            "quality",
        ),
        [
            (
                iso_utc(i.start_s),
                i.local,
                str(i.imported_wh),
                str(i.exported_wh),
                str(i.bought_wh),
                str(i.sold_wh),
                "" if i.local_price is None else exact_cad_ud(i.local_price),
                exact_cad_ud(i.retail_price),
                "" if i.quality is None else i.quality.name.lower(),
            )
            for i in statement.intervals
        ],
    )
