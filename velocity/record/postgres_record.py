"""The record in PostgreSQL for the one process that derives from it, and its moves.

It has a copy in the data folder, which takes in what workers changed. The copy is a DuckDB record
like any other, so everything is derived from it as on one machine. While a record moves to a server
or back, nobody else may pull or publish.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import polars as pl

from velocity.database.connection import Connection
from velocity.errors import StoreError
from velocity.queries import load_query
from velocity.record.duckdb_record import DuckDBRecord, Record, become_copy, become_record
from velocity.record.exclusions import Names
from velocity.record.postgres import Read, from_wire, to_wire
from velocity.record.postgres_intake import STOP_MERGES, PostgresIntake

_ROWS = 20_000
#: Written by the publisher only.
_OWN_TABLES = ("restatement", "group_week")
#: Small enough to be copied whole.
_WHOLE_TABLES = (
    *("project", "rejected", "sync_log", "config_shape", "named_key"),
    *("archived", "archived_credits"),
)
#: Nothing is derived from it, so it is copied only by a move.
UNCOPIED = "utilisation_request"
#: Every table with rows of the record.
TABLES = ("raw_run", *_WHOLE_TABLES, *_OWN_TABLES, UNCOPIED)


class PostgresRecord(PostgresIntake, Record):
    """A `Record` in PostgreSQL; only one process at a time has it open as such."""

    def __init__(self, data: Path, address: str, *, beside: Connection | None = None) -> None:
        """Open it, as `PostgresIntake`, and its copy.

        Raises:
            StoreBusyError: another process publishes it.
            StoreError: the data folder has a record of its own, which was not moved.
        """
        super().__init__(data, address, beside=beside)
        try:
            self._server.lease_always(
                "publisher", busy="Another process is publishing from this record."
            )
            self.connection = DuckDBRecord(data, beside=beside, is_copy=True).connection
        except BaseException:
            super().close()
            raise

    def catch_up(self) -> None:
        with self._server.transaction(repeatable=True):
            self._take_in()
            for table in _OWN_TABLES:  # a stop may have kept the last rows from being sent
                count = f"SELECT count(*) FROM {table}"
                if self.connection.run(count) != self._server.run(count):
                    self._send(table)

    def _take_in(self) -> None:
        """Bring the copy up to date, in a transaction in which nobody else's changes are seen.

        A copy that did not take in all that was deleted from `changed_run` is made anew: one of
        another machine, of a backup, or of a transaction that was cut off here.
        """
        connection = self.connection
        known = connection.run("SELECT token FROM copy_of")[0][0]
        whole = known is None or known != self._shared("token")
        token = uuid4().hex
        with self._server.reading() as read, connection.transaction():
            # What commits after this transaction began stays for the next one.
            taken = self._server.run("DELETE FROM changed_run RETURNING run_key")
            keys = pl.DataFrame(taken, {"run_key": pl.Int64}, orient="row")
            connection.load("taken", keys)
            if whole:
                self._copy_runs(read, "", "")
            elif taken:
                own = "WHERE run_key IN (SELECT run_key FROM taken)"
                self._copy_runs(read, own, "WHERE run_key IN (SELECT run_key FROM changed_run)")
            connection.run("DROP TABLE taken")
            for table in (*_WHOLE_TABLES, *(_OWN_TABLES if whole else ())):
                self._copy_table(read, table)
            connection.run("UPDATE copy_of SET token = $token", {"token": token})
        self._share("token", token)

    def _copy_table(self, read: Read, table: str) -> None:
        self.connection.run(f"DELETE FROM {table}")
        for frame in read(f"SELECT * FROM {table}"):
            from_wire(self.connection, table, frame)

    def _copy_runs(self, read: Read, ours: str, theirs: str) -> None:
        """Replace runs of the copy, and mark their users as changed."""
        run = self.connection.run
        run(f"CREATE OR REPLACE TEMP TABLE touched AS SELECT username FROM raw_run {ours}")
        run(f"DELETE FROM raw_run {ours}")
        for frame in read(f"SELECT * FROM raw_run {theirs}"):
            from_wire(self.connection, "raw_run", frame)
        run(f"INSERT INTO touched SELECT username FROM raw_run {ours}")
        run(load_query("record/postgres/touched").body)
        run("DROP TABLE touched")

    def keep_restatements(self, restated: pl.DataFrame) -> None:
        super().keep_restatements(restated)
        self._send("restatement")

    def keep_group_weeks(self, weeks: pl.DataFrame) -> None:
        super().keep_group_weeks(weeks)
        self._send("group_week")

    def _send(self, *tables: str) -> None:
        with self._server.transaction():
            for table in tables:
                self._server.run(f"DELETE FROM {table}")
                frame = self.connection.frame(f"FROM {table}")
                self._server.add(table, to_wire(self.connection, frame))

    def erase(self, names: Names) -> tuple[int, int]:
        with self._server.transaction():
            self._server.run(STOP_MERGES)
            self._share_forgotten()
            self._take_in()
            erased = super().erase(names)
            self._server.run(
                load_query("record/postgres/erase").body, {"names": sorted(names.usernames)}
            )
            self._send(*_WHOLE_TABLES, *_OWN_TABLES)
        return erased

    def rewrite(self) -> None:
        super().rewrite()
        for table in ("changed_run", *TABLES):
            self._server.run(f"VACUUM (FULL) {table}")

    def move_here(self) -> None:
        """Make the copy the record, and empty the server."""
        with self._server.transaction():
            self._server.run(STOP_MERGES)
            self._take_in()
            with self._server.reading() as read:
                self._copy_table(read, UNCOPIED)
            become_record(self.connection)
            self._server.run(f"TRUNCATE {', '.join(TABLES)}, changed_run, shared")

    def close(self) -> None:
        super().close()
        self.connection.close()


class _Filled(PostgresIntake):
    def fill(self, connection: Connection) -> str:
        """Send a record to the server, unless it is there already; return the copy's token."""
        identity = connection.run("SELECT id FROM identity")[0][0]
        with self._server.transaction():
            self._server.run(STOP_MERGES)
            if self._server.run("SELECT 1 FROM raw_run UNION ALL SELECT 1 FROM project LIMIT 1"):
                token = self._shared("token")
                if token is None or self._shared("moved_from") != identity:
                    raise StoreError(
                        "The server that store.record names has a record already.",
                        "Name an empty database, or move record.duckdb away to use that record.",
                    )
                return token
            for table in TABLES:
                for frame in _rows(connection, table):
                    self._server.add(table, to_wire(connection, frame))
            self._server.run(
                "SELECT setval('run_key_sequence', (SELECT coalesce(max(run_key), 0) + 1 "
                "FROM raw_run), false)"
            )
            token = uuid4().hex
            self._share("token", token)
            self._share("moved_from", identity)
        return token


def _rows(connection: Connection, table: str) -> Iterator[pl.DataFrame]:
    """The rows of a table; many of them in parts."""
    if table != "raw_run":
        yield connection.frame(f"FROM {table}")
        return
    last = connection.run("SELECT coalesce(max(run_key), 0) FROM raw_run")[0][0]
    sql = "FROM raw_run WHERE run_key BETWEEN $first AND $last"
    for first in range(0, last + 1, _ROWS):
        yield connection.frame(sql, {"first": first, "last": first + _ROWS - 1})


def move_to_server(data: Path, address: str, names: Sequence[str]) -> None:
    """Move the record of a data folder to an empty server; what stays is its copy."""
    with closing(DuckDBRecord(data)) as source:
        source.name_keys(names)
        with closing(_Filled(data, address)) as server:
            token = server.fill(source.connection)
        become_copy(source.connection, token)


def move_to_file(data: Path, address: str) -> None:
    """Move the record of a server to a data folder."""
    with closing(PostgresRecord(data, address)) as record:
        record.move_here()
