"""Brings runs in and figures out: pull -> merge -> derive -> check -> publish, with progress.

Three commands, one way: `sync_wandb`, `ingest_local` and `import_tables` differ only in where the
batches come from. A stop at any point loses nothing that was merged, and the next command goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from velocity.queries import load_query
from velocity.roster.models import load_roster
from velocity.store import LiveStore, MergeCounts, open_live
from velocity.store.derive import derive
from velocity.store.merge import SyncRow, merge_log, merge_project, merge_rejected, merge_runs
from velocity.store.publish import publish
from velocity.store.restated import count_restatements, count_weeks_restated
from velocity.sync.projects import pull_projects
from velocity.sync.results import OnProgress, Progress, ProjectResult, SyncResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from velocity.errors import VelocityError
    from velocity.records import RunBatch
    from velocity.roster.models import Roster
    from velocity.settings import Settings

__all__ = [
    "Clock",
    "OnProgress",
    "Progress",
    "ProjectResult",
    "SyncResult",
    "import_tables",
    "ingest_local",
    "sync_wandb",
]

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


def sync_wandb(
    data: Path,
    settings: Settings,
    *,
    projects: Sequence[str] = (),
    full: bool = False,
    on_progress: OnProgress = lambda _: None,
    clock: Clock = _now,
) -> SyncResult:
    """Pulls projects from W&B: what is new or has changed since the last pull of each.

    A project that fails does not stop the others; its error is in the result.

    Args:
        data: the data folder.
        settings: which projects, where the roster is, and how to derive.
        projects: "ENTITY/PROJECT" or "ENTITY/*"; default: those of the settings.
        full: read every run again.
        on_progress: told how far the command is.
        clock: the present instant; each project is complete to the start of its pull.

    Raises:
        VelocityError: nothing could be pulled at all, or the store cannot be written.
    """
    from velocity.sources.wandb_api import connect  # noqa: PLC0415 - importing wandb costs a second

    wanted = settings.wandb.wanted(projects)
    roster = load_roster(settings.roster)
    with open_live(data) as store:
        on_progress(Progress("connect", "Weights & Biases"))
        server = connect()
        results = pull_projects(
            store,
            server,
            wanted,
            full=full,
            on_progress=on_progress,
            on_end=lambda result, began: _log(store, "sync", result, began, clock()),
            clock=clock,
        )
        if results and all(it.error is not None for it in results):
            raise _nothing_pulled(results)
        return _finish(store, settings, roster, results, on_progress)


def _nothing_pulled(results: Sequence[ProjectResult]) -> VelocityError:
    """The one error of projects that all failed, or all of theirs in one."""
    errors = {it.error.message: it.error for it in results if it.error is not None}
    first = next(iter(errors.values()))
    if len(errors) == 1:
        return first
    told = " ".join(f"{it.name}: {it.error.message}" for it in results if it.error is not None)
    return type(first)(f"None of {len(results)} projects could be pulled. {told}", first.hint)


def ingest_local(
    data: Path,
    settings: Settings,
    paths: Sequence[Path],
    *,
    entity: str | None = None,
    username: str | None = None,
    on_progress: OnProgress = lambda _: None,
    clock: Clock = _now,
) -> SyncResult:
    """Reads W&B's local run directories at or below `paths`.

    Args:
        data: the data folder.
        settings: where the roster is, and how to derive.
        paths: run directories, or trees of them.
        entity: taken where a directory names none (offline runs do not).
        username: whose runs these are; directories do not tell.
        on_progress: told how far the command is.
        clock: the present instant; what is read is complete to it.

    Raises:
        VelocityError: a path holds no run directory, or the store cannot be written.
    """
    from velocity.sources.wandb_files import fetch_local_runs  # noqa: PLC0415 - loads wandb

    roster = load_roster(settings.roster)
    with open_live(data) as store:
        started_at = clock()

        def read(done: int, total: int) -> None:
            on_progress(Progress("pull", "run directories", done, total, ended=done == total))

        batches = fetch_local_runs(paths, entity=entity, username=username, on_progress=read)
        results = _merge_batches(store, batches, "ingest", as_of=started_at, clock=clock)
        return _finish(store, settings, roster, results, on_progress)


def import_tables(
    data: Path,
    settings: Settings,
    files: Sequence[Path],
    *,
    as_of: datetime | None = None,
    entity: str | None = None,
    project: str | None = None,
    username: str | None = None,
    user_column: str | None = None,
    on_progress: OnProgress = lambda _: None,
    clock: Clock = _now,
) -> SyncResult:
    """Reads run tables (CSV, Parquet, or W&B's own CSV export), complete to `as_of`.

    Args:
        data: the data folder.
        settings: where the roster is, and how to derive.
        files: the tables.
        as_of: the instant to which they are complete; default: the largest in all of them.
        entity: for W&B's export, which does not say.
        project: likewise.
        username: W&B username of runs for which a table names none.
        user_column: heading of the column with the usernames.
        on_progress: told how far the command is.
        clock: the present instant, for the log.

    Raises:
        VelocityError: a file cannot be used, or the store cannot be written.
    """
    from velocity.sources.run_table import read_run_table  # noqa: PLC0415 - not for other commands

    roster = load_roster(settings.roster)
    tables = []
    for number, file in enumerate(files):
        on_progress(Progress("pull", str(file), number, len(files)))
        tables.append(
            read_run_table(
                file,
                entity=entity,
                project=project,
                username=username,
                user_column=user_column,
            )
        )
    complete_to = as_of or max(table.largest_at for table in tables)
    with open_live(data) as store:
        batches = (table.batch for table in tables)
        results = _merge_batches(store, batches, "import", as_of=complete_to, clock=clock)
        done = _finish(store, settings, roster, results, on_progress)
        return replace(
            done, notes=(*(note for table in tables for note in table.notes), *done.notes)
        )


def _merge_batches(
    store: LiveStore,
    batches: Iterable[RunBatch],
    command: Literal["ingest", "import"],
    *,
    as_of: datetime,
    clock: Clock,
) -> list[ProjectResult]:
    """Merges batches of several projects; what it did for each."""
    started_at = clock()
    results: dict[tuple[str, str], ProjectResult] = {}
    for batch in batches:
        for row in batch.rejected:
            key = row.entity, row.project
            results.setdefault(key, ProjectResult(*key)).rejected.append(row)
        for (entity, project), runs in batch.runs.group_by(
            "entity", "project", maintain_order=True
        ):
            key = str(entity), str(project)
            results.setdefault(key, ProjectResult(*key)).counts += merge_runs(store, runs)
    for (entity, project), result in results.items():
        merge_rejected(store, entity, project, result.rejected)
        if result.counts != MergeCounts():
            merge_project(store, entity, project, as_of=as_of)
        _log(store, command, result, started_at, clock())
    return list(results.values())


def _finish(
    store: LiveStore,
    settings: Settings,
    roster: Roster | None,
    results: Sequence[ProjectResult],
    on_progress: OnProgress,
) -> SyncResult:
    """Derives and publishes what was merged."""
    known = count_restatements(store)
    scholars = derive(
        store, settings, roster, on_step=lambda title: on_progress(Progress("derive", title))
    )
    on_progress(Progress("publish", "snapshot"))
    return SyncResult(
        tuple(results),
        publish(store),
        scholars_derived=scholars,
        weeks_restated=count_weeks_restated(store, since=known),
        notes=_unknown_states(store, results),
    )


def _unknown_states(store: LiveStore, results: Sequence[ProjectResult]) -> tuple[str, ...]:
    """A sentence naming the state words, of the projects that were read, that are of no class."""
    projects = [it.name for it in results]
    words = store.run(load_query("store/unknown_states").body, {"projects": projects})
    told = ", ".join(f'"{word}"' for (word,) in words)
    if not told:
        return ()
    return (f"Nobody knows these states, so their runs count as over and no success: {told}.",)


def _log(
    store: LiveStore,
    command: Literal["sync", "ingest", "import"],
    result: ProjectResult,
    started_at: datetime,
    finished_at: datetime,
) -> None:
    merge_log(
        store,
        SyncRow(
            command=command,
            entity=result.entity,
            project=result.project,
            started_at=started_at,
            finished_at=finished_at,
            counts=result.counts,
            deleted=result.deleted,
            rejected=len(result.rejected),
            requests=result.requests,
            note=" ".join(result.notes) or None,
            error=None if result.error is None else result.error.message,
        ),
    )
