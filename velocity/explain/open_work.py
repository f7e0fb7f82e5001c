"""The age of each of a scholar's open experiments, and of each result that waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from polars import col

from velocity import formats
from velocity.explain.arithmetic import exact
from velocity.explain.explanation import Result
from velocity.reading import reads

if TYPE_CHECKING:
    import polars as pl

    from velocity.explain.rows import Rows

_HOUR = timedelta(hours=1)
_TIME = "%Y-%m-%d %H:%M:%S UTC"


def open_work(rows: Rows, _metric: str) -> tuple[Result, ...]:
    """The age of each, oldest first, and whether it is older than usual for its line."""
    found = reads.open_work(rows.snapshot, scholar=rows.scholar, scope=rows.scope)
    ends = _ends(rows)
    experiments = rows.of("experiments")
    results = []
    for it in found.iter_rows(named=True):
        line, name = f"{it['entity']}/{it['project']}", it["experiment_id"]
        launched = experiments.row(by_predicate=col("experiment") == name, named=True)["started_at"]
        age, steps = _aged(launched, ends[line], _lengths(experiments, line), rows.usual("age"))
        results.append(Result(name, steps, age, it["wip_age_hours"]))
    return tuple(results)


def waiting_results(rows: Rows, _metric: str) -> tuple[Result, ...]:
    """How long each has waited, the oldest first."""
    found = reads.waiting_results(rows.snapshot, scholar=rows.scholar, scope=rows.scope)
    ends = _ends(rows)
    experiments = rows.of("experiments")
    results = []
    for it in found.iter_rows(named=True):
        end, name = ends[f"{it['entity']}/{it['project']}"], it["experiment_id"]
        signal = experiments.row(by_predicate=col("experiment") == name, named=True)["signal_at"]
        age, step = _since(signal, "signal", end)
        results.append(Result(name, (step,), age, it["waiting_hours"]))
    return tuple(results)


def _ends(rows: Rows) -> dict[str, datetime]:
    """Entity/project -> the instant to which its data is complete."""
    return {
        f"{it['entity']}/{it['project']}": it["as_of"]
        for it in reads.projects(rows.snapshot, scope=rows.scope).iter_rows(named=True)
    }


def _since(begun: datetime, word: str, end: datetime) -> tuple[float, str]:
    """Hours from an instant, a launch or signal, to the end of its project's data."""
    age = (end - begun) / _HOUR
    return age, (
        f"{exact(age)} hours = {end:{_TIME}} (end of its project's data) - {begun:{_TIME}} ({word})"
    )


def _lengths(experiments: pl.DataFrame, line: str) -> pl.Series:
    """Hours from launch to signal of the line's concluded experiments, clocks in doubt left out."""
    concluded = col("outcome").is_in(["success", "partial"]) & ~col("clock")
    of_line = experiments.filter(concluded & col("experiment").str.starts_with(f"{line}/"))
    return (of_line["signal_at"] - of_line["started_at"]).dt.total_microseconds() / 3.6e9


def _aged(
    launched: datetime, end: datetime, lengths: pl.Series, known: dict[str, Any]
) -> tuple[float, tuple[str, ...]]:
    age, last = _since(launched, "launch", end)
    concluded = formats.plural(len(lengths), "concluded experiment")
    usual = lengths.quantile(known["quantile"], "linear")
    if usual is None or len(lengths) < known["least"]:
        return age, (f"{concluded} of the line: what is usual needs {known['least']}", last)
    share = f"{exact(100 * known['quantile'])} %"
    return age, (
        f"usual is up to {exact(usual)} hours = {share} quantile over {concluded} of the line",
        f"{'older than' if age > usual else 'no older than'} usual: {exact(age)} hours",
        last,
    )
