"""velocity record move."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

from typing import Annotated, Literal

import typer

from velocity.cli.options import Places, option, takes_places
from velocity.cli.progress import say
from velocity.settings import load_settings
from velocity.store.move import move

app = typer.Typer(help="Move the record to a server, or back.", no_args_is_help=True)


@app.callback()
def _record() -> None:
    """Move the record to a server, or back."""


@app.command("move")
@takes_places
def move_(
    places: Places,
    *,
    to: Annotated[
        Literal["server", "file"],
        option("--to", "server|file", "The database that store.record names, or the data folder."),
    ],
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
