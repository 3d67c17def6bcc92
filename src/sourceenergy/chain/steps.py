"""The words a plan is written in: contracts to make, calls to make in them, roles to give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sourceenergy.chain.roles import Role

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class At:
    """The address of the plan's contract of that name."""

    name: str


@dataclass(frozen=True, slots=True)
class Later:
    """The first full hour at least so many seconds after this is first signed, by chain time."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Make:
    """A contract: its name here, which one it is, its constructor's arguments.

    ``parent`` names who makes it: the factory (None), or a contract of the plan, as its child
    number ``child`` by CREATE, or by CREATE2 with salt ``child`` where ``salted``.
    """

    name: str
    contract: str
    arguments: tuple[object, ...] = ()
    parent: str | None = None
    child: int = 1
    salted: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """A call the administrator makes before it hands over."""

    target: str
    function: str
    arguments: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """``holder`` gets ``role``; its acts wait ``delay_s``."""

    role: Role
    holder: str | At
    delay_s: int = 0


def resolve(value: object, addresses: Mapping[str, str], now_s: int = 0) -> Any:
    """``value`` with addresses and times filled in."""
    if isinstance(value, At):
        return addresses[value.name]
    if isinstance(value, Later):
        return -(-(now_s + value.seconds) // HOUR_S) * HOUR_S
    if isinstance(value, tuple):
        return tuple(resolve(item, addresses, now_s) for item in value)
    return value
