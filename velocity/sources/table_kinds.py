"""What a table is, by its headings: runs as velocity or W&B writes them, or something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from velocity.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

#: Columns of a table of velocity's own -> headings of W&B's export of a runs table. Which of them
#: an export has depends on the columns that were shown.
EXPORTED = {
    "entity": "Entity",
    "project": "Project",
    "run_id": "ID",
    "display_name": "Name",
    "state": "State",
    "notes": "Notes",
    "username": "User",
    "tags": "Tags",
    "created_at": "Created",
    "started_at": "Start Time",
    "ended_at": "End Time",
    "heartbeat_at": "Updated",
    "runtime_s": "Runtime",
    "sweep": "Sweep",
    "group_name": "Group",
    "job_type": "Job Type",
    "host": "Hostname",
    "gpu_type": "GPU Type",
    "gpu_count": "GPU Count",
}
_OWN = {"run_id", "created_at"}
_ENVELOPE = re.compile(r".+__(MIN|MAX)")


@dataclass(frozen=True)
class _Foreign:
    """A table that is known not to list runs in a form that can be read.

    Attributes:
        is_it: whether columns, in order, are those of such a table.
        told: what it is, as the end of a sentence.
        advice: what to do instead.
    """

    is_it: Callable[[Sequence[str]], bool]
    told: str
    advice: str


def is_export(path: Path, columns: Sequence[str]) -> bool:
    """Whether columns are those of W&B's export, rather than velocity's own.

    Raises:
        SourceError: they are known to be those of another kind of table.
    """
    present = set(columns)
    if present >= _OWN:
        return False
    for foreign in _FOREIGN:
        if foreign.is_it(columns):
            raise SourceError(f"{path}: {foreign.told}.", foreign.advice)
    return bool({"Name", "ID", "State", "Created"} & present)


def _is_runs_table(columns: Sequence[str]) -> bool:
    """Whether it is W&B's runs table, with whatever else of a run among its columns."""
    return {"Name", "State", "Created"} <= set(columns)


def _is_chart(columns: Sequence[str]) -> bool:
    if _is_runs_table(columns):
        return False
    if any(_ENVELOPE.fullmatch(name) for name in columns):
        return True
    lines = columns[1:]  # after the axis: the step, a time or a metric
    return bool(lines) and all(" - " in name for name in lines)


def _is_history(columns: Sequence[str]) -> bool:
    tells_rows = "_step" in columns or {"_timestamp", "_runtime"} <= set(columns)
    return tells_rows and not _is_runs_table(columns)


def _is_mlflow(columns: Sequence[str]) -> bool:
    present = set(columns)
    return (
        "experiment_id" in present
        or "artifact_uri" in present
        or {"Run ID", "Source Name"} <= present
        or {"Run ID", "Source Type"} <= present
    )


def _is_sacct(columns: Sequence[str]) -> bool:
    return re.match(r"JobID(Raw)?\b", columns[0]) is not None


_FOREIGN = (
    _Foreign(
        _is_chart,
        "this is a chart's export; use the runs table's",
        "In W&B, open the project's runs table and export that as CSV.",
    ),
    _Foreign(
        _is_history,
        "this is the history of a run (its logged rows); use the runs table's export",
        "In W&B, open the project's runs table and export that as CSV, or use `velocity sync`.",
    ),
    _Foreign(
        lambda columns: {"summary", "config", "name"} <= set(columns),
        "this is what W&B's example script for exports writes, without times or states",
        "Use `velocity sync`, or export the project's runs table as CSV.",
    ),
    _Foreign(
        _is_mlflow,
        "this is an MLflow export, whose columns have other names",
        "Rename run_id, status, start_time, end_time and tags.mlflow.user to run_id, state,"
        " created_at, ended_at and username, and give --entity and --project.",
    ),
    _Foreign(
        _is_sacct,
        "this is a file of Slurm's sacct, whose columns have other names",
        "Run `sacct -X -P --delimiter=, -o JobIDRaw,User,State,Submit,Start,End,ElapsedRaw` with"
        " TZ=UTC and replace the header with run_id,username,state,created_at,started_at,ended_at,"
        "runtime_s; then give --entity and --project.",
    ),
)
