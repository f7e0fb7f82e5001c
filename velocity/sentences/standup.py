"""Stand-up: what changed this week, what is stuck, what did the compute buy?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.reading.series import Shifts
from velocity.sentences.answer import (
    ENOUGH,
    LINE,
    Answer,
    Row,
    capitalised,
    ended_runs,
    few,
    few_of,
    fitting,
    joined,
    most_in,
    name,
    number,
)
from velocity.sentences.shifts import moved as did

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl


def stand_up(
    *,
    figures: Row | None,
    weekly: pl.DataFrame,
    programme: pl.DataFrame,
    stuck: pl.DataFrame,
    names: Mapping[str, str],
    week: date,
) -> Answer:
    """The shifts of the week, or that there are none; below, what is stuck and what compute bought.

    Streams come before the programme. Of several measures the one with the lowest rank is named.

    Args:
        figures: the row of `reads.metrics` by programme over the window; None without one.
        weekly: `reads.weekly` by stream.
        programme: `reads.weekly` by programme.
        stuck: `reads.stuck`.
        names: stream -> name, in roster order.
        week: Monday of the complete week in question.
    """
    row = figures or {}
    support = joined(_stuck(stuck), _bought(row))
    if not weekly.height and not programme.height and not number(row, "runs_started"):
        return Answer("No experiment has been launched yet.", support)
    return Answer(_changed(weekly, programme, names, week), support)


def _changed(
    weekly: pl.DataFrame, programme: pl.DataFrame, names: Mapping[str, str], week: date
) -> str:
    streams = Shifts.of([weekly], week, names)
    if streams.rows:
        return _moved(streams, names)
    whole = Shifts.of([programme], week, {})
    if whole.rows:
        words = f"The programme {did(whole, 'programme')}"
        others = "; no stream moved beyond its usual range" if streams.series else ""
        return fitting(f"{words}{others}.", f"{words}.")
    if streams.series:
        return "No stream moved beyond its usual range this week."
    if whole.series:
        return "The programme stayed in its usual range this week."
    weeks = max(streams.weeks, whole.weeks)
    return f"{capitalised(few_of(weeks, 'complete week'))} so far; usual ranges start at 8 weeks."


def _moved(streams: Shifts, names: Mapping[str, str]) -> str:
    """Which streams moved and how, and that the others did not."""
    moved = list(dict.fromkeys(row["group_id"] for row in streams.rows))
    others = len(streams.groups) - len(moved)
    rest = "; the other stream stayed in its usual range" if others == 1 else ""
    if others > 1:
        rest = f"; the other {few(others)} streams stayed in their usual range"
    called = [name(names.get(stream, stream)) for stream in moved]
    if len(moved) == 1:
        words = f"{called[0]} {did(streams, moved[0])}"
        return fitting(f"{words}{rest}.", f"{words}.")
    words = f"{', '.join(called[:-1])} and {called[-1]} moved beyond their usual range"
    many = f"{capitalised(few(len(moved)))} of {few(len(streams.groups))} streams"
    return fitting(
        f"{words}{rest}.", f"{words}.", f"{many} moved beyond their usual range this week."
    )


def _stuck(stuck: pl.DataFrame) -> str:
    """How many lines are stuck, the stream with most of them, and the longest wait."""
    lines = stuck.select(*LINE, "stream_name").unique()
    count = lines.select(LINE).unique().height
    if not count:
        return "Nothing is stuck."
    longest = formats.duration(stuck["waited_hours"].max())  # type: ignore[arg-type]
    if count == 1:
        return f"One line is stuck; it has waited {longest}."
    many = f"{capitalised(few(count))} lines are stuck{most_in(lines)}"
    return f"{many}; the oldest has waited {longest}."


def _bought(row: Row) -> str:
    """What the compute of the window bought."""
    hours, concluded = number(row, "gpu_hours"), int(number(row, "experiments_concluded"))
    if not hours:
        return f"{capitalised(few_of(concluded, 'experiment'))} concluded." if row else ""
    bought = f"{formats.count(hours)} GPU-hours bought {formats.count(concluded)} concluded "
    bought += "experiment" if concluded == 1 else "experiments"
    if row.get("productive_share") is None or ended_runs(row) < ENOUGH:
        return f"{bought}."
    productive = formats.share(row["productive_share"])
    return f"{bought}; {productive} of them went to runs that finished."
