"""Hours of experiments one after another, beside the hours in which they ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, words_at
from velocity.charts.marks import bars, outline, solid

if TYPE_CHECKING:
    from velocity.theme import Mode

_HEIGHT = 96


def draw_side_by_side(
    *, experiment_hours: float, serial_hours: float, parallel_hours: float, mode: Mode, title: str
) -> Chart:
    """An outline of the hours one after another, and below it the hours as they ran.

    Args:
        experiment_hours: hours in flight, summed over experiments.
        serial_hours: hours with one experiment in flight.
        parallel_hours: hours with two or more.
        mode: colours.
        title: of the figures.
    """
    canvas = Canvas(title, mode, _HEIGHT, (1, 1, 18, 2))
    colour, busy = canvas.colour, serial_hours + parallel_hours
    if not busy:
        return canvas.blank("Nothing was in flight in these days")
    flat: Part = {"orientation": "h", "width": [0.42]}
    whole, ran, one, more = _printed(experiment_hours, busy, serial_hours)
    traces = [
        bars([hours], [at], look, [f"{name} {said}"], **flat)
        for hours, at, look, name, said in (
            (experiment_hours, 1, outline(colour.muted), "one after another", whole),
            (serial_hours, 0, solid(colour.serial), "one in flight", one),
            (parallel_hours, 0, solid(colour.parallel), "two or more", more),
        )
    ]
    place: Part = {"x": 0, "xanchor": "left", "yref": "y", "yanchor": "bottom"}
    ink: Part = {"font": {"color": colour.text}, "yshift": 1}
    swatches = [
        f'<span style="color:{fill}">■</span>{formats.NBSP}{words}'
        for fill, words in (
            (colour.serial, f"{one} one in flight"),
            (colour.parallel, f"{more} two or more"),
        )
    ]
    layout = {
        "barmode": "stack",
        "xaxis": {"visible": False, "range": [0, max(experiment_hours, busy)]},
        "yaxis": {"visible": False, "range": [-0.24, 1.24]},
        "annotations": [
            words_at(f"one after another <b>{whole}</b>", y=1.23, **place, **ink),
            words_at(f"as they ran <b>{ran}</b> = {' + '.join(swatches)}", y=0.23, **place, **ink),
        ],
    }
    alt = f": one after another {whole}, as they ran {ran}: {one} one in flight, {more} parallel."
    return canvas.chart(traces, layout, alt)


def _printed(whole: float, busy: float, serial: float) -> tuple[str, str, str, str]:
    """The hours in words; the last two add up to the second as printed."""
    ran, one = round(busy), min(round(serial), round(busy))
    return (
        formats.hours_sum(round(whole)),
        formats.hours_sum(ran),
        formats.hours_sum(one),
        formats.hours_sum(ran - one),
    )
