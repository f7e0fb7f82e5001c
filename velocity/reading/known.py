"""What was known at the end of a window: comparisons of the same days of two weeks need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from velocity.queries import list_metric_queries, load_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import polars as pl

    from velocity.store.snapshot import Snapshot

#: The queries of queries/metrics/ whose figures can be read as they were known.
PARTS = ("volume", "loops", "medians")
_MEDIANS = ("machine", "reaction", "reaction_working", "loop")


@dataclass(frozen=True)
class Known:
    """A snapshot whose loops and daily facts are those known at the end of a window."""

    snapshot: Snapshot
    tables: Mapping[str, pl.DataFrame]

    @property
    def frames(self) -> Iterable[pl.DataFrame]:
        """The tables that differ, for `Kept`."""
        return self.tables.values()

    @classmethod
    def of(cls, snapshot: Snapshot, from_day: date, to_day: date) -> Known:
        """What was known at the beginning of `to_day` about the days since `from_day`."""
        window = {"from_day": from_day, "to_day": to_day}
        known = {"known": snapshot.frame(load_query("known/experiment").body, window)}
        loops = snapshot.frame(load_query("known/loop").body, tables=known)
        days = snapshot.frame(load_query("known/day_fact").body, window, known)
        return cls(snapshot, {"loop": loops, "day_fact": days})

    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The rows of a SELECT."""
        return self.snapshot.frame(sql, params, self.tables)


def unknown_columns() -> list[str]:
    """The columns of `PARTS` that rest on other tables, and so on what became known later."""
    return [
        column
        for query in list_metric_queries()
        if query.group in PARTS
        for metric in query.metrics
        if metric.median and metric.median not in _MEDIANS
        for column in metric.columns
    ]
