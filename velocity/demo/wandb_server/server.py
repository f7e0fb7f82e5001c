"""The W&B-protocol server: answers the real W&B client's own queries from a `World`, on loopback.

with ProtocolServer(world) as server:
    ...  # WANDB_BASE_URL=server.url WANDB_API_KEY=server.api_key
"""

import base64
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Self

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from velocity.demo.wandb_server.answers import Answers, InvalidFilterError
from velocity.demo.wandb_server.protocol import InvalidQueryError, load_operation, schema_text
from velocity.demo.wandb_server.world import World

#: Where the client sends its telemetry.
_METRICS = "/sdk/otel/v1/metrics"

#: The key that a server accepts by default; the client requires at least 40 characters.
DEMO_API_KEY = "demo" * 10


class ProtocolServer:
    """One server on 127.0.0.1, in a separate thread inside its `with`.

    Args:
        world: the runs that it serves; may be changed while it runs.
        port: 0 for any free port.

    Attributes:
        url: base URL for the client.
        api_key: the only key that it accepts.
        clock: returns the current instant (aware) for the Date header of every response; None (the
            default) sends no header. May be set while it runs.
        schema: the text that queries are validated against.
    """

    def __init__(self, world: World, *, port: int = 0) -> None:
        self.api_key = DEMO_API_KEY
        self.clock: Callable[[], datetime] | None = None
        self.schema = schema_text()
        self._answers = Answers(world, "demo-lead")
        # It listens from here on, so callers need not wait for the thread.
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        routes = [Route(path, self._serve, methods=["POST"]) for path in ("/graphql", _METRICS)]
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=routes),
                lifespan="off",
                log_level="critical",
                access_log=False,
                date_header=False,
            )
        )
        self._thread = threading.Thread(
            target=lambda: self._uvicorn.run(sockets=[self._socket]),
            name="protocol-server",
            daemon=True,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the thread and free the port; calls in progress are cut off."""
        self._uvicorn.should_exit = self._uvicorn.force_exit = True
        self._thread.join()
        self._socket.close()

    async def respond(self, request: Request) -> Response:
        """The response to a request, without its date."""
        if request.url.path == _METRICS:
            return Response(b"", media_type="application/x-protobuf")
        try:
            asked = orjson.loads(await request.body())
            text, variables = asked["query"], asked.get("variables") or {}
            operation = load_operation(self.schema, text)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _refused(400, f"not a GraphQL request: {error}")
        except InvalidQueryError as error:
            return _refused(400, str(error))
        expected = base64.b64encode(f"api:{self.api_key}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return _refused(401, "invalid API key")
        try:
            return _json(200, {"data": self._answers.answer(operation, variables)})
        except InvalidFilterError as error:
            return _refused(400, str(error))

    async def _serve(self, request: Request) -> Response:
        response = await self.respond(request)
        if self.clock is not None:
            response.headers["date"] = format_datetime(self.clock().astimezone(UTC), usegmt=True)
        return response


def _refused(code: int, message: str) -> Response:
    return _json(code, {"errors": [{"message": message}]})


def _json(code: int, body: object) -> Response:
    return Response(orjson.dumps(body), status_code=code, media_type="application/json")
