"""How far along its own usual each waiting line is, one row per stream, without names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, key, safe, words_at
from velocity.charts.marks import dots, marker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from velocity.theme import Mode, Tokens

_ROW, _TOP, _BOTTOM, _LEFT, _RIGHT = 40, 34, 28, 76, 96
_BAR = 0.34
#: Farther waits are drawn here, in multiples of the line's usual.
_FARTHEST = 2.4


def draw_waits(waits: Sequence[tuple[str, Sequence[float]]], *, mode: Mode, title: str) -> Chart:
    """One dot per line whose result waits, from "just now" past "its own usual" to "twice".

    - `waits`: name of each stream in order, and the wait of each of its lines as a multiple of the
      line's own usual.
    """
    canvas = Canvas(
        title, mode, _TOP + _BOTTOM + _ROW * max(1, len(waits)), (_LEFT, _RIGHT, _TOP, _BOTTOM)
    )
    if not any(lines for _, lines in waits):
        return canvas.blank("No result waits")
    colour = canvas.colour
    layout: Part = {
        "annotations": [
            key(
                [("●", colour.reaction, "beyond its usual"), ("○", colour.series, "inside")],
                lift=12,
            )
        ],
        "shapes": [_bar(at, colour) for at in range(len(waits))],
        "xaxis": {
            "range": [-0.08, _FARTHEST + 0.1],
            "tickvals": [0, 1, 2],
            "ticktext": ["just now", "its own usual", "twice"],
        },
        "yaxis": {"visible": False, "range": [len(waits) - 0.5, -0.5]},
    }
    traces: list[Part] = []
    for at, (name, lines) in enumerate(waits):
        beyond = sorted(min(it, _FARTHEST) for it in lines if it > 1)
        inside = sorted(it for it in lines if it <= 1)
        for places, look in (
            (inside, marker(colour.bg, 11, colour.series, 2)),
            (beyond, marker(colour.reaction, 12)),
        ):
            if places:
                traces.append(dots(places, [at] * len(places), look))
        ink: Part = {"font": {"color": colour.text}, "y": at, "yref": "y"}
        layout["annotations"].append(
            words_at(f"<b>{safe(name, 10)}</b>", x=0, xanchor="left", xshift=-_LEFT + 2, **ink)
        )
        if beyond:
            longer = f"<b>{len(beyond)} wait{'s' if len(beyond) == 1 else ''} longer</b>"
            layout["annotations"].append(words_at(longer, x=1, xanchor="left", xshift=4, **ink))
    said = "; ".join(
        f"{formats.label(name)} {formats.plural(len(lines), 'line')}, "
        f"{sum(it > 1 for it in lines)} beyond"
        for name, lines in waits
    )
    return canvas.chart(traces, layout, f": {said}.")


def _bar(at: int, colour: Tokens) -> Part:
    place = {"x0": 0, "x1": 1, "y0": at - _BAR, "y1": at + _BAR}
    fill = {"fillcolor": colour.band, "line": {"width": 0}, "layer": "below"}
    return {"type": "rect", **place, **fill}
