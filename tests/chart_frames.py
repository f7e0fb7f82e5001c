"""Small frames for charts: a test gives the values that matter, the rest is filled in."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from velocity.charts.timeline_frame import TimelineView

FIRST_WEEK = date(2026, 8, 31)
HOSTILE = "<script>alert(1)</script> <b>&amp; %{x} 🦜 " + "long" * 75
MOMENT = pl.Datetime("us", "UTC")
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


def weeks(values, *, centre=None, limits=(None, None), shift=(), running=None, phases=()):
    """One row per week; `shift`, `running` and the begins of `phases` are places in `values`."""
    return pl.DataFrame(
        {
            "week_start": [FIRST_WEEK + timedelta(weeks=at) for at in range(len(values))],
            "value": values,
            "n": [10] * len(values),
            "centre": [centre] * len(values),
            "limit_low": [limits[0]] * len(values),
            "limit_high": [limits[1]] * len(values),
            "signal": [at in shift for at in range(len(values))],
            "running": [at == running for at in range(len(values))],
            "phase": [sum(at >= it for it in phases) for at in range(len(values))],
        },
        schema={
            "week_start": pl.Date,
            "value": pl.Float64,
            "n": pl.Int64,
            "centre": pl.Float64,
            "limit_low": pl.Float64,
            "limit_high": pl.Float64,
            "signal": pl.Boolean,
            "running": pl.Boolean,
            "phase": pl.Int64,
        },
    )


def days(values, column="value"):
    return pl.DataFrame(
        {
            "day": [FIRST_WEEK + timedelta(days=at) for at in range(len(values))],
            column: values,
        },
        schema_overrides={"day": pl.Date},
    )


def loops(*rows):
    """Loops, each (machine_hours, reaction_hours, status), six hours apart, latest last."""
    return pl.DataFrame(
        [
            {
                "experiment_id": f"e{at}",
                "label": f"probe-{at}",
                "url": f"https://wandb.ai/r{at}",
                "started_at": NOON + timedelta(hours=6 * at),
                "outcome": "open" if status == "open" else "success",
                "status": status,
                "machine_hours": float(machine),
                "machine_event": status != "open",
                "reaction_working_hours": None if reaction is None else float(reaction) / 2,
                "reaction_hours": None if reaction is None else float(reaction),
                "reaction_event": None if reaction is None else status == "closed",
            }
            for at, (machine, reaction, status) in enumerate(rows)
        ],
        schema={
            "experiment_id": pl.String,
            "label": pl.String,
            "url": pl.String,
            "started_at": MOMENT,
            "outcome": pl.String,
            "status": pl.String,
            "machine_hours": pl.Float64,
            "machine_event": pl.Boolean,
            "reaction_working_hours": pl.Float64,
            "reaction_hours": pl.Float64,
            "reaction_event": pl.Boolean,
        },
    )


def hour(value):
    return None if value is None else NOON + timedelta(hours=value)


def experiments(*rows):
    """Experiments, each (start, end, result, next, status), hours after Monday noon."""
    return pl.DataFrame(
        [
            {
                "experiment_id": f"e{at}",
                "project": "p",
                "label": f"sweep-{at}",
                "started_at": hour(start),
                "ended_at": hour(end),
                "result_at": hour(result),
                "next_at": hour(following),
                "outcome": "open" if end is None else "success",
                "loop_status": status,
            }
            for at, (start, end, result, following, status) in enumerate(rows)
        ],
        schema={
            "experiment_id": pl.String,
            "project": pl.String,
            "label": pl.String,
            "started_at": MOMENT,
            "ended_at": MOMENT,
            "result_at": MOMENT,
            "next_at": MOMENT,
            "outcome": pl.String,
            "loop_status": pl.String,
        },
    )


def runs(*rows):
    """Runs, each (experiment, start, end, class), hours after Monday noon."""
    return pl.DataFrame(
        [
            {
                "run_id": f"r{at}",
                "experiment_id": f"e{experiment}",
                "display_name": f"run-{at}",
                "class": state,
                "started_at": hour(start),
                "ended_at": hour(end),
            }
            for at, (experiment, start, end, state) in enumerate(rows)
        ],
        schema={
            "run_id": pl.String,
            "experiment_id": pl.String,
            "display_name": pl.String,
            "class": pl.String,
            "started_at": MOMENT,
            "ended_at": MOMENT,
        },
    )


def stretches(*rows):
    """Stretches, each (start, end, experiments in flight), hours after Monday noon."""
    return pl.DataFrame(
        [
            {"start_at": hour(start), "end_at": hour(end), "experiments": number}
            for start, end, number in rows
        ],
        schema={"start_at": MOMENT, "end_at": MOMENT, "experiments": pl.Int64},
    )


def view(*, zone="UTC", awake=None, length_days=7, as_of=96):
    start = datetime(2026, 11, 16, tzinfo=UTC)
    return TimelineView(
        start=start,
        opens=start,
        end=start + timedelta(days=length_days),
        as_of=hour(as_of),
        zone=ZoneInfo(zone),
        awake=awake,
        name="ada",
    )


def compared(*, others=20, value=5.0):
    told = others is not None
    return pl.DataFrame(
        [
            {
                "title": "Serial share",
                "unit": "hours",
                "value": value,
                "p25": 2.0 if told else None,
                "p50": 3.0 if told else None,
                "p75": 4.0 if told else None,
                "others": others,
            }
        ],
        schema_overrides={"value": pl.Float64},
    )


def gpu_weeks(*rows):
    """GPU-hours, each (week, stream, hours)."""
    return pl.DataFrame(
        [
            {
                "week_start": FIRST_WEEK + timedelta(weeks=week),
                "stream": stream,
                "gpu_hours": float(hours),
            }
            for week, stream, hours in rows
        ],
        schema={"week_start": pl.Date, "stream": pl.String, "gpu_hours": pl.Float64},
    )
