"""Stores raw runs, and how they were brought in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.database.one_file import OLD_FILE
from velocity.record.base import Intake, MergeCounts, PullState, Record, SyncRow
from velocity.record.duckdb_record import FILE, DuckDBRecord

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.database.connection import Connection

__all__ = [
    "Intake",
    "MergeCounts",
    "PullState",
    "Record",
    "SyncRow",
    "has_record",
    "open_record",
]


def has_record(data: Path) -> bool:
    """Whether a data folder has runs, or had some earlier."""
    return (data / FILE).exists() or (data / OLD_FILE).exists()


def open_record(data: Path, *, beside: Connection) -> Record:
    """The record of a data folder, created and migrated as needed. The caller holds the write lock.

    Args:
        data: the data folder.
        beside: the connection that will read the rows (see `Record.attached_to`).

    Raises:
        StoreError: it was made by a newer version.
        duckdb.Error: it cannot be opened or written to.
    """
    return DuckDBRecord(data, beside=beside)
