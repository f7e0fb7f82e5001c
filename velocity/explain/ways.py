"""How the metrics of each query of queries/metrics/ are explained, and over which windows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from velocity.explain.ends import ages, of_credits, of_hosts, of_open_work
from velocity.explain.medians import blind_ratio, median
from velocity.explain.ranges import lasting, ranges
from velocity.explain.sums import Arithmetic
from velocity.queries import list_metric_queries
from velocity.reading import reads
from velocity.reading.definitions import columns, definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from velocity.explain.explanation import Result
    from velocity.explain.rows import Rows


@dataclass(frozen=True)
class Way:
    """How a metric is explained."""

    results: Callable[[Rows, str], tuple[Result, ...]]  # its values for a group and window
    windows: Literal["any", "end", "week"] = "any"  # end: only all the data; week: only a week
    at_end: bool = False  # whether it describes the end of the window instead of the whole window
    nothing: str = ""  # the sentence if there is no value
    actor: reads.Actor | None = None  # whose launches always count; None: the chosen ones
    kinds: tuple[reads.By, ...] = ("scholar", "stream", "programme")  # groups that have it


_NO_ENTRY = "No grants or charges by then."
#: Query of queries/metrics/ -> how its metrics are explained, unless they are figures of groups by
#: period.
_WAYS = {
    "lines": Way(
        blind_ratio, nothing="No line has a loop launched in the window.", kinds=("scholar",)
    ),
    "open_work": Way(of_open_work, "end", at_end=True, nothing="No experiment is in flight."),
    "waiting_results": Way(
        partial(ages, read=reads.waiting_results, since="result_at", event="result"),
        "end",
        at_end=True,
        nothing="No result is waiting.",
    ),
    "idle_hosts": Way(of_hosts, nothing="No host is rented.", kinds=("programme",)),
    "ledger": Way(partial(of_credits, read=reads.ledger), "end", at_end=True, nothing=_NO_ENTRY),
    "balance": Way(partial(of_credits, read=reads.balance), at_end=True, nothing=_NO_ENTRY),
    "xmr": Way(ranges, "week", nothing="No measure has a value in that week."),
    "lasting_change": Way(lasting, "end", at_end=True),
}


def ways() -> dict[str, Way]:
    """Column of each metric that can be explained, such as its limits -> how."""
    found: dict[str, Way] = {}
    for query in list_metric_queries():
        way = Way(partial(_figure, part=query.group)) if query.key else _WAYS.get(query.group)
        if way is not None:
            way = replace(way, actor=query.actor)
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
        if columns()[column].id == column and (hours or not columns()[column].private)
    ]


def _figure(rows: Rows, column: str, *, part: str) -> tuple[Result, ...]:
    """A figure of one query by group and period."""
    headline, metric = rows.figures(part)[column], columns()[column]
    if metric.median:
        return (median(rows, metric, column, headline),)
    work = Arithmetic(rows)
    return (work.result(work.value(definition(column)), headline),)
