"""Lines of work (a scholar and a project) and their scholars as table cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.sentences.answer import LINE

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The wait of a line on which nothing waits.
NOTHING = "\u2013"
#: Bars of loops end here: a loop over a holiday would flatten all others.
LONGEST_BAR_HOURS = 48
_OLDER = "open, older than usual"


def line_words(stuck: pl.DataFrame) -> pl.DataFrame:
    """The rows with `line` ("heron / probe-sweep") and `for` (the wait in words)."""
    names = stuck.select("scholar", "project").iter_rows()
    lines = [f"{formats.label(scholar)} / {formats.label(project)}" for scholar, project in names]
    waits = _waits(stuck["waited_hours"])
    return stuck.with_columns(pl.Series("line", lines, pl.String), waits.alias("for"))


def _waits(hours: pl.Series) -> pl.Series:
    words = [NOTHING if it is None else formats.duration(it) for it in hours]
    return pl.Series("waits", words, pl.String)


def line_rows(states: pl.DataFrame, medians: pl.DataFrame, open_work: pl.DataFrame) -> pl.DataFrame:
    """One row per line, in the order of `states`.

    Args:
        states: `reads.line_states`.
        medians: `reads.lines` of the same window.
        open_work: `reads.open_work`, with the open experiments that are older than usual.
    """
    old = open_work.filter("older_than_usual")["experiment_id"].to_list()
    older = (pl.col("state") == "running") & pl.col("experiment_id").is_in(old)
    rows = line_words(states).join(medians, on=LINE, how="left", maintain_order="left")
    return rows.with_columns(
        pl.Series("median", [_median(row) for row in rows.iter_rows(named=True)], pl.String),
        failed=_per_cent("failure_share"),
        state=pl.when(older).then(pl.lit(_OLDER)).otherwise("state"),
        last_loops_hours=pl.col("last_loops_hours").list.eval(
            pl.element().clip(upper_bound=LONGEST_BAR_HOURS)
        ),
    )


def _median(row: Mapping[str, Any]) -> str:
    """The median loop of a line with its n; only the count of loops if they are too few."""
    loops = row["loops"] or 0
    if (row["loops_closed"] or 0) < formats.MEDIAN_EVENTS:
        return formats.plural(loops, "loop")
    middle = formats.median(row["loop_hours_median"], largest=row["loop_hours_largest"])
    return f"{middle} ({loops})"


def scholar_words(rows: pl.DataFrame) -> pl.DataFrame:
    """`scholar_rows` as its table shows them."""
    return rows.with_columns(
        _waits(rows["waiting"]),
        failed=_per_cent("failure_share"),
        serial=_per_cent("serial_share"),
        scholar=pl.Series([formats.label(it) for it in rows["scholar"]], dtype=pl.String),
    )


def _per_cent(column: str) -> pl.Expr:
    """A share as whole per cent, because a table's cell rounds towards zero."""
    return (pl.col(column) * 100).round()
