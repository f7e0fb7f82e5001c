"""How the metrics of each query of queries/metrics/ are explained, and over which windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from velocity.explain import ends, medians, ranges
from velocity.explain.explanation import Result
from velocity.explain.sums import Arithmetic
from velocity.queries import list_metric_queries
from velocity.queries.metric import Metric, operands
from velocity.reading import reads
from velocity.reading.definitions import columns, definition, terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from velocity.explain.rows import Rows


@dataclass(frozen=True)
class Way:
    """How a metric is explained.

    Args:
        results: its values for a group and window.
        windows: a week or all the data (any), the data as a whole (end), or a week only.
        at_end: whether it is of the end of the window, and not of all of it.
        nothing: the sentence where there is no value.
        kinds: the kinds of group that have it.
    """

    results: Callable[[Rows, str], tuple[Result, ...]]
    windows: Literal["any", "end", "week"] = "any"
    at_end: bool = False
    nothing: str = ""
    kinds: tuple[reads.By, ...] = ("scholar", "stream", "programme")


_NO_ENTRY = "Neither grants nor charges by then."
#: Query of queries/metrics/ -> how its metrics are explained. Those with figures of groups by
#: period need no entry.
_WAYS = {
    "lines": Way(
        lambda rows, _: medians.blind_ratio(rows),
        nothing="No line has a loop launched in the window.",
        kinds=("scholar",),
    ),
    "open_work": Way(
        lambda rows, metric: ends.ages(rows, reads.open_work, metric),
        "end",
        at_end=True,
        nothing="No experiment is in flight.",
    ),
    "waiting_results": Way(
        lambda rows, metric: ends.ages(rows, reads.waiting_results, metric),
        "end",
        at_end=True,
        nothing="No result waits.",
    ),
    "ledger": Way(ends.ledger, "end", at_end=True, nothing=_NO_ENTRY),
    "balance": Way(ends.balance, at_end=True, nothing=_NO_ENTRY),
    "xmr": Way(
        lambda rows, _: ranges.ranges(rows),
        "week",
        nothing="No measure has a value in that week.",
    ),
}


def ways() -> dict[str, Way]:
    """The id of each metric that can be explained, and of what stands beside one -> how."""
    found: dict[str, Way] = {}
    for query in list_metric_queries():
        way = Way(_figure(query.group)) if query.key else _WAYS.get(query.group)
        if way is not None:
            found |= {column: way for metric in query.metrics for column in metric.columns}
    return found


def explained(*, hours: bool = True) -> list[str]:
    """Ids of the metrics that can be explained, in the order of their definitions.

    Args:
        hours: whether the viewer may see the group's hours of the day.
    """
    return [
        column
        for column in ways()
        if columns()[column].id == column and (hours or not rests_on_hours(column))
    ]


def rests_on_hours(column: str) -> bool:
    """Whether a figure rests on awake hours, which each scholar alone may see."""
    metric = columns()[column]
    return metric.id == "blind_ratio" or any(
        it.median == "reaction_awake" or "reaction_awake_hours" in it.adds
        for it in _terms_of(metric)
    )


def _terms_of(metric: Metric) -> list[Metric]:
    """The metric and every operand below it."""
    below = (terms()[it] for it in operands(metric.formula, terms()))
    return [metric, *(it for term in below for it in _terms_of(term))]


def _figure(part: str) -> Callable[[Rows, str], tuple[Result, ...]]:
    """How the figures of one query by group and period are explained."""

    def results(rows: Rows, column: str) -> tuple[Result, ...]:
        metric = columns()[column]
        if metric.median:
            return medians.median(rows, metric, column, part)
        work = Arithmetic(rows)
        value = work.value(definition(column))
        headline = rows.figures(part)[column]
        return (Result("", tuple(work.steps), value, headline, tuple(work.totals)),)

    return results
