"""Splits the single store file of an earlier version without pulling the runs again.

Each part is written to a new file, which is renamed when it is complete. The single file is deleted
when all parts exist.
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

#: The single file.
OLD_FILE = "live.duckdb"


def split_off(path: Path, name: str, schema: str, fill: Callable[[Connection], None]) -> None:
    """Write one part, unless it exists or there is nothing to split.

    Args:
        path: of the part.
        name: of its database in SQL.
        schema: folder of queries/ whose first file creates its tables.
        fill: copies the rows from the database `old`, in a transaction.

    Raises:
        duckdb.Error: the single file cannot be read, or the part cannot be written.
    """
    old = path.with_name(OLD_FILE)
    if path.exists() or not old.exists():
        return
    partial = partial_of(path)
    connection = Connection(partial, name)
    try:
        # The first schema of the parts; later migrations run when they are opened.
        connection.migrate(schema, first=True)
        # Not read-only, so that DuckDB replays the write-ahead log of a killed process.
        connection.run(f"ATTACH {quoted(old)} AS old")
        with connection.transaction():
            fill(connection)
        connection.run(f"DETACH old; CHECKPOINT {name}")
    finally:
        connection.close()
    put_in_place(partial, path)


def remove_old_file(data: Path) -> None:
    """Delete the single file after all parts were written."""
    old = data / OLD_FILE
    if old.exists():
        write_ahead_log(old).unlink(missing_ok=True)
        old.unlink()
        make_durable(data)
