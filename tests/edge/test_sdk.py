"""The node's client and the wire's codecs: one meaning a message, receipts checked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sourceenergy import proofs, sdk
from sourceenergy.edge.signer import KeySigner, create_key
from sourceenergy.errors import (
    ConfigError,
    InputError,
    NotPermitted,
    ReadingRefused,
    SourceEnergyError,
    Unavailable,
    VerificationFailed,
)
from sourceenergy.records import ClockState, Reading, Receipt, Segment
from sourceenergy.units import Wh

Serve = Callable[..., AbstractContextManager[str]]
DEVICE = "0x" + "ab" * 32
READING = Reading(
    device=DEVICE,
    sequence=7,
    boot_id="cd" * 16,
    utc_ms=1_767_225_600_000,
    clock=ClockState.SYNCED,
    clock_uncertainty_ms=3,
    monotonic_ns=12_345,
    imported_wh=Wh(1000),
    exported_wh=Wh(20),
    produced_wh=None,
    imported_w=60,
    exported_w=0,
    produced_w=None,
    battery_charge_w=None,
    battery_discharge_w=None,
    battery_soc_permille=None,
    flags=0,
    previous="00" * 32,
)
SEGMENT = Segment(DEVICE, (READING, replace(READING, sequence=8)), "12" * 64)


# --- codecs: refusals


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("sequence", 0, "wire.range"),
        ("sequence", 1 << 63, "wire.range"),
        ("sequence", "7", "wire.type"),
        ("sequence", 7.0, "wire.type"),
        ("sequence", True, "wire.type"),
        ("imported_wh", -1, "wire.range"),
        ("imported_wh", None, "wire.type"),
        ("produced_wh", -1, "wire.range"),
        ("imported_w", 1 << 63, "wire.range"),
        ("battery_soc_permille", 1001, "wire.range"),
        ("flags", 1 << 32, "wire.range"),
        ("clock", 3, "wire.range"),
        ("clock_uncertainty_ms", 1 << 32, "wire.range"),
        ("utc_ms", -1, "wire.range"),
        ("device", "ab" * 32, "wire.hex"),
        ("device", "0x" + "AB" * 32, "wire.hex"),
        ("boot_id", "cd" * 15, "wire.hex"),
        ("previous", "0" * 64 + "\n", "wire.hex"),
        ("previous", 0, "wire.type"),
        ("comment", "hello", "wire.unknown"),
    ],
)
def test_a_wrong_field_of_a_reading_is_named(field: str, value: object, rule: str) -> None:
    with pytest.raises(InputError) as refused:
        sdk.reading_from_json({**sdk.reading_to_json(READING), field: value})
    assert (refused.value.rule, refused.value.field) == (rule, f"reading.{field}")
    assert refused.value.value == value
    assert refused.value.remedy


@pytest.mark.parametrize("field", sorted(sdk.reading_to_json(READING)))
def test_a_missing_field_of_a_reading_is_named(field: str) -> None:
    told = sdk.reading_to_json(READING)
    del told[field]
    with pytest.raises(InputError) as refused:
        sdk.reading_from_json(told, "segment.readings[3]")
    assert refused.value.rule == "wire.missing"
    assert refused.value.field == f"segment.readings[3].{field}"


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"readings": []}, "segment.empty", "segment.readings"),
        ({"readings": {}}, "wire.type", "segment.readings"),
        ({"readings": [7]}, "wire.type", "segment.readings[0]"),
        ({"signature": "12" * 65}, "wire.hex", "segment.signature"),
        ({"device": "0x" + "ef" * 32}, "segment.device", "segment.readings[0].device"),
        ({"extra": 1}, "wire.unknown", "segment.extra"),
    ],
)
def test_a_wrong_segment_is_named(change: dict[str, object], rule: str, field: str) -> None:
    with pytest.raises(InputError) as refused:
        sdk.segment_from_json({**sdk.segment_to_json(SEGMENT), **change})
    assert (refused.value.rule, refused.value.field) == (rule, field)


def test_readings_of_a_segment_that_do_not_follow_each_other_are_named() -> None:
    told = sdk.segment_to_json(SEGMENT)
    told["readings"][1]["sequence"] = 9
    with pytest.raises(InputError) as refused:
        sdk.segment_from_json(told)
    assert refused.value.rule == "segment.consecutive"
    assert refused.value.field == "segment.readings[1].sequence"
    assert refused.value.remedy == "send sequence 8 here"


@pytest.mark.parametrize("value", [None, [], "segment", 7])
def test_what_is_no_object_is_refused(value: object) -> None:
    for decode in (sdk.segment_from_json, sdk.reading_from_json, sdk.receipt_from_json):
        with pytest.raises(InputError) as refused:
            decode(value)
        assert refused.value.rule == "wire.type"


# --- codecs: always

counts = st.integers(0, (1 << 63) - 1)
maybe = st.none() | counts
readings = st.builds(
    Reading,
    device=st.just(DEVICE),
    sequence=st.integers(1, (1 << 63) - 1),
    boot_id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    utc_ms=counts,
    clock=st.sampled_from(ClockState),
    clock_uncertainty_ms=st.integers(0, (1 << 32) - 1),
    monotonic_ns=counts,
    imported_wh=counts,
    exported_wh=counts,
    produced_wh=maybe,
    imported_w=counts,
    exported_w=counts,
    produced_w=maybe,
    battery_charge_w=maybe,
    battery_discharge_w=maybe,
    battery_soc_permille=st.none() | st.integers(0, 1000),
    flags=st.integers(0, (1 << 32) - 1),
    previous=st.binary(min_size=32, max_size=32).map(bytes.hex),
)


@given(readings)
def test_a_reading_comes_back_the_same_with_the_same_hash(reading: Reading) -> None:
    segment = Segment(DEVICE, (reading,), "12" * 64)
    back = sdk.segment_from_json(json.loads(json.dumps(sdk.segment_to_json(segment))))
    assert back == segment
    assert proofs.reading_hash(back.readings[0]) == proofs.reading_hash(reading)


def test_receipts_and_refusals_come_back_the_same() -> None:
    receipt = Receipt(DEVICE, 8, "ef" * 32, "12" * 64)
    assert sdk.receipt_from_json(json.loads(json.dumps(sdk.receipt_to_json(receipt)))) == receipt
    error = ReadingRefused(
        "too much", rule="reading.jump", field="imported_wh", value=9, remedy="x"
    )
    refusal = sdk.refusal_of(DEVICE, 8, error)
    assert refusal.error == "ReadingRefused"
    assert refusal.value == "9"
    assert sdk.refusal_from_json(json.loads(json.dumps(sdk.refusal_to_json(refusal)))) == refusal


# --- client


def answering(answer: Callable[[Request], Response]) -> Starlette:
    """A node that answers every request by ``answer``."""

    async def endpoint(request: Request) -> Response:
        await request.body()
        return answer(request)

    return Starlette(routes=[Route("/{path:path}", endpoint, methods=["GET", "POST"])])


def receipt_by(signer: KeySigner, device: str = DEVICE) -> dict[str, Any]:
    unsigned = Receipt(device, 8, "ef" * 32, "")
    signature = signer.sign(proofs.receipt_digest(unsigned))
    return sdk.receipt_to_json(replace(unsigned, signature=signature))


@pytest.fixture
def node_signer(tmp_path: Path) -> KeySigner:
    return create_key(tmp_path / "node.pem")


def key_of(signer: KeySigner) -> tuple[int, int]:
    return signer.public_x, signer.public_y


def test_a_wrong_address_or_key_is_refused_at_once() -> None:
    with pytest.raises(InputError) as refused:
        sdk.NodeClient("localhost:8000")
    assert refused.value.rule == "node.url"
    with pytest.raises(InputError) as refused:
        sdk.NodeClient("http://localhost:8000", (1, 2))
    assert refused.value.rule == "p256.point"


async def _submit(url: str, key: tuple[int, int] | None) -> sdk.SubmitResult:
    async with sdk.NodeClient(url, key, timeout_s=2) as client:
        return await client.submit([SEGMENT])


def submit(url: str, key: tuple[int, int] | None) -> sdk.SubmitResult:
    return asyncio.run(_submit(url, key))


def test_without_the_nodes_key_nothing_is_sent() -> None:
    with pytest.raises(InputError) as refused:
        submit("http://127.0.0.1:9", None)
    assert refused.value.rule == "node.key"


def test_a_node_that_is_not_there_is_unavailable(node_signer: KeySigner) -> None:
    with pytest.raises(Unavailable) as refused:
        submit("http://127.0.0.1:9", key_of(node_signer))
    assert refused.value.rule == "node.reachable"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (422, {"error": "ReadingRefused", "message": "no", "rule": "r"}, ReadingRefused),
        (403, {"error": "NotPermitted", "message": "no", "rule": "r"}, NotPermitted),
        (400, {"error": "ConfigError", "message": "no", "rule": "r"}, ConfigError),
        (400, {"error": "KeyboardInterrupt", "message": "no", "rule": "r"}, InputError),
        (403, {"message": "no", "rule": "r"}, NotPermitted),
        (404, {"detail": "Not Found"}, InputError),
        (400, ["a list"], InputError),
        (429, {"message": "slower", "rule": "r"}, Unavailable),
        (503, {"error": "InputError", "message": "starting", "rule": "r"}, Unavailable),
        (500, "text", Unavailable),
        (200, "text", Unavailable),
        (307, {}, Unavailable),
    ],
)
def test_the_nodes_refusals_come_as_the_errors_they_name(
    serve: Serve, status: int, body: object, kind: type[SourceEnergyError]
) -> None:
    def answer(_: Request) -> Response:
        if isinstance(body, str):
            return PlainTextResponse(body, status)
        return JSONResponse(body, status)

    async def call(url: str) -> None:
        async with sdk.NodeClient(url) as client:
            await client.status()

    with serve(answering(answer)) as url, pytest.raises(SourceEnergyError) as refused:
        asyncio.run(call(url))
    assert type(refused.value) is kind
    if isinstance(body, dict) and "rule" in body:
        assert (refused.value.message, refused.value.rule) == (body["message"], "r")
    else:
        assert refused.value.rule == "node.answer"


def test_a_receipt_that_the_node_did_not_sign_is_refused(
    serve: Serve, node_signer: KeySigner, tmp_path: Path
) -> None:
    other = create_key(tmp_path / "other.pem")
    app = answering(lambda _: JSONResponse({"receipts": [receipt_by(other)], "refused": []}))
    with serve(app) as url, pytest.raises(VerificationFailed) as refused:
        submit(url, key_of(node_signer))
    assert refused.value.rule == "receipt.signature"


def test_a_receipt_for_another_device_is_refused(serve: Serve, node_signer: KeySigner) -> None:
    receipt = receipt_by(node_signer, "0x" + "ef" * 32)
    app = answering(lambda _: JSONResponse({"receipts": [receipt], "refused": []}))
    with serve(app) as url, pytest.raises(VerificationFailed) as refused:
        submit(url, key_of(node_signer))
    assert refused.value.rule == "receipt.device"


def test_receipts_and_refusals_of_one_answer_arrive(serve: Serve, node_signer: KeySigner) -> None:
    error = ReadingRefused("no", rule="reading.jump", field="imported_wh", value=9, remedy="x")
    refusal = sdk.refusal_of(DEVICE, 9, error)
    answer = {"receipts": [receipt_by(node_signer)], "refused": [sdk.refusal_to_json(refusal)]}
    with serve(answering(lambda _: JSONResponse(answer))) as url:
        result = submit(url, key_of(node_signer))
    assert [receipt.sequence for receipt in result.receipts] == [8]
    assert result.refused == (refusal,)


def test_what_the_node_publishes_is_read(serve: Serve) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(str(httpx.URL(str(request.url)).raw_path, "ascii"))
        if request.url.path == "/api/v1/statements":
            return JSONResponse({"statements": [{"epoch": 2}, {"epoch": 1}]})
        if request.url.path == "/api/v1/homes":
            return JSONResponse({"homes": [{"id": "home-01"}]})
        return JSONResponse({"simulated": True})

    async def read(url: str) -> None:
        async with sdk.NodeClient(url + "/") as client:
            assert await client.status() == {"simulated": True}
            assert await client.live() == {"simulated": True}
            assert [one["epoch"] for one in await client.statements(limit=2)] == [2, 1]
            assert await client.homes() == [{"id": "home-01"}]
            assert await client.home_day("home-01", date(2026, 3, 8)) == {"simulated": True}
            with pytest.raises(InputError) as refused:
                await client.home_day("../status", date(2026, 3, 8))
            assert refused.value.rule == "home.id"

    with serve(answering(answer)) as url:
        asyncio.run(read(url))
    assert asked == [
        "/api/v1/status",
        "/api/v1/community/live",
        "/api/v1/statements?limit=2",
        "/api/v1/homes",
        "/api/v1/homes/home-01/day?date=2026-03-08",
    ]
