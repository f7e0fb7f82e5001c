"""What every figure means, from the headers of queries/: for tooltips, pages and docs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from velocity.errors import VelocityError
from velocity.queries import Metric, list_queries, load_query
from velocity.reading.nearest import did_you_mean

#: Groups in reading order; what is not named here follows by name.
_ORDER = (
    "volume",
    "loops",
    "medians",
    "lines",
    "open_work",
    "waiting_results",
    "compute",
    "ledger",
    "balance",
    "xmr",
    "bands",
    "funnel",
    "littles_law",
)
#: The steps of queries/derive/ whose tables have names that people use.
_WORDS = (
    "run_clock",
    "run_base",
    "session",
    "machine",
    "link",
    "segment",
    "experiment_core",
    "loop_core",
    "recovery",
)

#: What stands beside a figure: suffix -> unit (None: the figure's own), title, words.
_BESIDE: dict[str, tuple[str | None, str, str]] = {
    "low": (None, "lower 95 % limit", "Lower 95 % limit of: "),
    "high": (None, "upper 95 % limit", "Upper 95 % limit of: "),
    "n": ("observations", "n", "How many are known, ended or not, of: "),
    "events": ("events", "events", "How many have ended, and are not only seen so far, of: "),
    "largest": (None, "largest observed", "The largest, ended or only seen so far, of: "),
}


@dataclass(frozen=True)
class Group:
    """The figures of one query, or a word of queries/derive/ (which has none)."""

    name: str  # of the file, without folder and ending
    title: str
    text: str
    metrics: tuple[Metric, ...]


@cache
def groups() -> tuple[Group, ...]:
    """Every metric, a group a file of queries/metrics/, in reading order."""
    found = {query.name.split("/")[1]: query for query in list_queries("metrics")}
    names = [name for name in _ORDER if name in found]
    names += [name for name in found if name not in _ORDER]
    return tuple(
        Group(name, found[name].title, found[name].text, found[name].metrics) for name in names
    )


@cache
def words() -> tuple[Group, ...]:
    """What run, session, experiment and loop mean: the steps that make them, in order."""
    steps = {query.table: query for query in list_queries("derive")}
    return tuple(Group(table, steps[table].title, steps[table].text, ()) for table in _WORDS)


@cache
def _metrics() -> dict[str, Metric]:
    return {metric.id: metric for group in groups() for metric in group.metrics}


def query_of(metric_id: str) -> str:
    """The query of queries/metrics/ that gives a metric, or what stands beside one."""
    base = metric_id.rpartition("_")[0]
    return next(
        group.name
        for name in (metric_id, f"{base}_median", base)
        for group in groups()
        if any(metric.id == name for metric in group.metrics)
    )


def definition(metric_id: str) -> Metric:
    """The definition of a metric, also of what stands beside one ("loop_hours_low").

    Raises:
        VelocityError: there is no such metric.
    """
    known = _metrics()
    if metric_id in known:
        return known[metric_id]
    base, _, suffix = metric_id.rpartition("_")
    metric = known.get(f"{base}_median") or known.get(base)
    if metric is None or suffix not in _BESIDE or not _is_given(metric, metric_id):
        raise VelocityError(
            f"There is no metric '{metric_id}'.",
            did_you_mean(metric_id, known, otherwise="docs/metrics.md lists every metric."),
        )
    unit, title, text = _BESIDE[suffix]
    first, rest = metric.text[:1].lower(), metric.text[1:]
    return replace(
        metric,
        id=metric_id,
        unit=unit or metric.unit,
        title=f"{metric.title}: {title}",
        text=f"{text}{first}{rest}",
    )


def _is_given(metric: Metric, beside: str) -> bool:
    """Whether a column stands beside the metric: every one does beside a median."""
    if metric.id.endswith("_median"):
        return True
    body = load_query(f"metrics/{query_of(metric.id)}").body
    return re.search(rf"\bAS {beside}\b", body) is not None
