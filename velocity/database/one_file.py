"""A store of an earlier version, which had everything in one file, is split without pulling again.

Each part is written beside it and put in place when it is whole: a process that is killed leaves
the part undone or done. The one file goes when all parts are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.database.connection import (
    Connection,
    make_durable,
    partial_of,
    put_in_place,
    quoted,
    write_ahead_log,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: The one file.
OLD_FILE = "live.duckdb"


def split_off(path: Path, name: str, schema: str, fill: Callable[[Connection], None]) -> None:
    """Makes a part of the one file beside it, unless there is none or the part is there.

    Args:
        path: of the part.
        name: of its database in SQL.
        schema: folder of queries/ that makes its tables.
        fill: brings the rows in, out of the database `old`; in a transaction.

    Raises:
        duckdb.Error: the one file cannot be read, or the part not be written.
    """
    old = path.with_name(OLD_FILE)
    if path.exists() or not old.exists():
        return
    partial = partial_of(path)
    connection = Connection(partial, name)
    try:
        connection.migrate(schema)
        # Not read-only: what a killed process left in its write-ahead log comes in.
        connection.run(f"ATTACH {quoted(old)} AS old")
        with connection.transaction():
            fill(connection)
        connection.run(f"DETACH old; CHECKPOINT {name}")
    finally:
        connection.close()
    put_in_place(partial, path)


def remove_old_file(data: Path) -> None:
    """Deletes the one file, all parts of which are in place."""
    old = data / OLD_FILE
    if old.exists():
        write_ahead_log(old).unlink(missing_ok=True)
        old.unlink()
        make_durable(data)
