"""Figures of the end of the data: ages of open work and of results, and credits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from polars import col

from velocity import formats
from velocity.explain.explanation import Result
from velocity.explain.sums import Arithmetic
from velocity.formats import written
from velocity.reading import reads
from velocity.reading.definitions import columns, metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    import polars as pl

    from velocity.explain.rows import Rows

_HOUR = timedelta(hours=1)


def of_open_work(rows: Rows, column: str) -> tuple[Result, ...]:
    """One result per open experiment: its age, or the time to its likely result."""
    if column == "eta_hours":
        found = _at_ends(rows, reads.open_work, "started_at")
        return tuple(_time_left(*it, zone=_zone(rows)) for it in found)
    return ages(rows, column, read=reads.open_work, since="started_at", event="launch")


def ages(
    rows: Rows, column: str, *, read: Callable[..., pl.DataFrame], since: str, event: str
) -> tuple[Result, ...]:
    """One result per row of `read`: the time from `since` to the end of its project's data.

    Args:
        rows: of the group.
        column: the metric that `read` gives.
        read: gives open experiments or waiting results, oldest first.
        since: the column of `read` with the start.
        event: what happened then.
    """
    zone = _zone(rows)
    results = []
    for it, end, title in _at_ends(rows, read, since):
        begun = it[since]
        age = (end - begun) / _HOUR
        step = (
            f"{written(age)} hours = {_at(end, zone)} (end of its project's data) - "
            f"{_at(begun, zone)} ({event})"
        )
        steps = (*_usual(it), step)
        results.append(Result(it["experiment_id"], steps, age, it[column], title=title))
    return tuple(results)


def _time_left(row: dict[str, Any], end: datetime, title: str, *, zone: str) -> Result:
    """The time from the end of the data to the median instant of a result."""
    headline = row["eta_hours"]
    if row["eta_at"] is None:
        why = f"{formats.NOT_KNOWN}: the line has too few results of experiments that took longer"
        return Result(row["experiment_id"], (why,), None, headline, title=title)
    low, high = (row[name] and _at(row[name], zone) for name in ("eta_low_at", "eta_high_at"))
    left = (row["eta_at"] - end) / _HOUR
    until = high or "an instant that is not known"
    step = (
        f"{written(left)} hours = {_at(row['eta_at'], zone)} (the median) - "
        f"{_at(end, zone)} (end of its project's data)"
    )
    steps = (f"likely from {low} to {until}, by the line's machine time", step)
    return Result(row["experiment_id"], steps, left, headline, title=title)


def _at_ends(
    rows: Rows, read: Callable[..., pl.DataFrame], since: str
) -> Iterator[tuple[dict[str, Any], datetime, str]]:
    """The group's rows of `read`, with the ends of their projects' data and their titles."""
    found = read(rows.snapshot, scope=rows.scope)
    if rows.group.by != "programme":
        found = found.filter(col(rows.group.by) == rows.group.id)
    projects = reads.projects(rows.snapshot, scope=rows.scope)
    ends = {(it["entity"], it["project"]): it["as_of"] for it in projects.to_dicts()}
    names = dict(rows.of("experiments").select("experiment", "name").iter_rows())
    zone = _zone(rows)
    for it in found.iter_rows(named=True):
        title = f"{names[it['experiment_id']]} of {_at(it[since], zone)}"
        yield it, ends[it["entity"], it["project"]], title


def _usual(row: dict[str, Any]) -> tuple[str, ...]:
    """How the age of open work compares with the line's concluded experiments."""
    if "usual_hours" not in row:
        return ()
    if row["usual_hours"] is None:
        return ("the line has too few concluded experiments for a usual age",)
    word = "older than" if row["older_than_usual"] else "no older than"
    return (f"{word} usual: the line's usual age is up to {written(row['usual_hours'])} hours",)


def of_credits(rows: Rows, column: str, *, read: Callable[..., pl.DataFrame]) -> tuple[Result, ...]:
    """A figure of the ledger, or of the balance on the last day of the window that has data.

    Empty without grants and charges.
    """
    entries = rows.once(
        read.__name__, lambda: read(rows.snapshot, by=rows.group.by, scope=rows.scope)
    ).filter(col("group_id") == rows.group.id)
    if "day" in entries.columns and rows.to_day is not None:
        entries = entries.filter(col("day") < rows.to_day)
    if entries.is_empty():
        return ()
    work = Arithmetic(rows.since_ever)
    if column.startswith("exhausted_on"):
        runway = column.replace("exhausted_on", "runway_days")
        value: float | date | None = _exhausted_on(rows, work, runway)
    else:
        value = work.value(columns()[column])
    return (work.result(value, entries[column][-1]),)


def _exhausted_on(rows: Rows, work: Arithmetic, metric: str) -> date | None:
    """The local day a runway after the end of the data; `metric` is the id of the runway."""
    runway, left = work.value(metrics()[metric]), work.value(metrics()["credits_left"]) or 0
    if runway is None or left <= 0 or runway >= rows.evaluate("pace().century"):
        why = "nothing is left" if left <= 0 else "that is a century away, or never"
        work.steps.append(f"{formats.NOT_KNOWN}: {why}")
        return None
    # The newest project, even if the viewer does not see it: the ledger counts all of them.
    _, end, zone = reads.edge(rows.snapshot).row(0)
    day: date = (end + timedelta(days=runway)).astimezone(ZoneInfo(zone)).date()
    work.steps.append(f"{written(day)} = {_at(end, zone)} + {written(runway)} days")
    return day


def _zone(rows: Rows) -> str:
    return str(reads.edge(rows.snapshot)["timezone"][0])


def _at(moment: datetime, zone: str) -> str:
    return formats.plain(formats.instant(moment, zone))
