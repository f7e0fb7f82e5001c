"""How long lines have waited, against their own usual: one line, or all of each stream."""

from collections.abc import Mapping, Sequence
from typing import Any

from velocity import formats
from velocity.charts.base import Canvas, Chart, hidden, row_axis, value_axis
from velocity.charts.marks import box, dots, line, marker, rule
from velocity.charts.words import Part, beside, bold, hover, key, safe
from velocity.theme import Mode

_BULLET, _AXIS, _VALUE = 44, 22, 66
_BULLET_BAR = (-0.25, 0.25)
_ROW, _TOP, _BOTTOM, _LEFT, _RIGHT = 40, 34, 28, 76, 96
_BAR = 0.34
#: Farther waits are drawn here, in multiples of the line's usual.
_FARTHEST = 2.4


def draw_bullet(
    row: Mapping[str, Any], *, longest: float, mode: Mode, title: str, axis: bool
) -> Chart:
    """One wait as a line with a dot, over a bar from 0 to the line's usual with a tick at its half.

    - `row`: `waited_working_hours`, and `usual_working_hours` and `usual_median_working_hours`
      (null if not known), within which 85 of 100 of the line's waits, and half of them, end.
    - `longest`: end of the axis, which all rows share.
    - `axis`: whether this row draws the axis: the last one.
    """
    waited, usual = row["waited_working_hours"], row["usual_working_hours"]
    median = row["usual_median_working_hours"]
    below = _AXIS if axis else 0
    canvas = Canvas(title, mode, _BULLET + below, (2, _VALUE, 0, below))
    colour = canvas.colour
    value, range_ = formats.duration(waited), formats.duration(usual)
    words = [hover(f"{bold(value)} of working hours", f"85 of 100 waits end within {range_}")]
    edge = {"width": 1, "color": colour.faint}
    shapes = [box((0, min(usual, longest)), _BULLET_BAR, colour.band, line=edge)]
    if median is not None:
        half = {"width": 1.5, "color": colour.series}
        shapes.append(rule((median, median), _BULLET_BAR, half))
    high = longest * 1.02 or 1
    said = beside(bold(value), 0, 10, x=waited, xref="x", font={"color": colour.text})
    layout = {
        "shapes": shapes,
        "annotations": [said],
        "xaxis": value_axis(0, high, "hours", most=3) if axis else hidden(0, high),
        "yaxis": hidden(-0.5, 0.5),
    }
    traces = [
        line([0, waited], [0, 0], {"color": colour.reaction, "width": 4}),
        dots([waited], [0], marker(colour.reaction, 11), words),
    ]
    return canvas.chart(traces, layout, f": {value} of working hours; usual is up to {range_}.")


def draw_waits(waits: Sequence[tuple[str, Sequence[float]]], *, mode: Mode, title: str) -> Chart:
    """One dot per line whose result waits, from "just now" past "its own usual" to "twice".

    - `waits`: name of each stream in order, and the wait of each of its lines as a multiple of the
      line's own usual.
    """
    height = _TOP + _BOTTOM + _ROW * max(1, len(waits))
    canvas = Canvas(title, mode, height, (_LEFT, _RIGHT, _TOP, _BOTTOM))
    if not any(lines for _, lines in waits):
        return canvas.blank("No result waits")
    colour = canvas.colour
    meanings = [("●", colour.reaction, "beyond its usual"), ("○", colour.series, "inside")]
    notes, traces, said = [key(meanings, lift=12)], [], []
    ink: Part = {"font": {"color": colour.text}}
    for at, (name, lines) in enumerate(waits):
        inside = sorted(it for it in lines if it <= 1)
        beyond = sorted(min(it, _FARTHEST) for it in lines if it > 1)
        looks = marker(colour.bg, 11, colour.series, 2), marker(colour.reaction, 12)
        for places, look in zip((inside, beyond), looks, strict=True):
            if places:
                traces.append(dots(places, [at] * len(places), look))
        notes.append(beside(bold(safe(name, 10)), at, -_LEFT + 2, **ink))
        if beyond:
            longer = bold(f"{len(beyond)} wait{'s' if len(beyond) == 1 else ''} longer")
            notes.append(beside(longer, at, 4, x=1, **ink))
        counted = f"{formats.label(name)} {formats.plural(len(lines), 'line')}"
        said.append(f"{counted}, {len(beyond)} beyond")
    layout: Part = {
        "annotations": notes,
        "shapes": [box((0, 1), (at - _BAR, at + _BAR), colour.band) for at in range(len(waits))],
        "xaxis": {
            "range": [-0.08, _FARTHEST + 0.1],
            "tickvals": [0, 1, 2],
            "ticktext": ["just now", "its own usual", "twice"],
        },
        "yaxis": row_axis(len(waits)),
    }
    return canvas.chart(traces, layout, f": {'; '.join(said)}.")
