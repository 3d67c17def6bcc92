"""What all commands share: options, how errors and progress are told, where data lives."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.markup import escape

from sourceenergy.errors import InputError, SourceEnergyError

P = ParamSpec("P")
T = TypeVar("T")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

data_option = click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".sourceenergy"),
    show_default=True,
    envvar="SOURCEENERGY_DATA",
    help="Folder with the store, keys and the local chain. Keep it secret and back it up.",
)
rpc_option = click.option(
    "--rpc",
    envvar="SOURCEENERGY_RPC",
    help="JSON-RPC address of a chain. Without it a local chain is started from --data.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, for programs."
)


def telling_errors(function: Callable[P, T]) -> Callable[P, T]:
    """Show a ``SourceEnergyError`` as one plain line (or JSON) and exit with status 1."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except SourceEnergyError as error:
            if kwargs.get("as_json"):
                click.echo(json.dumps(error.as_dict()))
            else:
                err.print(f"[bold red]Refused:[/] {escape(str(error))}")
            sys.exit(1)

    return wrapped


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine."""
    return asyncio.run(coroutine)


class Steps:
    """Tells progress, one line a step with the seconds since the start; quiet for ``--json``."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._start = time.monotonic()

    def __call__(self, text: str) -> None:
        """Say what is done now."""
        if not self._quiet:
            err.print(f"[dim]{time.monotonic() - self._start:6.1f} s[/]  {escape(text)}")


def slug(name: str) -> str:
    """A folder's name for a community's name."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return words[:60] or "community"


def local_day(text: str, zone: str, option: str) -> int:
    """Midnight that starts a local day, or an exact ISO time, as UTC seconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            "not a date",
            rule="option.date",
            field=option,
            value=text,
            remedy="write 2026-01-31, or a time with offset such as 2026-01-31T00:00-05:00",
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return int(moment.timestamp())


def set_up_logging(verbose: bool) -> None:
    """Log to stderr; libraries only when something is wrong."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for noisy in ("httpx", "pymodbus", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
