"""Frames on standard output or in a file: tables for people, CSV, JSON and Parquet for programs."""

import io
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import typer
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from velocity.cleaning import escaped, for_terminal, json_escaped
from velocity.cli.options import Format
from velocity.cli.progress import say
from velocity.errors import VelocityError
from velocity.formats import written
from velocity.reading.downloads import csv_bytes, parquet_bytes

_FILE_WIDTH = 100  # of a table that is not shown on a terminal
_SUFFIXES = {".csv": "csv", ".json": "json", ".parquet": "parquet"}
_TEXT = {"", ".txt"}  # extensions of a file in the default format

_LONGEST_HEADER = 8
_LONGEST_CELL = 40
_NARROWEST = 8  # of a folded column
_GAP = 3  # between columns
#: Words stay whole: a broken address cannot be copied.
_wrapped = partial(textwrap.fill, break_long_words=False, break_on_hyphens=False)


def show(
    read: Callable[[], pl.DataFrame],
    *,
    form: Format | None,
    out: Path | None,
    keys: Sequence[str] = (),
    shown: Sequence[str | pl.Expr] = (),
    every: bool | None = None,
    in_words: Callable[[pl.DataFrame], pl.DataFrame] = lambda it: it,
    nothing: str = "Nothing in this window.",
) -> None:
    """Write the frame that `read` returns.

    The format defaults to the extension of `out` (None: standard output), else a table. A table has
    the frame `in_words`, and only the columns `shown`, if any, unless it must have `every` column;
    if that is None, a single row has. Otherwise `keys` identify its rows. `nothing` is said instead
    of an empty table.

    Raises:
        typer.BadParameter: Parquet would go to a terminal, or the format is not known.
        VelocityError: there is nothing to read, or the file cannot be written.
    """
    chosen = form_of(form, out, _SUFFIXES, "table")
    if chosen == "parquet" and out is None and sys.stdout.isatty():
        raise typer.BadParameter("a terminal cannot show Parquet: name a file with --out")
    frame = read()
    if chosen != "table":
        encode = {"csv": csv_bytes, "parquet": parquet_bytes}.get(chosen)
        write_bytes(encode(frame) if encode else json_text(frame).encode(), out)
        return
    frame = in_words(frame)
    if frame.is_empty():
        say(nothing)
        return
    if shown and (frame.height > 1 if every is None else not every):
        option = "--format csv" if every is None else "--all"
        count = f"{len(shown)} of {frame.width} columns; {option} shows all of them."
        frame, keys = frame.select(shown), ()
        has_times = any(hasattr(kind, "time_zone") for kind in frame.dtypes)
        say(f"{count} Times are UTC." if has_times else count)
    write_bytes(draw_table(frame, keys, width=width_of(out)).encode(), out)


def form_of(form: str | None, out: Path | None, suffixes: Mapping[str, str], default: str) -> str:
    """Return the format that was asked for, else that of the file's extension, else the default.

    Raises:
        typer.BadParameter: the extension is that of another format.
    """
    extension = "" if out is None else out.suffix.lower()
    if form is not None or extension in _TEXT:
        return form or default
    if extension in suffixes:
        return suffixes[extension]
    raise typer.BadParameter(
        f"{out} does not end in {', '.join(suffixes)} or .txt; name its format with --format"
    )


def write_bytes(content: bytes, out: Path | None) -> None:
    """Write to a file, which is replaced as a whole, or to standard output.

    A link stays, and so does what is not a file, such as /dev/stdout or a named pipe.

    Raises:
        VelocityError: it is a folder, or cannot be written.
    """
    if out is None:
        if sys.stdout.isatty():
            # Programs get the data unchanged; a terminal would act on control characters.
            content = for_terminal(content.decode()).encode()
        try:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # A reader that stops early (`| head`) is not an error. Python would fail again on the
            # rest of the buffer when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if out.is_dir():
        raise VelocityError(f"{out} is a folder.", "Name a file with --out.")
    target = Path(os.path.realpath(out))  # `resolve` fails at a link to itself
    partial = target.with_name(f"{target.name}.partial")
    try:
        if out.exists() and not out.is_file():
            out.write_bytes(content)
            return
        partial.write_bytes(content)
        partial.replace(target)
    except OSError as error:
        raise VelocityError(
            f"{out} cannot be written: {error.strerror}.",
            "Check the folder and its permissions, or name another file with --out.",
        ) from error


def width_of(out: Path | None) -> int:
    """Width of a table in characters; `out` None: on standard output."""
    if out is None and sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return _FILE_WIDTH


def json_text(content: Any) -> str:
    """JSON with times in UTC; `content` may hold frames (lists of rows) and dates."""
    text = json.dumps(content, default=_plain, ensure_ascii=False, indent=1)
    return f"{json_escaped(text)}\n"


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")
    return value.to_dicts()


def cell(value: Any, zone: tzinfo = UTC, time: str = "%-d %b %Y %H:%M") -> str:
    """A value on one line; empty if it is not known."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{value.astimezone(zone):{time}}"
        case Decimal():
            return f"{value:,}"
        case str():
            return escaped(value)
        case _:
            return written(value)


def draw_table(
    frame: pl.DataFrame, keys: Sequence[str], *, width: int, shown: Callable[[Any], str] = cell
) -> str:
    """The frame as text.

    A single row has one line per column. Of several rows, columns that do not fit beside each other
    continue below, beside the `keys` again. Without keys, text is folded to fit. `width` is in
    characters; `shown` formats a value on one line. The frame has at least one row.
    """
    columns = [_Column(series, shown) for series in frame]
    if frame.height == 1:
        return _upright(columns, width)
    output = io.StringIO()
    console = Console(file=output, width=width, color_system=None)
    for number, band in enumerate(_bands(columns, keys, width) if keys else [columns]):
        if number:
            console.print()
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for column in band:
            column.add_to(table)
        for row in zip(*(column.cells for column in band), strict=True):
            table.add_row(*map(Text, row))
        console.print(table, crop=False)
    return "".join(f"{line.rstrip()}\n" for line in output.getvalue().splitlines())


class _Column:
    """A column: its cells, its header on several lines, and the width that both need."""

    def __init__(self, series: pl.Series, shown: Callable[[Any], str]) -> None:
        self.name = series.name
        self.is_number = series.dtype.is_numeric()
        self.is_text = not (self.is_number or series.dtype.is_temporal())
        self.cells = [shown(value) for value in series]
        lines = _wrapped(self.name.replace("_", "_ "), _LONGEST_HEADER)
        self.header = lines.replace("_ ", "_")
        widest = max(map(cell_len, self.cells), default=0)
        self.width = max(min(widest, _LONGEST_CELL), *map(len, self.header.split("\n")))

    def add_to(self, table: Table) -> None:
        """Add the column without its cells; only text is folded."""
        table.add_column(
            Text(self.header, no_wrap=True),
            justify="right" if self.is_number else "left",
            overflow="fold",
            min_width=min(self.width, _NARROWEST) if self.is_text else self.width,
            max_width=self.width,
            no_wrap=not self.is_text,
        )


def _upright(columns: Sequence[_Column], width: int) -> str:
    indent = max(len(column.name) for column in columns) + 2
    width = max(width, indent + _NARROWEST)
    lines = (
        _wrapped(f"{it.name:{indent}}{it.cells[0]}", width, subsequent_indent=" " * indent)
        for it in columns
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _bands(columns: Sequence[_Column], keys: Sequence[str], width: int) -> Iterator[list[_Column]]:
    """The columns in groups that fit beside each other, each after the keys."""
    first = [column for column in columns if column.name in keys]
    band = list(first)
    for column in columns:
        if column in first:
            continue
        needed = sum(it.width + _GAP for it in (*band, column)) - _GAP
        if len(band) > len(first) and needed > width:
            yield band
            band = list(first)
        band.append(column)
    yield band
