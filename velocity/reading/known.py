"""What was known at the end of a window: comparisons of the same days of two weeks need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from velocity.queries import list_metric_queries, load_query
from velocity.store.kept import MOST_BYTES, Kept
from velocity.store.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    import polars as pl

#: The queries of queries/metrics/ whose figures can be read as they were known.
PARTS = ("volume", "loops", "medians")
#: Longer than a run can be silent before it counts as dead.
_RECENT = timedelta(days=8)
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
        edges = snapshot.frame(load_query("known/edges").body, window).row(0, named=True)
        known = {"known": snapshot.frame(load_query("known/experiment").body, edges)}
        loops = snapshot.frame(load_query("known/loop").body, tables=known)
        days = snapshot.frame(load_query("known/day_fact").body, window, known)
        return cls(snapshot, {"loop": loops, "day_fact": days})

    def frame(self, sql: str, params: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The rows of a SELECT."""
        return self.snapshot.frame(sql, params, self.tables)


class AtInstant(Snapshot):
    """A snapshot as it was at an earlier instant, for the reads of what is in flight or waits.

    Later launches, ends and results are not known; changes of the runs themselves are not undone,
    and the roster is today's, with its dates.
    """

    def __init__(self, snapshot: Snapshot, at: datetime) -> None:
        """Computes the tables that differ."""
        self.name = f"{snapshot.name} at {at.isoformat()}"
        self.kept = Kept(MOST_BYTES)
        self._snapshot = snapshot
        self._tables: dict[str, pl.DataFrame] = {}
        then = {"known_at": at}
        recent = self._made("known/experiment", then | {"from_at": at - _RECENT})
        known = {"known": self._made("known/settled", then, {"known": recent})}
        self._tables = {
            "experiment": known["known"],
            "loop": self._made("known/loop", tables=known),
            "recovery": self._made("known/recovery", then, known),
            "project": self._made("known/project", then),
            "host_stay": self._made("known/host_stay", then),
        }

    def _made(
        self,
        query: str,
        params: Mapping[str, Any] | None = None,
        tables: Mapping[str, pl.DataFrame] | None = None,
    ) -> pl.DataFrame:
        return self._snapshot.frame(load_query(query).body, params, tables)

    def frame(
        self,
        sql: str,
        params: Mapping[str, Any] | None = None,
        tables: Mapping[str, pl.DataFrame] | None = None,
    ) -> pl.DataFrame:
        """The rows of one SELECT, as of `Snapshot.frame`."""
        return self._snapshot.frame(sql, params, {**self._tables, **(tables or {})})


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
