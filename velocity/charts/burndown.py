"""Credits left, and the day they would run out at the present pace."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import (
    Chart,
    Part,
    blank,
    hover,
    iso,
    make_figure,
    ticks,
    value_axis,
    words_at,
)
from velocity.charts.trends import TILE_HEIGHT, TILE_MARGIN
from velocity.charts.weeks import room
from velocity.theme import Mode, tokens

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

HEIGHT = 260
_MARGIN = (44, 40, 12, 26)


def draw_burndown(
    frame: pl.DataFrame,
    *,
    exhausted_on: date | None,
    mode: Mode,
    title: str,
    tile: bool = False,
) -> Chart:
    """The balance in steps from zero up, and a dotted line to the day it would be used up.

    Args:
        frame: in order of `day` (date): `balance` (float, credits at the end of the day).
        exhausted_on: when the balance reaches zero at the pace of the last 14 days; None where
            nothing was spent or nothing is left.
        mode: which palette.
        title: what is left.
        tile: drawn at the size of a tile.
    """
    height, margin = (TILE_HEIGHT, TILE_MARGIN) if tile else (HEIGHT, _MARGIN)
    known = frame.drop_nulls("balance")
    if known.is_empty():
        return blank(title, mode=mode, height=height)
    colour = tokens(mode)
    days, balances = known["day"].to_list(), known["balance"].to_list()
    today, left = days[-1], balances[-1]
    forecast = exhausted_on if exhausted_on is not None and exhausted_on > today else None
    last = forecast or today
    low, high = min(0, *balances) * 1.08, max(0, *balances) * 1.08 or 1
    traces: list[Part] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [iso(day) for day in days],
            "y": balances,
            "line": {"color": colour.series, "width": 1.75, "shape": "hv"},
            "customdata": [
                hover([formats.day(day), f"<b>{formats.count(balance)}</b> left"])
                for day, balance in zip(days, balances, strict=True)
            ],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
    ]
    if forecast:
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [iso(today), iso(forecast)],
                "y": [left, 0],
                "line": {"color": colour.faint, "width": 1.5, "dash": "dot"},
                "hoverinfo": "skip",
            }
        )
        hollow = {"size": 8, "color": colour.bg, "line": {"width": 1.5, "color": colour.faint}}
        traces.append(_mark(forecast, 0, hollow, f"used up {formats.day(forecast)}"))
    dot = {"size": 7, "color": colour.series}
    traces.append(_mark(today, left, dot, f"now <b>{formats.count(left)}</b>"))
    edges = [days[0], last] if tile else [days[0], today, last]
    shown = sorted(set(edges))
    beside = {"xref": "x", "yref": "y", "xanchor": "left", "yanchor": "bottom", "xshift": 5}
    layout = {
        "annotations": [words_at("now", x=iso(today), y=left, yshift=2, **beside)],
        "xaxis": {
            "type": "date",
            "range": room([days[0], last], max(timedelta(days=4), (last - days[0]) * 0.05)),
            "tickvals": [iso(edge) for edge in shown],
            "ticktext": [formats.day(edge) for edge in shown],
        },
        "yaxis": {
            "range": [low, high],
            **value_axis(ticks(low, high, "count"), "count"),
        },
    }
    figure = make_figure(traces, layout, mode=mode, height=height, margin=margin)
    end = f"used up on {formats.day(forecast)} at the present pace" if forecast else "no forecast"
    alt = (
        f"{title}, {formats.span(days[0], today)}: {formats.count(left)} left on "
        f"{formats.day(today)}, {end}."
    )
    return Chart(figure, alt)


def _mark(day: date, value: float, marker: Part, words: str) -> Part:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [iso(day)],
        "y": [value],
        "marker": marker,
        "cliponaxis": False,
        "customdata": [words],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
