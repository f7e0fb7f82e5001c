"""Whether a week of a scholar is a signal: the usual range (XmR) of each weekly measure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from polars import col

from velocity import formats
from velocity.explain.arithmetic import exact, said, total_of, with_unit
from velocity.explain.explanation import Result
from velocity.explain.formulas import Part
from velocity.reading import reads
from velocity.reading.definitions import definition

if TYPE_CHECKING:
    import polars as pl

    from velocity.explain.explanation import Total
    from velocity.explain.rows import Rows


def signals(rows: Rows, _metric: str) -> tuple[Result, ...]:
    """Of each weekly measure, whether the week lies beyond the scholar's own usual range."""
    weekly = rows.once(
        "weekly",
        lambda: reads.weekly(rows.snapshot, by="scholar", groups=[rows.scholar], scope=rows.scope),
    )
    asked = weekly.filter(col("week_start") == rows.from_day)
    return tuple(
        _of_measure(weekly.filter(col("measure") == it["measure"]), it, rows.usual("range"))
        for it in asked.iter_rows(named=True)
    )


def _of_measure(weekly: pl.DataFrame, asked: dict[str, Any], usual: dict[str, Any]) -> Result:
    measure = asked["measure"]
    on_log = measure.endswith("_hours_median")
    unit = definition(measure).unit
    known = weekly.filter(~col("running") & col("value").is_not_null())
    level = col("value")
    if on_log:
        known, level, unit = known.filter(col("value") > 0), col("value").log(), f"log of {unit}"
    known = known.sort("week_start").select("week_start", level=level)
    known = known.with_columns(moved=col("level").diff().abs())
    levels = total_of(Part("of each complete week", unit, "weeks", col("level")), known)
    moves = total_of(Part("from one such week to the next", unit, "weeks", col("moved")), known)
    value, steps = _judged(asked, levels, moves, usual, on_log=on_log)
    told = (said(levels), said(moves), *steps)
    title = definition(measure).title
    return Result(measure, told, value, asked["signal"], (levels, moves), title=title)


def _judged(
    asked: dict[str, Any], levels: Total, moves: Total, usual: dict[str, Any], *, on_log: bool
) -> tuple[bool, list[str]]:
    """Whether the week lies beyond the range of the levels, and the steps that say so."""
    weeks, unit = levels.addends.height, definition(asked["measure"]).unit
    if asked["running"]:
        return False, ["no: the week is still running"]
    if weeks < usual["least"]:
        known = formats.plural(weeks, "complete week")
        return False, [f"no: {known} with a value, limits start at {usual['least']}"]
    centre, moved = levels.value / weeks, moves.value / (weeks - 1)
    reach = usual["reach"] * moved
    low, high, ends = centre - reach, centre + reach, ("", "")
    if on_log:
        low, high, ends = math.exp(low), math.exp(high), ("exp(", ")")
    spread = f"{exact(centre)} -/+ {exact(usual['reach'])} * {exact(moved)}"
    # The query ends the range where the measure ends: no count is below 0, no share above 1.
    shown, cut = (asked["limit_low"], asked["limit_high"]), ""
    if not all(math.isclose(*it, abs_tol=1e-9) for it in zip(shown, (low, high), strict=True)):
        cut = f", cut to what a {unit} can be" if unit == "share" else ", cut at 0"
    spread = f"{ends[0]}{spread}{ends[1]}{cut}"
    steps = [
        f"{with_unit(centre, levels.unit)} = {exact(levels.value)} / {weeks}, the centre",
        f"{with_unit(moved, moves.unit)} = {exact(moves.value)} / {weeks - 1}, the mean move",
        f"{exact(shown[0])} to {exact(shown[1])} {unit} = {spread}, the usual range",
    ]
    value = asked["value"]
    # What never varies lies on its limits: floating point must not put it beyond them.
    on_limit = math.isclose(value, low) or math.isclose(value, high)
    beyond = not (low <= value <= high or on_limit)
    verdict = "yes: the week, {}, lies beyond" if beyond else "no: the week, {}, lies inside"
    return beyond, [*steps, verdict.format(with_unit(value, unit))]
