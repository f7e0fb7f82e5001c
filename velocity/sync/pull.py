"""Pulls one project from W&B into the record: what is new or may have changed, or everything.

An API that lies a little is asked so that its lies do no lasting harm:

- New and changed runs: those with a heartbeat since the start of the last successful pull, less an
  hour for what W&B shows late. As long as W&B counts more of them than it gives, the next pull asks
  for the same ones again.
- Runs that were not over, and those that were set aside, are read again by id: what becomes of them
  need not move their heartbeat.
- Once a day a light listing of the whole project is compared with the store: what differs is read
  again, and what is gone is marked deleted, though only after a scan with as many runs as W&B
  counts before and after it, and after asking for each by its id.
- The filter by heartbeat is checked after each full scan; where it gives other runs than the scan
  says it must, every pull of that project is a full scan.

What was merged stays merged wherever a pull stops; the next one goes on from
the last that succeeded.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity.errors import RetryLaterError, SourceError
from velocity.sync.results import Progress

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from datetime import datetime

    from velocity.record import Record
    from velocity.records import Rejected, RunBatch
    from velocity.sources.base import Server
    from velocity.sync.results import OnProgress, ProjectResult, Stage

#: W&B shows changes late, by 10 minutes and more.
_OVERLAP = timedelta(hours=1)
_RECONCILE_EVERY = timedelta(days=1)
#: Scans of a moving list before what is missing is reported instead.
_ATTEMPTS = 3
#: Merging costs little more for some pages than for one, so it waits for rows, but not for long.
_MERGED_ROWS = 5_000
_MERGED_SECONDS = 1.0


def pull_project(
    record: Record,
    server: Server,
    result: ProjectResult,
    *,
    started_at: datetime,
    full: bool,
    on_progress: OnProgress,
) -> None:
    """Pulls the project that `result` names; what it did is added to `result`.

    Args:
        record: to merge into, page by page; tells what is known.
        server: to ask.
        result: names the project; holds what was done, even where the pull fails.
        started_at: the present instant; the project is complete to it afterwards.
        full: read every run; else only where the project was never pulled, or its server cannot
            say what is new.
        on_progress: told of every page.

    Raises:
        VelocityError: the project could not be read to its end; the next pull goes on.
    """
    pull = _Pull(record, server.counting(), result, started_at, on_progress)
    try:
        state = record.read_pull_state(result.entity, result.project)
        trusted = None
        go_on_from = started_at
        since = None if full or not state.filter_trusted else state.pulled_from
        # What no scan can settle waits for the next day too: it would cost a scan every time.
        last = state.reconciled_at
        reconcile = last is None or started_at - last >= _RECONCILE_EVERY
        if since is None:
            pull.read_everything()
            trusted = pull.check_filter()
        else:
            whole = pull.read_since(since - _OVERLAP)
            pull.read_unsettled()
            if reconcile:
                pull.reconcile()
            elif not whole:
                go_on_from = since
        pull.finish(
            server.app_url,
            go_on_from=go_on_from,
            reconciled=since is None or reconcile,
            filter_trusted=trusted,
        )
    finally:
        result.requests = pull.server.requests
        pull.tell("pull", ended=True)


def leave_project(
    record: Record, server: Server, result: ProjectResult, *, gone_at: datetime
) -> None:
    """Takes the runs of a project that W&B no longer has out of the figures, until it is back.

    Args:
        record: that holds them.
        server: that has it no longer.
        result: names the project; holds what was done.
        gone_at: the instant when W&B had it no longer.
    """
    key = result.entity, result.project
    held = record.list_missing(*key, ())
    record.mark_deleted(*key, held, at=gone_at)
    result.deleted += len(held)
    record.merge_pull(
        *key,
        started_at=gone_at,
        go_on_from=gone_at,
        app_url=server.app_url,
        rejected=(),
        reconciled=False,
        filter_trusted=None,
    )
    result.notes.append(
        "W&B has no such project any more, or none that this API key may see: its runs are out of "
        "the figures until it is back."
    )


class _Pull:
    """One pull of one project under way.

    Attributes:
        server: with a count of the requests of this pull.
    """

    def __init__(
        self,
        record: Record,
        server: Server,
        result: ProjectResult,
        started_at: datetime,
        on_progress: OnProgress,
    ) -> None:
        self.server = server
        self._record = record
        self._result = result
        self._key = result.entity, result.project
        self._started_at = started_at
        self._on_progress = on_progress
        self._total: int | None = None
        self._read: set[str | None] = set()  # ids of the runs that came, set aside or not
        self._rejected: dict[str | None, Rejected] = {}  # what is set aside by now

    def read_everything(self) -> None:
        """Every run, page by page, and what is gone."""
        self._total = self.server.count_runs(*self._key)
        self.tell("pull")
        self._merge(self.server.fetch_runs(*self._key))
        if self._is_complete(self._read, self._total):
            self._mark_deleted(self._read)
        else:
            self.reconcile()

    def reconcile(self) -> None:
        """Compares every run with the store by a listing, and finds what is gone.

        A scan that runs go from may repeat some and pass over others, so that one
        which W&B's count does not bear out is made again, and deletes nothing.
        """
        for _ in range(_ATTEMPTS):
            before = self.server.count_runs(*self._key)
            listing = self._listing(before)
            listed = set(listing["run_id"])
            complete = self._is_complete(listed, before)
            differing = self._record.list_differing(*self._key, listing)
            # What is set aside by now differs because it could not be merged.
            self._read_again(differing, but=self._rejected.keys())
            if complete:
                self._mark_deleted(listed)
                return
        self._result.notes.append(
            f"W&B counts {before:,} runs but lists {len(listed):,}, {_ATTEMPTS} times over: "
            "none was taken as deleted."
        )

    def _listing(self, count: int) -> pl.DataFrame:
        """Every run without its data; W&B counts so many."""
        frames, rows = [], 0

        def tell(*, ended: bool = False) -> None:
            what = f"{self._result.name}, compared"
            total = rows if ended else count
            self._on_progress(Progress("pull", what, rows, total, ended=ended))

        for frame in self.server.fetch_listing(*self._key):
            frames.append(frame)
            rows += frame.height
            tell()
        tell(ended=True)
        return pl.concat(frames)

    def _is_complete(self, scanned: set[str | None], count_before: int) -> bool:
        """Whether a scan gave as many runs as W&B counted before it and counts now.

        Runs that were made meanwhile stand at the end of the list, and may be in it or not.
        """
        return count_before <= len(scanned) <= self.server.count_runs(*self._key)

    def _mark_deleted(self, scanned: set[str | None]) -> None:
        missing = self._record.list_missing(*self._key, scanned)
        # Two changes during a scan can make up for each other in the count: ask for each by id.
        self._read.difference_update(missing)
        self._merge(self.server.fetch_runs(*self._key, run_ids=missing))
        gone = [run_id for run_id in missing if run_id not in self._read]
        self._record.mark_deleted(*self._key, gone, at=self._started_at)
        self._result.deleted += len(gone)

    def read_since(self, since: datetime) -> bool:
        """Runs with a heartbeat at or after `since`; whether they are as many as W&B counts.

        A heartbeat under way moves its run to the end of the list and all others up by one, past
        the cursor: a list that is too short is read again.
        """
        self.tell("pull")
        missing = 0
        for _ in range(_ATTEMPTS):
            self._merge(self.server.fetch_runs(*self._key, since=since))
            missing = self.server.count_runs(*self._key, since=since) - len(self._read)
            if missing <= 0:
                return True
        self._result.notes.append(f"W&B counts {missing:,} more new or changed runs than it gives.")
        return False

    def read_unsettled(self) -> None:
        """Runs that were set aside, and those that were not over."""
        # What was set aside goes by itself, as it may make smaller pages necessary.
        for unsettled in (self._record.list_rejected, self._record.list_unfinished):
            self._read_again(unsettled(*self._key), but=self._read)

    def _read_again(self, run_ids: Iterable[str], *, but: Container[str | None]) -> None:
        """Runs by id, `but` for some."""
        wanted = [run_id for run_id in run_ids if run_id not in but]
        self._merge(self.server.fetch_runs(*self._key, run_ids=wanted))

    def check_filter(self) -> bool | None:
        """Whether the server's filter by heartbeat gives what was just read; None: cannot tell."""
        window = self._record.known_window(*self._key)
        expected = {run_id for run_id in window if run_id in self._read}
        if not expected:
            return None
        since = min(window.values())
        try:
            found = self._heartbeats(since=since)
            # A run may have gone since the scan; one that is still there was left out.
            left_out = self._heartbeats(run_ids=sorted(expected - found.keys()))
        except RetryLaterError:
            return None
        except SourceError:
            trusted = False
        else:
            inside = all(at is not None and at >= since for at in found.values())
            trusted = inside and not any(at is not None and at >= since for at in left_out.values())
        if not trusted:
            self._result.notes.append(
                "W&B's filter by heartbeat gives other runs here than it should: every sync reads "
                "all runs of this project."
            )
        return trusted

    def _heartbeats(
        self, *, since: datetime | None = None, run_ids: list[str] | None = None
    ) -> dict[str, datetime | None]:
        # Without their data: a run that W&B cannot send whole is in the list all the same.
        frames = self.server.fetch_listing(*self._key, since=since, run_ids=run_ids)
        return {
            run_id: at
            for frame in frames
            for run_id, at in frame.select("run_id", "heartbeat_at").iter_rows()
        }

    def finish(
        self,
        app_url: str,
        *,
        go_on_from: datetime,
        reconciled: bool,
        filter_trusted: bool | None,
    ) -> None:
        """Says that the pull succeeded, from where the next goes on, and what is set aside."""
        self._result.rejected = list(self._rejected.values())
        self._record.merge_pull(
            *self._key,
            started_at=self._started_at,
            go_on_from=go_on_from,
            app_url=app_url,
            rejected=self._result.rejected,
            reconciled=reconciled,
            filter_trusted=filter_trusted,
        )
        self._total = len(self._read)

    def _merge(self, batches: Iterable[RunBatch]) -> None:
        """Merges batches as they come, a few at a time."""
        waiting: list[RunBatch] = []
        since = time.monotonic()
        try:
            for batch in batches:
                waiting.append(batch)
                rows = sum(it.runs.height for it in waiting)
                if rows >= _MERGED_ROWS or time.monotonic() - since >= _MERGED_SECONDS:
                    self._merge_batches(waiting)
                    waiting, since = [], time.monotonic()
        finally:  # what came before a failure stays
            if waiting:
                self._merge_batches(waiting)

    def _merge_batches(self, batches: Sequence[RunBatch]) -> None:
        self.tell("merge")
        self._result.counts += self._record.merge_runs(pl.concat([it.runs for it in batches]))
        for batch in batches:
            run_ids = batch.runs["run_id"].to_list()
            self._read.update(run_ids)
            for run_id in run_ids:
                self._rejected.pop(run_id, None)
            for row in batch.rejected:
                self._read.add(row.run_id)
                self._rejected[row.run_id] = row
        self.tell("pull")

    def tell(self, stage: Stage, *, ended: bool = False) -> None:
        """Says how far the pull is."""
        told = Progress(stage, self._result.name, len(self._read), self._total, ended=ended)
        self._on_progress(told)
