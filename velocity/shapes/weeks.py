"""Weekly series and lists of what is stuck, as the Stand-up and Streams pages draw them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from velocity.charts import Measure

TREND_WEEKS = 12


def last_complete_week(last_day: date) -> date:
    """Monday of the latest week that is over at the end of `last_day`."""
    monday = last_day - timedelta(days=last_day.weekday())
    return monday if last_day.weekday() == 6 else monday - timedelta(weeks=1)  # noqa: PLR2004


def trend(weekly: pl.DataFrame, measure: str) -> pl.DataFrame:
    """The last weeks of one measure of `reads.weekly`, as trends draw them."""
    series = weekly.filter(pl.col("measure") == measure).sort("week_start")
    return series.tail(TREND_WEEKS + 1).with_columns(n=pl.lit(None, pl.Int64))


def split(weekly: pl.DataFrame) -> pl.DataFrame:
    """Machine and reaction medians side by side."""
    return pl.concat(
        trend(weekly, f"{part}_hours_median").with_columns(part=pl.lit(part))
        for part in ("machine", "reaction")
    )


def panels(
    weekly: pl.DataFrame, measures: Sequence[Measure], names: dict[str, str]
) -> pl.DataFrame:
    """The last weeks of some measures of some groups, by the groups' names."""
    shown = weekly.filter(
        pl.col("measure").is_in([measure.id for measure in measures])
        & pl.col("group_id").is_in(list(names))
    )
    recent = pl.col("week_start") >= pl.col("week_start").max() - timedelta(weeks=TREND_WEEKS)
    return shown.filter(recent).with_columns(
        group=pl.col("group_id").replace(names), n=pl.lit(None, pl.Int64)
    )
