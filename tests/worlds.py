"""Small worlds for the protocol server, and the real client pointed at it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from velocity.demo.world import RunNode, Writer
from velocity.projects import pull_projects

if TYPE_CHECKING:
    import pytest

    from velocity.demo.server import ProtocolServer
    from velocity.outcomes import ProjectResult
    from velocity.sources.wandb_api import WandbServer
    from velocity.store import LiveStore

#: When run 0 of every world here is created.
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


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
    """What a person does to use a W&B server of their own."""
    monkeypatch.setenv("WANDB_BASE_URL", server.url)
    monkeypatch.setenv("WANDB_API_KEY", server.api_key)


def pulled(wandb_server: WandbServer, project: str = "vision", **options: Any) -> list[list[str]]:
    """Ids of a pull, page by page."""
    batches = wandb_server.fetch_runs("lab", project, **options)
    return [batch.runs["run_id"].to_list() for batch in batches]


def pull_into(
    store: LiveStore, client: WandbServer, wanted: list[str], at: datetime, *, full: bool = False
) -> list[ProjectResult]:
    """Pulls projects at an instant; a result each."""
    return pull_projects(
        store,
        client,
        wanted,
        full=full,
        on_progress=lambda _: None,
        on_end=lambda *_: None,
        clock=lambda: at,
    )
