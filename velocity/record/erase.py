"""Takes a person's rows out of the live store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity.queries import load_query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from velocity.database.connection import LiveStore


def count_runs_of(store: LiveStore, names: Sequence[str]) -> int:
    """How many runs the store has of some usernames."""
    sql = "SELECT count(*) FROM raw_run WHERE username IN (SELECT unnest($names))"
    return int(store.run(sql, {"names": list(names)})[0][0])


def erase(store: LiveStore, names: Sequence[str]) -> tuple[int, int]:
    """Deletes what is kept of a person; the next derivation makes everything else again.

    Args:
        store: the live store.
        names: roster id and usernames.

    Returns:
        How many runs, and how many rows of logs and restatements.
    """
    runs = count_runs_of(store, names)
    before = _log_rows(store)
    with store.transaction():
        store.load("person", pl.DataFrame({"name": list(names)}, schema={"name": pl.String}))
        store.run(load_query("record/erase").body)
        store.run("DROP TABLE person")
    return runs, before - _log_rows(store)


def _log_rows(store: LiveStore) -> int:
    sql = (
        "SELECT (SELECT count(*) FROM restatement) + (SELECT count(*) FROM rejected) "
        "+ (SELECT count(*) FROM sync_log)"
    )
    return int(store.run(sql)[0][0])
