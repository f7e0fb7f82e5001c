"""Figures of other rows than groups: ages of open work and results, rented hosts, and credits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from polars import col

from velocity import formats
from velocity.explain.explanation import Result
from velocity.explain.sums import Arithmetic, total_of
from velocity.formats import written
from velocity.reading import reads
from velocity.reading.definitions import columns, metrics
from velocity.reading.periods import day_after

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
        return tuple(_time_left(rows, *it) for it in found)
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
    results = []
    for it, end, title in _at_ends(rows, read, since):
        # Without the time of day, the rows do not give the age.
        age = (end - it[since]) / _HOUR if rows.sees_hours else it[column]
        step = (
            f"{written(age)} hours = {_at(end, rows.zone)} (end of its project's data) - "
            f"{_when(rows, it[since])} ({event})"
        )
        steps = (*_usual(it), step)
        results.append(Result(it["experiment_id"], steps, age, it[column], title=title))
    return tuple(results)


def _time_left(rows: Rows, row: dict[str, Any], end: datetime, title: str) -> Result:
    """The time from the end of the data to the median instant of a result."""
    headline = row["eta_hours"]
    if row["eta_at"] is None:
        why = f"{formats.NOT_KNOWN}: the line has too few results of experiments that took longer"
        return Result(row["experiment_id"], (why,), None, headline, title=title)
    low, high = (row[name] and _when(rows, row[name]) for name in ("eta_low_at", "eta_high_at"))
    left = (row["eta_at"] - end) / _HOUR if rows.sees_hours else headline
    until = high or "an instant that is not known"
    step = (
        f"{written(left)} hours = {_when(rows, row['eta_at'])} (the median) - "
        f"{_at(end, rows.zone)} (end of its project's data)"
    )
    steps = (f"likely from {low} to {until}, by the line's machine time", step)
    return Result(row["experiment_id"], steps, left, headline, title=title)


def _at_ends(
    rows: Rows, read: Callable[..., pl.DataFrame], since: str
) -> Iterator[tuple[dict[str, Any], datetime, str]]:
    """The group's rows of `read`, with the ends of their projects' data and their titles."""
    found = read(rows.snapshot, actor=rows.actor, scope=rows.scope)
    if rows.group.by != "programme":
        found = found.filter(col(rows.group.by) == rows.group.id)
    projects = reads.projects(rows.snapshot, scope=rows.scope)
    ends = {(it["entity"], it["project"]): it["as_of"] for it in projects.to_dicts()}
    names = dict(rows.of("experiments").select("experiment", "name").iter_rows())
    for it in found.iter_rows(named=True):
        title = f"{names[it['experiment_id']]} of {_when(rows, it[since])}"
        yield it, ends[it["entity"], it["project"]], title


def _usual(row: dict[str, Any]) -> tuple[str, ...]:
    """How the age of open work compares with the line's concluded experiments."""
    if "usual_hours" not in row:
        return ()
    if row["usual_hours"] is None:
        return ("the line has too few concluded experiments for a usual age",)
    word = "older than" if row["older_than_usual"] else "no older than"
    return (f"{word} usual: the line's usual age is up to {written(row['usual_hours'])} hours",)


def of_hosts(rows: Rows, _column: str) -> tuple[Result, ...]:
    """One result per rented host: the hours of its gaps times its GPUs."""
    hosts = reads.idle_hosts(
        rows.snapshot, from_day=rows.from_day, to_day=rows.to_day, scope=rows.scope
    )
    return tuple(_of_host(rows, it) for it in hosts.iter_rows(named=True))


def _of_host(rows: Rows, host: dict[str, Any]) -> Result:
    gaps = rows.of("idle").filter((col("entity") == host["entity"]) & (col("host") == host["host"]))
    total = total_of("idle", gaps, col("idle_hours"), "hours", "gaps between its runs")
    gpus = host["gpus"]
    value = None if gpus is None else gpus * total.value
    step = f"{written(value)} = {written(gpus)} GPUs * {written(total.value)} hours"
    name = f"{host['entity']}/{host['host']}"
    return Result(name, (total.step, step), value, host["idle_gpu_hours"], (total,), title=name)


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
    day = day_after(end, runway, zone)
    work.steps.append(f"{written(day)} = {_at(end, zone)} + {written(runway)} days")
    return day


def _at(moment: datetime, zone: str) -> str:
    return formats.plain(formats.instant(moment, zone))


def _when(rows: Rows, moment: datetime) -> str:
    """An instant of a person's work; its day alone if the viewer may not see the hours."""
    if rows.sees_hours:
        return _at(moment, rows.zone)
    return formats.plain(formats.day(moment.astimezone(ZoneInfo(rows.zone)).date()))
