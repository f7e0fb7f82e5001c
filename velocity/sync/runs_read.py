"""Reads runs of a project into the record, and remembers which runs the server returned."""

import time
from collections.abc import Container, Iterable, Sequence
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
        ids: of all returned runs; None if one had no id.
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
        self.ids: set[str | None] = set()
        self.rejected: dict[str | None, Rejected] = {}
        self.filterable = True

    def read(
        self, *, since: datetime | None = None, run_ids: Sequence[str] | None = None
    ) -> int | None:
        """Read and merge all runs, or some (see `fetch_runs`); return how many the server counts.

        Batches are merged as they arrive, a few at a time.
        """
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
            run_ids = batch.runs["run_id"].to_list()
            self.ids.update(run_ids)
            for run_id in run_ids:
                self.rejected.pop(run_id, None)
            for row in batch.rejected:
                self.ids.add(row.run_id)
                self.rejected[row.run_id] = row
        self.tell("pull")

    def read_again(
        self, run_ids: Iterable[str], *, but: Container[str | None] | None = None
    ) -> int:
        """Read runs by id, except for those in `but` (default: read so far); return how many."""
        known = self.ids if but is None else but
        wanted = [run_id for run_id in run_ids if run_id not in known]
        if wanted:
            self.read(run_ids=wanted)
        return len(wanted)

    def tell(self, stage: Stage, *, ended: bool = False) -> None:
        """Report how far the pull is."""
        done, total = len(self.ids), self.total
        if total is not None and done > total:  # runs that were read again are not in it
            total = None
        far = Progress(stage, self._result.name, done, total, ended=ended)
        self._on_progress(far)
