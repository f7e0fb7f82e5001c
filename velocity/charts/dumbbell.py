"""Two values per stream joined by a line, with the figures in columns beside them."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from types import MappingProxyType

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, row_axis, value_axis
from velocity.charts.marks import dots, level, line, marker, tick
from velocity.charts.words import INK, MUTED, Part, beside, bold, hover, key, safe
from velocity.theme import LIGHT

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
    title: str,
    unit: str,
    these: str,
    those: str,
    chosen: str | None = None,
    earlier: Mapping[str, Sequence[float]] = MappingProxyType({}),
) -> Chart:
    """A filled dot for these days and an open one for those before, one row per group.

    - `frame`: in the order to show, the total last; `id`, `name` (str), `now`, `before` (float of
      `unit`, null if not known), `now_words`, `before_words`, `change_words` (str) and `total`
      (bool, has no mark).
    - `unit`: of the axis.
    - `these`, `those`: the days in short; `those` is "" without days before.
    - `chosen`: id of the selected row.
    - `earlier`: id -> values of earlier weeks, drawn as ticks. With them, the axis is logarithmic
      instead of beginning at 0 where the largest value is more than 30 times the smallest.

    Each dot has the id of its row as `customdata`.
    """
    height = _TOP + _BOTTOM + _ROW * frame.height
    canvas = Canvas(title, height, (_LEFT, _RIGHT, _TOP, _BOTTOM))
    rows = frame.to_dicts()
    marked = {at: row for at, row in enumerate(rows) if not row["total"]}
    values = [it for row in marked.values() for it in (row["now"], row["before"]) if it is not None]
    if not values:
        return canvas.blank("Nothing to compare in these days")
    ticked = {at: earlier.get(row["id"], ()) for at, row in marked.items()}
    meanings = [("●", LIGHT.series, these), *([("○", LIGHT.faint, those)] if those else [])]
    if any(ticked.values()):
        meanings.append(("|", LIGHT.faint, "earlier weeks"))
    notes = [key(meanings, x=-_LEFT + 2, lift=32), *_heads(these, those)]
    columns = ("now", "before", "change") if those else ("now",)
    for at, row in enumerate(rows):
        strong = row["total"] or row["id"] == chosen
        notes.append(beside(bold(safe(row["name"], 13), strong=strong), at, -_LEFT + 2, font=INK))
        for name, shift in zip(columns, _COLUMNS, strict=False):
            font = MUTED if name == "before" and not strong else INK
            words = bold(row[f"{name}_words"], strong=strong)
            notes.append(beside(words, at, shift, right=True, font=font))
    # A stronger line above the total.
    inks = [LIGHT.faint if row["total"] else LIGHT.grid for row in rows[1:]]
    layout: Part = {
        "annotations": notes,
        "shapes": [
            level(at + 0.5, {"color": ink, "width": 1}, xref="paper") for at, ink in enumerate(inks)
        ],
        "xaxis": {
            **_axis([*values, *chain.from_iterable(ticked.values())], unit, log=bool(earlier)),
            "showline": False,
            "showgrid": True,
            "gridcolor": LIGHT.grid,
        },
        "yaxis": row_axis(len(rows)),
    }
    traces: list[Part] = []
    for at, row in marked.items():
        if ticked[at]:
            traces.append(dots(ticked[at], [at] * len(ticked[at]), tick(LIGHT.faint, 12, 1.25)))
        traces += _marks(at, row, LIGHT.accent if row["id"] == chosen else LIGHT.series)
    against = f" against {those}" if those else ""
    said = "; ".join(
        f"{formats.label(row['name'])} {row['now_words']}"
        + (f", from {row['before_words']}" if those else "")
        for row in rows
    )
    return canvas.chart(traces, layout, f", {these}{against}: {said}.")


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


def _marks(at: int, row: Part, ink: str) -> list[Part]:
    now, before = row["now"], row["before"]
    then = "" if before is None else f", from {row['before_words']}"
    said = [(hover(bold(safe(row["name"])), f"{row['now_words']}{then}"), row["id"])]
    traces: list[Part] = []
    if now is not None and before is not None:
        traces.append(line([before, now], [at, at], {"color": ink, "width": 3}))
    if before is not None:
        traces.append(dots([before], [at], marker(LIGHT.bg, 10, LIGHT.faint, 2), said))
    if now is not None:
        traces.append(dots([now], [at], marker(ink, 11), said))
    return traces


def _heads(these: str, those: str) -> list[Part]:
    """The heads of the columns: the days without their month, which the key has, if they fit."""
    short = [days.rpartition(formats.NBSP)[0] for days in (these, those)]
    fits = all(len(days) <= _LONGEST_HEAD for days in short)
    named = short if fits else ["these days", "before"]
    place: Part = {"yref": "paper", "yanchor": "bottom", "yshift": 8}
    return [
        beside(head, 1, shift, right=True, font=MUTED, **place)
        for head, shift in zip((*named, "change") if those else named[:1], _COLUMNS, strict=False)
    ]
