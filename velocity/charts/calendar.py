"""One cell per day and one column per week: when things were launched."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Canvas, Chart, iso
from velocity.charts.marks import hover
from velocity.charts.weeks import day_axis
from velocity.theme import SMALL_FONT_SIZE, Mode, Tokens

if TYPE_CHECKING:
    import polars as pl

_DAYS = 7


def draw_calendar(frame: pl.DataFrame, *, mode: Mode, title: str, noun: str) -> Chart:
    """Days in five steps from none to the most; all seven rows, Monday on top.

    - `frame`: one row per day; `day` (date), `value` (int, null if not known).
    - `noun`: what is counted, in the singular, such as "launch".
    """
    canvas = Canvas(title, mode, 198, (30, 8, 8, 26))
    known = frame.drop_nulls("value").sort("day")
    if known.is_empty():
        return canvas.blank()
    values: dict[date, int | None] = dict(frame.select("day", "value").iter_rows())
    first, last = min(values), max(values)
    monday = first - timedelta(days=first.weekday())
    weeks = [monday + timedelta(weeks=week) for week in range((last - monday).days // _DAYS + 1)]
    most = max(known["value"].to_list())
    grid = [[week + timedelta(days=day) for week in weeks] for day in range(_DAYS)]
    colour = canvas.colour
    cells = {
        "type": "heatmap",
        "x": [iso(week) for week in weeks],
        "y": list(range(_DAYS)),
        "z": [[_step(values.get(day), most) for day in row] for row in grid],
        "zmin": 0,
        "zmax": len(colour.heat) - 1,
        "colorscale": _stepped(colour),
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": False,
        "customdata": [[_hover(day, values.get(day), noun) for day in row] for row in grid],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    ends = [f"{weeks[at] + timedelta(days=by)}T12:00:00" for at, by in ((0, -4), (-1, 3))]
    layout = {
        "xaxis": {**day_axis(weeks), "range": ends, "showline": False, "ticks": ""},
        "yaxis": {
            "range": [_DAYS - 0.5, -0.5],
            "showgrid": False,
            "tickvals": [0, 2, 4, 6],
            "ticktext": ["Mon", "Wed", "Fri", "Sun"],
            "tickfont": {"size": SMALL_FONT_SIZE},
        },
    }
    latest = known.row(-1, named=True)
    alt = (
        f", {formats.span(first, last)}, 0 to {formats.count(most)} a day: "
        f"{formats.count(latest['value'])} on {formats.day(latest['day'])}."
    )
    return canvas.chart([cells], layout, alt)


def _step(value: int | None, most: int) -> int | None:
    """0 for none; 1 to 4 for the quarters of the largest value."""
    return -(-value * 4 // most) if value else value


def _stepped(colour: Tokens) -> list[tuple[float, str]]:
    count = len(colour.heat)
    return [(edge / count, step) for at, step in enumerate(colour.heat) for edge in (at, at + 1)]


def _hover(day: date, value: int | None, noun: str) -> str:
    words = formats.NOT_KNOWN if value is None else formats.plural(value, noun)
    return hover(f"{formats.weekday(day)} {formats.day(day).split(formats.NBSP)[1]}", words)
