"""Stores raw runs, and how they were brought in."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from velocity.database.connection import Connection
from velocity.database.whole_files import OLD_FILE, copy_database
from velocity.errors import import_extra, no_data
from velocity.record.base import OLDEST_POSTGRES, Intake, MergeCounts, PullState
from velocity.record.duckdb_record import (
    FILE as RECORD_FILE,
    DuckDBRecord,
    Record,
    become_record,
    is_copy,
)

__all__ = [
    "OLDEST_POSTGRES",
    "RECORD_FILE",
    "Intake",
    "MergeCounts",
    "PullState",
    "Record",
    "copy_record",
    "has_record",
    "move_record",
    "open_intake",
    "open_record",
]


def has_record(data: Path) -> bool:
    """Whether a data folder has runs, or had some earlier."""
    return (data / RECORD_FILE).exists() or (data / OLD_FILE).exists()


def open_record(data: Path, address: str | None, *, beside: Connection) -> Record:
    """The record of a data folder, created and migrated as needed. The caller holds the write lock.

    Without the `address` of a server, it is in the folder. `beside` is the connection that will
    read the rows (see `Record.attached_to`).

    Raises:
        StoreError: it was made by a newer version, or cannot be used.
        duckdb.Error: it cannot be opened or written to.
    """
    if address is None:
        return DuckDBRecord(data, beside=beside)
    record: Record = _postgres("record").PostgresRecord(data, address, beside=beside)
    return record


def copy_record(data: Path, folder: Path) -> None:
    """Copy the record of a data folder to another one, also while another process writes it.

    Of a record on a server, it is what the figures were last made of.

    Raises:
        StoreError: there is no record, it is damaged, or it changed during every attempt.
        OSError: a file cannot be read or written.
    """
    if not (data / RECORD_FILE).exists():
        raise no_data(data)
    copy_database(data / RECORD_FILE, folder / RECORD_FILE, "record")
    with closing(Connection(folder / RECORD_FILE, "record")) as copy:
        if is_copy(copy):
            become_record(copy)


def open_intake(data: Path, address: str) -> Intake:
    """The record on a server for one of many workers.

    Raises:
        StoreError: it was made by a newer version, or cannot be used.
    """
    intake: Intake = _postgres("intake").PostgresIntake(data, address)
    return intake


def move_record(
    data: Path, address: str, to: Literal["server", "file"], *, names: Sequence[str]
) -> None:
    """Move the record from the data folder to a server, or back. The caller holds the write lock.

    The values of the config keys `names` are stored.

    Raises:
        StoreError: it is there already, or another record is, or another process is publishing.
    """
    if to == "server":
        _postgres("record").move_to_server(data, address, names)
    else:
        _postgres("record").move_to_file(data, address)


def _postgres(part: str) -> Any:
    """A module that imports the drivers; ConfigurationError if they are not installed."""
    module = f"velocity.record.postgres_{part}"
    return import_extra("scale", module, asker="The setting store.record")
