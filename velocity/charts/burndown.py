"""Credits left, and the day they would run out at the current pace."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from velocity import formats
from velocity.charts.base import Canvas, Chart, Part, day_ticks, iso, value_axis, words_at
from velocity.charts.marks import dots, hover, line, marker
from velocity.charts.weeks import day_axis

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from velocity.theme import Mode


def draw_burndown(
    frame: pl.DataFrame,
    *,
    exhausted_on: date | None,
    mode: Mode,
    title: str,
) -> Chart:
    """The balance in steps from zero up, and a dotted line to the day it would be used up.

    - `frame`: in order of `day` (date): `balance` (float, credits at the end of the day).
    - `exhausted_on`: when the balance reaches zero at the pace of the last 14 days; None if
      nothing was spent or nothing is left.
    """
    canvas = Canvas(title, mode, 260, (44, 40, 12, 26))
    known = frame.drop_nulls("balance")
    if known.is_empty():
        return canvas.blank()
    colour = canvas.colour
    days, balances = known["day"].to_list(), known["balance"].to_list()
    today, left = days[-1], balances[-1]
    forecast = exhausted_on if exhausted_on is not None and exhausted_on > today else None
    last = forecast or today
    words = [
        hover(formats.day(day), f"<b>{formats.count(balance)}</b> left")
        for day, balance in zip(days, balances, strict=True)
    ]
    steps = {"color": colour.series, "width": 1.75, "shape": "hv"}
    traces: list[Part] = [line(days, balances, steps, words)]
    if forecast:
        end = f"used up {formats.day(forecast)}"
        dotted = {"color": colour.faint, "width": 1.5, "dash": "dot"}
        traces.append(line([today, forecast], [left, 0], dotted))
        traces.append(dots([forecast], [0], marker(colour.bg, 8, colour.faint), [end]))
    now = f"now <b>{formats.count(left)}</b>"
    traces.append(dots([today], [left], marker(colour.series, 7), [now]))
    beside = {"xref": "x", "yref": "y", "xanchor": "left", "yanchor": "bottom", "xshift": 5}
    room = max(timedelta(days=4), (last - days[0]) * 0.05)
    low, high = min(0, *balances) * 1.08, max(0, *balances) * 1.08 or 1
    layout = {
        "annotations": [words_at("now", x=iso(today), y=left, yshift=2, **beside)],
        "xaxis": day_axis([days[0], last], room) | day_ticks(days[0], today, last),
        "yaxis": value_axis(low, high, "count"),
    }
    end = f"used up on {formats.day(forecast)} at the current pace" if forecast else "no forecast"
    alt = (
        f", {formats.span(days[0], today)}: {formats.count(left)} left on "
        f"{formats.day(today)}, {end}."
    )
    return canvas.chart(traces, layout, alt)
