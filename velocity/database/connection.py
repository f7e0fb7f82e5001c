"""A DuckDB file that one process writes and several of its threads share, one at a time."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from velocity.database.failures import interruptible
from velocity.database.parsed import execute
from velocity.errors import StoreError
from velocity.queries import list_queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: How long a query that is to end may go on before it is interrupted once more: one that was only
#: about to begin takes no notice.
_PATIENCE_S = 0.02

#: Rows that one thread reads or writes at a time. DuckDB's own 122,880 leave a store of 100,000
#: runs to one thread, and what is smaller than that to the commit.
_OPTIONS = "(ROW_GROUP_SIZE 30720)"


class ClosedError(BaseException):
    """The connection was closed by another thread."""


class Connection:
    """A connection to a file, which is created if needed; the caller holds its lock.

    Any thread may use it: each statement, and each transaction as a whole, waits for those of
    other threads.

    Attributes:
        path: of the file.
        name: of its database in SQL.
    """

    def __init__(self, path: Path, name: str, *, beside: Connection | None = None) -> None:
        """Opens the file.

        Args:
            path: of the file.
            name: of its database in SQL.
            beside: what has DuckDB running already: starting it takes longer than opening a file.

        Raises:
            duckdb.Error: it cannot be opened.
        """
        self.path = path
        self.name = name
        self._turn = RLock()
        self._closed = False
        self._connection = duckdb.connect() if beside is None else beside.cursor()
        self._set_up()
        self._attach()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Another connection to the same DuckDB, which ends when the last of them is closed."""
        return self._connection.cursor()

    def _set_up(self) -> None:
        self._connection.execute("SET TimeZone = 'UTC'")
        # What needs an order says so; without one, every step is written by all threads.
        self._connection.execute("SET preserve_insertion_order = false")

    def _attach(self) -> None:
        self._connection.execute(
            f"ATTACH {quoted(self.path)} AS {self.name} {_OPTIONS}; USE {self.name}"
        )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other threads from the connection.

        Raises:
            ClosedError: another thread has closed it.
        """
        with self._turn:
            if self._closed:
                raise ClosedError
            yield

    @interruptible()
    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Executes one or more statements; rows of the last one.

        For rows with instants use `frame`: DuckDB needs pytz to make Python's own of them.
        """
        with self.held():
            return execute(self._connection, sql, params).fetchall()

    @interruptible()
    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The rows of one SELECT, in no order whatever it says: insertion order is not kept."""
        with self.held():
            return pl.DataFrame(execute(self._connection, sql, params).to_arrow_table())

    @interruptible()
    def load(self, table: str, frame: pl.DataFrame) -> None:
        """Makes (or replaces) a temporary table of a frame."""
        with self.held():
            self._connection.register("loading", frame.to_arrow())
            self.run(f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT * FROM loading')
            self._connection.unregister("loading")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, whatever happens inside; other threads wait."""
        with self.held():
            self.run("BEGIN")
            try:
                yield
            except BaseException:
                with suppress(duckdb.Error):  # a full disk may have ended it already, or everything
                    self._connection.execute("ROLLBACK")
                raise
            self.run("COMMIT")

    @contextmanager
    def attached(self, path: Path, name: str) -> Iterator[None]:
        """Has another file, which nobody writes, readable as the database `name`."""
        self.run(f"ATTACH {quoted(path)} AS {name} (READ_ONLY)")
        try:
            yield
        except BaseException:
            with suppress(duckdb.Error):  # what failed may have taken everything with it
                self.run(f"DETACH {name}")
            raise
        self.run(f"DETACH {name}")

    @contextmanager
    def let_go(self) -> Iterator[None]:
        """Has the file closed for a time, in which it may be attached elsewhere or replaced."""
        with self.held():
            self._connection.execute(f"USE memory; DETACH {self.name}")
            yield
            self._attach()

    def migrate(self, folder: str, *, first: bool = False) -> None:
        """Runs the files of queries/`folder`/ that this file has not had, in order, each once.

        `first`: no more than the first of them.

        Raises:
            StoreError: it has had one that is not known here.
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
        """Copies everything into a new file, which takes the place of this one.

        DuckDB keeps the bytes of deleted rows in freed blocks.
        """
        fresh = partial_of(self.path)
        self.run(f"ATTACH {quoted(fresh)} AS fresh {_OPTIONS}")
        self.run(f"COPY FROM DATABASE {self.name} TO fresh; CHECKPOINT fresh; DETACH fresh")
        self.run(f"CHECKPOINT {self.name}")
        with self.let_go():
            put_in_place(fresh, self.path)

    def close(self) -> None:
        """Ends whatever another thread is doing with the connection, and closes it."""
        self._closed = True
        while not self._turn.acquire(timeout=_PATIENCE_S):
            self._connection.interrupt()
        try:
            self._connection.close()
        finally:
            self._turn.release()


def quoted(path: Path) -> str:
    """A path as a literal of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def partial_of(path: Path) -> Path:
    """Where a file is written before it takes its place; what was left there is gone."""
    partial = path.with_name(f"{path.name}.partial")
    for left in (partial, write_ahead_log(partial)):
        left.unlink(missing_ok=True)
    return partial


def put_in_place(partial: Path, path: Path) -> None:
    """Gives a file that is whole its name, in one step and so that it outlasts a power cut."""
    make_durable(partial)
    write_ahead_log(path).unlink(missing_ok=True)
    partial.replace(path)
    make_durable(path.parent)


def write_ahead_log(path: Path) -> Path:
    """The file beside a DuckDB file with what is not in it yet."""
    return path.with_name(f"{path.name}.wal")


def make_durable(path: Path) -> None:
    """Waits until a file or folder is on its disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
