"""The timeline and one experiment of it, in words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from velocity import formats

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from velocity.charts.timeline_frame import TimelineView

_OUTCOMES = {"false_start": "false start", "failure": "failed"}


def experiment_words(row: Mapping[str, Any], as_of: datetime) -> str:
    """An experiment (a row of `reads.timeline_experiments`) and its loop up to now, as Markdown."""
    name = formats.markdown(formats.label(row["label"]))
    parts = [f"**{name}**", formats.plural(row["runs"], "run")]
    parts.append(_OUTCOMES.get(row["outcome"], row["outcome"]))
    result, next_at = row["result_at"], row["next_at"]
    if result is not None and row["loop_status"] != "none":
        parts.append(f"machine {_between(row['started_at'], result)}")
        if row["loop_status"] == "closed" and next_at is not None:
            parts.append(f"reaction {_between(result, next_at)}")
        elif row["loop_status"] == "awaiting":
            parts.append(f"result waiting for {_between(result, as_of)}")
        else:
            parts.append(str(row["loop_status"]))
    return " · ".join(parts)


def timeline_caption(view: TimelineView) -> str:
    """The timeline's window and clock, and how to use it."""
    last = (view.end - timedelta(microseconds=1)).date()
    hours = "" if view.awake is None else ", working {:%H:%M} to {:%H:%M}".format(*view.awake)
    return (
        f"{formats.span(view.start.date(), last)}, times in {view.zone.key}{hours}; drag to pan, "
        "click an experiment for its runs"
    )


def no_runs_since(last: date) -> str:
    """That nothing was launched after a day: "No runs since Fri 13 Nov"."""
    month = formats.day(last).split(formats.NBSP)[1]
    return f"No runs since {formats.weekday(last)}{formats.NBSP}{month}"


def _between(start: datetime, end: datetime) -> str:
    return formats.duration(max((end - start).total_seconds(), 0) / 3600)
