"""The columns that a run table may have, and the kind of a table, by its headings."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from velocity.errors import SourceError
from velocity.records import UTC

#: Columns of velocity's own tables -> their type, and the heading that W&B's export of a runs table
#: has for them. An export has the columns that the page showed.
_COLUMNS: dict[str, tuple[pl.DataType | type[pl.DataType], str | None]] = {
    "entity": (pl.String, "Entity"),
    "project": (pl.String, "Project"),
    "run_id": (pl.String, "ID"),
    "username": (pl.String, "User"),
    "display_name": (pl.String, "Name"),
    "state": (pl.String, "State"),
    "created_at": (UTC, "Created"),
    "started_at": (UTC, "Start Time"),
    "writer_starts": (pl.List(UTC), None),
    "ended_at": (UTC, "End Time"),
    "heartbeat_at": (UTC, "Updated"),
    "runtime_s": (pl.Float64, "Runtime"),
    "first_metric_at": (UTC, None),
    "last_metric_at": (UTC, None),
    "group_name": (pl.String, "Group"),
    "job_type": (pl.String, "Job Type"),
    "sweep": (pl.String, "Sweep"),
    "tags": (pl.List(pl.String), "Tags"),
    "config": (pl.String, None),
    "config_hash": (pl.String, None),
    "commit": (pl.String, None),
    "host": (pl.String, "Hostname"),
    "gpu_type": (pl.String, "GPU Type"),
    "gpu_count": (pl.Int64, "GPU Count"),
    "gpu_utilisation": (pl.Float64, None),
    "notes": (pl.String, "Notes"),
    "url": (pl.String, None),
}
TABLE_SCHEMA = {column: kind for column, (kind, _) in _COLUMNS.items()}
EXPORTED = {column: heading for column, (_, heading) in _COLUMNS.items() if heading}
_OWN = {"run_id", "created_at"}
#: W&B's runs table may have any other columns of a run.
_RUNS_TABLE = {"Name", "State", "Created"}
_ENVELOPE = re.compile(r".+__(MIN|MAX)")


class _Foreign(NamedTuple):
    """A kind of table that does not list runs in a readable form."""

    is_it: Callable[[Sequence[str]], bool]  # called with the columns in order
    described: str
    hint: str


def is_export(path: Path, columns: Sequence[str]) -> bool:
    """Whether a table is W&B's export, rather than one with velocity's own columns.

    Raises:
        SourceError: it is known to be another kind of table.
    """
    present = set(columns)
    if present >= _OWN:
        return False
    for foreign in _FOREIGN:
        if foreign.is_it(columns):
            raise SourceError(f"{path}: {foreign.described}.", foreign.hint)
    return bool({"Name", "ID", "State", "Created"} & present)


def _is_chart(columns: Sequence[str]) -> bool:
    if set(columns) >= _RUNS_TABLE:
        return False
    lines = columns[1:]  # after the axis: the step, a time or a metric
    return any(map(_ENVELOPE.fullmatch, columns)) or (
        bool(lines) and all(" - " in name for name in lines)
    )


def _is_history(columns: Sequence[str]) -> bool:
    tells_rows = "_step" in columns or {"_timestamp", "_runtime"} <= set(columns)
    return tells_rows and not set(columns) >= _RUNS_TABLE


def _is_mlflow(columns: Sequence[str]) -> bool:
    present = set(columns)
    return bool({"experiment_id", "artifact_uri"} & present) or (
        "Run ID" in present and bool({"Source Name", "Source Type"} & present)
    )


_FOREIGN = (
    _Foreign(
        _is_chart,
        "this is the export of a chart, not of the runs table",
        "In W&B, open the project's runs table and export it as CSV.",
    ),
    _Foreign(
        _is_history,
        "this is the history of a run (its logged rows), not the runs table",
        "In W&B, open the project's runs table and export it as CSV, or use `velocity sync`.",
    ),
    _Foreign(
        lambda columns: {"summary", "config", "name"} <= set(columns),
        "W&B's example script for exports wrote this table, without times or states",
        "Use `velocity sync`, or export the project's runs table as CSV.",
    ),
    _Foreign(
        _is_mlflow,
        "this is an MLflow export, whose columns have other names",
        "Rename run_id, status, start_time, end_time and tags.mlflow.user to run_id, state,"
        " created_at, ended_at and username, and give --entity and --project.",
    ),
    _Foreign(
        lambda columns: re.match(r"JobID(Raw)?\b", columns[0]) is not None,
        "this is the output of Slurm's sacct",
        "Add --from slurm to the command.",
    ),
)
