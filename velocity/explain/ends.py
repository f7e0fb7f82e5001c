"""Figures of the end of the data: ages of open work and of results, and the ledger of credits."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl
from polars import col

from velocity import formats
from velocity.explain.explanation import Result
from velocity.explain.sums import Arithmetic
from velocity.formats import written
from velocity.reading import reads
from velocity.reading.definitions import metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from velocity.explain.rows import Rows

_HOUR = timedelta(hours=1)


def ages(rows: Rows, read: Callable[..., pl.DataFrame], column: str) -> tuple[Result, ...]:
    """One result per open experiment, or per waiting result, oldest first.

    Args:
        rows: of the group.
        read: `reads.open_work` or `reads.waiting_results`.
        column: the metric that it gives.
    """
    found = read(rows.snapshot, scope=rows.scope)
    if rows.group.by != "programme":
        found = found.filter(col(rows.group.by) == rows.group.id)
    projects = reads.projects(rows.snapshot, scope=rows.scope)
    ends = {(it["entity"], it["project"]): it["as_of"] for it in projects.to_dicts()}
    experiments = {it["experiment"]: it for it in rows.of("experiments").to_dicts()}
    zone = _zone(rows)
    results = []
    for it in found.iter_rows(named=True):
        experiment = experiments[it["experiment_id"]]
        word, begun = ("launch", experiment["started_at"])
        if column == "waiting_hours":
            word, begun = ("result", experiment["signal_at"])
        end = ends[it["entity"], it["project"]]
        age = (end - begun) / _HOUR
        step = f"{written(age)} hours = {_at(end, zone)} (end of its project's data) - "
        steps = (*_usual(it), f"{step}{_at(begun, zone)} ({word})")
        title = f"{experiment['name']} of {_at(begun, zone)}"
        results.append(Result(it["experiment_id"], steps, age, it[column], title=title))
    return tuple(results)


def _usual(row: dict[str, Any]) -> tuple[str, ...]:
    """How the age of open work compares with the line's concluded experiments."""
    if "usual_hours" not in row:
        return ()
    if row["usual_hours"] is None:
        return ("too few concluded experiments of the line to say what is usual",)
    word = "older than" if row["older_than_usual"] else "no older than"
    return (f"{word} usual: the line's usual age is up to {written(row['usual_hours'])} hours",)


def ledger(rows: Rows, metric_id: str) -> tuple[Result, ...]:
    """A figure of the ledger at the end of the data; none without grants and charges."""
    entry = rows.once(
        "ledger", lambda: reads.ledger(rows.snapshot, by=rows.group.by, scope=rows.scope)
    ).filter(col("group_id") == rows.group.id)
    if entry.is_empty():
        return ()
    work = Arithmetic(rows.since_ever)
    value: float | date | None = None
    if metric_id == "exhausted_on":
        value, step = _exhausted_on(rows, work)
        work.steps.append(step)
    else:
        value = work.value(metrics()[metric_id])
    return (Result("", tuple(work.steps), value, entry[metric_id][0], tuple(work.totals)),)


def balance(rows: Rows, metric_id: str) -> tuple[Result, ...]:
    """The balance at the end of the last day of the window that the data reaches."""
    days = rows.once(
        "balance", lambda: reads.balance(rows.snapshot, by=rows.group.by, scope=rows.scope)
    )
    inside = pl.lit(value=True) if rows.to_day is None else col("day") < rows.to_day
    entry = days.filter((col("group_id") == rows.group.id) & inside).tail(1)
    if entry.is_empty():
        return ()
    work = Arithmetic(rows.since_ever)
    value = work.value(metrics()[metric_id])
    return (Result("", tuple(work.steps), value, entry[metric_id][0], tuple(work.totals)),)


def _exhausted_on(rows: Rows, work: Arithmetic) -> tuple[date | None, str]:
    """The local day a runway after the end of the data."""
    runway, left = work.value(metrics()["runway_days"]), work.value(metrics()["credits_left"]) or 0
    if runway is None or left <= 0 or runway >= rows.evaluate("pace().century"):
        why = "nothing is left" if left <= 0 else "that is a century or never"
        return None, f"{formats.NOT_KNOWN}: {why}"
    # The newest project, also where the viewer does not see it: the ledger counts all of them.
    _, end, zone = reads.edge(rows.snapshot).row(0)
    day = (end + timedelta(days=runway)).astimezone(ZoneInfo(zone)).date()
    return day, f"{written(day)} = {_at(end, zone)} + {written(runway)} days"


def _zone(rows: Rows) -> str:
    return str(reads.edge(rows.snapshot)["timezone"][0])


def _at(moment: datetime, zone: str) -> str:
    return formats.instant(moment, zone).replace(formats.NBSP, " ")
