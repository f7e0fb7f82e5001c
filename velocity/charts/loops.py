"""Feedback loops: launch to signal (machine), signal to next launch (reaction)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.charts.base import (
    Chart,
    Part,
    blank,
    hover,
    key,
    local,
    make_figure,
    safe,
    ticks,
    value_axis,
    words_at,
)
from velocity.theme import FONT_SIZE, SMALL_FONT_SIZE, Mode, Tokens, tokens

if TYPE_CHECKING:
    from datetime import date

HEIGHT = 250
CUT_HOURS = 20.0
_CUT_TICKS = (0, 5, 10, 15, 20)
_BAR_WIDTH = 0.72
#: More bars than this are thinner than a pixel or two.
MOST_LOOPS = 400
#: Up to here a bar is wide enough for its length to stand inside.
_MOST_WITH_LENGTH = 90
#: Room that one day label takes, as a part of the width.
_LABEL_PART = 1 / 24
_SHARE_HEIGHT = 92


def draw_loops(frame: pl.DataFrame, *, mode: Mode, title: str, zone: str) -> Chart:
    """A bar a loop in order of launch: machine below, reaction on it; open parts outlined.

    Bars above 20 h are cut and carry their length.

    Args:
        frame: a row a loop; `label` (str, null), `started_at` (aware datetime), `status` (closed,
            abandoned, awaiting, open), `machine_hours` (float), `machine_event` (bool, false
            where censored), `reaction_hours` (float, null while open), `reaction_event` (bool,
            null).
        mode: which palette.
        title: what the bars are.
        zone: IANA name of the zone in which days begin.
    """
    if frame.is_empty():
        return blank(title, mode=mode, height=HEIGHT)
    shown = local(frame.sort("started_at").tail(MOST_LOOPS), ["started_at"], zone)
    colour = tokens(mode)
    rows = shown.with_columns(
        total=pl.col("machine_hours") + pl.col("reaction_hours").fill_null(0),
    ).to_dicts()
    largest = max(row["total"] for row in rows)
    high = CUT_HOURS if largest > CUT_HOURS else max(largest * 1.05, 0.1)
    days = [row["started_at"].date() for row in rows]
    layout = {
        "barmode": "overlay",
        "annotations": [key(_key(colour))],
        "shapes": _day_lines(days, colour),
        "xaxis": {"range": [-0.6, max(len(rows), 12) - 0.4], "ticks": "", **_day_axis(days)},
        "yaxis": {
            "range": [0, high],
            **value_axis(_CUT_TICKS if high == CUT_HOURS else ticks(0, high, "hours"), "hours"),
        },
    }
    figure = make_figure(
        _bars(rows, high, colour), layout, mode=mode, height=HEIGHT, margin=(44, 12, 30, 26)
    )
    left_out = frame.height - shown.height
    note = f"The latest {formats.count(MOST_LOOPS)} of {formats.count(frame.height)} loops."
    return Chart(figure, _alt(shown, title, days), note if left_out else "")


def draw_share_bar(
    *,
    machine_hours: float,
    reaction_hours: float,
    reaction_share: float | None,
    loops: int,
    mode: Mode,
    title: str,
) -> Chart:
    """One bar of all hours of the closed loops, both ends labelled.

    Args:
        machine_hours: sum over the closed loops.
        reaction_hours: sum over the closed loops.
        reaction_share: reaction / loop hours; None where there are none.
        loops: how many closed loops.
        mode: which palette.
        title: what the hours are.
    """
    if reaction_share is None:
        return blank(title, mode=mode, height=_SHARE_HEIGHT, words="No closed loop in this window")
    colour = tokens(mode)
    parts = (
        (machine_hours, colour.machine, "machine"),
        (reaction_hours, colour.reaction, "reaction"),
    )
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [hours],
            "y": [0],
            "width": [1],
            "marker": {"color": fill, "line": {"width": 0}},
            "customdata": [f"{name} {formats.hours_sum(hours)}"],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
        for hours, fill, name in parts
    ]
    reaction = round(reaction_share * 100)
    whole = machine_hours + reaction_hours
    strong: Part = {"font": {"color": colour.text}}
    below = (
        f"{formats.hours_sum(reaction_hours)} of {formats.hours_sum(whole)} in "
        f"{formats.plural(loops, 'closed loop')}"
    )
    annotations = [
        words_at(_percent("machine", 100 - reaction), **_end("left", "above"), **strong),
        words_at(_percent("reaction", reaction), **_end("right", "above"), **strong),
        words_at(formats.hours_sum(machine_hours), **_end("left", "below")),
        words_at(below, **_end("right", "below")),
    ]
    layout = {
        "barmode": "stack",
        "annotations": annotations,
        "xaxis": {"visible": False, "range": [0, whole]},
        "yaxis": {"visible": False, "range": [-0.5, 0.5]},
    }
    figure = make_figure(bars, layout, mode=mode, height=_SHARE_HEIGHT, margin=(0, 0, 24, 24))
    alt = f"{title}: machine {100 - reaction} %, reaction {reaction} %; {below}."
    return Chart(figure, alt)


def _percent(name: str, value: int) -> str:
    return f"{name} <b>{value}{formats.NBSP}%</b>"


def _end(side: str, row: str) -> Part:
    above = row == "above"
    return {
        "x": 0 if side == "left" else 1,
        "xanchor": side,
        "xshift": 1 if side == "left" else -1,
        "y": 1 if above else 0,
        "yanchor": "bottom" if above else "top",
    }


def _key(colour: Tokens) -> list[tuple[str, str, str]]:
    return [
        ("■", colour.machine, "machine: launch to signal"),
        ("■", colour.reaction, "reaction: signal to next launch"),
        ("□", colour.reaction, "still waiting"),
    ]


def _bars(rows: list[dict[str, Any]], high: float, colour: Tokens) -> list[Part]:
    with_length = len(rows) <= _MOST_WITH_LENGTH
    traces = []
    for part, fill, on_fill in (
        ("machine", colour.machine, colour.bg),
        ("reaction", colour.reaction, colour.ink),
    ):
        for event in (True, False):
            bars = [
                _bar(place, row, part, high)
                for place, row in enumerate(rows)
                if row[f"{part}_hours"] is not None and bool(row[f"{part}_event"]) is event
            ]
            bars = [bar for bar in bars if bar["y"] > 0]
            if not bars:
                continue
            marker = {"color": fill, "line": {"width": 0}} if event else _outline(fill)
            traces.append(
                {
                    "type": "bar",
                    "x": [bar["x"] for bar in bars],
                    "y": [bar["y"] for bar in bars],
                    "base": [bar["base"] for bar in bars],
                    "width": _BAR_WIDTH,
                    "text": [bar["text"] if with_length else "" for bar in bars],
                    "textposition": "inside",
                    "insidetextanchor": "end",
                    "textangle": -90,
                    "constraintext": "none",
                    "insidetextfont": {
                        "color": on_fill if event else colour.text,
                        "size": SMALL_FONT_SIZE,
                    },
                    "marker": marker,
                    "customdata": [_hover(rows[bar["x"]]) for bar in bars],
                    "hovertemplate": "%{customdata}<extra></extra>",
                }
            )
    return traces


def _outline(line: str) -> Part:
    return {"color": "rgba(0,0,0,0)", "line": {"width": 1.5, "color": line}}


def _bar(place: int, row: dict[str, Any], part: str, high: float) -> dict[str, Any]:
    base = 0.0 if part == "machine" else min(row["machine_hours"], high)
    top = min(row["machine_hours"] if part == "machine" else row["total"], high)
    # The length stands in the piece that the cut goes through.
    cut = top == high and row["total"] > high and base < high
    return {"x": place, "base": base, "y": top - base, "text": _length(row) if cut else ""}


def _length(row: dict[str, Any]) -> str:
    ended = row["machine_event"] and row["reaction_event"]
    return ("" if ended else f">{formats.NBSP}") + formats.duration(round(row["total"]))


def _hover(row: dict[str, Any]) -> str:
    lines = [
        f"<b>{safe(row['label'])}</b>",
        f"launched {formats.weekday(row['started_at'])}, {formats.clock(row['started_at'])}",
        f"machine {_so_far(row, 'machine')}",
    ]
    if row["reaction_hours"] is not None:
        lines.append(f"reaction {_so_far(row, 'reaction')}")
    return hover([*lines, safe(row["status"])])


def _so_far(row: dict[str, Any], part: str) -> str:
    words = formats.duration(row[f"{part}_hours"])
    return words if row[f"{part}_event"] else f"{words} or more"


def _starts(days: list[date]) -> list[int]:
    return [at for at, day in enumerate(days) if at == 0 or day != days[at - 1]]


def _day_lines(days: list[date], colour: Tokens) -> list[Part]:
    line = {"color": colour.grid, "width": 1}
    across = {"yref": "y domain", "y0": 0, "y1": 1, "layer": "below", "line": line}
    return [
        {"type": "line", "x0": at - 0.5, "x1": at - 0.5, **across} for at in _starts(days) if at
    ]


def _day_axis(days: list[date]) -> Part:
    room = max(len(days), 12) * _LABEL_PART
    chosen: list[int] = []
    for at in _starts(days):
        if not chosen or at - chosen[-1] >= room:
            chosen.append(at)
    words = [
        formats.day(days[at]) if at and days[at].month != days[last].month else str(days[at].day)
        for last, at in zip([0, *chosen], chosen, strict=False)
    ]
    return {"tickvals": chosen, "ticktext": words, "tickfont": {"size": FONT_SIZE}}


def _alt(shown: pl.DataFrame, title: str, days: list[date]) -> str:
    counts = shown["status"].value_counts(sort=True).iter_rows()
    split = ", ".join(f"{formats.count(number)} {status}" for status, number in counts)
    n = formats.sample(shown.height, "loop")
    return f"{title}, launched {formats.span(days[0], days[-1])}, {n}: {split}."
