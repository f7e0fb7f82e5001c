"""What "My velocity" draws, from frames of `velocity.reading.reads`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from velocity import formats
from velocity.charts import TimelineView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from velocity.reading.periods import Window

Row = dict[str, Any]

TIMELINE_DAYS = 7
_DAY_MINUTES = 24 * 60

#: With no sign-in there is nothing to hide behind.
SEEN_BY_OTHERS = (
    "This dashboard runs without sign-in, on this machine only: whoever can open it sees every "
    "page of every scholar, this one included. The cohort's quartiles name nobody and need 8 "
    "others."
)


@dataclass(frozen=True)
class Tile:
    """A count of the present moment and what stands below it."""

    label: str
    value: str
    note: str


def now(runs: pl.DataFrame, open_work: pl.DataFrame, waiting: pl.DataFrame) -> list[Tile]:
    """The four counts of the present: running, waiting, older than usual, stale.

    Args:
        runs: `reads.runs` of the scholar, those running or stale among them.
        open_work: `reads.open_work` of the scholar.
        waiting: `reads.waiting_results` of the scholar.
    """
    old = open_work.filter("older_than_usual")
    running = runs.filter((pl.col("class") == "running") & pl.col("excluded").is_null())
    stale = runs.filter((pl.col("class") == "stale") & pl.col("excluded").is_null())
    return [
        Tile(
            "Running",
            formats.count(running.height),
            f"in {formats.plural(open_work.height, 'open experiment')}",
        ),
        Tile(
            "Results waiting",
            formats.count(waiting.height),
            f"the oldest for {formats.duration(waiting['waiting_hours'][0])}"
            if waiting.height
            else "nothing unanswered in 5 days",
        ),
        Tile(
            "Older than your usual",
            formats.count(old.height),
            f"usual is up to {formats.duration(old['usual_hours'][0])}"
            if old.height
            else "no open experiment is",
        ),
        Tile(
            "Stale",
            formats.count(stale.height),
            "no heartbeat for 15 min and more" if stale.height else "no run without a heartbeat",
        ),
    ]


def medians(figures: Mapping[str, Any]) -> pl.DataFrame:
    """Median, limits and what they rest on, a row a latency; from `reads.metrics`.

    Two are left out without an observation: of awake hours others than the scholar get none, and
    only local run files tell first rows.
    """
    parts = {
        "Machine": "machine_hours",
        "Reaction": "reaction_hours",
        "Reaction, awake hours": "reaction_awake_hours",
        "Loop": "loop_hours",
        "First logged row": "first_row_hours",
    }
    return pl.DataFrame(
        [
            {
                "Median": title,
                "Time and 95 % limits": formats.median(
                    figures[f"{name}_median"],
                    figures[f"{name}_low"],
                    figures[f"{name}_high"],
                    largest=figures[f"{name}_largest"],
                )
                if figures[f"{name}_events"] >= formats.MEDIAN_EVENTS
                else formats.too_few(figures[f"{name}_events"], "event"),
                "n": figures[f"{name}_n"],
            }
            for title, name in parts.items()
            if figures[f"{name}_n"] or name not in {"reaction_awake_hours", "first_row_hours"}
        ]
    )


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


def timeline_view(from_at: datetime, to_at: datetime, as_of: datetime, who: Row) -> TimelineView:
    """Whose clock and awake hours the timeline shows; `who` is a row of `reads.scholars`."""
    return TimelineView(
        start=from_at,
        end=to_at,
        as_of=as_of,
        zone=ZoneInfo(who["timezone"]),
        awake=None
        if who["awake_start_min"] is None
        else (_clock(who["awake_start_min"]), _clock(who["awake_end_min"])),
        name=f"{who['scholar']} {from_at:%Y-%m-%d} {to_at:%Y-%m-%d}",
    )


def timeline_caption(view: TimelineView) -> str:
    """The timeline's window, its clock, and what can be done with it."""
    last = (view.end - timedelta(microseconds=1)).date()
    awake = "" if view.awake is None else f", awake {awake_words(*view.awake)}"
    return (
        f"{formats.span(view.start.date(), last)}, times in {view.zone.key}{awake}; drag to pan, "
        "click an experiment for its runs"
    )


def awake_words(start: time, end: time) -> str:
    """The awake window as written: "09:00 to 21:00"."""
    return f"{start:%H:%M} to {end:%H:%M}"


def _clock(minutes: int) -> time:
    return time(*divmod(minutes % _DAY_MINUTES, 60))


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
