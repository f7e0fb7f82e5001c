"""What "Stand-up" shows of the programme, from frames of `velocity.reading.reads`."""

from __future__ import annotations

from typing import Any

import polars as pl

Row = dict[str, Any]
#: Measures of the four tiles.
_DAILY = ("experiments_concluded", "serial_share", "loop_hours_median", "credits")


def charged(ledgers: pl.DataFrame, group: str) -> Row | None:
    """The row of `reads.ledger` of a group; None where nothing was granted or charged at a rate."""
    used = (pl.col("credits_granted") != 0) | (pl.col("credits_spent") != 0)
    rows = ledgers.filter((pl.col("group_id") == group) & used)
    return next(rows.iter_rows(named=True), None)


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
