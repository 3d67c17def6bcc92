"""The node's service over real sockets: readings in, live view, statements and proofs out.

One node on a real local chain serves all tests of this file; Ann, Ben and Cleo have lived an hour.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import httpx
import pytest
import uvicorn
import websockets

from small_community import NOON_S, Home, ScriptedClock, a_place, community, enrol, homes, node_key
from sourceenergy import __version__
from sourceenergy.api import app as api
from sourceenergy.audit.checks import check_chain_of_statements, check_public
from sourceenergy.audit.onchain import posted_statements
from sourceenergy.chain.anvil import EmbeddedChain, find_anvil
from sourceenergy.chain.rpc import Rpc
from sourceenergy.errors import InputError, ReadingRefused, Unavailable
from sourceenergy.node.identity import member_accounts
from sourceenergy.node.onchain import OnChain, Terms
from sourceenergy.node.service import HomeFacts, Node
from sourceenergy.sdk import NodeClient, segment_to_json
from sourceenergy.settlement.published import read_public
from sourceenergy.store.sqlite import Store

pytestmark = pytest.mark.anyio

T = TypeVar("T")
PAGE = b"<!doctype html><title>Prosumer</title>"


@dataclass
class Town:
    """A running node, its homes and its clock."""

    url: str
    node: Node
    onchain: OnChain
    clock: ScriptedClock
    homes: dict[str, Home]
    http: httpx.AsyncClient

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def refused(self, path: str, status: int) -> tuple[str, str]:
        """Rule and field of a refusal."""
        answer = await self.get(path, status)
        assert answer["remedy"]
        return answer["rule"], answer["field"]

    def live(self, from_s: int, to_s: int) -> None:
        """Ann gives 100 Wh in five minutes, Ben draws 60 and Cleo 90; the clock follows."""
        for at_s in range(from_s, to_s + 1, 300):
            n = (at_s - NOON_S) // 300
            ann, ben, cleo = self.homes.values()
            ann.read(at_s, 5000, 100 * n, 120 * n, w=(0, 1200, 1440))
            ben.read(at_s, 5000 + 60 * n, w=(720, 0, None))
            cleo.read(at_s, 5000 + 90 * n, w=(1080, 0, None))
        self.clock.at_ms = to_s * 1000

    async def send(self, first: int) -> None:
        async with client(self) as node:
            result = await node.submit([home.segment(first) for home in self.homes.values()])
        assert result.refused == ()
        assert {r.sequence for r in result.receipts} == {len(self.homes["ann"].made)}

    async def statement(self, epoch: int) -> dict[str, Any]:
        """The statement once it stands on chain."""

        async def found() -> dict[str, Any] | None:
            rows = (await self.get("/api/v1/statements"))["statements"]
            return next((r for r in rows if r["epoch"] == epoch and r["block"] is not None), None)

        return await until_found(found)


async def until_found(found: Callable[[], Awaitable[T | None]], most_s: float = 10) -> T:
    """What ``found`` finds, asked again and again."""
    async with asyncio.timeout(most_s):
        while True:
            value = await found()
            if value is not None:
                return value
            await asyncio.sleep(0.05)


async def until(holds: Callable[[], bool]) -> None:
    async def found() -> bool | None:
        return holds() or None

    await until_found(found)


def client(town: Town) -> NodeClient:
    """What a DER Engine uses."""
    key = node_key()
    return NodeClient(town.url, (key.public_x, key.public_y))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    try:
        find_anvil()
    except Unavailable as error:
        pytest.skip(f"needs anvil: {error}")
    folder = tmp_path_factory.mktemp("town")
    (folder / "web/assets").mkdir(parents=True)
    (folder / "web/index.html").write_bytes(PAGE)
    (folder / "web/assets/app.js").write_text("// the app")
    (folder / "secret.txt").write_text("not for the web")
    intents = Store(folder / "chain/intents.sqlite")
    async with EmbeddedChain(folder / "chain") as chain, Rpc(chain.url) as rpc:
        onchain = await OnChain.connect(
            rpc, folder / "chain", intents, "Elm Street", Terms(delay_s=1), chain
        )
        accounts = member_accounts(community(), folder / "chain/keys")
        operator = onchain.operator.account.address.lower()
        await onchain.issue_passports([*accounts.values(), operator])
        await onchain.deposit("start", dict.fromkeys(accounts.values(), 5_000_000))
        neighbours = homes()
        store = Store(folder / "live/node.sqlite")
        enrol(store, neighbours)
        clock = ScriptedClock(NOON_S * 1000)
        place = a_place(neighbours, anchor=onchain.anchor, accounts=accounts, operator=operator)
        facts = {"ann": HomeFacts("Ann", 4000, 0), "ben": HomeFacts("Ben", 0, 0)}
        node = Node(store, place, clock, node_key(), onchain, folder / "live", facts)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(api, "WEB", folder / "web")
            config = uvicorn.Config(api.create_app(node), log_level="critical")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            town = Town(url, node, onchain, clock, neighbours, http)
            try:
                await until(lambda: node.poster.state == "up")  # it has seen the deposits
                town.live(NOON_S, NOON_S + 3600)
                await town.send(1)
                await town.statement(2)
                yield town
            finally:
                server.should_exit = True
                await serving
    intents.close()


# --- refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "rule", "field"),
    [
        (b"", "wire.json", "body"),
        (b"{", "wire.json", "body"),
        (b"\xff\xfe", "wire.json", "body"),
        (b"[" * 100_000, "wire.json", "body"),
        (b"9" * 10_000, "wire.json", "body"),
        (b"[]", "wire.missing", "segments"),
        (b"{}", "wire.missing", "segments"),
        (b'{"segments":{}}', "wire.missing", "segments"),
        (b'{"segments":[5]}', "wire.type", "segments[0]"),
        (b'{"segments":[{}]}', "wire.missing", "segments[0].device"),
    ],
)
async def test_a_body_off_the_wires_form_is_refused_by_place(
    town: Town, body: bytes, rule: str, field: str
) -> None:
    answer = await town.http.post("/api/v1/readings", content=body)
    assert answer.status_code == 400
    assert (answer.json()["rule"], answer.json()["field"]) == (rule, field)
    assert answer.json()["remedy"]


@pytest.mark.parametrize(
    ("change", "rule", "field"),
    [
        ({"imported_wh": -1}, "wire.range", "segments[1].readings[0].imported_wh"),
        ({"imported_wh": 1.5}, "wire.type", "segments[1].readings[0].imported_wh"),
        ({"imported_wh": True}, "wire.type", "segments[1].readings[0].imported_wh"),
        ({"imported_wh": 2**63}, "wire.range", "segments[1].readings[0].imported_wh"),
        ({"device": "ann"}, "wire.hex", "segments[1].readings[0].device"),
        ({"clock": 3}, "wire.range", "segments[1].readings[0].clock"),
        ({"colour": 1}, "wire.unknown", "segments[1].readings[0].colour"),
    ],
)
async def test_an_ill_typed_reading_is_named_and_nothing_of_the_message_is_taken(
    town: Town, change: dict[str, object], rule: str, field: str
) -> None:
    ann, ben = town.homes["ann"], town.homes["ben"]
    good, bad = segment_to_json(ann.segment(1, 1)), segment_to_json(ben.segment(1, 1))
    bad["readings"][0] |= change
    held = town.node.store.count_readings()
    answer = await town.http.post("/api/v1/readings", json={"segments": [good, bad]})
    assert (answer.status_code, answer.json()["rule"], answer.json()["field"]) == (400, rule, field)
    assert town.node.store.count_readings() == held


async def test_an_oversized_body_is_refused_before_it_is_read_whole(town: Town) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 65_536

    try:
        answer = await town.http.post("/api/v1/readings", content=endless())
    except httpx.HTTPError:
        return  # the node hung up while we were still sending, which is as good
    assert (answer.status_code, answer.json()["rule"]) == (400, "wire.size")


async def test_a_refused_segment_is_told_with_what_to_do(town: Town) -> None:
    ben = town.homes["ben"]
    forged = replace(ben.segment(), signature=ben.key.sign(bytes(32)))
    async with client(town) as node:
        result = await node.submit([forged, town.homes["cleo"].segment()])
    assert [r.rule for r in result.refused] == ["reading.signature"]
    assert [r.device for r in result.receipts] == [town.homes["cleo"].device]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/homes/zoe/day", 404),
        ("/api/v1/homes/ann/day?date=1969-12-31", 400),
        ("/api/v1/homes/ann/day?date=9999-12-31", 400),
        ("/api/v1/public/99/statement.json", 404),
        ("/api/v1/public/1/pseudonyms.csv", 404),
        ("/api/v1/public/1/statement.json%00", 404),
        ("/api/v1/public/1/..%5c..%5cnode.sqlite", 404),
        ("/api/v1/public/1/STATEMENT.JSON", 404),
        ("/api/v1/public/1/statement.json%0a", 404),
    ],
)
async def test_what_is_not_there_is_refused_by_rule(town: Town, path: str, status: int) -> None:
    rule, _ = await town.refused(path, status)
    assert rule in ("home.unknown", "date.range", "public.file")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/public/0/statement.json",
        "/api/v1/public/-1/statement.json",
        f"/api/v1/public/{10**300}/statement.json",
        "/api/v1/public/one/statement.json",
        "/api/v1/statements?limit=0",
        "/api/v1/statements?limit=1001",
        "/api/v1/statements?limit=many",
        "/api/v1/homes/ann/day?date=yesterday",
    ],
)
async def test_ill_typed_questions_are_refused(town: Town, path: str) -> None:
    assert (await town.http.get(path)).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/public/1/../members/ann/proof.json",
        "/api/v1/public/1/..%2fmembers%2fann%2fproof.json",
        "/api/v1/public/1/%2e%2e/%2e%2e/node.sqlite",
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "//etc/passwd.txt",
        "/api/v1/nothing",
        "/api/v2/status",
        "/assets/missing.js",
        "/favicon.ico",
    ],
)
async def test_no_path_leads_out_of_what_is_public(town: Town, path: str) -> None:
    """Sent as they stand: an HTTP client would tidy the dots away."""
    host, port = town.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert b" 404 " in answer.splitlines()[0]
    assert b"not for the web" not in answer


# --- answered ---------------------------------------------------------------------------------


async def test_status_names_parts_versions_and_ages(town: Town) -> None:
    status = await town.get("/api/v1/status")
    assert status["version"] == __version__
    assert (status["mode"], status["simulated"], status["members"]) == ("simulation", True, 3)
    assert "not" in status["mode_meaning"] or "simulated" in status["mode_meaning"]
    assert status["chain"]["id"] == 31337
    assert status["chain"]["clearing"] == town.onchain.anchor.clearing
    assert status["chain"]["block"] > 0
    assert status["clock"] == {"utc_ms": town.clock.at_ms, "speed": 1}
    assert status["interval_seconds"] == 900
    assert status["last_reading_age_s"] == 0.0
    assert int(status["node_public_key"]["x"], 16) == node_key().public_x
    assert {part["name"]: part["state"] for part in status["parts"]} == {
        "Energy Contracts": "up",
        "DER Engine": "up",
        "Prosumer": "up",
    }
    for member in ("ann", "ben", "cleo"):
        assert member not in json.dumps(status)


async def test_live_shows_power_price_and_the_closed_intervals(town: Town) -> None:
    live = await town.get("/api/v1/community/live")
    powers = [live[k] for k in ("produced_w", "consumed_w", "imported_w", "exported_w", "shared_w")]
    assert powers == [1440, 240 + 720 + 1080, 1800, 1200, 1200]
    assert (live["homes_reporting"], live["homes"], live["simulated"]) == (3, 3, True)
    price = live["price"]
    assert price["period"] == "on_peak"  # noon of a summer Monday
    assert price["feed_in_ud_per_kwh"] < price["sell_ud_per_kwh"] < price["buy_ud_per_kwh"]
    assert price["buy_ud_per_kwh"] == price["sell_ud_per_kwh"] + price["fee_ud_per_kwh"]
    assert price["buy_ud_per_kwh"] < price["retail_ud_per_kwh"]
    first = live["series"][0]
    assert first == {
        "start_s": NOON_S,
        "imported_wh": 450,
        "exported_wh": 300,
        "local_wh": 300,
        "produced_wh": 360,
        "consumed_wh": 510,
        "price_ud_per_kwh": price["local_ud_per_kwh"],
    }
    starts = [row["start_s"] for row in live["series"]]
    assert starts == list(range(NOON_S, NOON_S + 900 * len(starts), 900))


async def test_statements_say_where_they_stand_on_chain(town: Town) -> None:
    rows = (await town.get("/api/v1/statements"))["statements"]
    assert [row["epoch"] for row in rows] == list(range(len(rows), 0, -1))
    on_chain = await posted_statements(
        town.onchain.rpc, town.onchain.anchor.clearing, town.onchain.anchor.community
    )
    for row, item in zip(reversed(rows), on_chain, strict=True):
        assert (row["hash"], row["block"], row["transaction"], row["live_at_s"]) == (
            item.hash,
            item.block,
            item.transaction,
            item.live_at_s,
        )
        assert row["state"] in ("pending", "live")
    assert (await town.get("/api/v1/statements?limit=1"))["statements"] == rows[:1]


async def test_public_files_prove_themselves_against_the_chain(town: Town) -> None:
    anchor = town.onchain.anchor
    files = {}
    for name in ("statement.json", "intervals.csv"):
        answer = await town.http.get(f"/api/v1/public/1/{name}")
        files[name] = answer.content
        assert answer.headers["content-type"].startswith(
            "application/json" if name.endswith(".json") else "text/csv"
        )
    public = read_public(files)
    posted = await posted_statements(town.onchain.rpc, anchor.clearing, anchor.community)
    checks = check_chain_of_statements(posted, anchor.chain_id, anchor.clearing)
    checks += check_public(public, posted)
    assert [check for check in checks if not check.ok] == []


async def test_homes_of_a_simulated_community_are_shown(town: Town) -> None:
    assert (await town.get("/api/v1/homes"))["homes"] == [
        {
            "id": name,
            "name": name.title(),
            "solar_w": watt,
            "battery_wh": 0,
            "tariff": "ontario_time_of_use",
            "simulated": True,
        }
        for name, watt in (("ann", 4000), ("ben", 0))
    ]


async def test_a_homes_day_adds_up(town: Town) -> None:
    day = await town.get("/api/v1/homes/ben/day?date=2026-06-15")
    assert (day["home"], day["date"], day["timezone"]) == ("ben", "2026-06-15", "America/Toronto")
    first = day["intervals"][0]
    price = first["price_ud_per_kwh"]
    assert first == {
        "start_s": NOON_S,
        "imported_wh": 180,
        "exported_wh": 0,
        "produced_wh": None,
        "consumed_wh": 180,
        "local_bought_wh": 120,
        "local_sold_wh": 0,
        "quality": "measured",
        "price_ud_per_kwh": price,
    }
    count = len(day["intervals"])
    totals = day["totals"]
    assert (totals["imported_wh"], totals["local_bought_wh"]) == (180 * count, 120 * count)
    assert totals["paid_ud"] == 120 * count * (price + 5_000) // 1000
    assert (totals["earned_ud"], totals["saving_ud"] > 0) == (0, True)
    assert (await town.get("/api/v1/homes/ben/day"))["date"] == "2026-06-15"  # by the node's clock
    empty = await town.get("/api/v1/homes/ben/day?date=2026-06-14")
    assert (empty["intervals"], empty["totals"]["paid_ud"]) == ([], 0)


async def test_the_page_answers_where_no_file_is_asked_for(town: Town) -> None:
    for path in ("/", "/homes", "/homes/ann"):
        answer = await town.http.get(path)
        assert (answer.status_code, answer.content) == (200, PAGE)
    assert (await town.http.get("/assets/app.js")).text == "// the app"


async def test_the_sdk_reads_what_the_service_says(town: Town) -> None:
    async with client(town) as node:
        assert (await node.status())["community"] == "Elm Street"
        assert (await node.statements(1))[0]["epoch"] >= 2
        with pytest.raises(InputError) as refused:
            await node._call("GET", "/api/v1/homes/zoe/day")
        assert refused.value.rule == "home.unknown"
        assert not isinstance(refused.value, ReadingRefused)


async def test_the_stream_tells_power_intervals_and_statements(town: Town) -> None:
    """The next half hour: what a browser hears of it."""
    made = len(town.homes["ann"].made)
    from_s = town.homes["ann"].made[-1].utc_ms // 1000
    epoch = (await town.get("/api/v1/statements?limit=1"))["statements"][0]["epoch"] + 1
    heard: dict[str, list[dict[str, Any]]] = {"live": [], "interval": [], "statement": []}
    url = f"{town.url.replace('http', 'ws')}/api/v1/stream"
    async with websockets.connect(url, proxy=None) as stream:
        town.live(from_s + 300, from_s + 1800)
        await town.send(made + 1)
        async with asyncio.timeout(15):
            while not all(heard.values()) or len(heard["interval"]) < 2:
                message = json.loads(await stream.recv())
                heard[message["kind"]].append(message["data"])
    assert [row["start_s"] for row in heard["interval"]] == [from_s, from_s + 900]
    assert [row["epoch"] for row in heard["statement"]] == [epoch]
    assert heard["live"][0]["produced_w"] == 1440
    assert "series" not in heard["live"][0]
    live = await town.get("/api/v1/community/live")
    assert live["series"][-2:] == heard["interval"]
    await until(lambda: not town.node._listeners)  # the node forgets a listener that left


async def test_where_a_price_is_missing_readings_are_still_taken_and_status_says_so(
    town: Town,
) -> None:
    """The clock passes the tariff file's last day: nothing is settled, nothing is lost."""
    end_s = 1_793_505_600  # 2026-11-01 00:00 in Toronto
    count = len(town.node.store.statements(1000))
    made = len(town.homes["ann"].made)
    for home in town.homes.values():
        for at_s in (end_s + 1000, end_s + 2000):
            home.read(at_s, 10**6, 10**6)
    town.clock.at_ms = (end_s + 2000) * 1000
    town.node.store.add_interval(end_s - 900, 900, count, [], {"traded": False, "fee": 0})
    await town.send(made + 1)

    async def told() -> dict[str, Any] | None:
        status: dict[str, Any] = await town.get("/api/v1/status")
        return status if "tariff.gap" in status["parts"][0]["detail"] else None

    status = await until_found(told)
    assert "no version for 2026-11-01" in status["parts"][0]["detail"]
    assert status["readings"] == town.node.store.count_readings() == 3 * (made + 2)
