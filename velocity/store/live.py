"""The derived tables, in a file with a single writer; figures are read from snapshots instead.

Everything can be derived again from the record, but scholars would get new numbers, and changes in
past weeks would not be recorded as restated.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Literal

import duckdb

from velocity.database.connection import ROWS_PER_THREAD, Connection
from velocity.database.failures import WRITE_ERRORS, cannot_write, is_full_disk
from velocity.database.lock import writer_lock
from velocity.database.whole_files import copy_database, remove_old_file, split_off
from velocity.errors import ConfigurationError, StoreError
from velocity.paths import make_private
from velocity.queries import load_query, macros, queries_fingerprint
from velocity.record import Intake, Record, has_record, move_record, open_intake, open_record
from velocity.record.exclusions import Names
from velocity.settings import Settings
from velocity.store.restored import finish_restore

_FILE = "derived.duckdb"
_SCHEMA = "store/schema"
_SEARCH_PATH = "live.main,live.derived"


class LiveStore(Connection):
    """The derived tables and the record of raw rows; `open_live` opens one."""

    def __init__(self, data: Path, address: str | None = None) -> None:
        """Open a data folder; `address`: of the server with its record, None if that is a file."""
        split_off(data / _FILE, "live", _SCHEMA, _keep_derived)
        super().__init__(data / _FILE, "live")
        self.data = data
        try:
            self.record: Record = open_record(data, address, beside=self)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def reading_record(self) -> Iterator[None]:
        """Attach the record, read-only; no run can be merged meanwhile.

        With few runs, one thread has all the work: a second one only takes processor time.
        """
        with self.record.attached_to(self):
            self.run(f"SET search_path = '{_SEARCH_PATH},record.main'")
            ((runs,),) = self.run("SELECT count(*) FROM record.raw_run")
            self.run("SET threads = 1" if runs <= ROWS_PER_THREAD else "RESET threads")
            try:
                yield
            finally:
                with suppress(duckdb.Error):  # fails only if the connection is already broken
                    self.look_up_own()

    def look_up_own(self) -> None:
        """Look names up in the derived tables only."""
        self.run(f"SET search_path = '{_SEARCH_PATH}'")

    def prepare(self) -> None:
        """Create missing tables, and macros unless the file has them as they are in queries/."""
        self.migrate(_SCHEMA)
        self.look_up_own()
        made_with = {"fingerprint": queries_fingerprint()}
        if not self.run("SELECT 1 FROM macros_of WHERE fingerprint = $fingerprint", made_with):
            with self.transaction():
                define_macros(self)
                self.run("DELETE FROM macros_of")
                self.run("INSERT INTO macros_of VALUES ($fingerprint)", made_with)

    def erase(self, names: Names) -> None:
        """Delete the rows of a person that the next derivation would keep."""
        with self.loaded(person=names.table()):
            self.run(load_query("store/erase").body)


def copy_derived(data: Path, folder: Path) -> None:
    """Copy the derived tables to a folder, also while another process derives.

    Raises:
        StoreError, OSError: as for `copy_database`.
    """
    if (data / _FILE).exists():
        copy_database(data / _FILE, folder / _FILE, "live")


def _keep_derived(connection: Connection) -> None:
    """Copy the derived tables of an earlier version, which had one file."""
    weekly = "FROM duckdb_tables() WHERE database_name = 'old' AND table_name = 'weekly'"
    if connection.run(weekly):
        connection.run(load_query("store/split").body)


@contextmanager
def open_live(data: Path, settings: Settings | None = None) -> Iterator[LiveStore]:
    """Open the store of a data folder, created and migrated as needed; close it at the end.

    Without settings, the names of the config keys whose values are stored stay as they are.

    Raises:
        StoreError: another process is writing it, a file cannot be opened or written (a full disk,
            say), or the salt of the configs is gone. Committed data is kept.
    """
    _make_folder(data)
    with writer_lock(data), ExitStack() as opened:
        try:
            finish_restore(data)
            store = LiveStore(data, None if settings is None else settings.store.record)
            opened.callback(store.close)
            opened.callback(store.record.close)
        except (duckdb.Error, OSError) as error:
            if is_full_disk(error) or "permission denied" in str(error).lower():
                raise cannot_write(data, error) from error
            raise StoreError(
                f"The store in {data} cannot be opened: {str(error).splitlines()[0]}",
                "If it is damaged, move it away and sync again; snapshots stay readable.",
            ) from error
        try:
            store.prepare()
            remove_old_file(data)
            if settings is not None:
                store.record.name_keys(settings.named_keys)
            yield store
        except WRITE_ERRORS as error:
            raise cannot_write(data, error) from error


@contextmanager
def open_pulling(data: Path, settings: Settings) -> Iterator[Intake]:
    """Open the record of a data folder only to merge runs.

    Several processes may have it open at once if it is on a server.

    Raises:
        StoreError: as for `open_live`.
    """
    _make_folder(data)
    if settings.store.record is None:
        with open_live(data, settings) as store:
            yield store.record
        return
    record = open_intake(data, settings.store.record)
    try:
        record.name_keys(settings.named_keys)
        yield record
    finally:
        record.close()


def move(data: Path, settings: Settings, to: Literal["server", "file"]) -> None:
    """Move the record; the derived tables stay as they are.

    Raises:
        ConfigurationError: the settings name no server.
        StoreError: there is no record, or it is there already; or something cannot be written.
    """
    address = settings.store.record
    if address is None:
        raise ConfigurationError(
            "No server is named for the record.",
            'Name one: record = "postgresql://…" under [store] in velocity.toml.',
        )
    if to == "server" and not has_record(data):
        raise StoreError(f"There is no record in {data}.", "Choose its folder with --data.")
    with writer_lock(data):
        try:
            move_record(data, address, to, names=settings.named_keys)
        except WRITE_ERRORS as error:
            raise cannot_write(data, error) from error


def _make_folder(data: Path) -> None:
    try:
        make_private(data)
    except OSError as error:
        raise StoreError(
            f"The data folder {data} cannot be created: {error.strerror}.",
            "Check its permissions, or choose another folder with --data.",
        ) from error


def define_macros(store: Connection) -> None:
    """Define the macros of queries/ in the current database."""
    for statement in macros():
        store.run(statement)
