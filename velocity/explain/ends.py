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
    found = read(rows.snapshot, scope=rows.scope)
    if rows.group.by != "programme":
        found = found.filter(col(rows.group.by) == rows.group.id)
    projects = reads.projects(rows.snapshot, scope=rows.scope)
    ends = {(it["entity"], it["project"]): it["as_of"] for it in projects.to_dicts()}
    names = dict(rows.of("experiments").select("experiment", "name").iter_rows())
    zone = _zone(rows)
    results = []
    for it in found.iter_rows(named=True):
        begun, end = it[since], ends[it["entity"], it["project"]]
        age = (end - begun) / _HOUR
        step = (
            f"{written(age)} hours = {_at(end, zone)} (end of its project's data) - "
            f"{_at(begun, zone)} ({event})"
        )
        title = f"{names[it['experiment_id']]} of {_at(begun, zone)}"
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


def _zone(rows: Rows) -> str:
    return str(reads.edge(rows.snapshot)["timezone"][0])


def _at(moment: datetime, zone: str) -> str:
    return formats.plain(formats.instant(moment, zone))
