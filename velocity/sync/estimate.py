"""How long a first sync takes, from the server's own counts and a page of runs."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from velocity.records import RunBatch
    from velocity.sources.base import Server


def count_runs(
    server: Server,
    wanted: Iterable[str],
    *,
    on_step: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, int]:
    """Return the number of runs of each project, as "ENTITY/PROJECT"; "ENTITY/*" means all.

    `on_step` is called with the name of a project, how many are counted, and how many there are.

    Raises:
        NoProjectError: the entity has no such project that the key may see.
        VelocityError: there is no such entity, or the server cannot be read.
    """
    found: dict[tuple[str, str], None] = {}
    for name in wanted:
        entity, _, project = name.partition("/")
        names = server.fetch_project_names(entity) if project == "*" else [project]
        found.update(dict.fromkeys((entity, each) for each in names))
    counted: dict[str, int] = {}
    for entity, project in found:
        name = f"{entity}/{project}"
        counted[name] = server.count_runs(entity, project)
        on_step(name, len(counted), len(found))
    return counted


def estimate_seconds(
    server: Server, counted: Mapping[str, int], timer: Callable[[], float] = time.monotonic
) -> float:
    """Return the seconds that reading these runs takes at most.

    It reads one page of the largest project and assumes the same rate for all. A sync reads
    several projects at once, so it may be faster.

    Args:
        server: the server.
        counted: the number of runs of each project; "ENTITY/PROJECT" -> runs.
        timer: the time in seconds.

    Raises:
        VelocityError: the page cannot be read.
    """
    largest = max(counted, key=lambda name: counted[name], default=None)
    if largest is None or not counted[largest]:
        return 0.0
    entity, _, project = largest.partition("/")
    began = timer()
    pages = cast("Generator[RunBatch]", server.fetch_runs(entity, project))
    with closing(pages):
        rows = next((page.runs.height + len(page.rejected) for page in pages), 0)
    return sum(counted.values()) * (timer() - began) / max(rows, 1)
