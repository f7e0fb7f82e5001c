"""The record in a DuckDB file of the data folder."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import polars as pl

from velocity.database.connection import Connection
from velocity.database.one_file import split_off
from velocity.queries import load_query
from velocity.record import configs, exclusions
from velocity.record.base import MergeCounts, PullState, Record
from velocity.records import UTC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import Any, Literal

    from velocity.record.base import SyncRow
    from velocity.record.exclusions import Names
    from velocity.records import Rejected

FILE = "record.duckdb"
_SCHEMA = "record/schema"


class DuckDBRecord(Record):
    """A `Record` in one DuckDB file, opened by `connection`."""

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
        configs.name_keys(self.connection, names)
        if configs.has_clear(self.connection):
            # If this is interrupted at any point, the next command does the rest.
            if configs.hash_clear(self.connection, self._data):
                self.connection.rewrite()
            configs.drop_clear(self.connection)

    def hashes_of(self, name: str, value: object) -> list[tuple[str, int]]:
        return configs.hashes_of(self._data, name, value)

    def merge_runs(self, runs: pl.DataFrame) -> MergeCounts:
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
        run = self.connection.run
        with self.connection.transaction():
            run("DELETE FROM rejected WHERE entity = $entity AND project = $project", key)
            for row in rejected:
                sql = "INSERT INTO rejected VALUES ($entity, $project, $run_id, $reason)"
                run(sql, vars(row))
            if as_of is not None:
                state = key | {"as_of": as_of, "app_url": app_url} | vars(pull or PullState())
                run(load_query("record/merge_project").body, state)

    def merge_log(self, row: SyncRow) -> None:
        values = vars(row) | {
            "new": row.counts.new,
            "changed": row.counts.changed + row.counts.revived,
            "unchanged": row.counts.unchanged + row.counts.kept,
        }
        del values["counts"]
        self.connection.run(
            "INSERT INTO sync_log VALUES ($command, $entity, $project, $started_at, $finished_at, "
            "$new, $changed, $unchanged, $deleted, $rejected, $requests, $note, $error)",
            values,
        )

    def read_pull_state(self, entity: str, project: str) -> PullState:
        rows = self.connection.frame(
            "SELECT pulled_from, reconciled_at, coalesce(filter_trusted, false), uncollected "
            "FROM project WHERE entity = $entity AND project = $project",
            {"entity": entity, "project": project},
        ).rows()
        return PullState(*rows[0]) if rows else PullState()

    def count_collected(self, entity: str, project: str) -> int:
        key = {"entity": entity, "project": project}
        return int(self.connection.run(load_query("record/collected").body, key)[0][0])

    def list_pulled(self, entity: str) -> list[str]:
        return self._first_column(
            "SELECT project FROM project WHERE entity = $entity AND pulled_from IS NOT NULL "
            "ORDER BY project",
            {"entity": entity},
        )

    def list_to_read_again(
        self, entity: str, project: str, why: Literal["unfinished", "rejected", "unread_named"]
    ) -> list[str]:
        key = {"entity": entity, "project": project}
        return self._first_column(load_query(f"record/{why}").body, key)

    def list_differing(self, entity: str, project: str, listing: pl.DataFrame) -> list[str]:
        with self._loaded("listed", listing):
            key = {"entity": entity, "project": project}
            return self._first_column(load_query("record/differing").body, key)

    def list_missing(self, entity: str, project: str, scanned: Iterable[str | None]) -> list[str]:
        with self._loaded(
            "scanned", pl.DataFrame({"run_id": list(scanned)}, {"run_id": pl.String})
        ):
            key = {"entity": entity, "project": project}
            return self._first_column(load_query("record/missing").body, key)

    def known_window(self, entity: str, project: str) -> dict[str, datetime]:
        body = load_query("record/known_window").body
        return dict(self.connection.frame(body, {"entity": entity, "project": project}).rows())

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
            self.connection.run(load_query("record/mark_deleted").body)

    def take_unmeasured(self, most: int) -> tuple[str, str, list[str]] | None:
        with self.connection.transaction():
            rows = self.connection.run(load_query("record/unmeasured").body, {"most": most})
            if not rows:
                return None
            self.connection.run(
                "INSERT INTO utilisation_request SELECT unnest($keys)",
                {"keys": [row[3] for row in rows]},
            )
        entity, project = rows[0][:2]
        return entity, project, [row[2] for row in rows]

    def give_back(self, entity: str, project: str, run_ids: Sequence[str]) -> None:
        self.connection.run(
            "DELETE FROM utilisation_request WHERE run_key IN (SELECT run_key FROM raw_run WHERE "
            "entity = $entity AND project = $project AND run_id IN (SELECT unnest($run_ids)))",
            {"entity": entity, "project": project, "run_ids": list(run_ids)},
        )

    def keep_utilisation(
        self, entity: str, project: str, measured: Mapping[str, float | None]
    ) -> None:
        rows = [(entity, project, run_id, share) for run_id, share in measured.items()]
        columns = {"entity": pl.String, "project": pl.String, "run_id": pl.String}
        frame = pl.DataFrame(rows, {**columns, "share": pl.Float64}, orient="row")
        with self._loaded("measured", frame):
            self.connection.run(load_query("record/measured").body)

    def keep_restatements(self, restated: pl.DataFrame) -> None:
        with self._loaded("restated", restated):
            self.connection.run(load_query("record/restated").body)

    def keep_group_weeks(self, weeks: pl.DataFrame) -> None:
        with self._loaded("group_week_made", weeks):
            self.connection.run(load_query("record/keep_group_weeks").body)

    def count_runs(self, usernames: Iterable[str]) -> dict[str, int]:
        sql = (
            "SELECT username, count(*) FROM raw_run WHERE username IN (SELECT unnest($names)) "
            "GROUP BY username ORDER BY username"
        )
        return dict(self.connection.run(sql, {"names": list(usernames)}))

    def has_traces(self, name: str) -> tuple[bool, bool]:
        rows = self.connection.run(load_query("record/traces").body, {"name": name})
        ((of_username, of_id),) = rows
        return of_username, of_id

    def erase(self, names: Names) -> tuple[int, int]:
        with self._loaded("person", names.table()):
            runs, before = sum(self.count_runs(names.usernames).values()), self._other_rows()
            self.connection.run(load_query("record/erase").body)
            return runs, before - self._other_rows()

    def _other_rows(self) -> int:
        sql = (
            "SELECT (SELECT count(*) FROM restatement) + (SELECT count(*) FROM rejected) "
            "+ (SELECT count(*) FROM sync_log)"
        )
        return int(self.connection.run(sql)[0][0])

    def rewrite(self) -> None:
        self.connection.rewrite()

    @contextmanager
    def attached_to(self, connection: Connection) -> Iterator[None]:
        # DuckDB opens a file either for writing or for reading.
        with (
            self.connection.let_go(),
            connection.attached(self.connection.path, self.connection.name),
        ):
            yield

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def _loaded(self, table: str, frame: pl.DataFrame) -> Iterator[None]:
        """Provide a frame as a temporary table, in one transaction."""
        with self.connection.transaction():
            self.connection.load(table, frame)
            yield
            self.connection.run(f"DROP TABLE {table}")

    def _first_column(self, sql: str, params: Mapping[str, Any]) -> list[str]:
        return [value for (value,) in self.connection.run(sql, params)]


def _keep_raw(connection: Connection) -> None:
    """Copy the raw rows from the single file of an earlier version."""
    sequence = "SELECT last_value FROM duckdb_sequences() WHERE database_name = 'old'"
    last = connection.run(sequence)[0][0] or 0
    connection.run(f"CREATE OR REPLACE SEQUENCE run_key_sequence START WITH {last + 1}")
    connection.run(load_query("record/split").body)
