"""Answers queries from a `World`: resolves the query object of the schema."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from velocity.demo.wandb_server.protocol import Operation, select
from velocity.demo.wandb_server.world import Project, RunNode, World, naive_utc, project_number

Arguments = Mapping[str, Any]

_KEPT_LISTINGS = 8
_EPOCH = "1970-01-01T00:00:00"  # creation of a project without runs
_ORDERS = {None: "created_at", "+created_at": "created_at", "+heartbeat_at": "heartbeat_at"}


class InvalidFilterError(Exception):
    """A filter, order or cursor that the server does not support."""


class Answers:
    """Runs validated operations against a world that may change between them.

    The owner of the key is a member of every entity.
    """

    def __init__(self, world: World, username: str) -> None:
        self._world = world
        self._username = username
        # A scan requests the same listing page by page: sorting it once keeps pages fast.
        self._listing = lru_cache(maxsize=_KEPT_LISTINGS)(_listing)

    def answer(self, operation: Operation, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The `data` of the answer, for `orjson.dumps`.

        Raises:
            InvalidFilterError: a filter, order or cursor cannot be followed.
        """
        root = {
            "viewer": self._viewer,
            "entity": self._entity,
            "project": self._project,
            "models": self._models,
            "serverInfo": {"features": []},
        }
        with self._world.lock:
            return select(root, operation.fields, dict(operation.defaults) | dict(variables))

    def _viewer(self, _arguments: Arguments | None = None) -> dict[str, Any]:
        entities = list(self._world.entities)
        return {
            "__typename": "User",
            "id": _global_id("User", self._username),
            "name": self._username,
            "username": self._username,
            "email": f"{self._username}@example.org",
            "admin": False,
            "flags": "{}",
            "entity": entities[0] if entities else self._username,
            "teams": {"edges": [{"node": self._entity({"name": name})} for name in entities]},
        }

    def _entity(self, arguments: Arguments) -> dict[str, Any] | None:
        name = arguments["name"]
        if name not in self._world.entities:
            return None
        number = _global_id("Entity", name)
        return {"__typename": "Entity", "id": number, "name": name, "isTeam": True}

    def _models(self, arguments: Arguments) -> dict[str, Any]:
        nodes = [
            node
            for entity, projects in self._world.entities.items()
            if arguments.get("entityName") in {None, entity}
            for name in sorted(projects)
            if (node := self._project({"name": name, "entityName": entity})) is not None
        ]
        return _page(nodes, arguments)

    def _project(self, arguments: Arguments) -> dict[str, Any] | None:
        name, entity = arguments["name"], arguments.get("entityName")
        entity = entity or self._viewer()["entity"]
        project = self._world.entities.get(entity, {}).get(name)
        if project is None:
            return None

        def run_count(asked: Arguments) -> int:
            return len(self._listing(project, project.version, asked.get("filters"), None))

        def runs(asked: Arguments) -> dict[str, Any]:
            chosen = asked.get("filters"), asked.get("order")
            return _page(self._listing(project, project.version, *chosen), asked)

        def created_at(_asked: Arguments) -> str:
            known = (row.created_at for row in project.runs.values() if row.created_at)
            return min(map(naive_utc, known), default=_EPOCH)

        return {
            "__typename": "Project",
            "id": _global_id("Project", f"{name}:{entity}"),
            "internalId": project_number(entity, name),
            "name": name,
            "entityName": entity,
            "createdAt": created_at,
            "isBenchmark": False,
            "readOnly": False,
            "user": self._viewer(),
            "runCount": run_count,
            "runs": runs,
            "run": lambda asked: project.runs.get(asked["name"]),
        }


def _listing(
    project: Project, _version: int, filters: str | None, order: str | None
) -> list[RunNode]:
    """The project's runs that pass the filters, in order.

    A run without the time of the order comes first; ties are by run id.
    """
    if order not in _ORDERS:
        raise InvalidFilterError(f"invalid order: {order}")
    names, since = _parsed(filters)

    def moment(run: RunNode) -> tuple[datetime, str]:
        return _naive(getattr(run, _ORDERS[order])) or datetime.min, run.name  # noqa: DTZ901

    def passes(run: RunNode) -> bool:
        seen = _naive(run.heartbeat_at)
        recent = since is None or (seen is not None and seen >= since)
        return recent and (names is None or run.name in names)

    return sorted(filter(passes, project.runs.values()), key=moment)


def _parsed(filters: str | None) -> tuple[frozenset[str] | None, datetime | None]:
    """The ids that are asked for and the earliest heartbeat, of the filters that velocity sends.

    They are JSON in MongoDB's language: {"name": {"$in": [...]}, "heartbeatAt": {"$gte": TIME}},
    with both keys optional.
    """
    found: dict[str, Any] = {}
    try:
        for name, condition in json.loads(filters or "{}").items():
            ((operator, value),) = condition.items()
            found[name] = _FILTERS[name, operator](value)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InvalidFilterError(f"invalid filters: {filters}") from error
    return found.get("name"), found.get("heartbeatAt")


def _time(text: str) -> datetime:
    if not text.endswith("Z"):
        raise ValueError("W&B does not match times without a Z")
    return datetime.fromisoformat(text[:-1])


_FILTERS: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("name", "$in"): frozenset,
    ("heartbeatAt", "$gte"): _time,
}


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=None)


def _page(rows: Sequence[Any], arguments: Arguments) -> dict[str, Any]:
    """A page of rows as a GraphQL connection. Cursors are offsets, as W&B's appear to be."""
    cursor = arguments.get("after") or "0"
    if not cursor.isdecimal():
        raise InvalidFilterError(f"invalid cursor: {cursor}")
    start = int(cursor)
    page = rows[start : start + (arguments.get("first") or len(rows))]
    end = start + len(page)
    return {
        "edges": [{"node": row, "cursor": str(at)} for at, row in enumerate(page, start + 1)],
        "pageInfo": {
            "__typename": "PageInfo",
            "endCursor": str(end) if page else None,
            "hasNextPage": end < len(rows),
        },
    }


def _global_id(kind: str, name: str) -> str:
    return base64.b64encode(f"{kind}:{name}".encode()).decode()
