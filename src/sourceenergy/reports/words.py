"""Words, numbers and colours that all reports share."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from sourceenergy.proofs import statement_hash
from sourceenergy.records import Mode, Statement
from sourceenergy.settlement.published import Anchor
from sourceenergy.units import ND_PER_UD, UD_PER_CENT

ND_PER_CENT = ND_PER_UD * UD_PER_CENT

# Okabe and Ito's colours, which people with any colour vision can tell apart.
SHARED = "#009E73"
GRID = "#8A8F98"
EXPORTED = "#E69F00"
PRICE = "#0072B2"
ALERT = "#B23A00"
INK = "#1B2733"
PALE = "#5A6672"


def simulated_label(mode: Mode, simulated: bool) -> str:
    """``SIMULATED`` where homes or money are not real, otherwise nothing."""
    return "SIMULATED" if simulated or mode is Mode.SIMULATION else ""


def statement_id(anchor: Anchor, statement: Statement) -> str:
    """The statement's hash as the chain has it: 0x and 64 hex digits."""
    return "0x" + statement_hash(anchor.chain_id, anchor.clearing, statement).removeprefix("0x")


def average_ud_per_kwh(value_nd: int, energy_wh: int) -> int | None:
    """Average price [ud/kWh], rounded half up; None without energy."""
    return (2 * value_nd + energy_wh) // (2 * energy_wh) if energy_wh else None


def nearest_cent(value_nd: int) -> int:
    """Nano-dollars to cents, rounded half away from zero."""
    cents = (abs(value_nd) * 2 + ND_PER_CENT) // (2 * ND_PER_CENT)
    return -cents if value_nd < 0 else cents


def cents_that_add_up(values_nd: Sequence[int]) -> tuple[list[int], int]:
    """Lines [nd] in cents that add up to their rounded total, and that total [cents].

    No line is off by a whole cent: each is rounded down and the cents still missing go to the
    largest remainders, ties to the first line.
    """
    total = nearest_cent(sum(values_nd))
    cents = [value // ND_PER_CENT for value in values_nd]
    order = sorted(range(len(cents)), key=lambda i: (-(values_nd[i] % ND_PER_CENT), i))
    for index in order[: total - sum(cents)]:
        cents[index] += 1
    return cents, total


def exact_cad(value_nd: int) -> str:
    """Nano-dollars for programs: dollars with nine decimals, ASCII, exact."""
    return _fixed(value_nd, 9)


def exact_cad_ud(value_ud: int) -> str:
    """Micro-dollars (or a price per kWh) for programs: dollars with six decimals, exact."""
    return _fixed(value_ud, 6)


def exact_kwh(energy_wh: int) -> str:
    """Watt-hours for programs: kWh with three decimals, exact."""
    return _fixed(energy_wh, 3)


def _fixed(value: int, places: int) -> str:
    whole, rest = divmod(abs(value), 10**places)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{places}d}"


def cell(text: str) -> str:
    """Text for a CSV cell that no spreadsheet takes for a formula: one leading apostrophe."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def csv_bytes(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A table as CSV in UTF-8 with a heading; lines end in a line feed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue().encode()
