"""Definitions of every figure, from the headers of queries/: for tooltips, pages and docs.

The conventions that all figures share are in conventions.md.
"""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

from velocity.errors import VelocityError
from velocity.formats import did_you_mean, mid_sentence
from velocity.queries import Query, list_metric_queries, list_queries
from velocity.queries.metric import Metric
from velocity.settings import Experiments

_CONVENTIONS = Path(__file__).with_name("conventions.md")

#: The steps of queries/derive/ whose tables are terms that people use.
_WORDS = (
    "run_clock",
    "run_base",
    "session",
    "machine",
    "link",
    "segment",
    "experiment_core",
    "loop_core",
    "one_setting",
    "recovery",
)

#: The columns beside a figure: suffix -> unit (None: the figure's own), title, words.
_BESIDE: dict[str, tuple[str | None, str, str]] = {
    "low": (None, "lower 95 % limit", "Lower 95 % limit of: "),
    "high": (None, "upper 95 % limit", "Upper 95 % limit of: "),
    "n": ("observations", "n", "Number of observations, ended or not, of: "),
    "events": ("events", "events", "Number of observations that have ended, of: "),
    "largest": (None, "largest observed", "The largest observation, ended or not, of: "),
}


@cache
def words() -> tuple[Query, ...]:
    """Returns the steps that make runs, sessions, experiments and loops, in order."""
    steps = {query.table: query for query in list_queries("derive")}
    return tuple(steps[table] for table in _WORDS)


@cache
def metrics() -> dict[str, Metric]:
    """Returns every metric by its id."""
    return {metric.id: metric for query in list_metric_queries() for metric in query.metrics}


@cache
def terms() -> dict[str, Metric]:
    """Returns every metric, and every sum that only formulas use, by its id."""
    return {it.id: it for query in list_metric_queries() for it in (*query.metrics, *query.sums)}


@cache
def columns() -> dict[str, Metric]:
    """Returns the metric of every column: its own id and those of the columns beside it."""
    return {column: metric for metric in metrics().values() for column in metric.columns}


def definition(metric_id: str) -> Metric:
    """Returns the definition of a metric or of a column beside one ("loop_hours_low").

    Raises:
        VelocityError: there is no such metric.
    """
    metric = columns().get(metric_id)
    if metric is None:
        raise VelocityError(
            f"There is no metric '{metric_id}'.",
            did_you_mean(metric_id, metrics(), otherwise="docs/metrics.md lists every metric."),
        )
    if metric.id == metric_id:
        return metric
    suffix = metric_id.removeprefix(f"{metric.base}_")
    unit, title, text = _BESIDE[suffix]
    return replace(
        metric,
        id=metric_id,
        unit=unit or metric.unit,
        title=f"{metric.title}: {title}",
        text=f"{text}{mid_sentence(metric.text)}",
        formula={"low": metric.low, "high": metric.high}.get(suffix, ""),
    )


def conventions(experiments: Experiments) -> dict[str, str]:
    """Returns the conventions of all figures with the values of the settings: title -> Markdown."""
    text = _CONVENTIONS.read_text(encoding="utf-8").format(
        stale=_written(experiments.stale_after_minutes, "minute"),
        together=_written(experiments.together_minutes, "minute"),
        script=_written(experiments.script_gap_seconds, "second"),
    )
    parts = re.split(r"^## (.+)\n\n", text, flags=re.MULTILINE)[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {title: f"{rules.rstrip()}\n" for title, rules in pairs}


def _written(value: float, unit: str) -> str:
    return f"{value:.15g} {unit}" + ("" if value == 1 else "s")
