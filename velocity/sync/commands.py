"""Brings runs in and figures out: pull -> merge -> derive -> check -> publish, with progress.

One way for all commands: `sync_wandb` and `import_runs` differ only in where the batches come from.
A stop at any point loses nothing that was merged, and the next command goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from velocity.record import MergeCounts, SyncRow
from velocity.roster.models import load_roster
from velocity.sources.base import Asked, connect_server, find_source
from velocity.store.derive import derive
from velocity.store.publish import publish
from velocity.sync.opening import open_for
from velocity.sync.own_clock import describe_clock
from velocity.sync.projects import pull_projects
from velocity.sync.results import OnProgress, Progress, ProjectResult, SyncResult

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from velocity.errors import VelocityError
    from velocity.record import Record
    from velocity.records import RunBatch
    from velocity.roster.models import Roster
    from velocity.settings import Settings
    from velocity.store import LiveStore

__all__ = [
    "Clock",
    "OnProgress",
    "Progress",
    "ProjectResult",
    "SyncResult",
    "import_runs",
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
    wanted = settings.wandb.wanted(projects)
    roster = load_roster(settings.roster)
    with open_for(data, settings) as store:
        on_progress(Progress("connect", "Weights & Biases"))
        server = connect_server()
        results = pull_projects(
            store.record,
            server,
            wanted,
            full=full,
            on_progress=on_progress,
            on_end=lambda result, began: _log(store.record, "sync", result, began, clock()),
            clock=clock,
        )
        if results and all(it.error is not None for it in results):
            raise _nothing_pulled(results)
        done = _finish(store, settings, roster, results, on_progress)
    ahead = max((it.clock_ahead for it in results), key=abs, default=timedelta())
    return replace(done, notes=_clock_notes(ahead))


def _clock_notes(ahead: timedelta) -> tuple[str, ...]:
    """What to say of this machine's clock, if it does not agree with the server's."""
    return (f"own clock: {describe_clock(ahead)}.",) if ahead else ()


def _nothing_pulled(results: Sequence[ProjectResult]) -> VelocityError:
    """The one error of projects that all failed, or all of theirs in one."""
    errors = {it.error.message: it.error for it in results if it.error is not None}
    first = next(iter(errors.values()))
    if len(errors) == 1:
        return first
    told = " ".join(f"{it.name}: {it.error.message}" for it in results if it.error is not None)
    return type(first)(f"None of {len(results)} projects could be pulled. {told}", first.hint)


def import_runs(
    data: Path,
    settings: Settings,
    source: str,
    asked: Asked,
    *,
    as_of: datetime | None = None,
    on_progress: OnProgress = lambda _: None,
    clock: Clock = _now,
) -> SyncResult:
    """Brings in what a source has at some places.

    Args:
        data: the data folder.
        settings: where the roster is, and how to derive.
        source: name of the source, see `velocity.sources.base`.
        asked: the places; its own `on_progress` is not used.
        as_of: the instant to which the runs are complete; default: what the source says, of all of
            its batches the latest, else when reading began.
        on_progress: told how far the command is.
        clock: the present instant.

    Raises:
        VelocityError: there is no such source, a place cannot be read, or the store not be written.
    """

    def read(what: str, done: int, total: int) -> None:
        on_progress(Progress("pull", what, done, total, ended=done == total))

    roster = load_roster(settings.roster)
    command: Literal["ingest", "import"] = "ingest" if source == "files" else "import"
    started_at = clock()
    batches = find_source(source).read(replace(asked, on_progress=read))
    with open_for(data, settings) as store:
        results: dict[tuple[str, str], ProjectResult] = {}
        notes: list[str] = []
        instants: list[datetime] = []
        for batch in batches:
            _merge_batch(store.record, batch, results)
            notes += batch.notes
            instants += [batch.complete_to] if batch.complete_to is not None else []
        complete_to = as_of or max(instants, default=started_at)
        for result in results.values():
            store.record.merge_project(
                result.entity,
                result.project,
                rejected=result.rejected,
                as_of=None if result.counts == MergeCounts() else complete_to,
            )
            _log(store.record, command, result, started_at, clock())
        done = _finish(store, settings, roster, list(results.values()), on_progress)
        return replace(done, notes=tuple(notes))


def _merge_batch(
    record: Record, batch: RunBatch, results: dict[tuple[str, str], ProjectResult]
) -> None:
    """Merges a batch of several projects; adds to the result of each."""
    for row in batch.rejected:
        key = row.entity, row.project
        results.setdefault(key, ProjectResult(*key)).rejected.append(row)
    for (entity, project), runs in batch.runs.group_by("entity", "project", maintain_order=True):
        key = str(entity), str(project)
        results.setdefault(key, ProjectResult(*key)).counts += record.merge_runs(runs)


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
    """Reads W&B's local run directories at or below `paths`, as `import_runs` does.

    `entity` is taken where a directory names none (offline runs do not), and `username` is whose
    runs these are: directories do not tell.
    """
    asked = Asked([str(path) for path in paths], entity=entity, username=username)
    return import_runs(data, settings, "files", asked, on_progress=on_progress, clock=clock)


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
    """Reads run tables (CSV, Parquet, or W&B's own CSV export), as `import_runs` does.

    `entity`, `project` and `username` are for tables that do not say, and `user_column` is the
    heading of usernames that are not called so. Tables are complete to the largest time in all of
    them, unless `as_of` says otherwise.
    """
    asked = Asked(
        [str(file) for file in files],
        entity=entity,
        project=project,
        username=username,
        user_column=user_column,
    )
    return import_runs(
        data, settings, "table", asked, as_of=as_of, on_progress=on_progress, clock=clock
    )


def _finish(
    store: LiveStore,
    settings: Settings,
    roster: Roster | None,
    results: Sequence[ProjectResult],
    on_progress: OnProgress,
) -> SyncResult:
    """Derives and publishes what was merged."""
    derived = derive(
        store, settings, roster, on_step=lambda title: on_progress(Progress("derive", title))
    )
    on_progress(Progress("publish", "snapshot"))
    return SyncResult(
        tuple(results),
        publish(store),
        scholars_derived=derived.scholars,
        weeks_restated=derived.weeks_restated,
    )


def _log(
    record: Record,
    command: Literal["sync", "ingest", "import"],
    result: ProjectResult,
    started_at: datetime,
    finished_at: datetime,
) -> None:
    notes = [*result.notes, *_clock_notes(result.clock_ahead)]
    record.merge_log(
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
            note=" ".join(notes) or None,
            error=None if result.error is None else result.error.message,
        ),
    )
