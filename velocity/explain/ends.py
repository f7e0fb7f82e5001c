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
    from collections.abc import Callable
    from datetime import date, datetime

    import polars as pl

    from velocity.explain.rows import Rows

_HOUR = timedelta(hours=1)


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
    found = read(rows.snapshot, actor=rows.actor, scope=rows.scope)
    if rows.group.by != "programme":
        found = found.filter(col(rows.group.by) == rows.group.id)
    projects = reads.projects(rows.snapshot, scope=rows.scope)
    ends = {(it["entity"], it["project"]): it["as_of"] for it in projects.to_dicts()}
    names = dict(rows.of("experiments").select("experiment", "name").iter_rows())
    results = []
    for it in found.iter_rows(named=True):
        begun, end = it[since], ends[it["entity"], it["project"]]
        if rows.sees_hours:
            age, since_when = (end - begun) / _HOUR, _at(begun, rows.zone)
        else:
            age, since_when = it[column], _day(begun, rows.zone)
        step = (
            f"{written(age)} hours = {_at(end, rows.zone)} (end of its project's data) - "
            f"{since_when} ({event})"
        )
        title = f"{names[it['experiment_id']]} of {since_when}"
        steps = (*_usual(it), step)
        results.append(Result(it["experiment_id"], steps, age, it[column], title=title))
    return tuple(results)


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
    if column == "exhausted_on":
        value: float | date | None = _exhausted_on(rows, work)
    else:
        value = work.value(columns()[column])
    return (work.result(value, entries[column][-1]),)


def _exhausted_on(rows: Rows, work: Arithmetic) -> date | None:
    """The local day a runway after the end of the data."""
    runway, left = work.value(metrics()["runway_days"]), work.value(metrics()["credits_left"]) or 0
    if runway is None or left <= 0 or runway >= rows.evaluate("pace().century"):
        why = "nothing is left" if left <= 0 else "that is a century away, or never"
        work.steps.append(f"{formats.NOT_KNOWN}: {why}")
        return None
    # The newest project, even if the viewer does not see it: the ledger counts all of them.
    _, end, zone = reads.edge(rows.snapshot).row(0)
    day: date = (end + timedelta(days=runway)).astimezone(ZoneInfo(zone)).date()
    work.steps.append(f"{written(day)} = {_at(end, zone)} + {written(runway)} days")
    return day


def _at(moment: datetime, zone: str) -> str:
    return formats.plain(formats.instant(moment, zone))


def _day(moment: datetime, zone: str) -> str:
    return formats.plain(formats.day(moment.astimezone(ZoneInfo(zone)).date()))
