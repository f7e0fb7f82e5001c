"""Lines that wait: which need a decision by their own usual, and the sentence for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from velocity import formats
from velocity.reading.series import Ranges
from velocity.sentences.answer import (
    LINE,
    Row,
    all_of,
    few,
    few_of,
    held_for_nothing,
    listed,
    name,
    on_day,
)

_MOST_NAMED = 3
#: How a wait is drawn against the usual of its line.
BULLET = (
    "Line and dot: working hours since the result; half of the line's waits end at the tick, 85 of "
    "100 within the grey bar"
)
#: Who sees the wait of one line, or of several, before others do.
SEEN_FIRST = ("its scholar sees it first", "their scholars see them first")
#: What one line or several did that only their scholars may know yet.
PASSED = (
    "line passed its usual in the last 24 hours; the scholar sees it first",
    "lines passed their usual in the last 24 hours; the scholars see them first",
)
_REST = (
    ("more waits longer than usual", "more wait longer than usual"),
    PASSED,
    ("other line waits within its usual", "other lines wait within their usual"),
    (
        "is parked: the scholar launched on another line since",
        "are parked: the scholars launched on another line since",
    ),
    ("is of a scholar who is away", "are of scholars who are away"),
    ("is marked as read", "are marked as read"),
    ("has too few waits for a usual", "have too few waits for a usual"),
)
NO_RANGE = "No usual range yet: it needs eight whole weeks"


@dataclass(frozen=True)
class Judged:
    """The lines that wait, without those that are parked, away or marked as read."""

    queue: pl.DataFrame  # those that need a decision
    within: pl.DataFrame  # those that wait within their usual
    unknown: pl.DataFrame  # those with too few waits for a usual

    @classmethod
    def of(cls, decisions: pl.DataFrame) -> Judged:
        """The lines of `reads.needs_decision`."""
        others = decisions.filter(
            ~pl.col("needs_decision") & ~pl.col("parked") & ~pl.col("away") & ~pl.col("marked_read")
        )
        known = pl.col("usual_working_hours").is_not_null()
        return cls(decisions.filter("needs_decision"), others.filter(known), others.filter(~known))

    @property
    def nothing(self) -> bool:
        """Whether lines wait and none of them can be judged."""
        return self.queue.is_empty() and self.within.is_empty() and not self.unknown.is_empty()

    @property
    def too_few(self) -> str:
        """How many lines cannot be judged: "13 lines have too few waits to judge"; "" if none."""
        count = self.unknown.height
        told = few_of(count, "line has too few waits", "lines have too few waits")
        return f"{told} to judge" if count else ""

    def with_count(self, verdict: str) -> str:
        """A verdict, and how many lines it is not about."""
        return f"{verdict}; {self.too_few}" if self.too_few else verdict


def without_range(ranges: Ranges) -> str:
    """How many series have no usual range yet, to follow a verdict; "" if all have one."""
    series = few_of(ranges.missing, "series has", "series have")
    return f"; {series} no usual range yet" if ranges.missing else ""


def nothing_near(ranges: Ranges) -> str:
    """That no series is at the edge of its usual range, if any has one."""
    if not ranges.known:
        return f"{NO_RANGE}."
    return f"No series is near the edge of its usual range{without_range(ranges)}."


def since(row: Row, zone: str) -> str:
    """What a line waits for, since which day: never a time of day."""
    what = "failed on" if row["kind"] == "failure" else "has had a result since"
    return f"{what} {on_day(row['result_at'], zone)}"


def row_words(row: Row, zone: str) -> str:
    """The same of an experiment by its name."""
    return f"**{name(row['label'], 32)}** {since(row, zone)}; nothing launched since."


def usual_words(row: Row) -> str:
    """The usual of a line, and over how many of its waits it is."""
    whose = " of all their lines" if row["usual_of"] == "scholar" else ""
    waits = formats.plural(row["usual_n"], "wait")
    return f"usual{whose} up to {formats.duration(row['usual_working_hours'])} ({waits})"


def title(decisions: pl.DataFrame, on: str = "") -> str:
    """The claim above the queue; `on` is the day in words, with a space before it."""
    judged = Judged.of(decisions)
    lines, where = judged.unknown if judged.nothing else judged.queue, ""
    waits = formats.capitalised(few_of(lines.height, "line waits", "lines wait"))
    if judged.nothing:
        return f"{waits}{on}; too few waits so far to say what is usual"
    streams = lines["stream_name"].unique().to_list()
    if len(streams) == 1 and streams[0] is not None:
        where = f", {all_of(lines.height)}in {name(streams[0])}"
    longer = "longer than they usually do" if lines.height > 1 else "longer than it usually does"
    waits = "No line waits" if lines.is_empty() else waits
    return judged.with_count(f"{waits} {longer}{where}{on}")


def silent(stale: pl.DataFrame, count: int, zone: str) -> str:
    """The runs that have shown no sign of life, as one sentence; "" without any.

    `stale` are rows of `reads.stuck`; `count` includes the runs of unknown users.
    """
    if not count:
        return ""
    said = [
        f"**{name(row['scholar'])} / {name(row['project'])}** since {on_day(row['since_at'], zone)}"
        for row in stale.sort(LINE).head(_MOST_NAMED).iter_rows(named=True)
    ]
    if more := count - int(stale.head(_MOST_NAMED)["n"].sum()):
        unknown = stale.height <= _MOST_NAMED
        said.append(
            f"{few(more)} of users outside the roster" if unknown else few_of(more, "other run")
        )
    return f"{held_for_nothing(count)} {listed(said)}."


def rest(decisions: pl.DataFrame, lines: pl.DataFrame, shown: int) -> str:
    """How many other lines there are, and why they are not in the list; counts only.

    `lines` are the `decisions` that are needed, of which so many are shown.
    """
    quiet = decisions.filter(~pl.col("needs_decision"))
    parked, away, read = (pl.col(it) for it in ("parked", "away", "marked_read"))
    judged, named = Judged.of(decisions), int(lines["named"].sum())
    counts = (
        named - shown,
        lines.height - named,
        judged.within.height,
        quiet.filter(parked).height,
        quiet.filter(~parked, away).height,
        quiet.filter(~parked, ~away, read).height,
        judged.unknown.height,
    )
    said = (few_of(it, *words) for it, words in zip(counts, _REST, strict=True) if it)
    text = "; ".join(said)
    return f"{formats.capitalised(text)}." if text else ""


def presented(decisions: pl.DataFrame, day: date) -> str:
    """The title of the slide: counts and streams, no names."""
    return f"{title(decisions, f' on {formats.dated(day)}')}."


def by_stream(decisions: pl.DataFrame, names: Mapping[str, str]) -> list[tuple[str, list[float]]]:
    """Each stream, and how long its lines have waited as a multiple of their own usual.

    Lines that are parked, of people who are away, or without a usual are left out. A line that
    does not need a decision is at most at its usual, and one that is not named yet is shown there.
    """
    times = pl.col("waited_working_hours") / pl.col("usual_working_hours")
    within = pl.when("needs_decision").then(times).otherwise(times.clip(0, 1))
    known = decisions.filter(
        ~pl.col("parked") & ~pl.col("away"),
        ~pl.col("named") | (pl.col("usual_working_hours") > 0),
    ).with_columns(times=pl.when("named").then(within).otherwise(1.0))
    return [
        (name, known.filter(stream=stream)["times"].sort().to_list())
        for stream, name in names.items()
    ]
