"""The node's client: readings in, receipts out, and what the node publishes.

Also the wire's codecs, which the node shares: strict both ways, so that a message has one
meaning. Every refusal is an ``InputError`` that names field, value and remedy.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cache
from typing import Any, NewType, Self, TypeAlias

import httpx

from sourceenergy import errors, proofs
from sourceenergy.errors import (
    InputError,
    NotPermitted,
    SourceEnergyError,
    Unavailable,
    VerificationFailed,
)
from sourceenergy.records import ClockState, Reading, Receipt, Segment
from sourceenergy.units import Wh

Json: TypeAlias = dict[str, Any]

VerifiedReceipt = NewType("VerifiedReceipt", Receipt)
"""A receipt whose signature was checked with the node's key."""

_INT64_MOST = (1 << 63) - 1  # databases and the hash's layout hold no more
_UINT32_MOST = (1 << 32) - 1


# --- codecs ------------------------------------------------------------------------------------


def _refused(message: str, rule: str, field: str, value: object, remedy: str) -> InputError:
    return InputError(message, rule=rule, field=field, value=value, remedy=remedy)


def _table(value: object, names: Sequence[str], where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _refused(
            "a JSON object is needed", "wire.type", where, value, "send an object with named fields"
        )
    for name in value:
        if name not in names:
            raise _refused(
                "an unknown field", "wire.unknown", f"{where}.{name}", value[name], "leave it out"
            )
    for name in names:
        if name not in value:
            raise _refused("a field is missing", "wire.missing", f"{where}.{name}", None, "send it")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise _refused("a JSON list is needed", "wire.type", where, value, "send a list")
    return value


def _whole(value: object, where: str, most: int, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refused("a whole number is needed", "wire.type", where, value, "send a JSON integer")
    if not least <= value <= most:
        raise _refused(
            "a number is out of range", "wire.range", where, value, f"send {least} to {most}"
        )
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise _refused("a text is needed", "wire.type", where, value, "send a JSON string")
    return value


def _hex(value: object, where: str, digits: int, prefix: str = "") -> str:
    text = _text(value, where)
    if not re.fullmatch(f"{prefix}[0-9a-f]{{{digits}}}", text):
        raise _refused(
            "not the hexadecimal form of this field",
            "wire.hex",
            where,
            text,
            f"send {prefix}{digits} lower-case hex digits",
        )
    return text


def _device(value: object, where: str) -> str:
    return _hex(value, where, 64, "0x")


def _count(value: object, where: str) -> int:
    return _whole(value, where, _INT64_MOST)


def _sequence(value: object, where: str) -> int:
    return _whole(value, where, _INT64_MOST, 1)


def _optional(check: Callable[[object, str], int]) -> Callable[[object, str], int | None]:
    return lambda value, where: None if value is None else check(value, where)


def _clock(value: object, where: str) -> ClockState:
    return ClockState(_whole(value, where, max(ClockState)))


_READING: Mapping[str, Callable[[object, str], Any]] = {
    "device": _device,
    "sequence": _sequence,
    "boot_id": lambda value, where: _hex(value, where, 32),
    "utc_ms": _count,
    "clock": _clock,
    "clock_uncertainty_ms": lambda value, where: _whole(value, where, _UINT32_MOST),
    "monotonic_ns": _count,
    "imported_wh": lambda value, where: Wh(_count(value, where)),
    "exported_wh": lambda value, where: Wh(_count(value, where)),
    "produced_wh": _optional(_count),
    "imported_w": _count,
    "exported_w": _count,
    "produced_w": _optional(_count),
    "battery_charge_w": _optional(_count),
    "battery_discharge_w": _optional(_count),
    "battery_soc_permille": _optional(lambda value, where: _whole(value, where, 1000)),
    "flags": lambda value, where: _whole(value, where, _UINT32_MOST),
    "previous": lambda value, where: _hex(value, where, 64),
}


def reading_to_json(reading: Reading) -> Json:
    """All fields by name; enums as numbers, what is absent as null."""
    return {name: _plain(getattr(reading, name)) for name in _READING}


def _plain(value: object) -> object:
    return int(value) if isinstance(value, int) else value


def reading_from_json(value: object, where: str = "reading") -> Reading:
    """The reading in ``value``; ``where`` names its place in refusals (``InputError``)."""
    table = _table(value, tuple(_READING), where)
    return Reading(
        **{name: check(table[name], f"{where}.{name}") for name, check in _READING.items()}
    )


def segment_to_json(segment: Segment) -> Json:
    """Device, signature, readings."""
    return {
        "device": segment.device,
        "signature": segment.signature,
        "readings": [reading_to_json(reading) for reading in segment.readings],
    }


def segment_from_json(value: object, where: str = "segment") -> Segment:
    """The segment in ``value``: at least one reading, all of its device, sequences one apart.

    Whether they are chained and signed is for the node to check. Raises ``InputError``.
    """
    table = _table(value, ("device", "signature", "readings"), where)
    device = _device(table["device"], f"{where}.device")
    signature = _hex(table["signature"], f"{where}.signature", 128)
    readings = tuple(
        reading_from_json(item, f"{where}.readings[{index}]")
        for index, item in enumerate(_list(table["readings"], f"{where}.readings"))
    )
    if not readings:
        raise _refused(
            "a segment without readings",
            "segment.empty",
            f"{where}.readings",
            [],
            "send at least one",
        )
    for index, reading in enumerate(readings):
        place = f"{where}.readings[{index}]"
        if reading.device != device:
            raise _refused(
                "a reading of another device",
                "segment.device",
                f"{place}.device",
                reading.device,
                "send each device's readings in segments of its own",
            )
        if reading.sequence != readings[0].sequence + index:
            raise _refused(
                "readings of a segment follow each other",
                "segment.consecutive",
                f"{place}.sequence",
                reading.sequence,
                f"send sequence {readings[0].sequence + index} here",
            )
    return Segment(device, readings, signature)


def receipt_to_json(receipt: Receipt) -> Json:
    """Device, sequence, head, signature."""
    return asdict(receipt)


def receipt_from_json(value: object, where: str = "receipt") -> Receipt:
    """The receipt in ``value``, its signature not yet checked. Raises ``InputError``."""
    table = _table(value, ("device", "sequence", "head", "signature"), where)
    return Receipt(
        _device(table["device"], f"{where}.device"),
        _sequence(table["sequence"], f"{where}.sequence"),
        _hex(table["head"], f"{where}.head", 64),
        _hex(table["signature"], f"{where}.signature", 128),
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the node did not take a segment; the error's words as they travel."""

    device: str
    sequence: int
    error: str
    message: str
    rule: str
    field: str
    value: str
    remedy: str


def refusal_of(device: str, sequence: int, error: SourceEnergyError) -> Refusal:
    """The refusal that tells ``error`` about the reading ``sequence`` of ``device``."""
    return Refusal(device, sequence, **error.as_dict())


def refusal_to_json(refusal: Refusal) -> Json:
    """All fields by name."""
    return asdict(refusal)


def refusal_from_json(value: object, where: str = "refusal") -> Refusal:
    """The refusal in ``value``. Raises ``InputError``."""
    names = tuple(field.name for field in fields(Refusal))
    table = _table(value, names, where)
    words = {name: _text(table[name], f"{where}.{name}") for name in names[2:]}
    return Refusal(
        _device(table["device"], f"{where}.device"),
        _count(table["sequence"], f"{where}.sequence"),
        **words,
    )


# --- client ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """The node's answer to segments: checked receipts, and what it refused."""

    receipts: tuple[VerifiedReceipt, ...]
    refused: tuple[Refusal, ...]


def verify_receipt(receipt: Receipt, node_key: tuple[int, int]) -> VerifiedReceipt:
    """The same receipt, its signature checked with the node's P-256 key (x, y).

    Raises ``VerificationFailed`` (rule ``receipt.signature``).
    """
    key = proofs.p256_public_key(*node_key)
    if not proofs.p256_verify(key, receipt.signature, proofs.receipt_digest(receipt)):
        raise VerificationFailed(
            "the receipt is not signed by the node",
            rule="receipt.signature",
            field="receipt.signature",
            value=receipt.signature,
            remedy="check the node's address and public key in the settings",
        )
    return VerifiedReceipt(receipt)


class NodeClient:
    """Talks to one node at ``base_url``.

    ``node_key`` is the node's P-256 public key (x, y), known beforehand and never taken from the
    node itself; without it the client can read but not ``submit``. Proxies in the environment are
    not used. Errors: ``Unavailable`` where retrying is safe, else the node's own refusal.
    """

    def __init__(
        self, base_url: str, node_key: tuple[int, int] | None = None, *, timeout_s: float = 10.0
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise _refused(
                "not the address of a node",
                "node.url",
                "base_url",
                base_url,
                "give http://host:port or https://host",
            )
        if node_key is not None:
            proofs.p256_public_key(*node_key)  # refuse a wrong key now, not at the first receipt
        self._key = node_key
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            timeout=timeout_s,
            trust_env=False,
            verify=_tls() if base_url.startswith("https:") else False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def submit(self, segments: Sequence[Segment]) -> SubmitResult:
        """Hand in signed segments; sending again what the node holds is safe.

        Raises ``VerificationFailed`` if any receipt is not the node's or not for these devices,
        ``InputError`` without the node's key or for an answer off the wire's form.
        """
        if self._key is None:
            raise _refused(
                "receipts cannot be checked", "node.key", "node_key", None, "give the node's key"
            )
        body = {"segments": [segment_to_json(segment) for segment in segments]}
        answer = await self._call("POST", "/api/v1/readings", json=body)
        table = _table(answer, ("receipts", "refused"), "answer")
        receipts = []
        for index, item in enumerate(_list(table["receipts"], "answer.receipts")):
            where = f"answer.receipts[{index}]"
            receipt = verify_receipt(receipt_from_json(item, where), self._key)
            if all(segment.device != receipt.device for segment in segments):
                raise VerificationFailed(
                    "a receipt for a device that sent nothing",
                    rule="receipt.device",
                    field=f"{where}.device",
                    value=receipt.device,
                    remedy="report it to the node's operator",
                )
            receipts.append(receipt)
        refused = tuple(
            refusal_from_json(item, f"answer.refused[{index}]")
            for index, item in enumerate(_list(table["refused"], "answer.refused"))
        )
        return SubmitResult(tuple(receipts), refused)

    async def status(self) -> Json:
        """The node's state (``/api/v1/status``)."""
        return await self._call("GET", "/api/v1/status")

    async def live(self) -> Json:
        """Power and price of the community now (``/api/v1/community/live``)."""
        return await self._call("GET", "/api/v1/community/live")

    async def statements(self, limit: int = 20) -> list[Json]:
        """The last statements, newest first."""
        answer = await self._call("GET", "/api/v1/statements", params={"limit": limit})
        return _tables(answer, "statements")

    async def homes(self) -> list[Json]:
        """The homes of the community."""
        return _tables(await self._call("GET", "/api/v1/homes"), "homes")

    async def home_day(self, home: str, day: date) -> Json:
        """One home's intervals of one local day."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", home):
            raise _refused("not the id of a home", "home.id", "home", home, "take one of homes()")
        path = f"/api/v1/homes/{home}/day"
        return await self._call("GET", path, params={"date": day.isoformat()})

    async def _call(self, method: str, path: str, **arguments: Any) -> Json:
        try:
            response = await self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"the node does not answer: {error or type(error).__name__}",
                rule="node.reachable",
                field="base_url",
                value=self._http.base_url,
                remedy="start the node or correct its address; nothing is lost meanwhile",
            ) from error
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.is_success and isinstance(answer, dict):
            return answer
        raise _error_of(response.status_code, answer, path)


@cache
def _tls() -> ssl.SSLContext:
    # Loading the machine's certificates takes tens of milliseconds: once, not once a client.
    return ssl.create_default_context()


def _tables(answer: Json, name: str) -> list[Json]:
    items = _list(answer.get(name), f"answer.{name}")
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise _refused(
                "a JSON object is needed",
                "wire.type",
                f"answer.{name}[{index}]",
                item,
                "update the node",
            )
    return [item for item in items if isinstance(item, dict)]


_DEFAULTS: Mapping[int, type[SourceEnergyError]] = {401: NotPermitted, 403: NotPermitted}
_RETRY = (408, 425, 429)


def _error_of(status: int, answer: object, path: str) -> SourceEnergyError:
    """The node's refusal as the error it names; what retrying may cure as ``Unavailable``."""
    told = answer if isinstance(answer, dict) else {}
    words = {
        name: str(told.get(name) or "") for name in ("message", "rule", "field", "value", "remedy")
    }
    refused = 400 <= status < 500 and status not in _RETRY
    kind: type[SourceEnergyError] = Unavailable
    if refused:
        kind = _DEFAULTS.get(status, InputError)
        named = getattr(errors, str(told.get("error")), None)
        if isinstance(named, type) and issubclass(named, SourceEnergyError):
            kind = named
    return kind(
        words["message"] or f"the node answered {status}",
        rule=words["rule"] or "node.answer",
        field=words["field"] or path,
        value=words["value"] or status,
        remedy=words["remedy"] or ("correct the request" if refused else "try again later"),
    )
