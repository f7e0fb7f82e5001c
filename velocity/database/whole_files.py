"""Whole DuckDB files: copied while another process may write them, and split.

The single store file of an earlier version is split without pulling the runs again. Each part is
written to a new file, which is renamed when it is complete. The single file is deleted when all
parts exist.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import duckdb

from velocity.database.connection import (
    Connection,
    make_durable,
    partial_of,
    put_in_place,
    quoted,
    write_ahead_log,
)
from velocity.database.failures import cause
from velocity.errors import StoreBusyError, StoreError

#: The single file.
OLD_FILE = "live.duckdb"
_ATTEMPTS = 20
#: The file's own header, and two headers of checkpoints, which are written in turn.
_HEADERS = 3 * 4096


def copy_database(path: Path, target: Path, name: str) -> None:
    """Copy the database `name` as of its last commit into a new file, which was read completely.

    A checkpoint writes only to blocks that the one before does not use, and then a header. So a
    copy is whole if no header changed meanwhile. The log comes first: a commit in it may have
    written its rows to the file.

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
        with closing(Connection(target, name)) as copy:
            copy.rewrite()
    except duckdb.Error as error:
        raise StoreError(
            f"{path} cannot be read: {cause(error)}.",
            "If it is damaged, restore a backup or move it away and sync again.",
        ) from error


def _state_of(path: Path) -> tuple[int, bytes]:
    """What changes with each checkpoint, and when another file replaces this one."""
    with path.open("rb") as file:
        return os.fstat(file.fileno()).st_ino, file.read(_HEADERS)


def split_off(path: Path, name: str, schema: str, fill: Callable[[Connection], None]) -> None:
    """Write one part, unless it exists or there is nothing to split.

    The first file of the folder `schema` of queries/ creates its tables. `fill` copies the rows
    from the database `old`, in a transaction.

    Raises:
        duckdb.Error: the single file cannot be read, or the part cannot be written.
    """
    old = path.with_name(OLD_FILE)
    if path.exists() or not old.exists():
        return
    partial = partial_of(path)
    with closing(Connection(partial, name)) as connection:
        # The first schema of the parts; later migrations run when they are opened.
        connection.migrate(schema, first=True)
        # Not read-only, so that DuckDB replays the write-ahead log of a killed process.
        connection.run(f"ATTACH {quoted(old)} AS old")
        with connection.transaction():
            fill(connection)
        connection.run(f"DETACH old; CHECKPOINT {name}")
    put_in_place(partial, path)


def remove_old_file(data: Path) -> None:
    """Delete the single file after all parts were written."""
    old = data / OLD_FILE
    if old.exists():
        write_ahead_log(old).unlink(missing_ok=True)
        old.unlink()
        make_durable(data)
