"""Tells the record in a data folder from the copy of a record on a server.

A copy has the table `copy_of`: which of the server's changes it has taken in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.errors import StoreError
from velocity.record import configs

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.database.connection import Connection


def check_copy(connection: Connection, data: Path, *, expected: bool) -> None:
    """Check whether a file is a copy, or make an empty file one.

    Raises:
        StoreError: it is a copy, but should not be, or the other way round.
    """
    found = is_copy(connection)
    if found and not expected:
        raise StoreError(
            f"The record of {data} is on a server: what is here is a copy.",
            "Name the server in store.record, or get the record back with "
            "`velocity record move --to file`.",
        )
    if expected and not found:
        if connection.run("SELECT 1 FROM raw_run UNION ALL SELECT 1 FROM project LIMIT 1"):
            raise StoreError(
                f"{data} has a record of its own, but store.record names a server.",
                "Move it there with `velocity record move --to server`, or move record.duckdb "
                "away.",
            )
        if configs.has_clear(connection):
            configs.drop_clear(connection)
        become_copy(connection, None)


def is_copy(connection: Connection) -> bool:
    """Whether a file is a copy."""
    sql = "FROM duckdb_tables() WHERE table_name = 'copy_of' AND NOT temporary"
    return bool(connection.run(sql))


def become_copy(connection: Connection, token: str | None) -> None:
    """Make a file the copy of a server that has `token`; None: with nothing taken in yet."""
    connection.run("CREATE TABLE copy_of AS SELECT $token::VARCHAR AS token", {"token": token})


def become_record(connection: Connection) -> None:
    """Make a copy the record, whose new runs get new numbers."""
    with connection.transaction():
        last = connection.run("SELECT coalesce(max(run_key), 0) FROM raw_run")[0][0]
        connection.run(f"CREATE OR REPLACE SEQUENCE run_key_sequence START WITH {last + 1}")
        connection.run("DROP TABLE copy_of")
