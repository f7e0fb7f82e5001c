"""A DuckDB file that one process writes; several of its threads take turns."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any

import duckdb
import polars as pl

from velocity.database.failures import interruptible
from velocity.errors import StoreError
from velocity.queries import list_queries

#: Seconds after which a query that should stop is interrupted again: a query that has not started
#: yet ignores an interrupt.
_PATIENCE_S = 0.02

#: Cached SQL: several times as many texts as in queries/, because some contain a path or a table.
_MOST_PARSED = 1000
_parsed: dict[str, list[duckdb.Statement]] = {}

#: Rows that one thread reads or writes at a time. With DuckDB's default of 122,880, one thread
#: would do all the work for a store of 100,000 runs, and the commit would write smaller tables.
ROWS_PER_THREAD = 30_720
_OPTIONS = f"(ROW_GROUP_SIZE {ROWS_PER_THREAD})"

#: Where DuckDB expects fewer than 64 rows, it compares each row of an `asof` join with all others.
#: It often expects far too few: 100,000 runs of 200 scholars took 9 s instead of 0.15 s.
SORTED_JOINS = "SET GLOBAL asof_loop_join_threshold = 0"


class ClosedError(BaseException):
    """The connection was closed by another thread."""


class Connection:
    """A connection to a file, which is created if needed; the caller holds its lock.

    Any thread may use it: each statement, and each whole transaction, waits for those of
    other threads.
    """

    def __init__(self, path: Path, name: str, *, beside: Connection | None = None) -> None:
        """Opens the file as the database `name` in SQL.

        `beside` already runs DuckDB, because starting it is slower than opening a file.

        Raises:
            duckdb.Error: it cannot be opened.
        """
        self.path = path
        self.name = name
        self._turn = RLock()
        self._closed = False
        self._in_transaction = False
        self._connection = duckdb.connect() if beside is None else beside.cursor()
        self._connection.execute("SET TimeZone = 'UTC'")
        # Queries that need an order say so; without one, all threads write every step.
        self._connection.execute("SET preserve_insertion_order = false")
        self._connection.execute(SORTED_JOINS)
        self._attach()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Another connection to the same DuckDB, which ends when the last of them is closed."""
        return self._connection.cursor()

    def _attach(self) -> None:
        self._connection.execute(
            f"ATTACH {quoted(self.path)} AS {self.name} {_OPTIONS}; USE {self.name}"
        )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other threads away; ClosedError if one of them has closed the connection."""
        with self._turn:
            if self._closed:
                raise ClosedError
            try:
                yield
            except duckdb.InterruptException as interrupted:
                if self._closed:
                    raise ClosedError from interrupted
                raise

    @interruptible()
    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Executes one or more statements; rows of the last one.

        For rows with instants use `frame`: DuckDB needs pytz to convert them to Python objects.
        """
        with self.held():
            return execute(self._connection, sql, params).fetchall()

    @interruptible()
    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The rows of one SELECT in any order, even with ORDER BY: it is not preserved."""
        with self.held():
            return pl.DataFrame(execute(self._connection, sql, params).to_arrow_table())

    @interruptible()
    def load(self, table: str, frame: pl.DataFrame) -> None:
        """Creates or replaces a temporary table from a frame."""
        with self.held():
            self._connection.register("loading", frame.to_arrow())
            self.run(f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT * FROM loading')
            self._connection.unregister("loading")

    @contextmanager
    def loaded(self, **frames: pl.DataFrame) -> Iterator[None]:
        """Provides frames as temporary tables, in one transaction."""
        with self.transaction():
            for table, frame in frames.items():
                self.load(table, frame)
            yield
            self.run(f"DROP TABLE {'; DROP TABLE '.join(frames)}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction, or a part of the current one: all or nothing; other threads wait."""
        with self.held():
            if self._in_transaction:
                yield
                return
            self.run("BEGIN")
            self._in_transaction = True
            try:
                yield
            except BaseException:
                # A full disk may have already ended it, or the connection.
                with suppress(duckdb.Error):
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._in_transaction = False
            self.run("COMMIT")

    @contextmanager
    def attached(self, path: Path, name: str) -> Iterator[None]:
        """Attaches another file, which nobody is writing, as the database `name`."""
        self.run(f"ATTACH {quoted(path)} AS {name} (READ_ONLY)")
        try:
            yield
        except BaseException:
            with suppress(duckdb.Error):  # the failure may have ended the connection
                self.run(f"DETACH {name}")
            raise
        self.run(f"DETACH {name}")

    def drop_cache(self) -> None:
        """Frees the blocks of files that DuckDB keeps in memory; no query of it may be running.

        Nor may one of another connection to the same DuckDB.
        """
        with self.held():
            # With a limit below this, DuckDB would move the rest to a folder on the disk.
            used = "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag <> 'BASE_TABLE'"
            [(in_use,)] = self._connection.execute(used).fetchall()
            try:
                # Memory that is in use cannot be freed, which is an error.
                with suppress(duckdb.OutOfMemoryException):
                    self._connection.execute(f"SET memory_limit = '{in_use // 2**20 + 16}MiB'")
            finally:
                self._connection.execute("RESET memory_limit")

    @contextmanager
    def let_go(self) -> Iterator[None]:
        """Closes the file temporarily, so that it can be attached elsewhere or replaced."""
        with self.held():
            self._connection.execute(f"USE memory; DETACH {self.name}")
            yield
            self._attach()

    def migrate(self, folder: str, *, first: bool = False) -> None:
        """Runs the migrations in queries/`folder`/ that this file does not have yet, in order.

        `first`: only the first of them.

        Raises:
            StoreError: it has a migration that is not known here.
        """
        self.run("CREATE TABLE IF NOT EXISTS migration (name VARCHAR NOT NULL)")
        had = {name for (name,) in self.run("SELECT name FROM migration")}
        known = list(list_queries(folder))
        if newer := had - {query.name for query in known}:
            raise StoreError(
                f"{self.path} was made by a newer version (it has {', '.join(sorted(newer))}).",
                "Install that version of velocity, or choose another folder with --data.",
            )
        for query in known[:1] if first else known:
            if query.name not in had:
                with self.transaction():
                    self.run(query.body)
                    self.run("INSERT INTO migration VALUES ($name)", {"name": query.name})

    def rewrite(self) -> None:
        """Copies everything into a new file, which replaces this one.

        DuckDB keeps the bytes of deleted rows in freed blocks.
        """
        fresh = partial_of(self.path)
        self.run(f"ATTACH {quoted(fresh)} AS fresh {_OPTIONS}")
        self.run(f"COPY FROM DATABASE {self.name} TO fresh; CHECKPOINT fresh; DETACH fresh")
        self.run(f"CHECKPOINT {self.name}")
        with self.let_go():
            put_in_place(fresh, self.path)

    def close(self) -> None:
        """Stops the queries of other threads, and closes the connection."""
        self._closed = True
        while not self._turn.acquire(timeout=_PATIENCE_S):
            self._connection.interrupt()
        try:
            self._connection.close()
        finally:
            self._turn.release()


def execute(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """Executes one or more statements, the last one with parameters; fetch the rows afterwards.

    SQL that a process executes repeatedly is parsed only once: parsing takes a tenth to a quarter
    of the time of a statement that reads little.

    Raises:
        duckdb.Error: the text cannot be parsed, or a statement fails.
    """
    statements = _parsed.get(sql)
    if statements is None:
        if len(_parsed) >= _MOST_PARSED:
            _parsed.clear()
        statements = _parsed[sql] = connection.extract_statements(sql)
    for statement in statements[:-1]:
        connection.execute(statement)
    return connection.execute(statements[-1], dict(params or {}))


def quoted(path: Path) -> str:
    """A path as an SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"


def partial_of(path: Path) -> Path:
    """Where a file is written before it is renamed; any leftover file there is deleted."""
    partial = path.with_name(f"{path.name}.partial")
    for left in (partial, write_ahead_log(partial)):
        left.unlink(missing_ok=True)
    return partial


def put_in_place(partial: Path, path: Path) -> None:
    """Renames a complete file, atomically and durably even in a power cut."""
    make_durable(partial)
    write_ahead_log(path).unlink(missing_ok=True)
    partial.replace(path)
    make_durable(path.parent)


def write_ahead_log(path: Path) -> Path:
    """The write-ahead log beside a DuckDB file."""
    return path.with_name(f"{path.name}.wal")


def make_durable(path: Path) -> None:
    """Waits until a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
