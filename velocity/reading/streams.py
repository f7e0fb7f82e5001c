"""What "Streams" shows, from frames of `velocity.reading.reads`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity.reading.series import TREND_WEEKS

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE = ["scholar", "entity", "project"]


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
