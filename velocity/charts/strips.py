"""One person compared with the others: their middle half and median, and a dot."""

from collections.abc import Sequence

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, hidden, row_axis
from velocity.charts.marks import bars, dots, level, marker, solid, tick
from velocity.charts.words import INK, SMALL, Part, beside, bold, hover, safe, words_at
from velocity.theme import LIGHT

_LEFT, _RIGHT = 108, 62
#: Half the length of the axis, as a multiple of the width of the middle half.
_REACH = 1.8
#: Half the length of an axis is at least this: of hours and counts, and of shares.
_LEAST, _LEAST_SHARE = 2.0, 0.2


def draw_strips(frame: pl.DataFrame, *, title: str, who: str) -> Chart:
    """One row per measure, each on its own axis with the others' median in the middle.

    - `frame`: in the order to show; `title`, `unit` (str), `value` (float of the unit, null if
      not known), `p25`, `p50`, `p75` (float), `others` (int, how many other people); these four are
      null if there are fewer than 8.
    - `who`: whose values they are: "you", or a name.
    """
    canvas = Canvas(title, 190, (_LEFT, _RIGHT, 0, 0))
    if frame.is_empty():
        return canvas.blank()
    rows = [*enumerate(frame.iter_rows(named=True))]
    known = [(at, row) for at, row in rows if row["others"] is not None]
    grid: Part = {"color": LIGHT.grid, "width": 1}
    layout = {
        "annotations": [words for at, row in rows for words in _texts(at, row)],
        "shapes": [level(at, grid) for at, _ in rows],
        "xaxis": hidden(-1.08, 1.08),
        "yaxis": row_axis(len(rows)),
    }
    sentences = [
        f"{row['title']}, {who} {formats.figure(row['value'], row['unit'])}, {_others(row)}"
        for _, row in rows
    ]
    # Without the others, there is nothing to compare with.
    traces = _marks(known, who) if known else []
    return canvas.chart(traces, layout, f": {'; '.join(sentences)}.")


def _marks(known: Sequence[tuple[int, Part]], who: str) -> list[Part]:
    at_rows = [at for at, _ in known]
    feet, widths, said, places = [], [], [], []
    for _, row in known:
        low, middle, high, value = (row[name] for name in ("p25", "p50", "p75", "value"))
        away = 0 if value is None else value - middle
        # The quartiles are rounded: what is nearer than a few steps looks near.
        least = _LEAST_SHARE if row["unit"] == "share" else _LEAST
        reach = max(_REACH * (high - low), abs(away) * 1.1, least)
        figure = bold(formats.figure(value, row["unit"]))
        said.append(hover(safe(row["title"]), f"{safe(who)} {figure}", _others(row)))
        feet.append((low - middle) / reach)
        widths.append((high - middle) / reach - feet[-1])
        places.append(None if value is None else away / reach)
    box = {"orientation": "h", "base": feet, "width": [0.38] * len(known)}
    traces = [
        bars(widths, at_rows, solid(LIGHT.border), said, **box),
        dots([0] * len(known), at_rows, tick(LIGHT.series, 20, 1.5)),
    ]
    own = [it for it in zip(places, at_rows, said, strict=True) if it[0] is not None]
    if own:
        x, y, words = zip(*own, strict=True)
        traces.append(dots(x, y, marker(LIGHT.accent, 11, LIGHT.bg, 1), words))
    return traces


def _texts(at: int, row: Part) -> list[Part]:
    """The measure, the value, and below the tick the middle half of the others and its median."""
    value = bold(formats.figure(row["value"], row["unit"]))
    notes = [
        beside(safe(row["title"], 22), at, -_LEFT + 2, font=INK),
        beside(value, at, _RIGHT, right=True, font=INK),
    ]
    if row["others"] is not None:
        low, middle, high = _quartiles(row)
        text = f"others {low} to {high}, median {middle}" if low != high else f"others {middle}"
        below: Part = {"xref": "x", "yref": "y", "yanchor": "top", "yshift": -11}
        notes.append(words_at(text, x=0, y=at, font=SMALL, **below))
    return notes


def _others(row: Part) -> str:
    if row["others"] is None:
        return "fewer than 8 others: no band"
    low, middle, high = _quartiles(row)
    return f"middle half of {formats.count(row['others'])} others {low} to {high}, median {middle}"


#: What a quartile that is rounded to an end of its scale may have been.
_ENDS = {
    ("hours", 0.0): f"under 15{formats.NBSP}m",
    ("share", 0.0): f"under 3{formats.NBSP}%",
    ("share", 1.0): f"over 97{formats.NBSP}%",
}


def _quartiles(row: Part) -> list[str]:
    """The three quartiles in words; those of others are rounded to half an hour or 5 points."""
    values, unit = (row[name] for name in ("p25", "p50", "p75")), row["unit"]
    return [_ENDS.get((unit, it)) or formats.figure(it, unit) for it in values]
