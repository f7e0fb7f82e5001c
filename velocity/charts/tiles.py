"""The small charts of the Stand-up tiles: four weeks by day, and twelve weeks below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from velocity import formats
from velocity.charts.base import Canvas, Chart, iso, padded
from velocity.charts.burndown import draw_burndown
from velocity.charts.marks import bars, dots, line, marker, solid
from velocity.charts.trends import draw_split_trend, draw_trend
from velocity.reading.series import trend

if TYPE_CHECKING:
    import polars as pl

    from velocity.theme import Mode

_HEIGHT, _MARGIN = 40, (0, 4, 4, 2)
_LINE_INSET = 0.04


def concluded_charts(days: pl.DataFrame, weekly: pl.DataFrame, mode: Mode) -> list[Chart]:
    """Concluded experiments by day and by week; frames as for `tile_rows`."""
    measure, title = "experiments_concluded", "Concluded experiments a week"
    return [
        draw_spark_bars(_daily(days, measure), mode=mode, title="Concluded a day", unit="count"),
        draw_trend(trend(weekly, measure), mode=mode, title=title, unit="count"),
    ]


def serial_charts(days: pl.DataFrame, weekly: pl.DataFrame, mode: Mode) -> list[Chart]:
    """The serial share by day and by week."""
    title, unit = "Serial share of busy hours", "share"
    return [
        draw_spark_line(_daily(days, "serial_share"), mode=mode, title=title, unit=unit),
        draw_trend(trend(weekly, "serial_share"), mode=mode, title=title, unit=unit),
    ]


def loop_charts(days: pl.DataFrame, weekly: pl.DataFrame, mode: Mode) -> list[Chart]:
    """The median loop by day; machine and reaction by week."""
    loops = _daily(days, "loop_hours_median")
    return [
        draw_spark_line(loops, mode=mode, title="Loop, median", unit="hours"),
        draw_split_trend(weekly, mode=mode, title="Feedback loop, median"),
    ]


def credit_charts(
    days: pl.DataFrame, balance: pl.DataFrame, ledger: dict[str, Any] | None, mode: Mode
) -> list[Chart]:
    """Credits spent by day and credits left; GPU-hours by day if `ledger` is None."""
    left, spent, title, until = balance.clear(), "gpu_hours", "GPU-hours a day", None
    if ledger is not None:
        left, spent, title = balance, "credits", "Credits a day"
        until = ledger["exhausted_on"]
    return [
        draw_spark_bars(_daily(days, spent), mode=mode, title=title, unit="count"),
        draw_burndown(left, exhausted_on=until, mode=mode, title="Credits left", tile=True),
    ]


def draw_spark_bars(frame: pl.DataFrame, *, mode: Mode, title: str, unit: str) -> Chart:
    """One bar per day from zero, without axes: for counts and sums.

    - `frame`: in order of `day` (date), without gaps; `value` (float or int of `unit`, null
      if not known).
    - `unit`: of `value`.
    """
    canvas = Canvas(title, mode, _HEIGHT, _MARGIN)
    if frame.is_empty():
        return canvas.blank()
    trace = bars(frame["day"], frame["value"], solid(canvas.colour.faint), _words(frame, unit))
    axes = {"xaxis": {"visible": False}, "yaxis": {"visible": False, "rangemode": "tozero"}}
    return canvas.chart([trace], {**axes, "bargap": 0.32}, _alt(frame, unit))


def draw_spark_line(frame: pl.DataFrame, *, mode: Mode, title: str, unit: str) -> Chart:
    """A line over the days with a dot on the latest, without axes: for shares and times.

    `frame` is as for `draw_spark_bars`; the line breaks where `value` is null.
    """
    canvas = Canvas(title, mode, _HEIGHT, _MARGIN)
    known = frame.drop_nulls("value")
    if known.is_empty():
        return canvas.blank()
    colour, days, last = canvas.colour, frame["day"], known.tail(1)
    style = {"color": colour.faint, "width": 1.5}
    words = _words(frame, unit)
    traces = [
        line(days, frame["value"], style, words, connectgaps=False),
        dots(last["day"], last["value"], marker(colour.series, 5), _words(last, unit)),
    ]
    inset = (days[-1] - days[0]) * _LINE_INSET
    layout = {
        "xaxis": {"visible": False, "range": [iso(days[0] - inset), iso(days[-1] + inset)]},
        "yaxis": {"visible": False, "range": padded(known["value"])},
    }
    return canvas.chart(traces, layout, _alt(frame, unit))


def _daily(days: pl.DataFrame, measure: str) -> pl.DataFrame:
    return days.select(day="period_start", value=measure)


def _words(frame: pl.DataFrame, unit: str) -> list[str]:
    return [
        f"{formats.weekday(day)}: {formats.figure(value, unit)}"
        for day, value in frame.select("day", "value").iter_rows()
    ]


def _alt(frame: pl.DataFrame, unit: str) -> str:
    days, last = frame["day"], formats.figure(frame["value"][-1], unit)
    return f", one value per day, {formats.span(days[0], days[-1])}: latest {last}."
