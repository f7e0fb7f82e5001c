"""velocity sync, ingest, import: bring runs in."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

import re
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from velocity.cli.options import AsOfOption, ConfigOption, DataOption, Places
from velocity.cli.progress import say, tell_result, told_progress

if TYPE_CHECKING:
    from velocity.settings import Settings
    from velocity.sync.results import OnProgress, SyncResult
    from velocity.sync.watch import Log

_PANEL = "Bring runs in"
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_REASONS_SHOWN = 10


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("sync", rich_help_panel=_PANEL)(sync)
    app.command("ingest", rich_help_panel=_PANEL)(ingest)
    app.command("import", rich_help_panel=_PANEL)(import_)


def _tell(result: "SyncResult", places: Places) -> None:
    """What a command brought, and which states of runs say nothing to any rule."""
    from velocity.cli.states import UNKNOWN_STATES_HINT, told_unknown_states  # noqa: PLC0415 - reads
    from velocity.store import latest_snapshot  # noqa: PLC0415 - as above

    tell_result(result)
    if told := told_unknown_states(latest_snapshot(places.data)):
        say(f"Note: {told}. {UNKNOWN_STATES_HINT}")


def _project(text: str) -> str:
    entity, _, project = text.partition("/")
    if not entity or not project or "/" in project:
        raise typer.BadParameter(f"'{text}' is not ENTITY/PROJECT or ENTITY/*")
    return text


def _ready(places: Places, tell: Callable[[str], None] = say) -> "Settings":
    """Returns the settings, after finishing the removal of a person that was stopped midway."""
    from velocity.settings import load_settings  # noqa: PLC0415 - as above
    from velocity.sync.forget import finish_forgetting  # noqa: PLC0415 - not for --help

    settings = load_settings(places.config)
    if finish_forgetting(places.data, settings):
        tell("A `velocity forget` that was stopped before its end is done now.")
    return settings


def _interval(text: str) -> float:
    """Seconds of a length of time such as "10m"."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", text)
    if found is None:
        raise typer.BadParameter(f"'{text}' is not a length of time such as 30s, 10m or 1h")
    return float(found[1]) * _SECONDS[found[2]]


def sync(
    ctx: typer.Context,
    *,
    project: Annotated[
        list[str] | None,
        typer.Option(
            "--project",
            metavar="ENTITY/PROJECT",
            parser=_project,
            help="Pull this project, or ENTITY/* for all of an entity; may be given several times. "
            "Default: those under wandb.projects in the settings.",
            show_default=False,
        ),
    ] = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Read every run of the projects again, not only what is new or may have changed.",
        ),
    ] = False,
    interval: Annotated[
        float | None,
        typer.Option(
            "--watch",
            metavar="TIME",
            parser=_interval,
            help="Stay, and sync every TIME: 30s, 10m, 1h. Stopped with SIGTERM or Ctrl-C.",
            show_default=False,
        ),
    ] = None,
    watched: Annotated[
        float | None,
        typer.Option(
            "--watched",
            metavar="SECONDS",
            hidden=True,
            help="For --watch, which starts each sync with it: log lines instead of progress, and "
            "an end after so many seconds without any.",
        ),
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Pull runs from Weights & Biases and bring the figures up to date.

    The server and the key come from where the W&B client looks for them: WANDB_BASE_URL,
    WANDB_API_KEY, or what `wandb login` kept.
    """
    if interval is not None and full:
        raise typer.BadParameter("--full reads every run each time: it is not for --watch")
    places = Places.of(ctx, data, config)
    if interval is not None:
        _watch(places, project or (), interval)
    if watched is not None:
        _sync_watched(places, project or (), watched)
    from velocity.sync.commands import sync_wandb  # noqa: PLC0415 - not for --help

    settings = _ready(places)
    with told_progress() as on_progress:
        result = sync_wandb(
            places.data, settings, projects=project or (), full=full, on_progress=on_progress
        )
    _tell(result, places)
    if result.errors:
        failed = len(result.errors)
        say(f"{failed} of {len(result.projects)} projects could not be pulled; the others are in.")
        raise typer.Exit(1)


def _watch(places: Places, projects: Sequence[str], interval_s: float) -> NoReturn:
    """Syncs until it is told to stop; a mistake in the settings is told before it begins."""
    from velocity.settings import load_settings  # noqa: PLC0415 - not for --help
    from velocity.sync.watch import watch  # noqa: PLC0415 - as above

    load_settings(places.config).wandb.wanted(projects)
    stopped = watch(places.data, places.config, projects, interval_s=interval_s)
    raise typer.Exit(0 if stopped is signal.SIGTERM else 128 + stopped)


def _sync_watched(places: Places, projects: Sequence[str], patience_s: float) -> NoReturn:
    """Syncs once for a watch, which reads the exit code."""
    from velocity.cli.watched import log_sync  # noqa: PLC0415 - not for --help
    from velocity.sync.commands import sync_wandb  # noqa: PLC0415 - as above

    def sync(log: "Log", on_progress: "OnProgress") -> "SyncResult":
        settings = _ready(places, lambda text: log.tell("info", "forgotten", reason=text))
        return sync_wandb(places.data, settings, projects=projects, on_progress=on_progress)

    raise typer.Exit(log_sync(sync, patience_s=patience_s))


def ingest(
    ctx: typer.Context,
    *,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Run directories, or folders that hold some."),
    ],
    entity: Annotated[
        str | None,
        typer.Option(
            "--entity",
            metavar="E",
            help="W&B entity of runs that name none, as those kept offline.",
            show_default=False,
        ),
    ] = None,
    username: Annotated[
        str | None,
        typer.Option(
            "--username",
            metavar="U",
            help="W&B username whose runs these are; directories do not say.",
            show_default=False,
        ),
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Read W&B's local run directories (`run-*`, `offline-run-*`) and bring the figures up to date.

    When a sync later brings the same run, it takes the place of the local one. A directory that
    cannot be read does not stop the others; the exit code is then 1.
    """
    from velocity.sync.commands import ingest_local  # noqa: PLC0415 - not for --help

    places = Places.of(ctx, data, config)
    settings = _ready(places)
    with told_progress() as on_progress:
        result = ingest_local(
            places.data, settings, paths, entity=entity, username=username, on_progress=on_progress
        )
    _tell(result, places)
    lost = [row.reason for project in result.projects for row in project.rejected]
    for reason in lost[:_REASONS_SHOWN]:
        say(f"Not read: {reason}.")
    if lost:
        say(f"Run directories that could not be read: {len(lost)}. The others are in.")
        raise typer.Exit(1)


def import_(
    ctx: typer.Context,
    *,
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="CSV or Parquet with one row per run, or W&B's own table export; with --from, "
            "what that source takes.",
        ),
    ],
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="SOURCE",
            help="What to read: table, files (as `velocity ingest` does), or a source that was "
            "installed.",
        ),
    ] = "table",
    as_of: AsOfOption = None,
    entity: Annotated[
        str | None,
        typer.Option(
            "--entity",
            metavar="E",
            help="Entity of runs that name none, as those of a W&B export.",
            show_default=False,
        ),
    ] = None,
    project: Annotated[
        str | None,
        typer.Option(
            "--project",
            metavar="P",
            help="Project of runs that name none, as those of a W&B export.",
            show_default=False,
        ),
    ] = None,
    username: Annotated[
        str | None,
        typer.Option(
            "--username",
            metavar="U",
            help="W&B username of the runs for which a table or source names none.",
            show_default=False,
        ),
    ] = None,
    user_column: Annotated[
        str | None,
        typer.Option(
            "--user-column",
            metavar="COLUMN",
            help="Column that holds the W&B usernames, where it is not called username or User.",
            show_default=False,
        ),
    ] = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Read run tables, or what another source has, and bring the figures up to date.

    docs/cli.md lists the columns. Importing the same twice changes nothing.
    """
    from velocity.sources.base import Asked  # noqa: PLC0415 - not for --help
    from velocity.sync.commands import import_runs  # noqa: PLC0415 - as above

    folders = Places.of(ctx, data, config)
    settings = _ready(folders)
    asked = Asked(
        places, entity=entity, project=project, username=username, user_column=user_column
    )
    with told_progress() as on_progress:
        result = import_runs(
            folders.data, settings, source, asked, as_of=as_of, on_progress=on_progress
        )
    _tell(result, folders)
