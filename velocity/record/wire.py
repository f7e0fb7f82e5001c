"""Rows between DuckDB and a database without lists and structs: those travel as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from velocity.database.connection import Connection

#: Table -> its columns with lists or structs.
_NESTED = {
    "raw_run": ("same_as", "writers", "tags", "config_hashes", "unreadable", "usage"),
    "config_shape": ("paths",),
    "named_key": ("paths",),
    "group_week": ("people",),
}


def to_wire(connection: Connection, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with lists and structs as JSON, and unsigned numbers in decimals."""
    columns = [_written(name, kind) for name, kind in frame.schema.items()]
    if all(column is None for column in columns):
        return frame
    connection.load("wired", frame)
    replaced = ", ".join(column for column in columns if column is not None)
    wired = connection.frame(f"SELECT * REPLACE ({replaced}) FROM wired")
    connection.run("DROP TABLE wired")
    return wired


def _written(name: str, kind: pl.DataType) -> str | None:
    if kind.is_nested():
        return f'to_json("{name}")::VARCHAR AS "{name}"'
    return f'"{name}"::VARCHAR AS "{name}"' if kind == pl.UInt64 else None


def from_wire(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    """Add rows with JSON to a table with lists and structs."""
    nested = [f"{name}::JSON AS {name}" for name in _NESTED.get(table, ())]
    replaced = f"REPLACE ({', '.join(nested)})" if nested else ""
    connection.load("wired", frame)
    connection.run(f"INSERT INTO {table} BY NAME SELECT * {replaced} FROM wired; DROP TABLE wired")
