"""Rates by exposure: how far they vary by chance alone, and where each scholar is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, safe, ticks, value_axis, words_at
from velocity.charts.marks import apart, dots, hover, level, line, marker

if TYPE_CHECKING:
    from velocity.theme import Mode, Tokens

_MOST_X_TICKS = 8
#: The axis begins at this fraction of the shortest exposure.
_ROOM_LEFT = 0.8
#: The axis ends after the longest, so that its dots do not cover the names of the limits.
_ROOM_RIGHT = 0.03


def draw_funnel(
    points: pl.DataFrame, limits: pl.DataFrame, *, pooled: float | None, mode: Mode, title: str
) -> Chart:
    """One dot per scholar on limits that widen for short exposure; no names, no ranking.

    - `points`: one row per scholar; `exposure_weeks` (float), `rate` (float, per week), `n` (int,
      how many were counted), `own` (bool: in the viewer's streams, drawn filled), `name` (str,
      shown on hover only; null if the viewer may not see it).
    - `limits`: in order of `exposure_weeks` (float); `low_95`, `high_95`, `low_998`, `high_998`
      (float, per week).
    - `pooled`: the rate of all scholars together, per week; None without exposure.
    """
    canvas = Canvas(title, mode, 312, (44, 58, 20, 40))
    if points.is_empty() or limits.is_empty() or pooled is None:
        return canvas.blank()
    colour, exposures = canvas.colour, points["exposure_weeks"].sort()
    # As exposure goes to zero, the limits widen without bound.
    least = exposures[0] * _ROOM_LEFT
    near = limits.filter(pl.col("exposure_weeks") >= least)
    limits = near if near.height > 1 else limits
    edge = limits.row(-1, named=True)
    high = max([*points["rate"], *limits["high_998"]]) * 1.05
    start, end = min(least, limits["exposure_weeks"][0]), edge["exposure_weeks"]
    named = {f"99.8{formats.NBSP}%": edge["high_998"], f"95{formats.NBSP}%": edge["high_95"]}
    named[f"all, {formats.rate(pooled)}"] = pooled
    # From top to bottom.
    places = apart((-value for value in named.values()), canvas.px(14, high))
    beside: Part = {"yref": "y", "xanchor": "left", "xshift": 4}
    layout = {
        "shapes": [level(pooled, {"color": colour.faint, "width": 1, "dash": "dot"})],
        "annotations": [
            *(words_at(it, x=1, y=-at, **beside) for it, at in zip(named, places, strict=True)),
            words_at("weeks of exposure", x=0.5, y=0, yanchor="top", yshift=-22),
        ],
        "xaxis": {
            "range": [start, end + (end - start) * _ROOM_RIGHT],
            "tickvals": ticks(start, end, "rate", most=_MOST_X_TICKS),
        },
        "yaxis": value_axis(0, high, "rate"),
    }
    alt = (
        f", {formats.sample(points.height, 'scholar')}, exposure {formats.rate(exposures[0])} to "
        f"{formats.rate(exposures[-1])} weeks: all together {formats.rate(pooled)} a week."
    )
    return canvas.chart([*_limit_lines(limits, colour), *_dots(points, colour)], layout, alt)


def _limit_lines(limits: pl.DataFrame, colour: Tokens) -> list[Part]:
    weeks, none = limits["exposure_weeks"], {"width": 0}
    dashed = {"color": colour.faint, "width": 1, "dash": "longdash"}
    filled = {"fill": "tonexty", "fillcolor": colour.band}
    return [
        line(weeks, limits["low_95"], none),
        line(weeks, limits["high_95"], none, **filled),
        line(weeks, limits["low_998"], dashed),
        line(weeks, limits["high_998"], dashed),
    ]


def _dots(points: pl.DataFrame, colour: Tokens) -> list[Part]:
    looks = {False: marker(None, 8, colour.faint, 1), True: marker(colour.series, 7, colour.bg, 1)}
    # Own streams last, so that they are on top.
    return [
        dots(rows["exposure_weeks"], rows["rate"], look, map(_hover, rows.iter_rows(named=True)))
        for own, look in looks.items()
        for rows in [points.filter(pl.col("own") == own)]
        if not rows.is_empty()
    ]


def _hover(row: dict[str, Any]) -> str:
    name = [f"<b>{safe(row['name'])}</b>"] if row["name"] is not None else []
    counted = f"{formats.sample(row['n'])}, {formats.rate(row['exposure_weeks'])} weeks"
    return hover(*name, f"{formats.rate(row['rate'])} a week", counted)
