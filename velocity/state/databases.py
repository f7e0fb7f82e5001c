"""Opens the database of the state: a SQLite file in the data folder, or Postgres."""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from velocity.errors import VelocityError, import_extra
from velocity.paths import make_private

#: The data folder, or the address of a Postgres database.
Where = Path | str

_FILE = "state.sqlite"
_WAIT_S = 5.0
_ASKER = "The setting store.state"
_MOST_CONNECTIONS = 4
_TABLES = """
CREATE TABLE IF NOT EXISTS look (
  looked_at BIGINT NOT NULL, scholar TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL,
  page TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS look_of ON look (scholar, looked_at);
CREATE TABLE IF NOT EXISTS signed_out (email TEXT PRIMARY KEY, issued_at BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS mcp_token (
  email TEXT PRIMARY KEY, hash TEXT NOT NULL, made_at BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS read_mark (
  scholar TEXT NOT NULL, experiment TEXT NOT NULL, result_at BIGINT NOT NULL,
  read_at BIGINT NOT NULL, PRIMARY KEY (experiment, result_at)
);
CREATE TABLE IF NOT EXISTS message (
  person TEXT NOT NULL, rule TEXT NOT NULL, subject TEXT NOT NULL, day TEXT NOT NULL,
  sent_at BIGINT NOT NULL, settled BIGINT NOT NULL, PRIMARY KEY (person, rule, subject)
);
CREATE TABLE IF NOT EXISTS posted (
  week TEXT NOT NULL, stream TEXT NOT NULL, PRIMARY KEY (week, stream)
);
"""
#: Of locks in Postgres, which has one list of them for the whole database.
_MAKES_TABLES, _SENDS = 7_246_001, 7_246_002
#: The tables are in a schema of their own, beside whatever else the database holds.
_SEARCH_PATH = "-c search_path=velocity_state"
_one_at_a_time = Lock()  # a second pool would have threads that nobody needs
#: Runs one statement with a `?` for each value, and returns the cursor.
Execute = Callable[..., Any]


@contextmanager
def opened(where: Where) -> Iterator[Execute]:
    """Open the state for one transaction; tables are made if needed, and other writers wait.

    Raises:
        VelocityError: Postgres does not answer, or the file cannot be read or written.
    """
    if isinstance(where, str):
        with _postgres(where) as connection, connection.transaction():
            yield lambda sql, values=(): connection.execute(sql.replace("?", "%s"), values)
    else:
        with _sqlite(where) as connection, connection:
            yield connection.execute


def changed(where: Where, sql: str, *values: Any) -> int:
    """Run one statement in a transaction of its own; returns the number of rows that it changed."""
    with opened(where) as execute:
        return int(execute(sql, values).rowcount)


def found(where: Where, sql: str, *values: Any) -> list[Any]:
    """The rows of one query."""
    with opened(where) as execute:
        return list(execute(sql, values))


@contextmanager
def sending(where: Where) -> Iterator[None]:
    """Makes other processes that send something wait, so that they see what this one records."""
    if isinstance(where, str):
        with _postgres(where) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (_SENDS,))
            try:
                yield
            finally:
                connection.execute("SELECT pg_advisory_unlock(%s)", (_SENDS,))
    else:
        make_private(where)
        with (where / "post.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def rewrite(where: Where) -> None:
    """Write the tables again, so that no deleted row stays on the disk."""
    if isinstance(where, str):
        with _postgres(where) as connection:
            for (table,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'velocity_state'"
            ).fetchall():
                connection.execute(f"VACUUM FULL {table}")
    else:
        with _sqlite(where) as connection:
            connection.execute("VACUUM")


@contextmanager
def _sqlite(data: Path) -> Iterator[sqlite3.Connection]:
    make_private(data)
    try:
        with closing(sqlite3.connect(data / _FILE, timeout=_WAIT_S)) as connection:
            connection.executescript(_TABLES)
            yield connection
    except sqlite3.Error as error:
        raise VelocityError(
            f"The state in {data / _FILE} cannot be used: {error}.",
            "Check its permissions and the free disk space. If it is damaged, restore a backup.",
        ) from error


@contextmanager
def _postgres(address: str) -> Iterator[Any]:
    """A connection of this process's pool; each statement outside a transaction is one."""
    psycopg = import_extra("scale", "psycopg", asker=_ASKER)
    try:
        with _one_at_a_time:
            pool = _pool(address)
        with pool.connection() as connection:
            yield connection
    except psycopg.Error as error:
        lost = isinstance(error, psycopg.OperationalError)
        reason = "Postgres does not answer" if lost else type(error).__name__
        raise VelocityError(
            f"The state in {address} cannot be used: {reason}.",
            "Check the network, the rights of the user, and PGPASSWORD or PGPASSFILE.",
        ) from error


@cache
def _pool(address: str) -> Any:
    pool = import_extra("scale", "psycopg_pool", asker=_ASKER).ConnectionPool
    return pool(
        address,
        min_size=0,
        max_size=_MOST_CONNECTIONS,
        timeout=_WAIT_S,
        kwargs={"autocommit": True, "options": _SEARCH_PATH},
        configure=_make_tables,
        check=pool.check_connection,
        open=True,
    )


def _make_tables(connection: Any) -> None:
    with connection.transaction():
        # Two processes that make the same table at once would both fail.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKES_TABLES,))
        connection.execute("CREATE SCHEMA IF NOT EXISTS velocity_state")
        connection.execute(_TABLES)
