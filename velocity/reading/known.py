"""What was known at an earlier instant: replays need it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from velocity.queries import load_query
from velocity.store.snapshot import MOST_BYTES, Kept, Snapshot

#: Longer than a run can be silent before it counts as dead.
_RECENT = timedelta(days=8)


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
