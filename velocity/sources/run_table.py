"""Runs from a table: CSV or Parquet with the columns of `RUN_SCHEMA`, or W&B's own CSV export."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from velocity.errors import SourceError
from velocity.records import REQUIRED, RUN_SCHEMA, UTC, Rejected, RunBatch
from velocity.sources.table_values import (
    TABLE_SCHEMA,
    UnreadableColumnError,
    reading_of,
    writers_of_columns,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from velocity.sources.base import Asked

#: Columns of `RUN_SCHEMA` -> headings in W&B's export. Which of them there are is up to the view.
_EXPORTED = {
    "entity": "Entity",
    "project": "Project",
    "run_id": "ID",
    "display_name": "Name",
    "state": "State",
    "notes": "Notes",
    "username": "User",
    "tags": "Tags",
    "created_at": "Created",
    "runtime_s": "Runtime",
    "sweep": "Sweep",
    "group_name": "Group",
    "job_type": "Job Type",
}
#: How far a source is trusted is not for its own rows to say.
_PLAIN = {column: column for column in TABLE_SCHEMA if column != "trust"}
_KEY = ("entity", "project", "run_id")
_ROW = " row"  # number of a row, from 1 below the header; no heading keeps a leading space
_PARQUET = b"PAR1"  # how such a file begins
_SHOWN_CHARACTERS = 60
_LONGEST_RUNTIME_S = 10 * 365 * 86400

#: Number of a row -> column -> what is wrong there.
_Problems = defaultdict[int, dict[str, str]]


@dataclass(frozen=True)
class RunTable:
    """A table of runs as read.

    Attributes:
        batch: its runs, each once, and the rows that were set aside.
        largest_at: the largest time in it, in UTC: up to when it is complete, as far as it tells.
            Of an export, which tells no other end, the largest Created + Runtime counts too.
            None if no row could be read.
        notes: sentences about what was passed over or made up.
    """

    batch: RunBatch
    largest_at: datetime | None
    notes: tuple[str, ...]


class TableSource:
    """A `Source` whose places are CSV or Parquet files. Nothing comes before all can be read."""

    def read(self, asked: Asked) -> Iterator[RunBatch]:
        """The runs of each file."""
        tables = []
        for number, place in enumerate(asked.places):
            asked.on_progress(place, number, len(asked.places))
            table = read_run_table(Path(place), entity=asked.entity, project=asked.project)
            tables.append(replace(table.batch, complete_to=table.largest_at, notes=table.notes))
        return iter(tables)


def read_run_table(
    path: Path, *, entity: str | None = None, project: str | None = None
) -> RunTable:
    """Reads a CSV or Parquet file of runs.

    It has columns of `RUN_SCHEMA`, or is W&B's CSV export of a runs table. Other columns are
    passed over. A row with a value that cannot be read is set aside. Of rows that tell of the same
    run, the last counts.

    Args:
        path: the file; what it is, is seen from its content.
        entity: of the runs for which the table names none, as an export does.
        project: likewise.

    Raises:
        SourceError: no such file, neither CSV nor Parquet, without a column that is needed, with
            a column of a type that its values cannot have, or without a row.
    """
    frame = _read(path)
    present = set(frame.columns)
    is_export = not {"run_id", "created_at"} <= present and bool({"Name", "ID"} & present)
    known_headings = _EXPORTED if is_export else _PLAIN
    headings = {ours: name for ours, name in known_headings.items() if name in present}
    other = [name for name in frame.columns if name not in (_ROW, *headings.values())]
    notes = [f"{path} has columns that were passed over: {', '.join(other)}."] if other else []
    given = {"entity": entity, "project": project}
    missing = [name for name in REQUIRED if name not in headings and not given.get(name)]
    if is_export:
        if "display_name" in headings and "run_id" in missing:
            missing.remove("run_id")
        _expect_owner(path, missing)
    _expect_columns(path, [known_headings[name] for name in missing], frame.columns[1:])
    if frame.is_empty():
        raise SourceError(f"{path} has no rows.", "Export it again, with the runs in it.")
    frame = frame.select(_ROW, **{ours: pl.col(name) for ours, name in headings.items()})
    values, problems = _values(path, frame, headings, separator="," if is_export else ";")
    values = values.with_columns(
        *(pl.col(name).fill_null(pl.lit(value, pl.String)) for name, value in given.items()),
        source=pl.lit("table"),
        trust=pl.lit(2, pl.Int32),
    )
    if is_export:
        values = values.with_columns(pl.col("state").str.to_lowercase())
        if "run_id" not in headings:
            values = _with_ids_of_names(values)
            notes.append(
                f'{path} has no column "ID": the names of the runs were made their ids, so a pull'
                " from W&B will not replace these runs."
            )
    runs, rejected = _set_aside(values, problems, headings)
    once = runs.unique(_KEY, keep="last", maintain_order=True)
    if once.height < runs.height:
        notes.append(
            f"{path} tells of {runs.height - once.height} of its runs again further down; the last"
            " row of each counts."
        )
    largest_at = _largest_at(once, with_runtime=is_export)
    return RunTable(
        RunBatch(writers_of_columns(once).select(*RUN_SCHEMA), rejected), largest_at, tuple(notes)
    )


def _read(path: Path) -> pl.DataFrame:
    """The table as it is written, text where it is CSV, with the row numbers in front."""
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except FileNotFoundError as error:
        raise SourceError(f"{path} does not exist.", "Name a CSV or Parquet file.") from error
    except IsADirectoryError as error:
        raise SourceError(
            f"{path} is a directory, not a table.",
            "Name a CSV or Parquet file; `velocity ingest` reads W&B run directories.",
        ) from error
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}.", "See to it that you may read the file."
        ) from error
    if not head:
        raise SourceError(f"{path} is empty.", "Export it again, as CSV or Parquet.")
    is_parquet = head.startswith(_PARQUET)
    if not is_parquet and b"\0" in head:
        raise SourceError(
            f"{path} is neither a CSV file nor a Parquet file.",
            "Save it as CSV (UTF-8, commas, one header line) or as Parquet.",
        )
    try:
        frame = pl.read_parquet(path) if is_parquet else pl.read_csv(path, infer_schema=False)
        frame = frame.rename({name: name.strip() for name in frame.columns})
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        if is_parquet:
            raise SourceError(
                f"{path} is a damaged Parquet file: {reason}.", "Write or copy it again."
            ) from error
        raise SourceError(
            f"{path} cannot be read as CSV: {_long_row(path) or reason}.",
            "Save it as UTF-8 with commas, one header line, and quotes around text with commas.",
        ) from error
    # An empty line of a CSV file is no row, but counts as one, so that numbers fit the file.
    written = pl.any_horizontal(pl.exclude(_ROW).is_not_null())
    return frame.with_row_index(_ROW, offset=1).filter(written)


def _long_row(path: Path) -> str | None:
    """Which row of a CSV file has more values than there are headings."""
    with path.open(newline="", encoding="utf-8", errors="replace") as stream:
        lines = csv.reader(stream)
        headings = len(next(lines, []))
        for row, line in enumerate(lines, start=1):
            if len(line) > headings:
                return f"row {row} has {len(line)} values under {headings} headings"
    return None


def _expect_owner(path: Path, missing: list[str]) -> None:
    owner = [name for name in missing if name in {"entity", "project"}]
    if owner:
        raise SourceError(
            f"{path} is an export of W&B's runs table, which does not say of which"
            f" {' and '.join(owner)}.",
            f"Give {' and '.join(f'--{name}' for name in owner)}.",
        )


def _expect_columns(path: Path, missing: list[str], present: list[str]) -> None:
    if missing:
        columns = "columns" if len(missing) > 1 else "column"
        wanted = ", ".join(f'"{heading}"' for heading in missing)
        raise SourceError(
            f"{path} lacks the {columns} {wanted}.",
            f"Add the {columns}; it has: {', '.join(present)}.",
        )


def _values(
    path: Path, frame: pl.DataFrame, headings: dict[str, str], *, separator: str
) -> tuple[pl.DataFrame, _Problems]:
    """The values of the table, in the columns of `RUN_SCHEMA`, and what could not be read."""
    readings = {}
    for column, heading in headings.items():
        try:
            readings[column] = reading_of(column, frame.schema[column], separator=separator)
        except UnreadableColumnError as error:
            raise SourceError(
                f'{path} has in its column "{heading}" values of type {error}.',
                "Write them so, or leave the column out.",
            ) from error
    known = frame.select(_ROW, **{name: reading.known for name, reading in readings.items()})
    values = known.lazy().select(_ROW, **{name: r.value for name, r in readings.items()}).collect()
    problems: _Problems = defaultdict(dict)
    for column, reading in readings.items():
        unread = known.filter(known[column].is_not_null() & values[column].is_null())
        for row, value in unread.select(_ROW, column).iter_rows():
            # A config may hold what nobody else should read.
            shown = "" if column == "config" else f' "{str(value)[:_SHOWN_CHARACTERS]}"'
            problems[row][column] = f"{headings[column]}{shown} is not {reading.wanted}"
    values = values.with_columns(
        pl.lit(None, kind).alias(column)
        for column, kind in TABLE_SCHEMA.items()
        if column not in headings
    )
    return values, problems


def _with_ids_of_names(values: pl.DataFrame) -> pl.DataFrame:
    """Run ids made of names, oldest first, so that runs added later change none of them."""
    taken = set(values["display_name"].drop_nulls())
    seen: set[str] = set()
    ids: list[str | None] = []
    ordered = values.sort("created_at", _ROW, nulls_last=True)
    for name in ordered["display_name"]:
        run_id, number = name, 1
        while name is not None and run_id in (taken if number > 1 else seen):
            number += 1
            run_id = f"{name}#{number}"
        seen.add(name)
        taken.add(run_id)
        ids.append(run_id)
    return ordered.with_columns(run_id=pl.Series(ids, dtype=pl.String)).sort(_ROW)


def _set_aside(
    values: pl.DataFrame, problems: _Problems, headings: dict[str, str]
) -> tuple[pl.DataFrame, tuple[Rejected, ...]]:
    """The rows that can be merged, and the others with what is wrong with each."""
    for column in REQUIRED:
        for row in values.filter(pl.col(column).is_null())[_ROW]:
            problems[row].setdefault(column, f"{headings.get(column, column)} has no value")
    is_aside = values[_ROW].is_in(list(problems))
    rejected = tuple(
        Rejected(
            entity or "", project or "", run_id, f"row {row}: {'; '.join(problems[row].values())}"
        )
        for row, entity, project, run_id in values.filter(is_aside).select(_ROW, *_KEY).iter_rows()
    )
    return values.filter(~is_aside), rejected


def _largest_at(runs: pl.DataFrame, *, with_runtime: bool) -> datetime | None:
    times = [pl.col(name).max() for name, kind in TABLE_SCHEMA.items() if kind == UTC]
    times.append(pl.col("writer_starts").explode().max())
    if with_runtime:
        # Ten years are no runtime: one absurd row must not make all others stale.
        seconds = pl.col("runtime_s").fill_null(0)
        microseconds = (seconds * 1e6).cast(pl.Int64, strict=False)
        end = pl.col("created_at") + pl.duration(microseconds=microseconds)
        times.append(pl.when(seconds < _LONGEST_RUNTIME_S).then(end).max())
    largest: datetime | None = runs.select(
        largest=pl.max_horizontal(time.alias(str(number)) for number, time in enumerate(times))
    ).item()
    return largest
