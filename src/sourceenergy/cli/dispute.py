"""``sourceenergy dispute``: one member's evidence of a span as a file that verifies offline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from sourceenergy.audit.dispute import build_dispute, zipped
from sourceenergy.audit.evidence import BUNDLE_FILES, EVIDENCE_FILES
from sourceenergy.audit.signed import SignedDevice
from sourceenergy.cli.common import json_option, local_day, out, telling_errors
from sourceenergy.cli.span import local_span
from sourceenergy.errors import InputError
from sourceenergy.node.identity import identity_of
from sourceenergy.records import Segment
from sourceenergy.reports.writing import write_tree
from sourceenergy.sdk import reading_from_json
from sourceenergy.settlement.bundle import SHORT
from sourceenergy.settlement.published import INTERVALS, STATEMENT, PublicPeriod, read_public
from sourceenergy.store.sqlite import NOT_FOR_SETTLEMENT, Store
from sourceenergy.units import iso_utc


@click.command("dispute")
@click.argument("place", type=click.Path(exists=True, path_type=Path))
@click.option("--member", required=True, help="The member's id in the community file.")
@click.option(
    "--from", "start", required=True, help="First day, or a time, for example 2026-01-05."
)
@click.option("--to", "end", required=True, help="Day (or time) after the last one.")
@click.option(
    "--out",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write [default: dispute-MEMBER-FROM.zip].",
)
@click.option(
    "--store",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The live node's node.sqlite, for readings as devices signed them"
    " [default: the one two folders above a statement, if it is there].",
)
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@json_option
@telling_errors
def dispute_command(
    place: Path,
    member: str,
    start: str,
    end: str,
    target: Path | None,
    store: Path | None,
    language: str,
    as_json: bool,
) -> None:
    """Put everything that proves a member's bill into one file, for a complaint.

    PLACE is the community's file (days are local then), or the folder of one settled period (days
    are UTC). In the file are the member's readings, with signatures where the node has them,
    prices, orders, trades, allocations, amounts, rules and proofs; of others hashes only. Anyone
    checks it with `sourceenergy verify --dispute FILE`, without a network.
    """
    if place.is_dir():
        span = (local_day(start, "UTC", "--from"), local_day(end, "UTC", "--to"))
        folder = place
    else:
        span = local_span(place, start, end)
        folder = _covering(place.parent / "statements", span)
    proof = folder / "members" / member / "proof.json"
    if not proof.is_file() or proof.parent.parent != folder / "members":
        raise InputError(
            "the period has no such member",
            rule="member.unknown",
            field="--member",
            value=member,
            remedy="give the id in the community file, and a folder that settle or a node wrote",
        )
    files = dict(_files(folder))
    beside = folder.parent.parent / "node.sqlite"
    held = store or (beside if beside.is_file() else None)
    signed = [] if held is None else _signed(held, proof.read_bytes(), files, span)
    posted = _posted(folder, held, _public(folder).statement.epoch)
    bundle = build_dispute(files, proof.read_bytes(), span, signed, posted, language)
    target = target or Path(f"dispute-{member}-{start[:10]}.zip")
    write_tree(target.parent, {target.name: zipped(bundle)})
    told = {
        "file": str(target),
        "member": member,
        "from": iso_utc(span[0]),
        "to": iso_utc(span[1]),
        "signed_devices": len(signed),
        "posted": posted,
        "files": sorted(bundle),
    }
    if as_json:
        click.echo(json.dumps(told))
        return
    out.print(f"{target}: {len(bundle)} files, {len(signed)} devices with signed readings")
    out.print(f"check it with: sourceenergy verify --dispute {target}")


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    names = [f"audit/{name}" for name in BUNDLE_FILES]
    names += [f"public/{name}" for name in (STATEMENT, INTERVALS)]
    for name in (*names, *EVIDENCE_FILES):
        if (folder / name).is_file():
            yield name, (folder / name).read_bytes()


def _public(folder: Path) -> PublicPeriod:
    names = (STATEMENT, INTERVALS)
    paths = {name: folder / "public" / name for name in names}
    return read_public({name: path.read_bytes() for name, path in paths.items() if path.is_file()})


def _covering(statements: Path, span: tuple[int, int]) -> Path:
    """The settled period that holds the span."""
    for path in sorted(statements.glob(f"*/public/{STATEMENT}")):
        statement = _public(path.parents[1]).statement
        if statement.start_s <= span[0] and span[1] <= statement.end_s:
            return path.parents[1]
    raise InputError(
        "no settled period holds this span",
        rule="dispute.span",
        field="--from",
        value=f"{iso_utc(span[0])} to {iso_utc(span[1])}",
        remedy=f"settle it first, or ask for a span within one period below {statements}",
    )


def _posted(folder: Path, store: Path | None, epoch: int) -> dict[str, Any] | None:
    """Where the statement is on chain, as ``settle`` or the node noted it."""
    noted = folder / "result.json"
    if noted.is_file():
        posted = json.loads(noted.read_text(encoding="utf-8"))["posted"]
        return None if posted is None else dict(posted)
    if store is None:
        return None
    held = Store(store)
    try:
        row = held.statement(epoch)
    finally:
        held.close()
    if row is None or row.block is None:
        return None
    return {"block": row.block, "transaction": row.tx, "live_at_s": row.live_at_s}


def _signed(
    path: Path, proof: bytes, files: dict[str, bytes], span: tuple[int, int]
) -> list[SignedDevice]:
    """The member's devices whose readings surround the span, as the node received them."""
    head = json.loads(files["audit/period.json"])
    key = json.loads(proof)["energy_leaf"]["member_key"]
    number = next(i for i, m in enumerate(head["members"]) if m["key"] == key)
    own = {m["key"] for m in head["meters"] if number in dict(m["parts"])}
    found = []
    store = Store(path)
    try:
        for held in store.devices().values():
            pseudonym = identity_of(store, "meter", held.meter, "").key
            edges = [store.bracket(held.device, second * 1000) for second in span]
            if pseudonym not in own or edges[0] is None or edges[1] is None:
                continue
            rows = store.segments(held.device, edges[0][0].sequence, edges[1][1].sequence)
            segments = tuple(
                Segment(
                    held.device,
                    tuple(reading_from_json(json.loads(row.body)) for row in run),
                    signature,
                )
                for run, signature in rows
            )
            unused = frozenset(
                row.sequence for run, _ in rows for row in run if row.flags & NOT_FOR_SETTLEMENT
            )
            found.append(
                SignedDevice(pseudonym[:SHORT], held.device, held.x, held.y, segments, unused)
            )
    finally:
        store.close()
    return found
