"""Runs from a table: CSV or Parquet with the columns of `TABLE_SCHEMA`, or W&B's own CSV export."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from velocity.cleaning import cleaned
from velocity.errors import SourceError
from velocity.formats import plural
from velocity.records import REQUIRED, RUN_SCHEMA, UTC, WRITER, Rejected, RunBatch
from velocity.sources.base import Asked
from velocity.sources.shared import reasons
from velocity.sources.table_file import ROW, open_table, require_once
from velocity.sources.table_kinds import EXPORTED, NUMBERS, TABLE_SCHEMA, is_export
from velocity.sources.table_times import day_order
from velocity.sources.table_values import Dialect, read_cells, signs_of
from velocity.sources.values import CLOCKS_SET, LONGEST_RUNTIME_S

_KEY = ("entity", "project", "run_id")
#: A row without one of these cannot become a run (for the last, a start will do).
_NEEDED = (*_KEY, "created_at")
_MACHINE = ("host", "gpu_type", "gpu_count")
_SHOWN_CHARACTERS = 60
#: An empty cell of text in an export.
_EMPTY_EXPORTED = "-"
_NO_STATE = ""  # of a row without a state

#: Number of a row -> column -> why its value cannot be read.
_Problems = defaultdict[int, dict[str, str]]


class TableSource:
    """A `Source` whose places are CSV or Parquet files: columns of `TABLE_SCHEMA`, or W&B's export.

    All files are checked before any run is returned. Other columns are skipped. Unreadable values
    are null and named in `unreadable`; only a row without an id, or without a time of creation or
    start, is rejected. Of several rows about the same run, the last counts.

    A file is complete to its latest time, including the start + runtime of each run. It is an error
    if a file does not exist or is not a table of runs, if a required column is missing or has an
    unreadable type, if dates are ambiguous, or if no row can be read.
    """

    def read(self, asked: Asked) -> Iterator[RunBatch]:
        """The runs of each file."""
        batches = []
        for number, place in enumerate(asked.places):
            asked.on_progress(place, number, len(asked.places))
            batches.append(_RunTable(Path(place), asked).batch())
        return iter(batches)


class _RunTable:
    """A file with runs, whose content shows what kind of file it is."""

    def __init__(self, path: Path, asked: Asked) -> None:
        self._path = path
        known = {*TABLE_SCHEMA, *EXPORTED.values()} | {asked.user_column or ""}
        self._table = open_table(path, frozenset(known))
        columns = self._table.columns
        self._exported = is_export(path, columns)
        #: Columns of `TABLE_SCHEMA` -> their values in rows without one.
        self._given = {it: getattr(asked, it) for it in ("entity", "project", "username")}
        self._zone = asked.timezone or "UTC"
        names = EXPORTED if self._exported else {column: column for column in TABLE_SCHEMA}
        #: Columns of `TABLE_SCHEMA` -> headings of the table.
        self._headings = {ours: name for ours, name in names.items() if name in columns}
        if asked.user_column is not None:
            if asked.user_column not in columns:
                raise self._without([asked.user_column], f"It has: {_listed(columns)}.")
            self._headings["username"] = asked.user_column
        used = {*self._headings.values()}
        require_once(path, (it for it in self._table.header if it in used))
        self._check_columns()

    def batch(self) -> RunBatch:
        """The runs, each once, the rejected rows, and notes about skipped or invented values."""
        path, table = self._path, self._table
        if table.frame.is_empty() and not table.broken:
            raise SourceError(f"{path} has no rows.", "Export it again, with the runs in it.")
        notes = list(table.notes)
        used = {*self._headings.values()}
        if others := _listed(name for name in table.columns if name not in used):
            notes.append(f"{path}: these columns were skipped: {others}.")
        values, problems = self._values()
        if self._exported and "run_id" not in self._headings:
            values = _with_made_ids(values)
            notes.append(
                f'{path} does not have the column "ID": the ids were made from the names and'
                " creation times of the runs, so a sync with W&B will not replace these runs."
            )
        values = _with_creation(values, problems, self._headings["created_at"])
        runs, rejected = _split(values, problems, self._headings)
        entity, project = self._given["entity"] or "", self._given["project"] or ""
        rejected += tuple(
            Rejected(entity, project, None, f"row {number}: {reason}")
            for number, reason in table.broken.items()
        )
        if runs.is_empty():
            raise SourceError(
                f"No row of {path} can be read: {reasons(rejected)}.",
                "Correct the file, or export it again.",
            )
        notes += _troubles(path, rejected, runs, problems)
        once = runs.unique(_KEY, keep="last", maintain_order=True)
        if once.height < runs.height:
            again = plural(runs.height - once.height, "row")
            notes.append(f"{path}: {again} skipped: a later row is about the same run.")
        return RunBatch(_records(once), rejected, _largest_at(once), tuple(notes))

    def _check_columns(self) -> None:
        columns = self._table.columns
        missing = [
            name for name in REQUIRED if name not in self._headings and not self._given.get(name)
        ]
        if not self._exported:
            if missing:
                raise self._without(missing, f"Add it; the table has: {_listed(columns)}.")
            return
        if owner := [name for name in missing if name in self._given]:
            raise SourceError(
                f"{self._path} is an export of W&B's runs table, which does not name the"
                f" {' and the '.join(owner)}.",
                f"Add {' and '.join(f'--{name}' for name in owner)} to the command.",
            )
        # An id can be made from a name and a creation time.
        if wanted := [EXPORTED[it] for it in missing if it != "run_id" or "Name" not in columns]:
            choose = " and ".join(wanted)
            hint = f"Choose {choose} under Columns in W&B, and export the table again."
            raise self._without(wanted, hint)

    def _without(self, missing: list[str], hint: str) -> SourceError:
        columns = plural(len(missing), "column").partition(" ")[2]
        wanted = ", ".join(f'"{heading}"' for heading in missing)
        return SourceError(f"{self._path} does not have the {columns} {wanted}.", hint)

    def _values(self) -> tuple[pl.DataFrame, _Problems]:
        """The values in the columns of `TABLE_SCHEMA`, and the problems with unreadable ones."""
        headings = self._headings
        named = {ours: pl.col(name) for ours, name in headings.items()}
        frame = self._table.frame.select(ROW, **named)
        if self._exported:
            text = pl.col(pl.String)
            frame = frame.with_columns(pl.when(text != _EMPTY_EXPORTED).then(text))
        times = {
            heading: frame[name]
            for name, heading in headings.items()
            if TABLE_SCHEMA[name] == UTC and frame.schema[name] == pl.String
        }
        dialect = Dialect(
            list_separator="," if self._exported else ";",
            signs=signs_of(*(frame[it] for it in headings if TABLE_SCHEMA[it] in NUMBERS)),
            decimal_comma=self._table.separator != ",",
            day_order=day_order(self._path, times),
            zone=self._zone,
        )
        values, problems = frame.select(ROW), _Problems(dict)
        for column, heading in headings.items():
            shown = f'The column "{heading}" of {self._path}'
            read = read_cells(frame[column], dialect, shown)
            values = values.with_columns(read.values)
            unread = read.known.is_not_null() & read.values.is_null()
            rows = frame[ROW].filter(unread)
            for row, value in zip(rows, read.known.filter(unread).to_list(), strict=True):
                # A config may hold secrets.
                told = "" if column == "config" else f' "{_shown(value)}"'
                problems[row][column] = f"{heading}{told} is not {read.wanted}"
        values = _with_absent(values, TABLE_SCHEMA).with_columns(
            *(pl.col(name).fill_null(pl.lit(it, pl.String)) for name, it in self._given.items()),
            state=pl.col("state").fill_null(_NO_STATE),
            heartbeat_at=pl.coalesce("ended_at", "heartbeat_at"),
        )
        return values, problems


def _with_absent(frame: pl.DataFrame, schema: Mapping[str, Any]) -> pl.DataFrame:
    absent = {name: kind for name, kind in schema.items() if name not in frame.columns}
    return frame.with_columns(pl.lit(None, kind).alias(name) for name, kind in absent.items())


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(_shown(name) for name in columns if name)


def _shown(value: object) -> str:
    """The value for a message: short, and without control characters."""
    return cleaned(str(value), _SHOWN_CHARACTERS)


def _with_creation(values: pl.DataFrame, problems: _Problems, heading: str) -> pl.DataFrame:
    """The values; a run whose creation is not known stands at its start."""
    for row in values.filter(pl.col("created_at").is_null())[ROW]:
        problems[row].setdefault("created_at", f"{heading} has no value")
    starts = (pl.col("writer_starts").list.min(), *map(pl.col, ("started_at", "first_metric_at")))
    likely = (pl.when(start >= CLOCKS_SET).then(start) for start in starts)
    return values.with_columns(created_at=pl.coalesce("created_at", *likely))


def _with_made_ids(values: pl.DataFrame) -> pl.DataFrame:
    """Run ids made from names and creation times; later rows with the same two get a number.

    Rows that are added to the table later do not change any id.
    """
    created = pl.col("created_at").dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ")
    number = pl.int_range(1, pl.len() + 1).over("display_name", "created_at")
    suffix = pl.when(number > 1).then(pl.format(" #{}", number)).otherwise(pl.lit(""))
    return values.with_columns(run_id=pl.col("display_name") + " " + created + suffix)


def _split(
    values: pl.DataFrame, problems: _Problems, headings: dict[str, str]
) -> tuple[pl.DataFrame, tuple[Rejected, ...]]:
    """The rows that are runs, with their unreadable fields; and the rejected rows."""
    for column in _NEEDED:
        for row in values.filter(pl.col(column).is_null())[ROW]:
            problems[row].setdefault(column, f"{headings.get(column, column)} has no value")
    is_run = ~pl.any_horizontal(pl.col(name).is_null() for name in _NEEDED)
    others = values.filter(~is_run).select(ROW, pl.col("entity", "project").fill_null(""), "run_id")
    rejected = tuple(
        Rejected(entity, project, run_id, f"row {row}: {'; '.join(problems[row].values())}")
        for row, entity, project, run_id in others.iter_rows()
    )
    runs = values.filter(is_run)
    unreadable = pl.Series(
        [list(problems[row]) if row in problems else None for row in runs[ROW]],
        dtype=pl.List(pl.String),
    )
    return runs.with_columns(unreadable=unreadable), rejected


def _troubles(
    path: Path, rejected: tuple[Rejected, ...], runs: pl.DataFrame, problems: _Problems
) -> Iterable[str]:
    """Sentences about rows and values that could not be read."""
    if rejected:
        rows = runs.height + len(rejected)
        yield f"{path}: {len(rejected):,} of {rows:,} rows could not be read: {reasons(rejected)}."
    unread = runs.select(ROW, "unreadable").explode("unreadable").drop_nulls()
    for (column,), rows_of_it in unread.group_by("unreadable", maintain_order=True):
        row = rows_of_it[ROW][0]
        yield (
            f"{path}: {column} is not known in {plural(rows_of_it.height, 'row')}: row {row}: "
            f"{problems[row][str(column)]}."
        )


def _records(runs: pl.DataFrame) -> pl.DataFrame:
    """The runs in the columns of `RUN_SCHEMA`; other columns than the table's are null."""
    started = pl.when(pl.col("writer_starts").list.len() > 0).then("writer_starts")
    start = started.fill_null(pl.concat_list("started_at")).list.sort()
    writer = runs.select(ROW, *_MACHINE, start=start).explode("start")
    known_writer = writer.filter(pl.any_horizontal(pl.exclude(ROW).is_not_null()))
    fields = WRITER.to_schema()
    writers = _with_absent(known_writer, fields).group_by(ROW).agg(writers=pl.struct(*fields))
    joined = runs.join(writers, on=ROW, how="left", maintain_order="left")
    known = joined.with_columns(source=pl.lit("table"), trust=pl.lit(2, pl.Int32))
    return _with_absent(known, RUN_SCHEMA).select(*RUN_SCHEMA)


def _largest_at(runs: pl.DataFrame) -> datetime:
    told = pl.coalesce(pl.col("writer_starts").list.min(), "started_at", "created_at")
    unset = (told < CLOCKS_SET) & (pl.col("created_at") >= CLOCKS_SET)
    start = pl.when(unset).then("created_at").otherwise(told)
    seconds = pl.col("runtime_s").fill_null(0)
    microseconds = (seconds * 1e6).cast(pl.Int64, strict=False)
    end = pl.when(seconds < LONGEST_RUNTIME_S).then(start + pl.duration(microseconds=microseconds))
    times = [pl.col(name).max() for name, kind in TABLE_SCHEMA.items() if kind == UTC]
    times += [pl.col("writer_starts").explode().max(), end.max()]
    largest: datetime = runs.select(pl.max_horizontal(times)).item()
    return largest
