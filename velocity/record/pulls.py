"""What the store knows of earlier pulls of a project, and what they left to ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from velocity.queries import load_query
from velocity.record.merge import merge_project, merge_rejected
from velocity.records import UTC

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from velocity.database.connection import LiveStore
    from velocity.records import Rejected


@dataclass(frozen=True)
class PullState:
    """How a project was last pulled.

    Args:
        pulled_from: start of the last pull that missed nothing; None before the first.
        reconciled_at: start of the last pull that compared all runs; None before the first.
        filter_trusted: the server's filter by heartbeat gave what a full scan says it must.
    """

    pulled_from: datetime | None = None
    reconciled_at: datetime | None = None
    filter_trusted: bool = False


def read_pull_state(store: LiveStore, entity: str, project: str) -> PullState:
    """How the project was last pulled; all unknown for one that never was."""
    rows = store.frame(
        "SELECT pulled_from, reconciled_at, coalesce(filter_trusted, false) FROM project "
        "WHERE entity = $entity AND project = $project",
        {"entity": entity, "project": project},
    ).rows()
    return PullState(*rows[0]) if rows else PullState()


def list_pulled(store: LiveStore, entity: str) -> list[str]:
    """Names of the projects of an entity that were pulled before, sorted."""
    rows = store.run(
        "SELECT project FROM project WHERE entity = $entity AND pulled_from IS NOT NULL "
        "ORDER BY project",
        {"entity": entity},
    )
    return [project for (project,) in rows]


def list_unfinished(store: LiveStore, entity: str, project: str) -> list[str]:
    """Ids of the runs that were not over when W&B last gave them."""
    rows = store.run(load_query("record/unfinished").body, {"entity": entity, "project": project})
    return [run_id for (run_id,) in rows]


def list_rejected(store: LiveStore, entity: str, project: str) -> list[str]:
    """Ids of the runs that were set aside."""
    rows = store.run(
        "SELECT DISTINCT run_id FROM rejected "
        "WHERE entity = $entity AND project = $project AND run_id IS NOT NULL ORDER BY run_id",
        {"entity": entity, "project": project},
    )
    return [run_id for (run_id,) in rows]


def known_window(store: LiveStore, entity: str, project: str) -> dict[str, datetime]:
    """Id -> heartbeat of the runs with the latest heartbeats: a sample of about 100."""
    body = load_query("record/known_window").body
    return dict(store.frame(body, {"entity": entity, "project": project}).rows())


def merge_pull(
    store: LiveStore,
    entity: str,
    project: str,
    *,
    started_at: datetime,
    go_on_from: datetime,
    app_url: str,
    rejected: Sequence[Rejected],
    reconciled: bool,
    filter_trusted: bool | None,
) -> None:
    """Says that a pull succeeded, and from where the next one goes on.

    Args:
        store: to write to.
        entity: of the project.
        project: that was pulled.
        started_at: the instant (UTC) when the pull began.
        go_on_from: the instant from which the next pull asks for what is new.
        app_url: where W&B's pages for people are.
        rejected: every row of the project that is set aside now.
        reconciled: all runs were compared with the server's.
        filter_trusted: what a check of the heartbeat filter found; None where there was none.
    """
    merge_rejected(store, entity, project, rejected)
    with store.transaction():
        merge_project(store, entity, project, as_of=started_at, app_url=app_url, pulled=True)
        store.run(
            load_query("record/pulled").body,
            {
                "entity": entity,
                "project": project,
                "pulled_from": go_on_from,
                "reconciled_at": started_at if reconciled else None,
                "filter_trusted": filter_trusted,
            },
        )


def list_differing(store: LiveStore, entity: str, project: str, listing: pl.DataFrame) -> list[str]:
    """Ids of a listing's runs that the store lacks or holds with other values.

    Args:
        store: to compare with.
        entity: of the project.
        project: that was listed.
        listing: columns of `RUN_SCHEMA` that need neither config nor summary.
    """
    with store.held():
        store.load("listed", listing)
        body = load_query("record/differing").body
        rows = store.run(body, {"entity": entity, "project": project})
        store.run("DROP TABLE listed")
    return [run_id for (run_id,) in rows]


def list_missing(
    store: LiveStore, entity: str, project: str, scanned: Iterable[str | None]
) -> list[str]:
    """Ids of the project's runs that a scan of all of it did not give."""
    frame = pl.DataFrame({"run_id": list(scanned)}, schema={"run_id": pl.String})
    with store.held():
        store.load("scanned", frame)
        body = load_query("record/missing").body
        rows = store.run(body, {"entity": entity, "project": project})
        store.run("DROP TABLE scanned")
    return [run_id for (run_id,) in rows]


def mark_deleted(
    store: LiveStore, entity: str, project: str, run_ids: Sequence[str], *, at: datetime
) -> None:
    """Takes runs out of every metric from `at` (UTC) on; they stay in the store."""
    if not run_ids:
        return
    gone = pl.DataFrame({"run_id": list(run_ids)}).with_columns(
        pl.lit(entity).alias("entity"),
        pl.lit(project).alias("project"),
        pl.lit(at).cast(UTC).alias("deleted_at"),
    )
    with store.transaction():
        store.load("gone", gone)
        store.run(load_query("record/mark_deleted").body)
        store.run("DROP TABLE gone")
