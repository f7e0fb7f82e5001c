"""Finds what the record has that the current snapshot does not."""

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from velocity.database.connection import Connection
from velocity.database.lock import writer_lock
from velocity.queries import load_query
from velocity.record import RECORD_FILE
from velocity.store.snapshot import Snapshot


class Ahead(NamedTuple):
    """What a record has that a snapshot does not, and its latest commands."""

    usernames: int  # whose runs changed
    projects: int  # that are complete to another instant
    syncs: pl.DataFrame  # one row per project: entity, project, started_at, error


def find_ahead(data: Path, snapshot: Snapshot) -> Ahead | None:
    """Compare the record of a data folder with a snapshot; None if it is not there to be read.

    A record on a server is compared as of the last publish.

    Raises:
        StoreBusyError: another process is writing it.
    """
    ((record, change),) = snapshot.frame("SELECT record, change FROM taken_in").rows()
    shown = snapshot.frame("SELECT entity, project, as_of FROM project")
    try:
        with (
            closing(Connection(Path(":memory:"), "reader")) as reader,
            writer_lock(data),  # for as short as possible: commands wait for it only briefly
            reader.attached(data / RECORD_FILE, "record"),
            reader.loaded(shown=shown),
        ):
            reader.run("USE record")
            given = {"record": record, "change": change}
            ((usernames, projects),) = reader.run(load_query("record/ahead").body, given)
            syncs = reader.frame(load_query("record/latest_syncs").body)
            reader.run("USE reader")
    except (duckdb.Error, OSError):
        return None
    return Ahead(usernames, projects, syncs)
