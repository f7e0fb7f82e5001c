"""A measure over weeks, against its own usual range (XmR limits)."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from velocity import formats
from velocity.charts.base import (
    DAY_MS,
    Chart,
    Part,
    Unit,
    blank,
    edge_axis,
    hatch,
    hover,
    iso,
    key,
    make_figure,
    padded,
    ticks,
    value_axis,
    words_at,
)
from velocity.charts.weeks import Weeks, alt_trend, band_and_centre, room, series, week_axis
from velocity.theme import Mode, tokens

TILE_HEIGHT = 128
TILE_MARGIN = (38, 18, 8, 22)
#: A part's name is as long as so many of twelve weeks, and as high as this part of the axis.
_NAME_WEEKS, _NAME_ROOM = 4, 0.16
_THROUGHPUT_HEIGHT = 198
_THROUGHPUT_MARGIN = (30, 8, 46, 26)


def draw_trend(
    frame: pl.DataFrame,
    *,
    mode: Mode,
    title: str,
    unit: Unit,
    height: int = TILE_HEIGHT,
) -> Chart:
    """A line over weeks on the band of its usual range; signals are diamonds.

    The running week is an open dot. Without limits (fewer than 8 weeks) there is no band.

    Args:
        frame: a row a week; `week_start` (date, its Monday), `value` (float of `unit`, null where
            not known), `n` (int, null), `centre`, `limit_low`, `limit_high` (float of `unit`,
            null), `signal`, `running` (bool).
        mode: which palette.
        title: what the figures are.
        unit: of `value` and its limits.
        height: px.
    """
    weeks = Weeks.of(frame)
    if not weeks.values:
        return blank(title, mode=mode, height=height)
    limits = weeks.limits
    low, high = padded([*weeks.values, limits["limit_low"], limits["limit_high"]])
    layout = {
        "shapes": band_and_centre(limits, mode=mode),
        "xaxis": week_axis(weeks.starts),
        "yaxis": {"range": [low, high], **value_axis(ticks(low, high, unit), unit)},
    }
    traces = series(weeks, mode=mode, unit=unit, colour=tokens(mode).series)
    figure = make_figure(traces, layout, mode=mode, height=height, margin=TILE_MARGIN)
    return Chart(figure, alt_trend(weeks, title=title, unit=unit))


def draw_split_trend(frame: pl.DataFrame, *, mode: Mode, title: str) -> Chart:
    """Machine and reaction medians over weeks, each on its own band, from zero.

    Args:
        frame: a row a week and part, as for `draw_trend` with `value` in hours, and `part`
            ("machine" or "reaction").
        mode: which palette.
        title: what the figures are.
    """
    both = Weeks.of(frame)
    if frame.drop_nulls("value").is_empty():
        return blank(title, mode=mode, height=TILE_HEIGHT)
    colour = tokens(mode)
    traces: list[Part] = []
    shapes: list[Part] = []
    sentences: list[str] = []
    tops: dict[str, float] = {}
    feet: dict[str, float] = {}  # of the line where its name stands
    for part, line in (("machine", colour.machine), ("reaction", colour.reaction)):
        weeks = Weeks.of(frame.filter(pl.col("part") == part))
        if not weeks.values:
            continue
        limits = weeks.limits
        band = [edge for edge in (limits["limit_low"], limits["limit_high"]) if edge is not None]
        top = max([*band, *weeks.values])
        tops[part], feet[part] = top, min(weeks.values[:_NAME_WEEKS])
        shapes += band_and_centre(limits | {"centre": None}, mode=mode)
        traces += series(weeks, mode=mode, unit="hours", colour=line)
        sentences.append(alt_trend(weeks, title=f"{title}, {part}", unit="hours"))
    high = max(tops.values()) * 1.18 or 1
    lower = min(feet, key=feet.__getitem__)
    below = len(feet) > 1 and feet[lower] > high * _NAME_ROOM
    place: Part = {"x": 0.01, "xref": "x domain", "yref": "y", "xanchor": "left", "xshift": 4}
    layout = {
        "shapes": shapes,
        "annotations": [
            # Above its band, but the lower one's below its line: between them is the other line.
            words_at(part, y=feet[part], yanchor="top", yshift=2, **place)
            if below and part == lower
            else words_at(part, y=top, yanchor="bottom", yshift=-2, **place)
            for part, top in tops.items()
        ],
        "xaxis": week_axis(both.starts),
        "yaxis": {"range": [0, high], **value_axis(ticks(0, high, "hours"), "hours")},
    }
    figure = make_figure(traces, layout, mode=mode, height=TILE_HEIGHT, margin=TILE_MARGIN)
    return Chart(figure, " ".join(sentences))


def draw_throughput(frame: pl.DataFrame, *, mode: Mode, title: str) -> Chart:
    """Concluded experiments as a line on its band, failed ones as hatched bars, from zero.

    Args:
        frame: as for `draw_trend` with counts, and `failed` (int, null): experiments or runs
            that failed that week.
        mode: which palette.
        title: what the figures are.
    """
    weeks = Weeks.of(frame)
    if not weeks.values:
        return blank(title, mode=mode, height=_THROUGHPUT_HEIGHT)
    colour = tokens(mode)
    limits = weeks.limits
    failed = [row["failed"] for row in weeks.rows]
    counts = [*weeks.values, *(number or 0 for number in failed), limits["limit_high"] or 0]
    high = max(counts) * 1.12 or 1
    bars = {
        "type": "bar",
        "x": [iso(start) for start in weeks.starts],
        "y": failed,
        "width": 2.2 * DAY_MS,
        "marker": {
            "color": colour.failed,
            "line": {"width": 0},
            "pattern": hatch(colour.bg),
        },
        "customdata": [
            hover([formats.week(start), f"{formats.count(number)} failed"])
            for start, number in zip(weeks.starts, failed, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    layout = {
        "shapes": band_and_centre(limits, mode=mode),
        "annotations": [
            key(
                [("━", colour.series, "concluded"), ("■", colour.failed, "failed (hatched)")],
                lift=14,
            )
        ],
        "xaxis": week_axis(weeks.starts),
        "yaxis": {"range": [0, high], **value_axis(ticks(0, high, "count"), "count")},
    }
    traces = [bars, *series(weeks, mode=mode, unit="count", colour=colour.series)]
    figure = make_figure(
        traces, layout, mode=mode, height=_THROUGHPUT_HEIGHT, margin=_THROUGHPUT_MARGIN
    )
    alt = alt_trend(weeks, title=title, unit="count").removesuffix(".")
    lost = formats.count(weeks.latest["failed"])
    return Chart(figure, f"{alt}; {lost} failed that week.")


def draw_dots(frame: pl.DataFrame, *, mode: Mode, title: str) -> Chart:
    """Single times, in place of a median of fewer than six events.

    Args:
        frame: a row an experiment; `started_at` (naive local datetime), `hours` (float),
            `event` (bool, false where the time was only seen so far: drawn hollow).
        mode: which palette.
        title: what the figures are.
    """
    if frame.is_empty():
        return blank(title, mode=mode, height=TILE_HEIGHT)
    colour = tokens(mode)
    traces: list[Part] = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [iso(moment) for moment in rows["started_at"]],
            "y": rows["hours"].to_list(),
            "marker": {
                "size": 7,
                "color": colour.series if event else colour.bg,
                "line": {"width": 1.5, "color": colour.series},
            },
            "customdata": [
                f"{'' if event else 'so far '}{formats.duration(hours)}" for hours in rows["hours"]
            ],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
        for event in (True, False)
        for rows in [frame.filter(pl.col("event") == event)]
        if not rows.is_empty()
    ]
    # Room for the words above the highest dot.
    high = max(frame["hours"].to_list()) * 1.4 or 1
    words = f"{formats.sample(frame.height)}, no median"
    corner = {"xanchor": "right", "yanchor": "top"}
    days = frame["started_at"].sort().dt.date().to_list()
    layout = {
        "annotations": [words_at(words, x=1, y=1, **corner)],
        "xaxis": edge_axis(days) | {"type": "date", "range": room(days, timedelta(days=1))},
        "yaxis": {"range": [0, high], **value_axis(ticks(0, high, "hours"), "hours")},
    }
    figure = make_figure(traces, layout, mode=mode, height=TILE_HEIGHT, margin=TILE_MARGIN)
    censored = frame.filter(~pl.col("event")).height
    return Chart(figure, f"{title}, {formats.span(days[0], days[-1])}: {words}, {censored} open.")
