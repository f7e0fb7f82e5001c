"""velocity init: from a key to figures: settings, first sync, first roster."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast
from zoneinfo import available_timezones

import typer

from velocity.cli.bring import bring
from velocity.cli.options import QUIET, Places, flag, projects_option
from velocity.cli.progress import say, show_progress
from velocity.cli.roster import suggested_roster
from velocity.errors import RetryLaterError, SourceError, VelocityError
from velocity.formats import did_you_mean, elapsed, label, plural
from velocity.paths import make_private
from velocity.settings import load_settings
from velocity.sources.base import Server, connect_server
from velocity.store import latest_snapshot
from velocity.sync.commands import sync_wandb
from velocity.sync.results import Progress, of_steps
from velocity.toml import toml_string

_NAMED = 12  # projects of an entity in one sentence
_SETTINGS = """\
# Settings of velocity. docs/configuration.md lists all of them.
# The W&B key does not belong here: set WANDB_API_KEY, or run `wandb login`.

[programme]
timezone = {zone}  # of days and weeks

[wandb]
projects = [{projects}]
"""


def init(
    places: Places,
    *,
    projects: list[str] | None = projects_option("Sync", "asks for them"),
    force: bool = flag("--force", "Replace the settings file if there is one."),
    no_sync: bool = flag("--no-sync", "Only write the settings file; sync later."),
    quiet: bool = QUIET,
) -> None:
    """Set up velocity for your own runs: settings, first sync, first roster.

    Asks for the W&B projects, checks them and your key with the server, and says how long the first
    sync will take. The key is not stored. An existing roster is never changed.
    """
    if not (projects or sys.stdin.isatty()):
        raise typer.BadParameter(
            "there is no terminal to ask on; name the projects with --project ENTITY/PROJECT"
        )
    _check_place(places.config, force=force)
    tell: Callable[[str], None] = (lambda _: None) if quiet else say
    with show_progress(quiet=quiet, again="nothing was written") as on_progress:
        on_progress(Progress("connect", "Weights & Biases"))
        server = connect_server()
        viewer = server.viewer
    tell(f"Logged in as {label(viewer)}; runs are shown at {server.app_url}")
    wanted = projects or _ask_projects(server)
    with show_progress(quiet=quiet, again="nothing was written") as on_progress:
        counted = _count_runs(server, wanted, on_step=of_steps("count", on_progress))
        seconds = estimate_seconds(server, counted)
    listed = ", ".join(map(toml_string, wanted))
    with _writing(places.config):
        text = _SETTINGS.format(zone=toml_string(_own_zone()), projects=listed)
        _write(places.config, text)
    tell(f"Wrote {places.config}.")
    runs, of = plural(sum(counted.values()), "run"), plural(len(counted), "project")
    tell(f"Reading {runs} of {of} takes up to {elapsed(seconds)}.")
    if no_sync or not (projects or typer.confirm("Start now?", default=True, err=True)):
        tell("Next: velocity sync")
        return
    result = bring(
        places,
        sync_wandb,
        quiet=quiet,
        again="`velocity sync` continues, and `velocity roster suggest` writes a roster",
    )
    _write_roster(places, tell)
    tell("Next: velocity app")
    if result.errors:
        raise typer.Exit(1)


def _check_place(config: Path, *, force: bool) -> None:
    """Check that the settings file can be written, before anybody answers questions."""
    if config.exists() and not force:
        raise VelocityError(
            f"{config} exists already.",
            "Run `velocity sync` to use it, or `velocity init --force` to replace it.",
        )
    with _writing(config):
        make_private(config.parent)
        tempfile.TemporaryFile(dir=config.parent).close()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise VelocityError(
            f"{path} cannot be written: {error.strerror}.",
            "Check its folder and the permissions, or name another file with --config.",
        ) from error


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _own_zone() -> str:
    """This machine's time zone; UTC if its name is not known."""
    zones = os.environ.get("TZ"), os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    zone = next((zone for zone in zones if zone in available_timezones()), "UTC")
    return "UTC" if zone == "Etc/UTC" else zone


def _ask_projects(server: Server) -> list[str]:
    entity, names = _ask_entity(server)
    shown = ", ".join(map(label, names[:_NAMED]))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    say(f"Projects: {shown}{more}.")
    while True:
        answer = typer.prompt("Which ones? Commas between them, or * for all", "*", err=True)
        chosen = [name.strip() for name in answer.split(",") if name.strip()]
        unknown = next((name for name in chosen if name not in {"*", *names}), None)
        if chosen and unknown is None:
            return [f"{entity}/{name}" for name in (["*"] if "*" in chosen else chosen)]
        if unknown is not None:
            say(f'There is no project "{label(unknown)}". {did_you_mean(unknown, names)}'.rstrip())


def _ask_entity(server: Server) -> tuple[str, list[str]]:
    """Ask for an entity until it has projects; return it with their names."""
    while True:
        entity = typer.prompt("W&B user or team", server.viewer, err=True).strip()
        try:
            names = server.fetch_project_names(entity)
        except RetryLaterError:
            raise
        except SourceError as error:
            say(f"{error.message} {error.hint}")
            continue
        if names:
            return entity, names
        say(f"{label(entity)} has no projects that this API key may see.")


def _write_roster(places: Places, tell: Callable[[str], None]) -> None:
    """Write the first roster, from the usernames in the data; an existing one stays."""
    path = load_settings(places.config).roster
    if path.exists():
        tell(f"{path} exists and was not changed; `velocity roster suggest` shows new names.")
    elif text := suggested_roster(latest_snapshot(places.data), None, rhythms=False):
        with _writing(path):
            _write(path, text)
        tell(f"Wrote {path}: everybody in the data. Add streams, mentors and credits there.")


def _count_runs(
    server: Server, wanted: Iterable[str], *, on_step: Callable[[str, int, int], None]
) -> dict[str, int]:
    """The number of runs of each project, as "ENTITY/PROJECT"; "ENTITY/*" means all."""
    counted: dict[str, int] = {}
    for name in wanted:
        entity, _, project = name.partition("/")
        names = server.fetch_project_names(entity) if project == "*" else [project]
        counted |= dict.fromkeys((f"{entity}/{each}" for each in names), 0)
    for done, name in enumerate(counted, 1):
        counted[name] = server.count_runs(*name.split("/", 1))
        on_step(name, done, len(counted))
    return counted


def estimate_seconds(
    server: Server, counted: Mapping[str, int], timer: Callable[[], float] = time.monotonic
) -> float:
    """Return the seconds that reading these runs takes at most.

    It reads one page of the largest project and assumes the same rate for all. A sync reads
    several projects at once, so it may be faster. `counted` is by "ENTITY/PROJECT".

    Raises:
        VelocityError: the page cannot be read.
    """
    largest = max(counted, key=lambda name: counted[name], default=None)
    if largest is None or not counted[largest]:
        return 0.0
    entity, _, project = largest.partition("/")
    began = timer()
    pages = cast("Generator[Any]", server.fetch_runs(entity, project))
    with closing(pages):
        rows = next((page.runs.height + len(page.rejected) for page in pages), 0)
    return sum(counted.values()) * (timer() - began) / max(rows, 1)
