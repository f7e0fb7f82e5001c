"""Reads the file of a table: Parquet, or CSV as saved by programs and spreadsheets."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from velocity.errors import SourceError
from velocity.sources.parquet_file import MOST_ROWS, read_parquet, too_many_rows
from velocity.sources.shared import UnfitFileError, require_regular
from velocity.sources.values import UTF16_MARKS

#: Number of a row, from 1 below the header; no heading keeps a leading space.
ROW = " row"

_PARQUET = b"PAR1"
_HEAD_BYTES = 65536
_LONGEST_FILE = 2 * 2**30
#: First bytes of files of other kinds -> what they are.
_OTHER_KINDS = {
    b"PK\x03\x04": "an Excel workbook (or another ZIP file)",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"\x1f\x8b": "a compressed file",
    b"\x28\xb5\x2f\xfd": "a compressed file",
    b"x\x01": "a compressed file",
    b"x\x9c": "a compressed file",
    b"x\xda": "a compressed file",
    b"SQLite format 3": "an SQLite database",
    b"{": "a JSON file",
    b"[": "a JSON file",
}
#: Kinds of error -> what is wrong with a file, and what to do; the first that fits.
_UNREADABLE = {
    UnfitFileError: (
        "cannot be read: {}",
        "Name a CSV or Parquet file, and split one that is too large.",
    ),
    FileNotFoundError: ("does not exist", "Name a CSV or Parquet file."),
    IsADirectoryError: (
        "is a directory, not a table",
        "Name a CSV or Parquet file; `velocity ingest` reads W&B run directories.",
    ),
    OSError: ("cannot be read: {}", "Check the file's permissions."),
}
_SEPARATORS = ",;\t|"
#: A first line that tells Excel the separator.
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class TableFile:
    """The contents of a file."""

    columns: list[str]  # all headings, in order; those of CSV are made unique
    #: The wanted columns (text for CSV), after a column `ROW` with the row numbers. Rows without
    #: any value in them are left out, but are counted in the numbers.
    frame: pl.DataFrame
    separator: str  # between the values of a CSV file; a comma for Parquet
    #: Number of a row that is not in the frame -> what is wrong with it.
    broken: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # sentences about how the file was read
    header: tuple[str, ...] = ()  # the headings of CSV as they are written


def open_table(path: Path, wanted: frozenset[str]) -> TableFile:
    """Reads the columns with the wanted headings; the content shows the kind of file.

    Raises:
        SourceError: no such file, permission denied, neither CSV nor Parquet, or too large.
    """
    head = _head(path)
    if not head.startswith(_PARQUET):
        return _csv(path, head, wanted)
    try:
        names, frame = read_parquet(path, lambda name: _tidy(name) in wanted)
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as error:
        raise SourceError(
            f"{path} is a damaged Parquet file: {_reason(error)}.", "Write or copy it again."
        ) from error
    return TableFile(_headings(path, names), _numbered(frame), ",")


def _head(path: Path) -> bytes:
    try:
        require_regular(path, _LONGEST_FILE)
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as error:
        what, hint = next(told for kind, told in _UNREADABLE.items() if isinstance(error, kind))
        raise SourceError(f"{path} {what.format(error.strerror)}.", hint) from error
    if not head:
        raise SourceError(f"{path} is empty.", "Export it again, as CSV or Parquet.")
    return head


def _csv(path: Path, head: bytes, wanted: frozenset[str]) -> TableFile:
    encoding = _encoding(path, head)
    start = head.decode(encoding, errors="replace").lstrip("\ufeff")
    lines = start.splitlines()
    told = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    skipped = 0 if told is None else 1
    header = next((line for line in lines[skipped:] if line.strip()), "")
    # Without a line that tells it, the separator that gives the header the most columns.
    separator = told[1] if told else max(_SEPARATORS, key=lambda it: len(_cells(header, it)))
    cells = _cells(header, separator)
    form = {"separator": separator, "skip_lines": skipped}
    source: Path | bytes = path
    try:
        if encoding != "utf-8" or "\n" not in start:
            text = path.read_bytes().decode(encoding, errors="replace")
            # Only old Macs ended lines with this.
            source = (text if "\n" in text else text.replace("\r", "\n")).encode()
        names, frame, broken = _rows(source, wanted, form, len(cells))
    except (pl.exceptions.PolarsError, csv.Error, OSError, UnicodeError) as error:
        raise SourceError(
            f"{path} cannot be read as CSV: {_reason(error)}.",
            "Save it as UTF-8 with one header line, and quotes around text with separators.",
        ) from error
    if frame.height > MOST_ROWS:
        raise too_many_rows(path)
    is_other = encoding == "cp1252"
    notes = (f"{path} is not in UTF-8; it was read as Windows-1252.",) if is_other else ()
    columns, numbered = _headings(path, names), _numbered(frame)
    return TableFile(columns, numbered, separator, broken, notes, tuple(map(_tidy, cells)))


def _encoding(path: Path, head: bytes) -> str:
    """The encoding of a file that is not Parquet; refuses what is not text."""
    if head.startswith(UTF16_MARKS):
        return "utf-16"
    what = next((it for mark, it in _OTHER_KINDS.items() if head.startswith(mark)), None)
    if what is not None or b"\0" in head:
        raise SourceError(
            f"{path} is {what or 'binary'}, neither a CSV file nor a Parquet file.",
            "Save it as CSV (UTF-8, one header line) or as Parquet.",
        )
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_ascii = True
    try:
        with path.open("rb") as stream:
            while part := stream.read(1 << 20):
                is_ascii &= decoder.decode(part).isascii()
        # The last character may be cut; if it is the only one that is not ASCII, nothing shows it.
        decoder.decode(b"", final=is_ascii)
    except UnicodeDecodeError:
        return "cp1252"  # the encoding of Excel's "CSV" in most of Europe and America
    return "utf-8"


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


def _rows(
    source: Path | bytes, wanted: frozenset[str], form: Mapping[str, Any], headings: int
) -> tuple[list[str], pl.DataFrame, dict[int, str]]:
    """All headings of CSV, its wanted columns, and what is wrong with rows left out."""
    last = _line_without_end(source)
    line = last.decode(errors="replace")
    # In what was not UTF-8, a letter that was cut is replaced already.
    is_torn = line.encode() != last if isinstance(source, Path) else line.endswith("\ufffd")
    is_cut = is_torn or 0 < len(_cells(line, form["separator"])) < headings
    try:
        if not is_cut:
            return *_wanted(source, wanted, **form), {}
    except pl.exceptions.ComputeError:
        is_cut = line.count('"') % 2 > 0
    before = _bytes(source).removesuffix(last)
    if is_cut and before.count(b'"') % 2 == 0:  # otherwise it ends a text with line breaks
        names, frame, broken = _whole_rows(before, wanted, form)
        return names, frame, broken | {frame.height + 1: "the file ends in the middle of it"}
    return _whole_rows(source, wanted, form)


def _line_without_end(source: Path | bytes) -> bytes:
    """The last line if it has no end: the file may be cut off there."""
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as stream:
        stream.seek(max(0, stream.seek(0, io.SEEK_END) - _HEAD_BYTES))
        _, end, last = stream.read().rpartition(b"\n")
    return last if end and last.strip() else b""


def _bytes(source: Path | bytes) -> bytes:
    return source.read_bytes() if isinstance(source, Path) else source


def _wanted(
    source: Path | bytes, wanted: frozenset[str], **options: Any
) -> tuple[list[str], pl.DataFrame]:
    """All headings of CSV, and its wanted columns as text."""
    names = pl.read_csv(source, n_rows=0, infer_schema=False, **options).columns
    if not (columns := [name for name in names if _tidy(name) in wanted]):
        return names, pl.DataFrame()
    rows = MOST_ROWS + 1
    return names, pl.read_csv(source, columns=columns, n_rows=rows, infer_schema=False, **options)


def _whole_rows(
    source: Path | bytes, wanted: frozenset[str], form: Mapping[str, Any]
) -> tuple[list[str], pl.DataFrame, dict[int, str]]:
    """As `_wanted`, with overlong rows left empty; and what is wrong with each of these."""
    try:
        return *_wanted(source, wanted, **form), {}
    except pl.exceptions.ComputeError:
        text, broken = _without_long_rows(_bytes(source).decode(errors="replace"), **form)
        if not broken:
            raise
        return *_wanted(text.encode(), wanted), broken


def _without_long_rows(text: str, *, separator: str, skip_lines: int) -> tuple[str, dict[int, str]]:
    written, broken = io.StringIO(), {}
    stream = io.StringIO(text.removeprefix("\ufeff"), newline="")
    for _ in range(skip_lines):
        next(stream, None)
    rows = csv.reader(stream, delimiter=separator)
    headings = next(rows, [])
    writer = csv.writer(written)
    writer.writerow(headings)
    for number, row in enumerate(rows, start=1):
        if len(row) > len(headings):
            broken[number] = f"it has {len(row)} values but {len(headings)} headings"
            row.clear()
        writer.writerow(row)
    return written.getvalue(), broken


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def _tidy(heading: str) -> str:
    return heading.strip("\ufeff \t")


def _headings(path: Path, names: list[str]) -> list[str]:
    """The tidy headings, which must be unique."""
    headings = [_tidy(name) for name in names]
    require_once(path, headings)
    return headings


def require_once(path: Path, headings: Iterable[str]) -> None:
    """Refuse a table with two columns of one heading."""
    if twice := [name for name, times in Counter(headings).items() if times > 1]:
        raise SourceError(
            f'{path} has two columns "{twice[0]}".', "Rename one of them, or leave it out."
        )


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with tidy headings and row numbers, without empty rows."""
    numbered = frame.rename(_tidy).with_row_index(ROW, offset=1)
    if not frame.columns:
        return numbered
    # An empty line of a CSV file is not a row, but counts as one so that numbers match the file.
    return numbered.filter(pl.any_horizontal(pl.exclude(ROW).is_not_null()))
