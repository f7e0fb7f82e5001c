"""Weekly series of `velocity.reading.reads`: the weeks that are shown, and their shifts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

TREND_WEEKS = 12
_WEEK = timedelta(weeks=1)
#: The measures of the programme that Stand-up and the digest follow.
PROGRAMME_MEASURES = (
    "experiments_concluded",
    "failure_share",
    "serial_share",
    "machine_hours_median",
    "reaction_hours_median",
)


def last_complete_week(last_day: date) -> date:
    """Returns the Monday of the latest week that is over at the end of `last_day`."""
    return last_day + timedelta(days=1) - timedelta(days=(last_day.weekday() + 1) % 7) - _WEEK


def recent(weekly: pl.DataFrame, week: date, measures: Iterable[str]) -> pl.DataFrame:
    """Returns the last complete weeks of some measures; all weeks if none is complete.

    Args:
        weekly: `reads.weekly`.
        week: Monday of the latest complete week to show.
        measures: metric ids.
    """
    shown = weekly.filter(pl.col("measure").is_in(list(measures)))
    over = ~pl.col("running") & (pl.col("week_start") <= week)
    complete = shown.filter(over & (pl.col("week_start") > week - TREND_WEEKS * _WEEK))
    return shown if complete.is_empty() else complete


def panels(weekly: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """Returns the series of some groups with their names; `names` is group -> name."""
    return weekly.filter(pl.col("group_id").is_in(list(names))).with_columns(
        group=pl.col("group_id").replace(names)
    )


def signal_rows(
    weekly: Sequence[pl.DataFrame], week: date, names: Mapping[str, str]
) -> tuple[list[dict[str, Any]], int]:
    """Returns the shifts of a week, streams in roster order, and how many series have limits.

    Args:
        weekly: frames from `recent`.
        week: Monday of a complete week.
        names: stream -> name, in roster order; other groups come last.
    """
    here = pl.concat(weekly).filter(
        (pl.col("week_start") == week) & ~pl.col("running") & pl.col("limit_low").is_not_null()
    )
    order = list(names)
    found = sorted(
        here.filter("signal").iter_rows(named=True),
        key=lambda row: order.index(row["group_id"]) if row["group_id"] in names else len(order),
    )
    return found, here.height
