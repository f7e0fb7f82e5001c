"""Lines that need a decision, against their own usual: the sentence for each, and for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from velocity import formats
from velocity.sentences.answer import LINE, Row, capitalised, few, few_of, name
from velocity.sentences.judged import Judged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

_MOST_NAMED = 3
#: How a wait is drawn against the usual of its line.
BULLET = (
    "Line and dot: working hours since the result; half of the line's waits end at the tick, 85 of "
    "100 within the grey bar"
)


def row_words(row: Row, zone: str) -> str:
    """What a line waits for, since which day: never a time of day."""
    when = formats.dated(row["result_at"].astimezone(ZoneInfo(zone)).date())
    what = "failed on" if row["kind"] == "failure" else "has a result since"
    return f"**{name(row['label'], 32)}** {what} {when}; nothing launched since."


def usual_words(row: Row) -> str:
    """The usual of a line, and over how many of its waits it is."""
    whose = " of all their lines" if row["usual_of"] == "scholar" else ""
    waits = formats.plural(row["usual_n"], "wait")
    return f"usual{whose} up to {formats.duration(row['usual_working_hours'])} ({waits})"


def title(decisions: pl.DataFrame, on: str = "") -> str:
    """The claim above the queue.

    Args:
        decisions: `reads.needs_decision`.
        on: the day in words, with a space before it; "" for none.
    """
    judged = Judged.of(decisions)
    if judged.nothing:
        waits = "line waits" if judged.unknown.height == 1 else "lines wait"
        count = capitalised(few(judged.unknown.height))
        return f"{count} {waits}{on}; too few waits so far to say what is usual"
    return judged.with_count(f"{_longer(judged.queue)}{on}")


def _longer(lines: pl.DataFrame) -> str:
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


def silent(stale: pl.DataFrame, count: int, zone: str) -> str:
    """The runs that have shown no sign of life, as one sentence; "" without any.

    Args:
        stale: rows of `reads.stuck` about stale runs.
        count: all such runs, those of unknown users too.
        zone: of the days.
    """
    if not count:
        return ""
    verb = "is" if count == 1 else "are"
    runs = f"{capitalised(few_of(count, 'run'))} {verb} silent and may hold a GPU for nothing"
    said = [
        f"**{name(row['scholar'])} / {name(row['project'])}** since {_day(row['since_at'], zone)}"
        for row in stale.sort(LINE).head(_MOST_NAMED).iter_rows(named=True)
    ]
    if more := count - int(stale.head(_MOST_NAMED)["n"].sum()):
        said.append(
            f"{few(more)} of other users"
            if stale.height <= _MOST_NAMED
            else few_of(more, "other run")
        )
    listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
    return f"{runs}: {listed}."


def _day(moment: datetime, zone: str) -> str:
    return formats.dated(moment.astimezone(ZoneInfo(zone)).date())


def rest(decisions: pl.DataFrame, lines: pl.DataFrame, shown: int) -> str:
    """How many other lines there are, and why they are not in the list; counts only.

    Args:
        decisions: `reads.needs_decision`.
        lines: those that need one.
        shown: how many of them are listed.
    """
    quiet = decisions.filter(~pl.col("needs_decision"))
    parked, away, read = (pl.col(it) for it in ("parked", "away", "marked_read"))
    judged = Judged.of(decisions)
    named = int(lines["named"].sum())
    return _sentence(
        (named - shown, "{} more waits longer than usual", "{} more wait longer than usual"),
        (
            lines.height - named,
            "{} line passed its usual in the last 24 hours; the scholar sees it first",
            "{} lines passed their usual in the last 24 hours; the scholars see them first",
        ),
        (
            judged.within.height,
            "{} other line waits within its usual",
            "{} other lines wait within their usual",
        ),
        (
            quiet.filter(parked).height,
            "{} is parked: the scholar launched on another line since",
            "{} are parked: the scholars launched on another line since",
        ),
        (
            quiet.filter(~parked & away).height,
            "{} is of a scholar who is away",
            "{} are of scholars who are away",
        ),
        (
            quiet.filter(~parked & ~away & read).height,
            "{} is marked as read",
            "{} are marked as read",
        ),
        (
            judged.unknown.height,
            "{} has too few waits for a usual",
            "{} have too few waits for a usual",
        ),
    )


def _sentence(*counts: tuple[int, str, str]) -> str:
    said = [
        (one if count == 1 else many).format(few(count)) for count, one, many in counts if count
    ]
    return f"{capitalised('; '.join(said))}." if said else ""


def presented(decisions: pl.DataFrame, day: date) -> str:
    """The title of the slide: counts and streams, no names."""
    return f"{title(decisions, f' on {formats.dated(day)}')}."


def by_stream(decisions: pl.DataFrame, names: Mapping[str, str]) -> list[tuple[str, list[float]]]:
    """Each stream, and how long its lines have waited as a multiple of their own usual.

    Lines that are parked, of people who are away, or without a usual are left out. A line that
    does not need a decision is at most at its usual.
    """
    times = pl.col("waited_working_hours") / pl.col("usual_working_hours")
    known = decisions.filter(
        ~pl.col("parked") & ~pl.col("away") & (pl.col("usual_working_hours") > 0)
    ).with_columns(times=pl.when("needs_decision").then(times).otherwise(times.clip(0, 1)))
    return [
        (name, known.filter(stream=stream)["times"].sort().to_list())
        for stream, name in names.items()
    ]
