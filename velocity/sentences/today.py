"""Today: the words of the scholar's list of the morning, for My velocity and for messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from velocity import formats
from velocity.sentences.answer import Row, name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import polars as pl

    from velocity.reading.mine import Today

#: Rows of one group before "+ n".
MOST = 5
HELP = (
    "Results that came since the last working window ended, failures and older results without a "
    "launch after them, and what is running. Only the scholar sees it."
)


@dataclass(frozen=True)
class Group:
    """Some experiments of the list; its texts are Markdown in which every name is inert.

    Args:
        title: what they are, after their number.
        rows: of `reads.loops`.
        said: what is said about each of the first `MOST`.
    """

    title: str
    rows: list[Row]
    said: tuple[str, ...]

    @property
    def more(self) -> int:
        """How many are not told one by one."""
        return len(self.rows) - len(self.said)


def groups(today: Today, open_work: pl.DataFrame, zone: str) -> Iterator[Group]:
    """Yields the four groups of the list, also those without rows.

    `open_work`: `reads.open_work` of the scholar.
    """
    likely = {row["experiment_id"]: row for row in open_work.iter_rows(named=True)}
    for title, rows, said in (
        (f"finished since {_weekday_and_time(today.since)}", today.finished, _finished),
        ("failed, not followed up", today.failed, _finished),
        (
            "running",
            today.running,
            lambda row, zone: _running(row, likely.get(row["experiment_id"]), zone),
        ),
        ("waiting for the next launch", today.waiting, _waiting),
    ):
        yield Group(title, list(rows), tuple(said(row, zone) for row in rows[:MOST]))


def free(today: Today) -> str:
    """Where something may be launched; "" if nowhere."""
    if not today.free:
        return ""
    named = ", ".join(formats.markdown(formats.label(it, 24)) for it in today.free)
    return f"Nothing in flight in {named}: free to launch."


def night(today: Today) -> str:
    """That nothing is queued for the night, from three hours before the window ends; else ""."""
    return "Nothing is queued for the night." if today.evening and not today.running else ""


def _finished(row: Row, zone: str) -> str:
    """When a result came: "sae-stitch · Sat 28, 23:49"."""
    return f"{_line(row)} · {local_time(row['result_at'], zone)}"


def _running(row: Row, likely: Row | None, zone: str) -> str:
    """How long an experiment has run, and when its result is likely."""
    said = f"{_line(row)} · {formats.duration(row['machine_hours'])} so far"
    if likely is None or likely["eta_at"] is None:
        return f"{said} · no estimate yet"
    return f"{said} · likely done {local_time(likely['eta_at'], zone)}"


def _waiting(row: Row, zone: str) -> str:
    """How long a result has waited: "sae-scaling · since Sat 28, 08:45 · 12 h in working hours"."""
    waited = formats.hours_in_all(row["reaction_working_hours"])
    return f"{_line(row)} · since {local_time(row['result_at'], zone)} · {waited} in working hours"


def _line(row: Row) -> str:
    return name(row["project"])


def local_time(moment: datetime, zone: str) -> str:
    """A moment in a time zone: "Sat 28, 21:00"."""
    return _weekday_and_time(moment.astimezone(ZoneInfo(zone)))


def _weekday_and_time(moment: datetime) -> str:
    """A local moment: "Sat 28, 21:00"."""
    return f"{formats.weekday(moment)}, {formats.clock(moment)}"
