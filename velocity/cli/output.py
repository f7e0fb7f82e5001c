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

from velocity.cli.tables import draw_table
from velocity.downloads import csv_bytes
from velocity.errors import VelocityError

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
    content = _encoded(frame, form, keys, _FILE_WIDTH if out else _terminal_width())
    if out is None:
        print_bytes(content)
    else:
        write_file(content, out)


def write_file(content: bytes, out: Path) -> None:
    """Writes a file in one step.

    Raises:
        VelocityError: it cannot be written.
    """
    partial = out.with_name(f"{out.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(out)
    except OSError as error:
        raise VelocityError(
            f"{out} cannot be written: {error.strerror}.",
            "Name another file with --out, or correct the folder or its permissions.",
        ) from error


def _terminal_width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _FILE_WIDTH


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
        buffer.write(f"{rows}\n".encode())
    return buffer.getvalue()


def _iso(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def print_bytes(content: bytes) -> None:
    """To standard output; a reader that has seen enough (`| head`) is no error."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is still buffered would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
