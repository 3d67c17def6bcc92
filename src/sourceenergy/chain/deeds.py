"""A deed: one call of one contract's function, written so that a person can read and check it.

::

    ClearingFactory.open("Maple Street", 0x1f…, Guardians, QuorumVerifier, 48h, exitWindow=14d)
    Policy.set(LoanRate, 450, 2026-12-15T00:00Z)
    Clearing@0x5b….veto(7)

A contract is named as in the manifest, or as a shipped contract at an address. An address may be
a contract's name; a number may be a span (``90s``, ``15min``, ``48h``, ``7d``), a time with
offset [UTC unix s], ``max`` for the type's largest, a role's name or a name of its enum; a list is
``[…]``, a struct ``(…)``; any value may be given by name (``delay=48h``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sourceenergy.chain.contracts import Contract, Shape, artifact, decode_values
from sourceenergy.chain.deed_text import (
    Group,
    Head,
    Text,
    Tree,
    Values,
    Word,
    quoted,
    read_deed_text,
)
from sourceenergy.chain.manifest import Manifest
from sourceenergy.chain.roles import Role
from sourceenergy.config.rule_pack import Kind
from sourceenergy.errors import InputError

ENUMS: Mapping[str, tuple[str, ...]] = {
    "IPolicy.Parameter": (
        "PeakIncentive",
        "LoanRate",
        "LateRate",
        "MarketplaceFee",
        "StabilisationLevy",
    ),
    "IRulebook.Kind": ("NONE", *Kind.__members__),
    "ICommunity.Kind": ("None", "Person", "Trust"),
    "IPoolAsset.Class": ("Individual", "Trust", "Entity"),
    "Assets.Standard": ("NONE", "ERC20", "ERC1155"),
}
"""Names of the contracts' enums, which an ABI has only as numbers (a test compares the sources)."""

_ROLE_IDS = frozenset({"roleId", "admin", "guardian"})  # of AccessManager's functions
_SPANS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_LARGE_BITS = 32  # from here on a largest value stands for "no limit", and is written `max`


@dataclass(frozen=True)
class Deed:
    """One call: whom, which function, with what."""

    contract: Contract
    name: str  # as the manifest calls the contract, or Contract@0x…
    shape: Shape
    data: bytes
    written: str

    @property
    def selector(self) -> bytes:
        """The function's four bytes."""
        return self.data[:4]

    @property
    def title(self) -> str:
        """Contract and function alone."""
        return f"{self.name}.{self.shape.name}"

    @cached_property
    def values(self) -> dict[str, Any]:
        """The arguments by name, as ``Contract.decode`` has them."""
        return decode_values(self.title, self.shape.inputs, self.data[4:])

    def __str__(self) -> str:
        return self.written


def parse_deed(text: str, manifest: Manifest) -> Deed:
    """The deed ``text`` says; raises InputError naming the first part that does not fit."""
    head, given = read_deed_text(text)
    name, contract = _contract(head, manifest)
    shape = _shape(contract, head.function, len(given))
    book = {n: d.address for n, d in manifest.contracts.items()}
    where = f"{name}.{shape.name}"
    values = [_value(part, tree, where, book) for part, tree in _paired(shape.inputs, given, where)]
    data = contract.encode(shape.signature, *values)
    return Deed(contract, name, shape, data, _written(name, shape, data, manifest))


def read_deed(address: str, data: bytes, manifest: Manifest) -> Deed | None:
    """The deed in a call's data; None for a contract or function the manifest does not know.

    A community's ``Clearing`` is not in the manifest: an address it lacks is not guessed.
    """
    for name, deployed in manifest.contracts.items():
        if deployed.address.lower() == address.lower():
            for shape in _functions(deployed.contract):
                if shape.topic[:4] == data[:4]:
                    contract = manifest.contract(name)
                    return Deed(contract, name, shape, data, _written(name, shape, data, manifest))
    return None


def deed_of(name: str, function: str, arguments: Sequence[object], manifest: Manifest) -> Deed:
    """The deed of a planned call, addresses and times filled in."""
    contract = manifest.contract(name)
    shape = artifact(contract.name).functions[function]
    data = contract.encode(function, *arguments)
    return Deed(contract, name, shape, data, _written(name, shape, data, manifest))


# --- which function -----------------------------------------------------------------------------


def _contract(head: Head, manifest: Manifest) -> tuple[str, Contract]:
    if head.address is not None:
        artifact(head.contract)  # refuses what is not shipped
        return f"{head.contract}@{head.address}", Contract(head.contract, head.address)
    if head.contract not in manifest.contracts:
        raise _refused(
            "the manifest has no such contract",
            "contract",
            "contract",
            head.contract,
            f"choose one of {', '.join(sorted(manifest.contracts))}, or name a community's own "
            "as Clearing@0x…",
        )
    return head.contract, manifest.contract(head.contract)


def _functions(contract: str) -> Sequence[Shape]:
    return list(
        {shape.signature: shape for shape in artifact(contract).functions.values()}.values()
    )


def _shape(contract: Contract, function: str, count: int) -> Shape:
    named = [shape for shape in _functions(contract.name) if shape.name == function]
    if not named:
        names = sorted({shape.name for shape in _functions(contract.name) if shape.changes})
        raise _refused(
            "the contract has no such function", "function", contract.name, function,
            f"choose one of {', '.join(names)}",
        )  # fmt: skip
    fitting = [shape for shape in named if len(shape.inputs) == count]
    if len(fitting) != 1:
        raise _refused(
            f"{count} values do not fit one function",
            "arguments",
            f"{contract.name}.{function}",
            count,
            "give " + " or ".join(_spelled(shape) for shape in named),
        )
    if not fitting[0].changes:
        raise _refused(
            "this function only answers: it changes nothing", "changes", contract.name, function,
            "name one that changes something",
        )  # fmt: skip
    return fitting[0]


def _spelled(shape: Shape) -> str:
    inside = ", ".join(f"{_called(part)}: {part['type']}" for part in shape.inputs)
    return f"{shape.name}({inside})"


def _paired(
    parts: Sequence[Mapping[str, Any]], given: Values, where: str
) -> list[tuple[Mapping[str, Any], Tree]]:
    """Each parameter with what was given for it: first by place, then by name."""
    names = [_called(part) for part in parts]
    found: dict[int, Tree] = {}
    for place, (name, tree) in enumerate(given):
        if name is not None and name not in names:
            raise _refused(
                "there is no value of that name", "arguments", where, name,
                f"choose one of {', '.join(names)}",
            )  # fmt: skip
        index = place if name is None else names.index(name)
        if index in found or index >= len(parts):
            raise _refused(
                "a value is given twice, or one too many", "arguments", where, name or place + 1,
                f"give {', '.join(names)}, each once",
            )  # fmt: skip
        found[index] = tree
    missing = [name for index, name in enumerate(names) if index not in found]
    if missing:
        raise _refused(
            "a value is missing", "arguments", where, missing[0], f"give {', '.join(names)}"
        )
    return [(part, found[index]) for index, part in enumerate(parts)]


def _called(part: Mapping[str, Any]) -> str:
    """A parameter's name; the sources end one in _ where it would hide another."""
    return str(part["name"]).rstrip("_")


# --- values -------------------------------------------------------------------------------------


def _value(part: Mapping[str, Any], tree: Tree, where: str, book: Mapping[str, str]) -> Any:
    kind, field = str(part["type"]), f"{where}: {_called(part)}"
    if kind.endswith("]"):
        element = {**part, "type": kind[: kind.rindex("[")]}
        return [_value(element, item, where, book) for _, item in _inside(tree, "[", field)]
    if kind == "tuple":
        paired = _paired(part["components"], _inside(tree, "(", field), field)
        return tuple(_value(component, item, field, book) for component, item in paired)
    if kind == "string":
        if isinstance(tree, Text):
            return tree.content
        raise _refused("not a text", "text", field, tree, 'write it as "…"')
    if kind.startswith("bytes"):
        return _bytes(kind, tree, field)
    if not isinstance(tree, Word):
        raise _refused("not a single value", "value", field, tree, f"give one {kind}")
    if kind == "bool":
        if tree.content not in ("true", "false"):
            raise _refused("not true or false", "bool", field, tree, "write true or false")
        return tree.content == "true"
    if kind == "address":
        return _address(tree.content, field, book)
    return _number(part, tree.content, field)


def _inside(tree: Tree, opening: str, field: str) -> Values:
    if isinstance(tree, Group) and tree.opening == opening:
        return tree.values
    form = "[a, b]" if opening == "[" else "(a, b) or (name=a, …)"
    raise _refused("several values belong here", "values", field, tree, f"write {form}")


def _bytes(kind: str, tree: Tree, field: str) -> bytes:
    """Hex; or, for a fixed length, a short text that is filled up with zeros."""
    length = int(kind.removeprefix("bytes") or 0)
    if isinstance(tree, Text) and length:
        content = tree.content.encode()
        if len(content) <= length:
            return content.ljust(length, b"\0")
    elif isinstance(tree, Word) and re.fullmatch(r"0x(?:[0-9a-fA-F]{2})*", tree.content):
        content = bytes.fromhex(tree.content[2:])
        if not length or len(content) == length:
            return content
    form = f"0x and {2 * length} hex digits, or a short text" if length else "0x and hex digits"
    raise _refused(f"not {kind}", "bytes", field, tree, f"write {form}")


def _address(word: str, field: str, book: Mapping[str, str]) -> str:
    if word in book:
        return book[word]
    if re.fullmatch(r"0x[0-9a-fA-F]{40}", word):
        return word.lower()
    raise _refused(
        "not an address", "address", field, word, "write 0x and 40 hex digits, or a contract's name"
    )


def _number(part: Mapping[str, Any], word: str, field: str) -> int:
    kind, names = str(part["type"]), _names(part)
    signed, bits = kind.startswith("int"), int(kind.lstrip("uint"))
    least = -(1 << bits - 1) if signed else 0
    most = (1 << bits - signed) - 1
    value = most if word == "max" and not names else _integer(word, names)
    if value is None:
        forms = " or ".join(names) if names else "a whole number, 48h, a time with offset, or max"
        raise _refused("not a number", "number", field, word, f"write {forms}")
    if _enum(part) and value not in names.values():
        raise _refused("no such name", "number", field, word, f"choose one of {' '.join(names)}")
    if not least <= value <= most:
        raise _refused(
            "the number does not fit", "range", field, value, f"give {least} to {most} ({kind})"
        )
    return value


def _integer(word: str, names: Mapping[str, int]) -> int | None:
    if word in names:
        return names[word]
    if re.fullmatch(r"-?\d+(_\d+)*", word):
        return int(word)
    span = re.fullmatch(r"(\d+)(s|min|h|d)", word)
    if span:
        return int(span[1]) * _SPANS[span[2]]
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        return None
    return int(moment.timestamp()) if moment.tzinfo and not moment.microsecond else None


def _names(part: Mapping[str, Any]) -> dict[str, int]:
    """What the numbers of this parameter are called, if they are."""
    if part["name"] in _ROLE_IDS and part["type"] == "uint64":
        return {role.name: int(role) for role in Role}  # and others the council may add
    return {name: number for number, name in enumerate(_enum(part))}


def _enum(part: Mapping[str, Any]) -> tuple[str, ...]:
    kind = str(part.get("internalType", "")).removeprefix("enum ")
    return ENUMS.get(kind.split("[", maxsplit=1)[0], ())


# --- and back -----------------------------------------------------------------------------------


def _written(name: str, shape: Shape, data: bytes, manifest: Manifest) -> str:
    """The deed as text that ``parse_deed`` reads as the same deed."""
    book = {d.address.lower(): n for n, d in manifest.contracts.items()}
    values = decode_values(f"{name}.{shape.name}", shape.inputs, data[4:])
    return f"{name}.{shape.name}({_listed(shape.inputs, list(values.values()), book)})"


def _listed(
    parts: Sequence[Mapping[str, Any]], values: Sequence[Any], book: Mapping[str, str]
) -> str:
    shown = [
        (f"{_called(part)}=" if _called(part) else "") + _shown(part, value, book)
        for part, value in zip(parts, values, strict=True)
    ]
    return ", ".join(shown)


def _shown(part: Mapping[str, Any], value: Any, book: Mapping[str, str]) -> str:
    kind = str(part["type"])
    if kind.endswith("]"):
        element = {**part, "type": kind[: kind.rindex("[")]}
        return "[" + ", ".join(_shown(element, item, book) for item in value) + "]"
    if kind == "tuple":
        return "(" + _listed(part["components"], list(value.values()), book) + ")"
    if kind == "string":
        return quoted(value)
    if kind == "bool":
        return "true" if value else "false"
    if kind == "address":
        return book.get(value.lower(), value.lower())
    if kind.startswith("bytes"):
        return str(value)
    names = {number: name for name, number in _names(part).items()}
    if value in names:
        return names[value]
    bits = int(kind.lstrip("uint"))
    is_most = kind.startswith("uint") and bits >= _LARGE_BITS and value == (1 << bits) - 1
    return "max" if is_most and not names else str(value)


def _refused(what: str, rule: str, field: str, value: object, remedy: str) -> InputError:
    return InputError(what, rule=f"deed.{rule}", field=field, value=value, remedy=remedy)
