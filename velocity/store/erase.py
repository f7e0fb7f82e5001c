"""Takes a person's rows out of the live store, and their bytes out of its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity.queries import load_query

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from velocity.store.live import LiveStore


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
        store.run(load_query("store/erase").body)
        store.run("DROP TABLE person")
    return runs, before - _log_rows(store)


def _log_rows(store: LiveStore) -> int:
    sql = (
        "SELECT (SELECT count(*) FROM restatement) + (SELECT count(*) FROM rejected) "
        "+ (SELECT count(*) FROM sync_log)"
    )
    return int(store.run(sql)[0][0])


def remove_other_snapshots(data: Path, current: str) -> int:
    """Deletes every snapshot but one; how many they were."""
    others = [path for path in (data / "snapshots").iterdir() if path.name != f"{current}.duckdb"]
    for path in others:
        path.unlink()
    return len(others)


def rewrite(store: LiveStore) -> None:
    """Copies the store into a new file, which takes its place: DuckDB keeps freed blocks.

    The store is closed afterwards; its lock is held by who opened it.
    """
    path, fresh = store.data / "live.duckdb", store.data / "live.duckdb.partial"
    fresh.unlink(missing_ok=True)
    store.run(f"ATTACH '{str(fresh).replace(chr(39), chr(39) * 2)}' AS fresh")
    store.run("COPY FROM DATABASE live TO fresh")
    store.run("DETACH fresh")
    store.connection.close()
    fresh.replace(path)
    path.with_name("live.duckdb.wal").unlink(missing_ok=True)
