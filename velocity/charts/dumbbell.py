"""Two values per stream joined by a line, with the figures in columns beside them."""

from __future__ import annotations

import math
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, key, safe, value_axis, words_at
from velocity.charts.marks import dots, hover, line, marker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from velocity.theme import Mode, Tokens

_ROW, _TOP, _BOTTOM, _LEFT = 36, 56, 26, 92
#: Right edges of the three columns, px from the right edge of the plot, and their room.
_COLUMNS, _RIGHT = (62, 120, 184), 186
#: Characters.
_LONGEST_HEAD = 6
#: The largest value is more than so many times the smallest: the axis is logarithmic, with some
#: room at both ends.
_FAR_APART, _ROOM = 30, 0.04


def draw_dumbbell(
    frame: pl.DataFrame,
    *,
    mode: Mode,
    title: str,
    unit: str,
    these: str,
    those: str,
    chosen: str | None = None,
    earlier: Mapping[str, Sequence[float]] = MappingProxyType({}),
    log: bool = False,
) -> Chart:
    """A filled dot for these days and an open one for those before, one row per group.

    - `frame`: in the order to show, the total last; `id`, `name` (str), `now`, `before` (float of
      `unit`, null if not known), `now_words`, `before_words`, `change_words` (str) and `total`
      (bool, has no mark).
    - `unit`: of the axis.
    - `these`, `those`: the days in short; `those` is "" without days before.
    - `chosen`: id of the selected row.
    - `earlier`: id -> values of earlier weeks, drawn as ticks.
    - `log`: whether the axis, which begins at 0, is logarithmic instead where the largest value is
      more than 30 times the smallest.

    Each dot has the id of its row as `customdata`.
    """
    canvas = Canvas(
        title, mode, _TOP + _BOTTOM + _ROW * frame.height, (_LEFT, _RIGHT, _TOP, _BOTTOM)
    )
    rows = frame.to_dicts()
    marked = [row for row in rows if not row["total"]]
    values = [row[name] for row in marked for name in ("now", "before") if row[name] is not None]
    if not values:
        return canvas.blank("Nothing to compare in these days")
    colour = canvas.colour
    ticked = {row["id"]: earlier.get(row["id"], ()) for row in marked}
    head = [("●", colour.series, these), *([("○", colour.faint, those)] if those else [])]
    if any(ticked.values()):
        head.append(("|", colour.faint, "earlier weeks"))
    layout: Part = {
        "annotations": [
            key(head, x=-_LEFT + 2, lift=32),
            *_heads(these, those, colour),
            *(
                part
                for at, row in enumerate(rows)
                for part in _words(at, row, chosen, colour, compared=bool(those))
            ),
        ],
        "shapes": _rules(rows, colour),
        "xaxis": {
            **_axis([*values, *chain.from_iterable(ticked.values())], unit, log=log),
            "showline": False,
            "showgrid": True,
            "gridcolor": colour.grid,
        },
        "yaxis": {"visible": False, "range": [len(rows) - 0.5, -0.5]},
    }
    traces = [
        part
        for at, row in enumerate(rows)
        if not row["total"]
        for part in (*_ticks(at, ticked[row["id"]], colour), *_marks(at, row, chosen, colour))
    ]
    return canvas.chart(traces, layout, _alt(rows, these, those))


def _axis(values: Sequence[float], unit: str, *, log: bool) -> Part:
    """From 0, or logarithmic where the values are far apart and none is 0."""
    low, high = min(values), max(values)
    if not log or low <= 0 or high <= _FAR_APART * low:
        return value_axis(0, high * 1.06 or 1, unit)
    shown = [10.0**it for it in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    room = _ROOM * math.log10(high / low)
    return {
        "type": "log",
        "range": [math.log10(low) - room, math.log10(high) + room],
        "tickvals": shown,
        "ticktext": [f"{it:g}" if it < 1 else formats.figure(it, unit) for it in shown],
    }


def _ticks(at: int, values: Sequence[float], colour: Tokens) -> list[Part]:
    if not values:
        return []
    tick = {"symbol": "line-ns", "size": 12, "line": {"width": 1.25, "color": colour.faint}}
    return [dots(values, [at] * len(values), tick)]


def _marks(at: int, row: Part, chosen: str | None, colour: Tokens) -> list[Part]:
    ink = colour.accent if row["id"] == chosen else colour.series
    then = "" if row["before"] is None else f", from {row['before_words']}"
    words = hover(f"<b>{safe(row['name'])}</b>", f"{row['now_words']}{then}")
    said = [(words, row["id"])]
    traces: list[Part] = []
    if row["now"] is not None and row["before"] is not None:
        ends = [row["before"], row["now"]]
        traces.append(line(ends, [at, at], {"color": ink, "width": 3}))
    if row["before"] is not None:
        traces.append(dots([row["before"]], [at], marker(colour.bg, 10, colour.faint, 2), said))
    if row["now"] is not None:
        traces.append(dots([row["now"]], [at], marker(ink, 11), said))
    return traces


def _heads(these: str, those: str, colour: Tokens) -> list[Part]:
    """The heads of the columns: the days without their month, which the key has, if they fit."""
    short = [days.rpartition(formats.NBSP)[0] for days in (these, those)]
    fits = all(len(days) <= _LONGEST_HEAD for days in short)
    named = short if fits else ["these days", "before"]
    place: Part = {"x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom", "yshift": 8}
    return [
        words_at(head, xshift=shift, font={"color": colour.muted}, **place)
        for head, shift in zip((*named, "change") if those else named[:1], _COLUMNS, strict=False)
    ]


def _words(at: int, row: Part, chosen: str | None, colour: Tokens, *, compared: bool) -> list[Part]:
    strong = row["total"] or row["id"] == chosen
    place: Part = {"y": at, "yref": "y"}
    cells = [
        words_at(
            _bold(row[f"{name}_words"], strong=strong),
            x=1,
            xshift=shift,
            xanchor="right",
            font={"color": colour.muted if name == "before" and not strong else colour.text},
            **place,
        )
        for name, shift in zip(
            ("now", "before", "change") if compared else ("now",), _COLUMNS, strict=False
        )
    ]
    name = _bold(safe(row["name"], 13), strong=strong)
    beside: Part = {"xanchor": "left", "xshift": -_LEFT + 2, "font": {"color": colour.text}}
    return [words_at(name, x=0, **beside, **place), *cells]


def _bold(text: str, *, strong: bool) -> str:
    return f"<b>{text}</b>" if strong else text


def _rules(rows: list[Part], colour: Tokens) -> list[Part]:
    """A line between rows; a stronger one above the total."""
    shapes = []
    for at, row in enumerate(rows[1:], start=1):
        ink = colour.faint if row["total"] else colour.grid
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "yref": "y",
                "y0": at - 0.5,
                "y1": at - 0.5,
                "line": {"color": ink, "width": 1},
                "layer": "below",
            }
        )
    return shapes


def _alt(rows: list[Part], these: str, those: str) -> str:
    said = "; ".join(
        f"{formats.label(row['name'])} {row['now_words']}"
        + (f", from {row['before_words']}" if those else "")
        for row in rows
    )
    return f", {these}{f' against {those}' if those else ''}: {said}."
