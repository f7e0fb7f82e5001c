"""GPU-hours a week, stacked by stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.charts.base import (
    DAY_MS,
    Chart,
    Part,
    blank,
    hover,
    iso,
    make_figure,
    safe,
    ticks,
    value_axis,
    words_at,
)
from velocity.charts.weeks import week_axis
from velocity.theme import Mode, Tokens, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

HEIGHT = 260
_MARGIN = (44, 70, 12, 26)
_BAR_DAYS = 5.2
_LABEL_PX = 14
NO_STREAM = "no stream"


def draw_compute(frame: pl.DataFrame, *, streams: Sequence[str], mode: Mode, title: str) -> Chart:
    """Bars of weeks in the streams' colours, each stream named at the right end.

    Args:
        frame: a row a week and stream; `week_start` (date), `stream` (str, null where the hours
            belong to none), `gpu_hours` (float).
        streams: names in roster order, which decides on colour and place in the stack; beyond
            six they share a neutral colour.
        mode: which palette.
        title: what is stacked.
    """
    if frame.is_empty():
        return blank(title, mode=mode, height=HEIGHT)
    colour = tokens(mode)
    names: list[str | None] = [*streams, None]
    weeks = frame["week_start"].unique().sort().to_list()
    by_stream = {
        name: dict(
            frame.filter(pl.col("stream").eq_missing(pl.lit(name)))
            .select("week_start", "gpu_hours")
            .iter_rows()
        )
        for name in names
    }
    present = [name for name in names if by_stream[name]]
    totals = [sum(by_stream[name].get(week, 0) for name in present) for week in weeks]
    high = max(totals) * 1.08 or 1
    traces = [
        _bars(name, [by_stream[name].get(week, 0) for week in weeks], weeks, fill, colour)
        for name in present
        for fill in [_fill(streams, name, colour)]
    ]
    ends = _ends([(name, by_stream[name].get(weeks[-1], 0)) for name in present], high)
    layout = {
        "barmode": "stack",
        "annotations": [_label(name, at, _fill(streams, name, colour)) for name, at in ends],
        "xaxis": week_axis(weeks),
        "yaxis": {"range": [0, high], **value_axis(ticks(0, high, "count"), "count")},
    }
    figure = make_figure(traces, layout, mode=mode, height=HEIGHT, margin=_MARGIN)
    latest = ", ".join(
        f"{name or NO_STREAM} {formats.count(by_stream[name].get(weeks[-1], 0))}"
        for name in present
    )
    window = f"{formats.plural(len(weeks), 'week')} from {formats.week(weeks[0])}"
    alt = f"{title}, {window}: {latest} in the {formats.week(weeks[-1])}."
    return Chart(figure, alt)


def _fill(streams: Sequence[str], name: str | None, colour: Tokens) -> str:
    if name is None:
        return colour.killed
    place = list(streams).index(name)
    return colour.streams[place] if place < len(colour.streams) else colour.faint


def _bars(
    name: str | None, hours: list[float], weeks: list[date], fill: str, colour: Tokens
) -> Part:
    return {
        "type": "bar",
        "x": [iso(week) for week in weeks],
        "y": hours,
        "width": _BAR_DAYS * DAY_MS,
        "marker": {"color": fill, "line": {"width": 1, "color": colour.bg}},
        "customdata": [
            hover(
                [
                    f"<b>{safe(name or NO_STREAM)}</b>",
                    formats.week(week),
                    f"{formats.hours_sum(value)} of GPU",
                ]
            )
            for week, value in zip(weeks, hours, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _ends(last: Sequence[tuple[str | None, float]], high: float) -> list[tuple[str | None, float]]:
    """Middles of the last week's pieces, pushed up until no label lies on another."""
    needed = _LABEL_PX * high / (HEIGHT - _MARGIN[2] - _MARGIN[3])
    placed: list[tuple[str | None, float]] = []
    foot, lowest = 0.0, needed / 2
    for name, hours in last:
        lowest = max(foot + hours / 2, lowest)
        placed.append((name, lowest))
        foot += hours
        lowest += needed
    return placed


def _label(name: str | None, at: float, fill: str) -> Part:
    place = {"yref": "y", "xanchor": "left", "xshift": 4, "align": "left"}
    glyph = f'<span style="color:{fill}">■</span>'
    return words_at(f"{glyph}{formats.NBSP}{safe(name or NO_STREAM, 9)}", x=1, y=at, **place)
