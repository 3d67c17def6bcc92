"""``sourceenergy correct``: what the meter files tell otherwise since it was settled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from sourceenergy.cli.common import (
    Steps,
    data_option,
    err,
    json_option,
    local_day,
    out,
    slug,
    telling_errors,
)
from sourceenergy.cli.corrected import approve_option, show_corrected, shown_run
from sourceenergy.cli.span import local_span
from sourceenergy.config.community_file import Community
from sourceenergy.edge.signer import load_key
from sourceenergy.errors import InputError, SourceEnergyError
from sourceenergy.node.approvals import read_approvals, write_approvals
from sourceenergy.node.batch import read_community, read_meters
from sourceenergy.node.corrections import (
    EVERYTHING,
    Changed,
    changes,
    corrected,
    files_by_pseudonym,
    shown_correction,
    terms_of,
)
from sourceenergy.node.identity import pseudonym_of
from sourceenergy.node.settled_periods import ALL, settled_before, told_not_kept
from sourceenergy.records import Correction
from sourceenergy.reports.writing import write_tree
from sourceenergy.settlement.corrections import is_late, require_permitted
from sourceenergy.store.sqlite import Store
from sourceenergy.units import iso_utc


@click.command("correct")
@click.argument("community", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "start", required=True, help="First local day, for example 2026-01-01.")
@click.option("--to", "end", required=True, help="Day after the last one, for example 2026-02-01.")
@click.option(
    "--takes-effect",
    help="--to of the span in whose statement corrections will take effect [default: of a next "
    "span as long as the last one].",
)
@approve_option
@click.option(
    "--sign",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A person's P-256 key (PEM): sign for corrections that are old; needs --takes-effect.",
)
@click.option(
    "--signed",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where --sign writes the signed file.",
)
@data_option
@json_option
@telling_errors
def correct_command(
    community: Path,
    start: str,
    end: str,
    takes_effect: str | None,
    approve: tuple[Path, ...],
    sign: Path | None,
    signed: Path | None,
    data_dir: Path,
    as_json: bool,
) -> None:
    """Show what has changed since a span was settled, and what it would mean; change nothing.

    Every record that the meter files now tell otherwise, tell for the first time, or tell measured
    instead of estimated, is listed with both versions, by settled period, with what it moves for
    each member. The next `sourceenergy settle` brings it, in its own statement.
    """
    if (sign is None) != (signed is None) or (sign is not None and takes_effect is None):
        raise InputError(
            "signing needs a key, a file to write and the period it is for",
            rule="option.sign",
            field="--sign, --signed, --takes-effect",
            remedy="two people sign the same words: give all three",
        )
    steps = Steps(as_json)
    span = local_span(community, start, end)
    folder, place = community.parent, read_community(community)
    path = data_dir / "communities" / slug(place.name) / "node.sqlite"
    if not path.is_file():
        raise _nothing_settled(span)
    store = Store(path)
    try:
        held = {
            statement.epoch
            for statement in store.statements(ALL)
            if statement.state != "vetoed"
            and int(statement.body["start_s"]) < span[1]
            and int(statement.body["end_s"]) > span[0]
        }
        if not held:
            raise _nothing_settled(span)
        noted_s = (
            _next_end_s(store)
            if takes_effect is None
            else local_day(takes_effect, place.time_zone, "--takes-effect")
        )
        periods, without = settled_before(store, ALL)
        files = files_by_pseudonym(store, place, read_meters(folder, place, steps))
        approvals = read_approvals(approve)
        found, notes = changes(periods, files, noted_s, approvals)
        notes += told_not_kept(without)
        result: dict[str, Any] = {
            "community": place.name,
            "start": iso_utc(span[0]),
            "end": iso_utc(span[1]),
            "takes_effect": iso_utc(noted_s),
            "notes": notes,
            "statements": [_shown(store, place, one) for one in found if one.settled.epoch in held],
        }
        late = [
            (one, shown_correction(one, _meter_ids(store, place).get(one.meter, one.meter)))
            for changed in found
            if changed.settled.epoch in held
            for one in changed.corrections
            if is_late(changed.settled.period, one, terms_of(place))
        ]
    finally:
        store.close()
    if sign is not None and signed is not None:
        write_tree(signed.parent, {signed.name: write_approvals(load_key(sign), late)})
        steps(f"{len(late)} corrections signed in {signed}")
    if as_json:
        click.echo(json.dumps(result))
        return
    for note in notes:
        err.print(f"[yellow]note:[/] {escape(note)}")
    for shown in result["statements"]:
        show_corrected(shown)
    out.print(
        "nothing was changed; `sourceenergy settle` of the next span brings this"
        if result["statements"]
        else "the meter files say what was settled"
    )


def _next_end_s(store: Store) -> int:
    """End of a span that follows the last settled one and is as long."""
    last = store.last_accepted()
    assert last is not None, "a span that was settled has a statement"
    return 2 * int(last.body["end_s"]) - int(last.body["start_s"])


def _shown(store: Store, place: Community, changed: Changed) -> dict[str, Any]:
    """What one settled period's changed records would move, whether the rules allow it or not."""
    meters = _meter_ids(store, place)
    members = {pseudonym_of(store, "member", member.id): member.id for member in place.members}
    records = [
        shown_correction(
            one,
            meters.get(one.meter, one.meter),
            _refused_by(place, changed, one),
            late=is_late(changed.settled.period, one, terms_of(place)),
        )
        for one in (*changed.corrections, *changed.informational)
    ]
    run = corrected(changed, EVERYTHING)
    ids = {m.account: members.get(m.key) for m in changed.settled.period.members}
    return shown_run(run, records, ids)


def _refused_by(place: Community, changed: Changed, one: Correction) -> str | None:
    try:
        require_permitted(changed.settled.period, one, terms_of(place))
    except SourceEnergyError as error:
        return error.rule
    return None


def _meter_ids(store: Store, place: Community) -> dict[str, str]:
    ids = {}
    for meter in place.meters:
        key = pseudonym_of(store, "meter", meter.id)
        if key is not None:
            ids[key] = meter.id
    return ids


def _nothing_settled(span: tuple[int, int]) -> InputError:
    return InputError(
        "nothing of this span was settled here",
        rule="correction.nothing_settled",
        field="--from, --to",
        value=f"{iso_utc(span[0])} to {iso_utc(span[1])}",
        remedy="give a settled span and the --data folder it was settled with",
    )
