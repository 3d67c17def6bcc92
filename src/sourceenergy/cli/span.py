"""The span a command works on: two local days of a community's own time zone."""

from __future__ import annotations

from pathlib import Path

from sourceenergy.cli.common import local_day
from sourceenergy.config.community_file import parse_community
from sourceenergy.errors import InputError


def local_span(community: Path, start: str, end: str) -> tuple[int, int]:
    """First second of the span and first one after it (UTC), from ``--from`` and ``--to``."""
    zone = parse_community(_read(community), community.name).time_zone
    span = (local_day(start, zone, "--from"), local_day(end, zone, "--to"))
    if span[1] <= span[0]:
        raise InputError(
            "the span ends before it starts",
            rule="option.span",
            field="--to",
            value=end,
            remedy="give the day after the last one",
        )
    return span


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the community's file cannot be read: {error}",
            rule="file.readable",
            field="community",
            value=path,
            remedy="check the name",
        ) from error
