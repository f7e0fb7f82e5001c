"""The small charts in the tiles of the programme's headline figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from velocity.charts.burndown import draw_burndown
from velocity.charts.tiles import draw_spark_bars, draw_spark_line
from velocity.charts.trends import draw_split_trend, draw_trend
from velocity.charts.weeks import split, trend

if TYPE_CHECKING:
    import polars as pl

    from velocity.charts.base import Chart, Unit
    from velocity.theme import Mode

Row = dict[str, Any]


def concluded_charts(days: pl.DataFrame, weekly: pl.DataFrame, mode: Mode) -> list[Chart]:
    """Concluded a day, concluded a week; frames as for `tile_rows`."""
    return [
        draw_spark_bars(
            _daily(days, "experiments_concluded"), mode=mode, title="Concluded a day", unit="count"
        ),
        _trend(weekly, "experiments_concluded", "Concluded experiments a week", "count", mode),
    ]


def serial_charts(days: pl.DataFrame, weekly: pl.DataFrame, mode: Mode) -> list[Chart]:
    """The serial share by day and by week."""
    title = "Serial share of busy hours"
    return [
        draw_spark_line(_daily(days, "serial_share"), mode=mode, title=title, unit="share"),
        _trend(weekly, "serial_share", title, "share", mode),
    ]


def loop_charts(days: pl.DataFrame, weekly: pl.DataFrame, mode: Mode) -> list[Chart]:
    """The median loop by day; machine and reaction by week."""
    return [
        draw_spark_line(
            _daily(days, "loop_hours_median"), mode=mode, title="Loop, median", unit="hours"
        ),
        draw_split_trend(split(weekly), mode=mode, title="Feedback loop, median"),
    ]


def credit_charts(
    days: pl.DataFrame, balance: pl.DataFrame, ledger: Row | None, mode: Mode
) -> list[Chart]:
    """Credits spent a day and what is left; GPU-hours a day where `ledger` is None."""
    title, left = "Credits left", balance
    spent, of_spent, until = "credits", "Credits a day", None
    if ledger is not None:
        until = ledger["exhausted_on"]
    else:
        left, spent, of_spent = balance.clear(), "gpu_hours", "GPU-hours a day"
    return [
        draw_spark_bars(_daily(days, spent), mode=mode, title=of_spent, unit="count"),
        draw_burndown(left, exhausted_on=until, mode=mode, title=title, tile=True),
    ]


def _daily(days: pl.DataFrame, measure: str) -> pl.DataFrame:
    return days.select(day="period_start", value=measure)


def _trend(weekly: pl.DataFrame, measure: str, title: str, unit: Unit, mode: Mode) -> Chart:
    return draw_trend(trend(weekly, measure), mode=mode, title=title, unit=unit)
