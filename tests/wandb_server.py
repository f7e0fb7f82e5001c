"""The demo's W&B server as tests need it: changing runs, a list of its calls, faults.

server.faults.append(Fault(delay_s=1).at(after=2, times=3))  # the 3rd, 4th and 5th page
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from velocity.demo.wandb_server import server, world
from velocity.demo.wandb_server.protocol import InvalidQueryError, load_operation
from velocity.demo.wandb_server.world import VERSIONS, RunNode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping


class World(world.World):
    """A world whose runs can be changed and deleted while it is served."""

    def change(self, entity: str, project: str, run_id: str, **fields: Any) -> RunNode:
        """Set fields of `RunNode` on one run, and return the new run."""
        with self.lock:
            changed = replace(self.entities[entity][project].runs[run_id], **fields)
            self.put(changed)
            return changed

    def delete(self, entity: str, project: str, run_id: str) -> RunNode:
        """Remove one run and return it."""
        with self.lock:
            home = self.entities[entity][project]
            home.version = next(VERSIONS)
            return home.runs.pop(run_id)

    def delete_project(self, entity: str, project: str) -> None:
        """Remove a project with all of its runs."""
        with self.lock:
            del self.entities[entity][project]


@dataclass(frozen=True)
class Call:
    """One request as received. `operation` and `query` are "" if it is not GraphQL."""

    path: str
    operation: str
    user_agent: str
    variables: dict[str, Any]
    client_port: int = 0
    query: str = ""


@dataclass(frozen=True)
class Reply:
    """A response in place of the right one."""

    status: int
    body: str
    content_type: str = "application/json"
    dropped: bool = False  # the connection ends halfway through it
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, eq=False)  # hashed by identity: there may be equal ones
class Fault:
    """What goes wrong, and at which calls; `at` changes the calls."""

    reply: Reply | None = None  # sent in place of the right response
    #: Turns the right `data` of the response into the wrong one.
    change_data: Callable[[dict[str, Any], Call], dict[str, Any]] | None = None
    change_world: Callable[[World], None] | None = None  # before the call is answered
    delay_s: float = 0  # delay of the response
    operation: str | None = "Runs"  # affected operations; None for all
    when: Callable[[Call], bool] = lambda _: True  # further condition on the call
    after: int = 0  # number of such calls that succeed first
    times: int | None = 1  # number of such calls that then fail; None for all

    def at(self, **calls: Any) -> Fault:
        """The same fault at other calls: some of `operation`, `when`, `after` and `times`."""
        return replace(self, **calls)


class Faults(list[Fault]):
    """The faults of one server; counts the calls that each one affects."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: Counter[Fault] = Counter()

    def due(self, call: Call) -> list[Fault]:
        """The faults that happen at this call, in order."""
        due = []
        for fault in list(self):
            if fault.operation in {None, call.operation} and fault.when(call):
                seen = self._seen[fault]
                self._seen[fault] += 1
                end = inf if fault.times is None else fault.after + fault.times
                if fault.after <= seen < end:
                    due.append(fault)
        return due


class ProtocolServer(server.ProtocolServer):
    """The server of the demo.

    Attributes:
        calls: every request, oldest first.
        faults: what goes wrong; initially empty.
    """

    def __init__(self, world: World, *, port: int = 0) -> None:
        super().__init__(world, port=port)
        self.world = world
        self.calls: deque[Call] = deque()
        self.faults = Faults()

    def stop(self) -> None:
        """Stop the server before the end of its `with`."""
        self.__exit__()

    async def respond(self, request: Request) -> Response:
        call = await self._call(request)
        self.calls.append(call)
        if not call.operation:
            return await super().respond(request)
        due = self.faults.due(call)
        for fault in due:
            await asyncio.sleep(fault.delay_s)
            if fault.change_world is not None:
                fault.change_world(self.world)
            if fault.reply is not None:
                return _faulty(fault.reply)
        # A fault may have changed the variables.
        response = await super().respond(_asking(request, call))
        for fault in due:
            if fault.change_data is not None and response.status_code == 200:
                data = fault.change_data(orjson.loads(response.body)["data"], call)
                response = Response(orjson.dumps({"data": data}), media_type="application/json")
        return response

    async def _call(self, request: Request) -> Call:
        try:
            asked = orjson.loads(await request.body())
            variables, query = asked.get("variables") or {}, asked["query"]
            operation = load_operation(self.schema, query).name
        except (ValueError, KeyError, TypeError, AttributeError, InvalidQueryError):
            variables, query, operation = {}, "", ""
        return Call(
            path=request.url.path,
            operation=operation,
            user_agent=request.headers.get("user-agent", ""),
            variables=variables,
            client_port=request.client.port if request.client else 0,
            query=query,
        )


def _asking(request: Request, call: Call) -> Request:
    """The request with the query and variables of the call."""

    async def receive() -> dict[str, Any]:
        body = orjson.dumps({"query": call.query, "variables": call.variables})
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, receive)


def _faulty(reply: Reply) -> Response:
    body = reply.body.encode()
    if not reply.dropped:
        return Response(body, reply.status, reply.headers, reply.content_type)

    async def half() -> AsyncIterator[bytes]:
        yield body

    # Content-Length is larger than the body: uvicorn closes the connection.
    promised = {"content-length": str(2 * len(body))}
    return StreamingResponse(
        half(), status_code=reply.status, headers=promised, media_type=reply.content_type
    )
