"""Runs from a W&B server, page by page, through the real client.

    server = connect()
    for batch in server.fetch_runs("my-team", "my-project"):
        ...

Every failure is a `VelocityError` that names the cause.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

import polars as pl

from velocity.errors import NoProjectError, RetryLaterError
from velocity.records import Rejected, RunBatch, is_clean_key, run_frame
from velocity.sources import wandb_errors, wandb_events
from velocity.sources.asked_fields import find_lacking, without_fields
from velocity.sources.run_pages import Gate, fetch_ahead, run_pages, walk
from velocity.sources.wandb_client import Reply, WandbClient
from velocity.sources.wandb_http import ClientError
from velocity.sources.wandb_nodes import Node, listing_frame, run_batch

_ENTITY = "query Entity($entity: String!) { entity(name: $entity) { name } }"
_RUN_COUNT = """
query RunCount($entity: String!, $project: String!, $filters: JSONString) {
  project(name: $project, entityName: $entity) { runCount(filters: $filters) }
}
"""

#: Fields of the client's query that are not read here. The first two are by far the heaviest, and
#: a server cannot fail on fields that are not requested.
UNREAD = (
    "historyKeys",
    "systemMetrics",
    "description",
    "readOnly",
    "id",
    "projectId",
    "internalId",
)
_COUNT = "runCount"

#: Maximum requests at once: more only slow down a server.
_AT_ONCE = 4

_PROJECTS_A_PAGE = 200
_MOST_TWICE = 10_000
_OLDEST_FIRST = "+created_at"


def connect(timeout_s: float | None = None) -> WandbServer:
    """The W&B server from the client's own settings, signed in; never prompts.

    Address and key come from the client's own sources: WANDB_BASE_URL, WANDB_API_KEY, netrc, W&B's
    settings files. `timeout_s` is for a response with its retries; WANDB_HTTP_TIMEOUT, else 30.

    Raises:
        ConfigurationError: no key, a refused key, or an address that is not a W&B server.
        RetryLaterError: the server does not answer at the moment.
        SourceError: it cannot be read for any other reason.
    """
    server = WandbServer(WandbClient(timeout_s), Gate(_AT_ONCE))
    server.sign_in()
    return server


class WandbServer:
    """A W&B server that accepts the key; `velocity sync` pulls from it, project by project.

    Any thread may call any method. Methods that send a request raise RetryLaterError if a retry may
    help, NoProjectError if an entity has no such project that the key may see, and SourceError or
    ConfigurationError if a retry will not help.

    Attributes:
        app_url: address of W&B's web pages, with a slash at the end.
        requests: requests sent so far, without the client's own retries.
        clock: the server's clock (UTC) at the last `count_runs`; None if it did not say.
    """

    def __init__(self, client: WandbClient, gate: Gate) -> None:
        self._client = client
        self._gate = gate
        self.app_url = client.app_url
        self.requests = 0
        self.clock: datetime | None = None

    def counting(self) -> WandbServer:
        """The same server over the same connection, with a separate count of requests."""
        return WandbServer(self._client, self._gate)

    @property
    def at_once(self) -> int:
        """How many requests it accepts at once; fewer after time-outs. The others wait."""
        return self._gate.width

    def sign_in(self) -> None:
        """Checks whether the server accepts the key."""
        if self._ask_viewer() is None and self._client.has_key:
            raise wandb_errors.unknown_key(self._client.base_url)

    @cached_property
    def viewer(self) -> str:
        """W&B username of the key's owner."""
        viewer = self._ask_viewer()
        if viewer is None:
            raise wandb_errors.unknown_key(self._client.base_url)
        return str(viewer["username"])

    def _ask_viewer(self) -> Any:
        return self._ask("who you are", wandb_errors.VIEWER_QUERY, {}).data["viewer"]

    def fetch_project_names(self, entity: str) -> list[str]:
        """Names of all projects of an entity that the key may see, sorted.

        Raises:
            SourceError: there is no such entity.
        """

        def ask(cursor: str | None) -> Any:
            asked = {"entity": entity, "perPage": _PROJECTS_A_PAGE, "cursor": cursor}
            return self._ask(entity, self._client.projects_query, asked, ("user",)).data["models"]

        found = {str(node["name"]) for page in walk(ask) for node in _nodes(page)}
        # W&B does not create others, and their runs could not be merged.
        names = sorted(filter(is_clean_key, found))
        if not names:
            self._require_entity(entity)
        return names

    def count_runs(self, entity: str, project: str) -> int:
        """Number of runs in a project, by W&B's own count; also updates the server's `clock`.

        Raises:
            NoProjectError: the entity has no such project that the key may see.
            SourceError: there is no such entity.
        """
        variables = {"entity": entity, "project": project, "filters": "{}"}
        data, self.clock = self._ask(f"{entity}/{project}", _RUN_COUNT, variables)
        if data["project"] is None:
            raise self._no_project(entity, project)
        return int(data["project"][_COUNT])

    def fetch_clock(self) -> datetime | None:
        """The server's own clock (UTC); None if it does not say."""
        self.clock = self._ask("its clock", wandb_errors.VIEWER_QUERY, {}).clock
        return self.clock

    def fetch_runs(
        self,
        entity: str,
        project: str,
        *,
        since: datetime | None = None,
        run_ids: Sequence[str] | None = None,
        page_size: int = 500,
    ) -> Iterator[RunBatch]:
        """Runs with config and summary, one batch per page of at most `page_size`; lazily.

        All runs, those with a heartbeat at or `since` an instant (aware; oldest first), or some
        ids; ids that do not exist do not have a row. Rows are like those of a `Source`. Any page
        may hold fewer runs, or none: pages get smaller if the server cannot send them. The last
        batch says in `asked_for` how many runs match.

        Raises:
            NoProjectError: the entity has no such project that the key may see.
            SourceError: there is no such entity.
        """
        if run_ids is not None:  # no larger than needed
            page_size = max(1, min(page_size, len(run_ids)))
        order = _OLDEST_FIRST if since is None else "+heartbeat_at"
        query, some = self._client.full_query, _filters(since, run_ids, page_size)
        pages = self._run_pages(
            entity, project, query, filters=some, page_size=page_size, order=order
        )

        def batches() -> Iterator[RunBatch]:
            for nodes, trouble, counted in pages:
                if trouble is None:
                    yield run_batch(entity, project, nodes, app_url=self.app_url, asked_for=counted)
                    continue
                reason = f"W&B does not send its data: {trouble.message}"
                lost = (Rejected(entity, project, node.get("name"), reason) for node in nodes)
                yield RunBatch(run_frame([]), tuple(lost), asked_for=counted)

        return fetch_ahead(batches())  # pages are read in one thread and made frames in another

    def fetch_listing(
        self,
        entity: str,
        project: str,
        *,
        since: datetime | None = None,
        run_ids: Sequence[str] | None = None,
        page_size: int = 1000,
    ) -> Iterator[pl.DataFrame]:
        """As `fetch_runs` without config and summary: a frame of `LISTING_SCHEMA` per page."""
        query, some = self._client.light_query, _filters(since, run_ids, page_size)
        pages = self._run_pages(entity, project, query, filters=some, page_size=page_size)
        return (listing_frame(nodes) for nodes, _, _ in pages)

    def fetch_utilisation(
        self, entity: str, project: str, run_ids: Sequence[str]
    ) -> dict[str, float | None]:
        """Mean GPU utilisation of runs, 0 to 1, in one request; None if it cannot be read.

        Runs that did not measure it are absent, and so are runs that do not exist.

        Raises:
            RetryLaterError: there was no response, or it was too large.
            SourceError: the server refuses the field.
        """
        what = f"the GPU utilisation of {entity}/{project}"
        asked = wandb_events.variables(entity, project, run_ids)
        found = self._ask(what, wandb_events.EVENTS_QUERY, asked).data["project"]
        used = wandb_events.utilisation(_nodes(found and found["runs"]))
        return {run_id: used[run_id] for run_id in run_ids if run_id in used}

    def _run_pages(
        self,
        entity: str,
        project: str,
        query: str,
        *,
        filters: Iterable[str],
        page_size: int,
        order: str = _OLDEST_FIRST,
    ) -> Iterator[tuple[list[Node], RetryLaterError | None, int]]:
        """For each filter, the runs of each page, why they have no data, and the server's count."""
        what = f"{entity}/{project}"

        def ask(filters: str, cursor: str | None, size: int, lightly: bool) -> Any:
            asked = {"entity": entity, "project": project, "filters": filters, "order": order}
            found = self._ask(
                what,
                self._client.light_query if lightly else query,
                asked | {"cursor": cursor, "perPage": size},
                UNREAD,
            ).data["project"]
            if found is None or found["runs"] is None:
                return None
            return found["runs"] | {_COUNT: found[_COUNT]}

        for some in filters:
            rows = 0
            for connection, trouble in fetch_ahead(run_pages(partial(ask, some), page_size)):
                if connection is None:
                    raise self._no_project(entity, project)
                rows += len(connection["edges"])
                # Some runs may come twice if others change meanwhile.
                if rows > 2 * connection[_COUNT] + _MOST_TWICE:
                    raise wandb_errors.too_many(
                        what, rows, connection[_COUNT], self._client.base_url
                    )
                yield _nodes(connection), trouble, connection[_COUNT]

    def _no_project(self, entity: str, project: str) -> NoProjectError:
        self._require_entity(entity)
        return wandb_errors.no_project(entity, project, self.app_url)

    def _require_entity(self, entity: str) -> None:
        if self._ask(entity, _ENTITY, {"entity": entity}).data["entity"] is None:
            raise wandb_errors.no_entity(entity, self.app_url)

    def _ask(
        self, what: str, query: str, variables: Mapping[str, Any], omitted: Sequence[str] = ()
    ) -> Reply:
        """The response to a query without the fields that are not read."""
        self.requests += 1
        asked = without_fields(query, tuple(omitted))
        try:
            with self._gate.passage():
                reply = self._client.execute(asked, variables)
        except ClientError as error:
            raise wandb_errors.explain(error, what, self._client) from error
        if lacking := find_lacking(reply.data, asked):
            raise wandb_errors.no_field(lacking, what, self._client.base_url)
        return reply


def _nodes(connection: Mapping[str, Any] | None) -> list[Node]:
    if connection is None:
        return []
    return [edge["node"] for edge in connection["edges"] if edge and edge["node"]]


def _filters(since: datetime | None, run_ids: Sequence[str] | None, size: int) -> Iterator[str]:
    """Filters for runs with a heartbeat since an instant (aware), `size` of the ids at a time.

    W&B's filters do not match times without a Z.
    """
    filters: dict[str, Any] = {}
    if since is not None:
        naive = since.astimezone(UTC).replace(tzinfo=None)
        filters["heartbeatAt"] = {"$gte": naive.isoformat(timespec="microseconds") + "Z"}
    if run_ids is None:
        yield json.dumps(filters)
        return
    for start in range(0, len(run_ids), size):
        yield json.dumps({**filters, "name": {"$in": list(run_ids[start : start + size])}})
