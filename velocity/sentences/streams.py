"""Streams: which line of work needs a mentor?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.reading.series import Shifts
from velocity.sentences.answer import (
    LINE,
    Answer,
    capitalised,
    few,
    fitting,
    joined,
    line_name,
    most_in,
    name,
)
from velocity.sentences.shifts import moved as did

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

#: State of a line -> the words for it; other states need no one.
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
    """The line to ask about first, if one has waited long; below, how many have and where.

    Args:
        lines: `reads.line_states`, what needs attention first.
        weekly: `reads.weekly` by stream, of the streams shown.
        names: stream -> name of the streams shown, in roster order.
        week: Monday of the complete week in question.
        min_hours: a shorter wait is ordinary.
    """
    count = lines.select(LINE).unique().height
    ranges = _ranges(Shifts.of([weekly], week, names), names)
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
    lines = waiting.select(*LINE, "stream_name").unique()
    several = lines["stream_name"].drop_nulls().n_unique() > 1
    have = "has" if lines.height == 1 else "have"
    many = f"{capitalised(few(lines.height))} of {formats.plural(count, 'line')} {have} waited"
    return f"{many} longer than {long}{most_in(lines) if several else ''}."


def _ranges(shifts: Shifts, names: Mapping[str, str]) -> str:
    """Which of the streams moved beyond their usual range in the week."""
    moved = list(dict.fromkeys(row["group_id"] for row in shifts.rows if row["group_id"] in names))
    if not shifts.series:
        return ""
    if not moved:
        return "No stream moved beyond its usual range."
    if len(moved) == 1:
        return f"{name(names[moved[0]])} {did(shifts, moved[0])}."
    many = f"{capitalised(few(len(moved)))} of {few(len(shifts.groups))} streams"
    return f"{many} moved beyond their usual range."
