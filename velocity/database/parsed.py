"""Parses SQL that a process executes repeatedly only once.

Parsing takes a tenth to a quarter of the time of a statement that reads little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

#: Cached texts: several times as many as in queries/, because some contain a path or a table.
_MOST = 1000

_parsed: dict[str, list[duckdb.Statement]] = {}


def execute(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """Executes one or more statements, the last one with parameters; fetch the rows afterwards.

    Raises:
        duckdb.Error: the text cannot be parsed, or a statement fails.
    """
    statements = _parsed.get(sql)
    if statements is None:
        if len(_parsed) >= _MOST:
            _parsed.clear()
        statements = _parsed[sql] = connection.extract_statements(sql)
    for statement in statements[:-1]:
        connection.execute(statement)
    return connection.execute(statements[-1], dict(params or {}))
