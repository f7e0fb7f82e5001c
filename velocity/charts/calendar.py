"""A cell a day, a column a week: when things were launched."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Chart, blank, edge_axis, hover, iso, make_figure
from velocity.theme import SMALL_FONT_SIZE, Mode, Tokens, tokens

if TYPE_CHECKING:
    import polars as pl

HEIGHT = 198
_MARGIN = (30, 8, 8, 26)
_DAYS = 7


def draw_calendar(frame: pl.DataFrame, *, mode: Mode, title: str, noun: str) -> Chart:
    """Days in five steps from none to the most, Monday on top, all seven rows.

    Args:
        frame: a row a day; `day` (date), `value` (int, null where not known).
        mode: which palette.
        title: what the cells count.
        noun: one of what they count, such as "launch".
    """
    known = frame.drop_nulls("value")
    if known.is_empty():
        return blank(title, mode=mode, height=HEIGHT)
    values: dict[date, int | None] = dict(
        zip(frame["day"].to_list(), frame["value"].to_list(), strict=True)
    )
    first, last = min(values), max(values)
    monday = first - timedelta(days=first.weekday())
    weeks = [monday + timedelta(weeks=week) for week in range((last - monday).days // _DAYS + 1)]
    most = max(known["value"].to_list())
    grid = [[week + timedelta(days=day) for week in weeks] for day in range(_DAYS)]
    colour = tokens(mode)
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
    half = timedelta(days=3, hours=12)
    midnights = [datetime.combine(week, time()) for week in (weeks[0], weeks[-1])]
    ends = [iso(midnights[0] - half), iso(midnights[1] + half)]
    layout = {
        "xaxis": {
            "type": "date",
            "range": ends,
            "showline": False,
            "ticks": "",
            **edge_axis(weeks),
        },
        "yaxis": {
            "range": [_DAYS - 0.5, -0.5],
            "showgrid": False,
            "tickvals": [0, 2, 4, 6],
            "ticktext": ["Mon", "Wed", "Fri", "Sun"],
            "tickfont": {"size": SMALL_FONT_SIZE},
        },
    }
    figure = make_figure([cells], layout, mode=mode, height=HEIGHT, margin=_MARGIN)
    latest = known.sort("day").tail(1)
    alt = (
        f"{title}, {formats.span(first, last)}, 0 to {formats.count(most)} a day: "
        f"{formats.count(latest['value'][0])} on {formats.day(latest['day'][0])}."
    )
    return Chart(figure, alt)


def _step(value: int | None, most: int) -> int | None:
    """0 for none; 1 to 4 for the quarters of the most."""
    if value is None or value == 0:
        return value
    return -(-value * 4 // most)


def _stepped(colour: Tokens) -> list[tuple[float, str]]:
    count = len(colour.heat)
    return [(edge / count, step) for at, step in enumerate(colour.heat) for edge in (at, at + 1)]


def _hover(day: date, value: int | None, noun: str) -> str:
    words = formats.NOT_KNOWN if value is None else formats.plural(value, noun)
    return hover([f"{formats.weekday(day)} {formats.day(day).split(formats.NBSP)[1]}", words])
