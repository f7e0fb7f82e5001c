"""Small worlds for the protocol server, and the real client pointed at it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.commands import environment
from tests.wandb_server import ProtocolServer, World
from velocity.demo.wandb_server.world import RunNode, Writer
from velocity.sources.wandb_api import WandbServer, connect
from velocity.store import LiveStore
from velocity.sync.projects import pull_projects
from velocity.sync.results import ProjectResult

#: Creation time of run 0 in every world here.
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
#: Default number of runs of a server.
COUNT = 12
#: Long enough for a response from this machine, short enough to wait for a missing one.
SHORT_S = 2


def node(number: int = 0, **fields: Any) -> RunNode:
    """Run `r<number>` of lab/vision, created `number` minutes after noon, an hour long."""
    created = NOON + timedelta(minutes=number)
    plain: dict[str, Any] = {
        "entity": "lab",
        "project": "vision",
        "run_id": f"r{number:04}",
        "username": "ada",
        "display_name": f"run {number}",
        "state": "finished",
        "created_at": created,
        "heartbeat_at": created + timedelta(hours=1),
        "writers": [Writer("w0", created + timedelta(seconds=30), "node1", "NVIDIA H100", 8)],
        "runtime_s": 3540,
        "last_metric_at": created + timedelta(minutes=59),
        "config": {"lr": 0.1, "seed": number},
        "summary": {"loss": 0.5},
    }
    return RunNode.build(**plain | fields)


def point_client_at(server: ProtocolServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configure the client for the server, as a user of a private W&B server would."""
    monkeypatch.setenv("WANDB_BASE_URL", server.url)
    monkeypatch.setenv("WANDB_API_KEY", server.api_key)


def environment_of(server: ProtocolServer, home: Path, **more: str) -> dict[str, str]:
    """Variables for a command whose W&B is the server."""
    known = {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.api_key}
    return environment(home, **known | more)


@contextmanager
def runs_served(monkeypatch: pytest.MonkeyPatch, count: int = COUNT) -> Iterator[ProtocolServer]:
    """A protocol server with the runs 0 to `count` of lab/vision, the client pointed at it."""
    with ProtocolServer(World([node(number) for number in range(count)])) as server:
        point_client_at(server, monkeypatch)
        yield server


def connected(server: ProtocolServer) -> WandbServer:
    """The connection to the server that the client is pointed at, with a time-out of `SHORT_S`."""
    assert os.environ["WANDB_BASE_URL"] == server.url
    return connect(timeout_s=SHORT_S)


def pulled(wandb_server: WandbServer, project: str = "vision", **options: Any) -> list[list[str]]:
    """Ids of a pull, page by page."""
    batches = wandb_server.fetch_runs("lab", project, **options)
    return [batch.runs["run_id"].to_list() for batch in batches]


def pull_into(
    store: LiveStore, client: WandbServer, wanted: list[str], at: datetime, *, full: bool = False
) -> list[ProjectResult]:
    """Pull projects at an instant; return one result per project."""
    quiet = {"on_progress": lambda _: None, "on_end": lambda *_: None}
    return pull_projects(store.record, client, wanted, full=full, clock=lambda: at, **quiet)
