"""The record in a DuckDB file of the data folder."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl

from velocity.database.connection import Connection
from velocity.database.one_file import split_off
from velocity.queries import load_query
from velocity.record import configs, exclusions
from velocity.record.base import MergeCounts, PullState
from velocity.records import UTC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from velocity.record.base import SyncRow
    from velocity.record.exclusions import Names
    from velocity.records import Rejected

FILE = "record.duckdb"
_SCHEMA = "record/schema"


class DuckDBRecord:
    """A `Record`. `connection` is for whoever looks closer, as tests do."""

    def __init__(self, data: Path, *, beside: Connection) -> None:
        self._data = data
        split_off(data / FILE, "record", _SCHEMA, _keep_raw)
        self.connection = Connection(data / FILE, "record", beside=beside)
        try:
            self.connection.migrate(_SCHEMA)
        except BaseException:
            self.connection.close()
            raise

    def name_keys(self, names: Sequence[str]) -> None:
        """Says of which config keys the values are kept in clear."""
        configs.name_keys(self.connection, names)
        if configs.has_clear(self.connection):
            # A stop at any point leaves the rest to the next command.
            if configs.hash_clear(self.connection, self._data):
                self.connection.rewrite()
            configs.drop_clear(self.connection)

    def merge_runs(self, runs: pl.DataFrame) -> MergeCounts:
        """Merges a frame of `records.RUN_SCHEMA`."""
        runs = exclusions.load(self._data).keep_runs(runs)
        if runs.is_empty():
            return MergeCounts()
        run = self.connection.run
        with self.connection.transaction():
            hashed = configs.with_hashes(self.connection, self._data, runs)
            self.connection.load("incoming", hashed)
            merge_row = load_query("record/merge_row").body
            run(f"CREATE OR REPLACE TEMP TABLE merge_row AS {merge_row}")
            counts = dict(run("SELECT outcome, count(*) FROM merge_row GROUP BY outcome"))
            run(load_query("record/merge_write").body)
            run("DROP TABLE merge_row; DROP TABLE incoming")
        return MergeCounts(**counts)

    def merge_project(
        self, entity: str, project: str, *, rejected: Sequence[Rejected], as_of: datetime | None
    ) -> None:
        """Says what a batch left of a project."""
        with self.connection.transaction():
            self._replace_rejected(entity, project, rejected)
            if as_of is not None:
                self._move(entity, project, as_of=as_of, app_url=None, pulled=False)

    def merge_pull(
        self,
        entity: str,
        project: str,
        *,
        started_at: datetime,
        go_on_from: datetime,
        app_url: str,
        rejected: Sequence[Rejected],
        reconciled: bool,
        filter_trusted: bool | None,
        uncollected: int | None,
    ) -> None:
        """Says that a pull succeeded."""
        pulled = {
            "entity": entity,
            "project": project,
            "pulled_from": go_on_from,
            "reconciled_at": started_at if reconciled else None,
            "filter_trusted": filter_trusted,
            "uncollected": uncollected,
        }
        with self.connection.transaction():
            self._replace_rejected(entity, project, rejected)
            self._move(entity, project, as_of=started_at, app_url=app_url, pulled=True)
            self.connection.run(load_query("record/pulled").body, pulled)

    def _replace_rejected(self, entity: str, project: str, rejected: Sequence[Rejected]) -> None:
        self.connection.run(
            "DELETE FROM rejected WHERE entity = $entity AND project = $project",
            {"entity": entity, "project": project},
        )
        for row in rejected:
            self.connection.run(
                "INSERT INTO rejected VALUES ($entity, $project, $run_id, $reason)",
                {
                    "entity": row.entity,
                    "project": row.project,
                    "run_id": row.run_id,
                    "reason": row.reason,
                },
            )

    def _move(
        self, entity: str, project: str, *, as_of: datetime, app_url: str | None, pulled: bool
    ) -> None:
        self.connection.run(
            load_query("record/merge_project").body,
            {
                "entity": entity,
                "project": project,
                "as_of": as_of,
                "app_url": app_url,
                "pulled": pulled,
            },
        )

    def merge_log(self, row: SyncRow) -> None:
        """Adds a row to the log."""
        self.connection.run(
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

    def read_pull_state(self, entity: str, project: str) -> PullState:
        """How the project was last pulled."""
        rows = self.connection.frame(
            "SELECT pulled_from, reconciled_at, coalesce(filter_trusted, false), uncollected "
            "FROM project WHERE entity = $entity AND project = $project",
            {"entity": entity, "project": project},
        ).rows()
        return PullState(*rows[0]) if rows else PullState()

    def count_collected(self, entity: str, project: str) -> int:
        """Number of the project's runs from its server, without those marked as deleted."""
        rows = self.connection.run(
            load_query("record/collected").body, {"entity": entity, "project": project}
        )
        return int(rows[0][0])

    def list_pulled(self, entity: str) -> list[str]:
        """Names of the projects of an entity that were pulled before, sorted."""
        return self._first_column(
            "SELECT project FROM project WHERE entity = $entity AND pulled_from IS NOT NULL "
            "ORDER BY project",
            {"entity": entity},
        )

    def list_unfinished(self, entity: str, project: str) -> list[str]:
        """Ids of the runs that were not over when W&B last gave them."""
        return self._first_column(
            load_query("record/unfinished").body, {"entity": entity, "project": project}
        )

    def list_rejected(self, entity: str, project: str) -> list[str]:
        """Ids of the runs that were set aside."""
        return self._first_column(
            "SELECT DISTINCT run_id FROM rejected "
            "WHERE entity = $entity AND project = $project AND run_id IS NOT NULL ORDER BY run_id",
            {"entity": entity, "project": project},
        )

    def list_unread_named(self, entity: str, project: str) -> list[str]:
        """Ids of the runs that W&B gave before a key was named which their config has."""
        return self._first_column(
            load_query("record/unread_named").body, {"entity": entity, "project": project}
        )

    def list_differing(self, entity: str, project: str, listing: pl.DataFrame) -> list[str]:
        """Ids of a listing's runs that are not here or have other values."""
        key = {"entity": entity, "project": project}
        with self.connection.transaction():
            self.connection.load("listed", listing)
            differing = self._first_column(load_query("record/differing").body, key)
            self.connection.run("DROP TABLE listed")
        return differing

    def list_missing(self, entity: str, project: str, scanned: Iterable[str | None]) -> list[str]:
        """Ids of the project's runs that a scan of all of it did not give."""
        frame = pl.DataFrame({"run_id": list(scanned)}, schema={"run_id": pl.String})
        key = {"entity": entity, "project": project}
        with self.connection.transaction():
            self.connection.load("scanned", frame)
            missing = self._first_column(load_query("record/missing").body, key)
            self.connection.run("DROP TABLE scanned")
        return missing

    def known_window(self, entity: str, project: str) -> dict[str, datetime]:
        """Id -> heartbeat of the runs with the latest heartbeats."""
        body = load_query("record/known_window").body
        return dict(self.connection.frame(body, {"entity": entity, "project": project}).rows())

    def mark_deleted(
        self, entity: str, project: str, run_ids: Sequence[str], *, at: datetime
    ) -> None:
        """Takes runs out of every metric from `at` on."""
        if not run_ids:
            return
        gone = pl.DataFrame({"run_id": list(run_ids)}).with_columns(
            pl.lit(entity).alias("entity"),
            pl.lit(project).alias("project"),
            pl.lit(at).cast(UTC).alias("deleted_at"),
        )
        with self.connection.transaction():
            self.connection.load("gone", gone)
            self.connection.run(load_query("record/mark_deleted").body)
            self.connection.run("DROP TABLE gone")

    def keep_restatements(self, restated: pl.DataFrame) -> None:
        """Keeps what a derivation changed in weeks that were over."""
        with self.connection.transaction():
            self.connection.load("restated", restated)
            self.connection.run(load_query("record/restated").body)
            self.connection.run("DROP TABLE restated")

    def keep_group_weeks(self, weeks: pl.DataFrame) -> None:
        """Publishes weeks of groups for good."""
        with self.connection.transaction():
            self.connection.load("group_week_made", weeks)
            self.connection.run(load_query("record/keep_group_weeks").body)
            self.connection.run("DROP TABLE group_week_made")

    def count_runs(self, usernames: Iterable[str]) -> dict[str, int]:
        """Username -> number of runs, for those that have any."""
        sql = (
            "SELECT username, count(*) FROM raw_run WHERE username IN (SELECT unnest($names)) "
            "GROUP BY username ORDER BY username"
        )
        return dict(self.connection.run(sql, {"names": list(usernames)}))

    def has_traces(self, name: str) -> tuple[bool, bool]:
        """Whether there is anything of a username, and of an id, with that name."""
        of_username, of_id = self.connection.run(load_query("record/traces").body, {"name": name})[
            0
        ]
        return of_username, of_id

    def erase(self, names: Names) -> tuple[int, int]:
        """Deletes what there is of a person."""
        with self.connection.transaction():
            runs, before = sum(self.count_runs(names.usernames).values()), self._told_rows()
            self.connection.load("person", names.table())
            self.connection.run(load_query("record/erase").body)
            self.connection.run("DROP TABLE person")
            return runs, before - self._told_rows()

    def _told_rows(self) -> int:
        sql = (
            "SELECT (SELECT count(*) FROM restatement) + (SELECT count(*) FROM rejected) "
            "+ (SELECT count(*) FROM sync_log)"
        )
        return int(self.connection.run(sql)[0][0])

    def rewrite(self) -> None:
        """Leaves no byte of what was deleted."""
        self.connection.rewrite()

    @contextmanager
    def attached_to(self, connection: Connection) -> Iterator[None]:
        """Has the rows readable for deriving; DuckDB opens a file to write it or to read it."""
        with (
            self.connection.let_go(),
            connection.attached(self.connection.path, self.connection.name),
        ):
            yield

    def close(self) -> None:
        """Ends what other threads are doing with it, and lets go of it."""
        self.connection.close()

    def _first_column(self, sql: str, params: Mapping[str, Any]) -> list[str]:
        return [value for (value, *_) in self.connection.run(sql, params)]


def _keep_raw(connection: Connection) -> None:
    """Takes over the raw rows of the one file of an earlier version."""
    sequence = "SELECT last_value FROM duckdb_sequences() WHERE database_name = 'old'"
    last = connection.run(sequence)[0][0] or 0
    connection.run(f"CREATE OR REPLACE SEQUENCE run_key_sequence START WITH {last + 1}")
    connection.run(load_query("record/split").body)
