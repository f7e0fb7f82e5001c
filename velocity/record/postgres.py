"""A session with PostgreSQL: transactions, temporary tables, leases, and rows from DuckDB.

Lists and structs travel as JSON.

Only the modules `velocity.record.postgres*` import this one, and it alone imports the drivers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from threading import RLock
from typing import Any

import polars as pl
import psycopg
from adbc_driver_postgresql import dbapi

from velocity.database.connection import ClosedError, Connection
from velocity.errors import StoreBusyError, StoreError
from velocity.record.base import OLDEST_POSTGRES

Read = Callable[[str], Iterator[pl.DataFrame]]

_PATIENCE_S = 0.02
#: A worker that lost its network lets go of its leases after about a minute, on both sides.
_KEEP_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
#: The tables are in a schema of their own, beside whatever else the database holds.
SCHEMA = "velocity_record"
_SET_UP = f"""
SET search_path = {SCHEMA};
SET TimeZone = 'UTC';
SET client_min_messages = 'warning';
SET tcp_keepalives_idle = 30;
SET tcp_keepalives_interval = 10;
SET tcp_keepalives_count = 3
"""
_TYPES = {
    pl.Boolean: "BOOLEAN",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.Float64: "DOUBLE PRECISION",
    pl.Date: "DATE",
    pl.Datetime: "TIMESTAMPTZ",
}
#: Table -> its columns with lists or structs.
_NESTED = {
    "raw_run": ("same_as", "writers", "tags", "config_hashes", "unreadable", "usage"),
    "config_shape": ("paths",),
    "named_key": ("paths",),
    "group_week": ("people",),
}
_PARAMETER = re.compile(r"\$([a-z_]+)")


class Server:
    """One session, which any thread may use: statements and transactions wait for each other."""

    def __init__(self, address: str, scratch: Connection) -> None:
        """Connect; `scratch` makes JSON of lists and structs.

        Raises:
            StoreError: there is no server, it refuses, or it is too old.
        """
        self._address = address
        self._scratch = scratch
        self._turn = RLock()
        self._closed = False
        self._leases: set[str] = set()
        with _told():
            self._connection = psycopg.connect(
                address,
                autocommit=True,
                connect_timeout=10,
                application_name="velocity",
                client_encoding="utf8",
                **_KEEP_ALIVE,
            )
        try:
            self.run(_SET_UP)
            self._check()
        except BaseException:
            self._connection.close()
            raise

    def _check(self) -> None:
        version = self._connection.info.server_version // 10_000
        if version < OLDEST_POSTGRES:
            raise StoreError(
                f"The record's server is PostgreSQL {version}.",
                f"Use {OLDEST_POSTGRES} or newer.",
            )

    @contextmanager
    def _held(self) -> Iterator[None]:
        with self._turn:
            if self._closed:
                raise ClosedError
            with _told():
                yield

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of a statement with `$name` parameters; of the last one, without parameters.

        Raises:
            StoreError: the connection is lost, or the server cannot do it (a full disk, say).
        """
        with self._held():
            cursor = self._execute(sql, params)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description is not None else []

    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The rows of a SELECT with `$name` parameters."""
        with self._held():
            cursor = self._execute(sql, params)
            names = [column.name for column in cursor.description or ()]
            return pl.DataFrame(
                cursor.fetchall(), schema=names, orient="row", infer_schema_length=None
            )

    def _execute(self, sql: str, params: Mapping[str, Any] | None) -> psycopg.Cursor[Any]:
        if params is None:
            return self._connection.execute(sql)
        clean = {name: _without_nul(value) for name, value in params.items()}
        return self._connection.execute(_with_percent(sql), clean)

    @contextmanager
    def transaction(self, *, repeatable: bool = False) -> Iterator[None]:
        """A transaction, or a part of the current one.

        With `repeatable`, all of its statements see the same rows.
        """
        with self._held(), self._connection.transaction():
            if repeatable:
                self.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield

    @contextmanager
    def loaded(self, **frames: pl.DataFrame) -> Iterator[None]:
        """Provide frames as temporary tables, in one transaction."""
        with self.transaction():
            for table, frame in frames.items():
                self.load(table, to_wire(self._scratch, frame))
            yield
            self.run(f"DROP TABLE {', '.join(frames)}")

    def load(self, table: str, frame: pl.DataFrame, *, like: str | None = None) -> None:
        """Create a temporary table of plain columns, for the rest of the transaction.

        Its columns are those of the frame, or without their constraints those of a table of runs
        that it is `like`.
        """
        if like is None:
            kinds = ((name, kind.base_type()) for name, kind in frame.schema.items())
            columns = ", ".join(f'"{name}" {_TYPES.get(kind, "TEXT")}' for name, kind in kinds)
        else:
            columns = f"LIKE {like} INCLUDING DEFAULTS"
        self.run(f"CREATE TEMP TABLE {table} ({columns}) ON COMMIT DROP")
        if like is not None:
            self.run(f"ALTER TABLE {table} ALTER run_key DROP NOT NULL")
        self.add(table, frame)

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Add rows of plain columns to a table; a NUL in a text is left out."""
        names = ", ".join(f'"{name}"' for name in frame.columns)
        rows = frame.write_csv(include_header=False, quote_style="non_numeric")
        into = f"COPY {table} ({names}) FROM STDIN (FORMAT csv)"
        with self._held(), self._connection.cursor() as cursor, cursor.copy(into) as copy:
            copy.write(rows.replace("\0", ""))

    @contextmanager
    def lease(self, name: str) -> Iterator[bool]:
        """Hold a name for this session, unless another one holds it; whether it does."""
        held = bool(self.run(f"SELECT pg_try_advisory_lock({_KEY})", {"name": name})[0][0])
        if held:
            self._leases.add(name)
        try:
            yield held
        finally:
            if held:
                self._leases.discard(name)
                with suppress(StoreError, ClosedError):  # a session that ended let go of it
                    self.run(f"SELECT pg_advisory_unlock({_KEY})", {"name": name})

    def hold(self, name: str) -> None:
        """Hold a name until the transaction ends; wait for another session's lease of it.

        Raises:
            StoreError: the lease of this session is gone.
        """
        if name not in self._leases:
            self.run(f"SELECT pg_advisory_xact_lock({_KEY})", {"name": name})
        elif not self.run(f"SELECT pg_try_advisory_xact_lock({_KEY})", {"name": name})[0][0]:
            raise StoreError(
                f"The lease of {name} is held by another session of PostgreSQL.",
                "Connect to the server itself, or through a pooler in session mode.",
            )

    def lease_always(self, name: str, *, busy: str) -> None:
        """Hold a name as long as this session lives; StoreBusyError `busy` if another one does."""
        if not self.run(f"SELECT pg_try_advisory_lock({_KEY})", {"name": name})[0][0]:
            raise StoreBusyError(busy, "Wait until it has finished, or stop it, and try again.")

    @contextmanager
    def reading(self) -> Iterator[Read]:
        """Read rows as Arrow in a second session, as the current transaction began."""
        snapshot = self.run("SELECT pg_export_snapshot()")[0][0]
        with _told(), dbapi.connect(self._address) as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            cursor.execute(f"SET search_path = {SCHEMA}")

            def read(sql: str) -> Iterator[pl.DataFrame]:
                cursor.execute(sql)
                yield from map(pl.DataFrame, cursor.fetch_record_batch())

            yield read

    def close(self) -> None:
        """Stop the statements of other threads, and end the session with its leases."""
        self._closed = True
        while not self._turn.acquire(timeout=_PATIENCE_S):
            self._connection.cancel()
        try:
            self._connection.close()
        finally:
            self._turn.release()


_KEY = "hashtextextended('velocity_record ' || $name::TEXT, 0)"


@cache
def _with_percent(sql: str) -> str:
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))


def _without_nul(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value


@contextmanager
def _told() -> Iterator[None]:
    """Turn what an operator can mend into a `StoreError`."""
    try:
        yield
    except (
        psycopg.OperationalError,
        psycopg.InterfaceError,
        psycopg.errors.InsufficientPrivilege,
        dbapi.Error,
    ) as error:
        cause = (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")
        raise StoreError(
            f"The record's server could not do its part: {cause}.",
            "Check that it runs, its disk and its network, and run the same command again. "
            "What was merged is kept.",
        ) from error


def to_wire(connection: Connection, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with lists and structs as JSON, and unsigned numbers in decimals."""
    kinds = frame.schema.items()
    columns = [f'to_json("{name}")::VARCHAR AS "{name}"' for name, it in kinds if it.is_nested()]
    columns += [f'"{name}"::VARCHAR AS "{name}"' for name, it in kinds if it == pl.UInt64]
    if not columns:
        return frame
    with connection.loaded(wired=frame):
        return connection.frame(f"SELECT * REPLACE ({', '.join(columns)}) FROM wired")


def from_wire(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    """Add rows with JSON to a table with lists and structs."""
    nested = [f"{name}::JSON AS {name}" for name in _NESTED.get(table, ())]
    replaced = f"REPLACE ({', '.join(nested)})" if nested else ""
    with connection.loaded(wired=frame):
        connection.run(f"INSERT INTO {table} BY NAME SELECT * {replaced} FROM wired")
