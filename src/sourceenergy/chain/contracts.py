"""Contracts as generated artifacts: calls, returns, events and errors to and from bytes.

Addresses and byte strings decode to 0x hex; integers stay integers. A function with several or
named results decodes to a dictionary, one with a single nameless result to that value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError

from sourceenergy.errors import InputError, VerificationFailed
from sourceenergy.proofs import keccak
from sourceenergy.records import PayoutLeaf, Statement

_Parameter = Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """One function, event or error of an ABI: its signature and how its values are laid out."""

    name: str
    inputs: tuple[_Parameter, ...]
    outputs: tuple[_Parameter, ...]
    changes: bool = True  # a function that only answers does not

    @property
    def signature(self) -> str:
        """Canonical signature, as it is hashed."""
        return f"{self.name}({','.join(_type(part) for part in self.inputs)})"

    @property
    def topic(self) -> bytes:
        """Keccak-256 of the signature (32 bytes); its first four are the selector."""
        return keccak(self.signature.encode())


@dataclass(frozen=True)
class Artifact:
    """A compiled contract: shapes by name or selector, and its code.

    ``bytecode`` makes it; ``runtime`` is what is then on chain, with the values its constructor
    puts in left zero: ``immutables`` says where they are, (start, length) in bytes.
    """

    name: str
    functions: Mapping[str, Shape]
    selectors: Mapping[str, bytes]
    events: Mapping[bytes, Shape]
    errors: Mapping[bytes, Shape]
    constructor: tuple[_Parameter, ...]
    bytecode: bytes
    runtime: bytes
    immutables: tuple[tuple[int, int], ...]
    compiler: str

    def masked(self, code: bytes) -> bytes:
        """``code`` with the constructor's values taken out, to be compared with ``runtime``."""
        bare = bytearray(code)
        for start, length in self.immutables:
            bare[start : start + length] = bytes(len(bare[start : start + length]))
        return bytes(bare)

    def creation(self, *arguments: object) -> bytes:
        """Data of the transaction that makes the contract with these constructor arguments."""
        return self.bytecode + _encode(f"{self.name}.constructor", self.constructor, arguments)


@cache
def artifact(name: str) -> Artifact:
    """The shipped artifact of a contract; refuses a name that is not shipped."""
    file = resources.files("sourceenergy.chain") / "artifacts" / f"{name}.json"
    if not file.is_file():
        raise InputError(
            "no such contract is shipped",
            rule="contract.known",
            field="contract",
            value=name,
            remedy=f"choose one of {', '.join(shipped())}, or run `make contracts`",
        )
    content = json.loads(file.read_text(encoding="utf-8"))
    shapes: dict[str, list[Shape]] = {"function": [], "event": [], "error": []}
    constructor: tuple[_Parameter, ...] = ()
    for entry in content["abi"]:
        if entry["type"] == "constructor":
            constructor = tuple(entry["inputs"])
        elif entry["type"] in shapes:
            shape = Shape(
                entry["name"],
                tuple(entry["inputs"]),
                tuple(entry.get("outputs", ())),
                entry.get("stateMutability") not in ("view", "pure"),
            )
            shapes[entry["type"]].append(shape)
    functions = {shape.signature: shape for shape in shapes["function"]}
    names = [shape.name for shape in shapes["function"]]
    functions |= {s.name: s for s in shapes["function"] if names.count(s.name) == 1}
    return Artifact(
        name=name,
        functions=functions,
        selectors={key: shape.topic[:4] for key, shape in functions.items()},
        events={shape.topic: shape for shape in shapes["event"]},
        errors={shape.topic[:4]: shape for shape in shapes["error"]},
        constructor=constructor,
        bytecode=bytes.fromhex(content["bytecode"].removeprefix("0x")),
        runtime=bytes.fromhex(content["deployedBytecode"].removeprefix("0x")),
        immutables=tuple((start, length) for start, length in content["immutables"]),
        compiler=content["compiler"]["version"],
    )


@dataclass(frozen=True)
class Contract:
    """A contract at an address: encodes calls, decodes what comes back."""

    name: str
    address: str

    def encode(self, function: str, *arguments: object) -> bytes:
        """Call data of ``function`` (its name, or its signature where names repeat)."""
        shape = self._shape(function)
        selector = artifact(self.name).selectors[function]
        return selector + _encode(f"{self.name}.{shape.name}", shape.inputs, arguments)

    def decode(self, function: str, data: bytes) -> Any:
        """What a call of ``function`` returned."""
        outputs = self._shape(function).outputs
        values = _decode(f"{self.name}.{function}", outputs, data)
        if len(outputs) == 1 and not outputs[0]["name"]:
            return _named(outputs[0], values[0])
        if len(outputs) == 1 and outputs[0]["type"] == "tuple":
            return _named(outputs[0], values[0])
        return _dictionary(outputs, values)

    def _shape(self, function: str) -> Shape:
        try:
            return artifact(self.name).functions[function]
        except KeyError:
            raise InputError(
                "the contract has no such function",
                rule="contract.function",
                field=self.name,
                value=function,
                remedy="use a name of its ABI, or the full signature where names repeat",
            ) from None


class DecodedEvent(NamedTuple):
    """An event's name and its values by the names of the ABI."""

    name: str
    values: dict[str, Any]


def decode_event(
    contract: str, topics: Sequence[bytes | str], data: bytes | str
) -> DecodedEvent | None:
    """The event in a log of ``contract``; None when its ABI knows no such event."""
    words = [_bytes(topic) for topic in topics]
    shape = artifact(contract).events.get(words[0]) if words else None
    if shape is None:
        return None
    indexed = [part for part in shape.inputs if part["indexed"]]
    plain = [part for part in shape.inputs if not part["indexed"]]
    values = _dictionary(plain, _decode(f"{contract}.{shape.name}", plain, _bytes(data)))
    for part, word in zip(indexed, words[1:], strict=True):
        if _is_hashed(part):  # a topic holds the hash of what does not fit into it
            values[part["name"]] = "0x" + word.hex()
        else:
            (value,) = _decode(f"{contract}.{shape.name}", [part], word)
            values[part["name"]] = _named(part, value)
    return DecodedEvent(shape.name, {part["name"]: values[part["name"]] for part in shape.inputs})


class RevertReason(NamedTuple):
    """Why a call was refused: the error's name and its values."""

    name: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v}' for k, v in self.values.items())})"


def decode_revert(data: bytes) -> RevertReason:
    """The reason in revert data, with the errors of all shipped contracts and Solidity's own."""
    shape = _all_errors().get(data[:4])
    if shape is not None:
        try:
            return RevertReason(
                shape.name, _dictionary(shape.inputs, _decode(shape.name, shape.inputs, data[4:]))
            )
        except VerificationFailed:
            pass
    return RevertReason("Unknown", {"data": "0x" + data.hex()})


def decode_values(where: str, parts: Sequence[_Parameter], data: bytes) -> dict[str, Any]:
    """Values laid out as ``parts`` say, by name; ``where`` names them in errors."""
    return _dictionary(parts, _decode(where, parts, data))


def statement_values(statement: Statement) -> tuple[object, ...]:
    """``Clearing.Statement`` in its field order, which is the record's."""
    return astuple(statement)


def leaf_values(leaf: PayoutLeaf) -> tuple[object, ...]:
    """``Clearing.Leaf`` in its field order."""
    return (leaf.account, leaf.deposited_ud, leaf.payout_ud, leaf.balance_ud, leaf.salt)


@cache
def _all_errors() -> Mapping[bytes, Shape]:
    builtin = (
        Shape("Error", ({"name": "message", "type": "string"},), ()),
        Shape("Panic", ({"name": "code", "type": "uint256"},), ()),
    )
    found = {shape.topic[:4]: shape for shape in builtin}
    for name in shipped():
        found |= artifact(name).errors
    return found


@cache
def shipped() -> tuple[str, ...]:
    """Names of the contracts whose artifacts ship with the package."""
    folder = resources.files("sourceenergy.chain") / "artifacts"
    if not folder.is_dir():
        return ()
    names = (file.name for file in folder.iterdir() if file.name.endswith(".json"))
    return tuple(sorted(name.removesuffix(".json") for name in names))


def _type(part: _Parameter) -> str:
    kind = str(part["type"])
    if not kind.startswith("tuple"):
        return kind
    inside = ",".join(_type(component) for component in part["components"])
    return f"({inside}){kind.removeprefix('tuple')}"


def _is_hashed(part: _Parameter) -> bool:
    kind = str(part["type"])
    return kind in {"string", "bytes"} or kind.endswith("]") or kind.startswith("tuple")


def _bytes(value: bytes | str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)


def _encode(where: str, parts: Sequence[_Parameter], arguments: Sequence[object]) -> bytes:
    try:
        values = [_plain(part, value) for part, value in zip(parts, arguments, strict=True)]
        return encode([_type(part) for part in parts], values)
    except (EncodingError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"the arguments do not fit the contract: {error}",
            rule="contract.arguments",
            field=where,
            value=arguments,
            remedy=f"give ({', '.join(_type(part) for part in parts)})",
        ) from error


def _decode(where: str, parts: Sequence[_Parameter], data: bytes) -> tuple[Any, ...]:
    try:
        return decode([_type(part) for part in parts], data)
    except (DecodingError, ValueError) as error:
        raise VerificationFailed(
            "the chain's answer does not fit the contract",
            rule="contract.answer",
            field=where,
            value="0x" + data.hex(),
            remedy="is this contract at this address, on this chain? compare the manifest",
        ) from error


def _plain(part: _Parameter, value: Any) -> Any:
    """To what eth_abi takes: hex to bytes, addresses in lower case."""
    kind = str(part["type"])
    if kind.endswith("]"):
        element = {**part, "type": kind[: kind.rindex("[")]}
        return [_plain(element, item) for item in value]
    if kind == "tuple":
        return tuple(_plain(c, v) for c, v in zip(part["components"], value, strict=True))
    if kind.startswith("bytes"):
        return _bytes(value)
    if kind == "address":
        return value.lower()
    return value


def _named(part: _Parameter, value: Any) -> Any:
    kind = str(part["type"])
    if kind.endswith("]"):
        element = {**part, "type": kind[: kind.rindex("[")]}
        return [_named(element, item) for item in value]
    if kind == "tuple":
        return _dictionary(part["components"], value)
    if kind.startswith("bytes"):
        return "0x" + value.hex()
    return value


def _dictionary(parts: Sequence[_Parameter], values: Sequence[Any]) -> dict[str, Any]:
    return {
        part["name"] or str(index): _named(part, value)
        for index, (part, value) in enumerate(zip(parts, values, strict=True))
    }
