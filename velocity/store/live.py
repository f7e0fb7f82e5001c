"""What is derived from the record, in a file with a single writer; nobody reads figures from it.

All of it can be made again from the record: scholars would get other numbers, and the weeks that
change in that derivation would not be told as restated.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import duckdb

from velocity.database.connection import Connection
from velocity.database.lock import writer_lock
from velocity.database.one_file import remove_old_file, split_off
from velocity.database.room import WRITE_ERRORS, cannot_write, lacks_room
from velocity.errors import StoreError
from velocity.paths import make_private
from velocity.queries import load_query, macros
from velocity.record import open_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from velocity.record import Record
    from velocity.record.exclusions import Names

_FILE = "derived.duckdb"
_SCHEMA = "store/schema"
#: Where names are looked up.
_SEARCH_PATH = "live.main,live.derived"


class LiveStore(Connection):
    """The derived tables and, beside them, the record; made by `open_live`.

    Attributes:
        data: the data folder.
        record: where runs are merged.
    """

    def __init__(self, data: Path, record: Record) -> None:
        split_off(data / _FILE, "live", _SCHEMA, _keep_derived)
        super().__init__(data / _FILE, "live")
        self.data = data
        self.record = record

    @contextmanager
    def reading_record(self) -> Iterator[None]:
        """Has raw rows readable beside the derived tables; no run can be merged meanwhile."""
        with self.record.attached_to(self):
            self.run(f"SET search_path = '{_SEARCH_PATH},record.main'")
            try:
                yield
            finally:
                with suppress(duckdb.Error):  # only what has failed altogether fails here too
                    self.look_up_own()

    def look_up_own(self) -> None:
        """Has names looked up in the derived tables alone."""
        self.run(f"SET search_path = '{_SEARCH_PATH}'")

    def prepare(self) -> None:
        """Makes what is missing of tables and macros."""
        self.migrate(_SCHEMA)
        self.look_up_own()
        define_macros(self)

    def erase(self, names: Names) -> None:
        """Deletes what the next derivation, which makes everything else again, would keep."""
        with self.transaction():
            self.load("person", names.table())
            self.run(load_query("store/erase").body)
            self.run("DROP TABLE person")


def _keep_derived(connection: Connection) -> None:
    """Takes over what was derived in the one file of an earlier version."""
    weekly = "FROM duckdb_tables() WHERE database_name = 'old' AND table_name = 'weekly'"
    if connection.run(weekly):
        connection.run(load_query("store/split").body)


@contextmanager
def open_live(data: Path) -> Iterator[LiveStore]:
    """The store of a data folder, made and migrated as needed; closed at the end.

    Raises:
        StoreError: another process writes it, or a file cannot be opened or written to (a full
            disk, say). What was committed is there when it is opened again.
    """
    try:
        make_private(data)
    except OSError as error:
        raise StoreError(
            f"The data folder {data} cannot be made: {error.strerror}.",
            "Choose another with --data, or correct its permissions.",
        ) from error
    with writer_lock(data), _opened(data) as store:
        try:
            store.prepare()
            remove_old_file(data)
            yield store
        except WRITE_ERRORS as error:
            raise cannot_write(data, error) from error


@contextmanager
def _opened(data: Path) -> Iterator[LiveStore]:
    try:
        record = open_record(data)
        try:
            store = LiveStore(data, record)
        except BaseException:
            record.close()
            raise
    except (duckdb.Error, OSError) as error:
        if lacks_room(error):
            raise cannot_write(data, error) from error
        raise StoreError(
            f"The store in {data} cannot be opened: {str(error).splitlines()[0]}",
            "If it is damaged, move it away and sync again; published snapshots stay readable.",
        ) from error
    try:
        yield store
    finally:
        record.close()
        store.close()


def define_macros(store: LiveStore) -> None:
    """Defines the words that queries use in the database in use."""
    for statement in macros():
        store.run(statement)
