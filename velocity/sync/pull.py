"""Pulls one project from W&B into the record: what is new or may have changed, or everything.

W&B's API is not always right, so errors in its answers must do no lasting harm:

- New and changed runs: those with a heartbeat since the start of the last successful pull, less an
  hour because W&B shows some changes late. While W&B counts more of them than it returns, the next
  pull asks for the same ones again.
- Unfinished and rejected runs are read again by id: their outcome need not move their heartbeat.
  An unfinished run that is not returned is asked for once more, alone. If it is still not
  returned, it is marked as deleted.
- W&B's run count is compared with the runs in the record in every pull. Where new runs do not
  explain a difference, and once a day in any case, a light listing of the whole project is compared
  with the record. Runs that differ are read again. Missing runs are marked as deleted, but only
  after a scan that agrees with W&B's count before and after it, and after asking for each by id.
- The filter by heartbeat is checked after each full scan. If its result differs from the scan,
  or W&B does not answer it, every pull of that project is a full scan.

What was merged stays merged wherever a pull stops; the next one goes on from
the last that succeeded.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.errors import RetryLaterError, SourceError, UnansweredError
from velocity.sync.own_clock import find_clock_ahead
from velocity.sync.results import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence
    from datetime import datetime

    from velocity.record import PullState, Record
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
    full: bool,
    clock: Callable[[], datetime],
    on_progress: OnProgress,
) -> None:
    """Pulls the project that `result` names; what it did is added to `result`.

    Args:
        record: to merge into, page by page; tells what is known.
        server: to ask.
        result: names the project; holds what was done, even where the pull fails.
        full: read every run; else only where the project was never pulled, or its server cannot
            say what is new.
        clock: the present instant; the project is complete to the start of the pull, by the
            server's clock where the two do not agree.
        on_progress: told of every page.

    Raises:
        VelocityError: the project could not be read to its end; the next pull goes on.
    """
    server = server.counting()
    pull = _Pull(record, server, result, on_progress)
    try:
        pull.begin(clock)
        pull.run(record.read_pull_state(result.entity, result.project), full=full)
    finally:
        result.requests = server.requests
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
        uncollected=None,
    )
    result.notes.append(
        "W&B has no such project any more, or none that this API key may see: its runs are out of "
        "the figures until it is back."
    )


class _Pull:
    """One pull of one project under way: `begin`, then `run`."""

    def __init__(
        self,
        record: Record,
        server: Server,
        result: ProjectResult,
        on_progress: OnProgress,
    ) -> None:
        self._record = record
        self._server = server
        self._result = result
        self._key = result.entity, result.project
        self._on_progress = on_progress
        self._total: int | None = None
        self._read: set[str | None] = set()  # ids of the runs that came, set aside or not
        self._rejected: dict[str | None, Rejected] = {}  # what is set aside by now
        self._filters = True  # whether the server seems able to filter by heartbeat

    def begin(self, clock: Callable[[], datetime]) -> None:
        """Asks for the run count, and with it for the server's clock."""
        before = clock()
        try:
            self._counted = self._server.count_runs(*self._key)
        finally:
            ahead = find_clock_ahead(before, self._server.clock, clock())
            self._result.clock_ahead = ahead
        self._started_at = before - ahead

    def run(self, state: PullState, *, full: bool) -> None:
        """Reads what may have changed since the last pull, and saves how far it came."""
        since = None if full or not state.filter_trusted else state.pulled_from
        missing = None if since is None else self._read_since(since - _OVERLAP)
        due = self._is_reconcile_due(state.reconciled_at)
        trusted, go_on_from = None, self._started_at
        if since is None or missing is None:
            self._read_everything()
            trusted = self._check_filter()
        else:
            self._read_unsettled()
            self._read_named()
            due = due or not self._explains_count(state.uncollected)
            if due:
                self._reconcile()
            elif missing > 0:
                go_on_from = since
                self._result.notes.append(
                    f"W&B counts {missing:,} more new or changed runs than it gives."
                )
        reconciled = missing is None or due
        self._finish(go_on_from=go_on_from, reconciled=reconciled, filter_trusted=trusted)

    def _is_reconcile_due(self, last: datetime | None) -> bool:
        """Whether the last comparison of all runs is a day ago, or was made by a wrong clock."""
        if last is None:
            return True
        return not -_OVERLAP <= self._started_at - last < _RECONCILE_EVERY

    def _read_everything(self) -> None:
        """Every run, page by page, and what is gone."""
        self._total = self._counted
        self.tell("pull")
        self._merge(self._server.fetch_runs(*self._key))
        if self._is_complete(self._read, self._total):
            self._mark_deleted(self._read)
        else:
            self._reconcile()

    def _reconcile(self) -> None:
        """Compares every run with the store by a listing, and finds what is gone.

        A scan that runs go from may repeat some and pass over others, so that one
        which W&B's count does not bear out is made again, and deletes nothing.
        """
        for _ in range(_ATTEMPTS):
            before = self._server.count_runs(*self._key)
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

        for frame in self._server.fetch_listing(*self._key):
            frames.append(frame)
            rows += frame.height
            tell()
        tell(ended=True)
        return pl.concat(frames)

    def _is_complete(self, scanned: set[str | None], count_before: int) -> bool:
        """Whether a scan gave as many runs as W&B counted before it and counts now.

        Runs that were made meanwhile stand at the end of the list, and may be in it or not.
        """
        self._counted = self._server.count_runs(*self._key)
        if not count_before <= len(scanned) <= self._counted:
            return False
        self._counted = len(scanned)
        return True

    def _mark_deleted(self, scanned: set[str | None]) -> None:
        missing = self._record.list_missing(*self._key, scanned)
        # Two changes during a scan can make up for each other in the count: ask for each by id.
        self._read.difference_update(missing)
        self._merge(self._server.fetch_runs(*self._key, run_ids=missing))
        self._mark_gone(missing)

    def _mark_gone(self, asked: Sequence[str]) -> None:
        """Marks the runs as deleted that were asked for and did not come."""
        gone = [run_id for run_id in asked if run_id not in self._read]
        self._record.mark_deleted(*self._key, gone, at=self._started_at)
        self._result.deleted += len(gone)

    def _read_since(self, since: datetime) -> int | None:
        """Reads runs with a heartbeat at or after `since`; gives how many more W&B counts.

        None: W&B does not answer that, as where one of the heartbeats cannot be read.

        A heartbeat under way moves its run to the end of the list and all others up by one, past
        the cursor: a list that is too short is read again.
        """
        self.tell("pull")
        missing = 0
        for _ in range(_ATTEMPTS):
            try:
                matching = self._merge(self._server.fetch_runs(*self._key, since=since))
            except UnansweredError:
                self._filters = False
                return None
            missing = 0 if matching is None else matching - len(self._read)
            if missing <= 0:
                break
        return missing

    def _read_unsettled(self) -> None:
        """Runs that were set aside, and unfinished ones, which may be gone."""
        # What was set aside goes by itself, as it may make smaller pages necessary.
        self._read_again(self._record.list_rejected(*self._key), but=self._read)
        unfinished = self._record.list_unfinished(*self._key)
        self._read_again(unfinished, but=self._read)
        for run_id in unfinished:
            self._read_again([run_id], but=self._read)
        self._mark_gone(unfinished)

    def _explains_count(self, uncollected: int) -> bool:
        """Whether W&B counts as many runs as the record has, or as many more as it did before.

        Args:
            uncollected: runs that W&B counted at the last comparison, and the record did not have.
        """
        known = {0, uncollected}
        first = self._find_uncollected()
        if first in known:
            return True
        # Runs may have come and gone since W&B counted.
        self._counted = self._server.count_runs(*self._key)
        now = self._find_uncollected()
        return any(min(first, now) <= it <= max(first, now) for it in known)

    def _find_uncollected(self) -> int:
        """Runs that W&B counts, and that are neither in the record nor set aside.

        Hidden runs and those of people who were forgotten stay out of the record for good.
        """
        set_aside = sum(run_id is not None for run_id in self._rejected)
        return self._counted - self._record.count_collected(*self._key) - set_aside

    def _read_named(self) -> None:
        """Runs that came before a setting named a key of their config, whose value is not kept."""
        runs = [it for it in self._record.list_unread_named(*self._key) if it not in self._read]
        if runs:
            self._read_again(runs, but=())
            self._result.notes.append(
                f"The settings name a config key that they did not name before: the configs of "
                f"{formats.plural(len(runs), 'run')} were read once more."
            )

    def _read_again(self, run_ids: Iterable[str], *, but: Container[str | None]) -> None:
        """Runs by id, `but` for some."""
        wanted = [run_id for run_id in run_ids if run_id not in but]
        if wanted:
            self._merge(self._server.fetch_runs(*self._key, run_ids=wanted))

    def _check_filter(self) -> bool | None:
        """Whether the server's filter by heartbeat gives what was just read; None: cannot tell."""
        window = self._record.known_window(*self._key)
        expected = {run_id for run_id in window if run_id in self._read}
        if not expected:
            return None
        trusted = self._filters and self._has_right_filter(expected, min(window.values()))
        if trusted is False:
            self._result.notes.append(
                "W&B's filter by heartbeat cannot be relied on here: every sync reads all runs of "
                "this project."
            )
        return trusted

    def _has_right_filter(self, expected: set[str], since: datetime) -> bool | None:
        """Whether the filter gives the runs that it should; None: cannot tell."""
        try:
            found = self._heartbeats(since=since)
            # A run may have gone since the scan; one that is still there was left out.
            left_out = self._heartbeats(run_ids=sorted(expected - found.keys()))
        except RetryLaterError:
            return None
        except SourceError:
            return False
        inside = all(at is not None and at >= since for at in found.values())
        return inside and not any(at is not None and at >= since for at in left_out.values())

    def _heartbeats(
        self, *, since: datetime | None = None, run_ids: list[str] | None = None
    ) -> dict[str, datetime | None]:
        # Without their data: a run that W&B cannot send whole is in the list all the same.
        frames = self._server.fetch_listing(*self._key, since=since, run_ids=run_ids)
        return {
            run_id: at
            for frame in frames
            for run_id, at in frame.select("run_id", "heartbeat_at").iter_rows()
        }

    def _finish(
        self,
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
            app_url=self._server.app_url,
            rejected=self._result.rejected,
            reconciled=reconciled,
            filter_trusted=filter_trusted,
            uncollected=self._find_uncollected() if reconciled else None,
        )
        self._total = len(self._read)

    def _merge(self, batches: Iterable[RunBatch]) -> int | None:
        """Merges batches as they come, a few at a time; gives how many runs they should have."""
        asked_for: int | None = None
        waiting: list[RunBatch] = []
        since = time.monotonic()
        try:
            for batch in batches:
                asked_for = batch.asked_for
                waiting.append(batch)
                rows = sum(it.runs.height for it in waiting)
                if rows >= _MERGED_ROWS or time.monotonic() - since >= _MERGED_SECONDS:
                    self._merge_batches(waiting)
                    waiting, since = [], time.monotonic()
        finally:  # what came before a failure stays
            if waiting:
                self._merge_batches(waiting)
        return asked_for

    def _merge_batches(self, batches: Sequence[RunBatch]) -> None:
        self.tell("merge")
        self._result.counts += self._record.merge_runs(pl.concat([it.runs for it in batches]))
        for batch in batches:
            # Asked for runs from an instant on, a server may stumble over a heartbeat that is none.
            odd = batch.runs["unreadable"].list.contains("heartbeatAt").any()
            self._filters = self._filters and not odd
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
