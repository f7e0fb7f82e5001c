"""GPU-hours a week, stacked by stream."""

from collections.abc import Sequence

import polars as pl

from velocity import formats
from velocity.charts.base import DAY_MS, Canvas, Chart, value_axis
from velocity.charts.marks import apart, bars
from velocity.charts.weeks import day_axis
from velocity.charts.words import beside, bold, hover, safe, swatch
from velocity.theme import LIGHT

_LABEL_PX = 14
_NO_STREAM = "no stream"


def draw_compute(frame: pl.DataFrame, *, streams: Sequence[str], title: str) -> Chart:
    """One bar per week in the streams' colours, with the names of the streams at the right end.

    - `frame`: one row per week and stream; `week_start` (date), `stream` (str, null for hours
      without a stream), `gpu_hours` (float).
    - `streams`: names in roster order, which decides the colour and the place in the stack;
      streams after the sixth share a neutral colour.
    """
    canvas = Canvas(title, 260, (44, 70, 12, 26))
    if frame.is_empty():
        return canvas.blank()
    found = {row[:2]: row[2] for row in frame.select("stream", "week_start", "gpu_hours").rows()}
    weeks = sorted({week for _, week in found})
    names = [it for it in (*streams, None) if any(name == it for name, _ in found)]
    hours = {name: [found.get((name, week), 0) for week in weeks] for name in names}
    high = max(map(sum, zip(*hours.values(), strict=True))) * 1.08 or 1
    inks = [*LIGHT.streams, *[LIGHT.faint] * len(streams)]
    fills = {None: LIGHT.killed} | {it: inks[list(streams).index(it)] for it in names if it}
    traces, middles, foot = [], [], 0.0
    for name, values in hours.items():
        words = [
            hover(
                bold(safe(name or _NO_STREAM)),
                formats.week(week),
                f"{formats.hours_sum(value)} of GPU",
            )
            for week, value in zip(weeks, values, strict=True)
        ]
        look = {"color": fills[name], "line": {"width": 1, "color": LIGHT.bg}}
        traces.append(bars(weeks, values, look, words, width=5.2 * DAY_MS))
        middles.append(foot + values[-1] / 2)
        foot += values[-1]
    needed = canvas.px(_LABEL_PX, high)
    middles[0] = max(middles[0], needed / 2)
    labels = zip(hours, apart(middles, needed), strict=True)
    layout = {
        "barmode": "stack",
        "annotations": [
            beside(swatch("■", fills[name], safe(name or _NO_STREAM, 9)), at, 4, x=1, align="left")
            for name, at in labels
        ],
        "xaxis": day_axis(weeks),
        "yaxis": value_axis(0, high, "count"),
    }
    latest = ", ".join(
        f"{name or _NO_STREAM} {formats.count(values[-1])}" for name, values in hours.items()
    )
    window = f"{formats.plural(len(weeks), 'week')} from {formats.week(weeks[0])}"
    alt = f", {window}: {latest} in the {formats.week(weeks[-1])}."
    return canvas.chart(traces, layout, alt)
