"""Stand-up: what changed this week, what is stuck, what did the compute buy?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.sentences.answer import (
    ENOUGH,
    Answer,
    Row,
    begun,
    ended_runs,
    few,
    few_of,
    fitting,
    joined,
    name,
    number,
)
from velocity.sentences.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

_LINE = ["scholar", "entity", "project"]


def stand_up(
    *,
    figures: Row | None,
    weekly: pl.DataFrame,
    programme: pl.DataFrame,
    stuck: pl.DataFrame,
    names: Mapping[str, str],
    week: date,
) -> Answer:
    """Signals first, then that there is none; below, what is stuck and what the compute bought.

    Streams come before the programme, and of several measures the one of the lowest rank.

    Args:
        figures: the row of `reads.metrics` by programme over the window; None without one.
        weekly: `reads.weekly` by stream.
        programme: `reads.weekly` by programme.
        stuck: `reads.stuck`.
        names: stream -> name, in roster order.
        week: Monday of the complete week that is looked at.
    """
    row = figures or {}
    support = joined(_stuck(stuck), _bought(row))
    if not weekly.height and not programme.height and not number(row, "runs_started"):
        return Answer("No experiment has been launched yet.", support)
    return Answer(_changed(weekly, programme, names, week), support)


def _changed(
    weekly: pl.DataFrame, programme: pl.DataFrame, names: Mapping[str, str], week: date
) -> str:
    streams = Signals.of(weekly, week)
    if streams.moved:
        return _moved(streams, names)
    whole = Signals.of(programme, week)
    if whole.moved:
        words = f"The programme {whole.words('programme')}"
        others = "; no stream moved beyond its usual range" if streams.checked else ""
        return fitting(f"{words}{others}.", f"{words}.")
    if streams.checked:
        return "No stream moved beyond its usual range this week."
    if whole.checked:
        return "The programme stayed in its usual range this week."
    weeks = max(streams.weeks, whole.weeks)
    return f"{begun(few_of(weeks, 'complete week'))} so far; usual ranges start at 8 weeks."


def _moved(streams: Signals, names: Mapping[str, str]) -> str:
    """Which streams moved and how, and that the others did not."""
    moved = [stream for stream in names if stream in streams.moved] or sorted(streams.moved)
    others = len(streams.checked - streams.moved.keys())
    rest = "; the other stream stayed in its usual range" if others == 1 else ""
    if others > 1:
        rest = f"; the other {few(others)} streams stayed in their usual range"
    if len(moved) == 1:
        words = f"{name(names.get(moved[0], moved[0]))} {streams.words(moved[0])}"
        return fitting(f"{words}{rest}.", f"{words}.")
    called = [name(names.get(stream, stream)) for stream in moved]
    words = f"{', '.join(called[:-1])} and {called[-1]} moved beyond their usual range"
    return fitting(
        f"{words}{rest}.",
        f"{words}.",
        f"{begun(few(len(moved)))} of {few(len(streams.checked))} streams moved beyond their "
        "usual range this week.",
    )


def _stuck(stuck: pl.DataFrame) -> str:
    """How many lines are stuck, in which stream most of them, and the longest wait."""
    lines = stuck.select(*_LINE, "stream_name").unique()
    count = lines.select(_LINE).unique().height
    if not count:
        return "Nothing is stuck."
    longest = formats.duration(stuck["waited_hours"].max())  # type: ignore[arg-type]
    if count == 1:
        return f"One line is stuck; it has waited {longest}."
    where = ""
    by_stream = lines.drop_nulls("stream_name")["stream_name"].value_counts(sort=True).rows()
    if by_stream and by_stream[0][1] > max(1, by_stream[1][1] if len(by_stream) > 1 else 0):
        stream, here = by_stream[0]
        where = f", {'all' if here == count else few(here)} of them in {name(stream)}"
    return f"{begun(few(count))} lines are stuck{where}; the oldest has waited {longest}."


def _bought(row: Row) -> str:
    """What the compute of the window bought."""
    hours, concluded = number(row, "gpu_hours"), int(number(row, "experiments_concluded"))
    if not hours:
        return f"{begun(few_of(concluded, 'experiment'))} concluded." if row else ""
    bought = f"{formats.count(hours)} GPU-hours bought {formats.count(concluded)} concluded "
    bought += "experiment" if concluded == 1 else "experiments"
    if row.get("productive_share") is None or ended_runs(row) < ENOUGH:
        return f"{bought}."
    productive = formats.share(row["productive_share"])
    return f"{bought}; {productive} of them went to runs that finished."
