"""Pulls one project from W&B into the record: what is new or may have changed, or everything.

W&B's API is not always right, so errors in its answers must do no lasting harm:

- New and changed runs: those with a heartbeat since the start of the last successful pull, less an
  hour because W&B shows some changes late. While W&B counts more of them than it returns, the next
  pull asks for the same ones again.
- Unfinished and skipped runs are read again by id, because they can end without a new heartbeat.
  An unfinished run that is not returned is requested once more, by itself. If it is still not
  returned, it is marked as deleted.
- W&B's run count is compared with the runs in the record in every pull. Where new runs do not
  explain a difference, and once a day in any case, a light listing of the whole project is compared
  with the record. Runs that differ are read again. Missing runs are marked as deleted, but only
  after a scan that agrees with W&B's count before and after it, and after asking for each by id.
- The filter by heartbeat is checked after each full scan. If its result differs from the scan,
  or W&B does not answer it, every pull of that project is a full scan.

Merged runs stay if a pull is interrupted; the next one continues from the last that succeeded.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from velocity import formats
from velocity.errors import UnansweredError
from velocity.record import Intake, PullState
from velocity.sources.base import Server
from velocity.sync.heartbeat_filter import is_filter_right
from velocity.sync.own_clock import find_clock_ahead
from velocity.sync.results import OnProgress, Progress, ProjectResult
from velocity.sync.runs_read import RunsRead

#: W&B shows changes late, by 10 minutes and more.
_OVERLAP = timedelta(hours=1)
_RECONCILE_EVERY = timedelta(days=1)
#: Scans of a changing list, before missing runs are only reported.
_ATTEMPTS = 3


def pull_project(
    record: Intake,
    server: Server,
    result: ProjectResult,
    *,
    full: bool,
    clock: Callable[[], datetime],
    on_progress: OnProgress,
) -> None:
    """Pull one project, page by page, and add to its result, also if the pull fails.

    With `full`, every run is read, as in a first pull or if the server's filter is not trusted. The
    project is complete to the start of the pull, by the server's clock if it differs from `clock`.

    Raises:
        VelocityError: the project could not be read completely; the next pull continues.
    """
    server = server.counting()
    pull = _Pull(record, server, result, on_progress)
    try:
        pull.begin(clock)
        pull.run(record.read_pull_state(result.entity, result.project), full=full)
    finally:
        result.requests = server.requests
        pull.end()


def leave_project(
    record: Intake, server: Server, result: ProjectResult, *, gone_at: datetime
) -> None:
    """Mark all runs of a project that is gone from W&B as deleted, until it is back."""
    key = result.entity, result.project
    held = record.list_missing(*key, pl.Series([], dtype=pl.String))
    record.mark_deleted(*key, held, at=gone_at)
    result.deleted += len(held)
    record.merge_project(
        *key,
        rejected=(),
        as_of=gone_at,
        app_url=server.app_url,
        pull=replace(record.read_pull_state(*key), pulled_from=gone_at),
    )
    result.notes.append(
        "W&B no longer has this project, or the API key may not see it: its runs "
        "do not count in any figure until it is back."
    )


class _Pull:
    """One pull of one project: `begin`, then `run`."""

    def __init__(
        self, record: Intake, server: Server, result: ProjectResult, on_progress: OnProgress
    ) -> None:
        self._record = record
        self._server = server
        self._result = result
        self._key = result.entity, result.project
        self._on_progress = on_progress
        self._runs = RunsRead(record, server, result, on_progress)

    def end(self) -> None:
        self._runs.tell("pull", ended=True)

    def begin(self, clock: Callable[[], datetime]) -> None:
        """Ask for the run count, which comes with the server's time."""
        before = clock()
        try:
            self._counted = self._server.count_runs(*self._key)
        finally:
            ahead = find_clock_ahead(before, self._server.clock, clock())
            self._result.clock_ahead = ahead
        self._started_at = before - ahead

    def run(self, state: PullState, *, full: bool) -> None:
        """Read what may have changed since the last pull, and record that it succeeded."""
        since = None if full or not state.filter_trusted else state.pulled_from
        missing = None if since is None else self._read_since(since - _OVERLAP)
        due = self._is_reconcile_due(state.reconciled_at)
        go_on_from = self._started_at
        if since is None or missing is None:
            self._read_everything()
            trusted = self._check_filter()
            if trusted is not None:
                state = replace(state, filter_trusted=trusted)
        else:
            self._read_unsettled()
            self._read_named()
            due = due or not self._explains_count(state.uncollected)
            if due:
                self._reconcile()
            elif missing > 0:
                go_on_from = since
                self._result.notes.append(
                    f"W&B counts {missing:,} more new or changed runs than it returns."
                )
        self._finish(replace(state, pulled_from=go_on_from), reconciled=missing is None or due)

    def _is_reconcile_due(self, last: datetime | None) -> bool:
        """Whether the last comparison of all runs is a day old, or has a time in the future."""
        return last is None or not -_OVERLAP <= self._started_at - last < _RECONCILE_EVERY

    def _read_everything(self) -> None:
        """Read every run, page by page, and mark missing ones as deleted."""
        self._runs.total = self._counted
        self._runs.tell("pull")
        self._runs.read()
        if self._is_complete(self._runs.ids, self._runs.total):
            self._mark_deleted(self._runs.ids)
        else:
            self._reconcile()

    def _reconcile(self) -> None:
        """Compare every run with the record by a listing, and mark missing runs as deleted.

        If runs are deleted during a scan, it can repeat some runs and miss others. A scan that does
        not agree with W&B's count is repeated and deletes nothing.
        """
        for _ in range(_ATTEMPTS):
            before = self._server.count_runs(*self._key)
            listing = self._listing(before)
            listed = listing["run_id"].unique()
            complete = self._is_complete(listed, before)
            differing = self._record.list_differing(*self._key, listing)
            # Skipped runs differ because they could not be merged.
            self._runs.read(run_ids=[it for it in differing if it not in self._runs.rejected])
            if complete:
                self._mark_deleted(listed)
                return
        self._result.notes.append(
            f"W&B counts {before:,} runs but lists {len(listed):,}, in {_ATTEMPTS} attempts: "
            "no run was marked as deleted."
        )

    def _listing(self, count: int) -> pl.DataFrame:
        """List every run without its data; W&B counts `count` of them."""
        frames, rows = [], 0
        what = f"{self._result.name}, compared"
        for frame in self._server.fetch_listing(*self._key):
            frames.append(frame)
            rows += frame.height
            self._on_progress(Progress("pull", what, rows, count))
        self._on_progress(Progress("pull", what, rows, rows, ended=True))
        return pl.concat(frames)

    def _is_complete(self, scanned: pl.Series, count_before: int) -> bool:
        """Whether a scan agrees with W&B's count before and after it.

        Runs created meanwhile are at the end of the list, and may be missing.
        """
        self._counted = self._server.count_runs(*self._key)
        if not count_before <= len(scanned) <= self._counted:
            return False
        self._counted = len(scanned)
        return True

    def _mark_deleted(self, scanned: pl.Series) -> None:
        missing = self._record.list_missing(*self._key, scanned)
        # Two changes during a scan can cancel out in the count: ask for each run by id.
        self._mark_gone(self._runs.read_gone(missing))

    def _mark_gone(self, gone: Sequence[str]) -> None:
        self._record.mark_deleted(*self._key, gone, at=self._started_at)
        self._result.deleted += len(gone)

    def _read_since(self, since: datetime) -> int | None:
        """Read runs with a heartbeat at or after `since`; return how many more W&B counts.

        Return None if W&B does not answer, for example because a heartbeat cannot be read.

        A new heartbeat moves its run to the end of the list, and others past the cursor: a list
        that is too short is read again.
        """
        self._runs.tell("pull")
        missing = 0
        for _ in range(_ATTEMPTS):
            try:
                matching = self._runs.read(since=since)
            except UnansweredError:
                self._runs.filterable = False
                return None
            missing = 0 if matching is None else matching - len(self._runs.ids)
            if missing <= 0:
                break
        return missing

    def _read_unsettled(self) -> None:
        """Read skipped and unfinished runs again."""
        # Skipped runs have requests of their own, because they may need smaller pages.
        self._runs.read_missing(self._record.list_to_read_again(*self._key, "rejected"))
        unfinished = self._record.list_to_read_again(*self._key, "unfinished")
        self._runs.read_missing(unfinished)
        for run_id in self._runs.find_unread(unfinished):
            self._runs.read(run_ids=[run_id])
        self._mark_gone(self._runs.find_unread(unfinished))

    def _explains_count(self, uncollected: int) -> bool:
        """Whether W&B counts as many runs as the record has, or `uncollected` more as last time."""
        known = {0, uncollected}
        first = self._find_uncollected()
        if first in known:
            return True
        # Runs may have been created or deleted since W&B counted.
        self._counted = self._server.count_runs(*self._key)
        now = self._find_uncollected()
        return any(min(first, now) <= it <= max(first, now) for it in known)

    def _find_uncollected(self) -> int:
        """Number of runs that W&B counts and that are neither in the record nor skipped.

        Hidden runs and runs of forgotten people are never in the record.
        """
        skipped = sum(run_id is not None for run_id in self._runs.rejected)
        return self._counted - self._record.count_collected(*self._key) - skipped

    def _read_named(self) -> None:
        """Read runs again whose config has a key that the settings name only now."""
        found = self._record.list_to_read_again(*self._key, "unread_named")
        if count := self._runs.read_missing(found):
            self._result.notes.append(
                f"The settings name another config key: read the configs of "
                f"{formats.plural(count, 'run')} again."
            )

    def _check_filter(self) -> bool | None:
        """Whether the server's filter by heartbeat agrees with the scan; None: not known."""
        window = self._record.known_window(*self._key)
        expected = window.keys() - self._runs.find_unread([*window])
        trusted = is_filter_right(
            self._server, self._key, window, expected, filterable=self._runs.filterable
        )
        if trusted is False:
            self._result.notes.append(
                "W&B's filter by heartbeat cannot be relied on here: every sync reads all runs of "
                "this project."
            )
        return trusted

    def _finish(self, state: PullState, *, reconciled: bool) -> None:
        """Record that the pull succeeded, where the next one starts, and the skipped runs."""
        if reconciled:
            uncollected = self._find_uncollected()
            state = replace(state, reconciled_at=self._started_at, uncollected=uncollected)
        self._result.rejected = list(self._runs.rejected.values())
        self._record.merge_project(
            *self._key,
            rejected=self._result.rejected,
            as_of=self._started_at,
            app_url=self._server.app_url,
            pull=state,
        )
        self._runs.total = len(self._runs.ids)
