"""The data of the W&B-protocol server: entities, projects and runs, in memory and mutable.

Build a run from plain values with `RunNode.build`, add it to a `World`, and pass the world to the
server, which may be running.
"""

from __future__ import annotations

import base64
import json
import threading
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cache, cached_property
from itertools import count
from typing import Any, NamedTuple

import orjson

from velocity.demo.wandb_server.protocol import Field, select

_CLI_VERSION = "0.31.0"
#: Each change of a project gets the next one.
VERSIONS = count()


class Writer(NamedTuple):
    """One process that wrote to a run; a resumed run has several."""

    writer_id: str  # any text, different for each writer of a run
    started_at: datetime  # UTC
    host: str | None = None
    gpu_type: str | None = None  # as named by the driver; None without a GPU
    gpu_count: int | None = None  # of the machine


@dataclass(frozen=True, kw_only=True)
class RunNode:
    """One run in W&B: the GraphQL `Run` object."""

    entity: str
    project: str
    name: str  # the run id
    display_name: str
    state: str  # as W&B spells it, such as "finished"
    created_at: datetime | None  # UTC; may be aware or naive
    heartbeat_at: datetime | None  # likewise; None for a run that never sent one
    config: str  # JSON text
    summary_metrics: str  # JSON text
    username: str | None = None
    tags: tuple[str, ...] = ()
    group: str | None = None
    job_type: str | None = None
    sweep_name: str | None = None
    notes: str | None = None
    history_line_count: int = 0
    commit: str | None = None
    gpu_use: tuple[tuple[float, ...], ...] = ()  # rows of percentages, one per GPU

    @classmethod
    def build(
        cls,
        *,
        run_id: str,
        sweep: str | None = None,
        writers: Sequence[Writer] = (),
        runtime_s: float | None = None,
        last_metric_at: datetime | None = None,
        config: Mapping[str, Any] | None = None,
        summary: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> RunNode:
        """A run with config and summary in the SDK's layout.

        SDKs that did not write an environment have no writers. `runtime_s` are the seconds active
        over all writers, None for a run that died before logging; `last_metric_at` is the UTC of
        the last logged row, None if nothing was logged.
        """
        logged = dict(summary or {})
        if runtime_s is not None:
            logged |= {"_wandb": {"runtime": round(runtime_s)}, "_runtime": runtime_s}
        if last_metric_at is not None:
            timestamp = last_metric_at.replace(tzinfo=UTC).timestamp()
            logged |= {"_timestamp": timestamp, "_step": len(logged)}
        return cls(
            name=run_id,
            sweep_name=sweep,
            config=json.dumps(_config(config or {}, writers, fields["username"])),
            summary_metrics=json.dumps(logged),
            history_line_count=0 if last_metric_at is None else 100,
            **fields,
        )

    def select(self, fields: tuple[Field, ...]) -> orjson.Fragment:
        """The selected fields as JSON, which is made once per selection: a run never changes."""
        found = self._json.get(fields)
        if found is None:
            found = orjson.Fragment(orjson.dumps(select(self.values(), fields, {})))
            self._json[fields] = found
        return found

    @cached_property
    def _json(self) -> dict[tuple[Field, ...], orjson.Fragment]:
        return {}

    def values(self) -> dict[str, Any]:
        """The fields of the schema; functions of arguments get those that are not variables."""
        path = f"Run:v1:{self.name}:{self.project}:{self.entity}"
        return {_camel(it.name): getattr(self, it.name) for it in fields(self)} | {
            "__typename": "Run",
            "id": base64.b64encode(path.encode()).decode(),
            "systemMetrics": "{}",
            "events": self._events,
            "tags": list(self.tags),
            "readOnly": False,
            "createdAt": self.created_at and naive_utc(self.created_at),
            "heartbeatAt": self.heartbeat_at and naive_utc(self.heartbeat_at),
            "description": self.notes,
            "user": self.username and {"name": self.username, "username": self.username},
            "projectId": project_number(self.entity, self.project),
        }

    def _events(self, _arguments: Mapping[str, Any]) -> list[str]:
        return [
            json.dumps({f"system.gpu.{gpu}.gpu": percent for gpu, percent in enumerate(row)})
            for row in self.gpu_use
        ]


@dataclass(eq=False)
class Project:
    """A project and its runs by id. Every change gives it a new `version`."""

    name: str
    runs: dict[str, RunNode] = field(default_factory=dict)
    version: int = field(default_factory=lambda: next(VERSIONS))


class World:
    """All data of one server. Every method may be called from any thread."""

    def __init__(self, runs: Sequence[RunNode] = ()) -> None:
        self.lock = threading.RLock()
        self.entities: dict[str, dict[str, Project]] = {}
        self.put(*runs)

    def put(self, *runs: RunNode) -> None:
        """Add runs, or replace those with the same entity, project and id; creates projects."""
        with self.lock:
            for run in runs:
                project = self.add_project(run.entity, run.project)
                project.runs[run.name] = run
                project.version = next(VERSIONS)

    def add_project(self, entity: str, project: str) -> Project:
        """The project; created, with its entity, if it does not exist."""
        with self.lock:
            return self.entities.setdefault(entity, {}).setdefault(project, Project(project))


def naive_utc(moment: datetime) -> str:
    """A time as W&B writes it: UTC to the second, without a zone."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def project_number(entity: str, project: str) -> str:
    """W&B's internal number of a project, as text."""
    return str(zlib.crc32(f"{entity}/{project}".encode()))


@cache
def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _config(
    config: Mapping[str, Any], writers: Sequence[Writer], username: str | None
) -> dict[str, Any]:
    """The user's config as W&B stores it, the environment of every writer under `_wandb`."""
    environment = {}
    for writer in writers:
        entry: dict[str, Any] = {
            "startedAt": writer.started_at.replace(tzinfo=None).isoformat("T", "microseconds")
            + "Z",
            "host": writer.host,
            "email": None if username is None else f"{username}@example.org",
            "program": "train.py",
        }
        if writer.gpu_type is not None:
            entry |= {"gpu": writer.gpu_type, "gpu_count": writer.gpu_count or 1}
        environment[writer.writer_id] = entry
    internal: dict[str, Any] = {"cli_version": _CLI_VERSION}
    if environment:
        internal["e"] = environment
    stored = {name: {"desc": None, "value": value} for name, value in config.items()}
    return stored | {"_wandb": {"desc": None, "value": internal}}
