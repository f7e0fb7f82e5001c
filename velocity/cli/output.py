"""Frames on standard output or in a file: tables for people, CSV, JSON and Parquet for programs."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import typer

from velocity.cleaning import for_terminal, json_escaped
from velocity.cli.progress import say
from velocity.cli.tables import draw_table
from velocity.errors import VelocityError
from velocity.reading.downloads import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from velocity.cli.options import Format

_FILE_WIDTH = 100  # of a table that is not shown on a terminal
_SUFFIXES = {".csv": "csv", ".json": "json", ".parquet": "parquet"}
_TEXT = {"", ".txt"}  # extensions of a file in the default format


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
        write_bytes(_encoded(frame, chosen), out)
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

    Raises:
        VelocityError: it is a folder, or cannot be written.
    """
    if out is None:
        _print(content)
        return
    if out.is_dir():
        raise VelocityError(f"{out} is a folder.", "Name a file with --out.")
    partial = out.with_name(f"{out.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(out)
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


def _encoded(frame: pl.DataFrame, form: str) -> bytes:
    if form == "csv":
        return csv_bytes(frame)
    if form == "json":
        return json_text(frame).encode()
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _print(content: bytes) -> None:
    """Print; a reader that stops early (`| head`) is not an error."""
    if sys.stdout.isatty():
        # Programs get the data unchanged; a terminal would act on control characters.
        content = for_terminal(content.decode()).encode()
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python would fail again on the rest of the buffer when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
