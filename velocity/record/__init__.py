"""Where raw runs live, and how they were brought in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.database.one_file import OLD_FILE
from velocity.record.base import MergeCounts, PullState, Record, SyncRow
from velocity.record.duckdb_record import FILE, DuckDBRecord

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.database.connection import Connection

__all__ = ["MergeCounts", "PullState", "Record", "SyncRow", "has_record", "open_record"]


def has_record(data: Path) -> bool:
    """Whether a data folder has runs, or had some before."""
    return (data / FILE).exists() or (data / OLD_FILE).exists()


def open_record(data: Path, *, beside: Connection) -> Record:
    """The record of a data folder; made and migrated as needed. The caller holds the write lock.

    Args:
        data: the data folder.
        beside: what will read the rows (see `Record.attached_to`).

    Raises:
        StoreError: a newer version made it.
        duckdb.Error: it cannot be opened or written to.
    """
    return DuckDBRecord(data, beside=beside)
