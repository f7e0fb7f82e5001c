"""Frames for charts and tables, made from the frames of `velocity.reading.reads`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity.reading.series import TREND_WEEKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


Row = dict[str, Any]
TIMELINE_DAYS = 7
_LINE = ["scholar", "entity", "project"]


def ends_now(ledgers: pl.DataFrame) -> pl.DataFrame:
    """Returns `reads.ledger` with the columns of `reads.runs_out`, for groups with grants."""
    return ledgers.filter(pl.col("credits_granted") > 0).select(
        "group_id",
        "credits_left",
        "burn_per_day",
        runs_out_on="exhausted_on",
        runs_out_on_week_pace="exhausted_on_7d",
    )


def named_ends(
    ends: pl.DataFrame, seen: pl.DataFrame, ledgers: pl.DataFrame, names: Mapping[str, str]
) -> pl.DataFrame:
    """Returns when the credits of streams end, in roster order.

    Args:
        ends: `reads.runs_out` by stream, or `ends_now`.
        seen: `reads.runs_out` of a week before.
        ledgers: `reads.ledger` by stream.
        names: stream -> name, in roster order; others are left out.

    Returns:
        The rows of `ends` with `name`, `seen_before`, and `or_sooner`: whether there are hours
        whose GPUs are not known, so that more may be spent than is known.
    """
    rows = pl.DataFrame(
        {"group_id": list(names), "name": list(names.values())},
        schema={"group_id": pl.String, "name": pl.String},
    )
    unknown = ledgers.select("group_id", or_sooner=pl.col("unpriced_hours_so_far") > 0)
    known = rows.join(ends, on="group_id", how="inner", maintain_order="left")
    for frame in (seen.select("group_id", seen_before="runs_out_on"), unknown):
        known = known.join(frame, on="group_id", how="left", maintain_order="left")
    return known


def strips(figures: Mapping[str, Any], bands: pl.DataFrame) -> pl.DataFrame:
    """Returns the scholar's figures with the quartiles of the others.

    Args:
        figures: the scholar's row of `reads.metrics` of the last four whole weeks.
        bands: `reads.bands`.
    """
    measures = (
        ("Concluded a week", "rate", "throughput_per_week"),
        ("Runs failed", "share", "failure_share"),
        ("Serial share", "share", "serial_share"),
        ("Feedback loop", "hours", "loop_hours_median"),
    )
    rows = pl.DataFrame(
        [
            {"measure": measure, "title": title, "unit": unit, "value": figures.get(measure)}
            for title, unit, measure in measures
        ],
        schema_overrides={"value": pl.Float64},
    )
    return rows.join(bands, on="measure", how="left", maintain_order="left")


def line_table(states: pl.DataFrame, medians: pl.DataFrame) -> pl.DataFrame:
    """Returns the list of lines with their medians."""
    rows = states.join(medians, on=_LINE, how="left", maintain_order="left")
    return rows.rename({"state": "line_state"})  # "state" is a run's state in W&B


def funnel_points(
    figures: pl.DataFrame, people: pl.DataFrame, states: pl.DataFrame, streams: Sequence[str]
) -> pl.DataFrame:
    """Returns one dot per scholar who has launched anything, for `draw_funnel`.

    Args:
        figures: `reads.metrics` by scholar over all data.
        people: `reads.scholars`.
        states: `reads.line_states` of the streams chosen.
        streams: the chosen streams; the dots of scholars who belong to one or have a line in one
            are filled.
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
    """Returns the first day, and the day after the last, of the weeks in a scholar's bars.

    These are the last complete weeks with data; before the first is over, all days to `end`.
    """
    begin = first_day - timedelta(days=first_day.weekday())
    if week < begin:
        return begin, end
    return max(begin, week - timedelta(weeks=TREND_WEEKS - 1)), week + timedelta(weeks=1)


def scholar_rows(
    weekly: pl.DataFrame, figures: pl.DataFrame, exposure: pl.DataFrame, states: pl.DataFrame
) -> pl.DataFrame:
    """Returns one row per scholar and stream, the longest wait first.

    Args:
        weekly: `reads.metrics` by scholar and week, with a `stream` column.
        figures: `reads.metrics` by scholar over the window, with a `stream` column.
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
    # A running line does not wait for anybody.
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
    """Returns the end of the scale of the bars of concluded experiments."""
    return max((max(bars, default=0) for bars in rows["concluded_weeks"]), default=0) or 1
