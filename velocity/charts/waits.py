"""How long lines have waited, against their own usual: one line, or all of each stream."""

from collections.abc import Mapping, Sequence
from typing import Any

from velocity import formats
from velocity.charts.base import Canvas, Chart, hidden, row_axis, value_axis
from velocity.charts.marks import box, dots, line, marker, rule
from velocity.charts.words import INK, Part, beside, bold, hover, key, safe
from velocity.theme import LIGHT

_BULLET, _AXIS, _VALUE = 44, 22, 66
_BULLET_BAR = (-0.25, 0.25)
_ROW, _TOP, _BOTTOM, _LEFT, _RIGHT = 40, 34, 28, 76, 96
_BAR = 0.34
#: Farther waits are drawn here, in multiples of the line's usual.
_FARTHEST = 2.4


def draw_bullet(row: Mapping[str, Any], *, longest: float, title: str, axis: bool) -> Chart:
    """One wait as a line with a dot, over a bar from 0 to the line's usual with a tick at its half.

    - `row`: `waited_working_hours`, and `usual_working_hours` and `usual_median_working_hours`
      (null if not known), within which 85 of 100 of the line's waits, and half of them, end.
    - `longest`: end of the axis, which all rows share.
    - `axis`: whether this row draws the axis: the last one.
    """
    waited, usual = row["waited_working_hours"], row["usual_working_hours"]
    median = row["usual_median_working_hours"]
    below = _AXIS if axis else 0
    canvas = Canvas(title, _BULLET + below, (2, _VALUE, 0, below))
    value, range_ = formats.duration(waited), formats.duration(usual)
    words = [hover(f"{bold(value)} of working hours", f"85 of 100 waits end within {range_}")]
    edge = {"width": 1, "color": LIGHT.faint}
    shapes = [box((0, min(usual, longest)), _BULLET_BAR, LIGHT.band, line=edge)]
    if median is not None:
        half = {"width": 1.5, "color": LIGHT.series}
        shapes.append(rule((median, median), _BULLET_BAR, half))
    high = longest * 1.02 or 1
    said = beside(bold(value), 0, 10, x=waited, xref="x", font=INK)
    layout = {
        "shapes": shapes,
        "annotations": [said],
        "xaxis": value_axis(0, high, "hours", most=3) if axis else hidden(0, high),
        "yaxis": hidden(-0.5, 0.5),
    }
    traces = [
        line([0, waited], [0, 0], {"color": LIGHT.reaction, "width": 4}),
        dots([waited], [0], marker(LIGHT.reaction, 11), words),
    ]
    return canvas.chart(traces, layout, f": {value} of working hours; usual is up to {range_}.")


def draw_waits(waits: Sequence[tuple[str, Sequence[float]]], *, title: str) -> Chart:
    """One dot per line whose result waits, from "just now" past "its own usual" to "twice".

    - `waits`: name of each stream in order, and the wait of each of its lines as a multiple of the
      line's own usual.
    """
    height = _TOP + _BOTTOM + _ROW * max(1, len(waits))
    canvas = Canvas(title, height, (_LEFT, _RIGHT, _TOP, _BOTTOM))
    if not any(lines for _, lines in waits):
        return canvas.blank("No result waits")
    meanings = [("●", LIGHT.reaction, "beyond its usual"), ("○", LIGHT.series, "inside")]
    notes, traces, said = [key(meanings, lift=12)], [], []
    for at, (name, lines) in enumerate(waits):
        inside = sorted(it for it in lines if it <= 1)
        beyond = sorted(min(it, _FARTHEST) for it in lines if it > 1)
        looks = marker(LIGHT.bg, 11, LIGHT.series, 2), marker(LIGHT.reaction, 12)
        for places, look in zip((inside, beyond), looks, strict=True):
            if places:
                traces.append(dots(places, [at] * len(places), look))
        notes.append(beside(bold(safe(name, 10)), at, -_LEFT + 2, font=INK))
        if beyond:
            longer = bold(f"{len(beyond)} wait{'s' if len(beyond) == 1 else ''} longer")
            notes.append(beside(longer, at, 4, x=1, font=INK))
        counted = f"{formats.label(name)} {formats.plural(len(lines), 'line')}"
        said.append(f"{counted}, {len(beyond)} beyond")
    layout: Part = {
        "annotations": notes,
        "shapes": [box((0, 1), (at - _BAR, at + _BAR), LIGHT.band) for at in range(len(waits))],
        "xaxis": {
            "range": [-0.08, _FARTHEST + 0.1],
            "tickvals": [0, 1, 2],
            "ticktext": ["just now", "its own usual", "twice"],
        },
        "yaxis": row_axis(len(waits)),
    }
    return canvas.chart(traces, layout, f": {'; '.join(said)}.")
