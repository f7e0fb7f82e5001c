"""Brings runs in: pull -> merge -> derive -> check -> publish, with progress.

`sync_wandb` and `import_runs` differ only in where the batches come from. If a command is
interrupted, merged runs stay, and the next command continues.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl

from velocity.errors import VelocityError
from velocity.formats import plural
from velocity.record import Intake, MergeCounts
from velocity.records import UTC as UTC_TYPE, RunBatch
from velocity.roster.models import Roster, load_roster
from velocity.settings import Settings
from velocity.sources.base import Asked, connect_server, find_source
from velocity.store import LiveStore, open_live, open_pulling
from velocity.store.derive import derive
from velocity.store.publish import publish
from velocity.sync.archive import archive, archive_due
from velocity.sync.own_clock import AGREE, describe_clock
from velocity.sync.projects import pull_projects
from velocity.sync.results import OnProgress, Progress, ProjectResult, SyncResult, of_steps
from velocity.sync.utilisation import read_utilisation

Clock = Callable[[], datetime]
#: Runs of a larger table are merged in parts of this many, to show how far it is.
_PART = 50_000
_now = partial(datetime.now, UTC)


def sync_wandb(
    data: Path,
    settings: Settings,
    *,
    projects: Sequence[str] = (),
    full: bool = False,
    on_progress: OnProgress = lambda _: None,
    clock: Clock = _now,
) -> SyncResult:
    """Pull projects from W&B: runs that are new or changed since the last pull of each.

    Projects are "ENTITY/PROJECT" or "ENTITY/*"; by default, those of the settings. With `full`,
    every run is read again. A project that fails does not stop the others; its error is in the
    result. Each project is complete to the start of its pull, by `clock`.

    Raises:
        VelocityError: no project could be pulled, or the store cannot be written.
    """
    wanted = settings.wandb.wanted(projects)
    roster = load_roster(settings.roster)
    with open_live(data, settings) as store:
        pulled = _pull(store.record, settings, wanted, on_progress, clock, full=full)
        done = _finish(store, settings, roster, pulled.projects, on_progress)
        due = archive_due(store, settings)
    return _archived(data, settings, due, replace(done, notes=pulled.notes))


def pull_wandb(
    data: Path,
    settings: Settings,
    *,
    projects: Sequence[str] = (),
    full: bool = False,
    on_progress: OnProgress = lambda _: None,
    clock: Clock = _now,
) -> SyncResult:
    """Pull projects as `sync_wandb`, but leave the figures to `publish_figures`.

    Projects that other workers pull meanwhile are not in the result.

    Raises:
        VelocityError: no project could be pulled, or the record cannot be written.
    """
    wanted = settings.wandb.wanted(projects)
    with open_pulling(data, settings) as record:
        return _pull(record, settings, wanted, on_progress, clock, full=full)


def publish_figures(
    data: Path, settings: Settings, *, on_progress: OnProgress = lambda _: None
) -> SyncResult:
    """Bring the figures up to date with the record, and publish them.

    Raises:
        VelocityError: the roster has errors, or the store cannot be written.
    """
    roster = load_roster(settings.roster)
    with open_live(data, settings) as store:
        done = _finish(store, settings, roster, (), on_progress)
        due = archive_due(store, settings)
    return _archived(data, settings, due, done)


def _archived(data: Path, settings: Settings, due: date | None, done: SyncResult) -> SyncResult:
    """Archive what the settings do not keep."""
    if due is None:
        return done
    gone = archive(data, settings, due)
    note = f"{plural(gone.runs, 'run')} before {due} archived (store.keep_weeks)."
    return replace(done, snapshot=gone.published, notes=(*done.notes, note))


def _pull(
    record: Intake,
    settings: Settings,
    wanted: Sequence[str],
    on_progress: OnProgress,
    clock: Clock,
    *,
    full: bool,
) -> SyncResult:
    on_progress(Progress("connect", "Weights & Biases"))
    server = connect_server()
    results = pull_projects(
        record,
        server,
        wanted,
        full=full,
        on_progress=on_progress,
        on_end=lambda result, began: _log(record, "sync", result, began, clock()),
        clock=clock,
    )
    if results and all(it.error is not None for it in results):
        raise _nothing_pulled(results)
    refusal = read_utilisation(
        record,
        server,
        most_requests=settings.wandb.utilisation_requests,
        on_progress=on_progress,
    )
    ahead = max((it.clock_ahead for it in results), key=abs, default=timedelta())
    return SyncResult(tuple(results), notes=(*_clock_notes(ahead), *refusal))


def _clock_notes(ahead: timedelta) -> tuple[str, ...]:
    """A note if this machine's clock differs from the server's."""
    return (f"own clock: {describe_clock(ahead)}.",) if ahead else ()


def _nothing_pulled(results: Sequence[ProjectResult]) -> VelocityError:
    errors = {it.error.message: it.error for it in results if it.error is not None}
    first = next(iter(errors.values()))
    if len(errors) == 1:
        return first
    reasons = " ".join(f"{it.name}: {it.error.message}" for it in results if it.error is not None)
    return type(first)(f"None of {len(results)} projects could be pulled. {reasons}", first.hint)


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
    """Bring in runs from a source with a name (see `velocity.sources.base`).

    They are complete up to `as_of`; by default, each project up to the latest `complete_to` of the
    batches with its runs, else the start of reading. The `on_progress` of `asked` is ignored.

    Raises:
        VelocityError: the source does not exist, a place cannot be read, or the store cannot be
            written.
    """
    roster = load_roster(settings.roster)
    command: Literal["ingest", "import"] = "ingest" if source == "files" else "import"
    started_at = clock()
    batches = find_source(source).read(replace(asked, on_progress=of_steps("read", on_progress)))
    with open_live(data, settings) as store:
        results: dict[tuple[str, str], ProjectResult] = {}
        notes: list[str] = []
        complete_to: dict[tuple[str, str], datetime] = {}
        ahead: datetime | None = None
        for batch in batches:
            told = None if batch.complete_to is None else as_of or batch.complete_to
            newer_to = told
            if told is not None and told > started_at + AGREE:
                # A wrong time in one table would make every later one an older table.
                ahead, newer_to = told, None
            runs = batch.runs.with_columns(pl.lit(newer_to, UTC_TYPE).alias("complete_to"))
            _merge_batch(store.record, replace(batch, runs=runs), results, on_progress)
            notes += batch.notes
            for key in runs.select("entity", "project").unique().iter_rows():
                instant = told or as_of or started_at
                complete_to[key] = max(instant, complete_to.get(key, instant))
        if ahead is not None:
            notes.append(_ahead_note(ahead))
        for key, result in results.items():
            if result.counts.older:
                result.notes.append(_older_note(result.counts.older))
            store.record.merge_project(
                result.entity,
                result.project,
                rejected=result.rejected,
                as_of=None if result.counts == MergeCounts() else complete_to[key],
            )
            _log(store.record, command, result, started_at, clock())
        done = _finish(store, settings, roster, list(results.values()), on_progress)
        return replace(done, notes=tuple(notes))


def _ahead_note(instant: datetime) -> str:
    what = f"{instant:%Y-%m-%d %H:%M} UTC, to which the tables are complete, is in the future."
    return f"{what} Correct it, and import again."


def _older_note(count: int) -> str:
    runs, them = plural(count, "run"), "it" if count == 1 else "them"
    what = f"{runs} skipped, because what is stored about {them} is newer."
    return f"{what} If that is wrong, say with --as-of when this table was complete."


def _merge_batch(
    record: Intake,
    batch: RunBatch,
    results: dict[tuple[str, str], ProjectResult],
    on_progress: OnProgress,
) -> None:
    """Merge a batch of several projects and add to the result of each."""
    for row in batch.rejected:
        key = row.entity, row.project
        results.setdefault(key, ProjectResult(*key)).rejected.append(row)
    for (entity, project), runs in batch.runs.group_by("entity", "project", maintain_order=True):
        key = str(entity), str(project)
        result = results.setdefault(key, ProjectResult(*key))
        tell = of_steps("merge", on_progress if runs.height > _PART else lambda _: None)
        for number, part in enumerate(runs.iter_slices(_PART)):
            tell(result.name, number * _PART, runs.height)
            result.counts += record.merge_runs(part)
        tell(result.name, runs.height, runs.height)


def _finish(
    store: LiveStore,
    settings: Settings,
    roster: Roster | None,
    results: Sequence[ProjectResult],
    on_progress: OnProgress,
) -> SyncResult:
    derived = derive(store, settings, roster, on_step=of_steps("derive", on_progress))
    on_progress(Progress("publish", "snapshot"))
    return SyncResult(
        tuple(results),
        publish(store, settings.store.snapshots),
        scholars_derived=derived.scholars,
        weeks_restated=derived.weeks_restated,
    )


def _log(
    record: Intake,
    command: Literal["sync", "ingest", "import"],
    result: ProjectResult,
    started_at: datetime,
    finished_at: datetime,
) -> None:
    notes = [*result.notes, *_clock_notes(result.clock_ahead)]
    unchanged = result.counts.unchanged + result.counts.kept + result.counts.older
    record.merge_log(
        {
            "command": command,
            "entity": result.entity,
            "project": result.project,
            "started_at": started_at,
            "finished_at": finished_at,
            "runs_new": result.counts.new,
            "runs_changed": result.counts.changed + result.counts.revived,
            "runs_unchanged": unchanged,
            "runs_deleted": result.deleted,
            "runs_rejected": len(result.rejected),
            "requests": result.requests,
            "note": " ".join(notes) or None,
            "error": None if result.error is None else result.error.message,
        }
    )
