"""velocity sync, pull, publish, ingest, import: bring runs in."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import available_timezones

import typer

from velocity.cli.findings import UNKNOWN_STATES_HINT, unknown_states
from velocity.cli.options import (
    ENTITY,
    QUIET,
    USERNAME,
    Places,
    argument,
    flag,
    option,
    projects_option,
)
from velocity.cli.progress import say, show_progress, tell_result, tell_stages
from velocity.cli.watched import log_sync
from velocity.formats import label
from velocity.settings import Settings, load_settings
from velocity.sources.base import Asked
from velocity.store import latest_snapshot
from velocity.sync.commands import import_runs, publish_figures, pull_wandb, sync_wandb
from velocity.sync.forget import finish_forgetting
from velocity.sync.results import OnProgress, Stages, SyncResult
from velocity.sync.watch import Log, become_watch

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_REASONS_SHOWN = 10


def _seconds(text: str) -> float:
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", text)
    if found is None:
        raise typer.BadParameter(f"'{text}' is not a length of time such as 30s, 10m or 1h")
    return float(found[1]) * _SECONDS[found[2]]


def _ready(places: Places, on_progress: OnProgress, tell: Callable[[str], None] = say) -> Settings:
    """Return the settings, after finishing the removal of a person that was interrupted."""
    settings = load_settings(places.config)
    if finish_forgetting(places.data, settings, on_progress=on_progress):
        tell("Finished a `velocity forget` that was interrupted.")
    return settings


def bring(
    places: Places,
    work: Callable[..., SyncResult],
    *given: Any,
    quiet: bool,
    again: str = "you can run the same command again",
    **more: Any,
) -> SyncResult:
    """Run a function of `velocity.sync.commands` with progress, and say what it brought in.

    After Ctrl-C, `again` says how to go on.
    """
    with show_progress(quiet=quiet, again=again) as on_progress:
        stages = Stages(on_progress)
        settings = _ready(places, stages)
        result = work(places.data, settings, *given, on_progress=stages, **more)
    if not quiet:
        tell_stages(stages.seconds)
    tell_result(result, quiet=quiet)
    told = not quiet and result.snapshot and unknown_states(latest_snapshot(places.data))
    if told:
        say(f"Note: {told}. {UNKNOWN_STATES_HINT}")
    return result


_PROJECTS = projects_option("Pull", "wandb.projects in the settings")
_FULL = flag("--full", "Read every run again, not only new and changed ones.")
_WATCH = option(
    "TIME",
    "Keep running and do this every TIME: 30s, 10m, 1h. SIGTERM or Ctrl-C stops it.",
    "--watch",
    parser=_seconds,
)
_WATCHED = option(
    "SECONDS",
    "How --watch starts each command: log lines instead of progress, and an end after this time "
    "without any progress.",
    hidden=True,
)


def _pulls(name: str, work: Callable[..., SyncResult], text: str) -> Callable[..., None]:
    def command(
        places: Places,
        *,
        projects: list[str] | None = _PROJECTS,
        full: bool = _FULL,
        interval: float | None = _WATCH,
        watched: float | None = _WATCHED,
        quiet: bool = QUIET,
    ) -> None:
        projects = projects or []
        if interval is not None:
            if full:
                raise typer.BadParameter("--full cannot be used with --watch")
            # An error stops the watch at its start.
            load_settings(places.config).wandb.wanted(projects)
            become_watch(places.data, places.config, projects, command=name, interval_s=interval)
        if watched is not None:
            _run_watched(places, work, watched, projects=projects)
        result = bring(places, work, quiet=quiet, projects=projects, full=full)
        if result.errors:
            say(f"{len(result.errors)} of {len(result.projects)} projects failed.")
            raise typer.Exit(1)

    command.__name__, command.__doc__ = name, text
    return command


sync = _pulls(
    "sync",
    sync_wandb,
    """Pull runs from Weights & Biases and update the figures.

    The server and the key come from the same places as for the W&B client: WANDB_BASE_URL,
    WANDB_API_KEY, or what `wandb login` stored.
    """,
)
pull = _pulls(
    "pull",
    pull_wandb,
    """Pull runs from Weights & Biases, and leave the figures to `velocity publish`.

    Several workers can do this at once, on several machines, if store.record names a server: a
    project that another worker is pulling is skipped.
    """,
)


def publish(
    places: Places,
    *,
    interval: float | None = _WATCH,
    watched: float | None = _WATCHED,
    quiet: bool = QUIET,
) -> None:
    """Update the figures from what `velocity pull` has brought in."""
    if interval is not None:
        become_watch(places.data, places.config, (), command="publish", interval_s=interval)
    if watched is not None:
        _run_watched(places, publish_figures, watched)
    bring(places, publish_figures, quiet=quiet)


def _run_watched(
    places: Places, work: Callable[..., SyncResult], patience_s: float, **more: Any
) -> NoReturn:
    """Work once for a watch, which reads the exit code."""

    def run(log: Log, on_progress: OnProgress) -> SyncResult:
        settings = _ready(
            places, on_progress, lambda text: log.tell("info", "forgotten", reason=text)
        )
        return work(places.data, settings, on_progress=on_progress, **more)

    raise typer.Exit(log_sync(run, patience_s=patience_s))


def ingest(
    places: Places,
    *,
    paths: list[Path] = argument("PATH", "Run directories, or folders that contain some."),
    entity: str | None = ENTITY,
    username: str | None = USERNAME,
    quiet: bool = QUIET,
) -> None:
    """Read W&B's local run directories and update the figures.

    These are `run-*` and `offline-run-*`. If a later sync finds the same run, it replaces the local
    one. A directory that cannot be read does not stop the others; the exit code is then 1.
    """
    asked = Asked([str(path) for path in paths], entity=entity, username=username)
    result = bring(places, import_runs, "files", asked, quiet=quiet)
    lost = [row.reason for project in result.projects for row in project.rejected]
    for reason in lost[:_REASONS_SHOWN]:
        say(f"Not read: {reason}.")
    if lost:
        say(f"Run directories that could not be read: {len(lost)}. The others were imported.")
        raise typer.Exit(1)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"'{label(text)}' is not a time such as 2026-01-05T18:00Z"
        ) from error
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise typer.BadParameter(f"'{label(text)}' is not a time zone such as Europe/Zurich")
    return text


def import_(
    places: Places,
    *,
    inputs: list[str] = argument(
        "FILE",
        "CSV or Parquet with one row per run, or a table exported from W&B; with --from, an input "
        "of that source.",
    ),
    source: str = option(
        "SOURCE",
        "What to read: table, files (as in `velocity ingest`), slurm (output of sacct), inspect "
        "(evaluation logs), mlflow, trackio, or an installed source.",
        "--from",
        default="table",
    ),
    as_of: datetime | None = option(
        "TS",
        "When the tables were complete; UTC unless the time has an offset. "
        "Default: the latest time in them.",
        parser=_instant,
    ),
    entity: str | None = ENTITY,
    project: str | None = option("P", "Project of runs without one, such as exports."),
    username: str | None = USERNAME,
    user_column: str | None = option(
        "COLUMN", "Column with the W&B usernames. Default: username or User."
    ),
    timezone: str | None = option(
        "ZONE",
        "Time zone of local times in the input, such as Europe/Zurich; sacct writes such times, "
        "and so may a table.",
        parser=_zone,
    ),
    quiet: bool = QUIET,
) -> None:
    """Read run tables and update the figures.

    docs/tables.md lists the columns. Importing the same table again changes nothing.
    """
    asked = Asked(
        inputs,
        entity=entity,
        project=project,
        username=username,
        user_column=user_column,
        timezone=timezone,
    )
    bring(places, import_runs, source, asked, quiet=quiet, as_of=as_of)
