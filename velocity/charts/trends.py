"""A measure over weeks, against its own usual range (XmR limits)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.charts.base import Canvas, Chart, padded, value_axis
from velocity.charts.weeks import alt_trend, band_and_centre, day_axis, series
from velocity.reading.series import Weeks

if TYPE_CHECKING:
    import polars as pl

    from velocity.theme import Mode

TILE_HEIGHT = 128
TILE_MARGIN = (38, 18, 8, 22)


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
