"""The columns that a run table may have, and the kind of a table, by its headings."""

import re
from collections.abc import Sequence
from pathlib import Path

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
NUMBERS = (pl.Float64, pl.Int64)
_OWN = {"run_id", "created_at"}
_ENVELOPE = re.compile(r".+__(MIN|MAX)")


def is_export(path: Path, columns: Sequence[str]) -> bool:
    """Whether a table is W&B's export, rather than one with velocity's own columns.

    Raises:
        SourceError: it is known to be another kind of table.
    """
    present = set(columns)
    if present >= _OWN and ("state" in present or "Created" not in present):
        return False
    if {"Name", "ID"} & present and {"State", "Created"} & present:
        return True  # with any columns of configs and summaries beside these
    if (foreign := _foreign(columns, present)) is not None:
        what, hint = foreign
        raise SourceError(f"{path}: {what}.", hint)
    return bool({"Name", "ID", "State", "Created"} & present)


def _foreign(columns: Sequence[str], present: set[str]) -> tuple[str, str] | None:
    """What a table is that does not list runs in a readable form, and what to do instead."""
    lines = columns[1:]  # of a chart, after the axis: the step, a time or a metric
    are_lines = bool(lines) and all(" - " in name for name in lines)
    if are_lines or any(map(_ENVELOPE.fullmatch, columns)):
        return (
            "this is the export of a chart, not of the runs table",
            "In W&B, open the project's runs table and export it as CSV.",
        )
    if "_step" in present or present >= {"_timestamp", "_runtime"}:
        return (
            "this is the history of a run (its logged rows), not the runs table",
            "In W&B, open the project's runs table and export it as CSV, or use `velocity sync`.",
        )
    if present >= {"summary", "config", "name"}:
        return (
            "W&B's example script for exports wrote this table, without times or states",
            "Use `velocity sync`, or export the project's runs table as CSV.",
        )
    if {"experiment_id", "artifact_uri"} & present or (
        "Run ID" in present and {"Source Name", "Source Type"} & present
    ):
        hint = (
            "Rename run_id, status, start_time, end_time and tags.mlflow.user to run_id, state,"
            " created_at, ended_at and username, and give --entity and --project."
        )
        return "this is an MLflow export, whose columns have other names", hint
    if re.match(r"JobID(Raw)?\b", columns[0]):
        return "this is the output of Slurm's sacct", "Add --from slurm to the command."
    return None
