"""Frames as tables for people, within the width of the terminal."""

from __future__ import annotations

import io
import textwrap
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from velocity.cleaning import escaped
from velocity.formats import written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import polars as pl

_LONGEST_HEADER = 8
_LONGEST_CELL = 40
_NARROWEST = 8  # of a folded column
_GAP = 3  # between columns

#: Words stay whole: a broken address cannot be copied.
_wrapped = partial(textwrap.fill, break_long_words=False, break_on_hyphens=False)


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
    frame: pl.DataFrame,
    keys: Sequence[str],
    *,
    width: int,
    shown: Callable[[Any], str] = cell,
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
