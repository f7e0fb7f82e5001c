"""A DuckDB connection that several threads share, one at a time."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from velocity.database.interruptible import interruptible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: How long a query that is to end may go on before it is interrupted once more: one that was only
#: about to begin takes no notice.
_PATIENCE_S = 0.02


class ClosedError(BaseException):
    """The connection was closed by another thread: whoever wanted to use it ends."""


class LiveStore:
    """A connection to the live file, inside its write lock; made by `open_live`.

    Any thread may use it: each statement, and each transaction as a whole, waits for those of
    other threads.
    """

    def __init__(self, data: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.data = data
        self.connection = connection
        self._turn = RLock()
        self._closed = False

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
            if params:
                return self.connection.execute(sql, dict(params)).fetchall()
            return self.connection.execute(sql).fetchall()

    @interruptible()
    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The rows of one SELECT, in no order whatever it says: insertion order is not kept."""
        with self.held():
            return pl.DataFrame(self.connection.execute(sql, dict(params or {})).to_arrow_table())

    @interruptible()
    def load(self, table: str, frame: pl.DataFrame) -> None:
        """Makes (or replaces) a temporary table of a frame."""
        with self.held():
            self.connection.register("loading", frame.to_arrow())
            self.run(f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT * FROM loading')
            self.connection.unregister("loading")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, whatever happens inside; other threads wait."""
        with self.held():
            self.run("BEGIN")
            try:
                yield
            except BaseException:
                with suppress(duckdb.Error):  # a full disk may have ended it already, or everything
                    self.connection.execute("ROLLBACK")
                raise
            self.run("COMMIT")

    def close(self) -> None:
        """Ends whatever another thread is doing with the connection, and closes it."""
        self._closed = True
        while not self._turn.acquire(timeout=_PATIENCE_S):
            self.connection.interrupt()
        try:
            self.connection.close()
        finally:
            self._turn.release()
