"""Lines that need a decision: which are named, in which order, and the sentence for each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from velocity import formats
from velocity.sentences.answer import Row, capitalised, few, few_of, name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

#: The scholar sees a line in their own queue so long before a lead's list names it.
FIRST_TO_SCHOLAR = timedelta(hours=24)
_LINE = ["scholar", "entity", "project"]


def queue(
    decisions: pl.DataFrame, names: Mapping[str, str], labels: Mapping[str, str], as_of: datetime
) -> pl.DataFrame:
    """The lines that need a decision, the furthest beyond its own usual first.

    Args:
        decisions: `reads.needs_decision`.
        names: stream -> name.
        labels: experiment id -> its name.
        as_of: the end of the data.

    Returns:
        The rows with `stream_name`, `label`, and `named`: whether they have been in the scholar's
        own queue for a day.
    """
    known = decisions.filter(pl.col("needs_decision"))
    return known.with_columns(
        stream_name=pl.col("stream").replace_strict(
            dict(names), default=None, return_dtype=pl.String
        ),
        label=pl.col("experiment_id").replace_strict(
            dict(labels),
            default=pl.col("experiment_id").str.split("/").list.last(),
            return_dtype=pl.String,
        ),
        named=(pl.col("met_rule_at") <= as_of - FIRST_TO_SCHOLAR).fill_null(value=False),
    ).sort(
        pl.col("waited_working_hours") / pl.col("usual_working_hours"),
        *_LINE,
        descending=[True, False, False, False],
    )


def row_words(row: Row, zone: str) -> str:
    """What a line waits for, since which day: never a time of day."""
    when = formats.dated(row["result_at"].astimezone(ZoneInfo(zone)).date())
    what = "failed on" if row["kind"] == "failure" else "has a result since"
    return f"**{name(row['label'], 32)}** {what} {when}; nothing launched since."


def usual_words(row: Row) -> str:
    """The usual of a line, and over how many of its waits it is."""
    whose = "" if row["usual_of"] == "line" else " of all their lines"
    waits = formats.plural(row["usual_n"], "wait")
    return f"usual{whose} up to {formats.duration(row['usual_working_hours'])} ({waits})"


def title(lines: pl.DataFrame) -> str:
    """The claim above the queue."""
    if lines.is_empty():
        return "No line waits longer than it usually does"
    verb = (
        "waits longer than it usually does"
        if lines.height == 1
        else "wait longer than they usually do"
    )
    streams = lines["stream_name"].unique().to_list()
    where = ""
    if len(streams) == 1 and streams[0] is not None:
        where = f", {'all ' if lines.height > 1 else ''}in {name(streams[0])}"
    return f"{capitalised(few_of(lines.height, 'line'))} {verb}{where}"


def silent(stale: pl.DataFrame, zone: str) -> str:
    """The runs that have shown no sign of life, as one sentence; "" without any.

    `stale` are rows of `reads.stuck` about stale runs.
    """
    if stale.is_empty():
        return ""
    count = int(stale["n"].sum())
    runs = f"{capitalised(few_of(count, 'run'))} {'is' if count == 1 else 'are'} silent and may hold a GPU for nothing"
    said = [
        f"**{name(row['scholar'])} / {name(row['project'])}** since {_day(row['since_at'], zone)}"
        for row in stale.sort(_LINE).head(3).iter_rows(named=True)
    ]
    return f"{runs}: {', '.join(said)}{' and others' if stale.height > 3 else ''}."


def _day(moment: datetime, zone: str) -> str:
    return formats.dated(moment.astimezone(ZoneInfo(zone)).date())


def rest(decisions: pl.DataFrame, lines: pl.DataFrame) -> str:
    """How many lines wait within their usual, are parked, or have no usual yet; counts only."""
    quiet = decisions.filter(~pl.col("needs_decision"))
    parked = int(quiet["parked"].sum())
    away = int(quiet.filter(~pl.col("parked"))["away"].sum())
    others = quiet.filter(~pl.col("parked") & ~pl.col("away"))
    unknown = int(others["usual_working_hours"].is_null().sum())
    fresh = others.height - unknown
    late = lines.height - int(lines["named"].sum())
    said = []
    if late:
        said.append(
            f"{few_of(late, 'line')} passed {'its' if late == 1 else 'their'} usual in the "
            "last 24 hours; the scholar sees it first"
        )
    if fresh:
        said.append(
            f"{few_of(fresh, 'other line')} {'waits' if fresh == 1 else 'wait'} within their usual".replace(
                "waits within their", "waits within its"
            )
        )
    if parked:
        said.append(
            f"{few(parked)} {'is' if parked == 1 else 'are'} parked: the scholar launched "
            "on another line since"
        )
    if away:
        said.append(f"{few(away)} {'is' if away == 1 else 'are'} of scholars who are away")
    if unknown:
        said.append(f"{few(unknown)} {'has' if unknown == 1 else 'have'} too few waits for a usual")
    return f"{capitalised('; '.join(said))}." if said else ""


def presented(lines: pl.DataFrame, day: date) -> str:
    """The title of the slide: counts and streams, no names."""
    return f"{title(lines)} on {formats.dated(day)}."
