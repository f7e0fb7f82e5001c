"""A measure over weeks, against its own usual range (XmR limits)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.charts.base import DAY_MS, Canvas, Chart, key, padded, value_axis, words_at
from velocity.charts.marks import bars, dots, hatched, hover, marker
from velocity.charts.weeks import alt_trend, band_and_centre, day_axis, series
from velocity.reading.series import Weeks

if TYPE_CHECKING:
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


def draw_throughput(frame: pl.DataFrame, *, mode: Mode, title: str) -> Chart:
    """Concluded experiments as a line on its band, failures as hatched bars, from zero.

    `frame` is as for `draw_trend`, with counts and `failed` (int, null): failures of the week.
    """
    canvas = Canvas(title, mode, 198, (30, 8, 46, 26))
    weeks = Weeks.of(frame)
    if not weeks.values:
        return canvas.blank()
    colour = canvas.colour
    failed = [row["failed"] for row in weeks.rows]
    words = [
        hover(formats.week(start), f"{formats.count(number)} failed")
        for start, number in zip(weeks.starts, failed, strict=True)
    ]
    lost = bars(weeks.starts, failed, hatched(colour.failed, colour.bg), words, width=2.2 * DAY_MS)
    entries = [("━", colour.series, "concluded"), ("■", colour.failed, "failed (hatched)")]
    counts = [*weeks.values, *(it or 0 for it in failed), weeks.limits["limit_high"] or 0]
    layout = {
        "shapes": band_and_centre(weeks.limits, colour),
        "annotations": [key(entries, lift=14)],
        "xaxis": day_axis(weeks.starts),
        "yaxis": value_axis(0, max(counts) * 1.12 or 1, "count"),
    }
    alt = alt_trend(weeks, "count").removesuffix(".")
    alt += f"; {formats.count(weeks.latest['failed'])} failed that week."
    return canvas.chart([lost, *series(weeks, "count", colour)], layout, alt)


def draw_dots(frame: pl.DataFrame, *, mode: Mode, title: str) -> Chart:
    """Single times, instead of a median of fewer than six events.

    - `frame`: one row per experiment; `started_at` (naive local datetime), `hours` (float),
      `event` (bool, false if the time is still running: drawn hollow).
    """
    canvas = Canvas(title, mode, TILE_HEIGHT, TILE_MARGIN)
    if frame.is_empty():
        return canvas.blank()
    colour = canvas.colour
    traces = []
    for event, fill, so_far in ((True, colour.series, ""), (False, colour.bg, "so far ")):
        rows = frame.filter(pl.col("event") == event)
        words = [f"{so_far}{formats.duration(hours)}" for hours in rows["hours"]]
        look = marker(fill, 7, colour.series)
        if not rows.is_empty():
            traces.append(dots(rows["started_at"], rows["hours"], look, words))
    # Room for the text above the highest dot.
    high = max(frame["hours"].to_list()) * 1.4 or 1
    no_median = f"{formats.sample(frame.height)}, no median"
    days = frame["started_at"].sort().dt.date().to_list()
    layout = {
        "annotations": [words_at(no_median, x=1, y=1, xanchor="right", yanchor="top")],
        "xaxis": day_axis(days, timedelta(days=1)),
        "yaxis": value_axis(0, high, "hours"),
    }
    open_ones = frame.filter(~pl.col("event")).height
    alt = f", {formats.span(days[0], days[-1])}: {no_median}, {open_ones} open."
    return canvas.chart(traces, layout, alt)
