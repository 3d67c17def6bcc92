"""JSON-RPC to a chain's node over HTTP, one call or a batch; failures by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from sourceenergy.chain.contracts import Contract, RevertReason, decode_revert
from sourceenergy.errors import ChainError, Unavailable

_BATCH_MOST = 200


class RpcError(ChainError):
    """The node answered a request with an error: ``code`` and ``answer`` are its own."""

    def __init__(self, method: str, code: int, answer: str) -> None:
        super().__init__(
            f"the chain refused {method}: {answer}",
            rule="chain.request",
            field=method,
            value=code,
            remedy="see the message; retrying is safe",
        )
        self.code = code
        self.answer = answer


class Reverted(ChainError):
    """A contract refused a call: ``reason`` has its error's name and values."""

    def __init__(self, reason: RevertReason, what: str) -> None:
        super().__init__(
            f"the contract refused: {reason}",
            rule=f"contract.{reason.name}",
            field=what,
            value=reason,
            remedy="meet the contract's rule, then ask again",
        )
        self.reason = reason


class Rpc:
    """A connection to a node; use it as an async context manager, or ``close`` it.

    Raises Unavailable when the node does not answer within ``timeout_s``, RpcError when it
    refuses, Reverted when a contract does.
    """

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        parts = urlsplit(url)
        # the path and user part of a provider's URL are often a secret: never shown
        self.shown = f"{parts.scheme}://{parts.hostname}:{parts.port or ''}".rstrip(":")
        local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        self._url = url
        self._http = httpx.AsyncClient(timeout=timeout_s, trust_env=not local)
        self._last_id = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def call(self, method: str, *params: object) -> Any:
        """One request; its result, or the error raised."""
        (result,) = await self.batch([(method, params)])
        if isinstance(result, ChainError):
            raise result
        return result

    async def batch(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Many requests at once; results in order, a refused one as its ChainError *value*."""
        results: list[Any] = []
        for start in range(0, len(requests), _BATCH_MOST):
            results += await self._post(requests[start : start + _BATCH_MOST])
        return results

    async def read(
        self, contract: Contract, function: str, *arguments: object, block: str = "latest"
    ) -> Any:
        """Ask a view function of a contract; its decoded result."""
        data = "0x" + contract.encode(function, *arguments).hex()
        result = await self.call("eth_call", {"to": contract.address, "data": data}, block)
        return contract.decode(function, bytes.fromhex(result[2:]))

    async def chain_id(self) -> int:
        """The chain's id."""
        return int(await self.call("eth_chainId"), 16)

    async def block_number(self) -> int:
        """Number of the newest block."""
        return int(await self.call("eth_blockNumber"), 16)

    async def _post(self, requests: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        first = self._last_id + 1
        self._last_id += len(requests)
        body = [
            {"jsonrpc": "2.0", "id": first + i, "method": method, "params": list(params)}
            for i, (method, params) in enumerate(requests)
        ]
        try:
            # one request goes alone: some providers take no batches
            answer = await self._http.post(self._url, json=body if len(body) > 1 else body[0])
            answer.raise_for_status()
            content = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise self._unavailable(type(error).__name__) from error
        rows = content if isinstance(content, list) else [content]
        by_id = {row.get("id"): row for row in rows if isinstance(row, dict)}
        if any(first + i not in by_id for i in range(len(requests))):
            raise self._unavailable("answer without a request's id")
        return [_result(method, by_id[first + i]) for i, (method, _params) in enumerate(requests)]

    def _unavailable(self, cause: str) -> Unavailable:
        return Unavailable(
            f"the chain does not answer ({cause})",
            rule="chain.reachable",
            field="rpc",
            value=self.shown,
            remedy="is the node running and the URL right? retrying is safe",
        )


def _result(method: str, row: Mapping[str, Any]) -> Any:
    error = row.get("error")
    if error is None:
        return row.get("result")
    code, answer = int(error.get("code", 0)), str(error.get("message", ""))
    data = error.get("data")
    if isinstance(data, str) and data.startswith("0x") and len(data) >= 10:
        return Reverted(decode_revert(bytes.fromhex(data[2:])), method)
    if code == 3 or "revert" in answer.lower():
        return Reverted(RevertReason("Reverted", {"message": answer}), method)
    return RpcError(method, code, answer)
