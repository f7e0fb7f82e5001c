"""A record that can be derived from, and the one in a DuckDB file of the data folder.

The copy of a record on a server is such a file too. It has the table `copy_of`: which of the
server's changes it has taken in.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

import polars as pl

from velocity.database.connection import Connection
from velocity.database.whole_files import split_off
from velocity.errors import StoreError
from velocity.queries import constant, load_query
from velocity.record import configs, exclusions
from velocity.record.base import Intake, MergeCounts
from velocity.record.exclusions import Names

FILE = "record.duckdb"
TABLES_OF_A_RECORD = "record/schema"
_OTHER_TABLES = ("restatement", "rejected", "sync_log")  # than those of runs
#: DuckDB caches all that it wrote, up to most of the memory; no later merge reads much of it.
_MERGES_CACHED = 10
_MIGRATED_ROWS = 10_000


class Record(Intake, Protocol):
    """A record that can be derived from. Only one process at a time has it open.

    Attributes:
        connection: to the file that is derived from: the record, or its copy.
    """

    connection: Connection
    _data: Path

    def hashes_of(self, name: str, value: object) -> list[tuple[str, int]]:
        """The path of each place where a config key may be, with the hash of the value there.

        A whole number has two hashes: 1 and 1.0 are written differently, but mean the same. None
        are returned if no config has been hashed yet.
        """
        return configs.hashes_of(self._data, name, value)

    def catch_up(self) -> None:
        """Take in what other processes have merged: what is attached changes only here."""

    def keep_restatements(self, restated: pl.DataFrame) -> None:
        """Store what a derivation changed in past weeks; storing it again changes nothing.

        In columns of the table `restatement`; its `derivation` is larger than any here, or these
        rows are here already.
        """
        with self.connection.loaded(restated=restated):
            self.connection.run(load_query("record/restated").body)

    def keep_group_weeks(self, weeks: pl.DataFrame) -> None:
        """Publish weeks of groups permanently; a week that is already here does not change.

        In columns of the table `group_week`, for every group of each week.
        """
        with self.connection.loaded(group_week_made=weeks):
            self.connection.run(load_query("record/keep_group_weeks").body)

    def count_runs(self, usernames: Iterable[str]) -> dict[str, int]:
        """Username -> number of runs, for those that have any."""
        sql = (
            "SELECT username, count(*) FROM raw_run WHERE username IN (SELECT unnest($names)) "
            "GROUP BY username ORDER BY username"
        )
        return dict(self.connection.run(sql, {"names": list(usernames)}))

    def has_traces(self, name: str) -> tuple[bool, bool]:
        """Whether there are rows of a username, and of a scholar id, with that name."""
        rows = self.connection.run(load_query("record/traces").body, {"name": name})
        ((of_username, of_id),) = rows
        return of_username, of_id

    def erase(self, names: Names) -> tuple[int, int]:
        """Delete everything about a person: runs by username, restatements by label.

        Published weeks of groups keep their figures but lose the person's id. Returns the number of
        runs, and of other rows (log, rejected rows and restatements).
        """
        own = "raw_run WHERE username IN (SELECT name FROM person WHERE kind = 'usernames')"
        with self.connection.loaded(person=names.table()):
            runs, before = self._count(own), self._count(*_OTHER_TABLES)
            self.connection.run(load_query("record/erase").body)
            return runs, before - self._count(*_OTHER_TABLES)

    def _count(self, *tables: str) -> int:
        counts = (self.connection.run(f"SELECT count(*) FROM {it}")[0][0] for it in tables)
        return sum(counts)

    def rewrite(self) -> None:
        """Rewrite the storage, so that no bytes of deleted rows are left."""
        self.connection.rewrite()

    @contextmanager
    def attached_to(self, connection: Connection) -> Iterator[None]:
        """Make the rows readable for deriving, as a read-only database `record`.

        Its tables are those of queries/record/schema/. In `changed_username`, `change` is the
        number of the last change to a user's runs; `identity` distinguishes this record from
        others, whose numbers have another meaning. Do not call other methods meanwhile.
        """
        own = self.connection
        # DuckDB opens a file either for writing or for reading.
        with own.let_go(), connection.attached(own.path, own.name):
            yield


class DuckDBRecord(Record):
    """A `Record` in one DuckDB file."""

    def __init__(
        self, data: Path, *, beside: Connection | None = None, is_copy: bool = False
    ) -> None:
        """Open the file of a data folder, `beside` a connection that already runs DuckDB.

        Raises:
            StoreError: it is the copy of a record on a server but should not be, or the other way
                round. An empty file becomes one.
        """
        self._data = data
        self._merges = 0
        split_off(data / FILE, "record", TABLES_OF_A_RECORD, _keep_raw)
        self.connection = self._session = Connection(data / FILE, "record", beside=beside)
        try:
            self.connection.migrate(TABLES_OF_A_RECORD)
            _check_copy(self.connection, data, expected=is_copy)
        except BaseException:
            self.connection.close()
            raise

    def name_keys(self, names: Sequence[str]) -> None:
        super().name_keys(names)
        if configs.has_clear(self.connection):
            # If this is interrupted at any point, the next command does the rest.
            if self._hash_clear():
                self.connection.rewrite()
            configs.drop_clear(self.connection)

    def _hash_clear(self) -> bool:
        """Hash the configs that an earlier version stored; return whether to rewrite the file.

        Their column stays, empty, until `drop_clear`, so that the next command sees an
        interruption.
        """
        salt, rows = configs.salt_of(self.connection, self._data), {"rows": _MIGRATED_ROWS}
        clear = load_query("record/clear_configs").body
        while (frame := self.connection.frame(clear, rows)).height:
            with self.connection.transaction():
                hashed = self._hashed(frame.rename({"clear_config": "config"}), salt)
                with self.connection.loaded(hashed_config=hashed):
                    self.connection.run(load_query("record/hash_configs").body)
        return bool(self.connection.run("SELECT 1 FROM raw_run LIMIT 1"))

    def merge_runs(self, runs: pl.DataFrame) -> MergeCounts:
        runs = exclusions.load(self._data).keep_runs(runs)
        if runs.is_empty():
            return MergeCounts()
        with self.connection.transaction():
            salt = configs.salt_of(self.connection, self._data)
            counts = find_changes(self.connection, self._hashed(runs, salt))
            self.connection.run(load_query("record/merge_write").body)
            self.connection.run("DROP TABLE incoming")
        self._merges += 1
        if self._merges % _MERGES_CACHED == 0:
            self.connection.drop_cache()
        return counts

    def archive(self, runs: pl.DataFrame, people: pl.DataFrame, kept_from: pl.DataFrame) -> int:
        """Delete runs, and the log and restatements of their weeks; later merges leave them out.

        Published weeks of groups keep their figures, and the ids of people who stay. Returns the
        number of other rows than runs.

        Args:
            runs: run_key.
            people: scholar.
            kept_from: one row: week, the Monday of the first week that is kept, and before, its
                beginning.
        """
        before = self._count(*_OTHER_TABLES)
        with self.connection.loaded(archived_run=runs, kept_person=people, kept_from=kept_from):
            self.connection.run(load_query("record/archive").body)
        return before - self._count(*_OTHER_TABLES)

    def carry_credits(self, credit: pl.DataFrame) -> None:
        """Add what archived runs cost: columns of the table `archived_credits`."""
        with self.connection.loaded(carried=credit):
            self.connection.run("INSERT INTO archived_credits BY NAME FROM carried")

    @contextmanager
    def leased(self, entity: str, project: str, *, since: datetime) -> Iterator[bool]:  # noqa: ARG002
        yield True  # the lock of the data folder keeps others away

    def catch_up(self) -> None:
        """Does nothing: only this process merges."""

    def _hold(self, what: str) -> None:
        """Does nothing, likewise."""

    def close(self) -> None:
        self.connection.close()


def find_changes(connection: Connection, hashed: pl.DataFrame) -> MergeCounts:
    """Compare a batch with the table `raw_run`, and create the table `incoming`.

    It has the rows of the batch with their `outcome` and, for runs that are in `raw_run`, their
    `run_key` and `held_username`.
    """
    batch = hashed.with_columns(
        pl.col("trust").fill_null(0),
        run_key=pl.lit(None, pl.Int64),
        held_username=pl.lit(None, pl.String),
        outcome=pl.lit("new"),
    )
    connection.load("incoming", batch)
    if connection.run("SELECT 1 FROM archived"):
        connection.run(load_query("record/leave_archived").body)
    if "files" in batch["source"]:
        connection.run(load_query("record/own_launches").body)
        connection.run(load_query("record/earlier_sessions").body)
    connection.run(load_query("record/match_runs").body)
    counts = "SELECT outcome, count(*) FROM incoming GROUP BY outcome"
    found = dict(connection.run(counts))
    if found.keys() & {"changed", "revived"}:
        connection.run(load_query("record/find_unchanged").body)
        if batch["complete_to"].null_count() < batch.height:
            _keep_newer(connection)
        found = dict(connection.run(counts))
    return MergeCounts(**found)


def _keep_newer(connection: Connection) -> None:
    """Find the rows of `incoming` that are from older tables than the record's."""
    # Temporary: the file of the record has only tables.
    connection.run(load_query("macros/class_of").body.replace("MACRO", "TEMP MACRO", 1))
    longest = {"longest_us": constant("longest_runtime_us")}
    connection.run(load_query("record/keep_newer").body, longest)


def _keep_raw(connection: Connection) -> None:
    """Copy the raw rows from the single file of an earlier version."""
    sequence = "SELECT last_value FROM duckdb_sequences() WHERE database_name = 'old'"
    last = connection.run(sequence)[0][0] or 0
    connection.run(f"CREATE OR REPLACE SEQUENCE run_key_sequence START WITH {last + 1}")
    connection.run(load_query("record/split").body)


def _check_copy(connection: Connection, data: Path, *, expected: bool) -> None:
    """Check whether a file is a copy, or make an empty file one."""
    found = is_copy(connection)
    if found and not expected:
        raise StoreError(
            f"The record of {data} is on a server: what is here is a copy.",
            "Name the server in store.record, or get the record back with "
            "`velocity record move --to file`.",
        )
    if expected and not found:
        if connection.run("SELECT 1 FROM raw_run UNION ALL SELECT 1 FROM project LIMIT 1"):
            raise StoreError(
                f"{data} has a record of its own, but store.record names a server.",
                "Move it there with `velocity record move --to server`, or move record.duckdb "
                "away.",
            )
        if configs.has_clear(connection):
            configs.drop_clear(connection)
        become_copy(connection, None)


def is_copy(connection: Connection) -> bool:
    """Whether a file is a copy."""
    sql = "FROM duckdb_tables() WHERE table_name = 'copy_of' AND NOT temporary"
    return bool(connection.run(sql))


def become_copy(connection: Connection, token: str | None) -> None:
    """Make a file the copy of a server that has `token`; None: with nothing taken in yet."""
    connection.run("CREATE TABLE copy_of AS SELECT $token::VARCHAR AS token", {"token": token})


def become_record(connection: Connection) -> None:
    """Make a copy the record, whose new runs get new numbers."""
    with connection.transaction():
        last = connection.run("SELECT coalesce(max(run_key), 0) FROM raw_run")[0][0]
        connection.run(f"CREATE OR REPLACE SEQUENCE run_key_sequence START WITH {last + 1}")
        connection.run("DROP TABLE copy_of")
