"""Runs from a table: CSV or Parquet with the columns of `TABLE_SCHEMA`, or W&B's own CSV export."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from velocity.cleaning import cleaned
from velocity.errors import SourceError
from velocity.formats import plural
from velocity.records import REQUIRED, RUN_SCHEMA, UTC, WRITER, Rejected, RunBatch
from velocity.sources.table_file import ROW, TableFile, open_table
from velocity.sources.table_kinds import EXPORTED, is_export
from velocity.sources.table_times import AmbiguousDateError, day_order
from velocity.sources.table_values import (
    TABLE_SCHEMA,
    Dialect,
    UnreadableColumnError,
    reading_of,
    trimmed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from velocity.sources.base import Asked
    from velocity.sources.table_times import DayOrder

_KEY = ("entity", "project", "run_id")
#: A row without one of these cannot become a run.
_NEEDED = (*_KEY, "created_at")
_MACHINE = ("host", "gpu_type", "gpu_count")
_SHOWN_CHARACTERS = 60
_SHOWN_REASONS = 3
#: One absurd runtime must not make all other runs stale.
_LONGEST_RUNTIME_S = 10 * 365 * 86400
#: What an export has in an empty cell of text.
_NOTHING_EXPORTED = "-"
_NO_STATE = ""  # of a row that tells none

#: Number of a row -> column -> what is wrong there.
_Problems = defaultdict[int, dict[str, str]]


@dataclass(frozen=True)
class RunTable:
    """A table of runs as read.

    Attributes:
        batch: its runs, each once, and the rows that could not become runs.
        largest_at: the largest time in it, in UTC, where the start + runtime of each run counts
            too: up to when it is complete, as far as it tells.
        notes: sentences about what was skipped, made up, or could not be read.
    """

    batch: RunBatch
    largest_at: datetime
    notes: tuple[str, ...]


class TableSource:
    """A `Source` whose places are CSV or Parquet files. Nothing comes before all can be read."""

    def read(self, asked: Asked) -> Iterator[RunBatch]:
        """The runs of each file."""
        tables = []
        for number, place in enumerate(asked.places):
            asked.on_progress(place, number, len(asked.places))
            table = read_run_table(
                Path(place),
                entity=asked.entity,
                project=asked.project,
                username=asked.username,
                user_column=asked.user_column,
            )
            tables.append(replace(table.batch, complete_to=table.largest_at, notes=table.notes))
        return iter(tables)


def read_run_table(
    path: Path,
    *,
    entity: str | None = None,
    project: str | None = None,
    username: str | None = None,
    user_column: str | None = None,
) -> RunTable:
    """Reads a CSV or Parquet file of runs.

    It has columns of `TABLE_SCHEMA`, or is W&B's CSV export of a runs table. Other columns are
    skipped. A value that cannot be read is null and named in `unreadable`; only a row without an
    id or a creation time becomes no run. Of rows about the same run, the last counts.

    Args:
        path: the file; what it is, is seen from its content.
        entity: of the runs for which the table names none, as an export does.
        project: likewise.
        username: likewise.
        user_column: heading of the column with the usernames.

    Raises:
        SourceError: no such file, not a table of runs, without a column that is needed, with a
            column of a type that its values cannot have, with dates that can be read in two ways,
            or without a row that can be read.
    """
    known = frozenset({*TABLE_SCHEMA, *EXPORTED.values()})
    table = open_table(path, known if user_column is None else known | {user_column})
    exported = is_export(path, table.columns)
    given = {"entity": entity, "project": project, "username": username}
    headings = _headings(path, table, exported=exported, user_column=user_column)
    _expect_columns(path, table, headings, given, exported=exported)
    if table.frame.is_empty() and not table.broken:
        raise SourceError(f"{path} has no rows.", "Export it again, with the runs in it.")
    notes = [*table.notes, *_skipped(path, table, headings.values())]
    values, problems = _values(path, table, headings, exported=exported)
    values = values.with_columns(
        *(pl.col(name).fill_null(pl.lit(value, pl.String)) for name, value in given.items()),
        state=pl.col("state").fill_null(_NO_STATE),
        heartbeat_at=pl.coalesce("ended_at", "heartbeat_at"),
    )
    if exported and "run_id" not in headings:
        values = _with_made_ids(values)
        notes.append(
            f'{path} does not have the column "ID": ids were made of the names and creation times'
            " of the runs, so a pull from W&B will not replace these runs."
        )
    runs, rejected = _split(values, problems, headings)
    rejected += tuple(
        Rejected(entity or "", project or "", None, f"row {number}: {reason}")
        for number, reason in table.broken.items()
    )
    if runs.is_empty():
        raise SourceError(
            f"No row of {path} can be read: {_reasons(rejected)}.",
            "Correct the file, or export it again.",
        )
    notes += _troubles(path, rejected, runs, problems)
    once = runs.unique(_KEY, keep="last", maintain_order=True)
    if once.height < runs.height:
        again = plural(runs.height - once.height, "row")
        notes.append(f"{path}: {again} skipped: a row further down is about the same run.")
    batch = RunBatch(_records(once), rejected)
    return RunTable(batch, _largest_at(once), tuple(notes))


def _headings(
    path: Path, table: TableFile, *, exported: bool, user_column: str | None
) -> dict[str, str]:
    """Columns of `TABLE_SCHEMA` -> the headings that the table has for them."""
    known = EXPORTED if exported else {column: column for column in TABLE_SCHEMA}
    headings = {ours: name for ours, name in known.items() if name in table.columns}
    if user_column is not None:
        if user_column not in table.columns:
            raise SourceError(
                f'{path} does not have the column "{user_column}".',
                f"It has: {_listed(table.columns)}.",
            )
        headings["username"] = user_column
    return headings


def _expect_columns(
    path: Path,
    table: TableFile,
    headings: Mapping[str, str],
    given: Mapping[str, str | None],
    *,
    exported: bool,
) -> None:
    """Refuses a table without the columns that a run needs."""
    missing = [name for name in REQUIRED if name not in headings and not given.get(name)]
    if not exported:
        if missing:
            raise _lacking(path, missing, f"Add it; the table has: {_listed(table.columns)}.")
        return
    owner = [name for name in missing if name in {"entity", "project"}]
    if owner:
        raise SourceError(
            f"{path} is an export of W&B's runs table, which does not say of which"
            f" {' and '.join(owner)}.",
            f"Give {' and '.join(f'--{name}' for name in owner)}.",
        )
    # A name and a creation time make an id.
    wanted = [EXPORTED[name] for name in missing if name != "run_id" or "Name" not in table.columns]
    if wanted:
        choose = " and ".join(wanted)
        raise _lacking(path, wanted, f"Choose {choose} under Columns in W&B, and export it again.")


def _lacking(path: Path, missing: list[str], advice: str) -> SourceError:
    columns = plural(len(missing), "column").partition(" ")[2]
    wanted = ", ".join(f'"{heading}"' for heading in missing)
    return SourceError(f"{path} does not have the {columns} {wanted}.", advice)


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(_shown(name) for name in columns if name)


def _shown(value: object) -> str:
    """The value as a message shows it: not too long, and without what moves a cursor."""
    return cleaned(str(value), _SHOWN_CHARACTERS)


def _skipped(path: Path, table: TableFile, used: Iterable[str]) -> list[str]:
    others = _listed(name for name in table.columns if name not in set(used))
    return [f"{path}: these columns were skipped: {others}."] if others else []


def _values(
    path: Path, table: TableFile, headings: Mapping[str, str], *, exported: bool
) -> tuple[pl.DataFrame, _Problems]:
    """The values of the table, in the columns of `TABLE_SCHEMA`, and what could not be read."""
    frame = table.frame.select(ROW, **{ours: pl.col(name) for ours, name in headings.items()})
    if exported:
        text = pl.col(pl.String)
        frame = frame.with_columns(pl.when(text != _NOTHING_EXPORTED).then(text))
    dialect = Dialect(
        list_separator="," if exported else ";",
        decimal_comma=table.separator != ",",
        day_order=_day_order(path, frame, headings),
    )
    readings = {}
    for column, heading in headings.items():
        try:
            readings[column] = reading_of(column, frame.schema[column], dialect)
        except UnreadableColumnError as error:
            raise SourceError(
                f'{path} has in its column "{heading}" values of type {error}.',
                "Write them so, or leave the column out.",
            ) from error
    known = frame.select(ROW, **{name: reading.known for name, reading in readings.items()})
    values = known.lazy().select(ROW, **{name: r.value for name, r in readings.items()}).collect()
    problems: _Problems = defaultdict(dict)
    for column, reading in readings.items():
        unread = known.filter(known[column].is_not_null() & values[column].is_null())
        for row, value in unread.select(ROW, column).iter_rows():
            # A config may hold what nobody else should read.
            shown = "" if column == "config" else f' "{_shown(value)}"'
            problems[row][column] = f"{headings[column]}{shown} is not {reading.wanted}"
    values = values.with_columns(
        pl.lit(None, kind).alias(column)
        for column, kind in TABLE_SCHEMA.items()
        if column not in headings
    )
    return values, problems


def _day_order(path: Path, frame: pl.DataFrame, headings: Mapping[str, str]) -> DayOrder:
    times = {
        name: frame[name]
        for name in headings
        if TABLE_SCHEMA[name] == UTC and frame.schema[name] == pl.String
    }
    try:
        return day_order(times.values())
    except AmbiguousDateError as error:
        column = next(
            heading
            for name, heading in headings.items()
            if name in times and frame.select((trimmed(pl.col(name)) == str(error)).any()).item()
        )
        raise SourceError(
            f'{path} has "{error}" in its column "{column}": which number is the day, and which'
            " the month?",
            "Write times as in 2026-05-04T09:00:00Z. Importing W&B's file as it was downloaded,"
            " before a spreadsheet saved it, does too.",
        ) from error


def _with_made_ids(values: pl.DataFrame) -> pl.DataFrame:
    """Run ids made of names and creation times; of runs that share both, the later rows count up.

    So runs that are added to the table later change none of them.
    """
    created = pl.col("created_at").dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ")
    number = pl.int_range(1, pl.len() + 1).over("display_name", "created_at")
    suffix = pl.when(number > 1).then(pl.format(" #{}", number)).otherwise(pl.lit(""))
    return values.with_columns(run_id=pl.col("display_name") + " " + created + suffix)


def _split(
    values: pl.DataFrame, problems: _Problems, headings: Mapping[str, str]
) -> tuple[pl.DataFrame, tuple[Rejected, ...]]:
    """The rows that are runs, with the fields of each that could not be read; and the others."""
    for column in _NEEDED:
        for row in values.filter(pl.col(column).is_null())[ROW]:
            problems[row].setdefault(column, f"{headings.get(column, column)} has no value")
    is_run = ~pl.any_horizontal(pl.col(name).is_null() for name in _NEEDED)
    rejected = tuple(
        Rejected(
            entity or "", project or "", run_id, f"row {row}: {'; '.join(problems[row].values())}"
        )
        for row, entity, project, run_id in values.filter(~is_run).select(ROW, *_KEY).iter_rows()
    )
    runs = values.filter(is_run)
    unreadable = pl.Series(
        [list(problems[row]) if row in problems else None for row in runs[ROW]],
        dtype=pl.List(pl.String),
    )
    return runs.with_columns(unreadable=unreadable), rejected


def _reasons(rejected: Iterable[Rejected]) -> str:
    """The first few reasons, in words."""
    reasons = [row.reason for row in rejected]
    more = len(reasons) - _SHOWN_REASONS
    told = "; ".join(reasons[:_SHOWN_REASONS])
    return f"{told}; and {more:,} more" if more > 0 else told


def _troubles(
    path: Path, rejected: tuple[Rejected, ...], runs: pl.DataFrame, problems: _Problems
) -> Iterable[str]:
    """Sentences about rows and values that could not be read."""
    if rejected:
        rows = runs.height + len(rejected)
        yield f"{path}: {len(rejected):,} of {rows:,} rows could not be read: {_reasons(rejected)}."
    unread = runs.select(ROW, "unreadable").explode("unreadable").drop_nulls()
    for (column,), rows_of_it in unread.group_by("unreadable", maintain_order=True):
        row = rows_of_it[ROW][0]
        yield (
            f"{path}: {column} is not known in {plural(rows_of_it.height, 'row')}: row {row}: "
            f"{problems[row][str(column)]}."
        )


def _records(runs: pl.DataFrame) -> pl.DataFrame:
    """The runs in the columns of `RUN_SCHEMA`; what a table does not tell is null."""
    started = pl.when(pl.col("writer_starts").list.len() > 0).then("writer_starts")
    writer = (
        runs.with_columns(start=started.fill_null(pl.concat_list("started_at")).list.sort())
        .explode("start")
        .filter(pl.any_horizontal(pl.col("start", *_MACHINE).is_not_null()))
    )
    writers = writer.group_by(ROW).agg(
        writers=pl.struct(
            pl.col(name) if name in ("start", *_MACHINE) else pl.lit(None, kind).alias(name)
            for name, kind in WRITER.to_schema().items()
        )
    )
    joined = runs.join(writers, on=ROW, how="left", maintain_order="left")
    told = joined.with_columns(source=pl.lit("table"), trust=pl.lit(2, pl.Int32))
    return told.select(
        pl.col(name) if name in told.columns else pl.lit(None, kind).alias(name)
        for name, kind in RUN_SCHEMA.items()
    )


def _largest_at(runs: pl.DataFrame) -> datetime:
    start = pl.coalesce(pl.col("writer_starts").list.min(), "started_at", "created_at")
    seconds = pl.col("runtime_s").fill_null(0)
    microseconds = (seconds * 1e6).cast(pl.Int64, strict=False)
    end = pl.when(seconds < _LONGEST_RUNTIME_S).then(start + pl.duration(microseconds=microseconds))
    times = [pl.col(name).max() for name, kind in TABLE_SCHEMA.items() if kind == UTC]
    times += [pl.col("writer_starts").explode().max(), end.max()]
    largest: datetime = runs.select(
        largest=pl.max_horizontal(time.alias(str(number)) for number, time in enumerate(times))
    ).item()
    return largest
