"""What "Stand-up" shows, from frames of `velocity.reading.reads`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.charts import (
    Chart,
    draw_burndown,
    draw_spark_bars,
    draw_spark_line,
    draw_split_trend,
    draw_trend,
)
from velocity.shapes.lines import with_line
from velocity.shapes.weeks import split, trend

if TYPE_CHECKING:
    from collections.abc import Callable

    from velocity.charts import Unit
    from velocity.theme import Mode

Row = dict[str, Any]

#: Measures of the four tiles.
_DAILY = ("experiments_concluded", "serial_share", "loop_hours_median", "credits")


@dataclass(frozen=True)
class Tile:
    """A headline figure and the words around it, as `ui.tile` takes them."""

    label: str
    value: str
    change: str
    before: str
    second: str
    note: str


def concluded(now: Row, before: Row | None) -> Tile:
    """Concluded experiments a week, with the share of failed runs beside it."""
    low, high = (formats.rate(now[f"throughput_per_week_{end}"]) for end in ("low", "high"))
    return Tile(
        "Concluded experiments a week",
        formats.rate(now["throughput_per_week"]),
        *_against(now, before, "throughput_per_week", formats.count_change, formats.rate),
        _known(now["failure_share"], "{} of runs failed", formats.share, "no run has ended"),
        f"{formats.sample(now['experiments_concluded'])}, 95 % limits {low} to {high} a week",
    )


def serial(now: Row, before: Row | None, scholars: int) -> Tile:
    """The serial share, with P beside it."""
    return Tile(
        "Serial share of busy hours",
        formats.share(now["serial_share"]),
        *_against(now, before, "serial_share", formats.points, formats.share),
        _known(
            now["experiment_parallelism"],
            "P {} lines of thought in flight",
            lambda value: f"{value:.2f}",
            "nothing was in flight",
        ),
        f"{formats.plural(round(now['busy_hours']), 'busy hour')}, "
        f"{formats.plural(scholars, 'scholar')}",
    )


def loop(now: Row, before: Row | None) -> Tile:
    """The median loop, split into machine and reaction; in words while there are too few."""
    closed = formats.count(now["loops_closed"])
    n = f"{formats.sample(now['loop_hours_n'], 'loop')}, {closed} closed"
    if now["loop_hours_events"] < formats.MEDIAN_EVENTS:
        few = formats.too_few(now["loop_hours_events"])
        return Tile("Feedback loop, median", "no median", "too few loops", "", few, n)
    low, high = (now[f"loop_hours_{end}"] for end in ("low", "high"))
    limits = formats.median(now["loop_hours_median"], low, high).partition(" (")[2].rstrip(")")
    return Tile(
        "Feedback loop, median",
        _median(now, "loop_hours"),
        *_against(now, before, "loop_hours_median", formats.duration_change, formats.duration),
        f"machine {_median(now, 'machine_hours')}, reaction {_median(now, 'reaction_hours')}",
        f"{n}, 95 % limits {limits}" if limits else n,
    )


def credits_left(now: Row, ledger: Row | None) -> Tile:
    """Credits left and how long they last; spent in the window in place of a change.

    Args:
        now: the row of `reads.metrics` over the window.
        ledger: as `charged` gives it.
    """
    if ledger is None:
        hours = f"{formats.count(now['gpu_hours'])} GPU-hours; allocation, not use"
        return Tile(
            "Credits left",
            formats.NOT_KNOWN,
            "no credits",
            "",
            "no credits granted or priced",
            hours,
        )
    runway, until = ledger["runway_days"], ledger["exhausted_on"]
    lasts = "used up" if ledger["credits_left"] <= 0 else "none spent in the last 14 days"
    if runway is not None and runway > formats.LONG_RUNWAY_DAYS:
        lasts = "more than ten years at the last 14 days' pace"
    elif runway is not None and runway > 0:
        lasts = f"{formats.plural(int(runway), 'day')} at the last 14 days' pace"
    return Tile(
        "Credits left",
        formats.count(ledger["credits_left"]),
        f"{formats.count(now['credits'])} spent",
        "in the window",
        lasts,
        f"runs out {formats.day(until)}; allocation, not use" if until else "allocation, not use",
    )


def charged(ledgers: pl.DataFrame, group: str) -> Row | None:
    """The row of `reads.ledger` of a group; None where nothing was granted or charged at a rate."""
    used = (pl.col("credits_granted") != 0) | (pl.col("credits_spent") != 0)
    rows = ledgers.filter((pl.col("group_id") == group) & used)
    return next(rows.iter_rows(named=True), None)


def _median(now: Row, name: str) -> str:
    """A median, its limits apart; "> 31 h" where it was never reached."""
    if now[f"{name}_events"] < formats.MEDIAN_EVENTS:
        return formats.NOT_KNOWN
    return formats.median(now[f"{name}_median"], largest=now[f"{name}_largest"])


def _against(
    now: Row,
    before: Row | None,
    name: str,
    change: Callable[[float | None], str],
    write: Callable[[float | None], str],
) -> tuple[str, str]:
    """The change of a figure and what it was before."""
    if before is None:
        return "no four weeks before", ""
    if now[name] is None or before[name] is None:
        return f"from {write(before[name])}", ""
    return change(now[name] - before[name]), f"from {write(before[name])}"


def _known(
    value: float | None, words: str, write: Callable[[float | None], str], otherwise: str
) -> str:
    return otherwise if value is None else words.format(write(value))


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


def tile_rows(days: pl.DataFrame, weekly: pl.DataFrame, balance: pl.DataFrame) -> pl.DataFrame:
    """Everything that the charts of the tiles draw, a row a measure and day or week.

    Args:
        days: `reads.metrics` of the programme by day.
        weekly: `reads.weekly` of the programme.
        balance: `reads.balance` of the programme.
    """
    key = {"period": pl.lit("day"), "start": pl.col("period_start")}
    by_day = days.select(
        **key, **{measure: pl.col(measure).cast(pl.Float64) for measure in _DAILY}
    ).unpivot(index=["period", "start"], variable_name="measure", value_name="value")
    by_week = weekly.select(
        pl.lit("week").alias("period"),
        pl.col("week_start").alias("start"),
        *("measure", "value", "n", "centre", "limit_low", "limit_high", "signal", "running"),
    )
    left = balance.select(
        period=pl.lit("day"), start="day", measure=pl.lit("credits_left"), value="balance"
    )
    return pl.concat([by_day, by_week, left], how="diagonal")


def stuck_rows(stuck: pl.DataFrame) -> pl.DataFrame:
    """`reads.stuck` as it is read: line, stream, what, for how long, address."""
    return with_line(stuck).select("line", "stream_name", "what", "for", "url")
