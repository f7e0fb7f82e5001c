"""The W&B-protocol server: answers the real W&B client's own queries from a `World`, on loopback.

with ProtocolServer(world) as server:
    ...  # WANDB_BASE_URL=server.url WANDB_API_KEY=server.api_key
"""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
from collections import deque
from datetime import UTC
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Self

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from velocity.demo.wandb_server.answers import Answers
from velocity.demo.wandb_server.faults import Call, Fault, Faults, Reply
from velocity.demo.wandb_server.listing import InvalidFilterError
from velocity.demo.wandb_server.protocol import (
    InvalidQueryError,
    Operation,
    load_operation,
    schema_text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from starlette.requests import Request

    from velocity.demo.wandb_server.world import World

_KEPT_CALLS = 100_000
_JSON = "application/json"

#: The key that a server accepts by default; the client requires at least 40 characters.
DEMO_API_KEY = "demo" * 10


class ProtocolServer:
    """One server on 127.0.0.1, in a separate thread between `start` and `stop`.

    Args:
        world: the runs that it serves; may be changed while it runs.
        api_key: the only key that it accepts.
        username: of the key's owner.
        port: 0 for any free port.

    Attributes:
        url: base URL for the client.
        clock: returns the current instant (aware) for the Date header of every response; None (the
            default) sends no header. May be set while it runs.
        calls: the last requests, oldest first.
        faults: what goes wrong; initially empty.
        schema: the text that queries are validated against.
    """

    def __init__(
        self,
        world: World,
        *,
        api_key: str = DEMO_API_KEY,
        username: str = "demo-lead",
        port: int = 0,
    ) -> None:
        self.world = world
        self.api_key = api_key
        self.clock: Callable[[], datetime] | None = None
        self.calls: deque[Call] = deque(maxlen=_KEPT_CALLS)
        self.faults = Faults()
        self.schema = schema_text()
        self._answers = Answers(world, username)
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        app = Starlette(
            routes=[
                Route("/graphql", self._graphql, methods=["POST"]),
                Route("/sdk/otel/v1/metrics", self._metrics, methods=["POST"]),
            ]
        )
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                app,
                lifespan="off",
                log_level="critical",
                access_log=False,
                date_header=False,
            )
        )
        self._thread = threading.Thread(target=self.run, name="protocol-server", daemon=True)

    def start(self) -> None:
        """Serve in a thread. The socket is already listening, so callers need not wait."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and free the port; calls in progress are cut off."""
        self._uvicorn.should_exit = self._uvicorn.force_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    def run(self) -> None:
        """Serve in this thread until it is stopped (Ctrl-C, SIGTERM or `stop`)."""
        self._uvicorn.run(sockets=[self._socket])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _metrics(self, request: Request) -> Response:
        self.calls.append(_call(request, "", {}))
        return Response(b"", media_type="application/x-protobuf")

    async def _graphql(self, request: Request) -> Response:
        response = await self._respond(request)
        if self.clock is not None:
            response.headers["date"] = format_datetime(self.clock().astimezone(UTC), usegmt=True)
        return response

    async def _respond(self, request: Request) -> Response:
        try:
            asked = orjson.loads(await request.body())
            text, variables = asked["query"], asked.get("variables") or {}
            operation = load_operation(self.schema, text)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _errors(400, f"not a GraphQL request: {error}")
        except InvalidQueryError as error:
            self.calls.append(_call(request, "", variables))
            return _errors(400, str(error))
        call = _call(request, operation.name, variables, text)
        self.calls.append(call)
        due = self.faults.due(call)
        for fault in due:
            await asyncio.sleep(fault.delay_s)
            if fault.change_world is not None:
                fault.change_world(self.world)
            if fault.reply is not None:
                return _faulty(fault.reply)
        if not self._knows(request):
            return _errors(401, "invalid API key")
        return self._answer(operation, call, due)

    def _answer(self, operation: Operation, call: Call, due: list[Fault]) -> Response:
        try:
            data = self._answers.answer(operation, call.variables)
        except InvalidFilterError as error:
            return _errors(400, str(error))
        for fault in due:
            if fault.change_data is not None:
                data = fault.change_data(data, call)
        return Response(orjson.dumps({"data": data}), media_type=_JSON)

    def _knows(self, request: Request) -> bool:
        expected = base64.b64encode(f"api:{self.api_key}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {expected}"


def _call(request: Request, operation: str, variables: dict[str, Any], query: str = "") -> Call:
    return Call(
        path=request.url.path,
        operation=operation,
        user_agent=request.headers.get("user-agent", ""),
        variables=variables,
        client_port=request.client.port if request.client else 0,
        query=query,
    )


def _errors(code: int, message: str) -> Response:
    body = orjson.dumps({"errors": [{"message": message}]})
    return Response(body, status_code=code, media_type=_JSON)


def _faulty(reply: Reply) -> Response:
    body = reply.body.encode()
    if not reply.dropped:
        return Response(body, status_code=reply.status, media_type=reply.content_type)

    async def half() -> AsyncIterator[bytes]:
        yield body

    # Content-Length is larger than the body: uvicorn closes the connection.
    promised = {"content-length": str(2 * len(body))}
    return StreamingResponse(
        half(), status_code=reply.status, headers=promised, media_type=reply.content_type
    )
