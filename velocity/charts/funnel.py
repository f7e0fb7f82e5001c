"""Rates against exposure: what chance alone would spread, and where each scholar lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.charts.base import (
    Chart,
    Part,
    blank,
    hover,
    make_figure,
    safe,
    ticks,
    value_axis,
    words_at,
)
from velocity.theme import Mode, Tokens, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

HEIGHT = 312
_MARGIN = (44, 58, 20, 40)
_MOST_X_TICKS = 8
#: The axis begins at this part of the shortest exposure.
_ROOM_LEFT = 0.8
#: Beyond the longest, so that its dots do not lie on the names of the limits.
_ROOM_RIGHT = 0.03


def draw_funnel(
    points: pl.DataFrame, limits: pl.DataFrame, *, pooled: float | None, mode: Mode, title: str
) -> Chart:
    """A dot a scholar on limits that widen where exposure is short; no names, no order.

    Args:
        points: a row a scholar; `exposure_weeks` (float), `rate` (float, a week), `n` (int, what
            was counted), `own` (bool: of the viewer's streams, drawn filled), `name` (str, null
            where the viewer may not see it: shown on hover only).
        limits: in order of `exposure_weeks` (float); `low_95`, `high_95`, `low_998`, `high_998`
            (float, a week).
        pooled: the rate of all together, a week; None where there is no exposure.
        mode: which palette.
        title: what the rate is of.
    """
    if points.is_empty() or limits.is_empty() or pooled is None:
        return blank(title, mode=mode, height=HEIGHT)
    colour = tokens(mode)
    # Towards no exposure at all the limits widen without end.
    least = points["exposure_weeks"].sort()[0] * _ROOM_LEFT
    near = limits.filter(pl.col("exposure_weeks") >= least)
    limits = near if near.height > 1 else limits
    edge = limits.tail(1).row(0, named=True)
    high = max([*points["rate"], *limits["high_998"]]) * 1.05
    start, end = min(least, limits["exposure_weeks"][0]), edge["exposure_weeks"]
    labels = [
        ("99.8 %", edge["high_998"]),
        ("95 %", edge["high_95"]),
        (f"all, {formats.rate(pooled)}", pooled),
    ]
    x_ticks = ticks(start, end, "rate", most=_MOST_X_TICKS)
    line = {"color": colour.faint, "width": 1, "dash": "dot"}
    across = {"xref": "x domain", "x0": 0, "x1": 1, "y0": pooled, "y1": pooled}
    layout = {
        "shapes": [{"type": "line", **across, "line": line}],
        "annotations": [*_apart(labels, high), _axis_title("weeks of exposure")],
        "xaxis": {"range": [start, end + (end - start) * _ROOM_RIGHT], "tickvals": x_ticks},
        "yaxis": {"range": [0, high], **value_axis(ticks(0, high, "rate"), "rate")},
    }
    traces = [*_limit_lines(limits, colour), *_dots(points, colour)]
    figure = make_figure(traces, layout, mode=mode, height=HEIGHT, margin=_MARGIN)
    low, top = points["exposure_weeks"].sort()[0], points["exposure_weeks"].sort()[-1]
    alt = (
        f"{title}, {formats.sample(points.height, 'scholar')}, exposure {formats.rate(low)} to "
        f"{formats.rate(top)} weeks: all together {formats.rate(pooled)} a week."
    )
    return Chart(figure, alt)


def _limit_lines(limits: pl.DataFrame, colour: Tokens) -> list[Part]:
    weeks = limits["exposure_weeks"].to_list()
    common = {"type": "scatter", "mode": "lines", "x": weeks, "hoverinfo": "skip"}
    none = {"width": 0}
    dashed = {"color": colour.faint, "width": 1, "dash": "longdash"}
    return [
        {**common, "y": limits["low_95"].to_list(), "line": none},
        {
            **common,
            "y": limits["high_95"].to_list(),
            "line": none,
            "fill": "tonexty",
            "fillcolor": colour.band,
        },
        {**common, "y": limits["low_998"].to_list(), "line": dashed},
        {**common, "y": limits["high_998"].to_list(), "line": dashed},
    ]


def _dots(points: pl.DataFrame, colour: Tokens) -> list[Part]:
    own = {"color": colour.series, "size": 7, "line": {"width": 1, "color": colour.bg}}
    other = {"color": "rgba(0,0,0,0)", "size": 8, "line": {"width": 1, "color": colour.faint}}
    traces = []
    # Own streams last, so that they lie on top.
    for mine, marker in ((False, other), (True, own)):
        rows = points.filter(pl.col("own") == mine)
        if not rows.is_empty():
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": rows["exposure_weeks"].to_list(),
                    "y": rows["rate"].to_list(),
                    "marker": marker,
                    "cliponaxis": False,
                    "customdata": [_hover(row) for row in rows.iter_rows(named=True)],
                    "hovertemplate": "%{customdata}<extra></extra>",
                }
            )
    return traces


def _hover(row: Part) -> str:
    lines = [f"<b>{safe(row['name'])}</b>"] if row["name"] is not None else []
    weeks = formats.rate(row["exposure_weeks"])
    return hover(
        [
            *lines,
            f"{formats.rate(row['rate'])} a week",
            f"{formats.sample(row['n'])}, {weeks} weeks",
        ]
    )


def _apart(labels: Sequence[tuple[str, float]], high: float) -> list[Part]:
    """Labels at the right edge, from the top down, none on another."""
    needed = 14 * high / (HEIGHT - _MARGIN[2] - _MARGIN[3])
    last = float("inf")
    notes = []
    for words, value in labels:
        last = min(value, last - needed)
        place = {"yref": "y", "xanchor": "left", "xshift": 4}
        notes.append(words_at(words.replace(" %", f"{formats.NBSP}%"), x=1, y=last, **place))
    return notes


def _axis_title(words: str) -> Part:
    return words_at(words, x=0.5, y=0, yanchor="top", yshift=-22)
