"""Frames on standard output or in a file: tables for people, CSV, JSON and Parquet for programs."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import typer

from velocity.cleaning import for_terminal, json_escaped
from velocity.cli.tables import draw_table
from velocity.errors import VelocityError
from velocity.reading.downloads import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from velocity.cli.options import Format

_FILE_WIDTH = 100  # of a table that no terminal shows
_SUFFIXES: dict[str, Format] = {".csv": "csv", ".json": "json", ".parquet": "parquet"}


def chosen_format(wanted: Format | None, out: Path | None) -> Format:
    """The format asked for, else what the file's name says, else a table.

    Raises:
        typer.BadParameter: Parquet would go to a terminal.
    """
    form = wanted or (_SUFFIXES.get(out.suffix.lower(), "table") if out else "table")
    if form == "parquet" and out is None and sys.stdout.isatty():
        raise typer.BadParameter("Parquet is not for a terminal: name a file with --out")
    return form


def write_frame(
    frame: pl.DataFrame, form: Format, out: Path | None, *, keys: Sequence[str] = ()
) -> None:
    """Writes the frame; `keys` are the columns that a table repeats where it breaks.

    Raises:
        VelocityError: the file cannot be written.
    """
    write_bytes(_encoded(frame, form, keys, width_of(out)), out)


def write_bytes(content: bytes, out: Path | None) -> None:
    """To the file, or to standard output.

    Raises:
        VelocityError: the file cannot be written.
    """
    if out is None:
        _print(content)
        return
    partial = out.with_name(f"{out.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(out)
    except OSError as error:
        raise VelocityError(
            f"{out} cannot be written: {error.strerror}.",
            "Name another file with --out, or correct the folder or its permissions.",
        ) from error


def width_of(out: Path | None) -> int:
    """Characters of a line of what is written there; None: standard output."""
    if out is None and sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return _FILE_WIDTH


def _encoded(frame: pl.DataFrame, form: Format, keys: Sequence[str], width: int) -> bytes:
    buffer = io.BytesIO()
    if form == "table":
        buffer.write(draw_table(frame, keys, width=width).encode())
    elif form == "csv":
        buffer.write(csv_bytes(frame))
    elif form == "parquet":
        frame.write_parquet(buffer)
    else:
        rows = json.dumps(frame.to_dicts(), default=_iso, ensure_ascii=False, indent=1)
        buffer.write(f"{json_escaped(rows)}\n".encode())
    return buffer.getvalue()


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _print(content: bytes) -> None:
    """To standard output; a reader that has seen enough (`| head`) is no error."""
    if sys.stdout.isatty():
        # Programs get what the data holds; a terminal would act on it.
        content = for_terminal(content.decode()).encode()
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is still buffered would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
