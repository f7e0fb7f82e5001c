"""Streams: which line of work needs me?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.sentences.answer import (
    Answer,
    begun,
    few,
    fitting,
    joined,
    line_name,
    name,
)
from velocity.sentences.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

#: State of a line -> what is said of it; the other states ask for nobody.
_ASKED = {
    "result waiting": "its result has waited for {}",
    "failure not recovered": "its failure has not been recovered for {}",
    "stale run": "its run has shown no heartbeat for {}",
}
_DAY_HOURS = 24.0


def streams(
    *,
    lines: pl.DataFrame,
    weekly: pl.DataFrame,
    names: Mapping[str, str],
    week: date,
    min_hours: float = _DAY_HOURS,
) -> Answer:
    """The line to ask about first, if one has waited long; below, how many have, and where.

    Args:
        lines: `reads.line_states`, what needs attention first.
        weekly: `reads.weekly` by stream, of the streams shown.
        names: stream -> name of the streams shown, in roster order.
        week: Monday of the complete week that is looked at.
        min_hours: what has waited for less is in the ordinary course of things.
    """
    count = lines.select("scholar", "entity", "project").unique().height
    ranges = _ranges(Signals.of(weekly, week), names)
    long = "a day" if min_hours == _DAY_HOURS else formats.duration(min_hours)
    if not count:
        return Answer("No line of these streams has an experiment in this window.", ranges)
    waiting = lines.filter(
        pl.col("state").is_in(list(_ASKED)) & (pl.col("waited_hours") > min_hours)
    )
    if waiting.is_empty():
        n = formats.sample(count, "line")
        return Answer(f"No line has waited longer than {long} ({n}).", ranges)
    return Answer(
        _first(waiting.row(0, named=True)), joined(_how_many(waiting, count, long), ranges)
    )


def _first(row: dict[str, object]) -> str:
    since = _ASKED[str(row["state"])].format(formats.duration(row["waited_hours"]))  # type: ignore[arg-type]
    return fitting(
        *(f"Ask about {line_name(row, limit)} first: {since}." for limit in (40, 24, 16, 10)),
        "Ask first about the line at the top of the list.",
    )


def _how_many(waiting: pl.DataFrame, count: int, long: str) -> str:
    lines = waiting.select("scholar", "entity", "project").unique().height
    have = "has" if lines == 1 else "have"
    of_all = (
        f"{begun(few(lines))} of {formats.plural(count, 'line')} {have} waited longer than {long}"
    )
    by_stream = waiting.drop_nulls("stream_name")["stream_name"].value_counts(sort=True).rows()
    if len(by_stream) > 1 and by_stream[0][1] > max(1, by_stream[1][1]):
        of_all += f", {few(by_stream[0][1])} of them in {name(by_stream[0][0])}"
    return f"{of_all}."


def _ranges(signals: Signals, names: Mapping[str, str]) -> str:
    """Which of the streams moved beyond their usual range in the week."""
    moved = [stream for stream in names if stream in signals.moved]
    if not signals.checked:
        return ""
    if not moved:
        return "No stream moved beyond its usual range."
    if len(moved) == 1:
        return f"{name(names[moved[0]])} {signals.words(moved[0])}."
    many = f"{begun(few(len(moved)))} of {few(len(signals.checked))} streams"
    return f"{many} moved beyond their usual range."
