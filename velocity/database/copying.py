"""Copies a DuckDB file while another process may be writing it."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import duckdb

from velocity.database.connection import Connection, write_ahead_log
from velocity.database.failures import cause
from velocity.errors import StoreBusyError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

_ATTEMPTS = 20
#: The file's own header, and two headers of checkpoints, which are written in turn.
_HEADERS = 3 * 4096


def copy_database(path: Path, target: Path, name: str) -> None:
    """Copy a file as of its last commit into a new one, which is compact and was read completely.

    A checkpoint writes only to blocks that the one before does not use, and then a header. So a
    copy is whole if no header changed meanwhile. The log comes first: a commit in it may have
    written its rows to the file.

    Args:
        path: the file; its write-ahead log is beside it, if there is one.
        target: where nothing is yet.
        name: of its database in SQL.

    Raises:
        StoreError: it changed during every attempt, or is damaged.
        OSError: a file cannot be read or written.
    """
    for _ in range(_ATTEMPTS):
        before = _state_of(path)
        write_ahead_log(target).unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            shutil.copyfile(write_ahead_log(path), write_ahead_log(target))
        shutil.copyfile(path, target)
        if _state_of(path) == before:
            break
    else:
        raise StoreBusyError(
            f"{path} changed while it was copied, {_ATTEMPTS} times.",
            "Try again when no sync is running.",
        )
    try:
        copy = Connection(target, name)
        try:
            copy.rewrite()
        finally:
            copy.close()
    except duckdb.Error as error:
        raise StoreError(
            f"{path} cannot be read: {cause(error)}.",
            "If it is damaged, restore a backup or move it away and sync again.",
        ) from error


def _state_of(path: Path) -> tuple[int, bytes]:
    """What changes with each checkpoint, and when another file replaces this one."""
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_ino, file.read(_HEADERS)
