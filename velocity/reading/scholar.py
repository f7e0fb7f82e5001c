"""What "My velocity" draws, from frames of `velocity.reading.reads`."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from velocity.reading.periods import Window

TIMELINE_DAYS = 7


def dots(loops: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Loops one by one, for where they are too few for a median."""
    return loops.select(
        pl.col("started_at").dt.convert_time_zone(zone).dt.replace_time_zone(None),
        hours="loop_hours",
        event="loop_event",
    )


def timeline_window(window: Window, as_of: datetime, zone: str) -> tuple[datetime, datetime]:
    """The last days of the window, and the day under way where the window reaches up to it."""
    clock = ZoneInfo(zone)
    first = max(window.first, window.last - timedelta(days=TIMELINE_DAYS - 1))
    end = datetime.combine(window.end, time(), clock)
    to_at = as_of if timedelta() <= as_of - end < timedelta(days=1) else end
    return datetime.combine(first, time(), clock), to_at


def throughput(weekly: pl.DataFrame, figures: pl.DataFrame) -> pl.DataFrame:
    """Concluded experiments a week with their usual range, and failed runs beside them.

    Args:
        weekly: `reads.weekly` of the scholar.
        figures: `reads.metrics` of the scholar by week.
    """
    failed = figures.select(week_start="period_start", failed="runs_failed")
    return weekly.filter(pl.col("measure") == "experiments_concluded").join(
        failed, on="week_start", how="left", maintain_order="left"
    )


def strips(figures: Mapping[str, Any], bands: pl.DataFrame) -> pl.DataFrame:
    """The scholar's figures on the quartiles of the others, from `reads.metrics` and `bands`."""
    measures = (
        ("Concluded a week", "rate", "throughput_per_week"),
        ("Share of runs failed", "share", "failure_share"),
        ("Serial share", "share", "serial_share"),
        ("Machine, median", "hours", "machine_hours_median"),
        ("Reaction, median", "hours", "reaction_hours_median"),
    )
    rows = pl.DataFrame(
        [
            {"measure": measure, "title": title, "unit": unit, "value": figures[measure]}
            for title, unit, measure in measures
        ],
        schema_overrides={"value": pl.Float64},
    )
    return rows.join(bands, on="measure", how="left", maintain_order="left").with_columns(
        pl.col("others").fill_null(0)
    )
