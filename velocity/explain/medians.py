"""Kaplan-Meier medians, and the blind ratio, which uses one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl
from polars import col

from velocity import formats
from velocity.explain.explanation import Result
from velocity.explain.sums import total_of
from velocity.formats import with_unit, written
from velocity.reading import reads
from velocity.reading.definitions import metrics

if TYPE_CHECKING:
    from velocity.explain.rows import Rows
    from velocity.queries.metric import Metric

#: Survival above one half by less than this is one half: the rest is floating point.
_HALF = 0.5 + 1e-9
#: Figure -> its curve, and the words for it.
_CURVES = {
    "median": ("survival", "survival"),
    "low": ("survival_low", "the lower limit of survival"),
    "high": ("survival_high", "the upper limit of survival"),
}


def median(rows: Rows, metric: Metric, column: str, headline: float | None) -> Result:
    """A median, or one of the figures beside it."""
    lengths = rows.latencies(metric.median)
    value, steps = _read_off(column.removeprefix(f"{metric.base}_"), lengths, metric.noun)
    return Result("", steps, value, headline, latencies=lengths, noun=metric.noun)


def _read_off(figure: str, rows: pl.DataFrame, noun: str) -> tuple[float | None, tuple[str, ...]]:
    """A figure (n, events, median, low, high or largest) of a survival curve, and its steps.

    `rows` are those of queries/reads/explain_latencies.sql, the lengths of `noun`s in order.
    """
    n, events = rows.height, int(rows["event"].sum())
    seen = f"{with_unit(n, f'{noun}s')}, shortest first"
    ended = f"{written(events)} of them ended, {written(n - events)} still open"
    if figure == "events":
        return events, (seen, ended)
    steps = (f"{seen}; {ended}",)
    if figure == "n":
        return n, steps
    largest: float | None = rows["hours"].max()  # type: ignore[assignment]
    if figure == "largest":
        none = f"{formats.NOT_KNOWN}: no observations"
        return largest, (*steps, none if largest is None else f"{written(largest)} hours: largest")
    if events < formats.MEDIAN_EVENTS:
        few = f"{formats.NOT_KNOWN}: medians start at {formats.MEDIAN_EVENTS} events"
        return None, (*steps, few)
    curve, words = _CURVES[figure]
    reached = rows.filter(col(curve) <= (_HALF if figure == "median" else 0.5)).head(1)
    if reached.is_empty():
        never = f"{words} never comes down to one half; the largest is {written(largest)} hours"
        return None, (*steps, f"{formats.NOT_KNOWN}: {never}")
    value = float(reached["hours"][0])
    where = f"{written(reached[curve][0])}, {reached['at_risk'][0]} at risk"
    length = with_unit(value, "hours")
    last = f"{length} = the smallest length at which {words} is at most one half ({where})"
    return value, (*steps, last)


def blind_ratio(rows: Rows, _column: str) -> tuple[Result, ...]:
    """The ratio of each line with loops in the window."""
    lines = reads.lines(rows.snapshot, scholar=rows.group.id, actor=rows.actor, **rows.window)
    metric = metrics()["reaction_awake_hours_median"]
    results = []
    for row in lines.iter_rows(named=True):
        line = f"{row['entity']}/{row['project']}"
        lengths = rows.latencies(metric.median, line)
        middle, steps = _read_off("median", lengths, metric.noun)
        gaps = total_of(
            "gaps",
            rows.of("gaps").filter(line=line),
            col("awake_hours"),
            "hours",
            "between launches at most 5 days apart, inside the awake window",
        )
        value, more = _against_chance(middle, gaps.addends.height, gaps.value)
        every_step = (*steps, gaps.step, *more)
        found = Result(line, every_step, value, row["blind_ratio"], (gaps,), lengths, metric.noun)
        results.append(found)
    return tuple(results)


def _against_chance(
    middle: float | None, gaps: int, awake_hours: float
) -> tuple[float | None, list[str]]:
    """A median reaction divided by the median wait for a launch that ignores results."""
    if not awake_hours:
        count = formats.plural(gaps, "launch gap")
        return None, [f"{formats.NOT_KNOWN}: no awake hours in {count}"]
    rate = gaps / awake_hours
    chance = math.log(2) / rate
    ratio = None if middle is None else middle / chance
    last = f"{formats.NOT_KNOWN}: there is no median reaction"
    if middle is not None:
        last = f"{written(ratio)} = {written(middle)} / {written(chance)}"
    return ratio, [
        f"{written(rate)} launches per awake hour = {gaps} / {written(awake_hours)}",
        f"{written(chance)} hours = ln 2 / {written(rate)}, the median wait for any launch",
        last,
    ]
