"""The projects of a sync: which there are, and pulling them several at a time.

W&B is asked in threads, over one connection; the store stays with the thread that opened it, to
which the others hand over what they read.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from velocity.errors import NoProjectError, SourceError, StoreError, VelocityError
from velocity.outcomes import ProjectResult
from velocity.pull import leave_project, pull_project
from velocity.store.owner import StoreOwner
from velocity.store.pulls import list_pulled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from velocity.outcomes import OnProgress
    from velocity.sources.wandb_api import WandbServer
    from velocity.store.live import LiveStore


def pull_projects(
    store: LiveStore,
    server: WandbServer,
    wanted: Sequence[str],
    *,
    full: bool,
    on_progress: OnProgress,
    on_end: Callable[[ProjectResult, datetime], None],
    clock: Callable[[], datetime],
) -> list[ProjectResult]:
    """Pulls projects, as many at once as the server takes; one that fails stops no other.

    Args:
        store: to merge into, in this thread.
        server: to ask.
        wanted: "ENTITY/PROJECT", or "ENTITY/*" for every project of an entity.
        full: read every run.
        on_progress: told of every page, in this thread.
        on_end: told of every project that was pulled or failed, and when its pull began; likewise.
        clock: the present instant.

    Returns:
        A result a project, in the order asked for; an entity whose projects cannot be listed is one
        that failed.

    Raises:
        StoreError: the store cannot be written.
    """
    owner = StoreOwner(store)

    def pull(result: ProjectResult, *, listed: bool) -> None:
        began, started_at = time.monotonic(), clock()
        try:
            _pull(
                owner,
                server,
                result,
                started_at=started_at,
                full=full,
                listed=listed,
                on_progress=on_progress,
            )
        except StoreError:
            raise
        except VelocityError as error:
            result.error = error
        result.seconds = time.monotonic() - began
        owner.do(lambda _: on_end(result, started_at))

    results, jobs = [], []
    for result, listed in _found(store, server, wanted):
        results.append(result)
        if result.error is None:
            jobs.append(partial(pull, result, listed=listed))
    owner.run(jobs, threads=server.at_once)
    return results


def _pull(
    owner: StoreOwner,
    server: WandbServer,
    result: ProjectResult,
    *,
    started_at: datetime,
    full: bool,
    listed: bool,
    on_progress: OnProgress,
) -> None:
    try:
        pull_project(
            owner, server, result, started_at=started_at, full=full, on_progress=on_progress
        )
    except NoProjectError:
        if listed:
            raise
        leave_project(owner, server, result, gone_at=started_at)


def _found(
    store: LiveStore, server: WandbServer, wanted: Iterable[str]
) -> Iterable[tuple[ProjectResult, bool]]:
    """Every project once, and whether it was named or listed: else it is only known from before."""
    seen: set[tuple[str, str]] = set()
    for name in wanted:
        entity, _, project = name.partition("/")
        try:
            names = server.fetch_project_names(entity) if project == "*" else [project]
        except SourceError as error:
            yield ProjectResult(entity, project, error=error), True
            continue
        known = list_pulled(store, entity) if project == "*" else []
        for found in dict.fromkeys([*names, *known]):
            if (entity, found) not in seen:
                seen.add((entity, found))
                yield ProjectResult(entity, found), found in names
