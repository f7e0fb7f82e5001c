"""velocity backup and restore: the whole store in one file, and back."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

from pathlib import Path
from typing import Annotated

import typer

from velocity.cli.options import Places, option
from velocity.cli.progress import say
from velocity.formats import plural
from velocity.sync.backup import back_up
from velocity.sync.restore import restore as restore_backup

_MIB = 2**20


def backup(
    places: Places,
    *,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="File to write.")],
) -> None:
    """Write the store, the settings and the roster to one file.

    A sync may be running. The file names people, so only you can read it; it has no keys, webhooks
    or messaging addresses.
    """
    made = back_up(places.data, places.config, path)
    say(f"Wrote {path} ({made.bytes / _MIB:,.1f} MiB), a backup of {places.data}.")


def restore(
    places: Places,
    *,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="File that `backup` wrote.")],
    replace: Annotated[
        bool, option("--replace", None, "Replace the store in the data folder.")
    ] = False,
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
