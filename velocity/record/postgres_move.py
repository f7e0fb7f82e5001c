"""Moves a record to a server and back. Nobody else may pull or publish meanwhile."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

from velocity.errors import StoreError
from velocity.record.duckdb_record import DuckDBRecord, become_copy, become_record
from velocity.record.postgres import to_wire
from velocity.record.postgres_intake import STOP_MERGES, PostgresIntake
from velocity.record.postgres_record import TABLES, UNCOPIED, PostgresRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import polars as pl

    from velocity.database.connection import Connection

_ROWS = 20_000


class _Emptied(PostgresRecord):
    def move_here(self) -> None:
        """Make the copy the record, and empty the server."""
        with self._server.transaction():
            self._server.run(STOP_MERGES)
            self._take_in()
            with self._server.reading() as read:
                self._copy_table(read, UNCOPIED)
            become_record(self.connection)
            self._server.run(f"TRUNCATE {', '.join(TABLES)}, changed_run, shared")


class _Filled(PostgresIntake):
    def fill(self, connection: Connection) -> str:
        """Send a record to the server, unless it is there already; return the copy's token.

        Raises:
            StoreError: the server has another record.
        """
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
    """Move the record of a data folder to an empty server; what stays is its copy.

    The values of the config keys `names` are stored.

    Raises:
        StoreError: the record is on a server already, or the server has another one.
    """
    with closing(DuckDBRecord(data)) as source:
        source.name_keys(names)
        with closing(_Filled(data, address)) as server:
            token = server.fill(source.connection)
        become_copy(source.connection, token)


def move_to_file(data: Path, address: str) -> None:
    """Move the record of a server to a data folder.

    Raises:
        StoreError: the folder has another record, or another process is publishing.
    """
    with closing(_Emptied(data, address)) as record:
        record.move_here()
