"""Merges batches of runs into the raw table; the same batch twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from velocity.queries import load_query
from velocity.record import exclusions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import polars as pl

    from velocity.database.connection import LiveStore
    from velocity.records import Rejected


@dataclass(frozen=True)
class MergeCounts:
    """Runs of one or more batches by what they changed."""

    new: int = 0
    changed: int = 0
    revived: int = 0
    unchanged: int = 0
    kept: int = 0

    def __add__(self, other: MergeCounts) -> MergeCounts:
        return MergeCounts(
            self.new + other.new,
            self.changed + other.changed,
            self.revived + other.revived,
            self.unchanged + other.unchanged,
            self.kept + other.kept,
        )


def merge_runs(store: LiveStore, runs: pl.DataFrame) -> MergeCounts:
    """Merges a frame of `records.RUN_SCHEMA` by (entity, project, run_id), in one transaction.

    Runs of people who were forgotten are left out.
    """
    runs = exclusions.load(store.data).keep_runs(runs)
    if runs.is_empty():
        return MergeCounts()
    with store.transaction():
        store.load("incoming", runs)
        store.run(
            f"CREATE OR REPLACE TEMP TABLE merge_row AS {load_query('record/merge_row').body}"
        )
        counts = dict(store.run("SELECT outcome, count(*) FROM merge_row GROUP BY outcome"))
        store.run(load_query("record/merge_write").body)
        store.run("DROP TABLE merge_row; DROP TABLE incoming")
    return MergeCounts(**counts)


def merge_rejected(
    store: LiveStore, entity: str, project: str, rejected: Sequence[Rejected]
) -> None:
    """Replaces the rows that were set aside for a project."""
    with store.transaction():
        store.run(
            "DELETE FROM rejected WHERE entity = $entity AND project = $project",
            {"entity": entity, "project": project},
        )
        for row in rejected:
            store.run(
                "INSERT INTO rejected VALUES ($entity, $project, $run_id, $reason)",
                {
                    "entity": row.entity,
                    "project": row.project,
                    "run_id": row.run_id,
                    "reason": row.reason,
                },
            )


def merge_project(
    store: LiveStore,
    entity: str,
    project: str,
    *,
    as_of: datetime,
    app_url: str | None = None,
    pulled: bool = False,
) -> None:
    """Says to which instant (UTC) the data of a project is complete.

    `pulled` marks the instant as the start of a successful pull, from which the next one goes on.
    What a table or local files say never moves a pulled project, and never moves any back.
    """
    store.run(
        load_query("record/merge_project").body,
        {
            "entity": entity,
            "project": project,
            "as_of": as_of,
            "app_url": app_url,
            "pulled": pulled,
        },
    )


@dataclass(frozen=True)
class SyncRow:
    """One line of the sync log: what a command (sync, ingest, import) brought for a project."""

    command: str
    entity: str
    project: str
    started_at: datetime
    finished_at: datetime
    counts: MergeCounts
    deleted: int
    rejected: int
    requests: int
    note: str | None
    error: str | None


def merge_log(store: LiveStore, row: SyncRow) -> None:
    """Adds a line to the sync log."""
    store.run(
        "INSERT INTO sync_log VALUES ($command, $entity, $project, $started_at, $finished_at, "
        "$new, $changed, $unchanged, $deleted, $rejected, $requests, $note, $error)",
        {
            "command": row.command,
            "entity": row.entity,
            "project": row.project,
            "started_at": row.started_at,
            "finished_at": row.finished_at,
            "new": row.counts.new,
            "changed": row.counts.changed + row.counts.revived,
            "unchanged": row.counts.unchanged + row.counts.kept,
            "deleted": row.deleted,
            "rejected": row.rejected,
            "requests": row.requests,
            "note": row.note,
            "error": row.error,
        },
    )
