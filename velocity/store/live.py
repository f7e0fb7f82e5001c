"""The live store: one DuckDB file that a single writer owns; nobody reads figures from it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from velocity.database.connection import LiveStore
from velocity.database.lock import writer_lock
from velocity.database.room import WRITE_ERRORS, cannot_write, lacks_room
from velocity.errors import StoreError
from velocity.queries import list_queries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Rows that one thread reads or writes at a time. DuckDB's own 122,880 leave a store of 100,000
#: runs to one thread, and what is smaller than that to the commit.
_ROW_GROUP_SIZE = 30_720

#: Where names are looked up: what was brought, then what was derived from it.
SEARCH_PATH = "live.main,live.derived"


@contextmanager
def open_live(data: Path) -> Iterator[LiveStore]:
    """The live store of a data folder, made and migrated as needed; closed at the end.

    Raises:
        StoreError: another process writes it, or the file cannot be opened or written to (a full
            disk, say). What was committed is there when it is opened again.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The data folder {data} cannot be made: {error.strerror}.",
            "Choose another with --data, or correct its permissions.",
        ) from error
    with writer_lock(data):
        path = data / "live.duckdb"
        try:
            connection = _open(path)
        except duckdb.Error as error:
            if lacks_room(error):
                raise cannot_write(data, error) from error
            raise StoreError(
                f"{path} cannot be opened: {str(error).splitlines()[0]}",
                "If it is damaged, move it away and sync again; published snapshots stay readable.",
            ) from error
        store = LiveStore(data, connection)
        try:
            store.run("SET TimeZone = 'UTC'")
            # What needs an order says so; without one, every step is written by all threads.
            store.run("SET preserve_insertion_order = false")
            _migrate(store)
            define_macros(store)
            yield store
        except WRITE_ERRORS as error:
            raise cannot_write(data, error) from error
        finally:
            store.close()


def _open(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection to the file `path` as the database `live`, made if it is not there."""
    connection = duckdb.connect()
    quoted = str(path).replace("'", "''")
    connection.execute(f"ATTACH '{quoted}' AS live (ROW_GROUP_SIZE {_ROW_GROUP_SIZE})")
    connection.execute("CREATE SCHEMA IF NOT EXISTS live.derived")
    connection.execute(f"SET search_path = '{SEARCH_PATH}'")
    return connection


def define_macros(store: LiveStore) -> None:
    """Defines the words of queries/macros/ in the database in use."""
    for query in list_queries("macros"):
        store.run(query.body)


def _migrate(store: LiveStore) -> None:
    """Runs the files of queries/schema/ that this store has not had, in order, each once."""
    store.run("CREATE TABLE IF NOT EXISTS migration (name VARCHAR NOT NULL)")
    had = {name for (name,) in store.run("SELECT name FROM migration")}
    known = list(list_queries("schema"))
    if newer := had - {query.name for query in known}:
        raise StoreError(
            f"The store was made by a newer version (it has {', '.join(sorted(newer))}).",
            "Install that version of velocity, or choose another folder with --data.",
        )
    for query in known:
        if query.name not in had:
            with store.transaction():
                store.run(query.body)
                store.run("INSERT INTO migration VALUES ($name)", {"name": query.name})
