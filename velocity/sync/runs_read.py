"""Reads runs of a project into the record, and remembers which runs the server returned."""

import time
from collections.abc import Sequence
from datetime import datetime

import polars as pl

from velocity.record import Intake
from velocity.records import Rejected, RunBatch
from velocity.sources.base import Server
from velocity.sync.results import OnProgress, Progress, ProjectResult, Stage

#: Merging several pages costs little more than one, so a merge waits for rows, but not for long.
_MERGED_ROWS = 5_000
_MERGED_SECONDS = 1.0


class RunsRead:
    """The runs that one pull of a project has read so far.

    Attributes:
        total: how many there will be; None if that is not known.
        rejected: id -> skipped row.
        filterable: whether the server seems able to filter by heartbeat.
    """

    def __init__(
        self, record: Intake, server: Server, result: ProjectResult, on_progress: OnProgress
    ) -> None:
        self._record = record
        self._server = server
        self._key = result.entity, result.project
        self._result = result
        self._on_progress = on_progress
        self.total: int | None = None
        self._returned = 0  # runs, with those that one read returned twice
        # A set of strings would take 130 MB for a million runs.
        self._ids = [pl.Series("run_id", [], pl.String)]
        self.rejected: dict[str | None, Rejected] = {}
        self.filterable = True

    def read(
        self, *, since: datetime | None = None, run_ids: Sequence[str] | None = None
    ) -> int | None:
        """Read and merge all runs, or some (see `fetch_runs`); return how many the server counts.

        Batches are merged as they arrive, a few at a time.
        """
        self._returned = self.ids.len()
        batches = self._server.fetch_runs(*self._key, since=since, run_ids=run_ids)
        asked_for: int | None = None
        waiting: list[RunBatch] = []
        begun = time.monotonic()
        try:
            for batch in batches:
                asked_for = batch.asked_for
                if self.total is None:
                    self.total = asked_for
                waiting.append(batch)
                rows = sum(it.runs.height for it in waiting)
                if rows >= _MERGED_ROWS or time.monotonic() - begun >= _MERGED_SECONDS:
                    self._merge_batches(waiting)
                    waiting, begun = [], time.monotonic()
        finally:  # batches before a failure are merged too
            if waiting:
                self._merge_batches(waiting)
        return asked_for

    def _merge_batches(self, batches: Sequence[RunBatch]) -> None:
        self.tell("merge")
        self._result.counts += self._record.merge_runs(pl.concat([it.runs for it in batches]))
        for batch in batches:
            # A server may fail to filter by heartbeat if one of them is not a time.
            odd = batch.runs["unreadable"].list.contains("heartbeatAt").any()
            self.filterable = self.filterable and not odd
            self._add(batch.runs["run_id"])
            for run_id in batch.runs["run_id"] if self.rejected else ():
                self.rejected.pop(run_id, None)
            rejected = {row.run_id: row for row in batch.rejected}
            self._add(pl.Series("run_id", [*rejected], pl.String))
            self.rejected |= rejected
        self.tell("pull")

    def _add(self, run_ids: pl.Series) -> None:
        self._ids.append(run_ids)
        self._returned += run_ids.len()

    @property
    def ids(self) -> pl.Series:
        """Ids of all runs returned until now, each once; null if one had no id."""
        if len(self._ids) > 1:
            self._ids = [pl.concat(self._ids).unique()]
        return self._ids[0]

    def find_unread(self, run_ids: Sequence[str]) -> list[str]:
        """Those of some ids that the server has not returned."""
        asked = pl.Series(run_ids, dtype=pl.String)
        return asked.filter(~asked.is_in(self.ids.implode(), nulls_equal=True)).to_list()

    def read_missing(self, run_ids: Sequence[str]) -> int:
        """Read those of some runs that were not read yet; return how many that are."""
        unread = self.find_unread(run_ids)
        self.read(run_ids=unread)
        return len(unread)

    def read_gone(self, run_ids: Sequence[str]) -> list[str]:
        """Read runs whether or not they were read before; return those that are not returned."""
        ids, asked = self.ids, pl.Series(run_ids, dtype=pl.String)
        self._ids = [ids.filter(~ids.is_in(asked.implode(), nulls_equal=True))]
        self.read(run_ids=run_ids)
        return self.find_unread(run_ids)

    def tell(self, stage: Stage, *, ended: bool = False) -> None:
        """Report how far the pull is."""
        done, total = self.ids.len() if ended else self._returned, self.total
        if total is not None and done > total:  # runs that were read again are not in it
            total = None
        far = Progress(stage, self._result.name, done, total, ended=ended)
        self._on_progress(far)
