"""Weekly series and lists of what is stuck, as the Stand-up and Streams pages draw them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.definitions import definition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

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


def signal_words(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A signal of `reads.weekly` as Markdown: whose, what, how far beyond the usual range."""
    meaning = definition(row["measure"])
    group = formats.markdown(formats.label(names.get(row["group_id"], row["group_id"]).title()))
    low, high = (_written(row[limit], meaning.unit) for limit in ("limit_low", "limit_high"))
    return (
        f"**{group}, {meaning.title.lower()}: {_written(row['value'], meaning.unit)}.** "
        f"Usual range {low} to {high}."
    )


def restated_words(row: Mapping[str, Any]) -> str:
    """A row of `reads.restated` as Markdown: what a past week's figure was and is."""
    meaning = definition(row["measure"])
    before, after = (_written(row[f"value_{when}"], meaning.unit) for when in ("before", "after"))
    return f"{meaning.title}, {formats.week(row['week_start'])}: {before} → {after}."


def _written(value: float, unit: str) -> str:
    """A figure as its unit is written; a limit below zero is none."""
    value = max(0.0, value)
    if unit == "share":
        return formats.share(value)
    return formats.duration(value) if unit == "hours" else formats.rate(value)
