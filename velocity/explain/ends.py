"""Figures of other rows than groups: ages of open work and results, rented hosts, and credits."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from polars import col

from velocity import formats
from velocity.explain.explanation import Result
from velocity.explain.rows import Rows
from velocity.explain.sums import Arithmetic, total_of
from velocity.formats import written
from velocity.reading import reads
from velocity.reading.definitions import columns, metrics
from velocity.reading.periods import day_after

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

    `read` gives open experiments or waiting results, oldest first, with the metric in a column,
    the start in `since`; `event` is what happened then.
    """
    results = []
    for it, end, title in _at_ends(rows, read, since):
        # Without the time of day, the rows do not give the age.
        age = (end - it[since]) / _HOUR if rows.sees_hours else it[column]
        begun = f"{_when(rows, it[since])} ({event})"
        steps = [f"{written(age)} hours = {_end(rows, end)} - {begun}"]
        # How the age of open work compares with the line's concluded experiments.
        if "usual_hours" in it and it["usual_hours"] is None:
            steps.insert(0, "the line has too few concluded experiments for a usual age")
        elif "usual_hours" in it:
            older = "older than" if it["older_than_usual"] else "no older than"
            usual = f"the line's usual age is up to {written(it['usual_hours'])} hours"
            steps.insert(0, f"{older} usual: {usual}")
        results.append(Result(it["experiment_id"], tuple(steps), age, it[column], title=title))
    return tuple(results)


def _time_left(rows: Rows, row: dict[str, Any], end: datetime, title: str) -> Result:
    """The time from the end of the data to the median instant of a result."""
    of, headline = row["experiment_id"], row["eta_hours"]
    if row["eta_at"] is None:
        why = f"{formats.NOT_KNOWN}: the line has too few results of experiments that took longer"
        return Result(of, (why,), None, headline, title=title)
    low, high = (row[name] and _when(rows, row[name]) for name in ("eta_low_at", "eta_high_at"))
    left = (row["eta_at"] - end) / _HOUR if rows.sees_hours else headline
    until = f"{high or 'an instant that is not known'}, by the line's machine time"
    median = f"{_when(rows, row['eta_at'])} (the median)"
    took = f"{written(left)} hours = {median} - {_end(rows, end)}"
    return Result(of, (f"likely from {low} to {until}", took), left, headline, title=title)


def _at_ends(
    rows: Rows, read: Callable[..., pl.DataFrame], since: str
) -> Iterator[tuple[dict[str, Any], datetime, str]]:
    """The group's rows of `read`, with the ends of their projects' data and their titles."""
    found = read(rows.snapshot, actor=rows.actor, scope=rows.scope).filter(**rows.group.whose)
    projects = reads.projects(rows.snapshot, scope=rows.scope)
    ends = {(it["entity"], it["project"]): it["as_of"] for it in projects.to_dicts()}
    names = dict(rows.of("experiments").select("experiment", "name").iter_rows())
    for it in found.iter_rows(named=True):
        title = f"{names[it['experiment_id']]} of {_when(rows, it[since])}"
        yield it, ends[it["entity"], it["project"]], title


def of_hosts(rows: Rows, _column: str) -> tuple[Result, ...]:
    """One result per rented host: the hours of its gaps times its GPUs."""
    results = []
    for host in reads.idle_hosts(rows.snapshot, **rows.window).iter_rows(named=True):
        gaps = rows.of("idle").filter(entity=host["entity"], host=host["host"])
        total = total_of("idle", gaps, col("idle_hours"), "hours", "gaps between its runs")
        gpus = host["gpus"]
        value = None if gpus is None else gpus * total.value
        step = f"{written(value)} = {written(gpus)} GPUs * {written(total.value)} hours"
        name, steps = f"{host['entity']}/{host['host']}", (total.step, step)
        results.append(Result(name, steps, value, host["idle_gpu_hours"], (total,), title=name))
    return tuple(results)


def of_credits(rows: Rows, column: str, *, read: Callable[..., pl.DataFrame]) -> tuple[Result, ...]:
    """A figure of the ledger, or of the balance on the last day of the window that has data.

    Empty without grants and charges.
    """
    entries = rows.once(
        read.__name__, lambda: read(rows.snapshot, by=rows.group.by, scope=rows.scope)
    ).filter(group_id=rows.group.id)
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
    at = formats.plain(formats.instant(end, zone))
    work.steps.append(f"{written(day)} = {at} + {written(runway)} days")
    return day


def _end(rows: Rows, moment: datetime) -> str:
    return f"{formats.plain(formats.instant(moment, rows.zone))} (end of its project's data)"


def _when(rows: Rows, moment: datetime) -> str:
    """An instant of a person's work; its day alone if the viewer may not see the hours."""
    if rows.sees_hours:
        return formats.plain(formats.instant(moment, rows.zone))
    return formats.plain(formats.day(moment.astimezone(ZoneInfo(rows.zone)).date()))
