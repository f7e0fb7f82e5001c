"""What "Streams" shows, from frames of `velocity.reading.reads`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.shapes.lines import NOTHING, with_line
from velocity.shapes.weeks import TREND_WEEKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Bars of loops end here: one loop over a holiday would flatten all others.
LONGEST_BAR_HOURS = 48
_LINE = ["scholar", "entity", "project"]
_OLDER = "open, older than usual"


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


def line_table(states: pl.DataFrame, medians: pl.DataFrame) -> pl.DataFrame:
    """The rows behind the list of lines, figures as they are."""
    rows = states.join(medians, on=_LINE, how="left", maintain_order="left")
    return rows.rename({"state": "line_state"})  # a run's is that of W&B


def funnel_points(
    figures: pl.DataFrame, people: pl.DataFrame, states: pl.DataFrame, streams: Sequence[str]
) -> pl.DataFrame:
    """A dot a scholar who has launched anything, as `draw_funnel` takes it.

    Args:
        figures: `reads.metrics` by scholar over all data.
        people: `reads.scholars`.
        states: `reads.line_states` of the streams chosen.
        streams: those chosen; dots of who belongs to them, or has a line in them, are filled.
    """
    chosen = pl.col("streams").list.set_intersection(list(streams)).list.len() > 0
    works = pl.col("scholar").is_in(states["scholar"].to_list())
    known = people.select("scholar", "name", own=chosen.fill_null(value=False) | works)
    return (
        figures.filter(pl.col("experiments_started") > 0)
        .join(known, on="scholar", how="left", maintain_order="left")
        .select(
            "scholar",
            "name",
            pl.col("own").fill_null(value=False),
            "failure_share",
            exposure_weeks="weeks",
            rate="throughput_per_week",
            n="experiments_concluded",
        )
    )


def series_days(week: date, first_day: date, end: date) -> tuple[date, date]:
    """First day and day after the last of the weeks in a scholar's bars.

    The last complete weeks that there is data for; before the first is over, all days to `end`.
    """
    begin = first_day - timedelta(days=first_day.weekday())
    if week < begin:
        return begin, end
    return max(begin, week - timedelta(weeks=TREND_WEEKS - 1)), week + timedelta(weeks=1)


def scholar_rows(
    weekly: pl.DataFrame, figures: pl.DataFrame, exposure: pl.DataFrame, states: pl.DataFrame
) -> pl.DataFrame:
    """A row a scholar and stream, what has waited longest first.

    Args:
        weekly: `reads.metrics` by scholar and week, a `stream` beside each row.
        figures: `reads.metrics` by scholar over the window, with `stream` too.
        exposure: `reads.metrics` by scholar over all data: weeks since the first launch.
        states: `reads.line_states`; its order is the order of need.
    """
    key = ["scholar", "stream"]
    bars = (
        weekly.sort("period_start")
        .group_by(key, maintain_order=True)
        .agg(
            concluded_weeks="experiments_concluded",
            # A week without a busy hour has no share: an empty place among the bars.
            serial_weeks=pl.col("serial_share").fill_null(0),
        )
    )
    # What runs waits for nobody.
    waits = pl.col("state").is_in(["running", "nothing open"])
    need = (
        states.with_row_index("need")
        .group_by(key, maintain_order=True)
        .agg(
            pl.col("need").first(),
            waiting=pl.col("waited_hours").filter(~waits).max(),
            stream_name=pl.col("stream_name").first(),
        )
    )
    rows = (
        need.join(bars, on=key, how="inner", maintain_order="left")
        .join(
            figures.select(*key, "experiments_concluded", "failure_share", "serial_share"),
            on=key,
            how="left",
            maintain_order="left",
        )
        .join(exposure.select("scholar", "weeks"), on="scholar", how="left", maintain_order="left")
    )
    return rows.sort("need").drop("need")


def most_concluded(rows: pl.DataFrame) -> int:
    """Where the scale of the bars of concluded experiments ends."""
    return max((max(bars, default=0) for bars in rows["concluded_weeks"]), default=0) or 1


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
