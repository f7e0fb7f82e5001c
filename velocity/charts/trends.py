"""A measure over weeks, against its own usual range (XmR limits)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity.charts.base import Canvas, Chart, Part, padded, value_axis, words_at
from velocity.charts.weeks import alt_trend, band_and_centre, day_axis, series
from velocity.reading.series import Weeks

if TYPE_CHECKING:
    from datetime import date

    from velocity.theme import Mode

TILE_HEIGHT = 128
TILE_MARGIN = (38, 18, 8, 22)
#: The name of a part is as long as this many of twelve weeks, and as high as this part of the axis.
_NAME_WEEKS, _NAME_ROOM = 4, 0.16


def draw_trend(frame: pl.DataFrame, *, mode: Mode, title: str, unit: str) -> Chart:
    """A line over weeks on the band of its usual range; shifts are diamonds.

    The current week is a hollow dot. Without limits (fewer than 8 weeks) there is no band.

    - `frame`: one row per week; `week_start` (date, its Monday), `value` (float of `unit`, null
      if not known), `n` (int, null), `centre`, `limit_low`, `limit_high` (float of `unit`,
      null), `signal`, `running` (bool).
    - `unit`: of `value` and its limits; see `formats.figure`.
    """
    canvas = Canvas(title, mode, TILE_HEIGHT, TILE_MARGIN)
    weeks = Weeks.of(frame)
    if not weeks.values:
        return canvas.blank()
    reach = [weeks.limits["limit_low"], weeks.limits["limit_high"]]
    layout = {
        "shapes": band_and_centre(weeks.limits, canvas.colour),
        "xaxis": day_axis(weeks.starts),
        "yaxis": value_axis(*padded([*weeks.values, *reach]), unit),
    }
    return canvas.chart(series(weeks, unit, canvas.colour), layout, alt_trend(weeks, unit))


def draw_split_trend(frame: pl.DataFrame, *, mode: Mode, title: str) -> Chart:
    """Machine and reaction medians over weeks, each on its own band, from zero.

    `frame` is as for `draw_trend`, in hours, with the `measure` of each row.
    """
    canvas = Canvas(title, mode, TILE_HEIGHT, TILE_MARGIN)
    colour = canvas.colour
    traces: list[Part] = []
    shapes: list[Part] = []
    sentences: list[str] = []
    starts: set[date] = set()
    tops: dict[str, float] = {}
    feet: dict[str, float] = {}  # of the line, at its name
    for part, ink in (("machine", colour.machine), ("reaction", colour.reaction)):
        weeks = Weeks.of(frame.filter(pl.col("measure") == f"{part}_hours_median"))
        if not weeks.values:
            continue
        limits = weeks.limits
        band = [it for it in (limits["limit_low"], limits["limit_high"]) if it is not None]
        tops[part], feet[part] = max([*band, *weeks.values]), min(weeks.values[:_NAME_WEEKS])
        shapes += band_and_centre(limits | {"centre": None}, colour)
        traces += series(weeks, "hours", colour, ink)
        starts |= {*weeks.starts}
        sentences.append(f", {part}{alt_trend(weeks, 'hours')}")
    if not tops:
        return canvas.blank()
    high = max(tops.values()) * 1.18 or 1
    lower = min(feet, key=feet.__getitem__)
    below = len(feet) > 1 and feet[lower] > high * _NAME_ROOM
    place: Part = {"x": 0.01, "xref": "x domain", "yref": "y", "xanchor": "left", "xshift": 4}
    layout = {
        "shapes": shapes,
        "annotations": [
            # Above its band, but the lower name is below its line: the other line is between them.
            words_at(part, y=feet[part], yanchor="top", yshift=2, **place)
            if below and part == lower
            else words_at(part, y=top, yanchor="bottom", yshift=-2, **place)
            for part, top in tops.items()
        ],
        "xaxis": day_axis(sorted(starts)),
        "yaxis": value_axis(0, high, "hours"),
    }
    return canvas.chart(traces, layout, f" {title}".join(sentences))
