"""velocity export: every figure and row as Parquet, for BI tools."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

from pathlib import Path
from typing import Annotated

import velocity
from velocity.api.exported import write_parquet
from velocity.cli.options import Places, QuietOption, option
from velocity.cli.progress import say, show_progress
from velocity.sync.results import of_steps


def export(
    places: Places,
    *,
    parquet: Annotated[
        Path,
        option(
            "--parquet",
            "DIR",
            "Folder for the files. DIR/latest leads to the newest ones, which change all at once.",
        ),
    ],
    quiet: QuietOption = False,
) -> None:
    """Write every figure and row as Parquet files, for BI tools.

    They hold everything about everybody. Files get the permissions of DIR, which is made for you
    alone if it does not exist. docs/bi.md lists the files.
    """
    with velocity.open(places.data) as opened, show_progress(quiet=quiet) as on_progress:
        written = write_parquet(opened, parquet, on_file=of_steps("export", on_progress))
    if not quiet:
        say(f"Exported to {written}.")
