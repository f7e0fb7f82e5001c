"""Frames as tables that can be read at 100 columns, however many columns they have."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, chop_cells

from velocity.cleaning import escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import polars as pl

_LONGEST_HEADER = 8
_LONGEST_CELL = 40
_NARROWEST = 8  # to which a column may be folded
_GAP = "   "


def cell(value: Any) -> str:
    """A value as tables show it: to three decimals (a Decimal to its own), or to the minute."""
    match value:
        case None:
            text = ""
        case bool():
            text = "yes" if value else "no"
        case float():
            text = f"{value:,.3f}".rstrip("0").rstrip(".")
        case int() | Decimal():
            text = f"{value:,}"
        case datetime():
            text = f"{value:%Y-%m-%d %H:%M}"
        case _:
            # A run name must not move the cursor or change the terminal's colours.
            text = escaped(str(value))
    return text


def draw_table(
    frame: pl.DataFrame,
    keys: Sequence[str],
    *,
    width: int,
    written: Callable[[Any], str] = cell,
) -> str:
    """The frame as text.

    One row stands upright, a line a column, or more of a cell with spaces. Of several rows, columns
    that do not fit beside each other follow below, each time beside the `keys`; without keys, cells
    are folded to fit.

    Args:
        frame: what to show; at least one row.
        keys: columns that tell the rows apart.
        width: characters of a line.
        written: how a value is written, on one line.
    """
    if frame.height == 1:
        return _upright(frame, width, written)
    columns = [_Column(frame[name], written) for name in frame.columns]
    if not keys:
        return _side_by_side(columns, width)
    return "\n".join(_side_by_side(band, width) for band in _bands(columns, keys, width))


class _Column:
    """A column as it is shown: header lines, cells and the width it would like."""

    def __init__(self, values: pl.Series, written: Callable[[Any], str]) -> None:
        self.name = values.name
        self.is_number = values.dtype.is_numeric()
        self.is_text = not (self.is_number or values.dtype.is_temporal())
        self.header = _header(values.name)
        self.cells = [written(value) for value in values]
        widest = max(map(cell_len, self.cells), default=0)
        self.width = max(min(widest, _LONGEST_CELL), *map(len, self.header))

    def line(self, text: str, width: int) -> str:
        """One line of a cell, filled up to the width."""
        fill = " " * (width - cell_len(text))
        return fill + text if self.is_number else text + fill


def _upright(frame: pl.DataFrame, width: int, written: Callable[[Any], str]) -> str:
    longest = max(map(len, frame.columns))
    room = max(_NARROWEST, width - longest - 2)
    lines = [
        f"{name:{longest}}  {part}".rstrip()
        for column, value in frame.row(0, named=True).items()
        # Words stay whole: an address that is broken cannot be copied.
        for name, part in zip_longest([column], _wrapped(written(value), room), fillvalue="")
    ]
    return "".join(f"{line}\n" for line in lines)


def _side_by_side(columns: Sequence[_Column], width: int) -> str:
    widths = _fitted(columns, width)
    rule = _GAP.join("─" * wide for wide in widths)
    head = max(len(column.header) for column in columns)
    headers = [[""] * (head - len(column.header)) + column.header for column in columns]
    lines = [*_lines(columns, widths, headers), rule]
    for row in zip(*(column.cells for column in columns), strict=True):
        folded = [_folded(text, wide) for text, wide in zip(row, widths, strict=True)]
        lines += _lines(columns, widths, folded)
    return "".join(f"{line}\n" for line in lines)


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines broken at spaces, of at most `width` unless a word is longer."""
    lines = [""]
    for word in text.split(" "):
        line = f"{lines[-1]} {word}" if lines[-1] else word
        if not lines[-1] or cell_len(line) <= width:
            lines[-1] = line
        else:
            lines.append(word)
    return lines


def _folded(text: str, width: int) -> list[str]:
    """The text in lines of at most `width`, broken at spaces and, if need be, within words."""
    return [part for line in _wrapped(text, width) for part in chop_cells(line, width)]


def _lines(
    columns: Sequence[_Column], widths: Sequence[int], cells: Sequence[Sequence[str]]
) -> Iterator[str]:
    """The lines of one row whose cells are of several lines each."""
    for parts in zip_longest(*cells, fillvalue=""):
        filled = (
            column.line(part, width)
            for column, part, width in zip(columns, parts, widths, strict=True)
        )
        yield _GAP.join(filled).rstrip()


def _fitted(columns: Sequence[_Column], width: int) -> list[int]:
    """Widths that add up to no more than `width`, taken from the widest; only text is folded."""
    widths = [column.width for column in columns]
    spare = width - len(_GAP) * (len(columns) - 1)
    foldable = [n for n, column in enumerate(columns) if column.is_text]
    while sum(widths) > spare:
        widest = max(foldable, key=widths.__getitem__, default=None)
        if widest is None or widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _bands(columns: Sequence[_Column], keys: Sequence[str], width: int) -> Iterator[list[_Column]]:
    """The columns in groups that fit beside each other, each group after the keys."""
    first = [column for column in columns if column.name in keys]
    band, room = list(first), width - sum(column.width + len(_GAP) for column in first)
    left = room
    for column in columns:
        if column.name in keys:
            continue
        if len(band) > len(first) and column.width > left:
            yield band
            band, left = list(first), room
        band.append(column)
        left -= column.width + len(_GAP)
    yield band


def _header(name: str) -> list[str]:
    """A column name on several lines, broken at spaces or after underscores."""
    if " " in name:
        return _wrapped(name, _LONGEST_HEADER)
    lines = [""]
    for part in name.split("_"):
        glued = f"{lines[-1]}_{part}" if lines[-1] else part
        if lines[-1] and len(glued) > _LONGEST_HEADER:
            lines[-1] += "_"
            lines.append(part)
        else:
            lines[-1] = glued
    return lines
