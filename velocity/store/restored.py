"""Puts the files of a restored backup in place: all of them, even if it is interrupted.

`velocity restore` prepares them in a folder of the data folder. Once this folder has its final
name, they belong to the store, and whatever opens the store next moves those that are left.
"""

import shutil
from pathlib import Path

from velocity.database.connection import make_durable, write_ahead_log

#: The files of a data folder that cannot be made again; `derived.duckdb` keeps scholars' numbers.
KEPT_FILES = ("record.duckdb", "derived.duckdb", "config.salt", "state.sqlite", "forgotten.json")
_READY = "restored"


def accept(data: Path, prepared: Path) -> None:
    """Replace the store by the files in `prepared`, a folder in the data folder.

    The caller holds the write lock. Killed before the first line, nothing has changed; after it,
    the next command finishes.
    """
    prepared.rename(data / _READY)
    make_durable(data)
    finish_restore(data)


def finish_restore(data: Path) -> None:
    """Move the files of a backup that are not in their place yet; the caller holds the lock."""
    ready = data / _READY
    if not ready.exists():
        return
    for name in KEPT_FILES:
        if (ready / name).exists():
            # The logs of the old files do not belong to the new ones.
            for log in (write_ahead_log(data / name), data / f"{name}-journal"):
                log.unlink(missing_ok=True)
            (ready / name).replace(data / name)
    make_durable(data)
    shutil.rmtree(ready)
