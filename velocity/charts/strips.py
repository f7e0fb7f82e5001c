"""One person compared with the others: their middle half and median, and a dot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, safe, words_at
from velocity.charts.marks import bars, dots, hover, level, marker, solid
from velocity.theme import SMALL_FONT_SIZE

if TYPE_CHECKING:
    import polars as pl

    from velocity.theme import Mode, Tokens

_LEFT, _RIGHT = 108, 62
#: Half the length of the axis, as a multiple of the width of the middle half.
_REACH = 1.8
#: Half the length of an axis is at least this: of hours and counts, and of shares.
_LEAST, _LEAST_SHARE = 2.0, 0.2


def draw_strips(frame: pl.DataFrame, *, mode: Mode, title: str, who: str) -> Chart:
    """One row per measure, each on its own axis with the others' median in the middle.

    - `frame`: in the order to show; `title`, `unit` (str), `value` (float of the unit, null if
      not known), `p25`, `p50`, `p75` (float), `others` (int, how many other people); these four are
      null if there are fewer than 8.
    - `who`: whose values they are: "you", or a name.
    """
    canvas = Canvas(title, mode, 190, (_LEFT, _RIGHT, 0, 0))
    if frame.is_empty():
        return canvas.blank()
    colour = canvas.colour
    rows = [_placed(row) for row in frame.iter_rows(named=True)]
    grid: Part = {"color": colour.grid, "width": 1}
    layout = {
        "annotations": [words for at, row in enumerate(rows) for words in _texts(at, row, colour)],
        "shapes": [level(at, grid, layer="below") for at in range(len(rows))],
        "xaxis": {"visible": False, "range": [-1.08, 1.08]},
        "yaxis": {"visible": False, "range": [len(rows) - 0.5, -0.5]},
    }
    sentences = [
        f"{row['title']}, {who} {formats.figure(row['value'], row['unit'])}, {_others(row)}"
        for row in rows
    ]
    return canvas.chart(_marks(rows, who, colour), layout, f": {'; '.join(sentences)}.")


def _placed(row: Part) -> Part:
    """`row` with the places of its box and dot on an axis from -1 to 1."""
    if row["others"] is None:
        return row | {"known": False}
    low, middle, high = row["p25"], row["p50"], row["p75"]
    value = row["value"]
    away = 0 if value is None else abs(value - middle)
    # The quartiles are rounded: what is nearer than a few steps looks near.
    least = _LEAST_SHARE if row["unit"] == "share" else _LEAST
    reach = max(_REACH * (high - low), away * 1.1, least)
    return row | {
        "known": True,
        "box": ((low - middle) / reach, (high - middle) / reach),
        "dot": 0 if value is None else (value - middle) / reach,
    }


def _marks(rows: list[Part], who: str, colour: Tokens) -> list[Part]:
    known = {at: row for at, row in enumerate(rows) if row["known"]}
    if not known:
        return []
    # Without the others, there is nothing to compare with.
    own = {at: row for at, row in known.items() if row["value"] is not None}
    edges = [row["box"] for row in known.values()]
    box = {"orientation": "h", "base": [low for low, _ in edges], "width": [0.38] * len(known)}
    tick = {"symbol": "line-ns", "size": 20, "line": {"width": 1.5, "color": colour.series}}
    words = {at: _hover(row, who) for at, row in known.items()}
    widths = [high - low for low, high in edges]
    traces = [
        bars(widths, known, solid(colour.border), words.values(), **box),
        dots([0] * len(known), known, tick),
    ]
    if own:
        look = marker(colour.accent, 11, colour.bg, 1)
        places = [row["dot"] for row in own.values()]
        traces.append(dots(places, own, look, [words[at] for at in own]))
    return traces


def _texts(at: int, row: Part, colour: Tokens) -> list[Part]:
    ink: Part = {"font": {"color": colour.text}, "y": at, "yref": "y"}
    value = formats.figure(row["value"], row["unit"])
    return [
        words_at(safe(row["title"], 22), x=0, xanchor="left", xshift=-_LEFT + 2, **ink),
        words_at(f"<b>{value}</b>", x=1, xanchor="right", xshift=_RIGHT, **ink),
        *_median(at, row),
    ]


def _median(at: int, row: Part) -> list[Part]:
    """The middle half of the others and its median, below the tick."""
    if not row["known"]:
        return []
    low, middle, high = _quartiles(row)
    text = f"others {low} to {high}, median {middle}" if low != high else f"others {middle}"
    place: Part = {"x": 0, "xref": "x", "y": at, "yref": "y", "yanchor": "top", "yshift": -11}
    return [words_at(text, **place, font={"size": SMALL_FONT_SIZE})]


def _hover(row: Part, who: str) -> str:
    value = formats.figure(row["value"], row["unit"])
    return hover(safe(row["title"]), f"{safe(who)} <b>{value}</b>", _others(row))


def _others(row: Part) -> str:
    if not row["known"]:
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
    values = (row[name] for name in ("p25", "p50", "p75"))
    return [_ENDS.get((row["unit"], it)) or formats.figure(it, row["unit"]) for it in values]
