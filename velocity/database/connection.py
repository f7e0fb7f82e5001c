"""A DuckDB connection with the few words that the writers need."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from velocity.database.interruptible import interruptible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class LiveStore:
    """A connection to the live file, inside its write lock; made by `open_live`."""

    def __init__(self, data: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.data = data
        self.connection = connection

    @interruptible()
    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Executes one or more statements; rows of the last one.

        For rows with instants use `frame`: DuckDB needs pytz to make Python's own of them.
        """
        if params:
            return self.connection.execute(sql, dict(params)).fetchall()
        return self.connection.execute(sql).fetchall()

    @interruptible()
    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The rows of one SELECT, in no order whatever it says: insertion order is not kept."""
        return pl.DataFrame(self.connection.execute(sql, dict(params or {})).to_arrow_table())

    @interruptible()
    def load(self, table: str, frame: pl.DataFrame) -> None:
        """Makes (or replaces) a temporary table of a frame."""
        self.connection.register("loading", frame.to_arrow())
        self.run(f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT * FROM loading')
        self.connection.unregister("loading")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, whatever happens inside."""
        self.run("BEGIN")
        try:
            yield
        except BaseException:
            with suppress(duckdb.Error):  # a full disk may have ended it already, or everything
                self.run("ROLLBACK")
            raise
        self.run("COMMIT")
