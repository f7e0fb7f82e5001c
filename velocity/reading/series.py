"""Weekly series of `velocity.reading.reads`: which weeks are shown, and which are shifts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import polars as pl

from velocity.reading.definitions import metrics
from velocity.reading.periods import monday_of

Row = dict[str, Any]
TREND_WEEKS = 12
_WEEK = timedelta(weeks=1)
#: The part of a range next to a limit that counts as its edge.
_EDGE = 0.1
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
    return monday_of(last_day + timedelta(days=1)) - _WEEK


def recent(weekly: pl.DataFrame, week: date, measures: Iterable[str]) -> pl.DataFrame:
    """Returns the complete weeks of some measures up to `week`; all weeks if none is complete."""
    shown = weekly.filter(pl.col("measure").is_in(list(measures)))
    over = ~pl.col("running") & (pl.col("week_start") <= week)
    complete = shown.filter(over & (pl.col("week_start") > week - TREND_WEEKS * _WEEK))
    return shown if complete.is_empty() else complete


def trend(weekly: pl.DataFrame, measure: str) -> pl.DataFrame:
    """The rows of one measure, in order."""
    return weekly.filter(pl.col("measure") == measure).sort("week_start")


@dataclass(frozen=True)
class Shifts:
    """Which series are beyond their usual range in one complete week."""

    rows: list[Row]  # of `reads.weekly`; streams in roster order, then by rank of the measure
    series: int  # number of series with limits and a value in the week
    weeks: int  # complete weeks of the group with the most

    @classmethod
    def of(cls, weekly: pl.DataFrame, week: date, names: Mapping[str, str]) -> Shifts:
        """The shifts of the week that begins on `week`, in a frame from `recent`.

        `names` maps streams to names in roster order; other groups come last.
        """
        complete = weekly.filter(~pl.col("running"))
        here = complete.filter((pl.col("week_start") == week) & pl.col("limit_low").is_not_null())
        order = [*names, *sorted({*here["group_id"]} - {*names})]
        rows = sorted(
            here.filter("signal").iter_rows(named=True),
            key=lambda row: (order.index(row["group_id"]), metrics()[row["measure"]].rank),
        )
        weeks = complete.group_by("group_id").agg(pl.col("week_start").n_unique())["week_start"]
        return cls(rows, here.height, int(weeks.max() or 0))  # type: ignore[arg-type]


class Ranges(NamedTuple):
    """How many series have a usual range as of their latest week, and how many have none yet."""

    known: int
    missing: int

    @classmethod
    def of(cls, frame: pl.DataFrame, names: Iterable[str], measures: Iterable[str]) -> Ranges:
        """Of the series with a value in rows of `reads.to_date` or `reads.weekly`."""
        shown = pl.col("group_id").is_in([*names]) & pl.col("measure").is_in([*measures])
        lows = (
            frame.filter(shown & pl.col("value").is_not_null())
            .group_by("group_id", "measure")
            .agg(pl.col("limit_low").sort_by("week_start").last())["limit_low"]
        )
        return cls(lows.count(), lows.null_count())


def on_its_scale(column: str) -> pl.Expr:
    """Values of weekly rows on the scale of their limits: logarithms of times."""
    timed = [it.id for it in metrics().values() if it.unit == "hours"]
    value = pl.col(column)
    return pl.when(pl.col("measure").is_in(timed)).then(value.log()).otherwise(value)


def at_edge(
    frame: pl.DataFrame, names: Mapping[str, str], measures: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Measure -> id and name of the groups whose latest value or whole week is at the edge.

    A range that ends at 0, or of shares at 1, has no edge there: nothing lies beyond it. `frame`
    has rows of `reads.to_date`, and `names` maps ids of groups to names.
    """
    low, high, value = (on_its_scale(it) for it in ("limit_low", "limit_high", "value"))
    room = (high - low) * _EDGE
    full = pl.col("measure").str.ends_with("_share") & (high >= 1)
    near = ((value > high - room) & ~full) | ((value < low + room) & (pl.col("limit_low") > 0))
    last_whole = frame.filter(~pl.col("running"))["week_start"].max()
    at = frame.filter(
        (near & (pl.col("week_start") == frame["week_start"].max()))
        | (pl.col("signal") & (pl.col("week_start") == last_whole))
    )
    found = {it: {*at.filter(measure=it)["group_id"]} for it in measures}
    return {it: {id_: name for id_, name in names.items() if id_ in found[it]} for it in found}
