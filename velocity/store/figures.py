"""Joins the figures of queries/metrics/: one row per group and period."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, Protocol

import polars as pl

from velocity.queries import Query, list_metric_queries

By = Literal["scholar", "stream", "programme"]
Period = Literal["all", "month", "week", "day"]
#: Whose launches count: scholars' own, those of their automation, or both.
Actor = Literal["person", "automation", "all"]

#: The value of the parameter `scope` that sees every row.
EVERYTHING: Mapping[str, Any] = {
    "everything": True,
    "scholars": [],
    "streams": [],
    "fixed_groups": True,
    "hours": None,
}


def figure_queries() -> tuple[Query, ...]:
    """The queries of queries/metrics/ with figures of groups by period.

    The first has a row for every group and period, the others only those with data.
    """
    return tuple(query for query in list_metric_queries() if query.key)


class Readable(Protocol):
    """The live store or a snapshot."""

    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The rows of a SELECT."""


def figures(
    source: Readable,
    *,
    kinds: Sequence[By],
    period: Period,
    from_day: date | None = None,
    to_day: date | None = None,
    periods: Sequence[date] | None = None,
    groups: Sequence[str] | None = None,
    groups_until: date | None = None,
    within: str | None = None,
    actor: Actor = "person",
    scope: Mapping[str, Any] = EVERYTHING,
    parts: Sequence[str] | None = None,
    each: Callable[..., Iterable[pl.DataFrame]] = map,
) -> pl.DataFrame:
    """Every metric over [from_day, to_day) in local days.

    `periods`: only those with these first days. `groups`: only these ids, but all groups from the
    period `groups_until` on. `actor`: whose launches count in figures about people. `parts`: only
    the metrics of these queries, and of the first one.
    `each`: runs the queries, like `map` or several at a time.

    Returns:
        One row per group and period: `kind`, `group_id`, `period_start` (1970-01-01 for the period
        "all"), then the ids of the metrics.
    """
    params = {
        "kinds": list(kinds),
        "period": period,
        "from_day": from_day,
        "to_day": to_day,
        "periods": list(periods) if periods is not None else None,
        "groups": list(groups) if groups is not None else None,
        "groups_until": groups_until,
        "within": within,
        "actor": actor,
        "scope": dict(scope),
    }
    first, *others = figure_queries()
    wanted = [first, *(it for it in others if parts is None or it.group in parts)]
    whole, *frames = each(lambda it: source.frame(it.body, it.given(params)), wanted)
    for frame in frames:
        whole = whole.join(frame, on=first.key, how="left", maintain_order="left")
    return whole.with_columns(
        pl.col(name).fill_null(0)
        for query in wanted
        for metric in query.metrics
        for name in metric.columns
        if metric.is_sum or name.endswith(("_n", "_events"))
    )
