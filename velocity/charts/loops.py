"""Feedback loops, one row each: machine to the left of the middle, next launch to the right."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, local, safe, words_at
from velocity.charts.marks import bars, dots, hover, line, outline, solid
from velocity.theme import SMALL_FONT_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from velocity.theme import Mode, Tokens

Row = dict[str, Any]

_ROW, _TOP, _BOTTOM, _LEFT, _RIGHT = 23, 44, 26, 156, 46
#: The axis ends a little beyond five days.
_REACH = 3.05
_TICKS = (1.0, 6.0, 24.0, 120.0)
_LONGEST_NAME = 17
#: From here on, words to the right of a place would not fit.
_FAR = 0.6 * _REACH
_BAR = 0.52
_MARKS = {"success": "circle", "partial": "circle", "failure": "x", "killed": "square-open"}


def draw_loops(
    frame: pl.DataFrame,
    *,
    mode: Mode,
    title: str,
    zone: str,
    medians: tuple[float | None, float | None] = (None, None),
    selected: str | None = None,
    tails: bool = True,
) -> Chart:
    """One row per loop, latest first; both halves begin in the middle, on a log scale.

    Zero is zero, five days still fit, nothing is cut, and no half hides the other. The click data
    of a bar is [hover text, experiment_id].

    - `frame`: one row per loop, latest first; `experiment_id`, `label` (str), `url` (str, null),
      `outcome`, `status` (str), `started_at` (aware datetime), `machine_hours` (float),
      `machine_event` (bool), `reaction_working_hours` (float, null without a result; the
      thick part), `reaction_hours` (float, null; by the clock: the thin tail), `reaction_event`
      (bool, null).
    - `zone`: IANA name of the zone in which days begin.
    - `medians`: of machine and wait, in hours; None for no line.
    - `selected`: the experiment whose row is marked.
    - `tails`: whether a thin tail goes on to the wait by the clock.
    """
    height = _TOP + _BOTTOM + _ROW * max(frame.height, 1)
    canvas = Canvas(title, mode, height, (_LEFT, _RIGHT, _TOP, _BOTTOM))
    if frame.is_empty():
        return canvas.blank("No loop in these days")
    colour = canvas.colour
    rows = local(frame, ["started_at"], zone).to_dicts()
    traces = [
        *_machine(rows, colour),
        *_waits(rows, colour, tails=tails),
        *_outcomes(rows, colour),
    ]
    places = [_place(it) for it in _TICKS]
    words = [formats.duration(it) if it < 24 else f"{it / 24:g}{formats.NBSP}d" for it in _TICKS]  # noqa: PLR2004
    layout = {
        "barmode": "overlay",
        "shapes": [*_row_shapes(rows, selected, colour), *_median_lines(medians, colour)],
        "annotations": [
            *_heads(medians, colour),
            *(note for at, row in enumerate(rows) for note in _notes(at, row, colour, tails=tails)),
        ],
        "xaxis": {
            "range": [-_REACH, _REACH],
            "tickvals": [*(-it for it in reversed(places)), 0, *places],
            "ticktext": [*reversed(words), "0", *words],
            "showgrid": True,
            "gridcolor": colour.grid,
            "showline": False,
            "tickfont": {"size": SMALL_FONT_SIZE},
        },
        "yaxis": {"range": [len(rows) - 0.5, -0.5], "showgrid": False, "showticklabels": False},
    }
    return canvas.chart(traces, layout, _alt(rows, medians))


def _place(hours: float) -> float:
    return math.log10(1 + 4 * hours)


def _bar_trace(cells: Iterable[tuple[int, Row, float]], look: Part) -> list[Part]:
    found = [*cells]
    if not found:
        return []
    return [
        bars(
            [length for _, _, length in found],
            [at for at, _, _ in found],
            look,
            [[_hover(row), row["experiment_id"]] for _, row, _ in found],
            orientation="h",
            width=_BAR,
            unselected={"marker": {"opacity": 1}},
        )
    ]


def _machine(rows: list[Row], colour: Tokens) -> list[Part]:
    def cells(*, ended: bool) -> list[tuple[int, Row, float]]:
        return [
            (at, row, -_place(row["machine_hours"]))
            for at, row in enumerate(rows)
            if bool(row["machine_event"]) is ended
        ]

    return [
        *_bar_trace(cells(ended=True), solid(colour.machine)),
        *_bar_trace(cells(ended=False), outline(colour.machine)),
    ]


def _waits(rows: list[Row], colour: Tokens, *, tails: bool) -> list[Part]:
    known = [(at, row) for at, row in enumerate(rows) if row["reaction_working_hours"] is not None]
    answered = [
        (at, row, _place(row["reaction_working_hours"]))
        for at, row in known
        if row["reaction_event"]
    ]
    waiting = [
        (at, row, _place(row["reaction_working_hours"]))
        for at, row in known
        if not row["reaction_event"]
    ]
    xs: list[float | None] = []
    ys: list[float | None] = []
    for at, row in known:
        tail = (row["reaction_hours"] or 0) if tails else 0
        if tail > row["reaction_working_hours"]:
            xs += [_place(row["reaction_working_hours"]), _place(tail), None]
            ys += [at, at, None]
    thin = [line(xs, ys, {"color": colour.reaction, "width": 1.5})] if xs else []
    return [
        *thin,
        *_bar_trace(answered, solid(colour.reaction)),
        *_bar_trace(waiting, outline(colour.reaction)),
    ]


def _outcomes(rows: list[Row], colour: Tokens) -> list[Part]:
    inks = {"failure": colour.failed, "killed": colour.killed}
    looks = [
        {
            "symbol": _MARKS.get(row["outcome"], "circle-open"),
            "color": inks.get(row["outcome"], colour.series),
        }
        for row in rows
    ]
    look = {
        "symbol": [it["symbol"] for it in looks],
        "color": [it["color"] for it in looks],
        "size": 7,
        "line": {"width": 1, "color": colour.bg},
        "opacity": 1,
    }
    said = [[_hover(row), row["experiment_id"]] for row in rows]
    kept = {"unselected": {"marker": {"opacity": 1}}}
    return [dots([0] * len(rows), range(len(rows)), look, said, **kept)]


def _row_shapes(rows: list[Row], selected: str | None, colour: Tokens) -> list[Part]:
    middle: Part = {"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1}
    shapes: list[Part] = [{**middle, "line": {"color": colour.muted, "width": 1}}]
    across: Part = {"xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    for at, row in enumerate(rows):
        if row["experiment_id"] == selected:
            fill = {"fillcolor": colour.band, "line": {"width": 0}}
            shapes.append({"type": "rect", **across, "y0": at - 0.5, "y1": at + 0.5, **fill})
        if at and _week(row) != _week(rows[at - 1]):
            style = {"color": colour.border, "width": 1}
            edge = {"y0": at - 0.5, "y1": at - 0.5, "line": style}
            shapes.append({"type": "line", **across, **edge})
    return shapes


def _week(row: Row) -> tuple[int, int]:
    year, week, _ = row["started_at"].isocalendar()
    return year, week


def _median_lines(medians: tuple[float | None, float | None], colour: Tokens) -> list[Part]:
    shapes = []
    for side, hours, ink in zip((-1, 1), medians, (colour.machine, colour.reaction), strict=True):
        if hours is not None:
            at = side * _place(hours)
            style = {"color": ink, "width": 1, "dash": "3px,3px"}
            across: Part = {"x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1}
            shapes.append({"type": "line", **across, "line": style})
    return shapes


def _heads(medians: tuple[float | None, float | None], colour: Tokens) -> list[Part]:
    above: Part = {"yref": "paper", "y": 1, "yanchor": "bottom", "xref": "x"}
    notes = []
    for side, name, hours, ink in zip(
        (-1, 1), ("machine", "next launch"), medians, (colour.machine, colour.reaction), strict=True
    ):
        swatch = f'<span style="color:{ink}">■</span>'
        text = f"<b>{name}</b> {swatch}" if side < 0 else f"{swatch} <b>{name}</b>"
        anchor = "right" if side < 0 else "left"
        strong: Part = {"font": {"color": colour.text}, "xanchor": anchor, "xshift": 6 * side}
        notes.append(words_at(text, x=0, yshift=20, **above, **strong))
        if hours is not None:
            said = f"median {formats.hours_in_all(hours)}"
            # Away from the middle, so that the two never meet, unless the edge would cut them.
            away = "right" if side < 0 or _place(hours) > _FAR else "left"
            small: Part = {"font": {"size": SMALL_FONT_SIZE}, "xanchor": away, "yshift": 2}
            notes.append(words_at(said, x=side * _place(hours), **above, **small))
    return notes


def _notes(at: int, row: Row, colour: Tokens, *, tails: bool) -> list[Part]:
    """The day, the name and the lengths of one row."""
    row_at: Part = {"y": at, "yref": "y", "font": {"size": SMALL_FONT_SIZE, "color": colour.text}}
    left: Part = {"x": 0, "xref": "paper", "xanchor": "left"}
    day = {**row_at, "font": {"size": SMALL_FONT_SIZE, "color": colour.muted}}
    notes = [
        words_at(formats.weekday(row["started_at"]), **left, xshift=-_LEFT + 2, **day),
        words_at(_linked(row, colour), **left, xshift=-_LEFT + 48, **row_at),
        _value(-_place(row["machine_hours"]), _machine_words(row), "right", row_at, colour),
    ]
    if row["reaction_working_hours"] is None:
        notes.append(_value(0, "running", "left", row_at, colour))
    else:
        tail = (row["reaction_hours"] or 0) if tails else 0
        end = _place(max(row["reaction_working_hours"], tail))
        words = _wait_words(row)
        if tail and not row["reaction_working_hours"]:
            # A night or a weekend, of which no working hour is part.
            words += f" ({formats.duration(tail)})"
        notes.append(_value(end, words, "left", row_at, colour))
    return notes


def _value(at: float, text: str, anchor: str, row_at: Part, colour: Tokens) -> Part:
    # On the colour of the page, so that no line crosses a number.
    shift = 7 if anchor == "left" else -3
    place: Part = {"xref": "x", "xanchor": anchor, "xshift": shift, "borderpad": 0}
    return words_at(text, x=at, **place, bgcolor=colour.bg, **row_at)


def _linked(row: Row, colour: Tokens) -> str:
    name = safe(row["label"], _LONGEST_NAME)
    if not row["url"]:
        return name
    place = html.escape(row["url"], quote=True)
    return f'<a href="{place}" target="_blank" style="color:{colour.accent}">{name}</a>'


def _machine_words(row: Row) -> str:
    so_far = "" if row["machine_event"] else " so far"
    return f"{formats.duration(row['machine_hours'])}{so_far}"


def _wait_words(row: Row) -> str:
    if row["status"] == "abandoned":
        return f"none in 5{formats.NBSP}d"
    so_far = "" if row["reaction_event"] else " so far"
    return f"{formats.hours_in_all(row['reaction_working_hours'])}{so_far}"


def _hover(row: Row) -> str:
    launched = f"launched {formats.weekday(row['started_at'])}{formats.NBSP}{_month(row)}"
    lines = [f"<b>{safe(row['label'])}</b>", launched, f"machine {_machine_words(row)}"]
    if row["reaction_working_hours"] is not None:
        lines.append(f"next launch {_wait_words(row)}")
        by_clock = row["reaction_hours"]
        if by_clock is not None and by_clock != row["reaction_working_hours"]:
            lines.append(f"by the clock {formats.duration(by_clock)}")
    return hover(*lines, safe(row["outcome"]))


def _month(row: Row) -> str:
    return formats.day(row["started_at"]).split(formats.NBSP)[1]


def _alt(rows: list[Row], medians: tuple[float | None, float | None]) -> str:
    first, last = rows[-1]["started_at"].date(), rows[0]["started_at"].date()
    waiting = sum(row["status"] == "awaiting" for row in rows)
    running = sum(row["status"] == "open" for row in rows)
    said = [
        f"{name} has a median of {formats.duration(it)}"
        for name, it in zip(("machine", "next launch"), medians, strict=True)
        if it is not None
    ]
    counts = f"{waiting} waiting for a launch, {running} running"
    head = f", launched {formats.span(first, last)}, {formats.sample(len(rows), 'loop')}"
    return f"{head}: {'; '.join([*said, counts])}."
