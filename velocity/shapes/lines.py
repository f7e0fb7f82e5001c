"""Lines of work (a scholar and a project) as tables say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats

if TYPE_CHECKING:
    from collections.abc import Mapping

#: For how long nothing has waited.
NOTHING = "\u2013"


def with_line(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a line with `line` ("heron / probe-sweep") and `for` (the wait in words)."""
    return rows.with_columns(
        line=pl.Series(
            [line_label(row) for row in rows.select("scholar", "project").iter_rows(named=True)],
            dtype=pl.String,
        )
    ).with_columns(
        pl.Series(
            "for",
            [NOTHING if it is None else formats.duration(it) for it in rows["waited_hours"]],
            dtype=pl.String,
        )
    )


def line_label(row: Mapping[str, Any]) -> str:
    """A line as a table's cell says it."""
    return f"{formats.label(row['scholar'])} / {formats.label(row['project'])}"
