"""Finds the projects of a sync and pulls several at a time.

Each thread merges its runs before it reads more, so that memory does not grow with their number.
"""

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, wait
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from velocity.errors import NoProjectError, SourceError, StoreError, VelocityError
from velocity.record import Intake
from velocity.sources.base import Server
from velocity.sync.pull import leave_project, pull_project
from velocity.sync.results import OnProgress, ProjectResult
from velocity.threads import in_thread

#: Python heeds a Ctrl-C between waits, if it came just before one or something restarts the wait.
_HEED_CTRL_C_S = 0.2
_TURN_S = 0.0005
_OBJECTS_A_SEARCH = 100_000


def pull_projects(
    record: Intake,
    server: Server,
    wanted: Sequence[str],
    *,
    full: bool,
    on_progress: OnProgress,
    on_end: Callable[[ProjectResult, datetime], None],
    clock: Callable[[], datetime],
) -> list[ProjectResult]:
    """Pull projects, as many at once as the server allows; a failure does not stop the others.

    The threads that pull call `on_progress` after every page, one call at a time, and `on_end` with
    the result of a project and the start of its pull.

    Returns:
        One result per project, in order, except those that other workers pull; a failed one for an
        entity whose projects cannot be listed.

    Raises:
        StoreError: the store cannot be written.
    """
    listener = Listener(on_progress)
    since = clock()
    pulled: set[str] = set()

    def pull_if_free(result: ProjectResult, *, listed: bool) -> None:
        with record.leased(result.entity, result.project, since=since) as is_free:
            if is_free:
                pulled.add(result.name)
                pull(result, listed=listed)

    def pull(result: ProjectResult, *, listed: bool) -> None:
        began, started_at = time.monotonic(), clock()
        try:
            pull_project(record, server, result, clock=clock, full=full, on_progress=listener)
        except StoreError:
            raise
        except VelocityError as error:
            if isinstance(error, NoProjectError) and not listed:
                leave_project(record, server, result, gone_at=clock() - result.clock_ahead)
            else:
                result.error = error
        result.seconds = time.monotonic() - began
        on_end(result, started_at)

    results, jobs = [], []
    for result, listed in _found(record, server, wanted):
        results.append(result)
        if result.error is None:
            jobs.append(partial(pull_if_free, result, listed=listed))
    try:
        with _many_objects_at_pace():
            run_jobs(jobs, threads=server.at_once)
    finally:
        listener.leave()
    return [it for it in results if it.error is not None or it.name in pulled]


@contextmanager
def _many_objects_at_pace() -> Iterator[None]:
    """Tune Python for threads that make millions of small objects, for as long as they run.

    The client's thread receives a page in parts, and waits for its turn before each: by default 5
    ms, in which the server is idle. Garbage collection after every 700 objects finds nothing here.
    """
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(_TURN_S)
    gc.set_threshold(_OBJECTS_A_SEARCH)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*thresholds)


def _found(
    record: Intake, server: Server, wanted: Iterable[str]
) -> Iterable[tuple[ProjectResult, bool]]:
    """Every project once, and whether it was named or listed; otherwise only the record has it."""
    seen: set[tuple[str, str]] = set()
    for name in wanted:
        entity, _, project = name.partition("/")
        try:
            names = server.fetch_project_names(entity) if project == "*" else [project]
        except SourceError as error:
            yield ProjectResult(entity, project, error=error), True
            continue
        known = record.list_pulled(entity) if project == "*" else []
        for found in dict.fromkeys([*names, *known]):
            if (entity, found) not in seen:
                seen.add((entity, found))
                yield ProjectResult(entity, found), found in names


def run_jobs(jobs: Iterable[Callable[[], None]], *, threads: int) -> None:
    """Run jobs in at most so many threads until all have ended.

    An exception of a job is raised here at once; the other jobs then go on until the caller closes
    what they work with.
    """
    waiting = list(jobs)
    shared = iter(waiting)  # an iterator of a list is safe to share

    def work() -> None:
        for job in shared:
            job()

    left = {in_thread(work, f"job-{number}") for number in range(min(threads, len(waiting)))}
    while left:
        ended, left = wait(left, timeout=_HEED_CTRL_C_S, return_when=FIRST_EXCEPTION)
        for thread in ended:
            thread.result()


class Listener:
    """Calls a function from several threads, one call at a time, until `leave`."""

    def __init__(self, hear: Callable[[Any], None]) -> None:
        self._hear: Callable[[Any], None] | None = hear
        self._turn = threading.Lock()

    def __call__(self, heard: Any) -> None:
        """Call the function."""
        with self._turn:
            if self._hear is not None:
                self._hear(heard)

    def leave(self) -> None:
        """Stop calling it, after a call in progress has ended."""
        with self._turn:
            self._hear = None
