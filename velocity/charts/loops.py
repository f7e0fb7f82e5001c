"""Feedback loops, one row each: machine to the left of the middle, next launch to the right."""

import html
import math
from typing import Any

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, local
from velocity.charts.marks import bars, box, dots, level, line, outline, solid, upright
from velocity.charts.words import INK, MUTED, SMALL, Part, beside, bold, hover, safe, words_at
from velocity.theme import LIGHT

Row = dict[str, Any]

_ROW, _TOP, _BOTTOM, _LEFT, _RIGHT = 23, 44, 26, 156, 46
#: The axis ends a little beyond five days.
_REACH = 3.05
_TICKS = {1: "1 h", 6: "6 h", 24: "1 d", 120: "5 d"}
#: Characters of a name; fewer beside a machine half whose length would meet it on a phone.
_LONGEST_NAME, _SHORTER_NAME = 15, 11
_NEAR_NAME = 0.7 * _REACH
#: The wait by the clock is a line this far below the middle of its row, under the words.
_UNDER = 0.43
#: From here on, words to the right of a place would not fit.
_FAR = 0.6 * _REACH
_MARKS = {"success": "circle", "partial": "circle", "failure": "x", "killed": "square-open"}
#: A click chooses a loop; it must not fade the others.
_KEPT: Part = {"unselected": {"marker": {"opacity": 1}}}


def draw_loops(
    frame: pl.DataFrame,
    *,
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
      thick part), `reaction_hours` (float, null; by the clock: the thin line), `reaction_event`
      (bool, null).
    - `zone`: IANA name of the zone in which days begin.
    - `medians`: of machine and wait, in hours; None for no line.
    - `selected`: the experiment whose row is marked.
    - `tails`: whether a thin line under the row shows the wait by the clock.
    """
    height = _TOP + _BOTTOM + _ROW * max(frame.height, 1)
    canvas = Canvas(title, height, (_LEFT, _RIGHT, _TOP, _BOTTOM))
    if frame.is_empty():
        return canvas.blank("No loop in these days")
    found = local(frame, zone).to_dicts()
    rows = [row | _told(row) | {"at": at} for at, row in enumerate(found)]
    places = [_place(it) for it in _TICKS]
    words = [it.replace(" ", formats.NBSP) for it in _TICKS.values()]
    shapes = [upright(0, {"color": LIGHT.muted, "width": 1}, yref="paper", layer="above")]
    heads: list[Part] = []
    notes: list[Part] = []
    for row, above in zip(rows, [None, *rows], strict=False):
        edge = row["at"] - 0.5
        if row["experiment_id"] == selected:
            shapes.append(box((0, 1), (edge, edge + 1), LIGHT.band, xref="paper"))
        if above and row["started_at"].isocalendar()[:2] != above["started_at"].isocalendar()[:2]:
            shapes.append(level(edge, {"color": LIGHT.border, "width": 1}, xref="paper"))
        notes += _notes(row, tails=tails)
    names, inks = ("machine", "next launch"), (LIGHT.machine, LIGHT.reaction)
    for side, name, hours, ink in zip((-1, 1), names, medians, inks, strict=True):
        heads += _heads(side, name, hours, ink)
        if hours is not None:
            dashed = {"color": ink, "width": 1, "dash": "3px,3px"}
            shapes.append(upright(side * _place(hours), dashed, yref="paper", layer="above"))
    layout = {
        "barmode": "overlay",
        "shapes": shapes,
        "annotations": heads + notes,
        "xaxis": {
            "range": [-_REACH, _REACH],
            "tickvals": [*(-it for it in reversed(places)), 0, *places],
            "ticktext": [*reversed(words), "0", *words],
            "showgrid": True,
            "gridcolor": LIGHT.grid,
            "showline": False,
            "tickfont": SMALL,
        },
        "yaxis": {"range": [len(rows) - 0.5, -0.5], "showgrid": False, "showticklabels": False},
    }
    return canvas.chart(_traces(rows, tails=tails), layout, _alt(rows, medians))


def _place(hours: float) -> float:
    return math.log10(1 + 4 * hours)


def _traces(rows: list[Row], *, tails: bool) -> list[Part]:
    known = [row for row in rows if row["reaction_working_hours"] is not None]
    # Broken after each row.
    ends = [
        (_place(row["reaction_hours"]), row["at"] + _UNDER)
        for row in known
        if tails and (row["reaction_hours"] or 0) > row["reaction_working_hours"]
    ]
    xs = [place for last, _ in ends for place in (0, last, None)]
    ys = [place for _, at in ends for place in (at, at, None)]
    inks = {"failure": LIGHT.failed, "killed": LIGHT.killed}
    look = {
        "symbol": [_MARKS.get(row["outcome"], "circle-open") for row in rows],
        "color": [inks.get(row["outcome"], LIGHT.series) for row in rows],
        "size": 7,
        "line": {"width": 1, "color": LIGHT.bg},
        "opacity": 1,
    }
    return [
        *_bars(rows, -1, "machine", LIGHT.machine),
        *([line(xs, ys, {"color": LIGHT.reaction, "width": 1.5})] if xs else []),
        *_bars(known, 1, "reaction", LIGHT.reaction),
        dots([0] * len(rows), range(len(rows)), look, [row["click"] for row in rows], **_KEPT),
    ]


def _bars(rows: list[Row], side: int, half: str, ink: str) -> list[Part]:
    """Filled bars of halves that have ended, and outlines of the others."""
    hours = "machine_hours" if half == "machine" else "reaction_working_hours"
    traces = []
    for look, over in ((solid(ink), True), (outline(ink), False)):
        if shown := [row for row in rows if bool(row[f"{half}_event"]) is over]:
            lengths = [side * _place(row[hours]) for row in shown]
            at, clicks = ([row[name] for row in shown] for name in ("at", "click"))
            flat: Part = {"orientation": "h", "width": 0.52, **_KEPT}
            traces.append(bars(lengths, at, look, clicks, **flat))
    return traces


def _heads(side: int, name: str, hours: float | None, ink: str) -> list[Part]:
    above: Part = {"yref": "paper", "xref": "x", "yanchor": "bottom"}
    mark = f'<span style="color:{ink}">■</span>'
    text, anchor = f"{mark} {bold(name)}", "left"
    if side < 0:
        text, anchor = f"{bold(name)} {mark}", "right"
    strong: Part = {"font": INK, "xanchor": anchor, "xshift": 6 * side}
    notes = [words_at(text, x=0, y=1, yshift=20, **above, **strong)]
    if hours is not None:
        said = f"median {formats.hours_in_all(hours)}"
        # Away from the middle, so that the two never meet, unless the edge would cut them.
        away = "right" if side < 0 or _place(hours) > _FAR else "left"
        small: Part = {"font": SMALL, "xanchor": away, "yshift": 2}
        notes.append(words_at(said, x=side * _place(hours), y=1, **above, **small))
    return notes


def _notes(row: Row, *, tails: bool) -> list[Part]:
    """The day, the name and the lengths of one row."""
    at = row["at"]
    ink: Part = {"font": SMALL | INK}
    begins = -_place(row["machine_hours"])
    name = safe(row["label"], _SHORTER_NAME if -begins > _NEAR_NAME else _LONGEST_NAME)
    if row["url"]:
        to = html.escape(row["url"], quote=True)
        name = f'<a href="{to}" target="_blank" style="color:{LIGHT.accent}">{name}</a>'
    end, words = 0.0, "running"
    if row["reaction_working_hours"] is not None:
        tail = (row["reaction_hours"] or 0) if tails else 0
        end, words = _place(row["reaction_working_hours"]), row["wait"]
        if tail and not row["reaction_working_hours"]:
            # A night or a weekend, of which no working hour is part.
            words += f" ({formats.duration(tail)})"
    # On the colour of the page, so that no line crosses a number.
    value: Part = {"xref": "x", "borderpad": 0, "bgcolor": LIGHT.bg, **ink}
    day = formats.weekday(row["started_at"])
    return [
        beside(day, at, -_LEFT + 2, font=SMALL | MUTED),
        beside(name, at, -_LEFT + 42, **ink),
        beside(row["machine"], at, -3, right=True, **value, x=begins),
        beside(words, at, 7, **value, x=end),
    ]


def _told(row: Row) -> Row:
    """The halves of a row in words, and what a click on it gives."""
    machine = formats.duration(row["machine_hours"])
    so_far = "" if row["result_at"] else " so far"
    launched = f"launched {formats.dated(row['started_at'])}"
    lines = [bold(safe(row["label"])), launched, f"machine {machine}{so_far}"]
    hours, by_clock, wait = row["reaction_working_hours"], row["reaction_hours"], ""
    if hours is not None:
        wait = formats.hours_in_all(hours) + ("" if row["reaction_event"] else " so far")
        if row["status"] == "abandoned":
            wait = f"none in 5{formats.NBSP}d"
        lines.append(f"next launch {wait}")
        if by_clock is not None and by_clock != hours:
            lines.append(f"by the clock {formats.duration(by_clock)}")
    words = hover(*lines, safe(row["outcome"]))
    return {"machine": machine, "wait": wait, "click": [words, row["experiment_id"]]}


def _alt(rows: list[Row], medians: tuple[float | None, float | None]) -> str:
    days = formats.span(rows[-1]["started_at"].date(), rows[0]["started_at"].date())
    waiting = sum(row["status"] == "awaiting" for row in rows)
    running = sum(row["status"] == "open" for row in rows)
    said = [
        f"{name} has a median of {formats.duration(it)}"
        for name, it in zip(("machine", "next launch"), medians, strict=True)
        if it is not None
    ]
    said.append(f"{waiting} waiting for a launch, {running} running")
    return f", launched {days}, {formats.sample(len(rows), 'loop')}: {'; '.join(said)}."
