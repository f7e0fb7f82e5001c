"""velocity forget: remove a person from the store for good."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

import sys
from typing import Annotated

import typer

from velocity.cli.options import Places, QuietOption, option
from velocity.cli.progress import say, show_progress
from velocity.formats import label, plural
from velocity.settings import load_settings
from velocity.sync.forget import forget_person, look_up
from velocity.sync.person import Person


def forget(
    places: Places,
    *,
    person: Annotated[
        str, typer.Argument(metavar="ID", help="Roster id, W&B username or email address.")
    ],
    yes: Annotated[bool, option("--yes", None, "Do not ask for confirmation.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Remove a person from the store for good.

    Their runs, figures and snapshots are deleted here, not in W&B, and later syncs skip them. This
    cannot be undone.
    """
    settings = load_settings(places.config)
    if not (yes or sys.stdin.isatty()):
        raise typer.BadParameter("there is no terminal to ask on; use --yes to skip the question")
    found = look_up(places.data, settings, person)
    if not (quiet and yes):
        _show(found)
    if not (yes or typer.confirm("Remove all of this? It cannot be undone.", err=True)):
        raise typer.Abort
    with show_progress(quiet=quiet) as on_progress:
        gone = forget_person(places.data, settings, found, on_progress=on_progress)
    if not quiet:
        say(
            f"Removed {plural(gone.runs, 'run')}, {plural(gone.log_rows, 'row')} of logs and "
            f"restatements, and {plural(gone.snapshots, 'snapshot')}. "
            f"Published snapshot {gone.published} without them."
        )
        say("Later syncs, ingests and imports will skip this person's runs.")
    if found.in_roster:
        say("Remove the person from the roster file too: it still has their name and address.")


def _show(found: Person) -> None:
    """Say what would be removed."""
    for username, runs in found.runs.items():
        say(f"Username {label(username)}: {plural(runs, 'run')}.")
    names = found.names
    every = sorted(names.scholars | names.usernames | names.labels | names.emails)
    say(f"Figures and traces of these names will be removed: {', '.join(map(label, every))}.")
