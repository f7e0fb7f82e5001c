"""velocity archive: remove old runs and keep the published weeks of groups."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

import sys
from datetime import date
from typing import Annotated

import typer

from velocity.cli.options import Places, day_option, option
from velocity.cli.progress import say
from velocity.formats import count, label, plural
from velocity.settings import load_settings
from velocity.sync.archive import Archived
from velocity.sync.archive import archive as archive_runs


def archive(
    places: Places,
    *,
    before: Annotated[
        date, day_option("--before", "Keep the week of this day and later ones; required.")
    ],
    yes: Annotated[bool, option("--yes", None, "Do not ask for confirmation.")] = False,
) -> None:
    """Remove old runs, and keep the published weeks of groups.

    It first says what would be removed and what stays, and changes nothing until that is confirmed.
    It cannot be undone, so make a backup first.
    """
    settings = load_settings(places.config)
    _show(archive_runs(places.data, settings, before, dry_run=True))
    if not yes:
        if not sys.stdin.isatty():
            say("Nothing was changed. Without a terminal to ask on, use --yes to archive.")
            return
        typer.confirm("Remove all of this? It cannot be undone.", err=True, abort=True)
    done = archive_runs(places.data, settings, before)
    say(f"Archived {plural(done.runs, 'run')}. Published snapshot {done.published}.")


def _show(found: Archived) -> None:
    """Say what would be removed, and what stays."""
    say(
        f"To be removed: {plural(found.runs, 'run')} of experiments that were over before "
        f"{found.week}; their loops, configs and figures; {plural(found.log_rows, 'row')} of logs "
        "and restatements; views, marks and messages before that day; and older snapshots."
    )
    if found.people:
        names = ", ".join(map(label, found.people))
        say(f"To be removed with their last runs: {names}.")
    say(
        f"To be kept: {plural(found.runs_left, 'run')}, and "
        f"{plural(found.group_weeks, 'published week')} of groups before {found.week}, unchanged."
    )
    if found.credits:
        say(
            f"{count(found.credits)} credits that these runs spent will be taken off the grants, "
            "so the credits left stay the same."
        )
    if found.idle:
        names = ", ".join(map(label, found.idle))
        say(f"In the roster file without any later run; remove those who have left: {names}.")
