"""velocity roster check, suggest."""

from pathlib import Path

import typer

from velocity.cleaning import escaped
from velocity.cli.options import Places, takes_places
from velocity.cli.progress import say
from velocity.errors import ConfigurationError, StoreError
from velocity.formats import plural
from velocity.reading import reads
from velocity.roster.against_data import Seen
from velocity.roster.models import Roster, check_roster, load_roster
from velocity.roster.rhythm import find_rhythms
from velocity.roster.suggest import suggest_entries
from velocity.settings import load_settings
from velocity.store import Snapshot, latest_snapshot

roster = typer.Typer(
    help="Check the roster, or write entries for it.", no_args_is_help=True, add_completion=False
)


@roster.command()
@takes_places
def check(places: Places) -> None:
    """Find every mistake in the roster in one pass; exit with 1 if there is an error.

    If there is data, this also reports entries that do not fit it.
    """
    path = load_settings(places.config).roster
    if not path.exists():
        raise ConfigurationError(
            f"There is no roster {path}.",
            "When there is data, `velocity roster suggest >> roster.toml` writes one.",
        )
    findings = check_roster(path, _seen(places.data))
    for finding in findings:
        typer.echo(escaped(f"{finding.severity}: {finding}"))
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    say(f"{path}: {plural(errors, 'error')}, {plural(warnings, 'warning')}.")
    if errors:
        raise typer.Exit(1)


def _seen(data: Path) -> Seen | None:
    """The names in the latest snapshot; None without a snapshot that can be read."""
    try:
        snapshot = latest_snapshot(data)
    except StoreError:
        return None
    projects = reads.projects(snapshot).select("entity", "project").iter_rows()
    found = reads.usernames(snapshot)
    return Seen(
        projects=["/".join(it) for it in projects],
        usernames=set(found["username"].drop_nulls()),
        gpu_types=set(found["gpu_type"].drop_nulls()),
        hosts=reads.hosts(snapshot)["host"].to_list(),
    )


@roster.command()
@takes_places
def suggest(places: Places) -> None:
    """Write entries for usernames that are not in the roster, and for launches around the clock.

    The latter look like those of an agent or a scheduler; the entry says why. They go to standard
    output: `velocity roster suggest >> roster.toml`
    """
    roster = load_roster(load_settings(places.config).roster)
    if text := suggested_roster(latest_snapshot(places.data), roster, rhythms=True):
        typer.echo(text, nl=False)
    else:
        say("Every username in the data is in the roster, and no launches look automated.")


def suggested_roster(snapshot: Snapshot, roster: Roster | None, *, rhythms: bool) -> str:
    """Entries for usernames that are not in the roster, and for automation if `rhythms`."""
    found = reads.usernames(snapshot).drop("gpu_type").drop_nulls()
    runs_of = dict(found.group_by("username").sum().iter_rows())
    automated = find_rhythms(reads.launches(snapshot)) if rhythms else ()
    return suggest_entries(runs_of, roster, automated)
