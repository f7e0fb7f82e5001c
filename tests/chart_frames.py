"""Small frames for charts: a test gives the values that matter, the rest is filled in."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from tests.sentence_frames import frame
from velocity.charts.timeline_frame import TimelineView

FIRST_WEEK = date(2026, 8, 31)
HOSTILE = "<script>alert(1)</script> <b>&amp; %{x} 🦜 " + "long" * 75
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


def weeks(values, *, centre=None, limits=(None, None), shift=(), running=None, phases=()):
    """One row per week; `shift`, `running` and the begins of `phases` are places in `values`."""
    low, high = limits
    rows = [
        {
            "week_start": FIRST_WEEK + timedelta(weeks=at),
            "value": value,
            "n": 10,
            "centre": centre,
            "limit_low": low,
            "limit_high": high,
            "signal": at in shift,
            "running": at == running,
            "phase": sum(at >= it for it in phases),
        }
        for at, value in enumerate(values)
    ]
    return frame("weekly", rows)


def loops(*rows):
    """Loops, each (machine_hours, reaction_hours, status), six hours apart, latest last."""
    told = [
        {
            "experiment_id": f"e{at}",
            "label": f"probe-{at}",
            "url": f"https://wandb.ai/r{at}",
            "started_at": NOON + timedelta(hours=6 * at),
            "result_at": None if status == "open" else NOON + timedelta(hours=6 * at + machine),
            "outcome": "open" if status == "open" else "success",
            "status": status,
            "machine_hours": machine,
            "machine_event": status != "open",
            "reaction_working_hours": reaction and reaction / 2,
            "reaction_hours": reaction,
            "reaction_event": None if reaction is None else status == "closed",
        }
        for at, (machine, reaction, status) in enumerate(rows)
    ]
    return frame("loops", told)


def hour(value):
    return None if value is None else NOON + timedelta(hours=value)


def experiments(*rows):
    """Experiments, each (start, end, result, next, status), hours after Monday noon."""
    told = [
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
    ]
    return frame("timeline_experiments", told)


def runs(*rows):
    """Runs, each (experiment, start, end, class), hours after Monday noon."""
    told = [
        {
            "run_id": f"r{at}",
            "experiment_id": f"e{experiment}",
            "display_name": f"run-{at}",
            "class": state,
            "started_at": hour(start),
            "ended_at": hour(end),
        }
        for at, (experiment, start, end, state) in enumerate(rows)
    ]
    return frame("timeline_runs", told)


def stretches(*rows):
    """Stretches, each (start, end, experiments in flight), hours after Monday noon."""
    told = [
        {"start_at": hour(start), "end_at": hour(end), "experiments": number}
        for start, end, number in rows
    ]
    return frame("concurrency", told)


def view(*, zone="UTC", programme="UTC", awake=None, length_days=7, as_of=96):
    start = datetime(2026, 11, 16, tzinfo=ZoneInfo(programme))
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
    quartiles = (2.0, 3.0, 4.0) if others is not None else (None, None, None)
    row = {"title": "Serial share", "unit": "hours", "value": value, "others": others}
    row |= zip(("p25", "p50", "p75"), quartiles, strict=True)
    return pl.DataFrame([row], schema_overrides={"value": pl.Float64})


def gpu_weeks(*rows):
    """GPU-hours, each (week, stream, hours)."""
    told = [
        {"week_start": FIRST_WEEK + timedelta(weeks=week), "stream": stream, "gpu_hours": hours}
        for week, stream, hours in rows
    ]
    return frame("gpu_weeks", told)


def traces(chart, **wanted):
    """The traces of a chart with such properties."""
    return [
        it
        for it in chart.figure.data
        if all(getattr(it, name, None) == value for name, value in wanted.items())
    ]


def texts(chart):
    """The texts on a chart, with ordinary spaces."""
    return [it.text.replace("\u00a0", " ") for it in chart.figure.layout.annotations]
