"""The node's web service: readings in, community and statements out, and the Prosumer app."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, WebSocket, WebSocketDisconnect
from fastapi import Path as PathValue
from fastapi.responses import JSONResponse, Response
from pydantic_core import from_json
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from sourceenergy import __version__
from sourceenergy.errors import InputError, NotPermitted, SourceEnergyError, Unavailable
from sourceenergy.node.service import Node
from sourceenergy.sdk import receipt_to_json, refusal_to_json, segment_from_json

WEB = Path(__file__).parent / "web"
BODY_MOST = 4 << 20
"""Largest message a device may send [bytes]."""
EPOCH_MOST = (1 << 63) - 1
_NOT_FOUND = ("home.unknown", "public.file")


class WebApp(StaticFiles):
    """Static files; unknown paths without an extension get the app, a missing file is missing."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or the app's page for paths that are places within the app."""
        try:
            return await super().get_response(path, scope)
        except HTTPException as error:
            place = PurePosixPath(path)
            if error.status_code == 404 and not place.suffix and place.parts[:1] != ("api",):
                return await super().get_response("index.html", scope)
            raise


def create_app(node: Node) -> FastAPI:
    """The service of a node; starts and stops it with itself."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await node.start()
        try:
            yield
        finally:
            await node.stop()

    app = FastAPI(
        title="SourceEnergy node",
        version=__version__,
        description="Readings in, statements and proofs out. Simulated data is labelled so.",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )

    @app.exception_handler(SourceEnergyError)
    async def refuse(_: Request, error: SourceEnergyError) -> JSONResponse:
        status = 500
        if isinstance(error, InputError):
            status = 404 if error.rule in _NOT_FOUND else 400
        elif isinstance(error, NotPermitted):
            status = 403
        elif isinstance(error, Unavailable):
            status = 503
        return JSONResponse(error.as_dict(), status_code=status)

    @app.post("/api/v1/readings", tags=["devices"])
    async def readings(request: Request) -> dict[str, Any]:
        """Take signed segments of readings; a receipt or a refusal for each."""
        body = await _json(request)
        if not isinstance(body, dict) or not isinstance(body.get("segments"), list):
            raise InputError(
                "segments are missing",
                rule="wire.missing",
                field="segments",
                remedy='send {"segments": […]}',
            )
        segments = [
            segment_from_json(item, f"segments[{i}]") for i, item in enumerate(body["segments"])
        ]
        receipts, refused = node.take(segments)
        return {
            "receipts": [receipt_to_json(receipt) for receipt in receipts],
            "refused": [refusal_to_json(refusal) for refusal in refused],
        }

    @app.get("/api/v1/status", tags=["community"])
    async def status() -> dict[str, Any]:
        """Parts, versions, ages; what is live, simulated or not permitted."""
        return await node.status()

    @app.get("/api/v1/community/live", tags=["community"])
    async def live() -> dict[str, Any]:
        """Power and price now, and the last day of intervals."""
        return node.live()

    @app.get("/api/v1/statements", tags=["proof"])
    async def statements(
        limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    ) -> dict[str, Any]:
        """The newest statements and where they stand on chain."""
        return {"statements": node.statements(limit)}

    @app.get("/api/v1/public/{epoch}/{name}", tags=["proof"])
    async def public(epoch: Annotated[int, PathValue(ge=1, le=EPOCH_MOST)], name: str) -> Response:
        """A statement's public files: statement.json and intervals.csv."""
        kind = "application/json" if name.endswith(".json") else "text/csv; charset=utf-8"
        return Response(node.public_file(epoch, name), media_type=kind)

    @app.get("/api/v1/homes", tags=["homes"])
    async def homes() -> dict[str, Any]:
        """The homes of a simulated community."""
        return {"homes": node.homes()}

    @app.get("/api/v1/homes/{home}/day", tags=["homes"])
    async def home_day(home: str, date: Annotated[date | None, Query()] = None) -> dict[str, Any]:
        """One home's local day; today by the node's clock if no date is given."""
        return node.home_day(home, date)

    @app.websocket("/api/v1/stream")
    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        async with node.listen() as queue:
            closed = asyncio.create_task(_until_closed(socket))
            try:
                while not closed.done():
                    message = asyncio.create_task(queue.get())
                    await asyncio.wait({message, closed}, return_when=asyncio.FIRST_COMPLETED)
                    if message.done():
                        await socket.send_text(json.dumps(message.result()))
                    else:
                        message.cancel()
            except (WebSocketDisconnect, RuntimeError):
                pass  # the browser went away while we were telling it something
            finally:
                closed.cancel()

    if WEB.is_dir():
        app.mount("/", WebApp(directory=WEB, html=True), name="web")
    return app


async def _until_closed(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()


async def _json(request: Request) -> Any:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MOST:
            raise InputError(
                "the message is too large",
                rule="wire.size",
                field="body",
                value=f"more than {BODY_MOST} bytes",
                remedy="send fewer readings at once",
            )
    try:
        # Its depth is bounded; the standard parser's is only by the interpreter's own stack.
        return from_json(bytes(body), allow_inf_nan=False)
    except ValueError as error:
        raise InputError(
            "the message is not JSON",
            rule="wire.json",
            field="body",
            remedy="send a JSON object",
        ) from error
