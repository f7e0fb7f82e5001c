"""Puts the figures of queries/metrics/ side by side: one row a group and period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, get_args

import polars as pl

from velocity.queries import load_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from typing import Any

By = Literal["scholar", "stream", "programme"]
Period = Literal["all", "month", "week", "day"]

#: A query of queries/metrics/ with figures of groups by period.
Part = Literal["volume", "loops", "medians", "compute"]
#: `volume` comes first: it has a row for every group and period, the others where they have data.
PARTS: tuple[Part, ...] = get_args(Part)

_ZERO_WHERE_ABSENT = (
    "machine_hours_closed",
    "reaction_hours_closed",
    "gpu_hours",
    "gpu_hours_failed",
    "unpriced_run_hours",
    "credits",
)

_KEY = ("kind", "group_id", "period_start")

_EVERYTHING: Mapping[str, Any] = {
    "everything": True,
    "scholars": [],
    "streams": [],
    "fixed_groups": True,
    "hours": None,
}


class Readable(Protocol):
    """What runs one SELECT: the live store or a snapshot."""

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
    scope: Mapping[str, Any] = _EVERYTHING,
    parts: Sequence[Part] = PARTS,
    each: Callable[..., Iterable[pl.DataFrame]] = map,
) -> pl.DataFrame:
    """Every metric, a row a group and period, over [from_day, to_day) in local days.

    `periods`: only those with these first days. `groups`: only these ids, but from the period
    `groups_until` on all. `parts`: only the metrics of these queries, `volume` first.
    `each`: runs their queries, as `map` does or several at a time.

    Returns:
        `kind`, `group_id`, `period_start` (1970-01-01 for the period "all"), then the ids of the
        metrics.
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
        "scope": dict(scope),
    }
    bodies = [load_query(f"metrics/{part}").body for part in parts]
    whole, *others = each(lambda body: source.frame(body, params), bodies)
    for part in others:
        whole = whole.join(part, on=_KEY, how="left", maintain_order="left")
    counts = [
        name
        for name in whole.columns
        if name.endswith(("_n", "_events"))
        or name.startswith("loops_")
        or name in _ZERO_WHERE_ABSENT
    ]
    return whole.with_columns(pl.col(counts).fill_null(0))
