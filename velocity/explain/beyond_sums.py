"""Figures that are not sums: medians, the blind ratio, usual ranges (XmR) and lasting changes."""

import math
from typing import Any

import polars as pl
from polars import col

from velocity import formats
from velocity.explain.explanation import Result, Total
from velocity.explain.rows import Rows
from velocity.explain.sums import total_of
from velocity.formats import with_unit, written
from velocity.queries.metric import Metric
from velocity.reading import reads
from velocity.reading.definitions import metrics

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
    results, text = [], "between launches at most 5 days apart, inside the awake window"
    for row in lines.iter_rows(named=True):
        line = f"{row['entity']}/{row['project']}"
        lengths, found = rows.latencies(metric.median, line), rows.of("gaps").filter(line=line)
        middle, steps = _read_off("median", lengths, metric.noun)
        gaps = total_of("gaps", found, col("awake_hours"), "hours", text)
        value, more = _against_chance(middle, gaps.addends.height, gaps.value)
        every, ratio = (*steps, gaps.step, *more), row["blind_ratio"]
        results.append(Result(line, every, value, ratio, (gaps,), lengths, metric.noun))
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
    steps = [
        f"{written(rate)} launches per awake hour = {gaps} / {written(awake_hours)}",
        f"{written(chance)} hours = ln 2 / {written(rate)}, the median wait for any launch",
    ]
    if middle is None:
        return None, [*steps, f"{formats.NOT_KNOWN}: there is no median reaction"]
    ratio = middle / chance
    return ratio, [*steps, f"{written(ratio)} = {written(middle)} / {written(chance)}"]


def ranges(rows: Rows, _column: str) -> tuple[Result, ...]:
    """One result per weekly series: whether the week is beyond the group's own range."""
    weekly = rows.once("weekly", lambda: reads.weekly(rows.snapshot, **rows.figures_of))
    usual = rows.evaluate("usual_range()")
    return tuple(
        _of_series(weekly.filter(measure=week["measure"], phase=week["phase"]), week, usual)
        for week in weekly.filter(week_start=rows.from_day).iter_rows(named=True)
    )


def _of_series(weekly: pl.DataFrame, week: dict[str, Any], usual: dict[str, Any]) -> Result:
    metric = metrics()[week["measure"]]
    on_log = metric.unit == "hours"
    unit, level = metric.unit, col("value")
    known = weekly.filter(~col("running") & ~col("away") & level.is_not_null())
    if on_log:
        known, level, unit = known.filter(level > 0), level.log(), f"log of {unit}"
    known = known.sort("week_start").select("week_start", level=level)
    known = known.with_columns(moved=col("level").diff().abs())
    levels = total_of("weeks", known, col("level"), unit, "each complete week")
    moves = total_of("weeks", known, col("moved"), unit, "from one such week to the next")
    value, steps = _judged(week, levels, moves, usual, on_log=on_log)
    every_step = (levels.step, moves.step, *steps)
    return Result(metric.id, every_step, value, week["signal"], (levels, moves), title=metric.title)


def _judged(
    week: dict[str, Any], levels: Total, moves: Total, usual: dict[str, Any], *, on_log: bool
) -> tuple[bool, list[str]]:
    """Whether the week is beyond the range of the levels, and the steps that show it."""
    weeks, unit = levels.addends.height, metrics()[week["measure"]].unit
    if week["running"]:
        return False, ["no: the week is still running"]
    if week["away"]:
        return False, ["no: most of the week's working days are days off"]
    if on_log and not week["value"]:
        return False, ["no: a time of 0 has no place on the log scale of the range"]
    if weeks < usual["least"]:
        known = formats.plural(weeks, "complete week")
        return False, [f"no: {known} with a value, limits start at {usual['least']}"]
    centre, moved = levels.value / weeks, moves.value / (weeks - 1)
    reach = usual["reach"] * moved
    low, high, ends = centre - reach, centre + reach, ("", "")
    if on_log:
        low, high, ends = math.exp(low), math.exp(high), ("exp(", ")")
    spread = f"{written(centre)} -/+ {written(usual['reach'])} * {written(moved)}"
    # The query cuts the range to possible values: counts are at least 0, shares at most 1.
    shown, cut = (week["limit_low"], week["limit_high"]), ""
    if not all(math.isclose(*it, abs_tol=1e-9) for it in zip(shown, (low, high), strict=True)):
        cut = f", cut to what a {unit} can be" if unit == "share" else ", cut at 0"
    spread = f"{ends[0]}{spread}{ends[1]}{cut}"
    steps = [
        f"{with_unit(centre, levels.unit)} = {written(levels.value)} / {weeks}, the centre",
        f"{with_unit(moved, moves.unit)} = {written(moves.value)} / {weeks - 1}, the mean move",
        f"{written(shown[0])} to {written(shown[1])} {unit} = {spread}, the usual range",
    ]
    value = week["value"]
    # A constant series is on its limits: rounding must not move it beyond them.
    on_limit = math.isclose(value, low) or math.isclose(value, high)
    beyond = not (low <= value <= high or on_limit)
    verdict = "yes: the week, {}, is beyond it" if beyond else "no: the week, {}, is inside it"
    return beyond, [*steps, verdict.format(with_unit(value, unit))]


def lasting(rows: Rows, _column: str) -> tuple[Result, ...]:
    """One result per measure that can have a lasting change: the week in which it began."""
    changes = reads.lasting_changes(rows.snapshot, **rows.figures_of)
    away = reads.weekly(rows.snapshot, **rows.figures_of).filter("away")["week_start"]
    weeks = reads.metrics(rows.snapshot, **rows.figures_of, period="week").sort("period_start")
    weeks = weeks.filter(~col("period_start").is_in(away.implode()))
    found = {it["measure"]: it for it in changes.iter_rows(named=True)}
    return tuple(
        _of_change(metric, found.get(metric.id), weeks.select("period_start", value=metric.id))
        for metric in metrics().values()
        if metric.lasting
    )


def _of_change(metric: Metric, change: dict[str, Any] | None, weeks: pl.DataFrame) -> Result:
    if change is None:
        why = f"{formats.NOT_KNOWN}: no week parts all earlier weeks from all later ones"
        return Result(metric.id, (why,), None, None, title=metric.title)
    shown = col("period_start").is_between(change["first_week"], change["last_week"])
    known = weeks.filter(shown & col("value").is_not_null())
    before, since = known[: change["weeks_before"]], known[change["weeks_before"] :]
    value = since["period_start"][0]
    steps = [
        f"{written(float(min(it)))} to {with_unit(float(max(it)), metric.unit)}: "
        f"the {len(it)} weeks {when}"
        for when, it in (("before", before["value"]), ("since", since["value"]))
    ]
    side = "above" if change["direction"] == "up" else "below"
    steps.append(f"{written(value)}: every week since is {side} all weeks before")
    return Result(metric.id, tuple(steps), value, change["since_week"], title=metric.title)
