"""Sparklines of a tile: the last four weeks, a value a day, without axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Chart, Unit, blank, hover, iso, make_figure, padded, written
from velocity.theme import Mode, tokens

if TYPE_CHECKING:
    import polars as pl

    from velocity.charts.base import Part

HEIGHT = 40
_MARGIN = (0, 4, 4, 2)
_LINE_INSET = 0.04


def draw_spark_bars(frame: pl.DataFrame, *, mode: Mode, title: str, unit: Unit) -> Chart:
    """A bar a day from zero: for counts and sums.

    Args:
        frame: in order of `day` (date), without holes; `value` (float or int of `unit`, null
            where not known).
        mode: which palette.
        title: what the figures are.
        unit: of `value`.
    """
    if frame.is_empty():
        return blank(title, mode=mode, height=HEIGHT)
    bars = {
        "type": "bar",
        "marker": {"color": tokens(mode).faint, "line": {"width": 0}},
        **_points(frame, unit),
    }
    axes = {"xaxis": {"visible": False}, "yaxis": {"visible": False, "rangemode": "tozero"}}
    layout = {**axes, "bargap": 0.32}
    figure = make_figure([bars], layout, mode=mode, height=HEIGHT, margin=_MARGIN)
    return Chart(figure, _alt(frame, title, unit))


def draw_spark_line(frame: pl.DataFrame, *, mode: Mode, title: str, unit: Unit) -> Chart:
    """A line over the days with a dot on the latest: for shares and times.

    Args:
        frame: as for `draw_spark_bars`; the line breaks where `value` is null.
        mode: which palette.
        title: what the figures are.
        unit: of `value`.
    """
    known = frame.drop_nulls("value")
    if known.is_empty():
        return blank(title, mode=mode, height=HEIGHT)
    colour = tokens(mode)
    line = {
        "type": "scatter",
        "mode": "lines",
        "line": {"color": colour.faint, "width": 1.5},
        "connectgaps": False,
        **_points(frame, unit),
    }
    last = {
        "type": "scatter",
        "mode": "markers",
        "marker": {"color": colour.series, "size": 5},
        "cliponaxis": False,
        **_points(known.tail(1), unit),
    }
    days = frame["day"]
    inset = (days[-1] - days[0]) * _LINE_INSET
    layout = {
        "xaxis": {"visible": False, "range": [iso(days[0] - inset), iso(days[-1] + inset)]},
        "yaxis": {"visible": False, "range": padded(known["value"])},
    }
    figure = make_figure([line, last], layout, mode=mode, height=HEIGHT, margin=_MARGIN)
    return Chart(figure, _alt(frame, title, unit))


def _points(frame: pl.DataFrame, unit: Unit) -> Part:
    values = frame["value"].to_list()
    return {
        "x": [iso(day) for day in frame["day"]],
        "y": values,
        "customdata": [
            hover([f"{formats.weekday(day)}: {written(value, unit)}"])
            for day, value in zip(frame["day"], values, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _alt(frame: pl.DataFrame, title: str, unit: Unit) -> str:
    days = frame["day"]
    last = written(frame["value"][-1], unit)
    return f"{title}, a value a day, {formats.span(days[0], days[-1])}: latest {last}."
