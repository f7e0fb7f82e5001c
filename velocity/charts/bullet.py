"""How long a line has waited, against its own usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, value_axis, words_at
from velocity.charts.marks import dots, hover, line, marker

if TYPE_CHECKING:
    from velocity.theme import Mode

_ROW, _AXIS, _RIGHT = 44, 22, 66
_BAR = 0.5


def draw_bullet(
    *,
    waited: float,
    usual: float,
    median: float | None,
    longest: float,
    mode: Mode,
    title: str,
    axis: bool,
) -> Chart:
    """One wait as a line with a dot, over a bar from 0 to the line's usual with a tick at its half.

    Args:
        waited: working hours.
        usual: working hours within which 85 of 100 of the line's waits end.
        median: working hours within which half of them end; None without.
        longest: end of the axis, which all rows share, in working hours.
        mode: of the page.
        title: of the chart, such as the line's name.
        axis: whether this row draws the axis: the last one.
    """
    canvas = Canvas(
        title, mode, _ROW + (_AXIS if axis else 0), (2, _RIGHT, 0, _AXIS if axis else 0)
    )
    colour = canvas.colour
    value, range_ = formats.duration(waited), formats.duration(usual)
    words = [hover(f"<b>{value}</b> of working hours", f"85 of 100 waits end within {range_}")]
    bar: Part = {
        "type": "rect",
        "x0": 0,
        "x1": min(usual, longest),
        "y0": -_BAR / 2,
        "y1": _BAR / 2,
        "fillcolor": colour.band,
        "line": {"width": 1, "color": colour.faint},
        "layer": "below",
    }
    shapes = [bar]
    if median is not None:
        tick = {"type": "line", "x0": median, "x1": median, "y0": -_BAR / 2, "y1": _BAR / 2}
        shapes.append(tick | {"line": {"width": 1.5, "color": colour.series}})
    place = {"xref": "x", "yref": "y", "xanchor": "left", "xshift": 10}
    high = longest * 1.02 or 1
    layout = {
        "shapes": shapes,
        "annotations": [
            words_at(f"<b>{value}</b>", x=waited, y=0, font={"color": colour.text}, **place)
        ],
        "xaxis": value_axis(0, high, "hours", most=3)
        if axis
        else {"visible": False, "range": [0, high]},
        "yaxis": {"visible": False, "range": [-0.5, 0.5]},
    }
    traces = [
        line([0, waited], [0, 0], {"color": colour.reaction, "width": 4}),
        dots([waited], [0], marker(colour.reaction, 11), words),
    ]
    return canvas.chart(traces, layout, f": {value} of working hours; usual is up to {range_}.")
