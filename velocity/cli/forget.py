"""velocity forget: a person gone from the store, for good."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from velocity import formats
from velocity.cli.options import ConfigOption, DataOption, Places
from velocity.cli.progress import say

if TYPE_CHECKING:
    from velocity.record.exclusions import Names


def add_to(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command("forget", rich_help_panel="Keep in order")(forget)


def forget(
    ctx: typer.Context,
    *,
    person: Annotated[
        str, typer.Argument(metavar="ID", help="Roster id, W&B username or address.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Remove a person from the store and its snapshots, and keep them from coming back.

    Their runs are deleted here, not in W&B. This cannot be undone.
    """
    from velocity.settings import load_settings  # noqa: PLC0415 - as above
    from velocity.sync.forget import forget_person, look_up  # noqa: PLC0415 - not for --help

    places = Places.of(ctx, data, config)
    settings = load_settings(places.config)
    if not (yes or sys.stdin.isatty()):
        raise typer.BadParameter("there is no terminal to ask on; --yes forgets without asking")
    found = look_up(places.data, settings, person)
    for username, runs in found.runs.items():
        say(f"Username {formats.label(username)}: {formats.plural(runs, 'run')}.")
    say(f"Names whose figures and traces go: {_listed(found.names)}.")
    asked = "Remove all of this? It cannot be undone."
    if not (yes or typer.confirm(asked, err=True)):
        raise typer.Abort
    gone = forget_person(places.data, settings, found)
    say(
        f"Removed {formats.plural(gone.runs, 'run')}, "
        f"{formats.plural(gone.log_rows, 'row')} of logs and restatements, and "
        f"{formats.plural(gone.snapshots, 'snapshot')}; published {gone.published} without them."
    )
    say("Later syncs, ingests and imports leave this person's runs out.")
    if found.in_roster:
        say("Take the person out of the roster file as well: it still has their name and address.")


def _listed(names: "Names") -> str:
    """Every name of a person, each once."""
    every = names.scholars | names.usernames | names.labels | names.emails
    return ", ".join(formats.label(name) for name in sorted(every))
