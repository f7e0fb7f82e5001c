"""Frames as tables that can be read at 100 columns, however many columns they have."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from velocity.roster import CONTROL_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

_LONGEST_HEADER = 8
_LONGEST_CELL = 40
_PADDING = 3  # on both sides of a cell, and between two


def draw_table(
    frame: pl.DataFrame, keys: Sequence[str], *, width: int | None, colour: bool
) -> bytes:
    """The frame as text, UTF-8.

    One row stands upright, a line a column. Of several rows, columns that do not fit beside each
    other follow below, each time beside the `keys`; without keys, cells are folded to fit.

    Args:
        frame: what to show.
        keys: columns that tell the rows apart.
        width: characters; None for the terminal's own.
        colour: whether to use the terminal's styles.
    """
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, force_terminal=colour, highlight=False)
    if width is None:
        console.width = Console().width
    if frame.height == 1:
        console.print(_upright(frame))
    elif not keys:
        console.print(_side_by_side(frame, frame.columns))
    else:
        for columns in _bands(frame, list(keys), console.width):
            console.print(_side_by_side(frame, columns))
            console.print()
    return buffer.getvalue().encode()


def _upright(frame: pl.DataFrame) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in frame.row(0, named=True).items():
        table.add_row(Text(name), Text(_cell(value)))
    return table


def _side_by_side(frame: pl.DataFrame, columns: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(
            Text(_header(name)),
            justify="right" if frame.schema[name].is_numeric() else "left",
            overflow="fold",
            max_width=_LONGEST_CELL,
        )
    for row in frame.select(columns).iter_rows():
        table.add_row(*(Text(_cell(value)) for value in row))
    return table


def _bands(frame: pl.DataFrame, keys: list[str], width: int) -> Iterator[list[str]]:
    """The columns in groups that fit beside each other, each group after the keys."""
    widths = {name: _width(frame, name) + _PADDING for name in frame.columns}
    start = sum(widths[key] for key in keys)
    band, used = list(keys), start
    for name in frame.columns:
        if name in keys:
            continue
        if len(band) > len(keys) and used + widths[name] > width:
            yield band
            band, used = list(keys), start
        band.append(name)
        used += widths[name]
    yield band


def _width(frame: pl.DataFrame, name: str) -> int:
    cells = max((len(_cell(value)) for value in frame[name]), default=0)
    header = max(map(len, _header(name).split("\n")))
    return max(header, min(cells, _LONGEST_CELL))


def _header(name: str) -> str:
    """A column name on several lines, broken after underscores."""
    lines = [""]
    for part in name.split("_"):
        glued = f"{lines[-1]}_{part}" if lines[-1] else part
        if lines[-1] and len(glued) > _LONGEST_HEADER:
            lines[-1] += "_"
            lines.append(part)
        else:
            lines[-1] = glued
    return "\n".join(lines)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:,.3f}".rstrip("0").rstrip(".")
        case int() if not isinstance(value, bool):
            return f"{value:,}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
    # A run name must not move the cursor or change the terminal's colours.
    return CONTROL_CHARACTERS.sub("\ufffd", str(value))
