"""Lines of work (a scholar and a project) and their scholars, as tables say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats

if TYPE_CHECKING:
    from collections.abc import Mapping

#: For how long nothing has waited.
NOTHING = "\u2013"
#: Bars of loops end here: one loop over a holiday would flatten all others.
LONGEST_BAR_HOURS = 48
_LINE = ["scholar", "entity", "project"]
_OLDER = "open, older than usual"


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


def stuck_rows(stuck: pl.DataFrame) -> pl.DataFrame:
    """`reads.stuck` as it is read: line, stream, what, for how long, address."""
    return with_line(stuck).select("line", "stream_name", "what", "for", "url")


def line_rows(states: pl.DataFrame, medians: pl.DataFrame, open_work: pl.DataFrame) -> pl.DataFrame:
    """A row a line as it is read, in the order of `states`.

    Args:
        states: `reads.line_states`.
        medians: `reads.lines` of the same window.
        open_work: `reads.open_work`; tells which open experiment is older than is usual.
    """
    old = open_work.filter("older_than_usual")["experiment_id"].to_list()
    older = (pl.col("state") == "running") & pl.col("experiment_id").is_in(old)
    rows = with_line(states).join(medians, on=_LINE, how="left", maintain_order="left")
    return rows.with_columns(
        pl.Series("median", [_median(row) for row in rows.iter_rows(named=True)], pl.String),
        failed=_per_cent("failure_share"),
        state=pl.when(older).then(pl.lit(_OLDER)).otherwise("state"),
        last_loops_hours=pl.col("last_loops_hours").list.eval(
            pl.element().clip(upper_bound=LONGEST_BAR_HOURS)
        ),
    )


def _median(row: Mapping[str, Any]) -> str:
    """The median loop of a line and its n; how many loops there are while that is too few."""
    loops = row["loops"] or 0
    if (row["loops_closed"] or 0) < formats.MEDIAN_EVENTS:
        return formats.plural(loops, "loop")
    middle = formats.median(row["loop_hours_median"], largest=row["loop_hours_largest"])
    return f"{middle} ({loops})"


def scholar_words(rows: pl.DataFrame) -> pl.DataFrame:
    """`scholar_rows` as its table shows them."""
    return rows.with_columns(
        pl.Series(
            "waits",
            [NOTHING if it is None else formats.duration(it) for it in rows["waiting"]],
            pl.String,
        ),
        failed=_per_cent("failure_share"),
        serial=_per_cent("serial_share"),
        scholar=pl.Series([formats.label(it) for it in rows["scholar"]], dtype=pl.String),
    )


def _per_cent(column: str) -> pl.Expr:
    """A share as whole per cent: a table's cell rounds towards zero."""
    return (pl.col(column) * 100).round()
