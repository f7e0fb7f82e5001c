"""velocity backup, restore, archive, forget, record: what concerns the store as a whole."""

import sys
from datetime import date
from pathlib import Path
from typing import Literal

import typer

from velocity.cli.options import QUIET, Places, argument, day_option, flag, option, takes_places
from velocity.cli.progress import say, show_progress
from velocity.formats import count, label, plural
from velocity.settings import load_settings
from velocity.store.live import move
from velocity.sync.archive import Archived, archive as archive_runs
from velocity.sync.backup import back_up
from velocity.sync.forget import forget_person, look_up
from velocity.sync.restore import restore as restore_backup

_MIB = 2**20
_YES = flag("--yes", "Do not ask for confirmation.")


def backup(places: Places, *, path: Path = argument("PATH", "File to write.")) -> None:
    """Write the store, the settings and the roster to one file.

    A sync may be running. The file names people, so only you can read it; it has no keys, webhooks
    or messaging addresses.
    """
    made = back_up(places.data, places.config, path)
    say(f"Wrote {path} ({made.bytes / _MIB:,.1f} MiB), a backup of {places.data}.")


def restore(
    places: Places,
    *,
    path: Path = argument("PATH", "File that `backup` wrote."),
    replace: bool = flag("--replace", "Replace the store in the data folder."),
) -> None:
    """Restore a store from a backup, and publish its figures.

    People who were forgotten since the backup stay forgotten. Settings and a roster that exist are
    kept.
    """
    done = restore_backup(places.data, places.config, path, replace=replace)
    say(f"Restored the backup of {done.backup.made_at:%Y-%m-%d %H:%M} UTC into {places.data}.")
    if done.forgotten:
        say(f"Removed {plural(done.forgotten, 'name')} of people who were forgotten since then.")
    for verb, files in (("Wrote", done.written), ("Kept", done.kept)):
        if files:
            say(f"{verb} {' and '.join(map(str, files))}.")
    say(f"Published snapshot {done.published}. Run `velocity sync` to bring in later runs.")


def archive(
    places: Places,
    *,
    before: date = day_option("Keep the week of this day and later ones; required.", default=...),
    yes: bool = _YES,
) -> None:
    """Remove old runs, and keep the published weeks of groups.

    It first says what would be removed and what stays, and changes nothing until that is confirmed.
    It cannot be undone, so make a backup first.
    """
    settings = load_settings(places.config)
    _show_archived(archive_runs(places.data, settings, before, dry_run=True))
    if not yes:
        if not sys.stdin.isatty():
            say("Nothing was changed. Without a terminal to ask on, use --yes to archive.")
            return
        _confirm()
    done = archive_runs(places.data, settings, before)
    say(f"Archived {plural(done.runs, 'run')}. Published snapshot {done.published}.")


def _show_archived(found: Archived) -> None:
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


def forget(
    places: Places,
    *,
    person: str = argument("ID", "Roster id, W&B username or email address."),
    yes: bool = _YES,
    quiet: bool = QUIET,
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
        for username, runs in found.runs.items():
            say(f"Username {label(username)}: {plural(runs, 'run')}.")
        it = found.names
        names = sorted(it.scholars | it.usernames | it.labels | it.emails)
        listed = ", ".join(map(label, names))
        say(f"Figures and traces of these names will be removed: {listed}.")
    if not yes:
        _confirm()
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


def _confirm() -> None:
    typer.confirm("Remove all of this? It cannot be undone.", err=True, abort=True)


record = typer.Typer(no_args_is_help=True)


@record.callback()
def _record() -> None:
    """Move the record to a server, or back."""


@record.command("move")
@takes_places
def move_(
    places: Places,
    *,
    to: Literal["server", "file"] = option(
        "server|file", "The database that store.record names, or the data folder.", default=...
    ),
) -> None:
    """Move the raw runs between the data folder and the server of store.record.

    First stop everything that pulls or publishes. No figure changes, and nothing is derived again.
    """
    settings = load_settings(places.config)
    move(places.data, settings, to)
    if to == "server":
        say("The record is on the server. What is left in the data folder is a copy.")
    else:
        say("The record is in the data folder. Remove store.record from the settings.")
