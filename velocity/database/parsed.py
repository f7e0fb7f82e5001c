"""SQL that a process executes again and again is parsed once.

Of a statement with little to read, parsing is a tenth to a quarter of its time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

#: Texts that are kept: a few times those of queries/, as some name a path or a table.
_MOST = 1000

_parsed: dict[str, list[duckdb.Statement]] = {}


def execute(
    connection: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """Executes one or more statements, the last one with parameters; the rows are to be fetched.

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
