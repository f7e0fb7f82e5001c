"""A store as the previous version left it: configs as text without secret-like names."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from tests.conftest import ROOT
from tests.oracles.ideas import LEFT_OUT


def write_earlier_store(data: Path, rows: Iterable[Mapping[str, Any]], as_of: Any) -> None:
    """Write `live.duckdb`; the `config` of each row is an object or missing."""
    data.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(data / "live.duckdb")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute((ROOT / "tests" / "data" / "one_file_store.sql").read_text())
    projects = set()
    for row in rows:
        kept = _machine(row) if row.get("config") is None else _machine(row) | _kept(row["config"])
        names = ", ".join(kept)
        marks = ", ".join(f"${name}" for name in kept)
        connection.execute(f"INSERT INTO raw_run ({names}) VALUES ({marks})", kept)  # noqa: S608
        projects.add((row["entity"], row["project"]))
    for key, (entity, project) in enumerate(sorted(projects)):
        connection.execute(
            "INSERT INTO project (project_key, entity, project, as_of) VALUES (?, ?, ?, ?)",
            [key, entity, project, as_of],
        )
    connection.close()


def _machine(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the columns of its single machine instead of writers."""
    writers = row.get("writers") or ()
    starts = [it["start"] for it in writers]
    told = {"started_at": starts[0], "writer_starts": starts} if starts else {}
    return told | {name: value for name, value in row.items() if name != "writers"}


def _kept(config: Any) -> dict[str, Any]:
    public, whole = (
        json.dumps(it, sort_keys=True, separators=(",", ":")) for it in (_public(config), config)
    )
    return {"config": public, "config_hash": hashlib.sha256(whole.encode()).hexdigest()}


def _public(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _public(inner)
            for name, inner in value.items()
            if not any(part in name.lower() for part in LEFT_OUT)
        }
    if isinstance(value, list):
        return [_public(inner) for inner in value]
    return value
