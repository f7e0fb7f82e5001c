"""The part of a record whose SQL is the same in every database that holds one.

Queries of queries/record/ that are used here keep to the SQL that DuckDB and PostgreSQL share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

import polars as pl

from velocity.queries import load_query
from velocity.record.base import Intake, PullState
from velocity.records import UTC

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from velocity.record.base import SyncRow
    from velocity.records import Rejected


class InSQL(Intake, Protocol):
    """Pull state, lists and logs, for a record that says how to run SQL."""

    def _run(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of one statement with `$name` parameters, in its order."""

    def _run_with_instants(self, sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Rows with aware instants, in any order."""

    def _transaction(self) -> AbstractContextManager[None]:
        """A transaction: all or nothing; other threads wait."""

    def _loaded(self, table: str, frame: pl.DataFrame) -> AbstractContextManager[None]:
        """Provide a frame as a temporary table, in one transaction."""

    def _body(self, name: str) -> str:
        """The SQL of a query of queries/record/."""
        return load_query(f"record/{name}").body

    def merge_project(
        self,
        entity: str,
        project: str,
        *,
        rejected: Sequence[Rejected],
        as_of: datetime | None,
        app_url: str | None = None,
        pull: PullState | None = None,
    ) -> None:
        key = {"entity": entity, "project": project}
        with self._transaction():
            self._run("DELETE FROM rejected WHERE entity = $entity AND project = $project", key)
            for row in rejected:
                sql = "INSERT INTO rejected VALUES ($entity, $project, $run_id, $reason)"
                self._run(sql, vars(row))
            if as_of is not None:
                state = key | {"as_of": as_of, "app_url": app_url} | vars(pull or PullState())
                self._run(self._body("merge_project"), state)

    def merge_log(self, row: SyncRow) -> None:
        values = vars(row) | {
            "new": row.counts.new,
            "changed": row.counts.changed + row.counts.revived,
            "unchanged": row.counts.unchanged + row.counts.kept,
        }
        del values["counts"]
        self._run(
            "INSERT INTO sync_log VALUES ($command, $entity, $project, $started_at, $finished_at, "
            "$new, $changed, $unchanged, $deleted, $rejected, $requests, $note, $error)",
            values,
        )

    def read_pull_state(self, entity: str, project: str) -> PullState:
        rows = self._run_with_instants(
            "SELECT pulled_from, reconciled_at, coalesce(filter_trusted, false), uncollected "
            "FROM project WHERE entity = $entity AND project = $project",
            {"entity": entity, "project": project},
        )
        return PullState(*rows[0]) if rows else PullState()

    def count_collected(self, entity: str, project: str) -> int:
        key = {"entity": entity, "project": project}
        return int(self._run(self._body("collected"), key)[0][0])

    def list_pulled(self, entity: str) -> list[str]:
        return self._first_column(
            "SELECT project FROM project WHERE entity = $entity AND pulled_from IS NOT NULL "
            "ORDER BY project",
            {"entity": entity},
        )

    def list_to_read_again(
        self, entity: str, project: str, why: Literal["unfinished", "rejected", "unread_named"]
    ) -> list[str]:
        return self._first_column(self._body(why), {"entity": entity, "project": project})

    def list_differing(self, entity: str, project: str, listing: pl.DataFrame) -> list[str]:
        with self._loaded("listed", listing):
            key = {"entity": entity, "project": project}
            return self._first_column(self._body("differing"), key)

    def list_missing(self, entity: str, project: str, scanned: Iterable[str | None]) -> list[str]:
        found = pl.DataFrame({"run_id": list(scanned)}, {"run_id": pl.String})
        with self._loaded("scanned", found):
            key = {"entity": entity, "project": project}
            return self._first_column(self._body("missing"), key)

    def known_window(self, entity: str, project: str) -> dict[str, datetime]:
        key = {"entity": entity, "project": project}
        return dict(self._run_with_instants(self._body("known_window"), key))

    def mark_deleted(
        self, entity: str, project: str, run_ids: Sequence[str], *, at: datetime
    ) -> None:
        if not run_ids:
            return
        gone = pl.DataFrame({"run_id": list(run_ids)}).with_columns(
            pl.lit(entity).alias("entity"),
            pl.lit(project).alias("project"),
            pl.lit(at).cast(UTC).alias("deleted_at"),
        )
        with self._loaded("gone", gone):
            self._run(self._body("mark_deleted"))

    def take_unmeasured(self, most: int) -> tuple[str, str, list[str]] | None:
        with self._transaction():
            rows = self._run(self._body("unmeasured"), {"most": most})
            if not rows:
                return None
            self._run(
                "INSERT INTO utilisation_request SELECT unnest($keys::BIGINT[])",
                {"keys": [row[3] for row in rows]},
            )
        entity, project = rows[0][:2]
        return entity, project, [row[2] for row in rows]

    def give_back(self, entity: str, project: str, run_ids: Sequence[str]) -> None:
        self._run(
            "DELETE FROM utilisation_request WHERE run_key IN (SELECT run_key FROM raw_run WHERE "
            "entity = $entity AND project = $project "
            "AND run_id IN (SELECT unnest($run_ids::VARCHAR[])))",
            {"entity": entity, "project": project, "run_ids": list(run_ids)},
        )

    def keep_utilisation(
        self, entity: str, project: str, measured: Mapping[str, float | None]
    ) -> None:
        rows = [(entity, project, run_id, share) for run_id, share in measured.items()]
        columns = {"entity": pl.String, "project": pl.String, "run_id": pl.String}
        frame = pl.DataFrame(rows, {**columns, "share": pl.Float64}, orient="row")
        with self._loaded("measured", frame):
            self._run(self._body("measured"))

    def _first_column(self, sql: str, params: Mapping[str, Any]) -> list[str]:
        return [value for (value,) in self._run(sql, params)]
