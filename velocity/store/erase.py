"""Takes what deleted rows leave behind out of the data folder: old snapshots, freed blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.database.connection import LiveStore


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
    store.close()
    fresh.replace(path)
    path.with_name("live.duckdb.wal").unlink(missing_ok=True)
