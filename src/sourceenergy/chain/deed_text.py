"""The letters of a deed: ``Contract.function(values)`` as a tree, before anything is looked up."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from sourceenergy.errors import InputError

_DEPTH_MOST = 8
_HEAD = re.compile(r"\s*(\w+)(?:@(0x[0-9a-fA-F]{40}))?\.(\w+)\s*(?=\()")
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[()\[\],=]|[^\s()\[\],="]+)')
_CLOSING = {"(": ")", "[": "]"}


class Head(NamedTuple):
    """Contract, the address it is said to be at, function."""

    contract: str
    address: str | None
    function: str


class Text(NamedTuple):
    """A quoted text."""

    content: str

    def __str__(self) -> str:
        return quoted(self.content)


class Word(NamedTuple):
    """Anything else that is one value."""

    content: str

    def __str__(self) -> str:
        return self.content


class Group(NamedTuple):
    """Several values in ``(…)`` or ``[…]``, each with its name if it has one."""

    opening: str
    values: Sequence[tuple[str | None, Tree]]

    def __str__(self) -> str:
        return f"{self.opening}…{_CLOSING[self.opening]}"


Tree: TypeAlias = Text | Word | Group
Values: TypeAlias = Sequence[tuple[str | None, Tree]]


def quoted(text: str) -> str:
    """A text as a deed writes it: JSON's quotes and escapes."""
    return json.dumps(text, ensure_ascii=False)


def read_deed_text(text: str) -> tuple[Head, Values]:
    """The parts of a deed; raises InputError where it is not one."""
    head = _HEAD.match(text)
    if head is None:
        raise _refused("not a deed", text)
    address = head[2].lower() if head[2] else None
    group = _Reader(text, head.end()).whole()
    return Head(head[1], address, head[3]), group.values


class _Reader:
    def __init__(self, text: str, at: int) -> None:
        self._text, self._at = text, at
        self._part = ""
        self._next()

    def whole(self) -> Group:
        """The values, and nothing after them."""
        group = self._group(0)
        if self._part:
            raise self._stuck("something follows the last bracket")
        return group

    def _next(self) -> str:
        """Take a token; the empty one is the end."""
        taken = self._part
        found = _TOKEN.match(self._text, self._at)
        if found is None and self._text[self._at :].strip():
            raise self._stuck("a quote does not end")
        self._part, self._at = (found[1], found.end()) if found else ("", len(self._text))
        return taken

    def _group(self, depth: int) -> Group:
        if depth > _DEPTH_MOST:
            raise self._stuck("brackets are nested too deeply")
        opening = self._next()
        values: list[tuple[str | None, Tree]] = []
        while self._part != _CLOSING[opening]:
            if values:
                if self._part != ",":
                    raise self._stuck(f"a comma or {_CLOSING[opening]} belongs here")
                self._next()
            values.append(self._named(depth))
        self._next()
        return Group(opening, values)

    def _named(self, depth: int) -> tuple[str | None, Tree]:
        tree = self._tree(depth)
        if self._part != "=":
            return None, tree
        if not isinstance(tree, Word):
            raise self._stuck("a name stands before =")
        self._next()
        return tree.content, self._tree(depth)

    def _tree(self, depth: int) -> Tree:
        if self._part in _CLOSING:
            return self._group(depth + 1)
        if self._part in ("", ")", "]", ",", "="):
            raise self._stuck("a value belongs here")
        token = self._next()
        if not token.startswith('"'):
            return Word(token)
        try:
            return Text(json.loads(token))
        except ValueError:
            raise self._stuck("a quoted text is not one") from None

    def _stuck(self, what: str) -> InputError:
        return _refused(what, self._part or "the end")


def _refused(what: str, value: str) -> InputError:
    return InputError(
        what,
        rule="deed.form",
        field="deed",
        value=value,
        remedy="write Contract.function(values), as in Policy.set(LoanRate, 450, "
        "2026-12-15T00:00Z), in quotes for the shell",
    )
